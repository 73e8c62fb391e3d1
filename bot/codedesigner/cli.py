"""The command line: parse, wire, exit code. Sub-commands are imported when they are used."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn

import click

from codedesigner import __version__
from codedesigner.errors import CodedesignerError

INTERRUPTED = 130
INTERNAL = 4

# name -> (module, attribute, one line of help); the help stands here so that `--help` imports none of them
COMMANDS: dict[str, tuple[str, str, str]] = {
    "review": ("codedesigner.commands.review", "review", "Review a change and say whether it may be merged."),
    "replay": ("codedesigner.commands.replay", "replay", "Report once more on a review that was recorded."),
    "plan": ("codedesigner.commands.plan", "plan", "Show what a review would ask, of whom, and what it would cost."),
    "ci": ("codedesigner.ci", "ci", "Do what the CI event asks for (GitHub Actions, GitLab CI)."),
    "worker": ("codedesigner.commands.service", "worker", "Work for `serve`, on the same database."),
    "serve": ("codedesigner.commands.service", "serve", "Take webhooks, review what they ask for, and show it."),
    "eval": ("codedesigner.commands.eval", "evaluate", "Measure reviewers, and votes of them, on labelled reviews."),
    "outcome": ("codedesigner.commands.outcome", "outcome", "Tell what became of findings, for votes to weigh by."),
    "doctor": ("codedesigner.commands.doctor", "doctor", "Check that everything that a review asks can be asked."),
    "init": ("codedesigner.commands.init", "init", "Write a starting configuration and the forge's workflow file."),
    "explain": ("codedesigner.commands.config", "explain", "Show the configuration that applies to one file."),
    "angles": ("codedesigner.commands.config", "angles", "List, show or validate angles."),
    "locations": ("codedesigner.commands.config", "locations", "List, show or validate locations."),
    "tools": ("codedesigner.commands.tools", "tools", "List or show what may be looked up during a review."),
    "schema": ("codedesigner.commands.config", "schema", "Print a JSON Schema for editors and other programs."),
}


class LazyGroup(click.Group):
    """A group that imports a sub-command when it is called, so that `--version` stays instant."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, attribute, _ = COMMANDS[cmd_name]
        command = getattr(import_module(module), attribute)
        assert isinstance(command, click.Command)  # noqa: S101 -- COMMANDS is ours; a test walks it
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        from difflib import get_close_matches

        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            near = get_close_matches(name, COMMANDS, n=1)
            ctx.fail(f"No such command '{name}'." + (f" Did you mean '{near[0]}'?" if near else ""))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, _, text) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="codedesigner")
def app() -> None:
    """Several independent reviewers look at a change; every finding is put to the vote.

    Exit codes: 0 the gate passed, 1 it failed, 2 usage or configuration error, 3 inconclusive, 4 internal error,
    130 interrupted.
    """


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code. Expected errors are one line and a hint, unexpected ones a report."""
    try:
        result = app.main(args=arguments, prog_name="codedesigner", standalone_mode=False)
    except click.exceptions.Exit as exit_:
        return exit_.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return INTERRUPTED
    except CodedesignerError as error:
        click.echo(f"error: {error}", err=True)
        if error.hint:
            click.echo(f"help: {error.hint}", err=True)
        return error.exit_code
    except BrokenPipeError:
        # The reader of our output has gone; Python would complain again when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # noqa: BLE001 -- the one handler at the top: a bug becomes a report and exit code 4
        _report_bug(error)
        return INTERNAL
    return result if isinstance(result, int) else 0


def _report_bug(error: BaseException) -> None:
    import platform
    import traceback

    click.echo(
        "\n".join(
            [
                f"error: codedesigner has a bug: {type(error).__name__}: {error}",
                "help: nothing was decided about the change; please open an issue with the text below",
                "",
                f"codedesigner {__version__}, Python {platform.python_version()}, {platform.platform()}",
                *traceback.format_exception(error),
            ]
        ),
        err=True,
    )


def main() -> NoReturn:
    """The console script."""
    sys.exit(run())
