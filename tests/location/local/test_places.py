"""Comments, strings and code, told apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codedesigner.location.local.places import LANGUAGES, Places

TABLE = [
    ("python", "x = 1  # HERE", "comment"),
    ("python", "x = '#'; HERE", "code"),
    ("python", 'x = "a # HERE"', "string"),
    ("python", "x = 'it\\'s HERE'", "string"),
    ("python", 'def f():\n    """A\n    HERE"""', "comment"),
    ("python", 'x = """A\nHERE"""', "string"),
    ("python", '"""A"""\nHERE', "code"),
    ("javascript", "a = `x\n${HERE}`", "string"),
    ("javascript", "a = 'b' // HERE", "comment"),
    ("go", "/* a\nHERE */", "comment"),
    ("rust", "fn f<'a>(HERE: &'a str)", "code"),
    ("c", "char c = '\"'; HERE", "code"),
    ("java", 'String s = "a"; HERE();', "code"),
    ("yaml", "a: b#c HERE", "code"),
    ("yaml", "a: b # HERE", "comment"),
    ("lua", "--[[ a\nHERE ]]", "comment"),
    ("bash", 'echo "$#" HERE', "code"),
    ("python", "x = 'not ended\nHERE", "code"),
]


@pytest.mark.parametrize(("language", "text", "place"), TABLE)
def test_place(language: str, text: str, place: str) -> None:
    assert Places(text, language).at(text.index("HERE"))[0] == place


def test_names_are_the_words_of_the_code() -> None:
    text = "getHTTPServer(first_part)  # comment\nx = 'string'\n"
    assert Places(text, "python").names() >= {"get", "first", "part", "x"}
    assert not Places(text, "python").names() & {"comment", "string"}


@given(st.sampled_from(sorted(LANGUAGES)), st.text("\"'`#/*\\\n-[] ab\r", max_size=60))
def test_any_text_has_a_place_everywhere(language: str, text: str) -> None:
    places = Places(text, language)
    for offset in range(len(text)):
        place, token = places.at(offset)
        assert (place == "code") == (token == "")
