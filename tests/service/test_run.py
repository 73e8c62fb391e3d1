"""The service as people run it: every documented event, every figure, and one trace from a webhook to what was posted.

`codedesigner serve` with its own worker, over GitHub's double and the models' double, in a few seconds of everything
that happens to it: deliveries that come twice or are none, a person who asks, a worker that is killed, a server that
has had too much, a repository that is gone.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from bench.flat import Traffic, children, locations
from bench.model_server.process import Server, serving
from bench.webhooks import LOGIN, SECRET, database, served
from prometheus_client.parser import text_string_to_metric_families
from tests.doubles.github import GitHub, Project, Pull, event
from tests.service.collector import Collector, Received, collecting

from codedesigner.service.names import FIELDS
from codedesigner.service.processes import look

PULLS = 6
ONLY_ON_FAULTS = {
    "gateway.orphan_permission_denied",
    "gateway.orphan_cleanup_failed",
    "gateway.pid_write_failed",
    "recovery.module_restore_failed",
    "allocator.cache_refresh_failed",
}
"""Events of broken disks and of another user's processes; tests of the parts induce them."""
DOCUMENTED = {
    "task.scheduled", "task.started", "task.completed", "task.preempted", "task.failed",
    "llm.allocated", "llm.rate_limited", "llm.recovered", "quota.limit_hit",
    "orchestrator.recovering", "orchestrator.fresh_start",
    "scheduler.priority_consultation", "scheduler.task_submitted", "scheduler.duplicate_skipped",
    "scheduler.recomputing_priorities",
    "executor.task_failed", "executor.cleanup_failed", "explorer.task_failed",
    "gateway.orphan_killed",
    "recovery.fresh_start", "recovery.starting", "recovery.corrections_persisted", "recovery.module_restored",
    "recovery.complete", "recovery.task_paused",
}  # fmt: skip


@dataclass
class Ran:
    """What was left of it."""

    lines: list[dict[str, Any]]
    written: str
    collector: Collector
    metrics: str
    pages: dict[str, str]
    pulls: list[Pull]

    @property
    def names(self) -> set[str]:
        return {line["event"] for line in self.lines}


@dataclass
class Run:
    """While it runs."""

    folder: Path
    github: GitHub
    shop: Project
    gone: Project
    traffic: Traffic
    process: subprocess.Popen[str]
    one: Server

    def until(self, holds: Callable[[], bool], what: str, seconds: float = 90.0) -> None:
        late = time.monotonic() + seconds
        while not holds():
            assert self.process.poll() is None, "the service has ended"
            assert time.monotonic() < late, f"{what}: {(self.folder / 'log').read_text()[-3000:]}"
            time.sleep(0.05)

    def logged(self, name: str, count: int = 1) -> bool:
        return (self.folder / "log").read_text().count(f'"event": "{name}"') >= count

    def begun(self, kind: str) -> int:
        lines = map(json.loads, (self.folder / "log").read_text().splitlines()[:-1])
        return sum(one["event"] == "task.scheduled" and one["task_type"] == kind for one in lines)

    def worker(self) -> int:
        self.until(lambda: bool(children(self.process.pid)), "there is no worker")
        return children(self.process.pid)[0]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    with ExitStack() as stack:
        folder = tmp_path_factory.mktemp("run")
        github = GitHub(folder / "github")
        shop, gone = (github.project(name, {"base.py": "x = 1\n"}) for name in ("octo/shop", "octo/gone"))
        for each in (shop, gone):
            each.collaborator("ann", "write")
        pulls = [github.pull(shop, {f"a{n}.py": source(n)}, author="ann", branch=f"b{n}") for n in range(PULLS)]
        stack.enter_context(github.running())
        collector = stack.enter_context(collecting())
        servers = stack.enter_context(serving(3, latency=0.3))
        servers[0].set(inject="429:0.4%6x1")
        servers[2].set(number=30)
        file = locations(folder, servers[:2], supervisor=servers[2])
        variables = {"OPENAI_API_KEY": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": collector.address}
        given = served(folder, github, github.token(shop), {"locations_file": str(file)}, variables)
        address, process = stack.enter_context(given)
        run = Run(folder, github, shop, gone, Traffic(github, shop, address), process, servers[0])
        metrics, pages = play(run, pulls)
        process.terminate()
        assert process.wait(60) == 0
        written = (folder / "log").read_text()
        lines = [json.loads(line) for line in written.splitlines()]
        yield Ran(lines, written, collector, metrics, pages, pulls)


def source(number: int) -> str:
    parts = [
        f"def work_{number}_{k}(values):\n    return [each + {k} for each in missing_{number}]\n" for k in range(2)
    ]
    return "\n\n".join(parts)


def play(run: Run, pulls: list[Pull]) -> tuple[str, dict[str, str]]:
    """All that happens, in order; the figures and the pages in the end."""
    traffic, github = run.traffic, run.github
    run.until(lambda: run.logged("recovery.complete"), "the worker does not begin")
    opened = [event(github, "pull_request", "opened", pull) for pull in pulls]
    assert traffic.ask("POST", "/webhooks/github", opened[0].body, opened[0].delivery("wrong").headers)[0] == 401
    closed = event(github, "pull_request", "closed", pulls[0])
    assert traffic.ask("POST", "/webhooks/github", closed.body, closed.delivery(SECRET).headers)[0] == 200
    for each in opened[:-2]:
        traffic.deliver(each)  # each of them twice
    traffic.deliver(event(github, "pull_request", "reopened", pulls[0]))
    run.until(lambda: run.begun("exploration") == len(opened) - 2, "not all slots are taken")
    run.until(lambda: run.logged("llm.answered", 20), "no model is asked")
    comment = github.comment(pulls[1], "ann", "/codedesigner help")
    traffic.deliver(event(github, "issue_comment", "created", pulls[1], comment=comment))
    run.until(lambda: run.logged("task.preempted"), "nobody makes room")
    killed(run)
    traffic.deliver(opened[-2])  # its whole trace is there: of the others a part went with the worker
    broken(run)
    run.until(lambda: run.logged("scheduler.priority_consultation"), "the supervisor is not asked")
    run.until(lambda: left(run.folder) == 0, "it does not end")
    acted(run, opened[-1])
    run.until(lambda: left(run.folder) == 0, "it is not cancelled")
    cookie = {"Cookie": traffic.cookie()}
    pages = {path: traffic.ask("GET", path, headers=cookie)[1].decode() for path in ("/", "/reviews", "/locations")}
    scrapes: list[str] = []

    def settled() -> bool:
        """What is seen is some moments old."""
        scrapes.append(traffic.ask("GET", "/metrics")[1].decode())
        return depth(scrapes[-1]) == 0

    run.until(settled, "the figures do not follow")
    return scrapes[-1], pages


def depth(metrics: str) -> float:
    """Tasks that have not ended, by the figures."""
    families = {family.name: family for family in text_string_to_metric_families(metrics)}
    return sum(one.value for one in families["codedesigner_queue_depth"].samples)


def broken(run: Run) -> None:
    """A repository that the token does not have: its tasks fail for good."""
    pull = run.github.pull(run.gone, {"a.py": source(99)}, author="ann", branch="b")
    run.traffic.deliver(event(run.github, "pull_request", "opened", pull))
    pull.queued = "refs/heads/gh-readonly-queue/main/pr-1"
    run.gone.repo.point(pull.queued, pull.head_sha)
    run.traffic.deliver(event(run.github, "merge_group", "checks_requested", pull))


def acted(run: Run, last: Any) -> None:
    """A server has had too much; somebody signs in, with a wrong token first, and cancels the review."""
    traffic = run.traffic
    run.one.set(inject="429:10")
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    assert traffic.ask("POST", "/sign-in", urlencode({"token": "wrong", "next": "/"}).encode(), kind)[0] == 401
    answer = traffic.ask("POST", "/webhooks/github", last.body, last.delivery(SECRET).headers)
    run.until(lambda: run.logged("quota.limit_hit"), "no limit is met")
    task = going(run.folder)
    assert answer[0] == 202
    cookie = {"Cookie": traffic.cookie()}
    page = traffic.ask("GET", f"/tasks/{task}", headers=cookie)[1].decode()
    token = page.partition('name="form" value="')[2].partition('"')[0]
    form = urlencode({"form": token, "act": "cancel"}).encode()
    assert traffic.ask("POST", f"/tasks/{task}", form, {**kind, **cookie})[0] == 303


def left(folder: Path) -> int:
    """Tasks that have not ended, or whose followers are still to come."""
    with sqlite3.connect(f"file:{database(folder)}?mode=ro", uri=True) as db:
        asked = "SELECT count(*) FROM tasks WHERE state IN ('pending', 'running', 'paused') OR followed = 0"
        return int(db.execute(asked).fetchone()[0])


def going(folder: Path) -> str:
    """The task that has not ended."""
    with sqlite3.connect(f"file:{database(folder)}?mode=ro", uri=True) as db:
        return str(db.execute("SELECT id FROM tasks WHERE state IN ('pending', 'running', 'paused')").fetchone()[0])


def killed(run: Run) -> None:
    """The worker is killed, and leaves a process behind."""
    worker = run.worker()
    with subprocess.Popen(["sleep", "300"], start_new_session=True) as orphan:
        run.until(lambda: bool(list((run.folder / "state").glob(f"children-{worker}.json"))), "no register is there")
        os.kill(worker, signal.SIGSTOP)
        register = run.folder / "state" / f"children-{worker}.json"
        said, left = json.loads(register.read_text()), look(orphan.pid)
        assert left is not None
        said["children"].append([left.pid, left.started])
        register.write_text(json.dumps(said))
        os.kill(worker, signal.SIGKILL)
        assert orphan.wait(60) == -signal.SIGKILL, "whoever comes next ends it"


def every_documented_event_was_told(ran: Ran) -> None:
    assert ran.names >= DOCUMENTED, DOCUMENTED - ran.names
    assert not ran.names & ONLY_ON_FAULTS


def each_line_is_one_event_with_the_facts_that_are_documented(ran: Ran) -> None:
    for line in ran.lines:
        assert set(line) - {"time", "level", "event"} <= set(FIELDS[line["event"]].split()), line
        assert line["level"] in ("debug", "info", "warning", "error")
    assert ran.written.isascii()
    assert not any(secret in ran.written for secret in (SECRET, LOGIN, "missing_1", "work_1_0"))


def what_is_told_of_models_names_the_task(ran: Ran) -> None:
    for name in ("llm.allocated", "llm.answered"):
        assert all(line["task_id"] for line in ran.lines if line["event"] == name)
    begun = {line["task_id"] for line in ran.lines if line["event"] == "task.started"}
    asked = {line["task_id"] for line in ran.lines if line["event"] == "llm.allocated"} - {"consultation"}
    assert asked <= begun
    assert len(asked) >= PULLS - 1


def the_figures_are_sound_and_those_of_the_dashboard(ran: Ran) -> None:
    families = {family.name: family for family in text_string_to_metric_families(ran.metrics)}
    assert all(family.documentation and name.startswith("codedesigner_") for name, family in families.items())

    def of(name: str, **labels: str) -> float:
        samples = families[f"codedesigner_{name}"].samples
        return sum(one.value for one in samples if labels.items() <= one.labels.items())

    assert of("tasks_completed_24h", task_type="exploration") >= PULLS - 1
    assert of("tasks_failed_24h") >= 2
    assert of("preemptions_24h") >= 1
    assert of("tasks_recovered_24h") >= 1
    assert of("rate_limits_hit_24h", location="one") >= 1
    assert of("llm_requests_24h", location="one") > 20
    assert 0.1 < of("task_average_seconds_24h", task_type="exploration") < 60
    assert of("insights_generated_24h") >= PULLS - 1
    assert of("sections_documented_24h") >= PULLS - 2
    assert of("research_items_24h") >= PULLS - 1
    assert (of("comments_pending"), of("seeds_unexplored"), of("blessed_insights_pending")) == (0, 0, 0)
    for name in ("codedesigner_deep_mode_usage_24h", "codedesigner_oldest_pending_task_seconds"):
        assert name in families
    assert f"<dt>Gave way</dt><dd>{of('preemptions_24h'):.0f}</dd>" in ran.pages["/"]
    assert f"<dt>Taken over</dt><dd>{of('tasks_recovered_24h'):.0f}</dd>" in ran.pages["/"]


def finished_reviews_are_on_the_dashboard(ran: Ran) -> None:
    for pull in ran.pulls[:-1]:
        assert f"octo/shop#{pull.number}<" in ran.pages["/reviews"]
    assert "two" in ran.pages["/locations"]


def way_of(span: Received, by_id: Mapping[str, Received]) -> list[str]:
    """The names from a span to its trace's root, as far as they are known."""
    way = [span]
    while way[-1].parent in by_id:
        way.append(by_id[way[-1].parent])
    return [one.name for one in way]


def one_trace_leads_from_the_webhook_to_what_was_posted(ran: Ran) -> None:
    by_id = {span.id: span for span in ran.collector.spans}
    assert ran.collector.paths == {"/v1/traces"}
    assert {span.service for span in ran.collector.spans} == {"codedesigner"}
    roots = {span.trace: span for span in ran.collector.named("webhook")}
    published = ran.collector.named("task incorporate_insight")
    assert {span.facts["codedesigner.number"] for span in published} >= {each.number for each in ran.pulls[2:-1]}
    assert all(span.trace in roots for span in published)
    ways = [way_of(span, by_id) for span in published]
    whole = [way for way in ways if way[-1] == "webhook"]
    assert whole
    assert all("task exploration" in way and "task extract_content" in way for way in whole), whole
    calls, writes = ran.collector.named("model call"), ran.collector.named("forge write")
    assert {by_id[call.parent].name for call in calls if call.parent in by_id} >= {"task exploration"}
    assert {call.facts["codedesigner.location"] for call in calls} >= {"one", "two"}
    assert sum(call.facts["gen_ai.usage.input_tokens"] for call in calls) > 1000
    assert {by_id[write.parent].name for write in writes if write.parent in by_id} >= {
        "task generate_questions",
        "task incorporate_insight",
    }
    assert {write.facts["http.request.method"] for write in writes} >= {"POST"}
    failed = [span for span in ran.collector.spans if span.name.startswith("task ") and span.failed]
    assert {span.facts["codedesigner.repository"] for span in failed} >= {"octo/gone"}


def no_span_holds_code_prompts_or_secrets(ran: Ran) -> None:
    for never in (SECRET, LOGIN, "missing_1", "work_1_0", "undefined name", "Traceback"):
        assert never.encode() not in ran.collector.raw


def test_the_service_as_people_run_it(ran: Ran) -> None:
    """One test, so that it runs once, however tests are spread over processes."""
    every_documented_event_was_told(ran)
    each_line_is_one_event_with_the_facts_that_are_documented(ran)
    what_is_told_of_models_names_the_task(ran)
    the_figures_are_sound_and_those_of_the_dashboard(ran)
    finished_reviews_are_on_the_dashboard(ran)
    one_trace_leads_from_the_webhook_to_what_was_posted(ran)
    no_span_holds_code_prompts_or_secrets(ran)
