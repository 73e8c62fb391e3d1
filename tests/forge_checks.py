"""What the doctor's tests of both forges share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from tests.doubles.server import Double, is_write

from codedesigner.location.diagnosis import Check


def states(checks: Sequence[Check]) -> dict[str, str]:
    """The state of each thing that was looked at; what is not in order says what to do."""
    assert all(check.found for check in checks)
    assert all(check.remedy for check in checks if check.state in ("warn", "fail"))
    return {check.what: check.state for check in checks}


@contextmanager
def without_a_trace(double: Double, shown: Callable[[], str]) -> Iterator[None]:
    """Within the block no write succeeds, and all that the double keeps stays as it is."""
    before, asked = shown(), len(double.exchanges)
    yield
    made = double.exchanges[asked:]
    assert [one for one in made if is_write(one.request) and one.status < 300] == []
    assert shown() == before
