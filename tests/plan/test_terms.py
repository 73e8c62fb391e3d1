"""Terms that come from the change itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codedesigner.change.languages import language_of
from codedesigner.change.model import FileChange, Hunk, Line, UnitKind, encode, split_lines
from codedesigner.change.units import find_units
from codedesigner.plan.inputs import Term, same_terms
from codedesigner.plan.target import Target, targets_of
from codedesigner.plan.terms import (
    ABOUT_POINT,
    MOST_FUNCTIONS,
    ChangeTerms,
    TermLimits,
    both,
    terms_of_change,
)

NONE = TermLimits(0, 0)


def added(path: str, text: str, old: str = "") -> FileChange:
    """A file with new lines behind the old ones."""
    before = len(split_lines(old))
    lines = tuple(Line("added", None, n, line) for n, line in enumerate(split_lines(text), start=before + 1))
    hunk = Hunk(before, 0, before + 1, len(lines), "", lines)
    return FileChange(
        path,
        None,
        "modified" if old else "added",
        False,
        len(lines),
        0,
        (hunk,),
        old=encode(old),
        new=encode(old + text),
    )


def found(
    files: Mapping[str, str], description: str = "", limits: TermLimits | None = None, old: str = ""
) -> tuple[ChangeTerms, dict[str, Sequence[Term]]]:
    """All terms, and those of each target by its name."""
    changes = [added(path, text, old) for path, text in files.items()]
    targets = targets_of(find_units(changes), changes)
    terms = terms_of_change(targets, changes, description, limits=limits or TermLimits(), angle="correctness")
    return terms, {target.unit.name: terms.of(target) for target in targets if terms.of(target)}


def texts(terms: Mapping[str, Sequence[Term]]) -> dict[str, list[str]]:
    return {name: [term.text for term in each] for name, each in terms.items()}


LOADING = "def load_cart(path, retries=3):\n    return path\n\n\n"


def test_a_new_function_is_asked_about_where_it_is_used() -> None:
    _, terms = found({"a.py": f"{LOADING}def show():\n    load_cart('x')\n", "b.py": "def other():\n    pass\n"})
    assert texts(terms) == {"show": ["load_cart"]}
    (term,) = terms["show"]
    assert term.angles == frozenset({"correctness"})
    assert term.question is not None
    assert term.question.endswith("\n\n> `def load_cart(path, retries=3)` in a.py")


def test_a_parameter_is_asked_about_where_it_is_given_by_name_to_its_function() -> None:
    body = "def show():\n    load_cart('x', retries=2)\n\n\ndef far():\n    retries = 1\n    return retries\n"
    _, terms = found({"a.py": LOADING + body})
    assert texts(terms) == {"show": ["load_cart", "retries"]}


@pytest.mark.parametrize(
    ("path", "text", "name"),
    [
        ("a.py", "LIMIT_MS = 50\n\n\ndef wait():\n    sleep(LIMIT_MS)\n", "LIMIT_MS"),
        ("a.ts", "export const limitMs = 50;\n\nfunction wait() {\n  sleep(limitMs);\n}\n", "limitMs"),
        ("a.go", "package a\n\nconst LimitMs = 50\n\nfunc Wait() {\n\tsleep(LimitMs)\n}\n", "LimitMs"),
        ("a.c", "#define LIMIT_MS 50\n\nvoid wait_for(void) {\n  sleep(LIMIT_MS);\n}\n", "LIMIT_MS"),
        ("a.rs", "pub const LIMIT_MS: u32 = 50;\n\nfn wait() {\n    sleep(LIMIT_MS);\n}\n", "LIMIT_MS"),
    ],
)
def test_a_constant_is_asked_about(path: str, text: str, name: str) -> None:
    assert language_of(path) is not None
    _, terms = found({path: text})
    assert [each.text for terms_ in terms.values() for each in terms_] == [name]


@pytest.mark.parametrize(
    "text",
    [
        "def load_cart():\n    return load_cart\n",  # used by itself alone
        "def load_cart():\n    pass\n\n\ndef f():\n    'load_cart'  # load_cart\n",  # not code
        "def f():\n    x = 1\n\n\ndef g():\n    f()\n",  # a name too short
        "import load_cart\n\n\ndef f():\n    load_cart()\n",  # not defined here
    ],
)
def test_what_is_no_new_name_that_others_use(text: str) -> None:
    assert found({"a.py": text})[1] == {}


def test_tests_are_not_asked_about_names() -> None:
    _, terms = found({"a.py": LOADING, "tests/test_a.py": "def test_it():\n    load_cart('x')\n"})
    assert terms == {}


def test_a_name_that_was_there_before_is_not_new() -> None:
    assert found({"a.py": f"{LOADING}def show():\n    load_cart('x')\n"}, old="# load_cart and retries\n")[1] == {}


CART = {
    "src/cart.py": "def load_cart(path):\n    return read(path)\n\n\ndef round_total(cents):\n    return cents\n",
    "src/page.py": "def draw(page):\n    return page\n",
}


def test_a_point_is_asked_about_where_it_shares_words() -> None:
    described = "- totals are rounded to cents\n- `load_cart` reads any path\n- nothing here is shared\n"
    _, terms = found(CART, described, TermLimits(names=0))
    assert texts(terms) == {
        "round_total": ["totals are rounded to cents"],
        "load_cart": ["`load_cart` reads any path"],
    }
    assert terms["load_cart"][0].question == ABOUT_POINT


def test_what_the_limits_leave_out_is_said() -> None:
    many = "".join(f"def name_{n}():\n    pass\n\n\n" for n in range(4))
    users = "".join(
        f"def user_{n}():\n    {'; '.join(f'name_{k}()' for k in range(4))}\n\n\n" for n in range(MOST_FUNCTIONS + 2)
    )
    described = "- `name_0` is quick to end\n- `name_1` is quick to end\n- `name_2` is quick\n"
    terms, by_name = found({"a.py": many + users}, described, TermLimits(names=1, points=2))

    assert {text for each in texts(by_name).values() for text in each} == {
        "name_0",
        "`name_0` is quick to end",
        "`name_1` is quick to end",
    }
    assert terms.left_out == (
        "2 further functions not asked: name_0",
        "3 new names of the change not asked about: the limit is 1",
        "3 further functions not asked: `name_0` is quick to end",
        "3 further functions not asked: `name_1` is quick to end",
        "1 point of the change not asked about: the limit is 2",
    )


def test_nothing_is_asked_where_nothing_may_be() -> None:
    terms, by_name = found(CART, "- `load_cart` must read the path\n", NONE)
    assert by_name == {}
    assert terms.left_out == ()


def test_what_was_deleted_is_not_asked_about() -> None:
    text = "def load_cart():\n    pass\n\n\ndef show():\n    load_cart()\n"
    lines = tuple(Line("removed", n, None, line) for n, line in enumerate(split_lines(text), start=1))
    file = FileChange("a.py", None, "deleted", False, 0, 6, (Hunk(1, 6, 0, 0, "", lines),), old=encode(text))
    targets = targets_of(find_units([file]), [file])
    assert (
        terms_of_change(targets, [file], "- `show` must load the cart", limits=TermLimits(), angle="x").by_target == {}
    )


def test_configured_terms_win_over_those_of_the_change() -> None:
    target = _target("f")
    change = ChangeTerms({target.identity: (Term("a", None, "of the change"), Term("b", None, "q"))})
    terms = both(same_terms([Term("a", None, "configured"), Term("c")]), change.of)
    assert [(term.text, term.question) for term in terms(target)] == [("a", "configured"), ("b", "q"), ("c", None)]
    assert change.questions == {"a": "of the change", "b": "q"}


def _target(name: str, kind: UnitKind = "function") -> Target:
    file = added("a.py", f"def {name}():\n    pass\n")
    (target,) = targets_of(find_units([file]), [file])
    assert target.unit.kind == kind
    return target


WORDS = st.sampled_from(["load", "cart", "total", "must", "round", "`load_cart`", "save_cart", "-", "\n", "\n- ", "."])


@settings(max_examples=60, deadline=None)
@given(st.lists(WORDS, max_size=60).map(" ".join), st.integers(0, 3), st.integers(0, 3))
def test_bounds_hold_and_the_same_change_gives_the_same_terms(described: str, names: int, points: int) -> None:
    changes = [added(path, text) for path, text in SOURCES.items()]
    limits = TermLimits(names, points)
    first = terms_of_change(TARGETS, changes, described, limits=limits, angle="a")
    assert first == terms_of_change(TARGETS, changes, described, limits=limits, angle="a")
    every = [(term.text, term.question) for terms in first.by_target.values() for term in terms]
    assert len({text for text, question in every if question == ABOUT_POINT}) <= points
    assert len({text for text, question in every if question != ABOUT_POINT}) <= names
    assert all("\n" not in text for text, _ in every)


SOURCES = {
    "src/cart.py": "".join(f"def {verb}_cart(path):\n    return path\n\n\n" for verb in ("load", "save", "round")),
    "src/use.py": "".join(f"def use_{n}():\n    load_cart(1); save_cart({n})\n\n\n" for n in range(12)),
}
_CHANGES = [added(path, text) for path, text in SOURCES.items()]
TARGETS = targets_of(find_units(_CHANGES), _CHANGES)
