"""What tools are asked with: checked before anything is done, every refusal names its argument."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Annotated, TypeVar

from pydantic import AfterValidator, Field, JsonValue, StringConstraints, ValidationError
from pydantic_core import ErrorDetails

from codedesigner.change.worktree import inside
from codedesigner.config.problems import did_you_mean, dotted
from codedesigner.config.shape import Closed, keys_of
from codedesigner.config.wording import describe
from codedesigner.run.tools.base import ArgumentError, Side
from codedesigner.run.tools.shown import clean

LONGEST_PATH = 1000
LONGEST_PATTERN = 200

_Given = TypeVar("_Given", bound=Closed)


def _seen(text: str) -> str:
    if clean(text) != text:
        raise ValueError("must hold no control or invisible characters; write them as results show them, such as \\x0a")
    return text


def _file(path: str) -> str:
    if not inside(_seen(path)) or path.endswith("/") or path == ".":
        raise ValueError("must be the path of a file from the top of the repository, without `..` and `.git`")
    return str(PurePosixPath(path))


def _place(path: str) -> str:
    if path in ("", ".", "./"):
        return ""
    if not inside(_seen(path)):
        raise ValueError("must be a path from the top of the repository, without `..` and `.git`")
    return str(PurePosixPath(path))


def _name(name: str) -> str:
    name = name.replace("::", ".").removesuffix("()")
    if any(char.isspace() for char in _seen(name)) or not name.strip(".") or name.endswith("."):
        raise ValueError("must be a name such as `total` or `Cart.total`")
    return name


_Path = Annotated[str, StringConstraints(max_length=LONGEST_PATH)]
FilePath = Annotated[_Path, AfterValidator(_file), Field(description="The file, from the top of the repository.")]
Place = Annotated[_Path, AfterValidator(_place), Field(description="Only this file, or what is below this folder.")]
At = Annotated[Side, Field(description="The commit: `head` after the change, `base` before it.")]
Name = Annotated[
    str,
    StringConstraints(min_length=1, max_length=LONGEST_PATTERN),
    AfterValidator(_name),
    Field(description="A name, such as `total` or `Cart.total`."),
]
Pattern = Annotated[
    str,
    StringConstraints(min_length=1, max_length=LONGEST_PATTERN),
    AfterValidator(_seen),
    Field(description="The text to look for."),
]


def read_arguments(model: type[_Given], given: Mapping[str, JsonValue]) -> _Given:
    """What was given, as the model has it. A null counts as not given, 3.0 as 3.

    Raises:
        ArgumentError: something is missing, unknown, or not what it has to be.
    """
    plain = {key: _whole(value) for key, value in given.items() if value is not None}
    try:
        return model.model_validate(plain)
    except ValidationError as error:
        details = sorted(error.errors(), key=lambda detail: dotted(detail["loc"]))
        said = "; ".join(_told(model, detail) for detail in details[:5])
        raise ArgumentError(said, clean(dotted(details[0]["loc"]))[:60]) from error


def _whole(value: JsonValue) -> JsonValue:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _told(model: type[Closed], detail: ErrorDetails) -> str:
    name = clean(dotted(detail["loc"]))[:60]
    if not name:
        return clean(str(detail.get("ctx", {}).get("error", detail["msg"])))
    if detail["type"] == "extra_forbidden":
        return f"{name} is not an argument of this tool ({did_you_mean(name, keys_of(model))})"
    if detail["type"] == "missing":
        return f"{name} is missing"
    if detail["type"] == "string_unicode":
        return f"{name} must be text without lone surrogates"
    return f"{name} {describe(detail, None)[0]}"
