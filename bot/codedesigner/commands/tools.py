"""`codedesigner tools list | show | validate`: what may be looked up during a review."""

from __future__ import annotations

import click

_FORMAT = click.option(
    "--format", "output_format", type=click.Choice(["text", "json"]), default="text", show_default=True
)


@click.group()
def tools() -> None:
    """The read-only tools that a supervisor may ask for."""


@tools.command("list")
@_FORMAT
def list_tools(output_format: str) -> None:
    """All tools, with what each is for."""
    import json

    from codedesigner.run.tools.registry import ToolRegistry

    known = ToolRegistry().tools
    if output_format == "json":
        click.echo(json.dumps([{"tool_name": name, "summary": doc.summary} for name, doc in known.items()], indent=2))
        return
    width = max(map(len, known))
    for name, doc in known.items():
        click.echo(f"{name:<{width}}  {doc.summary}")


@tools.command("show")
@click.argument("name")
@_FORMAT
def show_tool(name: str, output_format: str) -> None:
    """The documentation of one tool."""
    import json

    from codedesigner.run.tools.registry import ToolRegistry

    doc = ToolRegistry().load(name)
    if output_format == "text":
        click.echo(doc.full_text, nl=False)
        return
    shown = {
        "tool_name": doc.tool_name,
        "summary": doc.summary,
        "sections": dict(doc.sections),
        "full_text": doc.full_text,
    }
    click.echo(json.dumps(shown, indent=2, ensure_ascii=False))


@tools.command("validate")
def validate_tools() -> None:
    """Check that every tool has its documentation, and all documentation its tool."""
    from codedesigner.errors import ConfigError
    from codedesigner.run.tools.registry import ToolRegistry
    from codedesigner.run.tools.shipped import TOOLS

    registry = ToolRegistry()
    try:
        documented = set(registry.tools)
    except ValueError as error:
        raise ConfigError(str(error), hint="install codedesigner again") from error
    apart = sorted(documented ^ TOOLS.keys())
    if apart:
        raise ConfigError(
            f"no tool and documentation together: {', '.join(apart)}", hint="a tool is NAME.py with NAME.md beside it"
        )
    click.echo(f"tools: {len(documented)} tools, valid")
