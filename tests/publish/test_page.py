from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from xml.etree.ElementTree import Element

import html5lib  # type: ignore[import-untyped]
import pytest

from codedesigner.publish import FORMATS
from codedesigner.publish.inputs import Coverage, RenderInput
from codedesigner.publish.plain import visible
from codedesigner.publish.secrets import REDACTED, redact
from codedesigner.text import resource
from codedesigner.vote.finding import Suggestion

from .golden import check_golden
from .sample import FINDINGS, ballot, finding, sample

TAGS = frozenset(
    {"html", "head", "meta", "title", "style", "body", "a", "header", "h1", "h2", "h3", "h4", "nav", "ul", "li", "main",
     "section", "article", "details", "summary", "p", "pre", "code", "span", "strong", "div", "table", "thead", "tbody",
     "tr", "th", "td", "dl", "dt", "dd"}
)  # fmt: skip
ATTRIBUTES = frozenset(
    {"charset", "http-equiv", "content", "name", "class", "href", "id", "lang", "scope", "role", "tabindex",
     "aria-label", "aria-labelledby"}
)  # fmt: skip


def render(given: RenderInput) -> str:
    return FORMATS["html"](given)


def read(page: str) -> Element:
    """The page as a browser reads it; a strict reader takes nothing that a browser would have to guess at."""
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    document: Element = parser.parse(page)
    return document


def text_of(node: Element) -> str:
    return "".join(node.itertext())


def strings(value: object) -> Iterator[str]:
    """Every text in a dumped report."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from strings(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from strings(one)


def test_the_page_is_as_it_was() -> None:
    check_golden("report.html", render(sample()))


def test_everything_in_the_report_is_on_the_page() -> None:
    given = sample()
    report = given.report.model_dump()
    del report["change"]["base"], report["change"]["head"]  # only their first characters
    for one in report["findings"]:
        # These are told in other words, or by the lines of source that are shown.
        for name in ("evidence", "side", "disposition", "decided"):
            del one[name]
        if one["suggestion"]:
            del one["suggestion"]["replacement"]
    page = folded(text_of(read(render(given))))

    assert [text for text in strings(report) if folded(redact(visible(text, keep="\n"))) not in page] == []


def folded(text: str) -> str:
    return " ".join(text.replace("_", " ").split())


def test_it_fetches_runs_and_links_nothing() -> None:
    page = render(sample())
    document = read(page)

    tags = {node.tag for node in document.iter() if isinstance(node.tag, str)}
    assert tags <= TAGS
    attributes = {name for node in document.iter() for name in node.attrib}
    assert attributes <= ATTRIBUTES
    assert all(node.attrib["href"].startswith("#") for node in document.iter("a"))
    policy = next(node for node in document.iter("meta") if "http-equiv" in node.attrib)
    assert policy.attrib["content"].startswith("default-src 'none'; style-src 'unsafe-inline'")
    assert not re.search(r"url\(|@import", page)


@pytest.mark.parametrize(
    "text",
    ["<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "' onmouseover='x", "</code></pre><h1>x</h1>",
     "</title><base href=//x>", "<!-- x -->", "-->", "{{ 7 * 7 }}", "{% raw %}", "&lt;b&gt;", "</style><b>",
     "javascript:x", "<![CDATA[x", "\x1b[2J\u202e\0 x"],
)  # fmt: skip
def test_hostile_text_is_shown_as_what_it_is(text: str) -> None:
    hostile = finding(
        path=f"src/{text}.py",
        function=text,
        title=text,
        body=f"{text}\n{text}",
        evidence=text,
        reason=text,
        kind=text,
        angle=text,
        ballots=(ballot(text, rule=text, reason=text), ballot("other", "no")),
        suggestion=Suggestion(9, 9, f"{text}\n", ("applies",), text),
    )
    plain = Counter(node.tag for node in read(render(sample((finding(suggestion=hostile.suggestion),)))).iter())
    document = read(render(sample((hostile,))))

    tags = Counter(node.tag for node in document.iter())
    assert set(tags) == set(plain) - {None}
    assert tags["script"] == tags["img"] == 0
    assert text_of(document).count(visible(text)) >= 10


def test_no_secret_is_repeated() -> None:
    token = f"ghp_{'a1' * 18}"
    page = render(sample((finding(body=token, evidence=token, suggestion=Suggestion(9, 9, token, ("applies",))),)))

    assert token not in page
    assert REDACTED in page
    assert "token:secret" not in page


def test_a_keyboard_reaches_everything_and_every_name_leads_somewhere() -> None:
    document = read(render(sample()))
    ids = [node.attrib["id"] for node in document.iter() if "id" in node.attrib]
    assert len(ids) == len(set(ids))
    wanted = [node.attrib["href"].removeprefix("#") for node in document.iter("a")]
    wanted += [node.attrib["aria-labelledby"] for node in document.iter() if "aria-labelledby" in node.attrib]
    assert set(wanted) <= set(ids)
    scrolled = [node for node in document.iter() if node.tag == "pre" or node.attrib.get("class") == "wide"]
    assert scrolled
    assert all(node.attrib["tabindex"] == "0" for node in scrolled)
    assert all({"aria-label", "aria-labelledby"} & set(node.attrib) for node in scrolled)
    levels = [int(node.tag[1]) for node in document.iter() if re.fullmatch(r"h[1-6]", str(node.tag))]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert all(node.attrib["scope"] for node in document.iter("th"))


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_what_is_behind_it(scheme: str) -> None:
    style = resource("templates").joinpath("report.css").read_text(encoding="utf-8")
    light, _, rest = style.partition("@media (prefers-color-scheme: dark)")
    dark = rest.partition("\n}\n")[0]
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", light if scheme == "light" else dark))
    pairs = [(ink, paper) for ink in ("ink", "soft", "link", "red", "amber", "green") for paper in ("paper", "raised")]
    pairs += [(name, f"{name}-paper") for name in ("red", "amber", "green", "blue")] + [("ink", "amber-paper")]
    for ink, paper in pairs:
        dim, bright = sorted((luminance(colours[ink]), luminance(colours[paper])))
        assert (bright + 0.05) / (dim + 0.05) >= 4.5, (ink, paper)


def test_a_review_without_findings_has_no_empty_sections() -> None:
    given = sample((), Coverage(0, 0, 0, 0))
    document = read(render(given))

    assert "None was posted." in text_of(document)
    assert "PASS" in text_of(document)
    assert {node.attrib["id"] for node in document.iter("section")} == {"findings", "locations", "files", "numbers"}


def test_what_needs_a_person_stands_apart() -> None:
    asked = finding(disposition="undecided", decided="nobody", reason="the supervisor was unsure")
    document = read(render(sample((*FINDINGS, asked))))

    section = next(node for node in document.iter("section") if node.attrib.get("id") == "undecided")
    assert "the supervisor was unsure" in text_of(section)
    assert "decided by nobody yet" in text_of(section)


def test_where_the_source_is_not_at_hand_its_quotation_and_the_new_lines_are_shown() -> None:
    given = sample()
    text = text_of(read(render(replace(given, sources={}))))

    assert "9 │     subtotal = sum(item.price for item in itemz)" in text
    assert "+        subtotal = sum(item.price for item in self.items)" in text
