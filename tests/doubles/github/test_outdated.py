"""Where comments stand after pushes."""

from __future__ import annotations

from tests.doubles.github import look
from tests.doubles.github.conftest import NEW, OLD, Scene


def lines(scene: Scene) -> list[tuple[int | None, int | None]]:
    return [(each.start_line, each.line) for each in scene.page().get_review_comments()]


def test_comments_move_with_their_lines_and_go_out_of_date_with_them(own: Scene) -> None:
    whole = {"path": "a.py", "side": "RIGHT", "body": "range", "start_line": 10, "line": 12}
    own.review(whole, {"path": "a.py", "side": "LEFT", "line": 14, "body": "removed"})
    assert lines(own) == [(10, 12), (None, 14)]
    own.pull.push({"a.py": "zero\n" + NEW})
    assert lines(own) == [(11, 13), (None, 14)]
    assert look(own.github, own.pull).at("a.py", 13)[0].text == "twelve"
    own.pull.push({"a.py": NEW.replace("line 11\n", "eleven\n")})
    assert lines(own) == [(None, None), (None, 14)], "a line inside the range was changed"
    own.pull.push({"a.py": NEW})
    assert lines(own) == [(10, 12), (None, 14)], "what comes back is there again"
    own.pull.move_base({"a.py": "zero\n" + OLD})
    assert lines(own) == [(10, 12), (None, 14)], "the merge base is what counts"


def test_a_line_that_leaves_the_diff(own: Scene) -> None:
    own.review({"path": "a.py", "line": 42, "body": "context"})
    own.pull.push({"a.py": OLD.replace("line 12\n", "twelve\n").replace("line 14\n", "")})
    assert lines(own) == [(None, None)]
    seen = look(own.github, own.pull)
    assert [each.bodies for each in seen.outdated] == [("context",)]
    assert seen.threads == ()


def test_a_forced_push_whose_old_head_is_gone(own: Scene) -> None:
    own.review({"path": "a.py", "line": 12, "body": "why?"})
    old = own.pull.head_sha
    new = own.pull.push({"a.py": NEW, "new.py": "z = 3\n"}, force=True)
    assert own.page().get_commits().totalCount == 1
    assert lines(own) == [(None, 12)]
    own.shop.repo.forget(old)
    assert own.pull.before == old
    assert own.page().head.sha == new
    (stored,) = own.page().get_review_comments()
    assert stored.original_commit_id == old
