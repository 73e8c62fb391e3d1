"""Locations from templates: variables checked, filled in, and the location's own keys laid over the result.

A variable is named after the field that it fills: `model_id` and `endpoint` belong to `provider`, `temperature` and
`top_p` to `parameters`, `hourly` to `limits`, `name` or `weight` to the location itself. One that is not a field has
to appear in the base as `${name}`; where it is all of a text, its value keeps its type.

`validation` knows two forms, neither of which is a pattern: `low..high` (either end may be missing) bounds a number,
or the length of a text; `a|b|c` lists what is allowed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, get_args, get_origin

from codedesigner.config.layers import merge
from codedesigner.config.problems import Loc, did_you_mean, nearest
from codedesigner.config.shape import leaves
from codedesigner.config.yamlfile import Value
from codedesigner.location.spec import LocationSpec, LocationTemplate, TemplateVariable

_SLOT = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_RANGE = re.compile(r"(-?\d+(?:\.\d+)?)?\.\.(-?\d+(?:\.\d+)?)?", re.ASCII)


def _fills(annotation: object) -> bool:
    # A variable is a text, a number, true or false: it does not fill a list or a mapping.
    origin = get_origin(annotation)
    if origin is Annotated:
        return _fills(get_args(annotation)[0])
    return origin not in (dict, tuple, list)


_FIELDS: dict[str, Loc] = {
    str(loc[-1]): loc for loc, annotation in leaves(LocationSpec) if loc != ("id",) and _fills(annotation)
}


@dataclass(frozen=True, slots=True)
class VariableProblem:
    """Something wrong with the value of a variable, or (in a template) with the variable itself."""

    variable: str
    message: str
    hint: str | None = None


def template_problems(template: LocationTemplate) -> tuple[VariableProblem, ...]:
    """Everything that is wrong with a template before anything is made from it."""
    slots = set(_slots_in(template.base))
    found: list[VariableProblem] = []
    for name, variable in template.variables.items():
        if name not in _FIELDS and name not in slots:
            message = "is neither a location's field nor used in the base"
            hint = did_you_mean(name, [*_FIELDS, *slots])
            found.append(VariableProblem(name, message, f"{hint} or write ${{{name}}} in the base"))
        found += _grammar_problems(name, variable)
    for name in sorted(slots - set(template.variables)):
        near = nearest(name, template.variables)
        hint = f"did you mean {near}?" if near else f"add {name} to the variables, or write its value into the base"
        found.append(VariableProblem(name, f"the base uses ${{{name}}}, which is not a variable", hint))
    return tuple(found)


def value_problems(template: LocationTemplate, given: Mapping[str, Value]) -> tuple[VariableProblem, ...]:
    """Everything that is wrong with the values for a template's variables. No value is repeated in a message."""
    found = [
        VariableProblem(name, "is not a variable of this template", did_you_mean(name, template.variables))
        for name in given
        if name not in template.variables
    ]
    for name, variable in template.variables.items():
        if name in given:
            found += _value_problems(name, variable, given[name])
        elif variable.required and variable.default is None:
            found.append(VariableProblem(name, "is required by the template", f"add it: with: {{{name}: …}}"))
    return tuple(found)


def fill(template: LocationTemplate, given: Mapping[str, Value], own: Mapping[str, Value]) -> dict[str, Value]:
    """A location's values: the base, its variables (their values have been checked), and over it the own keys."""
    values: dict[str, Value] = {
        name: given.get(name, _plain(variable.default)) for name, variable in template.variables.items()
    }
    filled = _filled(_plain(dict(template.base)), values)
    tree = filled if isinstance(filled, dict) else {}
    for name, value in values.items():
        if name in _FIELDS and value is not None:
            leaf: Value = value
            for part in reversed(_FIELDS[name]):
                leaf = {str(part): leaf}
            tree = merge(tree, leaf) if isinstance(leaf, dict) else tree
    return merge(tree, own)


def _grammar_problems(name: str, variable: TemplateVariable) -> list[VariableProblem]:
    rule = variable.validation
    if rule is not None:
        bounds = _RANGE.fullmatch(rule)
        if bounds is None and (".." in rule or "|" not in rule or "" in rule.split("|")):
            hint = "write a range such as 0..2, or a choice such as a|b|c"
            return [VariableProblem(name, "validation is not understood", hint)]
        if bounds is not None and not any(bounds.groups()):
            return [VariableProblem(name, "validation has a range without ends", "write 0..2, 0.. or ..2")]
        if variable.type == "boolean":
            return [VariableProblem(name, "validation says nothing about a boolean", "remove it")]
    if variable.default is not None:
        return [
            VariableProblem(name, f"default {problem.message}", problem.hint)
            for problem in _value_problems(name, variable, _plain(variable.default))
        ]
    return []


def _value_problems(name: str, variable: TemplateVariable, value: Value) -> list[VariableProblem]:
    fits = {
        "string": isinstance(value, str),
        "number": isinstance(value, int | float) and not isinstance(value, bool),
        "boolean": isinstance(value, bool),
    }
    if not fits[variable.type]:
        words = {"string": "text", "number": "a number", "boolean": "true or false"}
        advice = {"string": "put it in quotes", "number": "write it without quotes", "boolean": "write true or false"}
        return [VariableProblem(name, f"must be {words[variable.type]}", advice[variable.type])]
    rule = variable.validation
    if rule is None:
        return []
    bounds = _RANGE.fullmatch(rule)
    if bounds is None:
        choices = rule.split("|")
        near = did_you_mean(str(value), choices)
        return [] if str(value) in choices else [VariableProblem(name, f"must be one of {', '.join(choices)}", near)]
    low, high = bounds.groups()
    size = len(value) if isinstance(value, str) else value
    if isinstance(size, int | float) and (size < float(low or "-inf") or size > float(high or "inf")):
        what = "must have a length" if isinstance(value, str) else "must be"
        return [VariableProblem(name, f"{what} in {rule}", "so says the template's `validation`; change either")]
    return []


def _slots_in(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield from _SLOT.findall(value)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _slots_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from _slots_in(item)


def _filled(value: Value, values: Mapping[str, Value]) -> Value:
    if isinstance(value, dict):
        return {key: _filled(item, values) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, values) for item in value]
    if not isinstance(value, str):
        return value
    whole = _SLOT.fullmatch(value)
    if whole is not None:
        return values.get(whole[1])
    return _SLOT.sub(lambda slot: _text(values.get(slot[1])), value)


def _text(value: Value) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def _plain(value: object) -> Value:
    """JSON from a model as plain values."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, str | int | float):
        return value
    raise TypeError(f"{type(value).__name__} is not JSON")
