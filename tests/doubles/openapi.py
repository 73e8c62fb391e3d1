"""A forge's own OpenAPI 3.0 description as a contract: what requests and answers have to look like.

`extract` cuts a description down to some operations, small enough to keep in the repository; `Contract` holds requests
and answers against it. Bodies of requests may have no member that the description does not name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Self
from urllib.parse import unquote

import jsonschema_rs

_WORDS = frozenset({"description", "example", "examples", "summary", "externalDocs", "title", "tags", "x-github"})
_METHODS = ("get", "put", "post", "patch", "delete")


def extract(
    description: Mapping[str, Any], operations: Iterable[tuple[str, str]], webhooks: Iterable[str] = ()
) -> dict[str, Any]:
    """The part of a description that some operations (method, path template) and `x-webhooks` need, without prose.

    Raises:
        KeyError: the description has no such operation or webhook.
    """
    paths: dict[str, Any] = {}
    for method, template in sorted(operations):
        item = description["paths"][template]
        kept = dict(_bare(item[method.lower()]))
        kept["parameters"] = _bare([*item.get("parameters", []), *item[method.lower()].get("parameters", [])])
        paths.setdefault(template, {})[method.lower()] = kept
    hooks = {name: _bare(description["x-webhooks"][name]["post"]) for name in sorted(webhooks)}
    parts: dict[str, dict[str, Any]] = {}
    _reach({"paths": paths, "x-webhooks": hooks}, description, parts)
    ordered = {kind: dict(sorted(each.items())) for kind, each in sorted(parts.items())}
    return {
        "info": description["info"] | {"description": ""},
        "paths": paths,
        "x-webhooks": hooks,
        "components": ordered,
    }


def _reach(value: object, description: Mapping[str, Any], parts: dict[str, dict[str, Any]]) -> None:
    if isinstance(value, dict):
        reference = value.get("$ref")
        if isinstance(reference, str):
            _, _, kind, name = reference.split("/")
            if name not in parts.setdefault(kind, {}):
                parts[kind][name] = _bare(description["components"][kind][name])
                _reach(parts[kind][name], description, parts)
        for each in value.values():
            _reach(each, description, parts)
    elif isinstance(value, list):
        for each in value:
            _reach(each, description, parts)


def _bare(value: Any, *, names: bool = False) -> Any:
    """Without what people read. Under `properties` keys are names, not words of the language of schemas."""
    if isinstance(value, dict):
        kept = {key: each for key, each in value.items() if names or key not in _WORDS}
        return {key: _bare(each, names=not names and key in ("properties", "schemas")) for key, each in kept.items()}
    return [_bare(each) for each in value] if isinstance(value, list) else value


@dataclass(slots=True)
class Operation:
    """One operation: its template, the values in the path, and its validators, made when they are needed."""

    method: str
    template: str
    data: Mapping[str, Any]
    validators: dict[str, jsonschema_rs.Draft4Validator | None] = field(default_factory=dict)


class Contract:
    """A description to hold requests and answers against; what is wrong comes back as sentences."""

    def __init__(self, description: Mapping[str, Any]) -> None:
        self._description = description
        self._operations = [
            (_pattern(template), Operation(method.upper(), template, item[method]))
            for template, item in description["paths"].items()
            for method in _METHODS
            if method in item
        ]
        self._hooks: dict[str, jsonschema_rs.Draft4Validator] = {}

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a description that `extract` made."""
        return cls(json.loads(path.read_text(encoding="utf-8")))

    @cached_property
    def _components(self) -> Any:
        return _json_schema(self._description.get("components", {}))

    def operation(self, method: str, path: str) -> Operation | None:
        """The operation that a request means; the template with the fewest variables, then the longest."""
        met = [each for pattern, each in self._operations if each.method == method and pattern.fullmatch(path)]
        return min(met, key=lambda each: (each.template.count("{"), -len(each.template)), default=None)

    def request(self, method: str, path: str, query: Mapping[str, str], body: object, *, sent: bool) -> list[str]:
        """What is wrong with a request; `sent` says whether it had a body at all."""
        operation = self.operation(method, path)
        if operation is None:
            return [f"{method} {path}: no such operation"]
        wrong = list(self._query(operation, query))
        given = operation.data.get("requestBody", {})
        if "$ref" in given:
            given = self._component(given["$ref"])
        if not sent:
            wrong += ["a body is required"] if given.get("required") and self._demands(operation, given) else []
        elif given:
            validator = self._validator(operation, "request", _json_of(given), closed=True)
            wrong += _errors(validator, body)
        elif body != {}:
            wrong.append("a body, where none is described")
        return [f"{method} {path}: {each}" for each in wrong]

    def reply(self, method: str, path: str, status: int, body: object) -> list[str]:
        """What is wrong with an answer that is JSON (None: has no body)."""
        operation = self.operation(method, path)
        if operation is None:
            return []
        described = operation.data["responses"].get(str(status))
        if described is None:
            return [] if status >= 400 else [f"{method} {path}: answers {status}, which is not described"]
        if "$ref" in described:
            described = self._component(described["$ref"])
        validator = self._validator(operation, f"reply {status}", _json_of(described), closed=False)
        if validator is None:
            return [] if body is None else [f"{method} {path} → {status}: a body, where none is described"]
        return [f"{method} {path} → {status}: {each}" for each in _errors(validator, body)]

    def webhook(self, name: str, payload: object) -> list[str]:
        """What is wrong with a payload; the name is the description's, `pull-request-opened`."""
        if name not in self._description["x-webhooks"]:
            return [f"webhook {name}: not described"]
        if name not in self._hooks:
            schema = _json_of(self._description["x-webhooks"][name]["requestBody"])
            self._hooks[name] = self._compiled(schema, closed=False)
        return [f"webhook {name}: {each}" for each in _errors(self._hooks[name], payload)]

    def _component(self, reference: str) -> Any:
        _, _, kind, name = reference.split("/")
        return self._description["components"][kind][name]

    def _demands(self, operation: Operation, given: Mapping[str, Any]) -> bool:
        """Whether an empty body would be wrong, too: clients send none where every member is optional."""
        return bool(_errors(self._validator(operation, "request", _json_of(given), closed=True), {}))

    def _query(self, operation: Operation, query: Mapping[str, str]) -> Iterable[str]:
        known = {}
        for each in operation.data.get("parameters", []):
            one = self._component(each["$ref"]) if "$ref" in each else each
            if one["in"] == "query":
                known[one["name"]] = one
        for name, value in query.items():
            if name.removesuffix("[]") not in known and name not in known:
                yield f"unknown parameter {name}"
                continue
            schema = (known.get(name) or known[name.removesuffix("[]")]).get("schema", {})
            validator = self._validator(operation, f"query {name}", schema, closed=False)
            yield from (f"parameter {name}: {each}" for each in _errors(validator, _typed(value, schema)))
        yield from (
            f"parameter {name} is missing" for name, one in known.items() if one.get("required") and name not in query
        )

    def _validator(
        self, operation: Operation, what: str, schema: Any, *, closed: bool
    ) -> jsonschema_rs.Draft4Validator | None:
        if what not in operation.validators:
            operation.validators[what] = None if schema is None else self._compiled(schema, closed=closed)
        return operation.validators[what]

    def _compiled(self, schema: Any, *, closed: bool) -> jsonschema_rs.Draft4Validator:
        usable = _json_schema(schema)
        components = self._components
        if closed:
            usable, components = _closed(usable), _closed(components)
        return jsonschema_rs.Draft4Validator({"allOf": [usable], "components": components}, validate_formats=True)


def _pattern(template: str) -> re.Pattern[str]:
    # The last variable may hold slashes: paths of files, refs such as heads/a/b.
    parts = re.split(r"\{(\w+)\}", template)
    spelt = [re.escape(part) if n % 2 == 0 else "[^/]+" for n, part in enumerate(parts)]
    if parts[-1] == "" and parts[-2] in ("path", "ref", "basehead"):
        spelt[-2] = ".+"
    return re.compile("".join(spelt))


def _json_of(described: Mapping[str, Any]) -> Any:
    return next((each["schema"] for kind, each in described.get("content", {}).items() if "json" in kind), None)


def _json_schema(value: Any) -> Any:
    """A schema of OpenAPI 3.0 as one of JSON Schema: `nullable` is the only word that has to be put differently."""
    if isinstance(value, list):
        return [_json_schema(each) for each in value]
    if not isinstance(value, dict):
        return value
    rest = {key: _json_schema(each) for key, each in value.items() if key != "nullable" or isinstance(each, dict)}
    return {"anyOf": [rest, {"type": "null"}]} if value.get("nullable") is True else rest


def _closed(value: Any) -> Any:
    if isinstance(value, list):
        return [_closed(each) for each in value]
    if not isinstance(value, dict):
        return value
    rest = {key: _closed(each) for key, each in value.items()}
    if isinstance(value.get("properties"), dict) and isinstance(value.get("type"), str):
        rest.setdefault("additionalProperties", False)
    return rest


def _typed(value: str, schema: Mapping[str, Any]) -> object:
    if schema.get("type") == "integer":
        return int(value) if re.fullmatch(r"-?\d+", value) else value
    if schema.get("type") == "boolean":
        return {"true": True, "false": False}.get(value, value)
    if schema.get("type") == "array":
        return [value]
    return unquote(value)


def _errors(validator: jsonschema_rs.Draft4Validator | None, body: object) -> list[str]:
    if validator is None:
        return []
    return [
        f"{'/'.join(str(part) for part in error.instance_path) or 'the body'}: {_sentence(error)}"
        for error in validator.iter_errors(body)
    ]


def _sentence(error: jsonschema_rs.ValidationError) -> str:
    """Limits are put as GitHub puts them, all else as the validator does."""
    kinds = {"maxItems": "items", "maxLength": "characters"}
    what = kinds.get(error.kind.name)
    if what is None or not isinstance(error.instance, str | list):
        return error.message if len(error.message) < 400 else f"{error.message[:200]} … {error.message[-200:]}"
    limit = error.kind.as_dict()["limit"]
    start = f"No more than {limit}" if what == "items" else f"Only {limit}"
    return f"{start} {what} are allowed; {len(error.instance)} were supplied."
