"""`codedesigner doctor` says what a token may on GitLab, and writes nothing."""

from __future__ import annotations

import asyncio
import json

import pytest
from tests.doubles.gitlab import DEVELOPER, GUEST, REPORTER, MergeRequest
from tests.doubles.gitlab import jobs as runner
from tests.doubles.server import Fault
from tests.forge_checks import states, without_a_trace

from codedesigner.cli import run
from codedesigner.commands.forgerights import ForgeDiagnosis, examine_forge
from codedesigner.config.settings import Settings

from .job import BAD, QUICK, Jobs

OK = {"account": "ok", "change": "ok", "base": "ok", "comments": "ok", "check": "ok", "people": "ok"}


def told(jobs: Jobs, request: MergeRequest, token: str) -> ForgeDiagnosis:
    """What the doctor finds in a merge request's pipeline; it leaves everything as it is."""
    environ = runner.merge_request_job(jobs.world, request, in_parent=True)
    given = {**environ, "CODEDESIGNER_GITLAB_TOKEN": token} if token else environ
    with without_a_trace(jobs.world, lambda: repr((jobs.see(request), jobs.world.pipelines))):
        found = asyncio.run(examine_forge(given, None, Settings(), 30.0, jobs.forges))
    assert found is not None
    assert jobs.world.writes == []
    return found


def test_a_token_that_may_all_that_is_asked(jobs: Jobs) -> None:
    found = told(jobs, jobs.opened({"cart.py": BAD}), jobs.token)

    assert (found.kind, found.usable, states(found.checks)) == ("gitlab", True, OK)
    assert found.checks[0].found == f"{jobs.bot.username} (a bot)"


@pytest.mark.parametrize("level", [GUEST, REPORTER, DEVELOPER])
@pytest.mark.parametrize("kind", ["api", "read_api"])
def test_each_role_and_scope(jobs: Jobs, level: int, kind: str) -> None:
    jobs.world.push(jobs.project, "main", {".codedesigner.yml": "forge: {resolve_threads: true}\n"})
    request = jobs.opened({"cart.py": BAD})
    _, token = jobs.world.project_token(jobs.project, level, kind)  # type: ignore[arg-type]

    found = told(jobs, request, token)

    reads = kind == "read_api"
    comments = "fail" if reads else "warn" if level == GUEST else "ok"
    writes = "ok" if level == DEVELOPER and not reads else "fail"
    assert states(found.checks) == {**OK, "comments": comments, "check": writes, "resolve": writes}
    assert found.usable == (writes == "ok")
    remedies = {each.remedy for each in found.checks if each.remedy}
    assert all("the scope `api` and the role Developer" in one for one in remedies)


def test_no_token_and_a_wrong_one(jobs: Jobs) -> None:
    request = jobs.opened({"cart.py": BAD})
    for token in ("", "glpat-nobodys"):
        found = told(jobs, request, token)
        assert not found.usable
        assert (found.checks[0].what, found.checks[0].state) == ("account", "fail")
        assert {each.state for each in found.checks[1:]} <= {"skipped"}


def test_a_server_that_tells_no_scopes_leaves_writing_unknown(jobs: Jobs) -> None:
    request = jobs.opened({"cart.py": BAD})
    jobs.world.fail(Fault("GET", "personal_access_tokens", nth=0, status=404, body={"error": "404 Not Found"}))

    seen = states(told(jobs, request, jobs.token).checks)

    assert seen == {**OK, "comments": "warn", "check": "warn"}


def test_an_archived_project_takes_nothing(jobs: Jobs) -> None:
    request = jobs.opened({"cart.py": BAD})
    jobs.project.archived = True

    found = told(jobs, request, jobs.token)

    assert states(found.checks) == {**OK, "comments": "fail", "check": "fail"}


def test_by_its_address(jobs: Jobs, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    for name in ("GITHUB_ACTIONS", "GITLAB_CI"):
        monkeypatch.delenv(name, raising=False)
    request = jobs.opened({"cart.py": BAD})
    monkeypatch.setenv("CODEDESIGNER_STATE_DIR", str(jobs.folder / "s"))
    (jobs.folder / "locations.yml").write_text(QUICK)
    given = ["doctor", "--locations-file", str(jobs.folder / "locations.yml"), "--repo", str(jobs.folder)]
    given += ["--pr", f"{jobs.world.url}/group/shop/-/merge_requests/{request.iid}"]
    _, weak = jobs.world.project_token(jobs.project, DEVELOPER, "read_api")

    for token, code in ((jobs.token, 0), (weak, 3)):
        monkeypatch.setenv("CODEDESIGNER_GITLAB_TOKEN", token)
        assert run([*given, "--format", "json"]) == code
        out = capfd.readouterr().out
        assert json.loads(out)["forge"]["usable"] == (code == 0)
        assert token not in out
    assert run([*given[:-1], "https://example.org/nothing"]) == 2
