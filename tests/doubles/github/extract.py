"""Cuts GitHub's own descriptions down to what the double answers, into `data/`.

    npm pack @octokit/openapi@23.0.2 @octokit/graphql-schema@15.26.1   # both MIT; unpack each
    python -m tests.doubles.github.extract OPENAPI/generated/api.github.com.json GRAPHQL/schema.graphql

To let the double answer a further operation, declare its route and run this.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from graphql import DocumentNode, parse, print_ast
from graphql.language import EnumTypeDefinitionNode, NamedTypeNode, ScalarTypeDefinitionNode, TypeDefinitionNode
from graphql.language import Node as AstNode
from tests.doubles.github.double import DATA
from tests.doubles.github.routes import ROUTES
from tests.doubles.openapi import extract

_ROOTS = {
    "Query": {"node", "nodes", "rateLimit", "repository", "viewer"},
    "Mutation": {
        "addComment",
        "addPullRequestReviewThread",
        "addPullRequestReviewThreadReply",
        "minimizeComment",
        "resolveReviewThread",
        "unminimizeComment",
        "unresolveReviewThread",
        "updateIssueComment",
    },
}
_TYPES = set(
    re.findall(
        r"\w+",
        """
    Repository PullRequest PullRequestReview PullRequestReviewThread PullRequestReviewComment IssueComment PageInfo
    Issue UserContentEdit UserContentEditConnection UserContentEditEdge
    User Bot Commit RateLimit Node Actor Comment Minimizable
    PullRequestReviewThreadConnection PullRequestReviewThreadEdge PullRequestReviewConnection PullRequestReviewEdge
    PullRequestReviewCommentConnection PullRequestReviewCommentEdge IssueCommentConnection IssueCommentEdge
""",
    )
)


_WEBHOOKS = tuple(
    re.findall(
        r"[a-z-]+",
        """
    pull-request-opened pull-request-synchronize pull-request-reopened pull-request-ready-for-review
    pull-request-converted-to-draft pull-request-edited pull-request-closed
    issue-comment-created issue-comment-edited issue-comment-deleted pull-request-review-submitted
    pull-request-review-comment-created pull-request-review-comment-edited pull-request-review-comment-deleted
    merge-group-checks-requested merge-group-destroyed
    check-run-rerequested check-run-requested-action check-suite-rerequested
    installation-created installation-deleted installation-repositories-added installation-repositories-removed
    workflow-dispatch ping
""",
    )
)
# The description has these as integers; GitHub sends null for what is outdated, as its webhooks' schemas say.
_NULLABLE = {
    "pull-request-review-comment": ("line", "position"),
    "review-comment": ("line", "position"),
}


def amend(cut: dict[str, Any]) -> None:
    """Allow what GitHub sends although its description does not say so."""
    schemas = cut["components"]["schemas"]
    for name, members in _NULLABLE.items():
        for member in members:
            schemas[name]["properties"][member]["nullable"] = True
    for schema in schemas.values():
        _amend_heads(schema)
    # The older form of a list of names, which PyGithub sends.
    labels = cut["paths"]["/repos/{owner}/{repo}/issues/{issue_number}/labels"]["post"]["requestBody"]
    labels["content"]["application/json"]["schema"]["oneOf"].append({"type": "array", "items": {"type": "string"}})


def _amend_heads(value: object) -> None:
    """A deleted fork leaves a head without a repository, a deleted account one without a user."""
    if isinstance(value, list):
        for each in value:
            _amend_heads(each)
    if not isinstance(value, dict):
        return
    members = value.get("properties")
    if isinstance(members, dict) and "repo" in members.get("head", {}).get("properties", {}):
        for place in (members, members["head"]["properties"]):
            for name in {"repo", "user"} & place.keys():
                place[name] = place[name] | {"nullable": True}
    for each in value.values():
        _amend_heads(each)


def _plain(node: Any) -> Any:
    """Without descriptions and directives."""
    names = {each.name for each in fields(node)}
    kept = {"description": None} if "description" in names else {}
    return replace(node, **kept, **({"directives": ()} if "directives" in names else {}))


def _name(type_: Any) -> str:
    while not isinstance(type_, NamedTypeNode):
        type_ = type_.type
    return type_.name.value


def prune(text: str) -> str:
    """The part of a GraphQL schema that the double answers."""
    document = parse(text, no_location=True)
    named = {each.name.value: _bare(each) for each in document.definitions if isinstance(each, TypeDefinitionNode)}
    payloads = {_name(each.type) for each in named["Mutation"].fields if each.name.value in _ROOTS["Mutation"]}
    kept = _TYPES | payloads
    leaves = {
        name for name, each in named.items() if isinstance(each, ScalarTypeDefinitionNode | EnumTypeDefinitionNode)
    }
    leaves |= {"ID", "String", "Int", "Boolean", "Float"}
    found = {name: _cut(named[name], _ROOTS.get(name), kept | leaves) for name in [*_ROOTS, *sorted(kept)]}
    _inputs(named, found)
    return print_ast(DocumentNode(definitions=tuple(found[name] for name in sorted(found)))) + "\n"


def _bare(node: Any) -> Any:
    """A definition, and all in it, without what people read."""
    if isinstance(node, tuple):
        return tuple(_bare(each) for each in node)
    if not isinstance(node, AstNode):
        return node
    return _plain(replace(node, **{each.name: _bare(getattr(node, each.name)) for each in fields(node) if each.init}))


def _cut(node: Any, wanted: set[str] | None, kept: set[str]) -> Any:
    """A type with the fields that are wanted, or those whose types are kept."""
    names = wanted or {each.name.value for each in node.fields if _name(each.type) in kept}
    return replace(
        node,
        interfaces=tuple(each for each in node.interfaces or () if wanted is None and each.name.value in kept),
        fields=tuple(each for each in node.fields if each.name.value in names),
    )


def _inputs(named: dict[str, Any], found: dict[str, Any]) -> None:
    """Add the inputs, enums and scalars that what is kept needs."""
    waiting = list(found.values())
    while waiting:
        for name in _needed(waiting.pop()):
            if name in named and name not in found:
                found[name] = named[name]
                waiting.append(named[name])


def _needed(node: Any) -> Iterator[str]:
    for each in getattr(node, "fields", None) or ():
        yield _name(each.type)
        for argument in getattr(each, "arguments", None) or ():
            yield _name(argument.type)


def main(openapi: str, graphql: str) -> None:
    """Write both extracts."""
    description = json.loads(Path(openapi).read_text(encoding="utf-8"))
    cut = extract(description, ROUTES, _WEBHOOKS)
    amend(cut)
    text = json.dumps(cut, separators=(",", ":"), sort_keys=True)
    # A line for each operation and schema, so that a newer description can be read as a diff.
    for word in ('"/repos/', '"/app', '"webhook'):
        text = text.replace(f",{word}", f",\n{word}")
    (DATA / "api.github.com.json").write_text(text + "\n", encoding="utf-8")
    (DATA / "schema.graphql").write_text(prune(Path(graphql).read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
