"""A place in the words of each forge's API."""

from __future__ import annotations

import hashlib

from codedesigner.publish.discussion import Anchor, Place

Json = dict[str, object]


def github_position(place: Place) -> Json:
    """The fields of a review comment that say where it stands.

    A comment on one line has no start: GitHub refuses one that does not come before its end.
    """
    fields: Json = {"path": place.path, "line": place.line, "side": place.side}
    if place.start_line < place.line:
        fields |= {"start_line": place.start_line, "start_side": place.side}
    return fields


def gitlab_position(place: Place, versions: tuple[str, str, str]) -> Json:
    """The position of a discussion; `versions` are the base, start and head of the merge request's newest version.

    An added line has its new number only, a removed one its old number, and one that is neither has both. In
    `line_range` numbers are left out: the endpoint would take them as text and then refuse them.
    """
    base, start, head = versions
    position: Json = {
        "position_type": "text",
        "base_sha": base,
        "start_sha": start,
        "head_sha": head,
        "old_path": place.old_path,
        "new_path": place.path,
    }
    if place.end.kind != "removed":
        position["new_line"] = place.end.new
    if place.end.kind != "added":
        position["old_line"] = place.end.old
    if place.start != place.end:
        position["line_range"] = {"start": _range_end(place, place.start), "end": _range_end(place, place.end)}
    return position


def _range_end(place: Place, anchor: Anchor) -> Json:
    return {"line_code": line_code(place.path, anchor), "type": "new" if anchor.kind == "added" else "old"}


def line_code(path: str, anchor: Anchor) -> str:
    """GitLab's name of a line of a diff: the file's name as a digest, and the running counters of both sides there."""
    digest = hashlib.sha1(path.encode("utf-8", "surrogateescape"), usedforsecurity=False).hexdigest()
    return f"{digest}_{anchor.old}_{anchor.new}"
