"""The service's process: it listens, keeps workers going, ends in an orderly way; without secrets it does not start."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from codedesigner.cli import run
from codedesigner.service.processes import descendants, look
from codedesigner.service.serving import Plan, serve
from codedesigner.service.web.live import Streams

FILE = """
forges:
  github:
    token_env: SERVICE_TEST_TOKEN
    webhook_secret_env: [SERVICE_TEST_HOOK]
    repositories: ["octo/*"]
dashboard: {token_env: SERVICE_TEST_LOGIN}
"""
SECRETS = {
    "SERVICE_TEST_TOKEN": "ghs_" + "x" * 36,
    "SERVICE_TEST_HOOK": "h" * 20,
    "SERVICE_TEST_LOGIN": "l" * 20,
}
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"


class Journal:
    """A log that is only remembered."""

    def __init__(self) -> None:
        self.events: list[tuple[str, dict[str, Any]]] = []

    def __call__(self, name: str, /, *, level: str = "info", **facts: Any) -> None:
        self.events.append((name, facts))

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.events]


async def hello(_request: Request) -> PlainTextResponse:
    await asyncio.sleep(0.05)
    return PlainTextResponse("hello")


def played(
    worker: list[str], scene: Callable[[int], Any], *, workers: int = 1, stop_s: float = 0.3, how: int = signal.SIGTERM
) -> Journal:
    """Serve until the scene, which runs in a thread, is over; then SIGTERM comes, or another signal."""
    log = Journal()

    async def main() -> None:
        ends: list[asyncio.Task[Any]] = []

        async def act(port: int) -> None:
            await asyncio.to_thread(scene, port)
            os.kill(os.getpid(), how)

        plan = Plan("127.0.0.1", 0, worker, workers, stop_s, {**os.environ})
        app = Starlette(routes=[Route("/", hello)])
        await serve(app, Streams(), plan, log, ready=lambda port: ends.append(asyncio.create_task(act(port))))
        await asyncio.gather(*ends)

    asyncio.run(main())
    return log


def fetched(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10) as answer:
        return str(answer.read().decode())


def test_it_listens_until_it_is_told_to_stop() -> None:
    said: list[str] = []
    log = played([], lambda port: said.append(fetched(port)), workers=0)
    assert said == ["hello"]
    assert log.names == ["service.started", "service.stopping", "service.stopped"]


def test_a_worker_that_ends_is_started_again_and_ends_with_the_service(tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    code = f"import os; open({str(seen)!r}, 'a').write(f'{{os.getpid()}} '); raise SystemExit(7)"

    def scene(_port: int) -> None:
        patience = time.monotonic() + 15
        while time.monotonic() < patience and (not seen.exists() or len(seen.read_text().split()) < 2):
            time.sleep(0.02)

    log = played([sys.executable, "-S", "-c", code], scene)
    assert len(set(seen.read_text().split())) >= 2
    ended = [facts for name, facts in log.events if name == "service.note"]
    assert ended[0] == {"message": "worker 0 ended with 7", "again_s": 1.0}
    assert log.names[-1] == "service.stopped"


def test_a_worker_that_cannot_be_started_is_tried_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("codedesigner.service.serving._BACKOFF_S", (0.05,))
    program = tmp_path / "worker"
    seen = tmp_path / "seen"

    def scene(_port: int) -> None:
        time.sleep(0.1)
        program.write_text(f"#!/bin/sh\necho x > {seen}\nexec sleep 60\n")
        program.chmod(0o755)
        patience = time.monotonic() + 10
        while time.monotonic() < patience and not seen.exists():
            time.sleep(0.02)

    log = played([str(program)], scene)
    assert seen.exists()
    assert ("service.note", {"message": "worker 0 cannot be started: No such file or directory", "again_s": 0.05}) in (
        log.events
    )


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_every_way_of_being_told_to_stop_stops_in_order(how: signal.Signals) -> None:
    before = signal.signal(how, signal.SIG_DFL)  # whoever runs the tests may have had it ignored, as nohup does
    try:
        log = played([sys.executable, "-S", "-c", "import time; time.sleep(60)"], lambda _port: None, how=how)
    finally:
        signal.signal(how, before)
    assert log.names == ["service.started", "service.stopping", "service.stopped"]


def test_what_is_to_be_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        played([], lambda _port: os.kill(os.getpid(), signal.SIGHUP), workers=0)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_who_says_nothing_is_not_listened_to_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    monkeypatch.setattr("codedesigner.service.web.patient.HEAD_S", 0.15)
    closed: list[bytes] = []

    def scene(port: int) -> None:
        silent, half = (socket.create_connection(("127.0.0.1", port), 5) for _ in range(2))
        with silent, half:
            half.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
            closed.extend(one.recv(100) for one in (silent, half))
        with socket.create_connection(("127.0.0.1", port), 5) as slow:
            slow.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            said = b""
            while b"hello" not in said:
                said += slow.recv(1000)
            slow.sendall(b"GET / HT")
            closed.append(slow.recv(1000))

    played([], scene, workers=0)
    assert closed == [b"", b"", b""]


def test_what_a_killed_worker_has_started_ends_with_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("codedesigner.service.serving._SPARE_S", 0.1)
    pid = tmp_path / "pid"
    start = "subprocess.Popen(['sleep', '60'], start_new_session=True).pid"
    code = f"import subprocess; open({str(pid)!r}, 'w').write(str({start})); {STUBBORN}"

    def scene(_port: int) -> None:
        patience = time.monotonic() + 15
        while time.monotonic() < patience and not (pid.exists() and pid.read_text()):
            time.sleep(0.02)
        time.sleep(0.1)

    played([sys.executable, "-S", "-c", code], scene)
    patience = time.monotonic() + 15
    while time.monotonic() < patience and look(int(pid.read_text())) is not None:
        time.sleep(0.02)
    assert look(int(pid.read_text())) is None


HANGS = """
import asyncio, subprocess, sys, threading
from codedesigner.service.parting import hasten

async def main():
    if sys.argv[1] == "program":
        hanging = asyncio.create_task(asyncio.to_thread(subprocess.run, ["sleep", "60"], check=False))
    else:
        hanging = asyncio.create_task(asyncio.to_thread(threading.Event().wait))
    await asyncio.sleep(0.1)
    hanging.cancel()
    hasten(0.3)

asyncio.run(main())
"""


@pytest.mark.parametrize("what", ["program", "thread"])
def test_what_hangs_in_a_thread_keeps_no_process(what: str) -> None:
    began = time.monotonic()
    done = subprocess.run([sys.executable, "-c", HANGS, what], timeout=30, check=False)
    assert done.returncode == 0
    assert time.monotonic() - began < 10


def test_a_worker_that_will_not_stop_is_killed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("codedesigner.service.serving._SPARE_S", 0.1)
    pid = tmp_path / "pid"
    code = f"import os; open({str(pid)!r}, 'w').write(str(os.getpid())); {STUBBORN}"

    def scene(_port: int) -> None:
        patience = time.monotonic() + 15
        while time.monotonic() < patience and not (pid.exists() and pid.read_text()):
            time.sleep(0.02)
        time.sleep(0.1)

    began = time.monotonic()
    played([sys.executable, "-S", "-c", code], scene)
    assert time.monotonic() - began < 15
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)


def test_a_port_that_is_taken_is_said() -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        async def main() -> None:
            plan = Plan("127.0.0.1", port, [], 0, 0.1, {})
            await serve(Starlette(), Streams(), plan, Journal(), ready=lambda _port: None)

        with pytest.raises(OSError, match="in use"):
            asyncio.run(main())


def written(folder: Path, text: str = FILE) -> Path:
    path = folder / "service.yml"
    path.write_text(text)
    return path


def test_without_secrets_it_does_not_start_and_says_which_are_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["serve", "--config", str(written(tmp_path)), "--no-worker"]) == 2
    said = capsys.readouterr().err
    assert all(name in said for name in SECRETS)
    assert "service.yml:4" in said


def test_a_slip_in_the_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(tmp_path, FILE.replace("repositories", "repositorys"))
    assert run(["serve", "--config", str(file), "--no-worker"]) == 2
    assert "did you mean repositories?" in capsys.readouterr().err


def test_the_command_serves_and_ends_with_zero(tmp_path: Path) -> None:
    environ = {**os.environ, **SECRETS, "XDG_STATE_HOME": str(tmp_path / "state")}
    command = [sys.executable, "-m", "codedesigner", "serve", "--config", str(written(tmp_path)), "--port", "0"]
    child = subprocess.Popen(
        [*command, "--no-worker"], env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    try:
        address = child.stdout.readline().split()[-1]
        with urllib.request.urlopen(f"{address}/readyz", timeout=10) as answer:  # noqa: S310
            assert json.loads(answer.read()) == {"status": "ok", "database": "ok", "workers": 0}
    finally:
        child.terminate()
        _, log = child.communicate(timeout=30)
    assert child.returncode == 0
    assert [json.loads(line)["event"] for line in log.splitlines()] == [
        "service.started",
        "service.stopping",
        "service.stopped",
    ]
    assert not any(secret in log for secret in SECRETS.values())


def test_a_service_that_is_killed_leaves_no_worker(tmp_path: Path) -> None:
    environ = {**os.environ, **SECRETS, "CODEDESIGNER_STATE_DIR": str(tmp_path / "state")}
    command = [sys.executable, "-m", "codedesigner", "serve", "--config", str(written(tmp_path)), "--port", "0"]
    log = tmp_path / "log"
    with log.open("w") as errors:
        child = subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, stderr=errors)
    patience = time.monotonic() + 30
    while '"recovery.complete"' not in log.read_text() and time.monotonic() < patience:
        time.sleep(0.02)
    [worker] = descendants(child.pid)
    child.kill()
    child.wait()
    while look(worker.pid) == worker and time.monotonic() < patience:
        time.sleep(0.02)
    assert look(worker.pid) != worker
    events = [json.loads(line)["event"] for line in log.read_text().splitlines()]
    assert events[-2:] == ["orchestrator.stopping", "orchestrator.stopped"]
