"""The program that parses: one request after another on stdin, one answer each on stdout, until stdin ends.

It is started by path, without site packages, with the folders to import from as arguments. Parsers are native code
that reads hostile text: a request may take all the memory or time there is, or end the process. The limits are set
here, on itself; `parsing` kills what hangs and starts another.

Request: 4 bytes length of the header, the header (JSON: language, size, seconds), then `size` bytes of source.
Answer: 4 bytes length, then JSON: definitions, starts, ends, outermost, broken.
"""

from __future__ import annotations

import gc
import json
import math
import resource
import struct
import sys
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, BinaryIO, Final

if TYPE_CHECKING:
    from tree_sitter import Parser

    from codedesigner.change.walk import Roles

MEMORY_BYTES: Final = 1 << 30
OUT_OF_MEMORY: Final = 7  # exit code
_LENGTH: Final = struct.Struct(">I")


def main(folders: list[str]) -> None:
    """Answer until stdin ends."""
    sys.path[:] = folders + [entry for entry in sys.path if entry not in folders]
    _limit()
    gc.disable()  # trees and nodes form no cycles, and collecting costs a tenth of the time
    loaded: dict[str, tuple[Parser, Roles]] = {}
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    while (header := requests.read(_LENGTH.size)) and len(header) == _LENGTH.size:
        request = json.loads(requests.read(_LENGTH.unpack(header)[0]))
        text = requests.read(request["size"])
        _allow_seconds(request["seconds"])
        language = request["language"]
        if language not in loaded:
            loaded[language] = _load(language)
        _answer(answers, _outline(language, *loaded[language], text))


def _answer(stream: BinaryIO, value: dict[str, object]) -> None:
    data = json.dumps(value, separators=(",", ":")).encode("ascii")
    stream.write(_LENGTH.pack(len(data)) + data)
    stream.flush()


def _limit() -> None:
    for what, amount in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 64),
    ):
        # Some systems know a limit and refuse to set it; the parent's clock still stands.
        with suppress(ValueError, OSError):
            resource.setrlimit(what, (amount, amount))


def _allow_seconds(seconds: float) -> None:
    """Processor time from now on, so that an orphan ends too."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    with suppress(ValueError, OSError):
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(usage.ru_utime + usage.ru_stime + seconds) + 1, hard))


def _load(name: str) -> tuple[Parser, Roles]:
    from tree_sitter import Language, Parser

    from codedesigner.change.grammars import GRAMMARS
    from codedesigner.change.walk import roles_of

    grammar = GRAMMARS[name]
    language = Language(getattr(import_module(grammar.module), grammar.factory)())
    return Parser(language), roles_of(language, grammar)


def _outline(name: str, parser: Parser, kinds: Roles, text: bytes) -> dict[str, object]:
    from codedesigner.change.functions import DefinitionCollector
    from codedesigner.change.grammars import GRAMMARS
    from codedesigner.change.statements import StatementCollector
    from codedesigner.change.walk import DEFINING, STATING, visits

    tree = parser.parse(text)
    definitions = DefinitionCollector(name, GRAMMARS[name], text)
    statements = StatementCollector(text)
    for visit in visits(tree, text, kinds):
        roles = visit[2]
        if roles & DEFINING:
            definitions.visit(visit)
        if roles & STATING:
            statements.visit(visit)
    logical = statements.logical_lines()
    return {
        "definitions": definitions.definitions(),
        "starts": [extent.start for extent in logical],
        "ends": [extent.end for extent in logical],
        "outermost": statements.outermost,
        "broken": tree.root_node.has_error,
    }


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except MemoryError:
        sys.exit(OUT_OF_MEMORY)
