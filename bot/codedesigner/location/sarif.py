"""Results that another program has already written down, as locations that vote: one for each run of a SARIF log."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final

from codedesigner.angle.kinds import KINDS
from codedesigner.change.model import encode, split_lines
from codedesigner.location.local.polyglot import suffix
from codedesigner.location.sarif_kinds import kind_for, severity_for
from codedesigner.location.sarif_log import Region, Result, Run, read_log
from codedesigner.protocol.issue import Answer, Edit, Examination, Fix, Issue, Source

_NOT_IN_ID: Final = re.compile(r"[^a-z0-9]+")
_MAX_ID: Final = 40


class SarifReviewer:
    """Implements `run.reviewer.Reviewer` for one run.

    It says nothing about any text but the one that it is first asked about: results name lines of the file as the
    program saw it, which is the file after the change. It judges the kinds of the rules that the run declares, in files
    of the sorts that the run speaks of. `dropped` counts by reason the results that take no part.
    """

    deterministic = True
    weight = 1.0
    unavailable: str | None = None

    def __init__(self, run: Run, location: str) -> None:
        self.id = location
        self.version = run.version
        self._utf16 = run.utf16_columns
        self._results: dict[str, list[Result]] = defaultdict(list)
        for result in run.results:
            self._results[result.path].append(result)
        self._suffixes = frozenset(suffix(path) for path in run.files)
        self._tool = plain_name(run.tool)
        facts = [*run.rules, *(result.rule for result in run.results)]
        self._kinds = {rule.id: kind_for(self._tool, rule) for rule in facts}
        self._declared = frozenset(self._kinds[rule.id][0] for rule in run.rules)
        self._seen: dict[str, bytes] | None = None
        self._dropped = dict(run.dropped)

    @classmethod
    def read(cls, path: Path, repository: Path, *, taken: Collection[str] = ()) -> tuple[SarifReviewer, ...]:
        """A location for every run in the log at `path`, with ids that are not among those `taken`.

        Raises:
            ConfigError: the log cannot be read, or is not SARIF 2.1.0.
        """
        used = set(taken)
        found = []
        for run in read_log(path, repository):
            location = _unique(plain_name(run.tool), used)
            used.add(location)
            found.append(cls(run, location))
        return tuple(found)

    @property
    def dropped(self) -> Mapping[str, int]:
        """Reason -> number of results that take no part, those included that were found out of date so far."""
        return self._dropped

    def can_examine(self, path: str, _language: str | None) -> bool:
        """Whether the run speaks of files of this sort."""
        return suffix(path) in self._suffixes

    def judges(self, kind: str, path: str, language: str | None) -> bool:
        """Whether the run's silence about a kind means "no": only where a rule that it declares is of that kind."""
        return kind in self._declared and self.can_examine(path, language)

    def angles(self, path: str, language: str | None) -> frozenset[str]:
        """The angles of all that the run found or could have found."""
        if not self.can_examine(path, language):
            return frozenset()
        return frozenset(
            KINDS[kind].angle if kind in KINDS else angle or "correctness" for kind, angle in self._kinds.values()
        )

    async def examine(self, sources: Sequence[Source]) -> Examination:
        """What the run says about every source."""
        first = self._seen is None
        if self._seen is None:
            self._seen = {}
        answers = {source.key: self._answer(source, self._seen, first=first) for source in sources}
        return Examination(self.id, answers)

    def _answer(self, source: Source, seen: dict[str, bytes], *, first: bool) -> Answer:
        digest = sha256(encode(source.text)).digest()
        if source.path not in seen and not first and source.path not in self._results:
            return Answer("unparsed", detail=f"{self.id} was not run on this file")
        if seen.setdefault(source.path, digest) != digest:
            return Answer("unparsed", detail=f"{self.id} was run on another version of this file")
        found = [issue for result in self._results[source.path] if (issue := self._issue(result, source)) is not None]
        return Answer("answered", tuple(sorted(found, key=lambda issue: (issue.line, issue.column, issue.rule))))

    def _issue(self, result: Result, source: Source) -> Issue | None:
        lines = split_lines(source.text)
        line = _line(result.region, lines)
        if line is None:
            self._dropped["not in the file as it is"] = self._dropped.get("not in the file as it is", 0) + 1
            return None
        moved = line - result.region.line
        kind, angle = self._kinds[result.rule.id]
        return Issue(
            kind=kind,
            rule=result.rule.id[:200],
            line=line,
            end_line=min(result.region.end_line + moved, max(len(lines), 1)),
            column=self._column(lines, line, result.region.column),
            message=result.message,
            severity=severity_for(result.level, result.rule.security_severity),
            angle=angle,
            fix=None if moved else self._fix(result, lines),
            url=result.url,
        )

    def _column(self, lines: Sequence[str], line: int, column: int) -> int:
        """A column of the run as one in code points, brought into its line."""
        text = lines[line - 1] if line <= len(lines) else ""
        if column <= 0:
            return 0
        if not self._utf16 or text.isascii():
            return min(column, len(text) + 1)
        units = 1
        for number, char in enumerate(text, 1):
            if units >= column:
                return number
            units += 2 if ord(char) > 0xFFFF else 1
        return len(text) + 1

    def _fix(self, result: Result, lines: Sequence[str]) -> Fix | None:
        edits = []
        for each in result.replacements:
            region = each.region
            if region.end_line > len(lines):
                return None
            edits.append(
                Edit(
                    region.line,
                    self._column(lines, region.line, region.column),
                    region.end_line,
                    self._column(lines, region.end_line, region.end_column),
                    each.text,
                )
            )
        return Fix(tuple(edits), safe=False) if edits else None


def _line(region: Region, lines: Sequence[str]) -> int | None:
    """Where the region begins in the file, or None where its snippet is not in the file, or the file is shorter.

    A snippet that stands elsewhere, and only once, is followed there.
    """
    if region.line > max(len(lines), 1):
        return None
    wanted = (region.snippet or "").split("\n")[0].strip()
    if not wanted or (lines and wanted in lines[region.line - 1]):
        return region.line
    places = [number for number, line in enumerate(lines, 1) if wanted in line]
    return places[0] if len(places) == 1 else None


def plain_name(tool: str) -> str:
    """A program's name as the id of a location: `Semgrep OSS` is `semgrep-oss`."""
    name = _NOT_IN_ID.sub("-", tool.lower()).strip("-")[:_MAX_ID].strip("-")
    if not name:
        return "sarif"
    return name if name[0].isalpha() else f"sarif-{name}"


def _unique(name: str, taken: Collection[str]) -> str:
    if name not in taken:
        return name
    names = [f"{name}-sarif", *(f"{name}-sarif-{number}" for number in range(2, len(taken) + 2))]
    return next(each for each in names if each not in taken)
