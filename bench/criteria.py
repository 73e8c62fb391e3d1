"""The ten questions that tell whether an orchestrator works, answered by what a soak (`bench.soak`) has seen."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from statistics import correlation

from bench.measure import Row
from bench.soak import ALL_KILLED_AT, CLOSED, JUDGE, LATENCY_S, LOOK_S, OUTAGES, SERVERS, URGENT, Run, Seen
from bench.virtual import EPOCH

from codedesigner.service.task import MODULES, Task, seed_of

AT_REVIEW = ("exploration", "critique", "synthesis")
PUBLISHING = ("incorporate_insight", "review_section", "draft_section")


def rows(run: Run, constant: Run | None = None) -> Iterator[Row]:
    """All of them, one after the other. `constant` is the beginning of the same run with constant weights."""
    yield from _autonomous(run)
    yield from _balanced(run)
    yield from _allocating(run, constant)
    yield from _resilient(run)
    yield from _recovering(run)
    yield from _efficient(run)
    yield from _observable(run)
    yield from _responsive(run)
    yield from _urgent(run)
    yield from _bounded(run)


def reviews(run: Run) -> list[tuple[Task, float]]:
    """What was published, and how long after its webhook."""
    first = {one.work.name: one.created_at for one in run.tasks if one.task_type == "generate_questions"}
    done = [one for one in run.done if one.module == "documenter" and one.task_type != "address_comment"]
    return [(one, one.updated_at - first[one.work.name]) for one in done if one.work.name in first]


def answers(run: Run) -> dict[str, list[float]]:
    """How long people waited for an answer, by what was in the way: nothing, a worker that died, the supervisor out."""
    found: dict[str, list[float]] = defaultdict(list)
    for one in run.done:
        if one.task_type == "address_comment":
            found[_why(run, one)].append(one.updated_at - one.created_at)
    return found


def _why(run: Run, one: Task) -> str:
    if any(JUDGE in each.names and each.began <= one.updated_at and one.created_at <= each.ends for each in OUTAGES):
        return "the supervisor was out"
    none = any(began <= one.updated_at and one.created_at <= ended + 60.0 for began, ended in run.seen.idle)
    return "workers were dead" if none or one.attempt > 1 else ""


def share(values: Iterable[float], part: float) -> float:
    """The value that `part` of all do not exceed; infinity where there are none."""
    ordered = sorted(values)
    return ordered[int(part * (len(ordered) - 1))] if ordered else float("inf")


def used(seen: Seen, answered: Sequence[float], name: str) -> float:
    """Calls that were answered, of those that the server really allows, over whole hours in which enough waited.

    Hours in which it was out, or nobody worked, are none.
    """
    hours = list(_hours(seen, name))
    calls = sum(begin < at <= begin + 3_600.0 for begin in hours for at in answered)
    return calls / (SERVERS[name].allows * len(hours)) if hours else 0.0


def _hours(seen: Seen, name: str) -> Iterator[float]:
    """Where whole hours began at whose looks enough waited."""
    began: float | None = None
    before = float("-inf")
    for at in seen.busy:
        lost = any(name in each.names and each.within(at) for each in OUTAGES)
        lost = lost or any(start - LOOK_S <= at <= end + LOOK_S for start, end in seen.idle if end - start > LOOK_S)
        if lost or at - before > 1.5 * LOOK_S:
            began = None if lost else at
        elif began is not None and at - began >= 3_600.0 - 1.0:
            yield began
            began = at
        elif began is None:
            began = at
        before = at


def _autonomous(run: Run) -> Iterator[Row]:
    failed = [one for one in run.tasks if one.state == "failed"]
    note = f"{len(run.tasks)} tasks of {run.seen.delivered} reviews and {_comments(run)} questions"
    yield Row("1 days without anybody's hand", run.seen.days, "d", note=note)
    yield Row("1 tasks that failed for good", len(failed), "", "none", 0)
    yield Row("1 until all was done, after the last webhook", run.drained_s / 3_600, "h")


def _comments(run: Run) -> int:
    return sum(one.task_type == "address_comment" for one in run.tasks)


def _balanced(run: Run) -> Iterator[Row]:
    by = Counter(one.module for one in run.done)
    for module in MODULES:
        waits = [_wait(one) for one in run.tasks if one.module == module and one.state == "completed"]
        yield Row(
            f"2 {module}: longest wait of a task to its end",
            max(waits) / 3_600,
            "h",
            "at most",
            24.0,
            f"{by[module]} done",
        )
    flood = [took for one, took in reviews(run) if one.work.repo == "octo/big"]
    small = [took for one, took in reviews(run) if one.work.repo not in ("octo/big", URGENT)]
    yield Row(
        "2 half of the reviews of small repositories within",
        share(small, 0.5) / 3_600,
        "h",
        "of the flood",
        share(flood, 0.5) / 3_600,
    )


def _wait(one: Task) -> float:
    return one.updated_at - one.created_at


def _allocating(run: Run, constant: Run | None) -> Iterator[Row]:
    waiting, weights = zip(*run.seen.shares, strict=True) if run.seen.shares else ((), ())
    moved = correlation(waiting, weights) if len(set(weights)) > 1 and len(set(waiting)) > 1 else 0.0
    note = f"of three modules every ten minutes, {len(weights)} in all"
    yield Row("3 share of what waits, and share of the weights: correlation", moved, "", "at least", 0.3, note)
    asked, bad = run.supervisor.asked, run.supervisor.nonsense
    yield Row("3 replies of the supervisor that were none", bad, "", "asked", asked, "they changed nothing")
    if constant is None:
        return
    until = EPOCH + constant.seen.days * 86_400.0
    for what, kinds in (("exploration", AT_REVIEW), ("publication", PUBLISHING)):
        mine, theirs = (_waits(each, kinds, until) for each in (run, constant))
        for name, part in (("half", 0.5), ("99 %", 0.99)):
            beside = share(theirs, part)
            yield Row(f"3 {what}, submission to end, {name}", share(mine, part), "s", "constant weights", beside)


def _waits(run: Run, kinds: Sequence[str], until: float) -> list[float]:
    return [_wait(one) for one in run.done if one.task_type in kinds and one.created_at < until]


def _resilient(run: Run) -> Iterator[Row]:
    servers = run.firm.servers
    refused, beyond = sum(servers.refused.values()), sum(servers.beyond.values())
    yield Row(
        "4 calls that servers refused as too many",
        refused,
        "",
        "answered",
        servers.answers,
        f"{beyond} beyond a limit that was written down too high; learned {run.firm.heard['quota.limit_hit']} times",
    )
    for each in OUTAGES:
        if (each.at + each.hours) >= run.seen.days * 24:
            continue
        for name in each.names:
            wanted = _wanted(run, each.ends, name)
            after = min((at for at in servers.answered[name] if at >= each.ends), default=float("inf"))
            yield Row(
                f"4 {name}: first answer after {each.hours:g} h ({each.how}) at {each.at:g} h",
                (after - wanted) / 60,
                "min",
                note="from when there was work for it",
            )
    unheard = sum(int(str(one.context.get("unheard", 0))) for one in run.done if one.task_type in AT_REVIEW)
    yield Row(
        "4 questions of reviews without an answer, as a server was gone", unheard, "", "answered", servers.answers
    )


def _wanted(run: Run, at: float, name: str) -> float:
    """When somebody wanted it, from `at` on: a task of the sort that asks it was there."""
    kinds = ("address_comment",) if name == JUDGE else AT_REVIEW
    there = [max(at, one.created_at) for one in run.tasks if one.task_type in kinds and one.updated_at >= at]
    return min(there, default=at)


def _recovering(run: Run) -> Iterator[Row]:
    heard, days = run.firm.heard, run.seen.days
    at_once = sum(each < days * 24 for each in ALL_KILLED_AT)
    closed = f"and nothing at all for {CLOSED[1]:g} h" if CLOSED[0] < days * 24 else ""
    yield Row(
        "5 workers killed",
        run.seen.kills,
        note=f"{at_once} times all at once {closed}; {heard['task.recovered']} tasks taken over",
    )
    yield Row("5 answered questions that were asked again", run.firm.servers.again, "", "none", 0)


def _efficient(run: Run) -> Iterator[Row]:
    answered = run.firm.servers.answered
    voters = [name for name in SERVERS if name != JUDGE]
    hours = {name: len(list(_hours(run.seen, name))) for name in voters}
    allowed = sum(SERVERS[name].allows * hours[name] for name in voters)
    total = sum(used(run.seen, answered[name], name) * SERVERS[name].allows * hours[name] for name in voters)
    each = ", ".join(f"{name} {used(run.seen, answered[name], name):.0%} of {hours[name]} h" for name in voters)
    yield Row(
        "6 share of the calls that servers allow, while enough work waits",
        total / allowed if allowed else 0.0,
        "",
        "at least",
        0.8,
        each,
    )
    all_ms = sum(one.all_ms for one in run.firm.spendings)
    own_ms = sum(one.own_ms for one in run.firm.spendings)
    yield Row(
        "7 share of models' time for consultations",
        own_ms / all_ms,
        "",
        "at most",
        0.1,
        f"{run.supervisor.asked} times",
    )


def _observable(run: Run) -> Iterator[Row]:
    heard = run.firm.heard
    kinds = ", ".join(f"{name} {count}" for name, count in sorted(heard.items()))
    yield Row("8 events told", sum(heard.values()), note=f"{len(heard)} kinds: {kinds}")


def _responsive(run: Run) -> Iterator[Row]:
    found = answers(run)
    waits = found.pop("", [])
    most = 2 * max(LATENCY_S)
    for name, part in (("half", 0.5), ("99 %", 0.99), ("the slowest", 1.0)):
        yield Row(
            f"9 question answered, {name}",
            share(waits, part),
            "s",
            "a call in flight and its own",
            most,
            f"of {len(waits)}",
        )
    for why, late in sorted(found.items()):
        yield Row(f"9 question answered, where {why}", max(late) / 60, "min", "at most", 120.0, f"of {len(late)}")


def _urgent(run: Run) -> Iterator[Row]:
    done = reviews(run)
    urgent = [took for one, took in done if seed_of(one.context)]
    usual = [took for one, took in done if not seed_of(one.context)]
    yield Row(
        "10 urgent review, webhook to publication, the slowest",
        max(urgent) / 3_600,
        "h",
        "at most",
        24.0,
        f"of {len(urgent)}; half within {share(urgent, 0.5) / 3_600:.2f} h",
    )
    yield Row("10 any other, the slowest", max(usual) / 3_600, "h", "half within", share(usual, 0.5) / 3_600)


def _bounded(run: Run) -> Iterator[Row]:
    for name, values, unit in (("memory", run.seen.rss, "MiB"), ("database", run.seen.stored, "MiB")):
        third = max(1, len(values) // 3)
        begin, middle, end = (sorted(values[n * third : (n + 1) * third])[third // 2] / 2**20 for n in range(3))
        yield Row(f"{name} in the last third", end, unit, "in the first", begin, f"in the second {middle:.0f} {unit}")
    moved = run.firm.heard["task.preempted"]
    yield Row(
        "preemptions", moved, note=f"{run.firm.heard['task.lost']} tasks lost, {run.seen.waited} there at once at most"
    )
