"""Every mistake is reported at its file, line and key, in words that say what to do."""

from __future__ import annotations

import time

import pytest

from codedesigner.config.loader import RepoFile, load
from codedesigner.config.problems import flat
from codedesigner.errors import ConfigError

# (what the file says, "line:key" of each error, a part of the first message or hint)
BAD: list[tuple[str, list[str], str]] = [
    ("gate:\n  fail_onn: high\n", ["2:gate.fail_onn"], "did you mean fail_on?"),
    ("fail_on: high\n", ["1:fail_on"], "did you mean gate.fail_on?"),
    ("gate:\n  fail_on: no\n", ["2:gate.fail_on"], "one of low, medium, high, critical, never, not 'no'"),
    ("gate:\n  fail_on: hihg\n", ["2:gate.fail_on"], "did you mean high?"),
    ("gate:\n  min_agreement: 1.5\n", ["2:gate.min_agreement"], "at most 1"),
    ("gate:\n  min_agreement: -0.1\n", ["2:gate.min_agreement"], "at least 0"),
    ('gate:\n  min_agreement: "0.5"\n', ["2:gate.min_agreement"], "remove the quotes"),
    ("gate:\n  min_agreement: 1e3\n", ["2:gate.min_agreement"], "without an exponent"),
    ("gate:\n  min_agreement: .inf\n", ["2:gate.min_agreement"], "must be a number"),
    ("gate:\n  quorum: 0\n", ["2:gate.quorum"], "at least 1"),
    ("gate:\n  on_inconclusive: maybe\n", ["2:gate.on_inconclusive"], "one of fail, pass"),
    ("gate:\n", ["1:gate"], "give it keys, or remove the line"),
    ("gate: high\n", ["1:gate"], "must be a mapping"),
    ("max_passes: 012\n", ["1:max_passes"], "leading zero"),
    ("max_passes: 12:30:00\n", ["1:max_passes"], "one number"),
    ("max_passes: 1_0\n", ["1:max_passes"], "without underscores"),
    ("max_passes: 0x8\n", ["1:max_passes"], "in decimal"),
    ("max_passes: 2.5\n", ["1:max_passes"], "without a fraction"),
    ("max_passes: 0\n", ["1:max_passes"], "at least 1"),
    ("max_passes: true\n", ["1:max_passes"], "must be a whole number, not true"),
    ("max_passes: 99999999999999999999\n", ["1:max_passes"], "must be a whole number"),
    ("seed: -1\n", ["1:seed"], "at least 0"),
    ("enabled: no\n", ["1:enabled"], "write false, without quotes"),
    ("enabled: yes\n", ["1:enabled"], "write true, without quotes"),
    ("enabled: True\n", ["1:enabled"], "write true, without quotes"),
    ("enabled: 1\n", ["1:enabled"], "true or false, not 1"),
    ("early_exit:\n  enabled: on\n", ["2:early_exit.enabled"], "write true"),
    ("angles: correctness\n", ["1:angles"], "write [correctness]"),
    ("angles: []\n", ["1:angles"], "at least 1 item"),
    ("angles: [style, style]\n", ["1:angles"], "names style twice"),
    ("angles:\n  - style\n  - Security!\n", ["3:angles[1]"], "must look like"),
    ("angles:\n  - style\n  - 7\n", ["3:angles[1]"], "put it in quotes"),
    ("strategy: random\n", ["1:strategy"], "exhaustive, sampled, incremental, adaptive"),
    ("granularity: line\n", ["1:granularity"], "function, statement"),
    ("sampling:\n  rate: 0.05\n", ["2:sampling.rate"], "at least 0.1"),
    ("budget:\n  usd: 0\n", ["2:budget.usd"], "above 0"),
    ("budget:\n  calls: many\n", ["2:budget.calls"], "whole number"),
    ("limits:\n  findings: -5\n", ["2:limits.findings"], "at least 0"),
    ("limits:\n  file_byte: 5\n", ["2:limits.file_byte"], "did you mean file_bytes?"),
    ("paths:\n  exclude:\n    - docs/\n    - 'a{b,c}'\n", ["4:paths.exclude[1]"], "braces"),
    ("paths:\n  include: []\n", ["2:paths.include"], "at least 1 item"),
    ("paths:\n  exclude: ['../x']\n", ["2:paths.exclude[0]"], "from the root"),
    ("paths:\n  exclude: ['src\\a']\n", ["2:paths.exclude[0]"], "backslash"),
    ("paths:\n  exclude: ['[a-']\n", ["2:paths.exclude[0]"], "without its `]`"),
    ("paths:\n  excludes: []\n", ["2:paths.excludes"], "did you mean exclude?"),
    ("path_rules:\n  - instructions: Hello\n", ["2:path_rules[0].paths"], "is required"),
    ("path_rules:\n  - paths: [a]\n  - pahts: [b]\n", ["3:path_rules[1].paths", "3:path_rules[1].pahts"], "required"),
    ("path_rules:\n  - paths: ['*.py']\n    min_agreement: 2\n", ["3:path_rules[0].min_agreement"], "at most 1"),
    ("path_rules:\n  paths: ['*.py']\n", ["2:path_rules"], "must be a list"),
    ("terms:\n  - question: Why?\n", ["2:terms[0].term"], "is required"),
    ("terms: [tenant]\n", ["1:terms[0]"], "must be a mapping"),
    ("suppress:\n  - fingerprint: abcd1234\n", ["2:suppress[0].reason"], "is required"),
    ("suppress:\n  - fingerprint: abcd1234\n    reason: '  '\n", ["3:suppress[0].reason"], "at least 1 character"),
    (
        "suppress:\n  - fingerprint: abcd1234\n    reason: ok\n    until: tomorrow\n",
        ["4:suppress[0].until"],
        "a date such as",
    ),
    ("suppress:\n  - {fingerprint: a b, reason: ok}\n", ["2:suppress[0].fingerprint"], "must look like"),
    ("inline_suppressions: honor\n", ["1:inline_suppressions"], "did you mean honour?"),
    ("locations: []\n", ["1:locations"], "only from the operator"),
    ("endpoint: http://evil.example\n", ["1:endpoint"], "only from the operator"),
    ("api_key: sk-12345\n", ["1:api_key"], "never stand in a file"),
    ("seed: 1\nseed: 2\n", ["2:seed"], "appears twice, first on line 1"),
    ("a: &x 1\nseed: 2\n", ["1:a"], "an anchor"),
    ("seed: *x\n", ["1:seed"], "an alias"),
    ("seed: !!int 3\n", ["1:seed"], "a tag"),
    ("1: x\n", ["1:None"], "a key has to be text"),
    ("? [a]\n: 1\n", ["1:None"], "a key has to be text"),
    ("seed: [\n", ["2:None"], "not valid YAML"),
    ("\tseed: 1\n", ["1:None"], "not valid YAML"),
    ("- seed\n", ["1:None"], "mapping of keys"),
    ("seed: 1\n---\nseed: 2\n", ["2:None"], "a second document"),
    ("gate:\n  fail_on: no\nseed: x\nangels: [a]\n", ["2:gate.fail_on", "3:seed", "4:angels"], "one of low"),
]


@pytest.mark.parametrize(("text", "places", "words"), BAD, ids=[text.splitlines()[-1][:40] for text, _, _ in BAD])
def test_every_mistake_has_its_place(text: str, places: list[str], words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(RepoFile(text.encode()), None, {}, {})

    errors = flat([caught.value])

    assert [f"{error.line}:{error.key}" for error in errors] == places
    assert {error.path for error in errors} == {".codedesigner.yml"}
    assert words in f"{errors[0].message}; {errors[0].hint}"


def test_a_key_in_a_file_is_never_repeated() -> None:
    with pytest.raises(ConfigError) as caught:
        load(RepoFile(b"api_key: sk-12345\nlocations: sk-12345\n"), None, {}, {})

    assert "sk-12345" not in f"{caught.value!s}{caught.value!r}{caught.value.hint}"


def test_thousands_of_mistakes_are_told_quickly() -> None:
    start = time.perf_counter()
    with pytest.raises(ConfigError) as caught:
        load(RepoFile("".join(f"key{n}: x\n" for n in range(50_000)).encode()), None, {}, {})

    assert time.perf_counter() - start < 5
    assert str(caught.value).splitlines()[-1] == ".codedesigner.yml: and 49950 more mistakes"


@pytest.mark.parametrize("value", ["1" + "_" * 300_000 + "x", "0" * 300_000 + "x", "1:" * 150_000 + "x"])
def test_a_long_value_is_refused_quickly(value: str) -> None:
    start = time.perf_counter()
    with pytest.raises(ConfigError) as caught:
        load(RepoFile(f"max_passes: {value}\nstrategy: {value}\n{value[:900]}: 1\n".encode()), None, {}, {})

    assert time.perf_counter() - start < 2
    assert value not in str(caught.value)


def test_the_list_is_long_enough() -> None:
    assert len(BAD) >= 40
