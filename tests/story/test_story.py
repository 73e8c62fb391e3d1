"""From the opening of a pull request to the merge queue, with everything that stands on it at each step."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.doubles.github import GitHub
from tests.doubles.gitlab import GitLab

from codedesigner.assembly import connect
from codedesigner.assembly.request import Prepared
from codedesigner.publish.report import Report
from codedesigner.pullrequest import checkout

from .planted import FIXED, PLANTED, cart
from .stages import OnGitHub, OnGitLab, Stage, View


@pytest.fixture(params=["github", "gitlab"])
def stage(request: pytest.FixtureRequest, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Iterator[Stage]:
    """A repository on one of the forges."""
    if request.param == "github":
        with GitHub(tmp_path / "github").running() as github:
            yield OnGitHub(tmp_path, capfd, github)
        return
    world = GitLab(tmp_path / "gitlab")
    with world.running():
        yield OnGitLab(tmp_path, capfd, world)


def heads(view: View) -> dict[str, str]:
    """The first line of every thread, by the finding's name."""
    found = {}
    for thread in view.threads:
        name = re.search(r"· (F\d+)\b", thread.bodies[0])
        assert name is not None
        found[name.group(1)] = thread.bodies[0].split("\n")[0]
    return found


def test_a_pull_request_from_its_opening_to_the_queue(stage: Stage) -> None:
    # Opened with six planted defects: each on its line, one summary, one notification, red.
    assert stage.open({"cart.py": cart(**PLANTED)}) == 1
    view = stage.look()
    lines = cart(**PLANTED).split("\n")
    assert [lines[thread.line - 1] for thread in view.threads if thread.line] == [one.text for one in view.threads]
    assert (len(view.threads), len(view.comments), view.notified) == (6, 1, 1)
    assert (view.green, view.hidden, view.owed) == (False, (), ())
    assert "](" in next(line for line in view.comments[0].split("\n") if "| F1 " in line)
    assert set(heads(view)) == {f"F{number}" for number in range(1, 7)}

    # Two are fixed, and all that follows moves by thirty lines: nothing is new, so nobody is notified.
    rest = {name: text for name, text in PLANTED.items() if name not in FIXED}
    assert stage.push({"cart.py": cart(pad="# moved\n" * 30, **FIXED, **rest)}) == 1
    view = stage.look()
    said = heads(view)
    assert sum(text.startswith("**Fixed in") for text in said.values()) == 2
    assert (len(view.threads), len(view.comments), view.notified) == (6, 1, 1)

    # Asked for again: the same, one answer, and that it was read and done.
    stage.says("ann", "/codedesigner recheck")
    view = stage.look()
    assert heads(view) == said
    assert (len(view.comments), view.reactions, view.notified) == (3, 2, 2)

    # Who may not dismiss changes nothing; who may does.
    open_now = sorted(name for name, text in said.items() if not text.startswith("**Fixed"))
    before = len(stage.writes)
    stage.says("bob", f"/codedesigner dismiss {open_now[0]} I want to merge")
    assert len(stage.writes) == before + 1
    assert stage.look().reactions == 3
    stage.says("ann", f"/codedesigner dismiss {open_now[0]} the callers see to it")
    view = stage.look()
    assert heads(view)[open_now[0]].startswith("**Dismissed by `ann`**")
    assert view.notified == 3

    # A force push that leaves the dismissed one, and brings another.
    kept = next(text for name, text in rest.items() if name == "is_free")
    assert stage.push({"cart.py": cart(is_free=kept, gone="def gone():\n    return nowhere\n")}, force=True) == 1
    view = stage.look()
    assert "F7" in heads(view)
    assert view.notified == 4
    assert not view.green

    # All is fixed: green, and every thread says what became of it; the queue agrees, and says nothing.
    assert stage.push({"cart.py": cart(**FIXED)}) == 0
    view = stage.look()
    assert (view.green, view.notified, view.owed) == (True, 4, ())
    assert all(text.startswith(("**Fixed", "**Dismissed")) for text in heads(view).values())
    assert view.hidden == ()
    before = len(stage.writes)
    assert stage.queue() == 0
    assert len(stage.writes) == before


def test_no_run_tells_people_more_than_once(stage: Stage) -> None:
    stage.configure("forge: {resolve_threads: true}\n")
    first = {name: PLANTED[name] for name in ("tax", "net", "label")}
    told = [0]

    def once(code: int) -> View:
        view = stage.look()
        told.append(view.notified)
        assert (told[-1] - told[-2] <= 1, view.owed, code in (0, 1)) == (True, (), True)
        return view

    # Findings from the start; one fixed and two new ones; all but one fixed; nothing new; the last one fixed.
    once(stage.open({"cart.py": cart(**first)}))
    view = once(stage.push({"cart.py": cart(**{**PLANTED, **first, "tax": FIXED["tax"]})}))
    assert sum(thread.resolved for thread in view.threads) == 1
    once(stage.push({"cart.py": cart(net=PLANTED["net"])}))
    once(stage.push({"cart.py": cart(pad="# moved\n", net=PLANTED["net"])}))
    view = once(stage.push({"cart.py": cart(**FIXED)}))
    assert view.green
    assert all(thread.resolved for thread in view.threads)
    # A finding that comes back opens its thread again, and tells nobody twice.
    once(stage.push({"cart.py": cart(net=PLANTED["net"])}))


def test_a_first_run_without_findings_tells_people_once_and_what_comes_later_as_well(stage: Stage) -> None:
    assert stage.open({"cart.py": cart(**FIXED)}) == 0
    assert (stage.look().notified, len(stage.look().comments)) == (1, 1)
    assert stage.push({"cart.py": cart(**PLANTED)}) == 1
    view = stage.look()
    assert (view.notified, len(view.threads)) == (2, 6)


def test_from_a_fork_the_same_can_be_seen(stage: Stage) -> None:
    assert stage.open({"cart.py": cart(**PLANTED)}, fork=True) == 1
    view = stage.look()
    assert (len(view.threads), len(view.comments), view.notified) == (6, 1, 1)


def test_what_people_decide_asks_nobody_again(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Prepared] = []
    reviewed = connect.reviewed

    async def counted(prepared: Prepared, *given: Any, **more: Any) -> Report:
        asked.append(prepared)
        return await reviewed(prepared, *given, **more)

    monkeypatch.setattr(checkout, "reviewed", counted)
    assert stage.open({"cart.py": cart(tax=PLANTED["tax"], net=PLANTED["net"])}) == 1
    assert len(asked) == 1

    stage.says("ann", "/codedesigner dismiss F1 it is meant")
    assert not stage.look().green
    stage.says("ann", "/codedesigner dismiss F2 so is this")

    view = stage.look()
    assert all(text.startswith("**Dismissed by `ann`**") for text in heads(view).values())
    assert (view.green, len(asked)) == (True, 1)
