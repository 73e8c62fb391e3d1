"""The names of the log's events and their facts, as the documentation promises them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

from codedesigner.pool.events import EventName as PoolName
from codedesigner.service.events import EventName
from codedesigner.service.names import FIELDS, NAMES, Name

PAGE = Path(__file__).parents[2] / "docs" / "service.md"
ROW = re.compile(r"^\| `([a-z_.]+)` \| ([^|]*) \| [^|]+ \|$", re.MULTILINE)


def test_every_event_has_its_line_in_the_documentation_with_its_facts() -> None:
    log = PAGE.read_text(encoding="utf-8").partition("## Its log")[2]
    told = {name: " ".join(re.findall(r"`([a-z_]+)`", facts)) for name, facts in ROW.findall(log)}
    assert told == FIELDS


def test_whatever_is_told_has_a_name_in_the_log() -> None:
    assert set(get_args(Name)) == NAMES
    assert {*get_args(EventName), *get_args(PoolName)} <= NAMES
