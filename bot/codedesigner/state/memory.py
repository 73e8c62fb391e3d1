"""A store that a review can do without: the first trouble is told once, and from then on nothing is known."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from codedesigner.protocol.issue import Answer
from codedesigner.state.answers import AnswerStore
from codedesigner.state.folder import StoreError

Tell = Callable[[str], None]
"""Called with one line for a person."""


class Memory:
    """What an `AnswerStore` has, with its troubles turned into "not known". Never raises `StoreError`."""

    def __init__(self, store: AnswerStore, tell: Tell) -> None:
        self._store: AnswerStore | None = store
        self._tell = tell

    def known(self, keys: Collection[str]) -> frozenset[str]:
        """Those keys under which there is an answer."""
        if self._store is None:
            return frozenset()
        try:
            return self._store.known(keys)
        except StoreError as error:
            self._give_up(error)
            return frozenset()

    def get(self, keys: Collection[str]) -> dict[str, Answer]:
        """The answers that are there."""
        if self._store is None:
            return {}
        try:
            return self._store.get(keys)
        except StoreError as error:
            self._give_up(error)
            return {}

    def put(self, answers: Mapping[str, Answer]) -> None:
        """Keeps the answers, where that is possible."""
        if self._store is None:
            return
        try:
            self._store.put(answers)
        except StoreError as error:
            self._give_up(error)

    def _give_up(self, error: StoreError) -> None:
        self._store = None
        self._tell(trouble(error))


def trouble(error: StoreError) -> str:
    """The line for a person."""
    hint = f" ({error.hint})" if error.hint else ""
    return f"going on without the answers of earlier reviews: {error}{hint}"
