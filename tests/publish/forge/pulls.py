"""One pull request on each forge."""

from __future__ import annotations

from codedesigner.publish.discussion import Account, PullRequest
from codedesigner.publish.obstacles import Forge

AUTHOR = Account("4", "ada")


def _pull(url: str) -> PullRequest:
    return PullRequest(
        number=7,
        title="Totals",
        description="",
        author=AUTHOR,
        state="open",
        draft=False,
        base="1" * 40,
        base_ref="main",
        head="2" * 40,
        head_ref="totals",
        repo="shop/cart",
        head_repo="shop/cart",
        url=url,
    )


PULL: dict[Forge, PullRequest] = {
    "github": _pull("https://forge.example/shop/cart/pull/7"),
    "gitlab": _pull("https://forge.example/shop/cart/-/merge_requests/7"),
}
