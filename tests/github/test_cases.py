"""What a job meets on GitHub, case by case, over the wire."""

from __future__ import annotations

import base64
from contextlib import suppress
from typing import Any

import pytest
from tests.doubles.git import Entry
from tests.doubles.github import Fault, Pull, event

from codedesigner.errors import CodedesignerError

from .test_story import PLANTED, cart
from .workflow import Workflow

BAD = cart(tax=PLANTED["tax"])
TWO = cart(tax=PLANTED["tax"], net=PLANTED["net"])
ODD_BRANCHES = ["--upload-pack=touch${IFS}pwned", 'zzz";touch${IFS}pwned;#']


def opened(workflow: Workflow, files: Any = None, **more: Any) -> Pull:
    """A pull request with one defect."""
    given = {"author": "bob", **more}
    return workflow.github.pull(workflow.project, {"cart.py": BAD} if files is None else files, **given)


def posts(workflow: Workflow) -> list[str]:
    """What was written, but for what git fetches and what GraphQL is asked."""
    writes = (one for one in workflow.github.writes if ".git/" not in one.path)
    return [one.path.rpartition("/")[2] for one in writes]


def test_T_GH_40_a_fork_is_found_again_by_its_check(workflow: Workflow) -> None:
    pull = opened(workflow, fork="mallory")
    workflow.opened(pull)
    (run,) = workflow.project.runs

    again = event(workflow.github, "check_run", "rerequested", run, project=workflow.project)
    assert again.payload["check_run"]["pull_requests"] == []
    ran = workflow.job(again)

    assert ran.code == 1
    assert run.external_id.startswith(f"codedesigner/{pull.number}/")
    (check,) = workflow.see(pull).checks
    assert (check.status, check.conclusion) == ("completed", "failure")


def test_all_checks_asked_for_anew_are_a_review_of_the_branch_that_has_the_commit(workflow: Workflow) -> None:
    pull = opened(workflow)
    workflow.opened(pull)
    (run,) = workflow.project.runs
    before = workflow.see(pull)

    again = event(workflow.github, "check_suite", "rerequested", run, project=workflow.project)
    ran = workflow.job(again)

    assert ran.code == 1
    (check,) = workflow.see(pull).checks
    assert (check.status, check.conclusion) == ("completed", "failure")
    assert len(workflow.see(pull).threads) == len(before.threads) == 1


def test_T_GH_43_a_command_on_an_issue_is_none(workflow: Workflow) -> None:
    issue = workflow.github.issue(workflow.project)
    comment = workflow.github.comment(issue, "ann", "/codedesigner recheck", workflow.project)

    ran = workflow.job(
        event(workflow.github, "issue_comment", "created", issue, project=workflow.project, comment=comment)
    )

    assert ran.code == 0
    assert workflow.github.requests == []


def test_T_GH_44_the_head_is_asked_for_before_anything_else(workflow: Workflow) -> None:
    pull = opened(workflow)
    workflow.says(pull, "ann", "/codedesigner recheck")

    assert str(workflow.github.requests[0]) == f"GET /repos/octo/shop/pulls/{pull.number}"


def test_T_GH_46_a_deleted_fork_is_fetched_from_the_base(workflow: Workflow) -> None:
    pull = opened(workflow, fork="mallory")
    pull.delete_fork()

    assert workflow.opened(pull).code == 1
    assert [one.line for one in workflow.see(pull).threads] == [13]
    assert not workflow.github.asked(path="mallory")


def test_T_GH_47_another_base_is_reviewed_against_that(workflow: Workflow) -> None:
    repo = workflow.project.repo
    main = repo.sha("refs/heads/main")
    assert main is not None
    release = repo.commit("release", {"cart.py": BAD}, "the defect is there already", parents=(main,))
    pull = workflow.github.pull(workflow.project, {"cart.py": BAD}, author="bob")
    workflow.opened(pull)
    head = repo.commit(pull.head, {"cart.py": TWO}, "more", parents=(release,))
    pull.moved(head)
    pull.retarget("release")

    ran = workflow.on(
        "pull_request", "edited", pull, changes={"base": {"ref": {"from": "main"}, "sha": {"from": main}}}
    )

    assert ran.code == 1
    assert [one.line for one in workflow.see(pull).threads if "discount" in one.text] == [17]
    told = [one.bodies[0] for one in workflow.see(pull).threads if "rate" in one.text]
    assert [text.split(" ")[0:3] for text in told] == [["**No", "longer", "reported"]]


@pytest.mark.parametrize("status", [403, 404, 500])
def test_T_GH_49_where_permission_cannot_be_asked_it_is_refused(workflow: Workflow, status: int) -> None:
    pull = opened(workflow)
    workflow.github.fail(Fault("GET", "/collaborators/", nth=0, status=status, body={"message": "No"}))

    ran = workflow.says(pull, "ann", "/codedesigner recheck")

    assert ran.code == 0
    assert sorted(posts(workflow)) == ["comments", "reactions"]
    assert workflow.see(pull).checks == ()


@pytest.mark.parametrize("allowed", [True, False])
def test_T_GH_50_the_role_decides_where_triage_may(workflow: Workflow, *, allowed: bool) -> None:
    workflow.project.collaborator("tom", "triage")
    workflow.project.repo.commit(
        "main", {".codedesigner.yml": f"forge: {{triage_may_recheck: {str(allowed).lower()}}}\n"}, "policy"
    )
    pull = opened(workflow)
    workflow.opened(pull)

    workflow.says(pull, "tom", "/codedesigner recheck")

    answers = workflow.see(pull).by("github-actions[bot]")
    assert [one.body.split("`")[0] for one in answers] == (["Reviewed "] if allowed else [])


def test_T_GH_58_what_the_api_does_not_show_is_not_reviewed_and_not_green(workflow: Workflow) -> None:
    workflow.github.fail(Fault("*", r"\.git/", nth=0, status=500, body="no"))
    workflow.github.largest_patch = 10
    pull = opened(workflow, {"cart.py": cart()[:-1] + "\n" + "# fine\n" * 30})

    ran = workflow.opened(pull)

    seen = workflow.see(pull)
    assert ran.code != 0
    assert not seen.passes("codedesigner")
    assert "cart.py" in seen.comments[0].body
    assert "ot reviewed" in seen.comments[0].body


def test_T_GH_61_other_peoples_changes_are_not_reviewed(workflow: Workflow) -> None:
    pull = opened(workflow)
    for number in range(5):
        pull.move_base({f"other{number}.py": "x = nobody\n"})

    workflow.opened(pull)

    assert {one.path for one in workflow.see(pull).threads} == {"cart.py"}


def test_T_GH_62_after_a_force_push_threads_are_known_again(workflow: Workflow) -> None:
    pull = opened(workflow)
    workflow.opened(pull)
    (before,) = workflow.see(pull).threads
    pull.push({"cart.py": "# moved\n" * 3 + TWO}, force=True)

    workflow.pushed(pull)

    seen = workflow.see(pull)
    assert len([*seen.threads, *seen.outdated]) == 2
    assert before.id in {one.id for one in (*seen.threads, *seen.outdated)}


def test_T_GH_67_no_other_host_is_asked(workflow: Workflow) -> None:
    workflow.opened(opened(workflow))

    assert {f"http://{one.host}" for one in workflow.github.requests} == {workflow.github.address}


def test_T_GH_70_of_two_runs_the_newest_heads_check_is_completed(workflow: Workflow) -> None:
    pull = opened(workflow)
    old, first = pull.head_sha, event(workflow.github, "pull_request", "opened", pull)
    comment = workflow.github.comment(pull, "ann", "/codedesigner recheck")
    queued = event(workflow.github, "issue_comment", "created", pull, comment=comment)
    pull.push({"cart.py": TWO})
    second = event(workflow.github, "pull_request", "synchronize", pull)

    codes = [workflow.job(one).code for one in (second, first, queued)]

    assert codes[0] == 1
    (check,) = workflow.see(pull).checks
    assert (check.status, check.conclusion) == ("completed", "failure")
    assert all(one.status == "completed" for one in workflow.project.runs)
    assert [one.conclusion for one in workflow.project.runs if one.sha == old] == ["cancelled"]


def test_T_SEC_73_T_GH_14_nothing_is_approved_not_even_its_own(workflow: Workflow) -> None:
    pull = opened(workflow, {"cart.py": cart(ok="def ok():\n    return 1\n")}, author="github-actions[bot]")
    assert workflow.opened(pull).code == 0
    pull.push({"cart.py": BAD})

    assert workflow.pushed(pull).code == 1

    sent = [one.json for one in workflow.github.asked("POST", "/reviews$")]
    assert [one["event"] for one in sent] == ["COMMENT"]
    assert not workflow.github.asked(path="/(merge|dismissals|events)$")


def test_T_SEC_26_a_change_of_whom_to_ask_is_told(workflow: Workflow) -> None:
    evil = (
        "locations:\n  - {id: x, name: x, provider: {type: openai, model_id: m, base_url: 'https://evil.example/'}}\n"
    )
    pull = opened(workflow, {"locations.yaml": evil, "cart.py": cart()})

    workflow.opened(pull)

    assert "`locations.yaml`" in workflow.see(pull).comments[0].body
    assert "where code and keys go" in workflow.see(pull).comments[0].body


@pytest.mark.parametrize(
    "files", [{".env": "CODEDESIGNER_FAIL_ON=never\n"}, {"sub/.codedesigner.yml": "gate: {fail_on: never}\n"}]
)
def test_T_SEC_28_T_SEC_31_only_the_file_at_the_top_configures(workflow: Workflow, files: dict[str, str]) -> None:
    workflow.project.repo.commit("main", files, "other people's settings")
    pull = opened(workflow)
    checkout = event(workflow.github, "pull_request", "opened", pull)
    folder = checkout.checkout(workflow.folder / "checkout")

    assert workflow.job(checkout, checkout=folder).code == 1


def test_T_SEC_31_a_link_configures_nothing(workflow: Workflow) -> None:
    files: dict[str, Any] = {"x.yml": "gate: {fail_on: never}\n", ".codedesigner.yml": Entry("x.yml", "120000")}
    workflow.project.repo.commit("main", files, "a link")
    pull = opened(workflow)

    with suppress(CodedesignerError):
        assert workflow.opened(pull).code == 1

    assert not workflow.see(pull).passes("codedesigner")


def test_T_SEC_32_whoever_may_not_is_shown_so_and_nothing_else(workflow: Workflow) -> None:
    pull = opened(workflow)

    workflow.says(pull, "mallory", "/codedesigner recheck")

    assert posts(workflow) == ["reactions"]
    assert workflow.see(pull).comments[0].reactions == (("github-actions[bot]", "confused"),)


@pytest.mark.parametrize("author", ["bot-x", "dependabot-bot", "github-actions"])
def test_T_SEC_38_a_name_like_a_bots_is_reviewed(workflow: Workflow, author: str) -> None:
    pull = opened(workflow, author=author)

    assert workflow.opened(pull).code == 1
    assert len(workflow.see(pull).threads) == 1


def test_T_SEC_41_a_mark_in_somebody_elses_comment_is_no_mark(workflow: Workflow) -> None:
    pull = opened(workflow)
    workflow.opened(pull)
    ((_, _, body),) = workflow.see(pull).reviews
    other = opened(workflow, branch="other")
    planted = workflow.github.comment(other, "mallory", body)

    workflow.opened(other)

    seen = workflow.see(other)
    assert [one.author for one in seen.comments] == ["mallory"]
    assert [who for who, _, _ in seen.reviews] == ["github-actions[bot]"]
    assert planted.body == body
    assert len(seen.threads) == 1


def test_T_SEC_43_a_decision_in_an_edited_comment_is_none(workflow: Workflow) -> None:
    pull = opened(workflow)
    workflow.opened(pull)
    workflow.says(pull, "ann", "/codedesigner dismiss F1 it is meant")
    assert workflow.see(pull).passes("codedesigner")
    answer = next(one for one in workflow.project.comments if "is dismissed" in one.body)
    other = opened(workflow, branch="other")
    workflow.opened(other)
    (own,) = other.reviews
    workflow.github.edit(own, "mallory", own.body + answer.body)

    assert workflow.pushed(other).code == 1
    assert not workflow.see(other).passes("codedesigner")


@pytest.mark.parametrize("branch", ODD_BRANCHES)
def test_T_SEC_44_a_branch_that_looks_like_an_option_runs_nothing(
    workflow: Workflow, branch: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(workflow.folder)
    pull = opened(workflow, branch=branch, fork="mallory")

    assert workflow.opened(pull).code == 1
    assert not list(workflow.folder.rglob("pwned"))


def test_T_SEC_46_T_SEC_47_T_SEC_49_T_SEC_50_nothing_of_a_change_is_run_or_followed(
    workflow: Workflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = workflow.folder / "pwned"
    secret = workflow.folder / "secret.txt"
    secret.write_text("not-to-be-seen-by-anybody\n")
    run = f"touch {mark}"
    files: dict[str, Any] = {
        "cart.py": BAD,
        "sub/HEAD": "ref: refs/heads/main\n",
        "sub/objects/x": "",
        "sub/refs/x": "",
        "sub/config": f'[core]\n\tbare = true\n\tfsmonitor = "{run}"\n',
        ".gitmodules": f'[submodule "m"]\n\tpath = m\n\turl = ext::sh -c {run}\n[submodule "f"]\n\tpath = f\n\turl = file:///\n',
        ".gitattributes": "* diff=evil filter=lfs\n",
        ".githooks/post-checkout": Entry(f"#!/bin/sh\n{run}\n", "100755"),
        "package.json": f'{{"scripts": {{"preinstall": "{run}"}}}}\n',
        "conftest.py": f"import os\nos.system('{run}')\n",
        ".rubocop.yml": "require: ./evil.rb\n",
        "pyproject.toml": "[tool.ruff]\nextend = '/etc/passwd'\n[tool.pytest.ini_options]\naddopts = '-p evil'\n",
        "big.bin": "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 9\n",
        "angles/x.md": Entry(str(secret), "120000"),
    }
    pull = opened(workflow, files, fork="mallory")
    happened = event(workflow.github, "pull_request", "opened", pull)

    ran = workflow.job(happened)

    assert ran.code == 1
    assert not mark.exists()
    seen = workflow.see(pull)
    assert "not-to-be-seen" not in ran.out + ran.summary + "".join(one.body for one in seen.comments)
    assert "cart.py" in {one.path for one in seen.threads}
    assert {one.path.split("/")[1] for one in workflow.github.asked(path=r"\.git/")} == {"octo"}


@pytest.mark.parametrize(
    "fails", [None, Fault("*", r"\.git/", nth=0, status=401, body="no"), Fault("GET", "/pulls/1$", nth=0, status=500)]
)
def test_T_SEC_65_a_token_is_in_no_log(
    workflow: Workflow, fails: Fault | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("RUNNER_DEBUG", "ACTIONS_STEP_DEBUG", "CI_DEBUG_TRACE"):
        monkeypatch.setenv(name, "1")
    pull = opened(workflow)
    if fails is not None:
        workflow.github.fail(fails)
    said = ""
    try:
        ran = workflow.opened(pull)
        said = ran.out + ran.summary + ran.outputs
    except CodedesignerError as error:
        said = f"{error!r} {error.__cause__!r} {error.__context__!r}"
    packed = base64.b64encode(f"x-access-token:{workflow.token}".encode()).decode()
    for form in (workflow.token, packed, "Authorization: "):
        assert form not in said
    left = [one for one in workflow.folder.rglob("*") if one.is_file() and "/github/" not in str(one)]
    assert not [
        one for one in left if workflow.token.encode() in one.read_bytes() or packed.encode() in one.read_bytes()
    ]


def test_T_SEC_35_a_push_after_a_command_is_not_what_it_meant(workflow: Workflow) -> None:
    pull = opened(workflow)
    workflow.opened(pull)
    comment = workflow.github.comment(pull, "ann", "/codedesigner recheck")
    happened = event(workflow.github, "issue_comment", "created", pull, comment=comment)
    workflow.github.clock.tick(60)
    pull.push({"cart.py": TWO})

    workflow.job(happened)

    assert workflow.see(pull).checks == ()
    assert "may not have been there" in workflow.see(pull).comments[-1].body


def test_T_SEC_40_too_many_commands_are_answered_once(workflow: Workflow) -> None:
    pull = opened(workflow)
    for _ in range(25):
        workflow.github.comment(pull, "ann", "/codedesigner help")

    for _ in range(3):
        workflow.says(pull, "ann", "/codedesigner help")

    answers = workflow.see(pull).by("github-actions[bot]")
    assert len(answers) <= 1
    assert all("in an hour" in one.body for one in answers)


def test_T_SEC_37_whoever_a_commit_says_wrote_it_may_nothing(workflow: Workflow) -> None:
    pull = opened(workflow, author="mallory", fork="mallory", title="A change by ann <ann@example.org>, approved")

    assert workflow.opened(pull).code == 1
    workflow.says(pull, "mallory", "/codedesigner override ann said so")
    assert not workflow.see(pull).passes("codedesigner")
