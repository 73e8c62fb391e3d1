"""How near to its lines a comment is placed, where its file is known."""

from __future__ import annotations

from collections.abc import Sequence

from codedesigner.change.diff import parse_diff
from codedesigner.change.model import FileChange, Line, Span
from codedesigner.evaluation.chance import between, resamples
from codedesigner.evaluation.dataset import Anchored, AnchoredChange
from codedesigner.evaluation.evaluate import figure
from codedesigner.evaluation.protocol import Resampling
from codedesigner.evaluation.result import AnchoringResult, Figure
from codedesigner.run.anchor import anchor
from codedesigner.run.resemblance import CodeLine
from codedesigner.run.whereabouts import whereabouts

DISTANCES = (0, 3, 10)
"""Lines that are told apart in the results."""

Offs = list[int | None]
"""Lines between where comments were placed and where they belong; None for one that got no place."""


def anchored(entries: Sequence[AnchoredChange], resampling: Resampling) -> tuple[AnchoringResult, ...]:
    """From words alone all comments; from quotations those that have one.

    Raises:
        DiffError: a patch is no diff.
    """
    texts: list[Offs] = []
    quotations: list[Offs] = []
    for entry in entries:
        if entry.patch is None:
            continue
        files = {file.path: file for file in parse_diff(entry.patch.encode("utf-8", "surrogateescape"))}
        found = [(comment, files.get(comment.path)) for comment in entry.comments]
        texts.append([_off(comment, None if file is None else by_text(comment, file)) for comment, file in found])
        quoting = [(comment, file) for comment, file in found if comment.evidence]
        quotations.append(
            [_off(comment, None if file is None else by_evidence(comment, file)) for comment, file in quoting]
        )
    from_text = _result("text", texts, resampling)
    if not any(quotations):
        return (from_text,)
    return (from_text, _result("evidence", quotations, resampling))


def by_text(comment: Anchored, file: FileChange) -> int | None:
    """The line that its words point to."""
    return whereabouts(
        comment.text, [CodeLine(number, text, touched) for number, text, touched in shown(comment, file)]
    )


def by_evidence(comment: Anchored, file: FileChange) -> int | None:
    """The line where what it quotes stands, if that is among the lines of the diff."""
    known = {number: text for number, text, _ in shown(comment, file)}
    if not known:
        return None
    lines = [known.get(number, "") for number in range(1, max(known) + 1)]
    found = anchor(comment.evidence or "", None, lines, Span(1, len(lines)))
    return None if found is None else found.line


def shown(comment: Anchored, file: FileChange) -> list[tuple[int, str, bool]]:
    """(number, text, touched) of each line of the comment's side that the diff shows."""

    def number(line: Line) -> int | None:
        return line.new if comment.side == "right" else line.old

    every = [line for hunk in file.hunks for line in hunk.lines]
    return [(at, line.text, line.kind != "context") for line in every if (at := number(line)) is not None]


def _off(comment: Anchored, placed: int | None) -> int | None:
    return None if placed is None else max(0, comment.from_line - placed, placed - comment.to_line)


def _result(source: str, offs: Sequence[Offs], resampling: Resampling) -> AnchoringResult:
    every = [off for each in offs for off in each]
    return AnchoringResult.model_validate(
        {
            "source": source,
            "comments": len(every),
            "placed": sum(off is not None for off in every),
            "within": {str(most): _share(offs, most, resampling) for most in DISTANCES},
        }
    )


def _share(offs: Sequence[Offs], most: int, resampling: Resampling) -> Figure:
    """The share that is at most so far off; pull requests, not comments, are drawn anew."""
    sums = [(sum(off is not None and off <= most for off in each), len(each)) for each in offs]

    def share(places: Sequence[int]) -> float:
        return sum(sums[place][0] for place in places) / max(sum(sums[place][1] for place in places), 1)

    drawn = resamples(len(sums), times=resampling.times, seed=resampling.seed)
    return figure(share(range(len(sums))), between([share(places) for places in drawn]))
