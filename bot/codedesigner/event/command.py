"""The commands that people type in comments. Pure: the text of a comment in, a command or nothing out.

A command is the whole first line, with nothing before it: neither text that quotes one, nor a code block, nor a reply
that repeats the bot can hold it there by accident. No command takes an option, so none can change the configuration.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import get_args

from codedesigner.event.model import Command

WORD = "/codedesigner"
LONGEST_LINE = 1_000  # characters; a longer first line is no command

_LINE = re.compile(rf"{WORD}(?:[ \t]+(\S+)(?:[ \t]+(.*?))?)?[ \t]*\r?")
_FINDING = re.compile(r"F[1-9]\d{0,5}")
_COMMANDS: dict[str, Command] = {word: word for word in get_args(Command)}


@dataclass(frozen=True, slots=True)
class Typed:
    """A first line that begins with `/codedesigner`. `command` None: the word behind it, `argument`, is unknown."""

    command: Command | None
    argument: str = ""


@dataclass(frozen=True, slots=True)
class Dismissal:
    """The argument of `dismiss`: which finding, and why."""

    finding: str
    reason: str


def typed(body: str) -> Typed | None:
    """The command in a comment; None where there is none."""
    line = body.split("\n", 1)[0]
    found = _LINE.fullmatch(line) if len(line) <= LONGEST_LINE else None
    if found is None:
        return None
    word, argument = found.group(1) or "help", found.group(2) or ""
    command = _COMMANDS.get(word)
    return Typed(None, word) if command is None else Typed(command, argument)


def wrong_argument(command: Command, argument: str) -> str | None:
    """What is wrong with the argument, in a sentence; None where nothing is."""
    if command == "recheck":
        return None if argument in ("", "full") else "`recheck` takes nothing, or `full`."
    if command == "dismiss":
        return (
            None if dismissal(argument) else "`dismiss` takes a finding and a reason: `dismiss F3 the input is ours`."
        )
    if command == "explain":
        return None if _FINDING.fullmatch(argument) else "`explain` takes a finding: `explain F3`."
    if command == "override":
        return None if argument else "`override` takes a reason."
    return None if argument == "" else f"`{command}` takes nothing."


def dismissal(argument: str) -> Dismissal | None:
    """What `dismiss` is to dismiss, and why; None where either is missing."""
    finding, _, reason = argument.partition(" ")
    reason = reason.strip()
    return Dismissal(finding, reason) if _FINDING.fullmatch(finding) and reason else None
