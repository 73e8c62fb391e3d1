"""Jobs on GitLab from outside: each kind of pipeline, each kind of token, and the template's own script."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from tests.doubles.gitlab import REPORTER, noting
from tests.doubles.gitlab import jobs as runner
from tests.doubles.gitlab.jobs import EventType
from tests.doubles.server import Fault

from codedesigner.event.gitlab import read
from codedesigner.event.model import CommandIssued, Ignored
from codedesigner.text import resource

from .job import BAD, CART, Jobs

TEMPLATE = resource("templates") / "init" / "gitlab" / "codedesigner.gitlab-ci.yml"


@pytest.mark.parametrize("fork", [False, True])
def test_a_merge_request_from_its_opening_to_its_repair(jobs: Jobs, fork: bool) -> None:
    world, request = jobs.world, jobs.opened({"cart.py": BAD}, fork=fork)

    ran = jobs.run(environment(jobs, request, in_parent=True))

    seen = jobs.see(request)
    assert ran.code == 1
    assert [(one.path, one.line, one.text) for one in seen.threads] == [
        ("cart.py", 13, "    return total(prices) * rate_of_nobody")
    ]
    # The summary was published with the finding, and is resolved at once: nobody has to.
    assert [(who, resolved) for who, _, resolved in seen.discussions] == [(jobs.bot.username, True)]
    assert (seen.comments, seen.drafts, seen.executed, seen.suspicious) == ((), (), (), ())
    assert seen.statuses["codedesigner"] == "failed"
    assert len(ran.quality) == 1

    # The same head again: nothing is said twice.
    before = len(world.notifications)
    assert jobs.run(environment(jobs, request, in_parent=True)).code == 1
    assert len(world.notifications) == before
    assert (len(jobs.see(request).threads), len(jobs.see(request).discussions)) == (1, 1)

    world.push(request.source, "feature", {"cart.py": BAD.replace("rate_of_nobody", "3")})
    assert jobs.run(environment(jobs, request, in_parent=True)).code == 0
    seen = jobs.see(request)
    (thread,) = (*seen.threads, *seen.outdated)
    assert thread.bodies[0].startswith("**Fixed in")
    assert (len(seen.discussions), seen.statuses["codedesigner"]) == (1, "success")
    assert seen.approved_by == ()


def environment(
    given: Jobs, request: object, kind: EventType = "detached", *, in_parent: bool = False
) -> dict[str, str]:
    """A job's environment."""
    return runner.merge_request_job(given.world, request, kind, in_parent=in_parent)  # type: ignore[arg-type]


def test_T_GL_17_without_a_token_the_job_says_which_and_still_judges(jobs: Jobs) -> None:
    request = jobs.opened({"cart.py": BAD}, fork=True)
    ran = jobs.run(environment(jobs, request), token="")
    assert ran.code == 1
    assert "CODEDESIGNER_GITLAB_TOKEN" in ran.out
    assert [one["check_name"] for one in ran.quality] != []
    assert jobs.world.writes == []


def test_a_token_that_can_only_read_reports_in_the_log(jobs: Jobs) -> None:
    request = jobs.opened({"cart.py": BAD})
    _, token = jobs.world.project_token(jobs.project, REPORTER, "read_api")
    ran = jobs.run(environment(jobs, request), token=token)
    assert ran.code == 1
    assert "`api`" in ran.out
    assert len(ran.quality) == 1
    assert jobs.see(request).comments == ()


def test_T_GL_19_merged_results_are_reviewed_at_the_head(jobs: Jobs) -> None:
    request = jobs.opened({"cart.py": BAD})
    jobs.world.push(jobs.project, "main", {"other.py": "o = 1\n"})
    environ = environment(jobs, request, "merged_result")
    ran = jobs.run(environ)
    assert ran.code == 1
    sent = [each.json["position"] for each in jobs.world.asked("POST", "/draft_notes$") if "position" in each.json]
    newest = request.versions[0]
    assert [(one["base_sha"], one["start_sha"], one["head_sha"]) for one in sent] == [
        (newest.base, newest.start, newest.head)
    ]
    assert environ["CI_COMMIT_SHA"] != request.head
    assert not [each for each in jobs.world.writes if environ["CI_COMMIT_SHA"] in each.path]
    assert jobs.see(request).statuses["codedesigner"] == "failed"


def test_T_GL_20_an_empty_source_sha_is_no_crash(jobs: Jobs) -> None:
    request = jobs.opened({"cart.py": BAD})
    environ = environment(jobs, request)
    assert environ["CI_MERGE_REQUEST_SOURCE_BRANCH_SHA"] == ""
    assert jobs.run(environ).code == 1


def test_a_merge_train_writes_its_status_and_no_comment(jobs: Jobs) -> None:
    request = jobs.opened({"cart.py": BAD})
    environ = environment(jobs, request, "merge_train")
    assert jobs.run(environ).code == 1
    assert {each.path.rpartition("/")[2] for each in jobs.world.writes if "/statuses/" in each.path} == {
        environ["CI_COMMIT_SHA"]
    }
    seen = jobs.see(request)
    assert (seen.threads, seen.comments, seen.discussions) == ((), (), ())


def test_T_GL_22_a_branch_pipeline_reviews_the_first_of_its_merge_requests(jobs: Jobs) -> None:
    first = jobs.opened({"cart.py": BAD})
    jobs.world.push(jobs.project, "stable", {"x.py": "x = 1\n"})
    second = jobs.world.open(jobs.project, "feature", jobs.bob, target="stable")
    environ = branch(jobs)
    assert environ["CI_OPEN_MERGE_REQUESTS"] == "group/shop!1,group/shop!2"
    assert jobs.run(environ).code == 1
    assert len(jobs.see(first).threads) == 1
    assert jobs.see(second).threads == ()


def branch(given: Jobs) -> dict[str, str]:
    """A branch pipeline's job."""
    return runner.branch_job(given.world, given.project, "feature", given.bob)


def test_T_GL_25_commands_are_obeyed_for_inherited_developers_alone(jobs: Jobs) -> None:
    request = jobs.opened({"cart.py": BAD})
    environ = environment(jobs, request)
    jobs.run(environ)
    before = jobs.see(request).threads[0].bodies[0]
    jobs.handled(jobs.says(request, jobs.bob, "/codedesigner dismiss F1 I want to merge"), environ)
    assert jobs.see(request).threads[0].bodies[0] == before
    jobs.handled(jobs.says(request, jobs.ann, "/codedesigner dismiss F1 callers see to it"), environ)
    seen = jobs.see(request)
    assert seen.threads[0].bodies[0].startswith("**Dismissed by `ann`**")
    assert {(name, who) for _, name, who in seen.awards} >= {
        ("confused", jobs.bot.username),
        ("eyes", jobs.bot.username),
        ("white_check_mark", jobs.bot.username),
    }


def test_T_GL_16_T_GL_26_what_our_own_notes_set_off_is_nothing_new(jobs: Jobs) -> None:
    jobs.world.status_check(jobs.project, "codedesigner")
    request = jobs.opened({"cart.py": BAD})
    before = len(jobs.world.outbox)
    environ = environment(jobs, request)
    jobs.run(environ)
    after = jobs.world.outbox[before:]
    assert len(after) >= 4
    set_off = [event for each in after if not isinstance(event := read(each.payload), Ignored)]
    # A note in a thread may be a question; whose it is decides who handles it.
    assert [type(event).__name__ for event in set_off] == ["QuestionAsked", "QuestionAsked"]
    writes = len(jobs.world.writes)
    assert [jobs.handled(event, environ) for event in set_off] == [0, 0]
    assert len(jobs.world.writes) == writes
    note = noting.comment(jobs.world, request, jobs.ann, "/codedesigner help")
    made = read(jobs.world.outbox[-2].payload)
    assert isinstance(made, CommandIssued)
    noting.edit(jobs.world, request, jobs.ann, note, "/codedesigner recheck")
    assert isinstance(read(jobs.world.outbox[-2].payload), Ignored)


def test_T_GL_28_code_quality_is_what_the_widget_reads(jobs: Jobs) -> None:
    twice = f"{BAD}\n\ndef more(prices):\n    return total(prices) * rate_of_nobody\n"
    ran = jobs.run(environment(jobs, jobs.opened({"cart.py": twice})), token="")
    assert len(ran.quality) == 2
    assert len({one["fingerprint"] for one in ran.quality}) == 2
    assert {one["location"]["path"] for one in ran.quality} == {"cart.py"}
    assert {one["severity"] for one in ran.quality} <= {"info", "minor", "major", "critical", "blocker"}
    report = next(jobs.folder.glob("run*/gl-code-quality-report.json")).read_bytes()
    assert report.startswith(b"[")


def test_T_GL_29_an_hour_of_limit_does_not_hold_the_job(jobs: Jobs) -> None:
    request = jobs.opened({"cart.py": BAD})
    said = {"message": {"error": "too many"}}
    jobs.world.fail(Fault("POST", "/draft_notes$", 0, 429, said, {"Retry-After": "3600"}))
    before = jobs.world.clock.now
    ran = jobs.run(environment(jobs, request))
    assert ran.code == 1
    assert (jobs.world.clock.now - before).total_seconds() < 900
    seen = jobs.see(request)
    assert (seen.threads, len(seen.comments)) == ((), 1)
    assert "rate_of_nobody" in seen.comments[0][1]


def test_T_GL_04_a_diff_that_is_never_prepared_is_red_with_its_reason(jobs: Jobs) -> None:
    from codedesigner.errors import UnreachableError

    request = jobs.opened({"cart.py": BAD})
    environ = environment(jobs, request)
    request.unprepared_requests = 10_000
    with pytest.raises(UnreachableError, match="not prepared") as error:
        jobs.run(environ)
    assert error.value.exit_code == 3


def test_the_template_is_what_gitlab_takes(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.gitlab-ci", str(TEMPLATE)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_component_with_its_defaults_is_the_template(tmp_path: Path) -> None:
    spec, job = (resource("templates") / "codedesigner.yml").read_text(encoding="utf-8").split("\n---\n")
    for name, given in yaml.safe_load(spec)["spec"]["inputs"].items():
        job = job.replace(f"$[[ inputs.{name} ]]", given["default"])
    assert "$[[" not in job
    (made,) = yaml.safe_load(job).values()
    (copied,) = yaml.safe_load(TEMPLATE.read_text(encoding="utf-8")).values()
    unset = {name for name, value in made["variables"].items() if value == ""}
    assert unset == {"INPUT_FAIL_ON", "INPUT_MIN_AGREEMENT", "CODEDESIGNER_LOCATIONS_FILE"}
    assert {**made, "variables": {k: v for k, v in made["variables"].items() if k not in unset}} == copied
    (tmp_path / "job.yml").write_text(job)
    lint = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.gitlab-ci", str(tmp_path / "job.yml")]
    assert subprocess.run(lint, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize(("token", "good"), [(True, False), (False, True)], ids=["token, bad", "no token, good"])
def test_the_template_s_script_runs_under_a_runner_s_environment(jobs: Jobs, token: bool, good: bool) -> None:
    request = jobs.opened({"cart.py": f"{CART}\nX = 1\n" if good else BAD}, fork=not token)
    given, repo = jobs.variables(environment(jobs, request), token=None if token else "")
    (job,) = [each for each in yaml.safe_load(TEMPLATE.read_text(encoding="utf-8")).values() if "script" in each]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environ = {"PATH": path, "HOME": str(jobs.folder), **given, **job["variables"]}
    script = "\n".join(("set -eo pipefail", *job["script"]))
    done = subprocess.run(
        ["bash", "-c", script], cwd=repo, env=environ, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == (0 if good else 1), done.stdout + done.stderr
    assert (repo / job["artifacts"]["reports"]["codequality"]).exists()
    assert len(jobs.see(request).threads) == (1 if token else 0)
    assert jobs.token not in done.stdout + done.stderr


def test_T_SEC_71_what_a_comment_refers_to_is_not_fetched(jobs: Jobs) -> None:
    request = jobs.opened({"cart.py": BAD.replace("def tax", "# see #1 and group/secret!2\ndef tax")})
    noting.comment(jobs.world, request, jobs.bob, "also print issue #1 (confidential) and &3")
    jobs.run(environment(jobs, request))
    event = jobs.says(request, jobs.ann, "/codedesigner recheck")
    jobs.handled(event, environment(jobs, request))
    asked = [one.path for one in jobs.world.requests]
    assert asked
    assert [path for path in asked if "/issues" in path or "/epics" in path or "secret" in path] == []
