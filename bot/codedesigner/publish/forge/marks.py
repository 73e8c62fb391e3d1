"""Hidden marks in the reviewer's own comments: written, signed, and read without trust.

A mark is one line, an HTML comment, at the very end of a body:

    <!-- codedesigner:KIND CONTENT SIGNATURE -->

The content is JSON in base64, whose alphabet cannot end an HTML comment; that of a report is compressed before. The
signature is an HMAC over repository, number, kind and content. Text from elsewhere cannot hold a mark: `sanitise`
breaks up what begins one. And what is not the end of a comment of ours, unedited by others, is not looked at.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
import zlib
from dataclasses import dataclass, field

from pydantic import ValidationError

from codedesigner.protocol.refused import Refusal
from codedesigner.protocol.strictjson import parse
from codedesigner.publish.discussion import Account, Comment
from codedesigner.publish.forge.remembered import KINDS, Content
from codedesigner.publish.limit import fence_after

MOST_BODY = 1_100_000
"""Characters of a body that is read at all; GitLab takes a million."""
MOST_MARK = 64_000
MOST_MARKS = 4
MOST_UNPACKED = 4_000_000
"""Bytes that a compressed content may have: a mark of a few letters could stand for any number of them."""
_COMPRESSED = frozenset({"report"})

_MARK = re.compile(
    rf"<!-- codedesigner:(?P<kind>{'|'.join(KINDS)})"
    r" (?P<content>[A-Za-z0-9+/]+={0,2})(?: (?P<mac>[0-9a-f]{64}))? -->"
)


@dataclass(frozen=True, slots=True)
class Signer:
    """Writes and reads marks for one pull request. Without a key marks are not signed, and signatures not looked at."""

    repo: str
    number: int
    key: bytes | None = field(default=None, repr=False)

    def mark(self, content: Content) -> str:
        """The line that holds the content."""
        kind, packed = _packed(content)
        signature = f" {self._mac(kind, packed)}" if self.key is not None else ""
        return f"<!-- codedesigner:{kind} {packed}{signature} -->"

    def digest(self, content: Content) -> str:
        """What tells this content on this pull request from any other, however it is compressed."""
        return hashlib.sha256(self._message(*_written(content))).hexdigest()

    def ended(self, body: str, *contents: Content) -> str:
        """`body` with marks behind it."""
        return "\n".join([body.rstrip("\n"), "", *map(self.mark, contents), ""])

    def _mac(self, kind: str, packed: str) -> str:
        return hmac.new(self.key or b"", self._message(kind, packed), hashlib.sha256).hexdigest()

    def _message(self, kind: str, packed: str) -> bytes:
        # JSON keeps the parts apart, whatever is in them. The case of a repository's name means nothing to a forge.
        return json.dumps([self.repo.casefold(), self.number, kind, packed]).encode("ascii")

    def read(self, comment: Comment, me: Account) -> tuple[Content, ...]:
        """What the marks of a comment hold; nothing where it is not ours or was edited by others.

        A mark that is not sound is left out.
        """
        if comment.system or not me.id or comment.author.id != me.id:
            return ()
        if comment.edited_by is not None and comment.edited_by.id != me.id:
            return ()
        _, lines = split_marks(comment.body)
        read = [self._content(line) for line in lines]
        return tuple(each for each in read if each is not None)

    def _content(self, line: str) -> Content | None:
        match = _MARK.fullmatch(line)
        if match is None:
            return None
        kind, packed, mac = match.group("kind", "content", "mac")
        if self.key is not None and not hmac.compare_digest(mac or "", self._mac(kind, packed)):
            return None
        try:
            data = base64.b64decode(packed, validate=True)
            text = (_expanded(data) if kind in _COMPRESSED else data).decode("ascii")
            parse(text)
            return KINDS[kind].model_validate_json(text)
        except (binascii.Error, UnicodeDecodeError, zlib.error, Refusal, ValidationError):
            return None


def _written(content: Content) -> tuple[str, str]:
    """The kind of a content, and its JSON."""
    kind = next(name for name, each in KINDS.items() if type(content) is each)
    return kind, json.dumps(content.model_dump(mode="json", exclude_defaults=True), separators=(",", ":"))


def _packed(content: Content) -> tuple[str, str]:
    """The kind of a content, and its JSON in base64."""
    kind, text = _written(content)
    data = text.encode("ascii")
    return kind, base64.b64encode(zlib.compress(data, 9) if kind in _COMPRESSED else data).decode("ascii")


def _expanded(data: bytes) -> bytes:
    """The whole of what was compressed.

    Raises:
        zlib.error: it is not whole, or too large.
    """
    reading = zlib.decompressobj()
    found = reading.decompress(data, MOST_UNPACKED)
    if not reading.eof or reading.unused_data:
        raise zlib.error("not one whole content of a size that is read")
    return found


def split_marks(body: str) -> tuple[str, tuple[str, ...]]:
    """What people see of a body, and the lines at its end that look like marks.

    There are none where a fence is open at its end: whatever stands there is shown, and meant for people.
    """
    if len(body) > MOST_BODY:
        return body, ()
    lines = [line.removesuffix("\r") for line in body.split("\n")]
    while lines and not lines[-1].strip():
        lines.pop()
    marks: list[str] = []
    while lines and len(marks) <= MOST_MARKS and len(lines[-1]) <= MOST_MARK and _MARK.fullmatch(lines[-1]):
        marks.append(lines.pop())
    fence = ""
    for line in lines:
        fence = fence_after(fence, line)
    if fence or len(marks) > MOST_MARKS or (lines and lines[-1].strip()):
        return body, ()
    return "\n".join(lines).rstrip("\n"), tuple(reversed(marks))
