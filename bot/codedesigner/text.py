"""The one user of jinja2, and the way to files that are shipped beside the code."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Environment

_PACKAGE = Path(__file__).parent


@cache
def resource(name: str) -> Path:
    """The path of a shipped file or folder, such as `angles.yaml` or `templates`.

    A wheel carries them inside the package; a checkout has them at its top.

    Raises:
        FileNotFoundError: the installation is incomplete.
    """
    for candidate in (_PACKAGE / "_data" / name, _PACKAGE.parents[1] / name):
        if candidate.exists():
            return candidate
    raise FileNotFoundError(f"{name} is not part of this installation of codedesigner; install it again")


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

    # Markdown and prompts are not HTML: there, escaping is the business of whoever fills the template.
    return Environment(
        loader=FileSystemLoader(resource("templates")),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=select_autoescape(enabled_extensions=("html.j2",), default=False),
    )


def render(name: str, data: Mapping[str, object]) -> str:
    """The template `templates/<name>` filled with `data`; an unknown variable is an error, never an empty string."""
    return _environment().get_template(name).render(data)
