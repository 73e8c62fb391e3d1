"""The tools as a worker: to the supervisor they are one like any other."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

from codedesigner.config.problems import did_you_mean
from codedesigner.errors import CodedesignerError
from codedesigner.protocol.wire import (
    Envelope,
    ErrorCode,
    ErrorPayload,
    Metrics,
    RequestConstraints,
    ResponsePayload,
    ToolRequest,
)
from codedesigner.run.bus import Answered, Beat
from codedesigner.run.tools.arguments import read_arguments
from codedesigner.run.tools.base import AnyTool, ArgumentError, ToolContext, ToolResult
from codedesigner.run.tools.registry import ToolRegistry
from codedesigner.run.tools.shown import clipped

TOOL_WORKER = "tools"
_AT_ONCE = 4
_LONGEST_MESSAGE = 300


class ToolWorker:
    """Implements `run.bus.Worker`. What a request allows narrows what the context allows, and never widens it.

    Raises:
        UsageError: a tool has no documentation.
    """

    def __init__(
        self, tools: Mapping[str, AnyTool], context: ToolContext, registry: ToolRegistry, worker_id: str = TOOL_WORKER
    ) -> None:
        for name in tools:
            registry.load(name)
        self.id = worker_id
        self._tools = dict(tools)
        self._context = context

    async def handle(self, requests: Sequence[Envelope], beat: Beat) -> tuple[Answered, ...]:
        """The answer to each request, in order; a few are worked on at once."""
        turn = asyncio.Semaphore(_AT_ONCE)

        async def one(envelope: Envelope) -> Answered:
            async with turn:
                return await self._one(envelope)

        return tuple(await asyncio.gather(*map(one, requests)))

    async def _one(self, envelope: Envelope) -> Answered:
        request = envelope.payload
        if not isinstance(request, ToolRequest):
            return _error("INVALID_REQUEST", f"tools do not take a {envelope.message_type}")
        tool = self._tools.get(request.tool_name)
        if tool is None:
            hint = did_you_mean(request.tool_name, self._tools)
            return _error("INVALID_REQUEST", f"there is no tool {request.tool_name}; {hint}")
        started = time.monotonic()
        answered = await self._ran(tool, request, self._narrowed(request.constraints, started))
        spent = round((time.monotonic() - started) * 1000, 1)
        return answered.model_copy(update={"metrics": Metrics(duration_ms=spent)})

    def _narrowed(self, limits: RequestConstraints, started: float) -> ToolContext:
        context = self._context
        seconds, most = context.seconds, context.most_characters
        if limits.timeout_ms is not None:
            seconds = min(seconds, limits.timeout_ms / 1000)
        if limits.max_output_size is not None:
            most = min(most, limits.max_output_size)
        return replace(context, seconds=seconds, most_characters=most, deadline=started + seconds)

    async def _ran(self, tool: AnyTool, request: ToolRequest, context: ToolContext) -> Answered:
        try:
            arguments = read_arguments(tool.arguments, request.arguments)
            async with asyncio.timeout(context.seconds):
                return _response(await tool.run(arguments, context))
        except ArgumentError as error:
            return _error("INVALID_REQUEST", f"{tool.name}: {error}", argument=error.argument)
        except TimeoutError:
            return _timeout(tool.name, context.seconds)
        except (CodedesignerError, OSError) as error:
            if isinstance(error.__cause__, TimeoutError):
                return _timeout(tool.name, context.seconds)
            return _error("TOOL_FAILED", str(error))


def _response(result: ToolResult) -> ResponsePayload:
    return ResponsePayload(
        status="partial" if result.truncated else "success",
        result={"text": result.text, "truncated": result.truncated},
        warnings=(result.truncated,) if result.truncated else (),
    )


def _timeout(name: str, seconds: float) -> ErrorPayload:
    message = f"{name} took longer than {seconds:g} seconds and was stopped"
    return ErrorPayload(code="TIMEOUT", message=message, recoverable=True, suggested_action="retry")


def _error(code: ErrorCode, message: str, argument: str | None = None) -> ErrorPayload:
    return ErrorPayload(
        code=code,
        message=clipped(message, _LONGEST_MESSAGE),
        details=None if argument is None else {"argument": argument},
        recoverable=False,
        suggested_action="abort",
    )
