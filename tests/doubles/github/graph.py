"""GraphQL: conversations on lines, and what only GraphQL can do with them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graphql import GraphQLError, GraphQLSchema, build_schema, execute_sync, parse, validate
from graphql.execution import ExecutionResult
from tests.doubles.github import graphnodes
from tests.doubles.github.graphacts import MUTATIONS
from tests.doubles.github.graphnodes import Asking, RefusedFieldError
from tests.doubles.github.model import Token
from tests.doubles.server import Reply, Request

if TYPE_CHECKING:
    from tests.doubles.github.double import GitHub

_SCHEMA = Path(__file__).parent / "data" / "schema.graphql"


@cache
def schema() -> GraphQLSchema:
    """The part of GitHub's schema that the double answers."""
    return build_schema(_SCHEMA.read_text(encoding="utf-8"))


def answer(github: GitHub, request: Request, token: Token) -> Reply:
    """Always 200 where the request could be read; what went wrong is in `errors`."""
    asked = request.json
    if not isinstance(asked, dict) or not isinstance(asked.get("query"), str):
        github.violations.append(f"{request}: no query")
        return Reply(400, {"message": "Problems parsing JSON"})
    if token.kind == "anonymous":
        return Reply(401, {"message": "This endpoint requires you to be authenticated."})
    try:
        document = parse(asked["query"])
    except GraphQLError as wrong:
        github.violations.append(f"{request}: {wrong.message}")
        return Reply(200, {"errors": [{"message": wrong.message}]})
    wrongs = validate(schema(), document)
    if wrongs:
        github.violations.extend(f"{request}: {each.message}" for each in wrongs)
        return Reply(200, {"errors": [{"message": each.message, **_places(each)} for each in wrongs]})
    asking = Asking(github, token)
    root = graphnodes.roots(asking) | {name: act(asking) for name, act in MUTATIONS.items()}
    done = execute_sync(schema(), document, root, variable_values=asked.get("variables") or {})
    assert isinstance(done, ExecutionResult)
    return _reply(github, request, done)


def _reply(github: GitHub, request: Request, done: ExecutionResult) -> Reply:
    body: dict[str, Any] = {}
    if done.data is not None:
        body["data"] = done.data
    for each in done.errors or []:
        error: dict[str, Any] = {"message": each.message, "path": list(each.path or []), **_places(each)}
        if isinstance(each.original_error, RefusedFieldError):
            error = {"type": each.original_error.type} | error
        else:
            github.violations.append(f"{request}: {each.message}")
        body.setdefault("errors", []).append(error)
    return Reply(200, body)


def _places(error: GraphQLError) -> Mapping[str, Any]:
    return {"locations": [{"line": each.line, "column": each.column} for each in error.locations or []]}
