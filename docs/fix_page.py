"""The page `docs/fixes.md`: how a fix is made and proved, with the tables of the machine as the code has them.

`.venv/bin/python docs/fix_page.py > docs/fixes.md` writes it; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from codedesigner.run.loop.convergence import ConvergenceCriteria
from codedesigner.run.loop.machine import EVENTS, STATUSES, TRANSITIONS, table, targets

INTRODUCTION = """\
# How a fix is made and proved

A finding that is posted may come with a suggestion: lines to put in the place of others, with one click. It is offered
only after the loop that is described here has converged on a copy. Why a posted finding has none stands in the report
as its `unfixed`.

What an analyser calls a safe fix costs nothing, so it is proved first. For what is left, the worst first, up to
`fix.candidates` models are asked to repair the function: those that claim the defect before those that do not. Each
makes an attempt of its own. Of several that hold, the one that replaces the least is offered. `fix.calls` and
`fix.seconds` bound all of it, and so does the `budget` of the review; see [configuration](configuration.md#every-key).

Of several suggestions no two replace the same line: nobody could take over both, and a forge that is to commit them in
one batch commits none. Where two findings' fixes overlap, what does both is proved as a whole: it has to parse, whoever
complained of either has to be content, and all look at it again. It is offered with the first of them, and the other
one refers to it (`repaired_with`). Where there is no such text, or it does not hold, the first alone is offered, and
the `unfixed` of the other says so; after the first one is taken over, a recheck looks for a fix again.

## A pass

1. **Refine.** A model is shown the function, the claim, what the code has to go on doing and what must not come in, and
   what was wrong with its last answer. It answers with the whole function, or, with `granularity: statement` and in
   functions of more than 120 lines, with single statements, each quoted. It cannot name another place. Lines that it
   copies stay as the file has them, to the byte.
2. **Read.** The new text is held against the old one. What repairs nothing is refused: a change of comments alone, a
   request to a linter or type checker to say nothing, an error that is swallowed, a test or assertion that is switched
   off or taken out, a body that is emptied or returns a constant, code that is only taken out (unless that there is
   code is the defect), a rewrite of many times the size. From a model, so is what brings in an address, a secret, a
   command for the forge, something invisible, or a call that can run anything, and any change of a file that steers
   builds.
3. **Parse.** The file has to parse, and all other definitions in it have to be those that there were.
4. **Analyse.** Everyone who answered about the file looks at the copy. Whoever complained must be content, and nobody
   may see a kind of defect more often than before.
5. **Look again.** The models that claim the defect, and at least one that did not make the fix, where there is one, are
   asked twice: to look at the new code from the angle of the defect as at any code, and, beside the old code, whether
   the cause is repaired and all else is as it was. What one of them is not sure of does not hold.

What is objected to is taken back, line by line where the objections name lines, and said to the model in the next pass.
"""

MACHINE = """\
## The machine

A function is a list of lines: a line is a statement, with whatever stands between it and the next one. Each keeps the
history of its passes, and can be taken back to any of them. Where the loop is, is one of these states:
"""

LEGAL = """\
`error_occurred` can come from any state by itself; where a loop has come to its end already, the states do not allow
it. An event that cannot happen in a state raises `IllegalTransition`. These are all the steps there are:
"""


def grid(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def named(names: Iterable[str]) -> str:
    """Names as code, in order; a dash where there is none."""
    return ", ".join(f"`{name}`" for name in names) or "–"


def transitions() -> str:
    """The states, and which may follow each."""
    rows = [(f"`{each}`", named(one for one in STATUSES if one in TRANSITIONS[each])) for each in STATUSES]
    return grid(("state", "may be followed by"), rows)


def events() -> str:
    """The events, where each comes from, and where it leads."""
    rows = []
    for name, move in EVENTS.items():
        anywhere = move.sources == STATUSES
        rows.append((f"`{name}`", "any" if anywhere else named(move.sources), named(move.targets)))
    return grid(("event", "from", "to"), rows)


def steps() -> str:
    """Every legal step."""
    pairs = dict.fromkeys((status, event) for status, event, _ in table())
    return grid(("in", "on", "to"), ((f"`{one}`", f"`{on}`", named(targets(one, on))) for one, on in pairs))


def criteria() -> str:
    """What convergence takes, in words."""
    usual = ConvergenceCriteria()
    return f"""\
A loop has converged when it made at least {usual.min_passes} passes (`min_passes`), the last {usual.issue_stability}
found the same number of issues (`issue_stability`), and the last {usual.content_stability} changed nothing
(`content_stability`). It ends as `max_iterations` where the passes allowed do not suffice.
Only a text without issues is offered, however stable it is."""


def page() -> str:
    """The whole page."""
    parts = [
        INTRODUCTION,
        MACHINE,
        transitions(),
        "",
        events(),
        "",
        LEGAL,
        steps(),
        "",
        "## When it ends\n",
        criteria(),
    ]
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    print(page(), end="")
