"""The laws of the house, read from the source: rooms, edges, pure rooms, sizes."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "bot" / "codedesigner"


def words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


# Data goes down this list; an import may only point up.
ROOMS = words(
    "errors severity text config event change angle plan protocol call run pool location vote publish forge state"
    " planning stages asking docket fixing blessing review assembly pullrequest evaluation service commands ci cli"
    " __main__"
)

OUTSIDE = frozenset(
    words(
        "subprocess socket ssl http urllib httpx aiohttp sqlite3 multiprocessing pty asyncio.subprocess"
        " concurrent.futures github gitlab psycopg sqlalchemy smtplib ftplib ctypes"
    )
)
OUTSIDE_CALLS = frozenset(
    words(
        "os.system os.popen os.fork os.execv os.execvp os.posix_spawn os.spawnv os.kill"
        " asyncio.create_subprocess_exec asyncio.create_subprocess_shell asyncio.open_connection"
    )
)
EDGES = frozenset({"location", "forge", "state", "service"})
SIBLINGS = EDGES - {"service"}  # the service composes the others
# git is read here, and parsers run in children that can be killed.
EDGE_FILES = frozenset({"change/git.py", "change/gitprocess.py", "change/parsing.py"})
# These take no part in the network although they use a standard module of it.
HARMLESS = frozenset({"urllib.parse", "http.HTTPStatus"})

PURE = frozenset({"plan", "vote", "angle", "publish", "event", "call", "evaluation"})
IMPURE = OUTSIDE | {"os", "io", "shutil", "tempfile", "time", "random", "threading", "sys", "logging"}
FILE_CALLS = frozenset(
    words(
        "open read_text read_bytes write_text write_bytes unlink mkdir exists is_file is_dir iterdir rglob stat resolve"
    )
)
CLOCKS = frozenset({"now", "utcnow", "today"})

MOST_LINES = 400
MOST_FUNCTION_LINES = 60

# The one handler at the top turns what nobody expected into a report.
CATCH_ALL = frozenset({"cli.py"})


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


FILES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")
IN_PURE = [path for path in FILES if room_of(path) in PURE]
IN_SIBLINGS = [path for path in FILES if room_of(path) in SIBLINGS]


def each_of(paths: Sequence[Path]) -> Callable[[Callable[[Path], None]], Callable[[], None]]:
    """One test for all the files, that names each file which breaks the law."""

    def over(law: Callable[[Path], None]) -> Callable[[], None]:
        def test() -> None:
            broken = {}
            for path in paths:
                try:
                    law(path)
                except AssertionError as error:
                    broken[name_of(path)] = str(error)
            assert paths
            assert not broken, "\n".join(f"{name}: {why}" for name, why in broken.items())

        return test

    return over


every_file, every_pure_file = each_of(FILES), each_of(IN_PURE)


def imported(path: Path) -> set[str]:
    """Dotted names of everything imported anywhere in the file, functions and type-checking blocks included."""
    package = ("codedesigner", *path.relative_to(PACKAGE).parent.parts)
    names: set[str] = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            head = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join((*head, *filter(None, [node.module])))
            names |= {f"{base}.{alias.name}" for alias in node.names}
    return names


def touches(names: set[str], modules: frozenset[str]) -> set[str]:
    """Those names that are one of the modules or lie inside one."""
    return {
        name
        for name in names - HARMLESS
        if not any(name.startswith(f"{harmless}.") for harmless in HARMLESS)
        and any(name == module or name.startswith(f"{module}.") for module in modules)
    }


@cache
def calls(path: Path) -> tuple[str, ...]:
    return tuple(ast.unparse(node.func) for node in ast.walk(tree(path)) if isinstance(node, ast.Call))


def rooms_below(path: Path) -> set[str]:
    here = ROOMS.index(room_of(path))
    used = {name.split(".")[1] for name in imported(path) if name.startswith("codedesigner.")}
    return {room for room in used & set(ROOMS) if ROOMS.index(room) > here}


def test_every_room_has_its_place() -> None:
    assert {room_of(path) for path in FILES} <= set(ROOMS)


@every_file
def test_imports_only_point_up(path: Path) -> None:
    assert rooms_below(path) == set()


@each_of(IN_SIBLINGS)
def test_edges_do_not_know_each_other(path: Path) -> None:
    used = {name.split(".")[1] for name in imported(path) if name.startswith("codedesigner.")}
    assert (used & SIBLINGS) - {room_of(path)} == set()


@every_file
def test_only_the_edges_touch_the_outside(path: Path) -> None:
    if room_of(path) in EDGES or name_of(path) in EDGE_FILES:
        return
    assert touches(imported(path), OUTSIDE) | (set(calls(path)) & OUTSIDE_CALLS) == set()


@every_pure_file
def test_pure_rooms_have_no_way_out(path: Path) -> None:
    reached = {call for call in calls(path) if call.split(".")[-1] in FILE_CALLS | CLOCKS}
    assert touches(imported(path), IMPURE) | reached == set()


@every_file
def test_files_are_one_idea(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= MOST_LINES


@every_file
def test_functions_fit_on_a_screen(path: Path) -> None:
    functions = (node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    lengths = {node.name: (node.end_lineno or node.lineno) - node.lineno + 1 for node in functions}
    assert {name: length for name, length in lengths.items() if length > MOST_FUNCTION_LINES} == {}


@every_file
def test_nothing_is_printed_past_the_reports(path: Path) -> None:
    assert [call for call in calls(path) if call in {"print", "builtins.print"}] == []


def broad(handler: ast.ExceptHandler) -> bool:
    """Whether it catches what nobody named, and does not pass it on."""
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    names = {ast.unparse(each) if each is not None else "BaseException" for each in caught}
    passed_on = any(isinstance(node, ast.Raise) and node.exc is None for node in handler.body)
    return bool(names & {"Exception", "BaseException"}) and not passed_on


@every_file
def test_every_caught_exception_is_named(path: Path) -> None:
    if name_of(path) in CATCH_ALL:
        return
    handlers = (node for node in ast.walk(tree(path)) if isinstance(node, ast.ExceptHandler))
    assert [node.lineno for node in handlers if broad(node)] == []


@every_file
def test_public_things_say_what_they_are(path: Path) -> None:
    if not path.read_text(encoding="utf-8").strip():
        return
    defined = [
        node
        for node in tree(path).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith("_")
    ]
    assert ast.get_docstring(tree(path)) is not None
    assert [node.name for node in defined if ast.get_docstring(node) is None] == []


@pytest.mark.parametrize(
    ("source", "caught"),
    [
        ("try: f()\nexcept Exception: pass", True),
        ("try: f()\nexcept: pass", True),
        ("try: f()\nexcept (OSError, BaseException) as e: log(e)", True),
        ("try: f()\nexcept BaseException:\n    undo()\n    raise", False),
        ("try: f()\nexcept OSError: pass", False),
    ],
)
def test_a_broad_handler_is_recognised(source: str, caught: bool) -> None:
    handlers = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ExceptHandler)]
    assert [broad(node) for node in handlers] == [caught]


def test_a_name_inside_a_forbidden_module_is_recognised() -> None:
    names = {"subprocess.run", "os.path", "urllib.parse.quote", "urllib.request.urlopen", "ospray"}
    assert touches(names, frozenset({"subprocess", "os", "urllib"})) == {
        "subprocess.run",
        "os.path",
        "urllib.request.urlopen",
    }
