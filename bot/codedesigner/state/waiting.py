"""What could not be written down for now. Values only."""

from __future__ import annotations

from collections.abc import Mapping

MOST = 1_000


class Waiting:
    """Texts by key that wait for their file or database: the newest `most`, and those that are being written.

    A text is known here until it is `written`, so that whoever asks for it meanwhile finds it.
    """

    def __init__(self, most: int = MOST) -> None:
        self._texts: dict[str, str] = {}
        self._writing: dict[str, str] = {}
        self._most = most

    def __bool__(self) -> bool:
        return bool(self._texts)

    def get(self, key: str) -> str | None:
        """The text, where one waits or is being written."""
        return self._texts.get(key, self._writing.get(key))

    def add(self, key: str, text: str) -> None:
        """One more. Above `most`, the oldest is forgotten: it is only asked once more."""
        self._texts[key] = text
        self._bound()

    def take(self) -> dict[str, str]:
        """All that wait, to be written now; `written` or `put_back` has to follow, whatever happens."""
        taken, self._texts = self._texts, {}
        self._writing |= taken
        return taken

    def written(self, texts: Mapping[str, str]) -> None:
        """They are safe."""
        for key in texts:
            self._writing.pop(key, None)

    def put_back(self, texts: Mapping[str, str]) -> None:
        """They could not be written, or nobody knows whether they were."""
        self.written(texts)
        self._texts = {**texts, **self._texts}
        self._bound()

    def _bound(self) -> None:
        for key in list(self._texts)[: max(0, len(self._texts) - self._most)]:
            del self._texts[key]
