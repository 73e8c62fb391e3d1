from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.publish.sample import ballot, finding

from codedesigner.change.model import FileChange
from codedesigner.publish.discussion import Account, Discussion
from codedesigner.publish.fingerprint import fingerprinted
from codedesigner.publish.forge.recall import recall
from codedesigner.publish.forge.reconcile import Fate, Reconciled, is_stale
from codedesigner.publish.inputs import Coverage, LocationStats, Skipped
from codedesigner.publish.obstacles import Forge
from codedesigner.vote.finding import Ballot, Finding, Suggestion

from .changes import changed_file
from .pulls import PULL
from .world import IDLE, ME, WHOLE, World, state_of

PATH = "src/cart.py"
LINES = [f"value_{n} = compute(itemz_{n})" for n in range(1, 21)]


def file_of(lines: list[str], path: str = PATH, old_path: str | None = None) -> FileChange:
    return changed_file([], lines, path) if old_path is None else changed_file(["x"], lines, path, old_path)


def found(line: int, lines: list[str] = LINES, **more: object) -> Finding:
    given: dict[str, object] = {"suggestion": None, "function": None, "body": f"look at {line}"} | more
    return finding(line=line, end_line=line, evidence=lines[line - 1], **given)


def fates(given: Reconciled) -> dict[str, str]:
    return {one.id: one.what for one in given.fates}


def fate(given: Reconciled, name: str) -> Fate:
    return next(one for one in given.fates if one.id == name)


def body(world: World, number: int) -> str:
    return next(one.comment.body for one in world.recall().posted if one.mark.number == number)


FORGES: tuple[Forge, ...] = ("github", "gitlab")


@pytest.mark.parametrize("forge", FORGES)
def test_the_story_of_a_pull_request(forge: Forge) -> None:
    world = World(forge)
    first = world.run([found(n) for n in (2, 5, 8, 11)], [file_of(LINES)])
    assert fates(first) == {"F1": "new", "F2": "new", "F3": "new", "F4": "new"}
    assert len(first.posts) == 4

    # Two are corrected, one moves by three lines, one is as it was; and there is a new one.
    lines = ["a", "b", "c", *LINES]
    lines[4], lines[10] = "value_2 = compute(items)", "value_8 = 1"
    world.push("3")
    second = world.run(
        [found(8, lines, body="look at 5"), found(14, lines, body="look at 11"), found(20, lines)], [file_of(lines)]
    )
    assert fates(second) == {"F2": "still", "F4": "still", "F5": "new", "F1": "fixed", "F3": "fixed"}
    assert [post.id for post in second.posts] == ["F5"]
    assert body(world, 1).startswith("**Fixed in [`3333333`](https://forge.example/shop/cart")
    assert {thread.resolved for thread in world.discussion.threads} == {True, False}

    # One is dismissed.
    world.dismiss("F4")
    third = world.run([found(8, lines, body="look at 5"), found(14, lines), found(20, lines)], [file_of(lines)])
    # It is the same head as before, so what happened on it is told again, and not done again.
    assert fates(third) == {"F2": "still", "F5": "new", "F4": "dismissed", "F1": "fixed", "F3": "fixed"}
    assert [edit.id for edit in third.edits] == ["F4"]
    assert body(world, 4).startswith("**Dismissed by `ada`** · F4")

    # A corrected one is back, and the dismissed one stays dismissed under another name of its file.
    world.push("4")
    moved = [lines[0], *LINES]
    back = [found(n + 1, moved, path="src/basket.py", body=f"look at {n}") for n in (2, 5, 11)]
    fourth = world.run(back, [file_of(moved, "src/basket.py", PATH)])
    assert fates(fourth) == {"F1": "back", "F2": "still", "F4": "dismissed", "F5": "fixed"}
    assert "_Back again in [`4444444`]" in body(world, 1)
    assert not next(one.thread for one in world.recall().posted if one.mark.number == 1).resolved  # type: ignore[union-attr]
    assert fourth.posts == ()


def test_t_xf_08_the_same_again_is_nothing_to_do() -> None:
    world = World()
    world.run([found(2), found(5)], [file_of(LINES)])
    before, writes = world.discussion.threads, world.writes
    again = world.run([found(2), found(5)], [file_of(LINES)])
    assert again.done
    assert (world.discussion.threads, world.writes) == (before, writes)


def test_a_run_that_was_cut_off_is_told_as_if_it_had_not_been() -> None:
    def history(cut_off: bool) -> tuple[World, Reconciled]:
        world = World()
        world.run([found(n, disposition="posted") for n in (2, 5, 8)], [file_of(LINES)])
        world.push("3")
        lines = [*LINES, "itemz_21"]
        later = [found(2, lines), found(8, lines, disposition="rejected", reason="is none"), found(21, lines)]
        if cut_off:
            world.apply(world.plan(world.report(later, [file_of(lines)]), [file_of(lines)])[1])
        return world, world.run(later, [file_of(lines)])

    (whole, one), (cut, other) = history(cut_off=False), history(cut_off=True)
    assert fates(one) == {"F1": "still", "F3": "withdrawn", "F4": "new", "F2": "fixed"}
    told = [[(fate.id, fate.what, fate.reason) for fate in each.fates] for each in (one, other)]
    assert sorted(told[0]) == sorted(told[1])
    assert other.done
    assert state_of(whole) == state_of(cut)
    assert state_of(cut).before == "2" * 40
    assert [body(whole, n) for n in (1, 2, 3, 4)] == [body(cut, n) for n in (1, 2, 3, 4)]
    whole.run([], [file_of(["x"])])
    assert state_of(whole).before == "2" * 40


def test_lines_that_only_moved_are_no_reason_to_write() -> None:
    world = World()
    world.run([found(2), found(2, LINES, kind="naming")], [file_of(LINES)])
    world.push("3")
    lines = [*"abcdef", *LINES]
    moved = [found(8, lines, body="look at 2"), found(8, lines, kind="naming", body="look at 2")]
    assert world.run(moved, [file_of(lines)]).done


def test_a_vote_that_changed_changes_the_comment() -> None:
    world = World()
    world.run([found(2)], [file_of(LINES)])
    split = (ballot("ruff"), Ballot("pyflakes", "no", "cross_examined"))
    given = world.run([found(2, ballots=split, agreement=0.5)], [file_of(LINES)])
    assert [edit.resolve for edit in given.edits] == [False]
    assert "agreement **1/2** (0.50) · yes: ruff · no: pyflakes" in body(world, 1)


@pytest.mark.parametrize("function", [None, "Cart.total", "<module>"])
@pytest.mark.parametrize("reason", ["budget", "location_failed", "too_large", "filtered"])
def test_what_was_not_looked_at_is_not_fixed(function: str | None, reason: str) -> None:
    world = World()
    world.run([found(2, function=function if function != "<module>" else None)], [file_of(LINES)])
    coverage = Coverage(4, 3, 12, 9, (Skipped(PATH, function, reason),))  # type: ignore[arg-type]
    given = world.run([], [file_of(LINES)], coverage)
    assert (fates(given), given.done) == ({"F1": "unknown"}, True)
    assert world.run([found(2, function=None if function == "<module>" else function)], [file_of(LINES)]).done


def test_another_function_that_was_not_looked_at_says_nothing() -> None:
    world = World()
    world.run([found(2, function="Cart.total")], [file_of(LINES)])
    coverage = Coverage(4, 3, 12, 9, (Skipped(PATH, "Cart.find", "budget"),))
    assert fates(world.run([], [file_of(["x"])], coverage)) == {"F1": "fixed"}


def test_where_its_finders_are_down_a_finding_is_not_fixed() -> None:
    world = World()
    world.run([found(2)], [file_of(LINES)])
    down = (LocationStats("ruff", "offline"), LocationStats("pyflakes", "degraded"), LocationStats("model", "idle"))
    given = world.run([], [file_of(["x"])], WHOLE, down)
    assert fate(given, "F1").reason == "ruff, pyflakes could not look this time"
    assert given.done
    assert fates(world.run([], [file_of(["x"])], WHOLE, down[1:] + IDLE[:1])) == {"F1": "fixed"}


def test_whose_finders_take_no_part_any_more_is_withdrawn_and_not_called_fixed() -> None:
    world = World()
    world.run([found(2)], [file_of(LINES)])
    given = world.run([], [file_of(["x"])], WHOLE, IDLE[2:])
    assert fates(given) == {"F1": "withdrawn"}
    assert "Fixed" not in body(world, 1)


def test_a_model_that_changed_its_mind_has_fixed_nothing() -> None:
    world = World()
    said = found(2, kind="model/correctness", ballots=(ballot("model"),))
    world.run([said], [file_of(LINES)])
    given = world.run([], [file_of(LINES)])
    assert fate(given, "F1").reason == "nobody reports it any more; the lines are as they were"
    world.run([said], [file_of(LINES)])
    assert fates(world.run([], [file_of(["x"])])) == {"F1": "fixed"}


def test_a_file_that_the_change_no_longer_touches() -> None:
    world = World()
    world.run([found(2)], [file_of(LINES)])
    assert fate(world.run([], [file_of(["x"], "other.py")]), "F1").reason == "its file is no longer part of the change"


@pytest.mark.parametrize("disposition", ["below_agreement", "rejected", "outside_diff"])
def test_what_is_no_longer_put_forward_says_why(disposition: str) -> None:
    world = World()
    world.run([found(2)], [file_of(LINES)])
    given = world.run([found(2, disposition=disposition, reason="agreement 0.33")], [file_of(LINES)])
    assert fates(given) == {"F1": "withdrawn"}
    assert body(world, 1).startswith("**No longer reported as of")
    assert "agreement 0.33" in body(world, 1)
    assert fates(world.run([found(2)], [file_of(LINES)])) == {"F1": "back"}


def test_t_gh_29_an_answered_thread_is_kept_and_its_end_is_told_in_it() -> None:
    world = World()
    world.run([found(2), found(5)], [file_of(LINES)])
    for thread in world.discussion.threads:
        world.answer(thread, "why?")
    given = world.run([found(2, disposition="rejected")], [file_of(["x"])])
    assert fates(given) == {"F1": "withdrawn", "F2": "fixed"}
    assert [len(thread.comments) for thread in world.discussion.threads] == [2, 2]
    assert [thread.resolved for thread in world.discussion.threads] == [False, True]


def test_where_the_token_may_not_resolve_nothing_is_said_twice() -> None:
    world = World(resolves=False)
    world.run([found(2)], [file_of(LINES)])
    world.push("3")
    assert fates(world.run([], [file_of(["x"])])) == {"F1": "fixed"}
    assert "esolved" not in body(world, 1)
    assert world.run([], [file_of(["x"])]).done


def test_a_thread_that_a_person_resolved_stays_resolved() -> None:
    world = World()
    world.run([found(2)], [file_of(LINES)])
    resolved = tuple(replace(one, resolved=True) for one in world.discussion.threads)
    world.discussion = replace(world.discussion, threads=resolved)
    world.push("3")
    given = world.run([found(2)], [file_of(LINES)])
    assert (fates(given), given.done) == ({"F1": "still"}, True)


def test_two_runs_that_raced_leave_one_thread_the_oldest() -> None:
    world = World()
    report = world.report([found(2)], [file_of(LINES)])
    (recognised, one), (_, other) = world.plan(report, [file_of(LINES)]), world.plan(report, [file_of(LINES)])
    world.apply(one)
    world.apply(other)
    world.remember(recognised, one)
    world.remember(recognised, other)
    given = world.run([found(2)], [file_of(LINES)])
    assert [edit.resolve for edit in given.edits] == [True]
    assert [thread.resolved for thread in world.discussion.threads] == [False, True]
    assert world.discussion.threads[1].comments[0].body.startswith("**Said twice: it stands in [another comment](")
    assert world.run([found(2)], [file_of(LINES)]).done


def test_two_findings_that_got_one_number_in_a_race_are_told_apart() -> None:
    world = World()
    (recognised, one) = world.plan(world.report([found(2)], [file_of(LINES)]), [file_of(LINES)])
    (_, other) = world.plan(world.report([found(5)], [file_of(LINES)]), [file_of(LINES)])
    world.apply(one)
    world.apply(other)
    world.remember(recognised, one)
    world.run([found(2), found(5)], [file_of(LINES)])
    assert sorted(one.mark.number for one in world.recall().posted) == [1, 2]
    assert world.run([found(2), found(5)], [file_of(LINES)]).done


def test_of_two_like_findings_one_ends_and_the_other_stays_itself() -> None:
    world = World()
    lines = [*LINES]
    lines[2] = lines[18] = "same(itemz)"
    world.run([found(3, lines, body="x"), found(19, lines, body="x")], [file_of(lines)])
    one = [*lines]
    one[2] = "fixed()"
    world.push("3")
    assert fates(world.run([found(19, one, body="x")], [file_of(one)])) == {"F2": "still", "F1": "fixed"}
    assert world.run([found(19, one, body="x")], [file_of(one)]).done
    # Then there is one more like it, which the first, that has ended, may be again.
    world.push("4")
    three = [*one, "same(itemz)"]
    told = [found(19, three, body="x"), found(21, three, body="x")]
    assert fates(world.run(told, [file_of(three)])) == {"F2": "still", "F1": "back"}
    assert [thread.resolved for thread in world.discussion.threads] == [False, False]
    assert world.run(told, [file_of(three)]).done


def test_our_own_answer_is_nobodys() -> None:
    world = World()
    world.run([found(2)], [file_of(LINES)])
    person = replace(ME, bot=False)
    world.answer(world.discussion.threads[0], "because", person)
    first = recall(world.discussion, person, world.signer).posted[0]
    assert not first.answered
    world.answer(world.discussion.threads[0], "thanks")
    assert recall(world.discussion, person, world.signer).posted[0].answered


def test_a_number_is_never_given_twice() -> None:
    world = World()
    world.run([found(2), found(5)], [file_of(LINES)])
    world.run([], [file_of(["x"])])
    world.discussion = Discussion(world.discussion.comments, ())
    assert fates(world.run([found(8)], [file_of(LINES)])) == {"F3": "new"}
    assert state_of(world).next == 4


def test_a_finding_in_the_summary_alone_keeps_its_number_and_gets_a_thread_once_it_can() -> None:
    world = World()
    outside = changed_file(LINES, [*LINES[:-1], "changed"])
    given = world.run([found(2)], [outside])
    assert (fates(given), given.posts) == ({"F1": "new"}, ())
    world.push("3")
    again = world.run([found(3, ["", *LINES])], [changed_file(LINES, ["", *LINES[:-1], "changed"])])
    assert fates(again) == {"F1": "still"}
    assert [post.id for post in again.posts] == ["F1"]


def test_somebody_elses_comment_is_nobodys_finding() -> None:
    world = World()
    world.run([found(2)], [file_of(LINES)])
    stolen = replace(world.discussion.threads[0].comments[0], author=Account("9", "codedesigner[bot]", bot=True))
    world.discussion = Discussion((), (replace(world.discussion.threads[0], comments=(stolen,)),))
    given = world.run([], [file_of(["x"])])
    assert given.done
    assert len(world.run([found(2)], [file_of(LINES)]).posts) == 1


def test_a_report_about_an_older_head_is_stale() -> None:
    report = World(head="2" * 40).report([], [])
    assert not is_stale(report, PULL["github"])
    assert is_stale(report, replace(PULL["github"], head="3" * 40))


@pytest.mark.parametrize("forge", FORGES)
def test_a_block_is_offered_only_where_the_comment_stands_on_its_lines(forge: Forge) -> None:
    def fixed(line: int, lines: list[str]) -> Finding:
        made = Suggestion(line, line, "value = 1\n", ("applies", "parses", "reviewed"), "ruff")
        return found(line, lines, suggestion=made, body="same")

    world = World(forge)
    world.run([fixed(2, LINES)], [file_of(LINES)])
    assert "```suggestion" in body(world, 1)
    # The lines moved, and the forge did not follow.
    world.run([fixed(4, ["a", "b", *LINES])], [file_of(["a", "b", *LINES])])
    assert "```suggestion" not in body(world, 1)
    assert "the comment no longer stands on the lines that it replaces" in body(world, 1)
    world.run([fixed(2, LINES)], [file_of(LINES)])
    assert "```suggestion" in body(world, 1)
    world.run([], [file_of(["x"])])
    assert "suggestion\n" not in body(world, 1)


findings = st.lists(
    st.tuples(
        st.integers(1, 20),
        st.sampled_from(["undefined-name", "model/correctness"]),
        st.sampled_from(
            ["posted", "posted", "posted", "undecided", "below_agreement", "capped", "suppressed", "rejected"]
        ),
    ),
    max_size=5,
    unique_by=lambda one: one[:2],
)
steps = st.lists(
    st.tuples(findings, st.integers(0, 3), st.sampled_from(["", "dismiss", "answer", "race"])), min_size=1, max_size=4
)


@settings(max_examples=80)
@given(steps, st.booleans(), st.sampled_from([20, 3, 1]))
def test_whatever_happens_one_comment_a_finding_and_nothing_left_to_do(
    history: list[tuple[list[tuple[int, str, str]], int, str]], resolves: bool, different: int
) -> None:
    world = World(resolves=resolves)
    code = [f"value = compute(itemz_{n % different})" for n in range(20)]
    numbers: dict[str, int] = {}
    for step, (claims, shift, deed) in enumerate(history):
        world.push(str(step + 3))
        lines = [*(f"# {n}" for n in range(shift)), *code]
        told = [
            found(line + shift, lines, kind=kind, disposition=disposition, body="x", ballots=(ballot("ruff"),))
            for line, kind, disposition in claims
        ]
        files = [file_of(lines)]
        if deed == "race":
            report = world.report(told, files)
            plans = [world.plan(report, files), world.plan(report, files)]
            for recognised, reconciled in plans:
                world.apply(reconciled)
                world.remember(recognised, reconciled)
        threads = {thread.id: len(thread.comments) for thread in world.discussion.threads}
        world.run(told, files)
        assert world.run(told, files).done
        assert all(len(thread.comments) >= threads.get(thread.id, 0) for thread in world.discussion.threads)
        posted = world.recall().posted
        standing = [one.mark.identity.fingerprint for one in posted if one.mark.status == "open"]
        assert len(set(standing)) == len(standing)
        assert len({one.mark.number for one in posted}) == len(posted)
        for one in posted:
            assert numbers.setdefault(one.comment.id, one.mark.number) == one.mark.number
        opened = [one for one in posted if one.mark.status == "open"]
        if deed == "dismiss" and opened:
            world.dismiss(f"F{opened[0].mark.number}")
        if deed == "answer" and opened and opened[0].thread is not None:
            world.answer(opened[0].thread, "why?")


SAID = "`compute` may return None here, and its value is read without a check"


def seen(angle: str, severity: str = "high", text: str = SAID, line: int = 5, lines: list[str] = LINES) -> Finding:
    return found(line, lines, kind=f"model/{angle}", angle=angle, severity=severity, title=text, body=text)


@pytest.mark.parametrize("forge", FORGES)
def test_one_defect_from_several_angles_is_one_thread_whichever_is_the_worst(forge: Forge) -> None:
    world = World(forge)
    first = world.run([seen("correctness"), seen("security", "critical"), seen("design", "low")], [file_of(LINES)])
    assert fates(first) == {"F1": "new"}
    assert [post.id for post in first.posts] == ["F1"]
    assert "**critical" in body(world, 1)
    assert "Also seen from: correctness (2/2, high · yes: ruff, pyflakes); design (2/2, low" in body(world, 1)

    # Another angle is the worst now, and one says nothing any more: it is the same finding, on lines that have moved.
    world.push("3")
    lines = ["a", *LINES]
    second = world.run(
        [seen("correctness", "critical", line=6, lines=lines), seen("design", "low", line=6, lines=lines)],
        [file_of(lines)],
    )
    assert fates(second) == {"F1": "still"}
    assert not second.posts
    assert "Also seen from: design" in body(world, 1)
    assert world.run(
        [seen("correctness", "critical", line=6, lines=lines), seen("design", "low", line=6, lines=lines)],
        [file_of(lines)],
    ).done

    # Only one that stood behind another is left of it.
    world.push("4")
    third = world.run([seen("design", "low", line=6, lines=lines)], [file_of(lines)])
    assert fates(third) == {"F1": "still"}
    assert "Also seen" not in body(world, 1)

    world.push("5")
    assert fates(world.run([], [file_of(["value = 1"])])) == {"F1": "fixed"}
    assert world.discussion.threads[0].resolved


@pytest.mark.parametrize("forge", FORGES)
def test_lines_that_only_moved_are_no_reason_to_write_of_one_that_stands_for_others(forge: Forge) -> None:
    world = World(forge)
    both = [seen("correctness"), seen("security", "low")]
    world.run(both, [file_of(LINES)])
    world.push("3")
    lines = ["a", "b", *LINES]
    moved = [seen("correctness", line=7, lines=lines), seen("security", "low", line=7, lines=lines)]
    assert world.run(moved, [file_of(lines)]).done


def test_who_dismisses_one_that_stands_for_others_dismisses_them_all_and_none_that_came_since() -> None:
    world = World()
    world.run([seen("correctness"), seen("security", "low")], [file_of(LINES)])
    world.dismiss("F1")
    assert fates(world.run([seen("correctness"), seen("security", "low")], [file_of(LINES)])) == {"F1": "dismissed"}
    # Whichever leads, and whichever is left.
    world.push("3")
    assert fates(world.run([seen("correctness", "low"), seen("security")], [file_of(LINES)])) == {"F1": "dismissed"}
    world.push("4")
    assert fates(world.run([seen("security")], [file_of(LINES)])) == {"F1": "dismissed"}
    # What nobody had said when it was dismissed, nobody has dismissed.
    world.push("5")
    last = world.run([seen("security"), seen("performance", "critical")], [file_of(LINES)])
    assert fates(last) == {"F1": "dismissed", "F2": "new"}
    assert world.report([seen("performance", "critical")], [file_of(LINES)]).gate.conclusion == "fail"


def test_threads_of_one_defect_from_before_become_one() -> None:
    world = World()
    apart = [seen("correctness"), seen("security", "low", "`value_5` is read although it may be None, says the type")]
    assert len(world.run(apart, [file_of(LINES)]).posts) == 2
    world.push("3")
    second = world.run([seen("correctness"), seen("security", "low")], [file_of(LINES)])
    assert fates(second) == {"F1": "still", "F2": "withdrawn"}
    assert fate(second, "F2").reason.startswith("the same defect as F1, seen from correctness; ")
    assert "Also seen from: security" in body(world, 1)


def total(path: str, line: int, lines: list[str], function: str | None = "Cart.total", **more: object) -> Finding:
    return found(line, lines, path=path, function=function, body="look at it", **more)


OTHER = "src/sums.py"
WITHOUT = ["def nothing():", "    pass"]


def there(lines: list[str], path: str = PATH) -> FileChange:
    """A file that was there before the change."""
    return changed_file(["x"], lines, path)


@pytest.mark.parametrize("forge", FORGES)
@pytest.mark.parametrize("kept", [True, False])
def test_a_function_that_moves_into_another_file_takes_its_finding_along(forge: Forge, kept: bool) -> None:
    world = World(forge)
    before = [there(LINES), there(WITHOUT, OTHER)]
    world.run([total(PATH, 5, LINES), found(2)], before)

    # Its old file is no part of the change any more, or is, without it.
    world.push("3")
    lines = [*WITHOUT, *LINES[3:8]]
    rest = [there([LINES[1]])] if kept else []
    after = [there(lines, OTHER), *rest]
    second = world.run([total(OTHER, 4, lines, "total")], after)
    assert fates(second) == {"F1": "fixed", "F2": "still"} or fates(second) == {"F2": "fixed", "F1": "still"}
    moved = next(name for name, what in fates(second).items() if what == "still")
    text = body(world, int(moved[1:]))
    assert "**Moved to** [`src/sums.py:4`](https://forge.example/shop/cart" in text
    assert not second.posts
    thread = next(one for one in world.discussion.threads if "Moved to" in one.comments[0].body)
    assert not thread.resolved
    assert world.run([total(OTHER, 4, lines, "total")], after).done

    # From there it is known by its own place, whatever the change starts from.
    world.push("4")
    world.base = "9" * 40
    assert fates(world.run([total(OTHER, 4, lines, "total")], after)) == {moved: "still"}
    world.push("5")
    assert fates(world.run([], [there(WITHOUT, OTHER), *rest])) == {moved: "fixed"}


@pytest.mark.parametrize("forge", FORGES)
def test_a_dismissed_finding_stays_dismissed_wherever_its_function_goes(forge: Forge) -> None:
    world = World(forge)
    world.run([total(PATH, 5, LINES)], [there(LINES)])
    world.dismiss("F1")
    assert fates(world.run([total(PATH, 5, LINES)], [there(LINES)])) == {"F1": "dismissed"}

    lines = [*WITHOUT, *LINES]
    for digit, path in (("3", OTHER), ("4", "src/more.py")):
        world.push(digit)
        assert fates(world.run([total(path, 7, lines)], [there(lines, path)])) == {"F1": "dismissed"}
        assert f"**Dismissed by `ada`, moved to [`{path}:7`]" in body(world, 1)
        assert world.run([total(path, 7, lines)], [there(lines, path)]).done
    # Also from another base, where only the comment knows where it has gone.
    world.push("5")
    world.base = "9" * 40
    assert fates(world.run([total("src/more.py", 7, lines)], [there(lines, "src/more.py")])) == {"F1": "dismissed"}


def test_what_may_be_one_of_two_is_followed_to_neither() -> None:
    world = World()
    world.run([total(PATH, 5, LINES)], [there(LINES)])
    world.dismiss("F1")
    world.push("3")
    files = [there(LINES, OTHER), there(LINES, "src/more.py")]
    found_now = [total(OTHER, 5, LINES), total("src/more.py", 5, LINES)]
    last = fates(world.run(found_now, files))
    assert (last["F2"], last["F3"]) == ("new", "new")


@pytest.mark.parametrize(
    ("more", "files"),
    [
        ({}, [there(LINES), there(LINES, OTHER)]),  # a copy: it stands where it was
        ({"function": "Cart.sum"}, [there(LINES, OTHER)]),
        ({"function": None}, [there(LINES, OTHER)]),
        ({"kind": "unused-name"}, [there(LINES, OTHER)]),
    ],
)
def test_what_is_not_known_to_be_the_same_is_not_followed(more: dict[str, object], files: list[FileChange]) -> None:
    world = World()
    world.run([total(PATH, 5, LINES)], [there(LINES)])
    world.dismiss("F1")
    world.push("3")
    changes = {"function": "Cart.total"} | more
    assert fates(world.run([total(OTHER, 5, LINES, **changes)], files))["F2"] == "new"  # type: ignore[arg-type]


def test_a_file_that_the_change_leaves_alone_may_hold_anything_once_it_starts_elsewhere() -> None:
    world = World()
    world.run([total(PATH, 5, LINES)], [there(LINES)])
    world.dismiss("F1")
    world.push("3")
    world.base = "9" * 40
    assert fates(world.run([total(OTHER, 5, LINES)], [there(LINES, OTHER)]))["F2"] == "new"


def test_a_copy_that_had_a_thread_of_its_own_is_not_dismissed_when_the_dismissed_one_goes() -> None:
    world = World()
    both = [total(PATH, 5, LINES), total(OTHER, 5, LINES)]
    world.run(both, [there(LINES), there(LINES, OTHER)])
    first = next(one.mark for one in world.recall().posted if one.mark.identity.path == PATH)
    world.dismiss(f"F{first.number}")
    world.push("3")
    last = world.run([total(OTHER, 5, LINES)], [there(WITHOUT), there(LINES, OTHER)])
    other = ({"F1", "F2"} - {f"F{first.number}"}).pop()
    assert fates(last)[other] == "still"


def test_methods_that_every_class_has_move_with_their_class_alone() -> None:
    world = World()
    world.run([total(PATH, 5, LINES, "Cart.__init__")], [there(LINES)])
    world.push("3")
    assert "F2" in fates(world.run([total(OTHER, 5, LINES, "Basket.__init__")], [there(LINES, OTHER)]))


def test_a_suggestion_is_no_block_in_a_thread_where_the_code_was() -> None:
    world = World()
    made = Suggestion(5, 5, "value_5 = 1\n", ("applies", "parses", "reviewed"), "ruff")
    world.run([total(PATH, 5, LINES, suggestion=made)], [there(LINES)])
    assert "```suggestion" in body(world, 1)
    world.push("3")
    world.run([total(OTHER, 5, LINES, suggestion=made)], [there(LINES, OTHER)])
    assert "```suggestion" not in body(world, 1)
    assert "Not to be applied with one click: the comment stands where the code was." in body(world, 1)


@pytest.mark.parametrize("forge", FORGES)
def test_a_function_that_moves_far_within_its_file_while_that_is_renamed_takes_its_finding_along(forge: Forge) -> None:
    world = World(forge)
    world.run([total(PATH, 5, LINES, "Cart.total")], [there(LINES)])
    world.push("3")
    far = [*LINES[:4], *(f"other_{n} = {n}" for n in range(100)), LINES[4]]
    renamed = file_of(far, OTHER, PATH)
    assert fates(world.run([total(OTHER, 105, far, "Basket.total")], [renamed])) == {"F1": "still"}
    assert "Moved to" not in body(world, 1)
    # Where it stands twice, nobody can say which of them it was.
    world.push("4")
    twice = [*far, LINES[4]]
    last = world.run([total(OTHER, 106, twice, "Shop.total")], [file_of(twice, OTHER, PATH)])
    assert fates(last)["F2"] == "new"


def test_one_that_anothers_suggestion_repairs_names_that_by_its_number_here() -> None:
    world = World()
    world.run([found(11)], [file_of(LINES)])
    world.push("3")
    made = Suggestion(4, 6, "value = 1\n", ("applies", "parses", "reviewed"), "ruff")
    first = found(5, suggestion=made)
    (named,) = fingerprinted([first])
    world.run([first, found(6, repaired_with=named.fingerprint), found(11)], [file_of(LINES)])
    assert "```suggestion" in body(world, 2)
    assert "The suggestion of F2 repairs this, too." in body(world, 3)
    assert "```suggestion" not in body(world, 3)
    assert "repairs this" not in body(world, 1) + body(world, 2)
