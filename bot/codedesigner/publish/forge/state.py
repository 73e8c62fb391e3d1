"""What one run leaves to the next, in the summary's mark."""

from __future__ import annotations

from codedesigner.pool.budget import Spent
from codedesigner.publish.forge.recognise import Recognised
from codedesigner.publish.forge.reconcile import Reconciled
from codedesigner.publish.forge.remembered import MOST_KNOWN, SummaryMark, Unplaced

MOST_UNPLACED = 100
_MOST_PATHS = 12_000  # characters of all that stands in the summary alone


def next_state(
    state: SummaryMark, recognised: Recognised, reconciled: Reconciled, spent: Spent | None = None
) -> SummaryMark:
    """The state after a run that used `spent`.

    The numbers of the newest findings are kept, and what tells those again that have no comment of their own.
    """
    used = spent or Spent()
    change = recognised.report.change
    ids = {name: int(name[1:]) for name in recognised.identities}
    now = {identity.fingerprint: ids[name] for name, identity in recognised.identities.items()}
    known = {**{old: number for old, number in state.known if old not in now}, **now}
    posted = {post.id for post in reconciled.posts} | recognised.posted.keys()
    unplaced = [
        Unplaced(number=ids[name], identity=recognised.identities[name], head=recognised.first.get(name, change.head))
        for name in reconciled.placed
        if name not in posted
    ]
    return state.model_copy(
        update={
            "head": change.head,
            "before": state.before if state.head == change.head else state.head,
            "base": change.base,
            "runs": state.runs + 1,
            "next": min(recognised.next, 1_000_000),
            "known": tuple(known.items())[-MOST_KNOWN // 2 :],
            "unplaced": _bounded(unplaced),
            "calls": state.calls + used.calls,
            "tokens": state.tokens + used.tokens,
            "usd": None if state.usd is None or used.usd == float("inf") else state.usd + used.usd,
        }
    )


def _bounded(unplaced: list[Unplaced]) -> tuple[Unplaced, ...]:
    """The first ones, as far as a comment has room for them; of the others the fingerprint has to do."""
    kept: list[Unplaced] = []
    room = _MOST_PATHS
    for one in unplaced[:MOST_UNPLACED]:
        room -= len(one.model_dump_json())
        if room < 0:
            break
        kept.append(one)
    return tuple(kept)
