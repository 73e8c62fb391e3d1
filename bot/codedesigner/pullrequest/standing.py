"""What holds on a pull request when an event comes: what was decided, what was said last, what was spent."""

from __future__ import annotations

from dataclasses import dataclass

from codedesigner.assembly.options import Standing
from codedesigner.pool.budget import Spent
from codedesigner.publish.discussion import Account, Discussion, PullRequest
from codedesigner.publish.forge.marks import Signer
from codedesigner.publish.forge.recall import Remembered, recall
from codedesigner.publish.forge.recognise import dismissed_in
from codedesigner.publish.forge.remembered import DecisionMark
from codedesigner.pullrequest.decisions import proved
from codedesigner.pullrequest.desk import Desk


@dataclass(frozen=True, slots=True)
class Stand:
    """All that is known before a review. `doubted` are decisions that do not count, as nothing proves them."""

    discussion: Discussion
    me: Account
    signer: Signer
    remembered: Remembered
    doubted: tuple[DecisionMark, ...]

    @property
    def standing(self) -> Standing:
        """What a review has to know of it."""
        switched, state = self.remembered.switched, self.remembered.state
        return Standing(
            mode=None if switched is None else switched.what == "on",
            dismissed=dismissed_in(self.remembered),
            spent=Spent(state.calls, state.tokens, state.usd or 0.0),
        )


async def standing_of(desk: Desk, pull: PullRequest, discussion: Discussion | None = None) -> Stand:
    """What holds now.

    Raises:
        ForgeError: the forge does not say who we are, or what was said.
    """
    if discussion is None:
        discussion = await desk.forge.discussion(pull)
    me, signer = await desk.forge.me(), desk.signer(pull)
    remembered, doubted = await proved(
        desk.forge, recall(discussion, me, signer), discussion, signed=desk.key is not None
    )
    return Stand(discussion, me, signer, remembered, doubted)
