"""`codedesigner eval`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from codedesigner.commands.output import paired, write
from codedesigner.errors import UsageError

if TYPE_CHECKING:
    from codedesigner.evaluation.dataset import Dataset, PullRequest
    from codedesigner.evaluation.evaluate import Asked
    from codedesigner.evaluation.result import EvaluationResult, HistoryResult

FORMAT_NAMES = ("text", "json", "html")
STRATEGY_NAMES = ("best_single", "majority_vote", "weighted_vote", "union_merge")
HOLD_OUTS = ("repo", "pull-request", "none")
MOST_RESAMPLES = 100_000


def _panel(_ctx: click.Context, _param: click.Parameter, given: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    panels = tuple(tuple(dict.fromkeys(name.strip() for name in each.split(",") if name.strip())) for each in given)
    if not all(panels):
        raise click.BadParameter("names with commas between them are needed")
    return panels


@click.command(name="eval")
@click.argument("dataset", type=click.Path(path_type=Path, exists=True), required=False)
@click.option(
    "--panel", "panels", multiple=True, callback=_panel, metavar="A,B,C", help="These reviewers vote together."
)
@click.option("--strategy", "strategies", multiple=True, type=click.Choice(STRATEGY_NAMES), help="Measure only this.")
@click.option("--hold-out", type=click.Choice(HOLD_OUTS), help="What nothing is learned from (default: the widest).")
@click.option("--bootstrap", type=click.IntRange(0, MOST_RESAMPLES), default=1000, show_default=True, help="Resamples.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Where chance starts.")
@click.option("--history", is_flag=True, help="Show what outcomes say of each location.")
@click.option(
    "--calibration", type=click.Path(path_type=Path, dir_okay=False), help="Fit one on all of it, for reviews to use."
)
@click.option("--format", "formats", multiple=True, type=click.Choice(FORMAT_NAMES), help="How to report it.")
@click.option("--output", "outputs", multiple=True, metavar="FILE", help="Where to: one per --format.")
def evaluate(
    dataset: Path | None,
    panels: tuple[tuple[str, ...], ...],
    strategies: tuple[str, ...],
    hold_out: str | None,
    bootstrap: int,
    seed: int,
    history: bool,
    calibration: Path | None,
    formats: tuple[str, ...],
    outputs: tuple[str, ...],
) -> None:
    """Measure how well reviewers, and votes of them, do on labelled reviews.

    DATASET is a file of labelled reviews, of comments with their places, or of pairs of texts, or a folder with
    recorded reviews and labels. Exit codes: 0 measured, 2 the dataset or the command line is wrong.
    """
    if dataset is None and not history:
        raise click.UsageError("Give a DATASET, --history, or both.")
    pairs = paired(formats, outputs, "text")

    from codedesigner.evaluation.evaluate import Asked
    from codedesigner.evaluation.protocol import HOLD_OUTS, Resampling
    from codedesigner.evaluation.reports import FORMATS

    held = next((each for each in HOLD_OUTS if each == hold_out), None)
    asked = Asked(panels, tuple(dict.fromkeys(strategies)), held, Resampling(bootstrap, seed))
    result = _measured(dataset, asked)
    if history:
        result = result.model_copy(update={"history": _history()})
    if calibration is not None:
        note = _fit(calibration, dataset, asked, history=history)
        result = result.model_copy(update={"notes": (*result.notes, note)})
    write(pairs, lambda name, _screen: FORMATS[name](result))


def _fit(file: Path, dataset: Path | None, asked: Asked, *, history: bool) -> str:
    """Write a calibration of all that is known to be right; what to say of it."""
    from codedesigner.evaluation.fitting import labels_of_outcomes, labels_of_reviews
    from codedesigner.state.folder import state_folder
    from codedesigner.state.history import OutcomeStore
    from codedesigner.vote.calibration import LEAST_LABELS, fitted

    labels = [] if dataset is None else labels_of_reviews(_entries(dataset)[0], asked)
    if history:
        labels += labels_of_outcomes(OutcomeStore(state_folder(os.environ)).outcomes())
    fit = fitted(labels)
    write([("calibration", str(file))], lambda _name, _screen: fit.text())
    few = "" if fit.enough else f": reviews do not use it before there are {LEAST_LABELS}"
    return f"the calibration in {file} stands on {fit.labels} labels{few}"


def _entries(dataset: Path) -> tuple[Dataset, tuple[str, ...]]:
    from codedesigner.evaluation.dataset import read_dataset

    return _records(dataset) if dataset.is_dir() else (read_dataset(_text(dataset), str(dataset)), ())


def _measured(dataset: Path | None, asked: Asked) -> EvaluationResult:
    from codedesigner.evaluation.measure import measure, nothing

    if dataset is None:
        return nothing(asked)
    entries, notes = _entries(dataset)
    return measure(dataset.name, entries, asked, notes)


def _records(folder: Path) -> tuple[tuple[PullRequest, ...], tuple[str, ...]]:
    """The labelled records in a folder, or the one that it is."""
    from codedesigner.evaluation.records import LABELS, REPORT, read_record

    places = [folder] if (folder / LABELS).exists() else sorted(each.parent for each in folder.glob(f"*/{LABELS}"))
    if not places:
        hint = f"write a {LABELS} beside the {REPORT} of a review that was recorded with `review --record`"
        raise UsageError(f"{folder}: there are no labelled records in it", hint=hint)
    read = [read_record(_text(place / REPORT), _text(place / LABELS), str(place)) for place in places]
    without = sum(unlabelled for _, unlabelled in read)
    notes = (f"{without} findings are left out, because they have no label",) if without else ()
    return tuple(entry for entry, _ in read), notes


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: byte {error.start + 1} is not UTF-8") from error


def _history() -> tuple[HistoryResult, ...]:
    from codedesigner.evaluation.result import HistoryResult
    from codedesigner.state.folder import state_folder
    from codedesigner.state.history import OutcomeStore
    from codedesigner.vote.history import learned

    records = OutcomeStore(state_folder(os.environ)).records()
    known = learned(records)
    return tuple(
        HistoryResult(
            location=one.location,
            angle=one.angle,
            kind=one.kind,
            right=one.right,
            wrong=one.wrong,
            accuracy=round(known.accuracy(one.location, one.angle, one.kind), 4),
        )
        for one in records
    )
