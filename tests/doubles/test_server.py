"""The server under the doubles: its log and its faults."""

from __future__ import annotations

import http.client
import json
import time
from typing import Any

import pytest
from tests.doubles.server import Double, Fault, Reply, Request


class Counting(Double):
    """Stores what is posted."""

    PREFIXES = ("/api",)

    def __init__(self) -> None:
        super().__init__()
        self.stored: list[object] = []

    def answer(self, request: Request) -> Reply:
        if request.path == "/broken":
            raise KeyError("broken")
        if request.method == "POST":
            self.stored.append(request.json)
        return Reply(201, {"path": request.path, "query": dict(request.query)}, {"X-Count": str(len(self.stored))})


def ask(double: Double, method: str, path: str, body: object = None) -> tuple[int, Any]:
    connection = http.client.HTTPConnection(double.address.removeprefix("http://"), timeout=10)
    try:
        connection.request(method, path, json.dumps(body) if body else None, {"Authorization": "Bearer secret"})
        answer = connection.getresponse()
        text = answer.read()
    finally:
        connection.close()
    return answer.status, json.loads(text) if text.startswith(b"{") else text


def test_the_log_and_the_faults() -> None:
    with Counting().running() as double:
        assert ask(double, "GET", "/api/a%20b?x=1&y=") == (201, {"path": "/a%20b", "query": {"x": "1", "y": ""}})
        assert double.requests[0].token == "secret"
        assert double.requests[0].headers["authorization"] == "…"
        double.fail(Fault("POST", "/lost$", stored=False), Fault("POST", "/kept$", nth=2, stored=True, status=504))
        assert ask(double, "POST", "/api/lost", {"n": 1}) == (502, {"message": "Server Error"})
        assert ask(double, "POST", "/api/lost", {"n": 2})[0] == 201
        assert ask(double, "POST", "/api/kept", {"n": 3})[0] == 201
        assert ask(double, "POST", "/api/kept", {"n": 4})[0] == 504
        assert double.stored == [{"n": 2}, {"n": 3}, {"n": 4}]
        double.fail(Fault("POST", "/cut", cut=True, stored=True))
        with pytest.raises(http.client.RemoteDisconnected):
            ask(double, "POST", "/cut", {"n": 5})
        assert double.stored[-1] == {"n": 5}
        assert [each.status for each in double.exchanges] == [201, 502, 201, 201, 504, 0]
        assert len(double.writes) == 5
        assert len(double.asked("POST", "kept")) == 2
        double.heal()
        double.fail(Fault("*", "/slow", nth=0, status=0, delay=0.05))
        begun = time.monotonic()
        assert ask(double, "GET", "/slow")[0] == 201
        assert time.monotonic() - begun > 0.04


def test_something_happens_between_two_requests() -> None:
    with Counting().running() as double:
        double.before = lambda request: double.stored.append("push") if request.path == "/second" else None
        ask(double, "GET", "/first")
        assert double.stored == []
        ask(double, "GET", "/second")
        assert double.stored == ["push"]


def test_a_double_that_breaks_fails_the_test() -> None:
    def broken() -> None:
        with Counting().running() as double:
            assert ask(double, "GET", "/broken")[0] == 500

    with pytest.raises(AssertionError, match=r"(?s)the double itself failed at GET /broken.*KeyError"):
        broken()
