from __future__ import annotations

import copy
import json
import pickle
import unicodedata
from html import escape
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codedesigner.location.secret import HIDDEN, MOST_SHOWN, Secret, scrubbed

KEY = 'sk-pr0j/+"ä\\key=='
SECRET = Secret(KEY)


@pytest.mark.parametrize(
    "shown",
    [
        repr(SECRET),
        str(SECRET),
        f"{SECRET}",
        f"{SECRET!r:>20}".strip(),
        format(SECRET, "s"),
        f"{[SECRET]}",
        ascii(SECRET),
    ],
)
def test_a_secret_does_not_show_itself(shown: str) -> None:
    assert KEY not in shown
    assert HIDDEN in shown


def test_a_secret_can_be_had() -> None:
    assert SECRET.reveal() == KEY


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_secret_is_not_pickled(protocol: int) -> None:
    with pytest.raises(TypeError, match="not written"):
        pickle.dumps(SECRET, protocol)


def test_a_secret_is_no_json() -> None:
    with pytest.raises(TypeError):
        json.dumps({"key": SECRET})


def test_a_secret_has_no_dict_to_look_into() -> None:
    with pytest.raises(TypeError):
        vars(SECRET)


def test_secrets_are_values() -> None:
    assert Secret("a") == Secret("a") != Secret("b")
    assert len({Secret("a"), Secret("a"), Secret("b")}) == 2
    assert Secret("a") != "a"
    assert copy.deepcopy({"k": SECRET})["k"] == copy.copy(SECRET) == SECRET
    assert not Secret("")
    assert Secret("\ud800") == Secret("\ud800")


@pytest.mark.parametrize(
    "written",
    [
        *(KEY, KEY.upper(), f"  {KEY}\n", json.dumps(KEY), json.dumps(KEY, ensure_ascii=False), repr(KEY)),
        *(json.dumps(KEY).replace("/", r"\/"), quote(KEY), quote(KEY, safe=""), quote(KEY, safe="").lower()),
        *(quote_plus(KEY), escape(KEY), f"{KEY[:6]}\x1b[31m{KEY[6:]}", f"{KEY[:6]}\u200b{KEY[6:]}"),
        f"{KEY[:6]}\x00{KEY[6:]}",
    ],
)
def test_a_secret_is_found_however_it_is_written(written: str) -> None:
    line = scrubbed(f"<before>{written}<after>", [Secret("other-secret"), SECRET])
    assert HIDDEN in line
    assert line.replace(" ", "").replace('"', "").replace("'", "") == f"<before>{HIDDEN}<after>"


def test_a_secret_with_a_line_end_is_found_without_it() -> None:
    assert scrubbed("key abcdef!", [Secret("abcdef\n")]) == f"key {HIDDEN}!"


@pytest.mark.parametrize("keys", [("abcdefgh", "abcd"), ("abcd", "abcdefgh")])
def test_the_longer_of_two_secrets_goes_whole(keys: tuple[str, str]) -> None:
    assert scrubbed("x abcdefgh", map(Secret, keys)) == f"x {HIDDEN}"


def test_a_secret_that_is_no_utf8_is_found() -> None:
    assert scrubbed("x \ud800bcde y", [Secret("\ud800bcde")]) == f"x {HIDDEN} y"


@pytest.mark.parametrize("short", ["", " ", "a", "abc"])
def test_what_is_too_short_to_be_secret_stays(short: str) -> None:
    assert scrubbed("abc abc", [Secret(short)]) == "abc abc"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("one\r\ntwo\tthree\x0bfour\u2028five\u00a0six", "one two three four five six"),
        ("\x1b[31;1mred\x1b[0m \x9b1mbold", "red bold"),
        ("\x1b]8;;http://evil\x07link\x1b]8;;\x07 \x1b]0;title\x1b\\end", "link end"),
        ("a\u202eb\u2066c\u200bd\ufeffe", "abcde"),
        ("a\x00b\x08c\x7fd\ud800e\U000e0041f", "abcdef"),
        ("größe 漢字 🙂", "größe 漢字 🙂"),
        ("", ""),
    ],
)
def test_a_line_is_printable(text: str, line: str) -> None:
    assert scrubbed(text) == line


@pytest.mark.parametrize("length", [299, 300, 301, 100_000])
def test_a_line_has_an_end(length: int) -> None:
    line = scrubbed("x" * length)
    assert len(line) == min(length, MOST_SHOWN)
    assert line.endswith("…") == (length > MOST_SHOWN)


def test_a_secret_at_the_cut_is_gone_before_the_cut() -> None:
    for before in range(280, 305):
        line = scrubbed("x" * before + "SECRET-0123456789", [Secret("SECRET-0123456789")])
        assert "SEC" not in line


@given(st.text(max_size=400), st.text(min_size=4, max_size=30), st.text(max_size=400))
def test_nothing_gets_through(before: str, key: str, after: str) -> None:
    secret = Secret(key)
    line = scrubbed(f"{before}{key}{after}", [secret])
    assert len(line) <= MOST_SHOWN
    assert all(unicodedata.category(each) not in {"Cc", "Cf", "Cs", "Zl", "Zp"} for each in line)
    shown = scrubbed(key)  # as it would look if it got through
    if len(key.strip()) >= 4 and len(shown) >= 4 and HIDDEN not in f"{before}{key}{after}":
        # What is put in its place may build the key anew only where the key is made of stars.
        assert "*" in shown or shown.lower() not in line.lower()
