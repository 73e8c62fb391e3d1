"""What could not be written down for now. Values only."""

from __future__ import annotations

from collections.abc import Mapping

MOST = 1_000


class Waiting:
    """Texts by key that wait for their file or database: the newest `most`."""

    def __init__(self, most: int = MOST) -> None:
        self._texts: dict[str, str] = {}
        self._most = most

    def __bool__(self) -> bool:
        return bool(self._texts)

    def get(self, key: str) -> str | None:
        """The text, where one waits."""
        return self._texts.get(key)

    def take(self) -> dict[str, str]:
        """All of them, to be written now."""
        taken, self._texts = self._texts, {}
        return taken

    def put_back(self, texts: Mapping[str, str]) -> None:
        """They could not be written. What was forgotten is only asked once more."""
        self._texts |= texts
        for key in list(self._texts)[: max(0, len(self._texts) - self._most)]:
            del self._texts[key]
