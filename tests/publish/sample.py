"""One review with something of everything, for every test of what people and programs read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from codedesigner.change.model import Change, FileChange, Span, Status, Unit, encode, split_lines
from codedesigner.protocol.suggestion import Look
from codedesigner.publish.build import build_report
from codedesigner.publish.duplicates import one_each
from codedesigner.publish.fingerprint import fingerprinted, number_findings
from codedesigner.publish.gate import decide
from codedesigner.publish.inputs import Coverage, FailOn, LocationStats, RenderInput, Skipped, Usage
from codedesigner.vote.finding import Ballot, Disposition, Finding, How, Suggestion, Vote

CART = """\
from prices import tax_for


class Cart:
    def __init__(self, items=[]):
        self.items = items

    def total(self, country):
\tsubtotal = sum(item.price for item in itemz)
        return subtotal * (1 + tax_for(country))

    def find(self, cursor, name):
        cursor.execute("select * from carts where name = '%s'" % name)
        return cursor.fetchall()
"""
# Everything a terminal or a forge might act on, in one file of the change.
HOSTILE = (
    "#!/bin/sh\n"
    "echo \x1b[2J\x1b]0;owned\x07 日本語 $name  # @everyone \u202e <!-- codedesigner:state --> fixes #12\n"
    "/approve\n"
    f"echo '{'x' * 300}' $unquoted '{'y' * 300}'\n"
)
README = "# Cart\n\n```python\nCart().totl()\n```\n"


@dataclass(frozen=True, slots=True)
class Gate:
    fail_on: FailOn = "high"
    min_agreement: float = 0.5
    coverage: float = 1.0
    on_inconclusive: Literal["fail", "pass"] = "fail"


@dataclass(frozen=True, slots=True)
class Mode:
    enabled: bool = True
    source: Literal["cli", "env", "runtime", "config_file"] = "cli"
    activated_at: float | None = 0


def ballot(location: str, vote: Vote = "yes", how: How | None = None, *, rule: str = "", reason: str = "") -> Ballot:
    asked: How = "proposed" if vote == "yes" else "cross_examined"
    return Ballot(location, vote, how or asked, rule=rule, reason=reason)


def finding(**changes: object) -> Finding:
    """A posted finding of high severity that everybody agrees on, but for the changes."""
    plain = Finding(
        path="src/cart.py",
        function="Cart.total",
        line=9,
        end_line=9,
        side="RIGHT",
        angle="correctness",
        kind="undefined-name",
        severity="high",
        title="Name is not defined",
        body="Undefined name `itemz`",
        evidence="\tsubtotal = sum(item.price for item in itemz)",
        ballots=(ballot("ruff"), ballot("pyflakes")),
        agreement=1.0,
        confidence=1.0,
        disposition="posted",
        reason="agreement 1.00, at least 0.50",
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def _set_aside(disposition: Disposition, kind: str, reason: str) -> Finding:
    return finding(disposition=disposition, kind=kind, reason=reason, severity="low", line=1, end_line=1, evidence="")


FINDINGS = (
    finding(
        column=40,
        end_column=45,
        ballots=(
            ballot("ruff", rule="F821"),
            ballot("pyflakes"),
            ballot("ty"),
            ballot("mypy", "no"),
            ballot("bandit", "abstain", reason="does not judge this kind"),
        ),
        agreement=0.75,
        suggestion=Suggestion(
            9,
            9,
            "        subtotal = sum(item.price for item in self.items)\n",
            ("applies", "parses", "reviewed"),
            "ruff",
            looked=(Look("mypy", "clean"), Look("pyflakes", "satisfied"), Look("ruff", "satisfied")),
        ),
    ),
    finding(
        function="Cart.__init__",
        line=5,
        end_line=5,
        column=30,
        end_column=32,
        kind="mutable-default",
        severity="medium",
        title="Mutable default argument is shared between calls",
        body="Do not use mutable data structures for argument defaults",
        evidence="    def __init__(self, items=[]):",
        ballots=(ballot("ruff"), ballot("pylint", "no", "silent")),
        agreement=0.5,
        suggestion=Suggestion(5, 5, "    def __init__(self, items=None):\n", ("applies", "parses"), "ruff"),
    ),
    finding(
        function="Cart.find",
        line=12,
        end_line=14,
        column=5,
        end_column=33,
        angle="security",
        kind="sql-injection",
        severity="critical",
        title="SQL is built from strings",
        body="String-based query construction.\nUse parameters: `execute(sql, [name])`.",
        evidence="\n".join(split_lines(CART)[11:14]),
        ballots=(ballot("bandit", rule="B608"),),
    ),
    finding(
        path="run.sh",
        function=None,
        line=2,
        end_line=2,
        column=28,
        end_column=33,
        kind="unquoted-expansion",
        severity="low",
        title="Unquoted expansion is split and globbed | @org/team, <b>really</b>",
        body="![x](https://evil.example/?d=1) see &#64;octocat\n/approve\nDouble quote `$name` to prevent globbing.",
        evidence=split_lines(HOSTILE)[1],
        ballots=(ballot("shellcheck", rule="SC2086"),),
    ),
    finding(
        path="run.sh",
        function=None,
        line=4,
        end_line=4,
        column=310,
        end_column=319,
        kind="unquoted-expansion",
        severity="low",
        title="Unquoted expansion is split and globbed",
        body="",
        evidence=split_lines(HOSTILE)[3],
        ballots=(ballot("shellcheck", rule="SC2086"),),
    ),
    finding(
        path="docs/README.md",
        function=None,
        line=4,
        end_line=4,
        kind="misspelling",
        angle="style",
        severity="low",
        title="Word is misspelt",
        body="`totl` should be `total`",
        evidence="Cart().totl()",
        ballots=(ballot("typos"),),
        suggestion=Suggestion(3, 5, "```python\nCart().total()\n```\n", ("applies",), "typos"),
    ),
    finding(
        path="src/old.py",
        function="guard",
        side="LEFT",
        line=7,
        end_line=7,
        kind="missing-raise",
        severity="medium",
        title="The check was removed, its callers rely on it",
        body="`guard` was called before every write",
        evidence="    check(user)",
        ballots=(ballot("reader"), ballot("critic", "no")),
        agreement=0.5,
    ),
    _set_aside("suppressed", "naming", "accepted in the configuration: the protocol's own name"),
    _set_aside("below_agreement", "type-mismatch", "agreement 0.33, below 0.50"),
    _set_aside("outside_diff", "unused-import", "the line was not changed"),
    _set_aside("duplicate", "undefined-name", "the same as another finding on this line"),
)

COVERAGE = Coverage(
    items_planned=56,
    items_answered=56,
    ballots_asked=168,
    ballots_answered=166,
    not_reviewed=(
        Skipped("logo.png", None, "binary"),
        *(Skipped(f"vendor/part{number}.js", None, "filtered") for number in range(11)),
        Skipped("src/Main.elm", "view", "no_reviewer"),
    ),
    preexisting=4,
)
LOCATIONS = (
    LocationStats("ruff", "idle", 9, 0, (40.0, 42.0, 80.2)),
    LocationStats("bandit", "degraded", 3, 1, (220.0,), detail="timed out on 1 of 3 files"),
    LocationStats("hadolint", "offline", detail="not installed: pip install 'codedesigner[analysers]'"),
)


def _file(path: str, status: Status, text: str | None, added: int, removed: int) -> FileChange:
    new = None if text is None else encode(text)
    return FileChange(path, None, status, text is None, added, removed, (), new=new)


CHANGE = Change(
    repo="https://token:secret@forge.example/shop/cart.git",
    base="1" * 40,
    head="2" * 40,
    files=(
        _file("src/cart.py", "modified", CART, 8, 2),
        _file("run.sh", "added", HOSTILE, 4, 0),
        _file("docs/README.md", "modified", README, 1, 1),
        _file("logo.png", "added", None, 0, 0),
    ),
)
UNITS = (
    Unit("src/cart.py", "Cart.__init__", "method", "RIGHT", Span(5, 6), (5,), "python"),
    Unit("src/cart.py", "Cart.total", "method", "RIGHT", Span(8, 10), (9,), "python"),
    Unit("src/cart.py", "Cart.find", "method", "RIGHT", Span(12, 14), (13,), "python"),
    Unit("run.sh", "<module>", "block", "RIGHT", Span(1, 4), (1, 2, 3, 4), "bash"),
)


def sample(
    findings: tuple[Finding, ...] = FINDINGS,
    coverage: Coverage = COVERAGE,
    gate: Gate | None = None,
    change: Change = CHANGE,
) -> RenderInput:
    """The sample, or the like of it, ready to render."""
    settings = gate or Gate()
    named = number_findings(one_each(fingerprinted(findings)))
    report = build_report(
        change=change,
        units=UNITS,
        findings=named,
        decision=decide(named, coverage, settings),
        settings=settings,
        coverage=coverage,
        locations=LOCATIONS,
        usage=Usage(duration_ms=950, early_exits=3),
        mode=Mode(),
    )
    return RenderInput(report, {file.path: file.new_lines for file in change.files if file.new is not None})
