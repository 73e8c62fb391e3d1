"""A file with six defects that two quick analysers see, each in a function of its own."""

from __future__ import annotations

from tests.gitlab.job import CART

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
