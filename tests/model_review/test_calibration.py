"""Agreement as a probability, in a review: from a file, off until it stands on enough, and deciding where it is to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from codedesigner.cli import run
from codedesigner.vote.calibration import LEAST_LABELS, Calibration

from .studio import NOTHING, Said, Studio, claims, issue, verdict

CODE = "def pay(total, count):\n    return total / count\n"
LINE = "return total / count"
FILE = "votes.json"
# Half as likely as it is agreed on.
SOBER = Calibration(yes=1.0, no=1.0, base=-2.0, labels=LEAST_LABELS)


def panel(studio: Studio, *answers: str) -> Path:
    """One that finds a defect, and others that say what they are given."""
    found: dict[str, Any] = {"answer": claims(issue(LINE, "Division by zero."))}
    others: dict[str, Any] = {
        f"m{number}": [{"when": f"> {LINE}", "answer": verdict(said, "well")}, {"answer": NOTHING}]
        for number, said in enumerate(answers)
    }
    return studio.models(one=[found], **others)


def reviewed(studio: Studio, known: Calibration | str, *answers: str, settings: str = "", more: str = "") -> Said:
    text = known if isinstance(known, str) else known.text()
    config = f"vote:\n  calibration: {FILE}\n{more}{settings}"
    studio.repo.commit({".codedesigner.yml": config, FILE: text})
    studio.repo.commit({"pay.py": CODE})
    return studio.review(panel(studio, *answers))


def test_a_finding_has_a_probability_beside_its_agreement(studio: Studio) -> None:
    done = reviewed(studio, SOBER, "yes", "no")
    assert done.finding["agreement"] == 0.6667
    assert done.finding["probability"] == pytest.approx(SOBER.raw(2 / 3, 3), abs=1e-3)
    assert done.report["calibration"] == {"used": True, "labels": LEAST_LABELS, "needed": LEAST_LABELS}
    assert done.finding["disposition"] == "posted"  # the agreement decides
    for form in ("text", "markdown"):
        shown = studio.review(panel(studio, "yes", "no"), "--format", form)
        assert f"2/3 (0.67, probability {done.finding['probability']:.2f})" in shown.out


def test_where_it_is_to_the_probability_decides(studio: Studio) -> None:
    done = reviewed(studio, SOBER, "yes", "no", settings="gate:\n  min_probability: 0.5\n")
    assert done.finding["disposition"] == "below_agreement"
    assert "where 0.5 is needed" in done.finding["reason"]
    assert done.code == 0


def test_what_few_agree_on_can_be_likely_all_the_same(studio: Studio) -> None:
    kind = Calibration(base=2.0, labels=LEAST_LABELS)
    done = reviewed(studio, kind, "no", "no", settings="gate:\n  min_probability: 0.5\n")
    assert (done.finding["agreement"], done.finding["disposition"]) == (0.3333, "posted")
    assert done.code == 1


def test_on_few_labels_it_is_off_and_says_so(studio: Studio) -> None:
    few = Calibration(base=-2.0, labels=LEAST_LABELS - 1)
    done = reviewed(studio, few, "yes", settings="gate:\n  min_probability: 0.9\n")
    assert (done.finding["probability"], done.finding["disposition"]) == (None, "posted")
    assert done.report["calibration"]["used"] is False
    assert "the calibration is not used: it stands on 149 labels, and 150 are needed" in done.err
    shown = studio.review(panel(studio, "yes"), "--format", "text")
    assert "No probabilities: the calibration stands on 149 of the 150 labels that it needs." in shown.out


def test_an_analysers_word_needs_none(studio: Studio) -> None:
    studio.repo.commit({".codedesigner.yml": f"vote:\n  calibration: {FILE}\n", FILE: SOBER.text()})
    studio.repo.commit({"a.py": "def f():\n    return missing\n"})
    done = studio.review(studio.models(one=[{"refusal": "No."}]), "--location", "ruff")
    assert (done.finding["kind"], done.finding["probability"]) == ("undefined-name", None)
    assert done.code == 1


def test_a_change_does_not_choose_what_is_made_of_the_votes_on_it(studio: Studio) -> None:
    studio.repo.commit({".codedesigner.yml": f"vote:\n  calibration: {FILE}\n", FILE: SOBER.text()})
    studio.repo.commit({"pay.py": CODE, FILE: Calibration(base=-9.0, labels=900).text()})
    done = studio.review(panel(studio, "yes", "no"))
    likely = {each["path"]: each["probability"] for each in done.findings()}
    assert likely["pay.py"] == pytest.approx(SOBER.raw(2 / 3, 3), abs=1e-3)


@pytest.mark.parametrize(
    ("text", "told"),
    [("{", "it is no JSON"), ('{"version": 9}', "it is no calibration of version 1"), ("x" * 20_000, "too long")],
)
def test_what_is_no_calibration_is_told_with_its_place(studio: Studio, text: str, told: str) -> None:
    done = reviewed(studio, text)
    assert done.code == 2
    assert f"{FILE} of " in done.err
    assert "vote.calibration" in done.err
    assert told in done.err


def test_a_file_that_is_not_there_is_told(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    studio.repo.commit({"pay.py": CODE})
    monkeypatch.setenv("CODEDESIGNER_VOTE__CALIBRATION", str(studio.folder / "missing.json"))
    done = studio.review(panel(studio))
    assert done.code == 2
    assert "cannot be read" in done.err
    assert "codedesigner eval DATASET --calibration FILE" in done.err


def test_it_is_replayed_to_the_byte(studio: Studio, capfd: pytest.CaptureFixture[str]) -> None:
    studio.repo.commit({".codedesigner.yml": f"vote:\n  calibration: {FILE}\n", FILE: SOBER.text()})
    studio.repo.commit({"pay.py": CODE})
    folder = studio.folder / "record"
    done = studio.review(panel(studio, "yes", "no"), "--record", folder)
    capfd.readouterr()
    assert run(["replay", str(folder), "--format", "json"]) == done.code
    out, err = capfd.readouterr()
    assert (json.loads(out), err) == (done.report, "")
