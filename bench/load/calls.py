"""Questions as a review asks them: functions, and for each of them some angles."""

from __future__ import annotations

from collections.abc import Iterator

from codedesigner.angle.output import ANGLE_OUTPUT_SCHEMA
from codedesigner.call.model import Call, Prompt

ANGLES = ("correctness", "security", "resources", "naming")
_SYSTEM = "You review one function of a change. " + "Answer with the issues you are sure of, nothing else. " * 6
_LINES = 20


def function(number: int) -> str:
    """The source of a function that no other number has, with line numbers; about 800 characters."""
    body = (f"{at:>4} |     total += weight_{at} * parts[{number}]" for at in range(2, _LINES))
    return "\n".join([f"   1 | def function_{number}(parts, total=0):", *body, f"  {_LINES} |     return total"])


def apart(count: int, *, first: int = 0, kept: bool = False, priority: float = 5.0) -> Iterator[Call]:
    """Calls that share nothing but the system prompt. `kept`: their replies go to the store."""
    for number in range(first, first + count):
        prompt = Prompt(_SYSTEM, function(number), f"Question {number}: {ANGLES[number % len(ANGLES)]}")
        yield Call(
            f"call-{number}",
            prompt,
            schema=ANGLE_OUTPUT_SCHEMA,
            max_tokens=64,
            priority=priority,
            key=f"key-{number}" if kept else None,
        )


def review(functions: int) -> Iterator[Call]:
    """Every angle of every function; those of one function are a group."""
    for number in range(functions):
        for angle in ANGLES:
            prompt = Prompt(_SYSTEM, function(number), f"Angle {angle} of function {number}")
            yield Call(
                f"{number}-{angle}", prompt, schema=ANGLE_OUTPUT_SCHEMA, max_tokens=64, group=f"function-{number}"
            )
