"""Cases of GitHub that a forge's client has to stand, over the double that refuses as GitHub does."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from tests.doubles.git import Entry
from tests.doubles.github import Fault, Reply, Request
from tests.forge.contract.world import GitHubWorld, github_world, named, thread

from codedesigner.change.source import ReadLimits, read_range
from codedesigner.errors import ConfigError, ConflictError, ForbiddenError, LimitedError, MissingError
from codedesigner.forge.fetching import fetch_commits
from codedesigner.forge.github.address import Address, address_from
from codedesigner.publish.discussion import Annotation, Check

MANY = 10_000_000


def reviews(world: GitHubWorld) -> list[dict[str, Any]]:
    """The reviews that were sent."""
    return [each.json for each in world.github.asked("POST", "/reviews$")]


def placed(world: GitHubWorld) -> list[int]:
    """The lines on which comments stand."""
    return sorted(each.line or 0 for each in world.opened.comments)


def refuse_line(world: GitHubWorld, line: int, errors: list[Any]) -> None:
    """Let the double refuse every review with a comment on that line."""
    real = world.github.answer

    def answer(request: Request) -> Reply:
        sent = request.json
        comments = sent.get("comments", []) if request.method == "POST" and isinstance(sent, dict) else []
        if request.path.endswith("/reviews") and any(one["line"] == line for one in comments):
            return Reply(422, {"message": "Unprocessable Entity", "errors": errors})
        return real(request)

    setattr(world.github, "answer", answer)  # noqa: B010  a method of the instance, for this test alone


def test_T_GH_01_02_14_19_one_review_with_lines_in_the_diff(tmp_path: Path) -> None:
    with github_world(tmp_path / "g") as world:
        pull = asyncio.run(world.forge.pull(1))
        threads = [thread("a", 12), thread("b", 30), thread("c", 16, start=12)]
        written = asyncio.run(world.forge.post(pull, threads, body="review", key="review"))
        (sent,) = reviews(world)
        assert [one.thread.key for one in written.refused] == ["b"]
        assert (sent["event"], sent["commit_id"]) == ("COMMENT", pull.head)
        assert [set(one) - {"path", "body", "line", "side"} for one in sent["comments"]] == [
            set(),
            {"start_line", "start_side"},
        ]
        assert all(one["side"] == "RIGHT" for one in sent["comments"])


def test_T_GH_04_05_ranges_are_sent_in_order_and_in_one_hunk(tmp_path: Path) -> None:
    with github_world(tmp_path / "g") as world:
        pull = asyncio.run(world.forge.pull(1))
        threads = [thread("a", 12, start=15), thread("b", 41, start=14)]
        written = asyncio.run(world.forge.post(pull, threads, body="review", key="review"))
        (sent,) = reviews(world)
        assert [(one["start_line"], one["line"]) for one in sent["comments"]] == [(12, 15)]
        assert [one.thread.key for one in written.refused] == ["b"]


@pytest.mark.parametrize(
    "errors",
    [
        ["Pull request review thread line must be part of the diff"],
        [{"resource": "PullRequestReview", "field": "pull_request_review_thread.line", "code": "invalid"}],
    ],
    ids=["T_GH_07_strings", "T_GH_08_objects"],
)
def test_T_GH_07_08_one_refused_comment_costs_no_other(tmp_path: Path, errors: list[Any]) -> None:
    with github_world(tmp_path / "g") as world:
        pull = asyncio.run(world.forge.pull(1))
        refuse_line(world, 13, errors)
        threads = [thread(f"k{line}", line) for line in (11, 12, 13, 14, 42)]
        written = asyncio.run(world.forge.post(pull, threads, body="review", key="review"))
        assert [one.thread.key for one in written.refused] == ["k13"]
        assert placed(world) == [11, 12, 14, 42]
        assert len(reviews(world)) <= 4


@pytest.mark.parametrize("line", [11, 12, 14, 42])
def test_T_GH_07_whichever_is_refused_none_is_lost(tmp_path: Path, line: int) -> None:
    with github_world(tmp_path / "g") as world:
        pull = asyncio.run(world.forge.pull(1))
        refuse_line(world, line, ["Pull request review thread line must be part of the diff"])
        threads = [thread(f"k{each}", each) for each in (11, 12, 13, 14, 42)]
        written = asyncio.run(world.forge.post(pull, threads, body="review", key="review"))
        assert sorted([*(one.key for one in written.placed), *(one.thread.key for one in written.refused)]) == sorted(
            one.key for one in threads
        )
        assert len(placed(world)) == len(written.placed) >= 3
        assert len(reviews(world)) <= 4


def test_T_GH_10_11_own_drafts_are_deleted_and_others_stay(tmp_path: Path) -> None:
    with github_world(tmp_path / "g") as world:
        pull = asyncio.run(world.forge.pull(1))
        # A run that was killed between draft and submission leaves this.
        draft = {"commit_id": pull.head, "body": "half"}
        path = "/repos/octo/shop/pulls/1/reviews"
        asyncio.run(world.forge.client.repeat("POST", path, draft, what="a draft"))
        assert [one.state for one in world.opened.reviews] == ["PENDING"]
        for _ in range(2):
            asyncio.run(world.forge.post(pull, [thread("a", 13)], body="review", key="review"))
        assert [one.state for one in world.opened.reviews] == ["COMMENTED"]
        assert len(world.opened.comments) == 1


def test_T_GH_13_on_an_own_pull_request_a_comment_is_posted(tmp_path: Path) -> None:
    with github_world(tmp_path / "g", fork="") as world:
        world.opened.issue.user = world.github.user("github-actions[bot]")
        pull = asyncio.run(world.forge.pull(1))
        said = {
            "message": "Unprocessable Entity",
            "errors": ["Review Can not request changes on your own pull request"],
        }
        world.github.fail(Fault("POST", "/reviews$", status=422, body=said))
        written = asyncio.run(world.forge.post(pull, [thread("a", 13)], body="review", key="review"))
        assert (len(written.placed), [one["event"] for one in reviews(world)]) == (1, ["COMMENT", "COMMENT"])


def test_T_GH_28_resolving_without_the_right_says_which(tmp_path: Path) -> None:
    with github_world(tmp_path / "g", contents="read") as world:
        pull = asyncio.run(world.forge.pull(1))
        asyncio.run(world.forge.post(pull, [thread("a", 13)], body="review", key="review"))
        (only,) = asyncio.run(world.forge.discussion(pull)).threads
        with pytest.raises(ForbiddenError) as refused:
            asyncio.run(world.forge.resolve(pull, only))
        assert "contents: write" in str(refused.value.hint)


@pytest.mark.parametrize("cut", [None, 1, 2, 3, 4])
@pytest.mark.parametrize("stored", [True, False])
def test_T_GH_31_annotations_in_fifties_without_repeats(tmp_path: Path, cut: int | None, stored: bool) -> None:
    with github_world(tmp_path / "g") as world:
        head = world.opened.head_sha
        notes = tuple(Annotation("a.py", n % 50 + 1, n % 50 + 1, "warning", f"t{n}", "m") for n in range(173))
        check = Check(head, "codedesigner", "failure", "t", "s", annotations=notes, run="1", number=1)
        if cut is not None:
            world.github.fail(Fault("POST" if cut == 1 else "PATCH", "/check-runs", nth=max(1, cut - 1), stored=stored))
        asyncio.run(world.forge.check(check))
        (run,) = world.shop.runs
        assert (run.conclusion, len(run.annotations), len({str(one["title"]) for one in run.annotations})) == (
            "failure", 173, 173,
        )  # fmt: skip
        if cut is None:
            sent = [(one.method, len(one.json["output"]["annotations"])) for one in world.github.writes]
            assert sent == [("POST", 50), ("PATCH", 50), ("PATCH", 50), ("PATCH", 23)]
        asyncio.run(world.forge.check(check))
        assert [len(one.annotations) for one in world.shop.runs] == [173]


def test_T_GH_32_a_long_summary_is_cut(tmp_path: Path) -> None:
    with github_world(tmp_path / "g") as world:
        long = "```\n" + "a line of code\n" * 5000
        check = Check(world.opened.head_sha, "codedesigner", "success", "t", long, run="1")
        asyncio.run(world.forge.check(check))
        summary = str(world.shop.runs[0].summary)
        assert len(summary.encode()) <= 65_535
        assert summary.count("```") == 2


def test_T_GH_34_a_status_says_it_in_140_characters(tmp_path: Path) -> None:
    with github_world(tmp_path / "g", checks="read") as world:
        check = Check(world.opened.head_sha, "codedesigner", None, "x" * 200, "s", run="1")
        asyncio.run(world.forge.check(check))
        assert len(asyncio.run(world.forge.unfinished(check.sha, check.name))) == 1
        done = Check(check.sha, check.name, "failure", "y" * 200, "s", run="1")
        asyncio.run(world.forge.check(done))
        asyncio.run(world.forge.check(done))
        assert [(one.state, len(one.description or "")) for one in world.shop.statuses] == [
            ("pending", 140),
            ("failure", 140),
        ]


def test_T_GH_46_a_deleted_fork_is_read_from_the_base(tmp_path: Path) -> None:
    with github_world(tmp_path / "g") as world:
        world.opened.delete_fork()
        pull = asyncio.run(world.forge.pull(1))
        assert (pull.head_repo, pull.fork) == (None, True)
        change = asyncio.run(world.forge.change(pull, file_bytes=MANY, most_files=100))
        assert [one.path for one in change.files] == ["a.py"]


@pytest.mark.parametrize(
    ("status", "headers", "message", "least"),
    [
        (403, {"Retry-After": "7"}, "You have exceeded a secondary rate limit", 7),
        (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "+20"}, "API rate limit exceeded for x", 20),
        (429, {"X-RateLimit-Remaining": "99"}, "Too many requests", 60),
        (403, {"X-RateLimit-Remaining": "99"}, "You have triggered an abuse detection mechanism", 60),
    ],
    ids=["T_GH_52_retry_after", "T_GH_52_reset", "T_GH_53_429", "abuse"],
)
def test_T_GH_52_53_limits_are_waited_for(
    tmp_path: Path, status: int, headers: dict[str, str], message: str, least: int
) -> None:
    with github_world(tmp_path / "g") as world:
        reset = int(world.github.clock.now.timestamp()) + 20
        given = {name: str(reset) if value == "+20" else value for name, value in headers.items()}
        world.github.fail(Fault("GET", "/pulls/1$", status=status, body={"message": message}, headers=given))
        assert asyncio.run(world.forge.pull(1)).number == 1
        assert len(world.paused) == 1
        assert world.paused[0] >= least
        assert len(world.github.asked("GET", "/pulls/1$")) == 2


def test_T_GH_52_a_limit_longer_than_the_run_may_wait(tmp_path: Path) -> None:
    with github_world(tmp_path / "g") as world:
        reset = str(int(world.github.clock.now.timestamp()) + 3000)
        headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset}
        world.github.fail(Fault("GET", "/pulls/1$", 0, 403, {"message": "API rate limit exceeded"}, headers))
        with pytest.raises(LimitedError) as limit:
            asyncio.run(world.forge.pull(1))
        assert (limit.value.retry_after_s or 0) >= 3000
        assert world.paused == []


@pytest.mark.parametrize(
    "fault", [Fault("POST", "/reviews$", stored=True), Fault("POST", "/reviews$", stored=True, cut=True)]
)
def test_T_GH_55_a_review_that_was_stored_is_not_sent_again(tmp_path: Path, fault: Fault) -> None:
    with github_world(tmp_path / "g") as world:
        pull = asyncio.run(world.forge.pull(1))
        world.github.fail(fault)
        written = asyncio.run(world.forge.post(pull, [thread("a", 13)], body="review", key="review"))
        assert (len(written.placed), len(world.opened.reviews), len(reviews(world))) == (1, 1, 1)


def test_T_GH_56_the_comment_on_page_two_is_found(tmp_path: Path) -> None:
    with github_world(tmp_path / "g") as world:
        pull = asyncio.run(world.forge.pull(1))
        for n in range(139):
            world.says(f"comment {n}")
        mine = asyncio.run(world.forge.comment(pull, "state s1", key="s1"))
        assert asyncio.run(world.forge.comment(pull, "state s1", key="s1")).id == mine.id
        assert len(asyncio.run(world.forge.discussion(pull)).comments) == 140


def test_T_GH_58_a_file_without_its_patch_is_not_reviewed(tmp_path: Path) -> None:
    with github_world(tmp_path / "g") as world:
        world.github.largest_patch = 10
        pull = asyncio.run(world.forge.pull(1))
        (file,) = asyncio.run(world.forge.change(pull, file_bytes=MANY, most_files=100)).files
        assert (file.unread, file.hunks, file.added, file.removed) == ("too_large", (), 2, 2)


def test_T_GH_59_files_beyond_the_list_are_not_reviewed(tmp_path: Path) -> None:
    with github_world(tmp_path / "g") as world:
        world.opened.push({f"d/{n:04}.py": f"{n}\n" for n in range(3100)})
        pull = asyncio.run(world.forge.pull(1))
        change = asyncio.run(world.forge.change(pull, file_bytes=MANY, most_files=5))
        assert len(change.files) == 3101
        assert sum(one.unread == "too_large" for one in change.files) == 3096
        assert len({one.path for one in change.files}) == 3101


def test_T_GH_61_a_change_is_the_same_as_git_tells_it(tmp_path: Path) -> None:
    with github_world(tmp_path / "g") as world:
        for n in range(5):
            world.opened.move_base({f"other{n}.py": "1\n"})
        files: dict[str, str | bytes | Entry | None] = {
            "b.py": None, "new.py": "n = 1\nm = 2\n", "latin.txt": b"caf\xe9\nx\n", "none": "", "bin": b"\0\1",
            "no newline": b"x", "odd \xfc.py": "a\x0cb\u2028c\n", "run": Entry("#!/bin/sh\n", "100755"),
        }  # fmt: skip
        world.opened.push(files)
        pull = asyncio.run(world.forge.pull(1))
        change = asyncio.run(world.forge.change(pull, file_bytes=MANY, most_files=100))
        clone = tmp_path / "clone"
        world.github.projects["octo/shop"].repo.git("clone", "-q", "--no-checkout", ".", str(clone))
        world.github.projects["octo/shop"].repo.git("-C", str(clone), "fetch", "-q", "origin", "refs/pull/1/head")
        local = read_range(clone, pull.base, pull.head, ReadLimits())
        assert (change.base, change.head) == (local.base, local.head)
        assert [one.path for one in change.files] == [one.path for one in local.files]
        for one, other in zip(change.files, local.files, strict=True):
            assert one == other
        assert named(change.files, "latin.txt").new == b"caf\xe9\nx\n"
        assert "b.py" in [one.path for one in change.files]
        assert not [one for one in change.files if one.path.startswith("other")]


def test_T_GH_67_the_enterprise_server_alone_is_asked() -> None:
    environment = {
        "GITHUB_REPOSITORY": "octo/shop",
        "GITHUB_API_URL": "https://ghe.example:8443/api/v3",
        "GITHUB_GRAPHQL_URL": "https://ghe.example:8443/api/graphql",
        "GITHUB_SERVER_URL": "https://ghe.example:8443",
    }
    address = address_from(environment)
    assert address.clone_url == "https://ghe.example:8443/octo/shop.git"
    assert Address("octo/shop", "https://ghe.example:8443/api/v3").graphql == address.graphql
    assert (
        address.below("https://ghe.example:8443/api/v3/repositories/1/pulls?page=2") == "/repositories/1/pulls?page=2"
    )
    assert address.below("https://api.github.com/repositories/1") is None
    for wrong in ({"GITHUB_GRAPHQL_URL": "https://api.github.com/graphql"}, {"GITHUB_API_URL": "http://ghe.example"}):
        with pytest.raises(ConfigError):
            address_from({**environment, **wrong})


def test_a_moved_head_is_noticed_while_the_change_is_read(tmp_path: Path) -> None:
    with github_world(tmp_path / "g") as world:
        pull = asyncio.run(world.forge.pull(1))
        world.push()
        with pytest.raises(ConflictError):
            asyncio.run(world.forge.change(pull, file_bytes=MANY, most_files=100))


def test_no_permission_is_asked_for_twice_and_no_token_is_shown(tmp_path: Path) -> None:
    with github_world(tmp_path / "g", pull_requests="read", issues="read") as world:
        pull = asyncio.run(world.forge.pull(1))
        with pytest.raises(ForbiddenError) as refused:
            asyncio.run(world.forge.comment(pull, "x", key="x"))
        assert len(world.github.asked("POST", "/comments$")) == 1
        assert refused.value.hint == "the token needs the permission `pull-requests: write`"
        token = asyncio.run(world.forge.token())
        assert token not in f"{refused.value!r}{refused.value.__dict__}{world.forge!r}{vars(world.forge.client)!r}"


def test_commits_are_fetched_over_http(tmp_path: Path) -> None:
    with github_world(tmp_path / "g") as world:
        pull = asyncio.run(world.forge.pull(1))
        token = asyncio.run(world.forge.token())
        url = f"{world.github.address}/octo/shop.git"
        base = asyncio.run(world.forge.merge_base(pull.base, pull.head))
        folder = fetch_commits(url, [base, pull.head], tmp_path / "clone", user="x-access-token", token=token)
        assert (folder / ".git").is_dir()
        assert token not in (folder / ".git" / "config").read_text()


def test_a_pull_request_is_no_issue_and_a_token_that_may_not_read_issues_says_so(tmp_path: Path) -> None:
    with github_world(tmp_path, issues="none") as world:
        number = world.issue("A bug", "It breaks.")
        with pytest.raises(ForbiddenError) as refused:
            asyncio.run(world.forge.issue(number))
        assert "issues: read" in (refused.value.hint or "")
    with github_world(tmp_path / "again") as world, pytest.raises(MissingError):
        asyncio.run(world.forge.issue(1))


def test_of_more_than_a_hundred_edits_not_all_editors_are_known(tmp_path: Path) -> None:
    with github_world(tmp_path) as world:
        made = world.github.issue(world.shop, "ann", "A bug", "It breaks.")
        for _ in range(101):
            world.github.edit_issue(made, "ann", "It breaks.")
        assert asyncio.run(world.forge.issue(made.number)).editors is None
