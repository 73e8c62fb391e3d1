"""What each task of the researcher leaves for the next: questions, sources, what these say, briefs. Values and JSON.

All of it is a function of commits, configuration and, where one is linked, an issue: whoever does it again leaves the
same. It is bounded: functions beyond the bounds are counted here, and read about when they are asked about.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final, TypeVar

from pydantic import TypeAdapter, ValidationError

from codedesigner.assembly.request import Prepared, brief_limits, excluded_by
from codedesigner.change.model import UnitKind
from codedesigner.plan.model import FunctionRef
from codedesigner.planning import Planned, plan_change
from codedesigner.pullrequest.linking import NO_ISSUES, Linked
from codedesigner.run.brief import with_parts
from codedesigner.run.knowledge import BriefLimits, Knowledge, Part, brief_of
from codedesigner.run.sources import Contents, Sources, judge, read
from codedesigner.run.survey import survey

MOST_FUNCTIONS: Final = 500
MOST_CHARACTERS: Final = 4_000_000  # of what one task leaves
FORMAT: Final = 1
Links = Sequence[int | tuple[str, str]]
NO_LINKS: Final[Links] = ()

# What is to be known, in the order in which a brief says it.
TYPES, USERS, TESTS, CALLS, DOCUMENTS, ISSUE = "types", "users", "tests", "calls", "documents", "issue"
_OF_ALL: Final = (TYPES, USERS, TESTS, CALLS, DOCUMENTS)
_ASKED: Final[Mapping[UnitKind, tuple[str, ...]]] = {
    "function": _OF_ALL,
    "method": _OF_ALL,
    "class": _OF_ALL,
    "block": (CALLS,),
    "hunk": (),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """A function, what is to be known of it, and what the change gives reason to ask of it beside the angles."""

    file: str
    name: str
    start_line: int
    end_line: int
    asks: tuple[str, ...] = ()
    terms: tuple[str, ...] = ()

    @property
    def ref(self) -> FunctionRef:
        """As the plan names it."""
        return FunctionRef(self.file, self.name, self.start_line, self.end_line)


@dataclass(frozen=True, slots=True)
class Questions:
    """What `generate_questions` leaves. `here`: the sources, where the change as the forge's API tells it is all.

    `links`: the pull request names issues that are to be judged.
    """

    functions: tuple[Wanted, ...] = ()
    notes: tuple[str, ...] = ()
    here: Sources | None = None
    links: bool = False


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What `evaluate_source` leaves. What trusted issues say is in it, so that the forge is asked once."""

    files: Sources
    issues: Linked = NO_ISSUES


@dataclass(frozen=True, slots=True)
class About:
    """What the sources say of a function."""

    file: str
    name: str
    start_line: int
    end_line: int
    known: Knowledge


@dataclass(frozen=True, slots=True)
class Extract:
    """What `extract_content` leaves. `beside` is known of the change as a whole."""

    functions: tuple[About, ...] = ()
    beside: tuple[Part, ...] = ()
    tokens: int = 0
    names: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Brief:
    """The brief of a function; empty where nothing is known of it."""

    file: str
    name: str
    start_line: int
    end_line: int
    text: str


@dataclass(frozen=True, slots=True)
class Findings:
    """What `synthesize_findings` leaves. `beside` is known of the change as a whole, and in every brief already."""

    briefs: tuple[Brief, ...] = ()
    beside: tuple[Part, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def texts(self) -> dict[FunctionRef, str]:
        """The briefs by their functions."""
        return {FunctionRef(one.file, one.name, one.start_line, one.end_line): one.text for one in self.briefs}


Left = TypeVar("Left", Questions, Evaluated, Extract, Findings)


def to_text(left: Questions | Evaluated | Extract | Findings) -> str:
    """As JSON, in ASCII."""
    return json.dumps({"research": type(left).__name__, "format": FORMAT, "left": asdict(left)})


def from_text(kind: type[Left], text: str) -> Left | None:
    """The value again; None where there is none, or another version wrote it."""
    try:
        given = json.loads(text)
        if not isinstance(given, dict) or (given.get("research"), given.get("format")) != (kind.__name__, FORMAT):
            return None
        return TypeAdapter(kind).validate_python(given.get("left"))
    except (ValueError, ValidationError):
        return None


def questions_of(prepared: Prepared, nobody: Sequence[str] = (), *, links: Links = NO_LINKS) -> Questions:
    """What is to be known about which functions of the change. `nobody` says why none is asked about, if so.

    `links` are what the pull request says that it closes.
    """
    request = prepared.request
    why = [*nobody]
    if not request.mode.enabled:
        why.append("reviews are switched off")
    if not prepared.models:
        why.append("no model is asked, and nobody else reads a brief")
    if brief_limits(request.settings).tokens <= 0:
        why.append("brief.tokens is 0: no brief is made")
    if why:
        return Questions(notes=tuple(why))
    planned = plan_change(request)
    wanted = _wanted(
        planned,
        frozenset(spec.id for spec in prepared.models),
        (ISSUE,) if any(isinstance(one, int) for one in links) else (),
    )
    kept, notes = _bounded(wanted[:MOST_FUNCTIONS], len(wanted), "function")
    here = None if prepared.git is not None else judge(request.change, None, excluded_by(request.settings))[0]
    return Questions(kept, (*planned.plan.notes, *notes), here, bool(links))


def sources_of(prepared: Prepared) -> Sources:
    """The files that may say something, each kind with what is refused."""
    return judge(prepared.request.change, prepared.git, excluded_by(prepared.request.settings))[0]


def extract_of(prepared: Prepared, questions: Questions, sources: Evaluated) -> Extract:
    """What trusted sources say about the functions asked about.

    Raises:
        RepositoryError: a source cannot be read any more.
    """
    limits = brief_limits(prepared.request.settings)
    contents = Contents() if prepared.git is None else read(prepared.git, sources.files)
    briefs = survey(prepared.request.change, sources.files, contents)
    found = [
        About(one.file, one.name, one.start_line, one.end_line, briefs.about(one.ref).cut(limits.names))
        for one in questions.functions
    ]
    kept, notes = _bounded(found, len(found), "function")
    return Extract(kept, sources.issues.parts, limits.tokens, limits.names, notes)


def findings_of(extract: Extract) -> Findings:
    """The brief of each function, as long as it may be."""
    limits = BriefLimits(extract.tokens, extract.names)
    made = [
        Brief(one.file, one.name, one.start_line, one.end_line, brief_of(with_parts(one.known, extract.beside), limits))
        for one in extract.functions
    ]
    kept, notes = _bounded(made, len(made), "brief")
    return Findings(kept, extract.beside, notes)


def _wanted(planned: Planned, models: frozenset[str], beside: tuple[str, ...]) -> list[Wanted]:
    """The functions that a model is to be asked about, in the order of the plan, with what the change asks of each."""
    terms: dict[FunctionRef, dict[str, None]] = {}
    for item in planned.plan.items:
        if item.status == "pending" and not models.isdisjoint(item.locations) and _is_text(item.function_ref.file):
            asked = terms.setdefault(item.function_ref, {})
            if item.term is not None:
                asked[item.term] = None
    kinds = {(unit.path, unit.name): unit.kind for unit in planned.units}
    return [
        Wanted(
            ref.file,
            ref.name,
            ref.start_line,
            ref.end_line,
            (*_ASKED[kinds.get((ref.file, ref.name), "function")], *beside),
            tuple(asked),
        )
        for ref, asked in terms.items()
    ]


def _is_text(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


Row = TypeVar("Row", Wanted, About, Brief)


def _bounded(rows: Iterable[Row], count: int, noun: str) -> tuple[tuple[Row, ...], tuple[str, ...]]:
    """As many of the first rows as may be kept, and a line that counts the others."""
    kept: list[Row] = []
    room = MOST_CHARACTERS
    for row in rows:
        room -= len(json.dumps(asdict(row)))
        if room < 0:
            break
        kept.append(row)
    left = count - len(kept)
    noun = noun if left == 1 else f"{noun}s"
    return tuple(kept), (
        f"{left:,} further {noun}: what is known of them is read when they are asked about",
    ) if left else ()
