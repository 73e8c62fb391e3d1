"""A review by a real server: what it does not read again."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from bench.llama.fetch import UnavailableError
from bench.llama.process import running
from click.testing import CliRunner

from codedesigner.commands.review import review

BEFORE = '''\
def total(items, *, limit=10, log=None):
    """Adds up what is left of the items, at most so much each."""
    total = 0
    for position, item in enumerate(items):
        if item is None or item.price < 0:
            log.warning("item %s of %s is left out", position, len(items))
            continue
        if item.price > limit and not item.free:
            total += min(item.price, limit)
        elif item.free:
            log.info("free", item, sum(other.price for other in items))
    return max(total, limit) / len(items)


def mean(items):
    """The mean of them."""
    return total(items) / len(items)
'''
AFTER = BEFORE.replace("> limit", ">= limit").replace("total(items) /", "total(items, limit=5) /")


def test_most_of_the_prompts_of_a_file_is_read_once(make_repo: Callable[..., Any], tmp_path: Path) -> None:
    repo = make_repo({"work.py": BEFORE})
    repo.commit({"work.py": AFTER})
    with ExitStack() as stack:
        try:
            server = stack.enter_context(running(context=12_000, slots=1))
        except UnavailableError as error:
            pytest.skip(str(error))
        reached = {"type": "custom", "dialect": "openai", "model_id": "noise", "endpoint": f"{server.address}/v1"}
        location = {"id": "noise", "name": "noise", "provider": {**reached, "api_key_env": "LLAMA_KEY"}}
        location["parameters"] = {"max_tokens": 40}
        pool = {"max_concurrent": 1, "per_endpoint_limit": 1}
        locations = tmp_path / "locations.yaml"
        locations.write_text(json.dumps({"locations": [location], "pool": pool}))
        options = ["--repo", repo.path, "--base", "HEAD~1", "--head", "HEAD", "--locations-file", locations]
        options += [
            "--location",
            "noise",
            "--max-passes",
            "3",
            "--format",
            "json",
            "--output",
            tmp_path / "report.json",
        ]
        environment = {
            "LLAMA_KEY": server.key,
            "CODEDESIGNER_STATE_DIR": str(tmp_path / "state"),
            "CODEDESIGNER_EARLY_EXIT__ENABLED": "false",
            "CODEDESIGNER_TERMS_FROM_CHANGE__NAMES": "0",
        }
        result = CliRunner().invoke(review, list(map(str, options)), env=environment)
    assert result.exit_code in (0, 1, 3), result.output
    (said,) = json.loads((tmp_path / "report.json").read_text())["locations"]
    assert said["requests_total"] == 2 * 4 * 3
    assert said["tokens_cached"] >= 0.7 * said["tokens_in"]
