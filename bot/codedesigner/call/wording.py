"""What a model reads: the prompt, the schema where the server does not enforce it, and what was wrong."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from codedesigner.call.model import Attempt, Turn
from codedesigner.call.reduce import reduced_wire

MOST_ERRORS = 10
MOST_OF_LINE = 200
LONGEST_RETURNED = 16_000  # a longer bad answer is not shown to the model again

_DESCRIBED = "Answer with one JSON object that fits this JSON Schema, and with nothing else:\n"


def messages(attempt: Attempt, *, describe: bool = False) -> tuple[str, tuple[Turn, ...]]:
    """The system prompt and the turns, which begin with the user's and alternate.

    The first turn begins with `prompt.shared`, byte for byte, and a server that takes marks for its cache can be told
    so; everything that differs between the calls of a group comes after it. `describe` puts the schema into the
    prompt in the modes that enforce it, too.
    """
    call = attempt.call
    asked = "\n\n".join(part for part in (call.prompt.user, _form(attempt, describe=describe)) if part)
    return call.prompt.system, _alternating((Turn("user", asked), *attempt.turns))


def corrections(errors: Sequence[str]) -> str:
    """A further question: what is wrong with the answer, in at most ten lines."""
    shown = [f"- {one_line(each, MOST_OF_LINE)}" for each in errors[:MOST_ERRORS]]
    if len(errors) > MOST_ERRORS:
        shown[-1] = f"- and {len(errors) - MOST_ERRORS + 1} more of the kind"
    return "\n".join(
        ["The answer does not have the form that was asked for:", *shown, "Answer again, with the whole JSON object."]
    )


def reminder(why: str) -> str:
    """A note to the same question, asked once more without the bad answer."""
    why = one_line(why, MOST_OF_LINE)
    return f"An earlier answer could not be used: {why}. Answer with the JSON object itself, filled in."


def one_line(text: str, most: int) -> str:
    """Text of foreign origin as one printable line of at most `most` characters."""
    cut = text[: most + 1]
    shown = "".join(each if each.isprintable() else " " for each in cut)
    return shown if len(cut) <= most else f"{shown[: most - 1]}…"


def _form(attempt: Attempt, *, describe: bool) -> str:
    call = attempt.call
    if call.schema is None:
        return ""
    tool = f"Answer by calling the tool {call.schema_name} once." if attempt.mode == "tool" else ""
    if attempt.mode in ("json", "text") or describe:
        # In a prompt nothing is refused, so the flavour is the one that says most.
        return "\n\n".join(part for part in (tool, _DESCRIBED + reduced_wire(call.schema, "llama")) if part)
    return tool


def _alternating(turns: Iterable[Turn]) -> tuple[Turn, ...]:
    """Neighbours of one role become one turn: many chat templates and some servers refuse them."""
    merged: list[Turn] = []
    for turn in turns:
        if merged and merged[-1].role == turn.role:
            merged[-1] = Turn(turn.role, f"{merged[-1].text}\n\n{turn.text}")
        else:
            merged.append(turn)
    return tuple(merged)
