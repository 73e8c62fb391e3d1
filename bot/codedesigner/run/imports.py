"""Whether an unused import may go: other files can import a name from a module that does not use it itself."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

from codedesigner.change.model import FileChange

_QUOTED = re.compile(r"[`']([^`']+)[`']")


def nobody_relies_on(message: str, file: FileChange, changed: Iterable[FileChange]) -> bool:
    """Whether no file can be importing the name that `message` calls unused from `file`.

    Files that the change left alone cannot where the name is new in `file`; those that it touched are looked at.
    Where the name cannot be told, the answer is no.
    """
    quoted = _QUOTED.search(message)
    if quoted is None:
        return False
    name = re.escape(re.split(r"[\s.]+", quoted[1].strip())[-1])
    if file.status != "added" and (file.old_text is None or re.search(rf"\b{name}\b", file.old_text)):
        return False
    stem = re.escape(PurePosixPath(file.path).stem)
    taken = re.compile(rf"\b{stem}\s+import\b[^;]*?\b{name}\b|\b{stem}\.{name}\b")
    return not any(other.path != file.path and taken.search(other.new_text or "") for other in changed)
