"""`codedesigner review --pr` of a merge request: nothing is posted unless that is asked for."""

from __future__ import annotations

import json

import pytest

from codedesigner.cli import run

from .job import BAD, QUICK, Jobs


@pytest.mark.parametrize("post", [False, True])
def test_a_merge_request_is_reviewed_by_its_address(
    jobs: Jobs, post: bool, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    request = jobs.opened({"cart.py": BAD}, fork=True)
    (jobs.folder / "locations.yml").write_text(QUICK)
    monkeypatch.setenv("CODEDESIGNER_GITLAB_TOKEN", jobs.token)
    monkeypatch.setenv("CODEDESIGNER_STATE_DIR", str(jobs.folder / "s"))
    url = f"{jobs.world.url}/group/shop/-/merge_requests/{request.iid}"
    given = ["review", "--pr", url, "--locations-file", str(jobs.folder / "locations.yml"), "--format", "json"]

    code = run([*given, "--post"] if post else given)

    assert code == 1
    seen = jobs.see(request)
    assert (len(seen.threads), len(seen.discussions)) == ((1, 1) if post else (0, 0))
    if not post:
        assert [one["line"] for one in json.loads(capfd.readouterr().out)["findings"]] == [13]
        assert [one.path for one in jobs.world.writes if ".git/" not in one.path] == []
