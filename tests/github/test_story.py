"""From the opening of a pull request to the merge queue, with everything that stands on it at each step."""

from __future__ import annotations

import re

import pytest
from tests.doubles.github import Seen

from .conftest import CART
from .workflow import Workflow

# Six defects that the two quick analysers see, each in a function of its own.
PLANTED = {
    "tax": "def tax(prices):\n    return total(prices) * rate_of_nobody\n",
    "net": "def net(prices):\n    return total(prices) - discount_of_nobody\n",
    "is_free": "def is_free(price):\n    return price is 0\n",
    "label": 'def label(price):\n    return "{} {}".format(price)\n',
    "empty": "def empty(cart):\n    size = len(cart)\n    return not cart\n",
    "first": "def first(prices):\n    import os\n    return prices[0]\n",
}
FIXED = {
    "tax": "def tax(prices):\n    return total(prices) * 3\n",
    "net": "def net(prices):\n    return total(prices) - 1\n",
}


def cart(**functions: str) -> str:
    """The file with these functions behind what was there."""
    return CART + "".join(f"\n\n{text}" for text in functions.values())


def names(seen: Seen) -> dict[str, str]:
    """The first words of every thread, by the finding's name."""
    found = {}
    for thread in (*seen.threads, *seen.outdated):
        name = re.search(r"· (F\d+)\b", thread.bodies[0])
        assert name is not None
        found[name.group(1)] = thread.bodies[0].split("\n")[0]
    return found


def test_a_pull_request_from_its_opening_to_the_merge_queue(workflow: Workflow) -> None:
    github, shop = workflow.github, workflow.project
    pull = github.pull(shop, {"cart.py": cart(**PLANTED)}, author="bob")

    ran = workflow.opened(pull)

    seen = workflow.see(pull)
    assert ran.code == 1
    assert len(seen.threads) == 6
    assert len(seen.comments) == 1
    assert len(seen.reviews) == 1
    assert seen.pending == ()
    assert not seen.passes("codedesigner")
    assert set(names(seen)) == {"F1", "F2", "F3", "F4", "F5", "F6"}

    # Two are fixed, and all that follows moves by thirty lines.
    rest = {name: text for name, text in PLANTED.items() if name not in FIXED}
    pull.push({"cart.py": cart(pad="# moved\n" * 30, **FIXED, **rest)})
    workflow.pushed(pull)
    seen = workflow.see(pull)
    said = names(seen)
    assert sum(text.startswith("**Fixed in") for text in said.values()) == 2
    assert len(seen.threads) + len(seen.outdated) == 6
    assert len(seen.reviews) == 1  # nothing is new, so nobody is notified
    assert len(seen.comments) == 1

    # Asked for again: the same, and one answer.
    workflow.says(pull, "ann", "/codedesigner recheck")
    assert names(workflow.see(pull)) == said
    assert len(workflow.see(pull).comments) == 3

    # One is dismissed, by somebody who may; somebody who may not changes nothing.
    open_now = sorted(name for name, text in said.items() if not text.startswith("**Fixed"))
    before = len(github.writes)
    workflow.says(pull, "bob", f"/codedesigner dismiss {open_now[0]} I want to merge")
    assert [write.path.rpartition("/")[2] for write in github.writes[before:]] == ["reactions"]
    workflow.says(pull, "ann", f"/codedesigner dismiss {open_now[0]} the callers see to it")
    assert names(workflow.see(pull))[open_now[0]].startswith("**Dismissed by `ann`**")

    # A force push that leaves only the dismissed one and a new one.
    kept = next(text for name, text in rest.items() if name == "is_free")
    pull.push({"cart.py": cart(is_free=kept, gone="def gone():\n    return nowhere\n")}, force=True)
    workflow.pushed(pull)
    seen = workflow.see(pull)
    assert len(seen.reviews) == 2
    assert len(seen.checks) == 1
    assert "F7" in names(seen)

    # The rest is fixed; the queue takes it.
    pull.push({"cart.py": cart(**FIXED)})
    ran = workflow.pushed(pull)
    assert ran.code == 0
    seen = workflow.see(pull)
    assert seen.passes("codedesigner")
    assert all(not text.startswith("**high") for text in names(seen).values())
    group = github.enqueue(pull)
    before = len(github.writes)
    ran = workflow.on("merge_group", "checks_requested", pull)
    assert ran.code == 0
    assert all("/check-runs" in write.path or ".git/" in write.path for write in github.writes[before:])
    assert group


@pytest.mark.parametrize("fork", ["", "mallory"])
def test_every_planted_defect_stands_on_its_own_line(workflow: Workflow, fork: str) -> None:
    pull = workflow.github.pull(workflow.project, {"cart.py": cart(**PLANTED)}, author=fork or "bob", fork=fork)

    workflow.opened(pull)

    lines = cart(**PLANTED).split("\n")
    for thread in workflow.see(pull).threads:
        assert thread.text in lines
        assert thread.line is not None
        assert lines[thread.line - 1] == thread.text
