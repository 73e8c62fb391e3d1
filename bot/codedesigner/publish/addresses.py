"""Addresses in code: what a program might contact, or a reader might open."""

from __future__ import annotations

import re

_LABELS = r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+"
# Last labels that code does not use for attributes and files: such a name is a host wherever it stands.
_PLAIN_ENDS = r"(?:com|org|net|edu|gov|mil|info|biz|xyz|cloud|online|site|top|onion|eu|de|fr|uk|cn|ru|jp|br|nl|ch|us)"
# Those that code does use: a host only where a string or a path makes it one.
_ENDS = rf"(?:{_PLAIN_ENDS}|io|ai|app|dev|co|me|sh|gg|ly|to|cc|tv|ws|page|tech|zip|mov|example|invalid|internal)"
_ADDRESS = re.compile(
    r"(?<![a-z0-9+.-])[a-z][a-z0-9+.-]{0,20}:/{1,3}[^\s\"'`<>)]+"  # with a scheme
    rf"|(?<![:\w/])//{_LABELS}[a-z]{{2,24}}\b[^\s\"'`<>)]*"  # the page's own scheme
    r"|\bwww\.[^\s\"'`<>)]+"
    r"|(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.])"
    r"|\[(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}\]"
    rf"|(?<![\w.+-])[\w.+-]+@{_LABELS}[a-z]{{2,24}}\b"
    rf"|(?<![\w.-]){_LABELS}{_PLAIN_ENDS}(?![\w(=-]|\.\w)"
    rf"|(?<=[\"'`]){_LABELS}{_ENDS}(?=[\"'`:/?])"
    rf"|(?<![\w.-]){_LABELS}{_ENDS}(?=:\d|/\w)",
    re.IGNORECASE,
)
_LOOPBACK = frozenset({"127.0.0.1", "0.0.0.0"})  # noqa: S104 -- names nobody outside


def addresses(text: str) -> frozenset[str]:
    """Every address in `text`: URLs, hosts, network addresses, mail addresses; those of the machine itself left out.

    A guess where an attribute looks like a host; it is only asked whether one text has addresses that another has not.
    """
    return frozenset(match.group() for match in _ADDRESS.finditer(text)) - _LOOPBACK
