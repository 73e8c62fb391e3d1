"""What became of findings, as all machines of a service know it."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import text

from codedesigner.service.database import Database
from codedesigner.service.outcomes import SharedBook, recorded
from codedesigner.vote.history import Outcome, Record, What


@dataclass
class Own:
    """Implements `Book`."""

    told: list[str] = field(default_factory=list)

    def replace(self, fingerprint: str, place: str, outcomes: object) -> None:
        self.told.append(fingerprint)


def outcome(finding: str, location: str, what: What, source: str) -> Outcome:
    return Outcome(finding, location, "correctness", "undefined-name", "yes", what, "", source)


def test_two_machines_tell_of_one_finding_and_the_last_word_counts(database: Database) -> None:
    said: list[str] = []
    own, now = Own(), [1.0]
    here, there = (SharedBook(database, each, lambda: now[0], said.append) for each in (own, Own()))
    here.replace("f1", "octo/shop#7", [outcome("f1", "ruff", "fixed", "octo/shop#7/ann")])
    now[0] = 2.0
    there.replace("f2", "octo/shop#8", [outcome("f2", "ruff", "fixed", "octo/shop#8/ann")])
    there.replace("f1", "octo/shop#7", [outcome("f1", "ruff", "dismissed", "octo/shop#7/bob")])
    assert database.do(recorded, reads=True) == (Record("ruff", "correctness", "undefined-name", 1.0, 1.0),)
    there.replace("f1", "octo/shop#7", [])
    assert database.do(recorded, reads=True) == (Record("ruff", "correctness", "undefined-name", 1.0, 0.0),)
    assert (own.told, said) == (["f1"], [])


def test_the_newest_are_kept_and_trouble_is_told(database: Database) -> None:
    said: list[str] = []
    now = [0.0]
    book = SharedBook(database, Own(), lambda: now[0], said.append, most=3)
    for number in range(6):
        now[0] += 1
        book.replace(f"f{number}", "p", [outcome(f"f{number}", "ruff", "fixed", "p/ann")])
    kept = database.do(
        lambda db: [row.fingerprint for row in db.execute(text("SELECT * FROM outcomes ORDER BY noted"))]
    )
    assert kept == ["f3", "f4", "f5"]
    database.do(lambda db: db.exec_driver_sql("DROP TABLE outcomes"))
    book.replace("f9", "p", [])
    assert len(said) == 1
