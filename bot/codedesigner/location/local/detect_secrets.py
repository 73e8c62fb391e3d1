"""detect-secrets: credentials and private keys that stand in the source."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, TypedDict

from codedesigner.location.local.analyser import Analyser, GarbageError, clamp_line, is_test, line_of
from codedesigner.location.local.process import ProcessResult
from codedesigner.protocol.issue import Answer, Issue, Source
from codedesigner.severity import Severity

_PLUGIN: Final = "secret_tokens.py"
_PRIVATE_KEY: Final = "Private Key"
# Guesses from names and from how random a text looks; in tests they are fixtures, in documents examples.
_GUESSES: Final = frozenset({
    "Secret Keyword", "Plain Assignment", "Base64 High Entropy String", "Basic Auth Credentials", "JSON Web Token",
})  # fmt: skip
_DOCUMENT: Final = re.compile(r"\.(?:md|markdown|rst|adoc|html?)\Z|(?:^|/)(?:docs?|examples?|samples?)/", re.IGNORECASE)
_GUESS_CONFIDENCE: Final = 0.8
# Two take digests and addresses for secrets; two know a token only by its first letters, so that the first one in a
# file hides the others. Our plugin has their patterns.
_DISABLED_PLUGINS: Final = ("HexHighEntropyString", "IPPublicDetector", "GitHubTokenDetector", "GitLabTokenDetector")
# Each of these would hide a real key: by a comment, in a call, by the name of the file.
_DISABLED_FILTERS: Final = (
    "allowlist.is_line_allowlisted",
    "heuristic.is_indirect_reference",
    "heuristic.is_lock_file",
    "heuristic.is_swagger_file",
)
_KINDS: Final = frozenset({"hardcoded-secret", "private-key"})

_KEY_HEADER: Final = re.compile(
    r"BEGIN (?:(?:DSA|EC|OPENSSH|RSA|SSH2 ENCRYPTED) )?PRIVATE KEY|BEGIN PGP PRIVATE KEY BLOCK|PuTTY-User-Key-File-2"
)
# A header alone is what programs look for; a key has a body. Lines may be joined by `\n` or by quotes.
_KEY_BODY: Final = re.compile(r"[A-Za-z0-9+/=]{38,}")
_BODY_WITHIN: Final = 700
_VALUES: Final = re.compile(r"\"([^\"\s]+)\"|'([^'\s]+)'|([^\s\"'`=,;:(){}\[\]<>]{6,})")
_MOST_VALUES: Final = 200
_MOST_SOUGHT: Final = 200  # in a file with more, each is named once


class _Secret(TypedDict):
    type: str
    hashed_secret: str
    line_number: int


def _reads(_path: str, _language: str | None) -> bool:
    return True


def _kinds(_path: str, _language: str | None) -> frozenset[str]:
    return _KINDS


def _command(program: Path, files: Sequence[str]) -> list[str]:
    plugin = f"support/{_PLUGIN}"
    return [
        str(program), "--cores", "1", "scan", "--no-verify",
        *(word for name in _DISABLED_PLUGINS for word in ("--disable-plugin", name)),
        *(word for name in _DISABLED_FILTERS for word in ("--disable-filter", f"detect_secrets.filters.{name}")),
        "--plugin", plugin, "--filter", f"{plugin}::is_noise", "--filter", f"{plugin}::is_harmless_line", "--", *files,
    ]  # fmt: skip


def _parse(result: ProcessResult, files: Mapping[str, Source]) -> Mapping[str, Answer]:
    try:
        results: dict[str, list[_Secret]] = json.loads(result.stdout)["results"]
        found = {name: tuple(_issues(secrets, files[name])) for name, secrets in results.items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise GarbageError(
            f"detect-secrets printed something else than its JSON ({error!r}): {result.last_words}"
        ) from error
    return {name: _answer(found.get(name, ()), source) for name, source in files.items()}


def _answer(issues: tuple[Issue, ...], source: Source) -> Answer:
    if not _is_utf8(source.text):
        return Answer("unparsed", issues, "detect-secrets reads only files in UTF-8")
    return Answer("answered", issues)


def _is_utf8(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


def _issues(secrets: Sequence[_Secret], source: Source) -> Iterator[Issue]:
    """One issue a line. It names a secret once a file, though a second place is a second leak."""
    seen: set[int] = set()
    # What carries its maker's mark says more than a guess about the same line.
    by_worth = sorted(secrets, key=lambda secret: (secret["type"] in _GUESSES, secret["line_number"]))
    for index, secret in enumerate(by_worth):
        kind = secret["type"]
        if kind in _GUESSES and _shows_examples(source.path):
            continue
        lines = _private_keys(source) if kind == _PRIVATE_KEY else _places(secret, source, index < _MOST_SOUGHT)
        for line in lines:
            if line not in seen:
                seen.add(line)
                yield _issue(kind, line, source)


def _shows_examples(path: str) -> bool:
    return is_test(path) or _DOCUMENT.search(path) is not None


def _issue(kind: str, line: int, source: Source) -> Issue:
    if kind == _PRIVATE_KEY:
        text = "A private key stands here. Whoever reads the repository has it: replace the key and keep it elsewhere."
        return Issue("private-key", kind, line, line, text, severity="medium" if is_test(source.path) else None)
    name = {"Secret Keyword": "A password or key", "Plain Assignment": "A password or key"}.get(kind, f"A {kind}")
    name = name.replace("A AWS", "An AWS").replace("A Azure", "An Azure").replace("A OpenAI", "An OpenAI")
    text = f"{name} stands here. Whoever reads the repository has it: replace it and read it from outside the code."
    confidence = _GUESS_CONFIDENCE if kind in _GUESSES else 1.0
    severity: Severity | None = "medium" if is_test(source.path) else None
    return Issue("hardcoded-secret", kind, line, line, text, severity=severity, confidence=confidence)


def _places(secret: _Secret, source: Source, everywhere: bool) -> list[int]:
    first = clamp_line(source, secret["line_number"])
    value = _value(line_of(source, first), secret["hashed_secret"]) if everywhere else None
    if value is None:
        return [first]
    return [first, *(number for number, line in enumerate(source.text.split("\n"), 1) if value in line)]


def _value(line: str, digest: str) -> str | None:
    """The text on `line` whose SHA-1 is `digest`; it stays in memory."""
    for index, match in enumerate(_VALUES.finditer(line)):
        if index == _MOST_VALUES:
            break
        text = next(group for group in match.groups() if group)
        if hashlib.sha1(text.encode("utf-8", "surrogateescape"), usedforsecurity=False).hexdigest() == digest:
            return text
    return None


def _private_keys(source: Source) -> list[int]:
    text = source.text
    return [
        text.count("\n", 0, header.start()) + 1
        for header in _KEY_HEADER.finditer(text)
        if _KEY_BODY.search(text, header.end(), header.end() + _BODY_WITHIN)
    ]


DETECT_SECRETS = Analyser(
    id="detect-secrets",
    program="detect-secrets",
    distribution="detect-secrets",
    reads=_reads,
    kinds=_kinds,
    command=_command,
    parse=_parse,
    ok_codes=frozenset({0}),
    batch_files=50,
    support={_PLUGIN: Path(__file__).with_name(_PLUGIN).read_text("utf-8")},
)
