"""The tools behind the bus."""

from __future__ import annotations

import asyncio
import inspect
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import JsonValue
from tests.run.tools.conftest import Asking

from codedesigner.config.shape import Closed
from codedesigner.errors import RepositoryError, UsageError
from codedesigner.protocol.wire import (
    AnalyzeRequest,
    Envelope,
    ErrorPayload,
    RequestConstraints,
    RequestContext,
    ResponsePayload,
    ToolRequest,
)
from codedesigner.run.bus import Answered, Bus, Request
from codedesigner.run.tools.base import AnyTool, Tool, ToolContext, ToolResult
from codedesigner.run.tools.registry import ToolRegistry
from codedesigner.run.tools.shipped import TOOLS
from codedesigner.run.tools.worker import ToolWorker

REGISTRY = ToolRegistry()


def request(tool: str, limits: RequestConstraints | None = None, **arguments: JsonValue) -> ToolRequest:
    return ToolRequest(
        tool_name=tool,
        arguments=arguments,
        documentation_hint="",
        execution_context="to know",
        constraints=limits or RequestConstraints(),
    )


def asked(context: ToolContext, *requests: Request, tools: dict[str, AnyTool] | None = None) -> tuple[Answered, ...]:
    worker = ToolWorker(TOOLS if tools is None else tools, context, REGISTRY)
    return asyncio.run(Bus({"tools": worker}, now=lambda: 1.0).ask("tools", requests))


def failure(answer: Answered) -> ErrorPayload:
    assert isinstance(answer, ErrorPayload)
    return answer


def test_requests_are_answered_in_their_order(shop: Asking) -> None:
    paths = ["README.md", "src/cart.py", "src/shop.py"] * 3
    answers = asked(shop.context, *(request("read_file", path=path) for path in paths))
    texts = [answer.result["text"] for answer in answers if isinstance(answer.result, dict)]  # type: ignore[union-attr]
    assert [str(text).partition(" ")[0] for text in texts] == paths
    assert {answer.status for answer in answers if isinstance(answer, ResponsePayload)} == {"success"}


def test_a_request_narrows_the_output_and_never_widens_it(shop: Asking) -> None:
    context = replace(shop.context, most_characters=60)
    wide, narrow = asked(
        context,
        request("read_file", RequestConstraints(max_output_size=10_000), path="src/cart.py"),
        request("read_file", RequestConstraints(max_output_size=30), path="src/cart.py"),
    )
    for answer, most in ((wide, 60), (narrow, 30)):
        assert isinstance(answer, ResponsePayload)
        assert isinstance(answer.result, dict)
        assert answer.status == "partial"
        assert 0 < len(str(answer.result["text"])) <= most
        assert answer.warnings == (answer.result["truncated"],)


def test_a_wrong_argument_is_an_invalid_request_that_names_it(shop: Asking) -> None:
    (answer,) = asked(shop.context, request("read_file", path="../x"))
    assert failure(answer).code == "INVALID_REQUEST"
    assert failure(answer).details == {"argument": "path"}
    assert failure(answer).message.startswith("read_file: path must be the path of a file")
    assert not failure(answer).recoverable


def test_what_is_no_call_of_a_tool_is_an_invalid_request(shop: Asking) -> None:
    other = AnalyzeRequest(code="x", questions=("?",), context=RequestContext(file_path="a.py"))
    unknown, wrong = asked(shop.context, request("read_fil"), other)
    assert (failure(unknown).code, failure(wrong).code) == ("INVALID_REQUEST", "INVALID_REQUEST")
    assert "did you mean read_file" in failure(unknown).message
    assert failure(wrong).message == "tools do not take a analyze_request"


def test_what_a_tool_cannot_do_has_failed(shop: Asking) -> None:
    lost = replace(shop.context, base="1" * 40)
    missing, unreadable = (
        *asked(shop.context, request("read_file", path="none\\x0a" + "y" * 900)),
        *asked(lost, request("list_files", at="base")),
    )
    assert (failure(missing).code, failure(unreadable).code) == ("TOOL_FAILED", "TOOL_FAILED")
    assert failure(missing).message.startswith("there is no file none\\x0a")
    assert len(failure(missing).message) < 350
    assert "git ls-tree failed" in failure(unreadable).message


class Nothing(Closed):
    """No argument."""


async def _endless(asked: Nothing, context: ToolContext) -> ToolResult:
    await asyncio.Event().wait()
    return ToolResult("")


async def _git_was_stopped(asked: Nothing, context: ToolContext) -> ToolResult:
    raise RepositoryError("stopped") from TimeoutError()


async def _bug(asked: Nothing, context: ToolContext) -> ToolResult:
    raise KeyError("bug")


def test_a_tool_that_takes_too_long_is_stopped(shop: Asking) -> None:
    tools: dict[str, AnyTool] = {"git_log": Tool("git_log", Nothing, _endless)}
    (mine,) = asked(replace(shop.context, seconds=0.001), request("git_log"), tools=tools)
    (yours,) = asked(shop.context, request("git_log", RequestConstraints(timeout_ms=1)), tools=tools)
    (git,) = asked(shop.context, request("git_log"), tools={"git_log": Tool("git_log", Nothing, _git_was_stopped)})
    for answer in (mine, yours, git):
        assert (failure(answer).code, failure(answer).recoverable) == ("TIMEOUT", True)
        assert failure(answer).suggested_action == "retry"
    assert failure(yours).message == "git_log took longer than 0.001 seconds and was stopped"


def test_no_tool_begins_when_there_is_no_time(shop: Asking) -> None:
    none = RequestConstraints(timeout_ms=0)
    answers = asked(shop.context, request("list_files", none), request("read_file", none, path="README.md"))
    assert {failure(answer).code for answer in answers} == {"TIMEOUT"}


def test_a_bug_in_a_tool_is_no_answer(shop: Asking) -> None:
    with pytest.raises(KeyError):
        asked(shop.context, request("git_log"), tools={"git_log": Tool("git_log", Nothing, _bug)})


def test_a_tool_without_documentation_cannot_be_offered(shop: Asking, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no tool 'read_file'"):
        ToolWorker({"read_file": TOOLS["read_file"]}, shop.context, ToolRegistry(tmp_path))


def test_what_is_asked_and_answered_is_recorded(shop: Asking) -> None:
    record: list[Envelope] = []
    worker = ToolWorker(TOOLS, shop.context, REGISTRY)
    bus = Bus({"tools": worker}, now=lambda: 1.0, record=record.append)
    asyncio.run(bus.ask("tools", [request("list_files"), request("read_file", path="none")]))
    assert [each.message_type for each in record] == ["tool_request", "tool_request", "response", "error"]


def test_every_tool_is_asynchronous() -> None:
    assert all(inspect.iscoroutinefunction(tool.run) for tool in TOOLS.values())
