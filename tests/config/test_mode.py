from __future__ import annotations

from itertools import product

import pytest

from codedesigner.config.mode import (
    ModeConfig,
    decide,
    disable_code_designer,
    enable_code_designer,
    from_environment,
    is_code_designer_mode,
)
from codedesigner.errors import ConfigError


def test_it_is_off_until_something_switches_it_on() -> None:
    assert not is_code_designer_mode(ModeConfig())


def test_switching_on_remembers_who_and_when() -> None:
    on = enable_code_designer(ModeConfig(), "runtime", now=100.0)

    assert on == ModeConfig(True, "runtime", 100.0)
    assert is_code_designer_mode(on)
    assert enable_code_designer(on, "cli", now=200.0) == ModeConfig(True, "cli", 100.0)


def test_switching_off_remembers_who() -> None:
    assert disable_code_designer("env") == ModeConfig(False, "env", None)


@pytest.mark.parametrize("opinions", list(product([None, False, True], repeat=4)))
def test_the_strongest_opinion_decides(opinions: tuple[bool | None, ...]) -> None:
    runtime, cli, env, config_file = opinions

    mode = decide(runtime=runtime, cli=cli, env=env, config_file=config_file, now=5.0)

    order = zip(("runtime", "cli", "env", "config_file"), opinions, strict=True)
    source, enabled = next(((source, said) for source, said in order if said is not None), ("cli", True))
    assert (mode.source, mode.enabled) == (source, enabled)
    assert mode.activated_at == (5.0 if enabled else None)


@pytest.mark.parametrize(
    ("word", "said"), [("1", True), ("0", False), ("on", True), ("OFF", False), ("", None), (" ", None)]
)
def test_the_variable(word: str, said: bool | None) -> None:
    assert from_environment({"CODE_DESIGNER": word}) is said


def test_the_variable_unset() -> None:
    assert from_environment({}) is None


def test_a_variable_that_says_neither() -> None:
    with pytest.raises(ConfigError, match="CODE_DESIGNER: must be 1 or 0"):
        from_environment({"CODE_DESIGNER": "maybe"})
