"""The model whose answers are written down."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import JsonValue

from codedesigner.call.model import Attempt, Call, Completion, Prompt, Turn
from codedesigner.call.trouble import Trouble
from codedesigner.errors import ConfigError
from codedesigner.location.scripted_model import Rule, ScriptedModel, read_script, scripted_model
from codedesigner.location.spec import LocationSpec


class Waiting:
    """A clock that passes by itself."""

    def __init__(self) -> None:
        self.passed = 0.0

    def now(self) -> float:
        return self.passed

    def monotonic(self) -> float:
        return self.passed

    async def sleep(self, seconds: float) -> None:
        self.passed += seconds


def attempt(text: str, turns: tuple[Turn, ...] = ()) -> Attempt:
    """A question."""
    return Attempt(Call("c", Prompt("Be brief.", text)), "text", turns)


def said(model: ScriptedModel, text: str, timeout_s: float = 9.0) -> Completion | Trouble:
    """What it says to a prompt."""
    return asyncio.run(model.send(attempt(text), timeout_s=timeout_s))


def spec(model_id: str, **provider: JsonValue) -> LocationSpec:
    """A scripted location."""
    values = {"id": "s", "name": "S", "provider": {"type": "scripted", "model_id": model_id, **provider}}
    return LocationSpec.model_validate_json(json.dumps(values))


FILE = """
rules:
  - when: "def pay"
    times: 1
    trouble: rate_limited
    retry_after_s: 2
  - when: "def pay"
    answer: {issues: [], summary: fine}
    delay_ms: 50
  - when: exploit
    refusal: I will not
  - when: long
    text: '{"half":'
    finish: length
"""


@pytest.fixture
def script(tmp_path: Path) -> Callable[[str], str]:
    """A file with a script."""

    def write(text: str, name: str = "answers.yaml") -> str:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write


def test_rules_are_tried_in_order(script: Callable[[str], str]) -> None:
    clock = Waiting()
    model = scripted_model(spec(script(FILE)), clock=clock)
    first, second, third = (said(model, "def pay(): ...") for _ in range(3))
    assert isinstance(first, Trouble)
    assert (first.kind, first.retry_after_s) == ("rate_limited", 2)
    assert isinstance(second, Completion)
    assert json.loads(second.text) == {"issues": [], "summary": "fine"}
    assert (second.latency_ms, clock.passed) == (50.0, 0.1)
    assert isinstance(third, Completion)
    assert second.usage.tokens_in > 0
    assert len(model.asked) == 3


def test_the_other_outcomes(script: Callable[[str], str]) -> None:
    model = scripted_model(spec(script(FILE)))
    refused, cut, other = said(model, "an exploit"), said(model, "long"), said(model, "else")
    assert isinstance(refused, Completion)
    assert (refused.finish, refused.refusal) == ("refusal", "I will not")
    assert isinstance(cut, Completion)
    assert (cut.finish, cut.text) == ("length", '{"half":')
    assert isinstance(other, Trouble)
    assert (other.kind, other.retry) == ("bad_request", "never")


def test_a_delay_beyond_the_timeout_is_one() -> None:
    clock = Waiting()
    model = ScriptedModel("s", [Rule(text="late", delay_ms=5000)], clock=clock)
    result = said(model, "x", timeout_s=2.0)
    assert isinstance(result, Trouble)
    assert (result.kind, result.latency_ms, clock.passed) == ("timeout", 2000.0, 2.0)


def test_the_whole_prompt_is_looked_at() -> None:
    model = ScriptedModel("s", [Rule(when="brief", times=1, text="system"), Rule(when="again", text="turn")])
    assert isinstance(said(model, "x"), Completion)
    turned = asyncio.run(model.send(attempt("x", (Turn("user", "try again"),)), timeout_s=1))
    assert isinstance(turned, Completion)
    assert turned.text == "turn"


def test_a_json_file_is_a_script(script: Callable[..., str]) -> None:
    path = script(json.dumps({"rules": [{"answer": [1, 2]}]}), "answers.json")
    result = said(scripted_model(spec(path)), "x")
    assert isinstance(result, Completion)
    assert result.text == "[1, 2]"


def test_null_is_an_answer(script: Callable[[str], str]) -> None:
    result = said(scripted_model(spec(script("rules:\n  - answer: null\n"))), "x")
    assert isinstance(result, Completion)
    assert result.text == "null"


@pytest.mark.parametrize(
    ("text", "line", "named"),
    [
        ("rules:\n  - wehn: x\n    text: a\n", 2, "wehn"),
        ("rules:\n  - text: a\n    answer: b\n", 2, "exactly one"),
        ("rules:\n  - when: x\n", 2, "exactly one"),
        ("rules:\n  - text: a\n    retry_after_s: 2\n", 2, "retry_after_s"),
        ("rules:\n  - text: a\n  - trouble: tired\n", 3, "trouble"),
        ("rules:\n  - text: a\n    times: 0\n", 3, "times"),
        ("rules: []\n", 1, "rules"),
        ("rules: [\n", 2, "YAML"),
    ],
)
def test_a_bad_script_is_told_at_its_line(script: Callable[[str], str], text: str, line: int, named: str) -> None:
    path = script(text)
    with pytest.raises(ConfigError, match=named) as caught:
        read_script(Path(path))
    assert (caught.value.path, caught.value.line) == (path, line)


def test_a_script_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        scripted_model(spec(str(tmp_path / "none.yaml")))


def test_a_function_answers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    source = "def say(attempt):\n    return {'asked': attempt.call.prompt.user}\nnumber = 3\n"
    (tmp_path / "answering_for_tests.py").write_text(source)
    monkeypatch.syspath_prepend(str(tmp_path))
    result = said(scripted_model(spec("answering_for_tests:say")), "what?")
    assert isinstance(result, Completion)
    assert json.loads(result.text) == {"asked": "what?"}
    for wrong in ("answering_for_tests:none", "answering_for_tests:number", "no_such_module_here:say"):
        with pytest.raises(ConfigError, match="of location s"):
            scripted_model(spec(wrong))


def test_functions_may_say_anything() -> None:
    trouble = Trouble("loading", "wait", latency_ms=3.0)
    assert said(ScriptedModel("s", lambda _attempt: trouble), "x") == trouble
    plain = said(ScriptedModel("s", lambda _attempt: "as it stands"), "x")
    assert isinstance(plain, Completion)
    assert plain.text == "as it stands"
    assert said(ScriptedModel("s", lambda _attempt: Completion("t", "filter")), "x") != plain


def test_modes_as_stated(script: Callable[[str], str]) -> None:
    path = script("rules:\n  - text: a\n")
    assert scripted_model(spec(path)).modes == ("schema", "tool", "json", "text")
    assert scripted_model(spec(path, capabilities={"schema_mode": "json"})).modes == ("json", "text")
