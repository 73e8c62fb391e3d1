from __future__ import annotations

import time
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from codedesigner.config.yamlfile import MAX_BYTES, read_file, read_scalar, read_yaml
from codedesigner.errors import ConfigError


def refusal(text: str, *, pure: bool = False) -> str | None:
    """What is said about a text that is refused."""
    try:
        read_yaml(text, "f", pure=pure)
    except ConfigError as error:
        return str(error)
    return None


both_parsers = pytest.mark.parametrize("pure", [False, True], ids=["libyaml", "python"])


@both_parsers
def test_T_SEC_53_values_keep_what_was_written(pure: bool) -> None:
    text = """
a: no
b: on
c: 012
d: 12:30:00
e: 1e3
f: 2026-01-01
g: 1_000
h: true
i: 7
j: 0.5
k: ~
l:
m: "true"
n: 'null'
o: |
  two
  lines
p: True
q: 1.0.0
r: .5
"""
    assert read_yaml(text, "f", pure=pure).data == {
        "a": "no",
        "b": "on",
        "c": "012",
        "d": "12:30:00",
        "e": "1e3",
        "f": "2026-01-01",
        "g": "1_000",
        "h": True,
        "i": 7,
        "j": 0.5,
        "k": None,
        "l": None,
        "m": "true",
        "n": "null",
        "o": "two\nlines\n",
        "p": "True",
        "q": "1.0.0",
        "r": ".5",
    }


@both_parsers
def test_every_key_and_value_knows_its_line(pure: bool) -> None:
    document = read_yaml("a:\n  b: 1\n  c:\n    - x\n    - {d: 2,\n       e: 3}\n", "f", pure=pure)

    assert document.line_of_key(("a",)) == 1
    assert document.line_of_value(("a",)) == 2
    assert document.line_of_key(("a", "b")) == 2
    assert document.line_of_key(("a", "c", 0)) == 4
    assert document.line_of_key(("a", "c", 1, "d")) == 5
    assert document.line_of_value(("a", "c", 1, "e")) == 6
    assert document.line_of_value(("a", "c", 9, "nothing")) == 4
    assert document.value_at(("a", "c", 1, "e")) == 3
    assert document.value_at(("a", "c", 7)) is None


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: &x [1]\nb: 2", 1),
        ("a: 1\nb: *x", 2),
        ("a: !!python/object/apply:os.system [id]", 1),
        ("a: ! x", 1),
        ("%TAG ! tag:x,2000:\n---\na: 1", 1),
        ("a: 1\n&k b: 1", 2),
        ("a: 1\n'a': 2", 2),
        ("x:\n  a: 1\n  a: 2", 3),
        ("1: a", 1),
        ("true: a", 1),
        ("? {a: 1}\n: 2", 1),
        ("a\n", 1),
        ("a: b: c", 1),
        ("a: \x01", 1),
        ("x: 1\ny: \x01", 2),
        ('a: "\\ud800"', 1),
    ],
)
@both_parsers
def test_what_is_refused_names_its_line(text: str, line: int, pure: bool) -> None:
    with pytest.raises(ConfigError) as caught:
        read_yaml(text, "f.yml", pure=pure)

    assert caught.value.path == "f.yml"
    assert caught.value.line == line


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\nd: &d [*c,*c]",
        "a: " + "[" * 5000 + "]" * 5000,
        "".join(f"{' ' * depth}k:\n" for depth in range(900)),
        "x" * (MAX_BYTES + 1),
        "a: " + "9" * 500_000,
    ],
    ids=["alias bomb", "flow nesting", "block nesting", "too large", "long number"],
)
def test_T_SEC_52_bombs_are_refused_or_harmless_quickly(text: str) -> None:
    start = time.perf_counter()
    message = refusal(text)
    assert time.perf_counter() - start < 1
    assert message is None or len(message) < 200 or message.count("\n") > 1


def test_bytes_have_to_be_utf_8() -> None:
    with pytest.raises(ConfigError, match=r"f:2: not valid UTF-8"):
        read_yaml(b"a: 1\nb: \xff\n", "f")


def test_a_byte_order_mark_and_crlf_do_no_harm() -> None:
    assert read_yaml("\ufeffa: 1\r\nb: x\r\n".encode(), "f").data == {"a": 1, "b": "x"}


def test_an_empty_file_is_an_empty_mapping() -> None:
    assert read_yaml("# nothing yet\n", "f").data == {}


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        read_file(tmp_path / "missing.yml")


def test_scalars_on_their_own() -> None:
    assert [read_scalar(text) for text in ("3", "-3", "0.50", "true", "", "x", "+1", "00")] == [
        *(3, -3, 0.5, True, None, "x", 1, "00"),
    ]


scalars = st.none() | st.booleans() | st.integers(-(10**17), 10**17) | st.text(max_size=20)
trees = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
)


@settings(deadline=None)
@given(st.dictionaries(st.text(max_size=8), trees, max_size=5), st.booleans())
def test_what_pyyaml_writes_is_read_back(data: dict[str, object], flow: bool) -> None:
    class Plain(yaml.SafeDumper):
        def ignore_aliases(self, _data: object) -> bool:
            return True

    text = yaml.dump(data, Dumper=Plain, default_flow_style=flow, allow_unicode=False)

    assert read_yaml(text, "f").data == data


@settings(deadline=None)
@given(st.text(alphabet="ab:-[]{}&*!|>'\"#? \n\t,%@`~0", max_size=60), st.booleans())
def test_any_text_is_read_or_refused_with_a_place(text: str, pure: bool) -> None:
    message = refusal(text, pure=pure)
    assert message is None or message.startswith("f")
