"""What detect-secrets is given as a plugin: tokens that it does not know, and a filter for what is no secret.

detect-secrets loads this file from the work folder, so nothing of ours may be imported here. Working inside it keeps
the secrets there: what it prints are kinds of secret, lines and digests.
"""

from __future__ import annotations

import math
import re
from itertools import pairwise
from typing import Final

from detect_secrets.core import scan
from detect_secrets.filters import heuristic
from detect_secrets.plugins.base import BasePlugin, RegexBasedDetector
from detect_secrets.types import NamedIO


def _as_it_stands(_file: NamedIO, use_eager_transformers: bool = False) -> None:
    """No lines but the file's own: its reading of YAML and INI drops comments and lists, and moves lines."""


vars(scan)["get_transformed_file"] = _as_it_stands
# Only files of text come here, whatever their names; switched off by an option, it comes back in the second process.
heuristic.IGNORED_FILE_EXTENSIONS.clear()


def _token(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![A-Za-z0-9_]){pattern}(?![A-Za-z0-9_])")


class ProviderTokenDetector(RegexBasedDetector):
    """Tokens that carry their maker's mark. Each pattern is the form which that maker documents."""

    secret_type = "Provider Token"  # noqa: S105 - the name of a kind of secret
    denylist = (
        _token(r"sk-ant-[a-z0-9]{2,10}-[A-Za-z0-9_-]{40,}"),
        _token(r"sk-(?:proj|svcacct|admin)-[A-Za-z0-9_-]{40,}"),
        _token(r"gh[pousr]_[A-Za-z0-9]{36,}"),
        _token(r"gl(?:pat|dt|ft|soat|rt|ptt|imt|agent)-[A-Za-z0-9_.-]{20,}"),
        _token(r"glcbt-(?:[0-9a-fA-F]{1,2}_)?[A-Za-z0-9_-]{20,}"),
        _token(r"GR1348941[A-Za-z0-9_-]{20,}"),
        _token(r"github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}"),
        _token(r"npm_[A-Za-z0-9]{36}"),
        _token(r"AIza[A-Za-z0-9_-]{35}"),
        _token(r"GOCSPX-[A-Za-z0-9_-]{28}"),
        _token(r"hf_[A-Za-z0-9]{34}"),
        _token(r"dckr_pat_[A-Za-z0-9_-]{27}"),
        _token(r"shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}"),
        _token(r"do[opr]_v1_[a-f0-9]{64}"),
        _token(r"hv[sbr]\.[A-Za-z0-9_-]{24,}"),
        _token(r"whsec_[A-Za-z0-9+/]{32,}"),
        _token(r"xapp-\d-[A-Z0-9]+-\d+-[a-f0-9]{64}"),
        _token(r"dapi[a-f0-9]{32}"),
        _token(r"lin_api_[A-Za-z0-9]{40}"),
        _token(r"glsa_[A-Za-z0-9]{32}_[a-f0-9]{8}"),
        _token(r"NRAK-[A-Z0-9]{27}"),
        _token(r"[A-Za-z0-9_.~-]{3}8Q~[A-Za-z0-9_.~-]{34}"),
        _token(r"AGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}"),
        re.compile(r"(?i:aws.{0,20}secret.{0,20}?key)['\"]?\s*[:=]\s*['\"]?([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+])"),
    )


class PlainAssignmentDetector(RegexBasedDetector):
    """`NAME_SECRET=value` without quotes, as in files of environment variables."""

    secret_type = "Plain Assignment"  # noqa: S105 - the name of a kind of secret
    denylist = (
        re.compile(
            r"^\s*(?:-\s*)?(?:export\s+|ENV\s+|ARG\s+)?['\"]?[\w.-]*(?:passw(?:or)?d|secret|token|api_?key|access_?key"
            r"|private_?key|credential)[\w.-]*\s*[=:]\s*([^\s'\"`,;(){}<>$]{8,})['\"]?\s*(?:#.*)?$",
            re.IGNORECASE,
        ),
    )


_UNQUOTED_FILES: Final = re.compile(
    r"(?:\.(?:txt|ya?ml|cfg|ini|conf|env|properties|dockerfile)|/[^./]+)\Z", re.IGNORECASE
)
_LOCK_FILES: Final = re.compile(r"(?:lock|sum|resolved)\b[^/]*\Z", re.IGNORECASE)
_INTEGRITY: Final = re.compile(
    r"sha(?:1|256|384|512)[-:=]|integrity|checksum|digest|fingerprint|ssh-(?:rsa|ed)", re.IGNORECASE
)
_FAKE: Final = re.compile(
    r"example|xxxx|\.\.\.|\*\*\*|fake|dummy|placeholder|your[-_]|redacted|0{8}|12345678|abcdefgh|deadbeef|<|\$\{|\{\{",
    re.IGNORECASE,
)
_FAKE_WORD: Final = re.compile(
    r"change.?(?:me|this|it)|insert|replace|sample|insecure|todo|(?:^|[^a-z])(?:test|demo|mock|foo|bar|dev|local)"
    r"|not.?(?:a.?)?(?:real|secret)|pass(?:word|wd)|secret|token|api.?key|hunter2|qwerty|12345|abc",
    re.IGNORECASE,
)
_SECRET_NAME: Final = re.compile(r"key|token|secret|passw|pwd|auth|cred|signature|salt|bearer", re.IGNORECASE)
_ABOUT_A_SECRET: Final = re.compile(
    r"(?:url|uri|name|id|ids|path|file|field|header|regex|pattern|hash|type|prefix|label|help|text|message|error|hint"
    r"|class|template|view|form|format|reset|title|algorithm|hasher|validators?|param|attr|cache|index|column|public"
    r"|enabled|length|expir\w*|backend|scope|version|arn|ref|env|var)['\"\])]*\s*(?:[:=]|=>|\()",
    re.IGNORECASE,
)
_TYPE_NAME: Final = re.compile(r"::\w+['\"]\s*:\s*['\"]?\Z")
_CODE: Final = re.compile(r"[\s(){}\[\]<>|\\]|%[sdr(]|^[./~#:@-]|://|^\$|::|->|\.\w+\.|[;,]$")
_PATH_OF_WORDS: Final = re.compile(r"[A-Za-z_]+\d{0,2}(?:[-./:_@+=?&#]+[A-Za-z_]*\d{0,2})*\Z")
_LOCAL_HOST: Final = re.compile(
    r"@(?:localhost|127\.|0\.0\.0\.0|\[?::1|hostname|(?:host|server|db|postgres|mysql|redis|rabbitmq)(?![\w.-])"
    r"|[\w.-]*(?:example\.|\.test\b|\.local\b|\.invalid\b)|\$|\{|<|%)",
    re.IGNORECASE,
)
_OF_FIXED_LENGTH: Final = frozenset({"AWS Access Key", "Twilio API Key", "Mailchimp Access Key"})
_TELLING_WORD: Final = re.compile(
    r"pass|pw|secret|token|key|cred|auth|contrase|://[^\s/]*@|hooks\.slack", re.IGNORECASE
)
_LONG_RUN: Final = re.compile(r"[A-Za-z0-9_+/=.~-]{12,}")
_FREE_TEXT: Final = frozenset({"Secret Keyword", "Plain Assignment"})


def is_noise(secret: str, line: str, plugin: BasePlugin, filename: str) -> bool:
    """Whether a candidate is no secret: a placeholder, a digest, a name, a piece of a longer text."""
    kind = plugin.secret_type
    if kind == "Private Key":
        return False
    if _FAKE.search(secret) or _monotonous(secret):
        return True
    if kind in _FREE_TEXT:
        if kind == "Plain Assignment" and not _UNQUOTED_FILES.search(filename):
            return True
        return _unlikely_password(secret, line)
    if kind == "Basic Auth Credentials":
        return _weak_basic_auth(secret, line)
    if kind == "Base64 High Entropy String":
        return _unlikely_key(secret, line, filename)
    if kind == "Twilio API Key" and re.fullmatch(r"SK[0-9a-f]{32}", secret) is None:
        return True
    return _is_part(secret, line, whole=kind in _OF_FIXED_LENGTH)


def is_harmless_line(line: str) -> bool:
    """Whether a line can hold none of all this. One look instead of one by each detector: most lines end here."""
    return _TELLING_WORD.search(line) is None and not any(
        any(character.isdigit() for character in run) for run in _LONG_RUN.findall(line)
    )


def _is_part(secret: str, line: str, *, whole: bool) -> bool:
    """Inside a longer run of letters and digits, such as an image in base64. A pattern may end before its token."""
    end = "(?![A-Za-z0-9+/])" if whole else ""
    return re.search(rf"(?<![A-Za-z0-9+/]){re.escape(secret)}{end}", line) is None


def _monotonous(secret: str) -> bool:
    tail = secret[-24:].lower()
    steps = sum(ord(right) - ord(left) in (0, 1) for left, right in pairwise(tail))
    return len(set(tail)) < min(5, len(tail) // 2 + 1) or steps > len(tail) * 0.6


def _entropy(text: str) -> float:
    shares = [text.count(character) / len(text) for character in set(text)]
    return -sum(share * math.log2(share) for share in shares)


def _unlikely_password(secret: str, line: str) -> bool:
    before = line[: line.find(secret)] if secret in line else line
    if len(secret) < 6 or _CODE.search(secret) or _FAKE_WORD.search(secret) or _PATH_OF_WORDS.match(secret):
        return True
    if _ABOUT_A_SECRET.search(before) or _TYPE_NAME.search(before) or _INTEGRITY.search(line):
        return True
    has_digit, has_letter = re.search(r"\d", secret), re.search(r"[A-Za-z]", secret)
    has_sign = re.search(r"[!@#%^&*+?~]", secret)
    return not (has_letter and (has_digit or has_sign)) or _entropy(secret) < 2.5


def _weak_basic_auth(secret: str, line: str) -> bool:
    if _FAKE_WORD.search(secret) or re.search(r"[{}<>$%]", secret) or _LOCAL_HOST.search(line):
        return True
    user = re.search(rf"://([^/:@\s]+):{re.escape(secret)}@", line)
    return len(secret) < 6 or (user is not None and user[1] == secret)


def _unlikely_key(secret: str, line: str, filename: str) -> bool:
    before = line[: line.find(secret)]
    if _LOCK_FILES.search(filename) or _INTEGRITY.search(line) or not 20 <= len(secret.rstrip("=")) <= 200:
        return True
    if not _SECRET_NAME.search(before) or _ABOUT_A_SECRET.search(before) or _FAKE_WORD.search(secret):
        return True
    classes = sum(re.search(pattern, secret) is not None for pattern in ("[a-z]", "[A-Z]", "[0-9]"))
    return classes < 3 or len(re.findall("[/_-]", secret)) > len(secret) // 8
