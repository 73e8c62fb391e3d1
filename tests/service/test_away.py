"""When a review waits for its models: where nothing leads to any of them, and not where one has answered."""

from __future__ import annotations

import pytest

from codedesigner.run.passes import Asked
from codedesigner.run.questions import ItemAnswer
from codedesigner.service.modules.explorer import away

GONE, LATE, HEARD = ItemAnswer("offline"), ItemAnswer("timeout"), ItemAnswer("answered")


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({}, False),
        ({"i": {}}, False),
        ({"i": {"a": GONE, "b": GONE}, "j": {"a": GONE}}, True),
        ({"i": {"a": GONE, "b": HEARD}}, False),
        ({"i": {"a": GONE}, "j": {"a": LATE}}, False),
    ],
)
def test_only_where_nothing_leads_to_any_of_them(answers: dict[str, dict[str, ItemAnswer]], expected: bool) -> None:
    assert away(Asked(answers)) is expected
