"""All that supervisor and workers say to each other: one envelope, one closed union of payloads. Values only.

Field names and enums are those of version 1.0.0 of the protocol. A message that does not fit is refused where it is
read (`protocol/codec.py`), with one of `ErrorCode`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, JsonValue, StringConstraints, model_validator

from codedesigner.angle.spec import AngleSpec, ComposedAngle
from codedesigner.config.shape import Closed
from codedesigner.severity import Severity

PROTOCOL_VERSION: Literal["1.0.0"] = "1.0.0"
HINT_LINES = 10
HINT_CHARACTERS = 1000

Sender = Literal["supervisor", "worker", "system"]
MessageType = Literal[
    "tool_request", "verify_request", "refine_request", "analyze_request", "response", "error", "heartbeat"
]
REQUESTS: frozenset[MessageType] = frozenset({"tool_request", "verify_request", "refine_request", "analyze_request"})
ANSWERS: frozenset[MessageType] = frozenset({"response", "error"})
ErrorCode = Literal["INVALID_REQUEST", "TOOL_FAILED", "TIMEOUT", "RATE_LIMITED", "INTERNAL_ERROR", "AMBIGUOUS_INPUT"]
SuggestedAction = Literal["retry", "retry_with_backoff", "escalate", "abort"]
ResponseStatus = Literal["success", "partial", "error", "needs_clarification"]
Depth = Literal["shallow", "normal", "deep"]
Granularity = Literal["function", "statement"]
View = Literal["defect", "other", "no_defect"]

Uuid = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
Count = Annotated[int, Field(ge=0)]
Line = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, le=1)]
Milliseconds = Annotated[float, Field(ge=0)]


class WireEdit(Closed):
    """Replace the text from (`line`, `column`) up to, not including, (`end_line`, `end_column`); all 1-based."""

    line: Line
    column: Line
    end_line: Line
    end_column: Line
    text: str


class WireFix(Closed):
    """Edits that belong together; `safe` where its maker promises that behaviour stays the same."""

    edits: tuple[WireEdit, ...]
    safe: bool
    message: str = ""


class WirePlace(Closed):
    """Where an issue is. Lines and columns are 1-based; the code decides what to believe of them."""

    file: str | None = None
    line: Line
    column: Count = 0
    end_line: Line | None = None


class WireIssue(Closed):
    """One defect as one worker reported it. `evidence` is the source line, word for word."""

    severity: Severity | None = None
    location: WirePlace
    description: str
    suggested_fix: str | None = None
    confidence: Share = 1.0
    kind: str = ""
    rule: str = ""
    angle: str | None = None
    evidence: str | None = None
    fix: WireFix | None = None
    url: str | None = None


class LineRange(Closed):
    """Lines of a file, both included."""

    start: Line
    end: Line

    @model_validator(mode="after")
    def _ordered(self) -> LineRange:
        if self.end < self.start:
            raise ValueError("ends before it starts")
        return self


class RequestConstraints(Closed):
    """What an answer may cost. None: as the location is configured."""

    max_tokens: Count | None = None
    timeout_ms: Count | None = None
    max_output_size: Count | None = None


class RequestContext(Closed):
    """What a request is about.

    `brief` is what the worker is told beside the code, `instructions` are the project's own for this file; both are
    bounded by whoever made them. `changed_lines` are the new ones among the code's. `mark` stands before every line
    that is shown, so that text in the code cannot pass for the prompt's own.
    """

    file_path: str
    function_name: str | None = None
    line_range: LineRange | None = None
    language: str | None = None
    angle_id: str | None = None
    term: str | None = None
    question: str | None = None
    pass_number: Line = 1
    previous_issues: tuple[WireIssue, ...] = ()
    brief: str = ""
    instructions: str = ""
    changed_lines: tuple[Line, ...] = ()
    mark: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]*$", max_length=16)] = ""


class ToolRequest(Closed):
    """Run a read-only tool. `documentation_hint` holds the first lines of its documentation."""

    tool_name: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
    arguments: dict[str, JsonValue]
    documentation_hint: Annotated[str, StringConstraints(max_length=HINT_CHARACTERS)]
    execution_context: str
    constraints: RequestConstraints = RequestConstraints()


class WireAlternative(Closed):
    """One view of what was claimed: a defect as claimed, `other` (less severe, or on another line), or none.

    `supporters` hold it after they looked at the code; `silent` ones found nothing and were not asked about it.
    """

    view: View
    claim: WireIssue | None = None
    supporters: Count
    silent: Count = 0
    reasons: tuple[str, ...] = ()


class VerifyRequest(Closed):
    """Look at code from an angle. With `previous_issues` in the context: are these claims right? With `alternatives`:
    which of them is? With `before`, which is the code as it was: are the claims repaired? `depth` says how long to
    think. `looked_up` is what tools have found about it, as data.
    """

    code: str
    angle_spec: AngleSpec | ComposedAngle
    context: RequestContext
    criteria: tuple[str, ...] = ()
    alternatives: tuple[WireAlternative, ...] = ()
    looked_up: str = ""
    before: str | None = None
    depth: Depth = "normal"
    constraints: RequestConstraints = RequestConstraints()


class RefineConstraints(Closed):
    """What a repair must leave as it is, and must not bring."""

    must_preserve: tuple[str, ...] = ()
    must_not_introduce: tuple[str, ...] = ()
    style_guide: str | None = None


class RefineRequest(Closed):
    """Repair code: the whole of it is written anew, or one statement after the other."""

    code: str
    issues: tuple[WireIssue, ...]
    constraints: RefineConstraints = RefineConstraints()
    guidance: str = ""
    granularity: Granularity = "function"
    context: RequestContext


class AnalyzeRequest(Closed):
    """Answer questions about code. A static analyser takes the whole file and answers with all that it finds; a model
    answers in the shape of `output_schema`, as specs of angles have it.
    """

    code: str
    questions: tuple[str, ...]
    output_schema: dict[str, JsonValue] | None = None
    depth: Depth = "normal"
    context: RequestContext
    constraints: RequestConstraints = RequestConstraints()


class Metrics(Closed):
    """What an answer cost. `usd` None: no price is known."""

    tokens_in: Count = 0
    tokens_out: Count = 0
    tokens_cached: Count = 0
    calls: Count = 0
    cached_calls: Count = 0
    retries: Count = 0
    duration_ms: Milliseconds = 0.0
    usd: float | None = None
    model_used: str = ""


class ResponsePayload(Closed):
    """An answer. `result` is what the request asks for; `partial`: something is missing, and `warnings` say what."""

    status: ResponseStatus
    result: JsonValue = None
    observations: tuple[str, ...] = ()
    metrics: Metrics = Metrics()
    warnings: tuple[str, ...] = ()


class ErrorPayload(Closed):
    """Why there is no answer."""

    code: ErrorCode
    message: Annotated[str, StringConstraints(min_length=1)]
    details: JsonValue = None
    recoverable: bool
    suggested_action: SuggestedAction | None = None
    metrics: Metrics = Metrics()


class HeartbeatPayload(Closed):
    """A long call is still going on; `progress` is the share that is done, as far as that is known."""

    progress: Share = 0.0


Payload = (
    ToolRequest | VerifyRequest | RefineRequest | AnalyzeRequest | ResponsePayload | ErrorPayload | HeartbeatPayload
)
PAYLOADS: dict[MessageType, type[Payload]] = {
    "tool_request": ToolRequest,
    "verify_request": VerifyRequest,
    "refine_request": RefineRequest,
    "analyze_request": AnalyzeRequest,
    "response": ResponsePayload,
    "error": ErrorPayload,
    "heartbeat": HeartbeatPayload,
}
SENDERS: dict[MessageType, frozenset[Sender]] = {
    "tool_request": frozenset({"supervisor", "worker"}),  # a worker may ask for a look-up, too
    "verify_request": frozenset({"supervisor"}),
    "refine_request": frozenset({"supervisor"}),
    "analyze_request": frozenset({"supervisor"}),
    "response": frozenset({"worker", "system"}),
    "error": frozenset({"worker", "system", "supervisor"}),
    "heartbeat": frozenset({"worker", "system"}),
}


class Envelope(Closed):
    """One message.

    `timestamp` is in seconds since 1970, to the millisecond. `worker` is the location that a request goes to, or that
    an answer comes from. An answer and a heartbeat name the request in `correlation_id`.
    """

    protocol_version: Literal["1.0.0"] = PROTOCOL_VERSION
    message_id: Uuid
    correlation_id: Uuid | None = None
    timestamp: Annotated[float, Field(ge=0)]
    sender: Sender
    worker: str | None = None
    message_type: MessageType
    payload: Payload

    @model_validator(mode="after")
    def _consistent(self) -> Envelope:
        if type(self.payload) is not PAYLOADS[self.message_type]:
            raise ValueError(f"payload is not a {self.message_type}")
        if self.sender not in SENDERS[self.message_type]:
            raise ValueError(f"a {self.message_type} does not come from the {self.sender}")
        if self.message_type not in REQUESTS and self.message_type != "error" and self.correlation_id is None:
            raise ValueError(f"a {self.message_type} has to name its request in correlation_id")
        return self
