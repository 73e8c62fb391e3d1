"""What a server counts: exactly, and without work that grows with the calls."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field


class Window:
    """Calls and tokens in a window that slides, and the most that were ever in it."""

    def __init__(self, seconds: float) -> None:
        """An empty window of so many seconds."""
        self.seconds = seconds
        self.tokens = 0
        self.most_calls = 0
        self.most_tokens = 0
        self._calls: deque[tuple[float, int]] = deque()

    def add(self, now: float, tokens: int) -> None:
        """Count a call."""
        self.forget(now)
        self._calls.append((now, tokens))
        self.tokens += tokens
        self.most_calls = max(self.most_calls, len(self._calls))
        self.most_tokens = max(self.most_tokens, self.tokens)

    def forget(self, now: float) -> None:
        """Leave out what the window has left behind."""
        while self._calls and self._calls[0][0] <= now - self.seconds:
            self.tokens -= self._calls.popleft()[1]

    def wait(self, now: float, tokens: int, calls_limit: int, tokens_limit: int) -> float:
        """Seconds until a call of so many tokens fits; 0 where it does now. A limit of 0 is none."""
        self.forget(now)
        many = calls_limit and len(self._calls) >= calls_limit
        much = tokens_limit and self.tokens + tokens > tokens_limit
        if not (many or much):
            return 0.0
        return self._calls[0][0] + self.seconds - now if self._calls else self.seconds


@dataclass(slots=True)
class Counts:
    """Counters since the start.

    `again` are calls whose question had been answered in full before, `asked_again` names those questions by the end
    of their text. `tokens` are those of prompts and answers. `window` counts every call that came, at its coming.
    """

    window: Window
    calls: int = 0
    answered: int = 0
    left: int = 0
    over_limit: int = 0
    in_flight: int = 0
    most_in_flight: int = 0
    tokens: int = 0
    again: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    asked: Counter[bytes] = field(default_factory=Counter)
    answered_questions: set[bytes] = field(default_factory=set)
    asked_again: list[str] = field(default_factory=list)

    def arrives(self, question: bytes, text: str, tokens: int, now: float) -> int:
        """A call has come; how often its question has been asked by now."""
        self.calls += 1
        self.tokens += tokens
        self.window.add(now, tokens)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        self.asked[question] += 1
        if question in self.answered_questions:
            self.again += 1
            self.asked_again.append(text[-80:])
        return self.asked[question]

    def as_json(self) -> dict[str, object]:
        """For `/__stats`."""
        return {
            "calls": self.calls,
            "answered": self.answered,
            "left_by_client": self.left,
            "over_limit": self.over_limit,
            "in_flight": self.in_flight,
            "most_in_flight": self.most_in_flight,
            "tokens": self.tokens,
            "distinct": len(self.asked),
            "distinct_answered": len(self.answered_questions),
            "again": self.again,
            "asked_again": self.asked_again,
            "failures": dict(self.failures),
            "most_calls_in_window": self.window.most_calls,
            "most_tokens_in_window": self.window.most_tokens,
        }
