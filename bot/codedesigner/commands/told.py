"""A finished review told in every format that was asked for."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence

from codedesigner.change.model import Change
from codedesigner.commands.output import write
from codedesigner.publish import FORMATS
from codedesigner.publish.gate import EXIT_CODES
from codedesigner.publish.inputs import RenderInput
from codedesigner.publish.report import Report


def told(report: Report, change: Change, pairs: Sequence[tuple[str, str | None]]) -> int:
    """Write the report; the exit code that its gate means.

    Raises:
        UsageError: a file cannot be written.
    """
    wanted = frozenset(finding.path for finding in report.findings)
    sources = {file.path: file.new_lines for file in change.files if file.path in wanted}
    screen = sys.stdout.isatty()

    def render(name: str, to_screen: bool) -> str:
        color = to_screen and screen and not os.environ.get("NO_COLOR")
        width = shutil.get_terminal_size((100, 24)).columns if to_screen and screen else 100
        return FORMATS[name](RenderInput(report, sources, color=color, width=width))

    write(pairs, render)
    return EXIT_CODES[report.gate.conclusion]
