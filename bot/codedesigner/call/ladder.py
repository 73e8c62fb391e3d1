"""What is asked next: from one answer to the end of a call, or to one further question.

An answer is read, spelled as the schema asks and held to the full schema. If it does not fit, it is asked for once
more, with what was wrong; then once afresh in the next weaker mode; then the call is unparseable. An answer that was
cut off, declined or filtered is never asked for in other words. Pure: who drives it sends the attempts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from pydantic import JsonValue

from codedesigner.angle.output import output_errors
from codedesigner.call.model import MODES, Attempt, Call, Completion, Mode, Outcome, Schema, Tried, Turn
from codedesigner.call.reading import REASONS, Unread, echo, encodable, read, spoken
from codedesigner.call.reduce import widened
from codedesigner.call.refusal import is_refusal
from codedesigner.call.repair import coerced
from codedesigner.call.wording import LONGEST_RETURNED, MOST_ERRORS, corrections, one_line, reminder

MOST_DETAIL = 300
MOST_FURTHER = 2  # a re-ask and a call in a weaker mode
ENLARGED, ENLARGED_BY = (
    4,
    4096,
)  # an answer's limit, once its thoughts have used it up: four times, at least so much more


@dataclass(frozen=True, slots=True)
class Settled:
    """The end of a call. `value` where the outcome is good and there was a schema; `text` is what was said last."""

    outcome: Outcome
    value: JsonValue = None
    text: str = ""
    detail: str = ""
    tried: tuple[Tried, ...] = ()


@dataclass(frozen=True, slots=True)
class Ladder:
    """A call that still waits for an answer to `attempt`.

    `tried` has every answer so far, the newest last. `further` counts the questions that were needed because of an
    answer's form, `enlarged` says that the limit on its length was raised.
    """

    attempt: Attempt
    tried: tuple[Tried, ...] = ()
    further: int = 0
    enlarged: bool = False

    def feed(self, completion: Completion, modes: tuple[Mode, ...]) -> Ladder | Settled:
        """What comes of an answer; `modes` are those that the server has now. At most three further attempts come."""
        text = encodable(completion.text)
        declined = _declined(completion, text)
        if declined is not None:
            outcome, detail = declined
            return self._settled(completion, outcome, text=text, detail=detail)
        if self.attempt.call.schema is None:
            return self._free(completion)
        verdict = _judged(completion, self.attempt.call.schema)
        if completion.finish == "length" and not (verdict.fits and verdict.complete):
            return self._cut_off(completion)
        if verdict.fits:
            outcome = "re_asked" if self.further else "repaired" if verdict.how else "answered"
            detail = "; ".join(verdict.how)
            return self._settled(completion, outcome, value=verdict.value, text=verdict.text or text, detail=detail)
        if is_refusal(spoken(completion).text):
            return self._settled(completion, "refused", text=text, detail=text)
        return self._again(completion, verdict, modes)

    def in_mode(self, modes: tuple[Mode, ...]) -> Ladder:
        """The same question where the server has just lost a mode: in the strictest that is left."""
        weaker = _at_most(self.attempt.mode, modes)
        return replace(self, attempt=replace(self.attempt, mode=weaker))

    def _free(self, completion: Completion) -> Ladder | Settled:
        said = spoken(completion, lone_tag=True)
        if completion.finish == "length":
            return self._cut_off(completion)
        if is_refusal(said.text):
            return self._settled(completion, "refused", text=said.text, detail=said.text)
        if not said.text:
            why = REASONS["unfinished_thoughts" if said.unfinished else "empty"]
            return self._settled(completion, "unparseable", detail=why)
        outcome: Outcome = "repaired" if said.thoughts else "answered"
        return self._settled(completion, outcome, text=said.text, detail="thoughts taken off" if said.thoughts else "")

    def _cut_off(self, completion: Completion) -> Ladder | Settled:
        """The limit on the length was reached: a larger one, once, where thoughts used it up; else the end."""
        text = spoken(completion).text
        limit = self.attempt.max_tokens or self.attempt.call.max_tokens or completion.usage.tokens_out
        within = f"within {limit} tokens" if limit else "within the limit"
        if not text and not self.enlarged:
            larger = max(ENLARGED * limit, limit + ENLARGED_BY)
            return Ladder(
                replace(self.attempt, max_tokens=larger),
                (*self.tried, self._tried(completion, "truncated", f"nothing but thoughts {within}")),
                self.further,
                enlarged=True,
            )
        came = f"{len(text)} characters came" if text else "nothing but thoughts came"
        return self._settled(completion, "truncated", text=text, detail=f"{came} {within}")

    def _again(self, completion: Completion, verdict: _Verdict, modes: tuple[Mode, ...]) -> Ladder | Settled:
        """The next question, or the end."""
        detail = "; ".join(verdict.errors[:MOST_ERRORS])
        turns: tuple[Turn, ...] = ()
        mode: Mode | None = self.attempt.mode
        if self.further == 0:
            turns = _turns(verdict)
            mode = _at_most(self.attempt.mode, modes)
        elif self.further < MOST_FURTHER:
            mode = _weaker(self.attempt.mode, modes)
        else:
            mode = None
        if mode is None:
            return self._settled(completion, "unparseable", text=encodable(completion.text), detail=detail)
        return Ladder(
            replace(self.attempt, mode=mode, turns=turns),
            (*self.tried, self._tried(completion, "unreadable", detail)),
            self.further + 1,
            self.enlarged,
        )

    def _settled(
        self, completion: Completion, outcome: Outcome, *, value: JsonValue = None, text: str = "", detail: str = ""
    ) -> Settled:
        tried = (*self.tried, self._tried(completion, outcome, detail))
        return Settled(outcome, value, text, one_line(detail, MOST_DETAIL), tried)

    def _tried(self, completion: Completion, result: str, detail: str) -> Tried:
        return Tried(self.attempt.mode, result, one_line(detail, MOST_DETAIL), completion.latency_ms)


def first(call: Call, modes: tuple[Mode, ...]) -> Ladder:
    """The first attempt at a call, in the strictest mode that the server has; free text is asked for as text."""
    mode: Mode = "text" if call.schema is None else min(modes, key=MODES.index, default="text")
    return Ladder(Attempt(call, mode))


@dataclass(frozen=True, slots=True)
class _Verdict:
    """An answer held to the full schema. `complete`: the text is exactly one JSON value; `afresh`: do not show it."""

    value: JsonValue = None
    how: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    text: str = ""
    complete: bool = False
    afresh: bool = False

    @property
    def fits(self) -> bool:
        return not self.errors


def _judged(completion: Completion, schema: Schema) -> _Verdict:
    found = read(completion)
    if isinstance(found, Unread):
        return _Verdict(errors=(REASONS[found.reason],), text=found.text, afresh=not found.text)
    plain = widened(found.value, schema)
    strange = echo(plain, schema)
    value, done = coerced(plain, schema)
    errors = ((strange,) if strange else ()) + output_errors(schema, value)
    if found.thought and (errors or done):
        # Thoughts hold drafts: what is not exactly an answer is none.
        return _Verdict(errors=(REASONS["empty"],), afresh=True)
    if errors:
        return _Verdict(errors=errors, text=found.text, afresh=strange is not None)
    if completion.finish == "length":
        # An answer that is all there has lost nothing but the white space that some grammars let go on for ever.
        done = (*done, "went on after its end, up to the limit")
    return _Verdict(value, (*found.how, *done), text=found.text, complete=not found.how)


def _declined(completion: Completion, text: str) -> tuple[Outcome, str] | None:
    words = encodable(completion.refusal or "").strip()
    if words or completion.finish == "refusal":
        return "refused", words or text.strip() or "the model declines"
    if completion.finish == "filter":
        return "filtered", text.strip() or "the provider's content filter declines"
    if completion.finish == "context":
        return "too_long", "the prompt and the answer do not fit into the model's context"
    return None


def _turns(verdict: _Verdict) -> tuple[Turn, ...]:
    """The bad answer and what is wrong with it; only the latter where the answer would lead the model on."""
    if verdict.afresh or not verdict.text or len(verdict.text) > LONGEST_RETURNED:
        return (Turn("user", reminder(verdict.errors[0])),)
    return (Turn("assistant", verdict.text), Turn("user", corrections(verdict.errors)))


def _weaker(mode: Mode, modes: tuple[Mode, ...]) -> Mode | None:
    return min((each for each in modes if MODES.index(each) > MODES.index(mode)), key=MODES.index, default=None)


def _at_most(mode: Mode, modes: tuple[Mode, ...]) -> Mode:
    """The mode itself where the server still has it, else the strictest weaker one."""
    return mode if mode in modes else _weaker(mode, modes) or "text"
