"""How a vote is told: `3/4`, and who said what. Shared by every format that people read."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from codedesigner.change.model import NotReviewed
from codedesigner.publish.plain import clipped, folded, visible
from codedesigner.publish.report import AlsoReport, FindingReport, LocationReport, Report, SkippedReport
from codedesigner.vote.finding import Disposition, Vote

DISPOSITION_WORDS: dict[Disposition, str] = {
    "posted": "posted",
    "below_agreement": "below the agreement asked for",
    "undecided": "needing a person",
    "duplicate": "said already by another finding",
    "rejected": "rejected",
    "outside_diff": "outside the change",
    "suppressed": "suppressed",
    "capped": "over the most findings shown",
}
_ALSO_LIMIT = 120
_SHOWN: frozenset[Disposition] = frozenset({"posted", "undecided"})

# Left out by choice, or with nothing in them to review. The other reasons are failures and are told first.
_BY_CHOICE: frozenset[NotReviewed] = frozenset({"binary", "submodule", "symlink", "no_lines", "filtered", "sampled"})


@dataclass(frozen=True, slots=True)
class Tally:
    """The votes on one finding by answer: names of locations, in the order of the ballots."""

    yes: tuple[str, ...]
    no: tuple[str, ...]
    abstained: tuple[str, ...]

    @property
    def alone(self) -> bool:
        """Whether one location decided, and nobody else had a say."""
        return len(self.yes) + len(self.no) == 1

    @property
    def fraction(self) -> str:
        """Those who said yes over those who said yes or no."""
        return f"{len(self.yes)}/{len(self.yes) + len(self.no)}"


ALONE = "nobody else could judge it"
"""What is said beside a vote of one, so that it does not read as a unanimous one."""


def told(finding: FindingReport) -> str:
    """The agreement as votes and as a number."""
    return f"{tally(finding).fraction} ({beside(finding)})"


def beside(finding: FindingReport) -> str:
    """What is said beside the votes: the agreement as a number, and how likely it is right, where that is known."""
    likely = "" if finding.probability is None else f", probability {finding.probability:.2f}"
    return (ALONE if tally(finding).alone else f"{finding.agreement:.2f}") + likely


def told_briefly(finding: FindingReport) -> str:
    """The agreement as votes."""
    votes = tally(finding)
    return f"{votes.fraction}, {ALONE}" if votes.alone else votes.fraction


def also_seen(finding: FindingReport) -> str:
    """From which other angles the defect was seen, each with its votes, and its words where they are others.

    Empty where there are none.
    """
    return "; ".join(_from_there(one, finding) for one in finding.also)


def _from_there(one: AlsoReport, finding: FindingReport) -> str:
    votes = tally(one)
    said = (("yes", votes.yes), ("no", votes.no), ("abstained", votes.abstained))
    who = " · ".join(f"{word}: {', '.join(names)}" for word, names in said if names)
    less = "" if one.severity == finding.severity else f", {one.severity}"
    words = "" if one.title == finding.title else f": {clipped(folded(visible(one.title)), _ALSO_LIMIT)}"
    return f"{visible(one.angle)} ({votes.fraction}{less} · {who}){words}"


def tally(finding: FindingReport | AlsoReport) -> Tally:
    """Who said what about a finding. A silent location that was not asked is marked so."""
    names: dict[Vote, list[str]] = {"yes": [], "no": [], "abstain": []}
    for ballot in finding.ballots:
        silent = " (silent, not asked)" if ballot.how == "silent" and ballot.vote == "no" else ""
        names[ballot.vote].append(visible(ballot.location) + silent)
    return Tally(tuple(names["yes"]), tuple(names["no"]), tuple(names["abstain"]))


def posted(report: Report) -> list[FindingReport]:
    """The findings that are shown: blocking ones first, else in the order of their ids."""
    shown = [finding for finding in report.findings if finding.disposition == "posted"]
    return sorted(shown, key=lambda finding: finding.id not in report.gate.blocking)


def undecided(report: Report) -> list[FindingReport]:
    """The findings that a person has to decide on, in the order of their ids."""
    return [finding for finding in report.findings if finding.disposition == "undecided"]


def set_aside(report: Report) -> list[str]:
    """One phrase for each disposition that is not shown: `2 outside the change`; then what is older than the change."""
    counts = Counter(finding.disposition for finding in report.findings)
    phrases = [
        f"{counts[name]:,} {words}" for name, words in DISPOSITION_WORDS.items() if name not in _SHOWN and counts[name]
    ]
    if report.coverage.preexisting:
        phrases.append(f"{report.coverage.preexisting:,} older than the change")
    return phrases


def uncalibrated(report: Report) -> str:
    """Why no finding has a probability although a calibration is configured; empty otherwise."""
    known = report.calibration
    if known is None or known.used:
        return ""
    return f"No probabilities: the calibration stands on {known.labels} of the {known.needed} labels that it needs."


def unwell(report: Report) -> list[LocationReport]:
    """The locations that could not do all their work."""
    return [location for location in report.locations if location.status in ("offline", "degraded")]


def not_reviewed(report: Report) -> tuple[str, list[SkippedReport]]:
    """What was left out: a phrase such as `2 budget, 11 filtered`, and every entry; failures first in both."""
    skipped = sorted(report.coverage.not_reviewed, key=lambda one: one.reason in _BY_CHOICE)
    counts = Counter(one.reason for one in skipped)
    return ", ".join(f"{count:,} {reason.replace('_', ' ')}" for reason, count in counts.items()), skipped
