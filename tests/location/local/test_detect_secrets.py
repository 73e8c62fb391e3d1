"""Secrets planted at run time are found by the real program; what only looks like one is left alone."""

import asyncio
import hashlib
import json
import random
import string
import uuid

import pytest

from codedesigner.location.local.analyser import GarbageError
from codedesigner.location.local.detect_secrets import DETECT_SECRETS
from codedesigner.location.local.process import ProcessResult
from codedesigner.location.local.reviewer import LocalReviewer
from codedesigner.protocol.issue import Answer, Source

DICE = random.Random(20)  # noqa: S311 - the same keys each time
LETTERS = string.ascii_letters + string.digits
UPPER = string.ascii_uppercase + string.digits
HEX = "0123456789abcdef"


def some(count: int, alphabet: str = LETTERS) -> str:
    return "".join(DICE.choice(alphabet) for _ in range(count))


def jwt() -> str:
    return ".".join(["ey" + "JhbGciOiJIUzI1NiJ9", "ey" + "JzdWIiOiI0NzExIn0", some(43)])


# No key stands in this file as a whole, so that no scanner takes it for a leak.
KEYS = {
    "AWS id": "AK" + "IA" + some(16, UPPER),
    "GitHub": "gh" + "p_" + some(36),
    "GitHub fine-grained": "github" + "_pat_" + some(22) + "_" + some(59),
    "GitLab": "gl" + "pat-" + some(20),
    "Slack": "xo" + "xb-" + some(12, "23456789") + "-" + some(12, "23456789") + "-" + some(24),
    "Slack hook": "https://hooks." + "slack.com/services/T" + some(8, UPPER) + "/B" + some(8, UPPER) + "/" + some(24),
    "OpenAI": "sk" + "-proj-" + some(20) + "T3Blbk" + "FJ" + some(20),
    "Anthropic": "sk" + "-ant-api03-" + some(93) + "AA",
    "Stripe": "sk" + "_live_" + some(24),
    "Stripe, new and long": "sk" + "_live_" + some(99),
    "JWT": jwt(),
    "Basic auth": "https://admin:" + some(12) + "@db.internal.net/x",
    "npm": "np" + "m_" + some(36),
    "Google": "AI" + "za" + some(35),
    "Google OAuth": "GOC" + "SPX-" + some(28),
    "Azure": "AccountName=x;Account" + "Key=" + some(86) + "==",
    "Twilio": "S" + "K" + some(32, HEX),
    "SendGrid": "S" + "G." + some(22) + "." + some(43),
    "PyPI": "pypi" + "-AgEIcHlwaS5vcmc" + some(70),
    "Hugging Face": "h" + "f_" + some(34),
    "Docker": "dckr" + "_pat_" + some(27),
    "Shopify": "shp" + "at_" + some(32, HEX),
    "DigitalOcean": "dop" + "_v1_" + some(64, HEX),
    "Vault": "hv" + "s." + some(90),
    "Mailchimp": some(32, HEX) + "-us12",
    "Telegram": some(9, "123456789") + ":" + some(35),
}
FORMS = {
    "python": ("m.py", 'value = "{}"\n'),
    "call": ("m.py", 'client = Client(key=get("{}"), retries=3)\n'),
    "comment": ("m.py", "# use {} for now\n"),
    "javascript": ("m.js", "const value = '{}';\n"),
    "yaml": ("m.yml", "value: {}\n"),
    "yaml list": ("m.yml", "env:\n  - VALUE={}\n"),
    "yaml comment": ("m.yml", "a: 1  # {}\n"),
    "environment": (".env", "VALUE={}\n"),
    "lock file": ("package-lock.json", '{{"resolved": "{}"}}\n'),
    "style sheet": ("a.css", "/* {} */\n"),
    "swagger": ("swagger/api.json", '{{"a": "{}"}}\n'),
    "allowed": ("m.py", 'value = "{}"  # pragma: allowlist secret\n'),
    "allowed above": ("m.py", '# pragma: allowlist nextline secret\nvalue = "{}"  # gitleaks:allow\n'),
}
HEADER, FOOTER = "-----BEGIN RSA PRIVATE" + " KEY-----", "-----END RSA PRIVATE" + " KEY-----"


def private_key() -> str:
    return "\n".join([HEADER, *(some(64) for _ in range(12)), FOOTER])


PASSWORD = "Tr0ub4" + "dor&3xQ"
GUESSED = {
    "password": ("m.py", f'password = "{PASSWORD}"\n'),
    "secret key": ("settings.py", f"SECRET_KEY = '{some(50, LETTERS + '!@#%^&*')}'\n"),
    "AWS secret": ("m.py", f'aws_secret_access_key = "{some(40)}"\n'),
    "AWS secret, unquoted": ("credentials", f"aws_secret_access_key = {some(40)}\n"),
    "environment": (".env", f"DB_PASSWORD={PASSWORD}\n"),
    "Dockerfile": ("Dockerfile", f"ENV API_TOKEN={some(30)}\n"),
    "token of no known maker": ("m.py", f'headers = {{"X-Auth-Token": "{some(40)}"}}\n'),
    "JSON": ("m.json", f'{{"password": "{PASSWORD}"}}\n'),
    "configuration": ("m.ini", f"[db]\npassword = {PASSWORD}\n"),
}
INNOCENT = {
    "SHA-1": ("m.py", f'commit = "{hashlib.sha1(b"x", usedforsecurity=False).hexdigest()}"\n'),
    "SHA-256": ("m.py", f'key = "sha256:{hashlib.sha256(b"x").hexdigest()}"\n'),
    "UUID": ("m.py", f'token_id = "{uuid.UUID(int=2**127 + 12345678901234567890)}"\n'),
    "action": (".github/workflows/x.yml", f"steps:\n  - uses: a/b@{some(40, HEX)}  # v1\n"),
    "integrity": ("package-lock.json", f'{{"integrity": "sha512-{some(86)}=="}}\n'),
    "subresource": ("m.html", f'<script src="a.js" integrity="sha384-{some(64)}"></script>\n'),
    "hashes of packages": ("requirements.txt", f"a==1 --hash=sha256:{some(64, HEX)}\n"),
    "xxx": ("m.py", 'password = "xxxxxxxxxxxx"\n'),
    "AWS's own example": ("m.py", 'key = "AK' + 'IAIOSFODNN7EXAMPLE"\n'),
    "changeme": ("m.py", 'password = "changeme1"\n'),
    "angle brackets": ("m.yml", "password: <your-token>\n"),
    "variable": ("m.sh", 'export PASSWORD="${DB_PASSWORD}"\n'),
    "template": ("m.yml", "token: ${{ secrets.TOKEN_1 }}\n"),
    "environ": ("m.py", 'password = os.environ["DB_PASSWORD_2"]\n'),
    "call": ("m.py", 'api_key = get_secret("prod/key/1")\n'),
    "URL": ("m.py", 'url = "https://example.org/path1/longer/than/usual?x=1"\n'),
    "URL with a user": ("m.py", 'url = "https://git@github.com/a/b.git"\n'),
    "local database": ("m.yml", "url: postgres://postgres:postgres@localhost:5432/x\n"),
    "name of a field": ("m.py", 'password_field = "new_password1"\n'),
    "words": ("m.py", 'password_help = "Enter your password again, 8 letters at least"\n'),
    "image": ("m.css", f"a {{ background: url(data:image/png;base64,{some(300)}) }}\n"),
    "header alone": ("m.py", f'if "{HEADER}" in text:\n    pass\n'),
    "public key": ("m.pem", "-----BEGIN PUBLIC KEY-----\n" + some(64) + "\n"),
    "one letter": ("m.py", f'token = "gh{"p_" + "a" * 36}"\n'),
    "password in a test": ("tests/test_m.py", f'password = "{PASSWORD}"\n'),
    "password in a document": ("docs/m.md", f'password = "{PASSWORD}"\n'),
    "address": ("m.py", 'host = "93.184.216.34"\n'),
    "alphabet": ("m.py", f'KEY_CHARACTERS = "{string.ascii_letters}{string.digits}"\n'),
}
LANGUAGES = {"py": "python", "js": "javascript", "yml": "yaml", "json": "json", "md": "markdown", "sh": "bash"}


def source(key: str, path: str, text: str) -> Source:
    return Source(key, path, LANGUAGES.get(path.rpartition(".")[2]), text)


def examine(*sources: Source) -> dict[str, Answer]:
    return asyncio.run(LocalReviewer(DETECT_SECRETS).examine(sources)).answers


@pytest.fixture(scope="module")
def answers() -> dict[str, Answer]:
    forms = [source(name, path, "".join(map(form.format, KEYS.values()))) for name, (path, form) in FORMS.items()]
    guessed = [source(f"guessed {name}", path, text) for name, (path, text) in GUESSED.items()]
    innocent = [source(f"innocent {name}", path, text) for name, (path, text) in INNOCENT.items()]
    return examine(*forms, *guessed, *innocent)


def lines(answer: Answer) -> list[int]:
    assert answer.status == "answered"
    return sorted(issue.line for issue in answer.issues)


@pytest.mark.parametrize("form", FORMS)
def test_every_makers_key_is_found_wherever_it_stands(form: str, answers: dict[str, Answer]) -> None:
    size = FORMS[form][1].count("\n")
    at = next(number for number, line in enumerate(FORMS[form][1].split("\n"), 1) if "{}" in line)
    missed = {name for index, name in enumerate(KEYS) if index * size + at not in lines(answers[form])}
    assert missed == set()
    assert {issue.kind for issue in answers[form].issues} == {"hardcoded-secret"}


@pytest.mark.parametrize("name", GUESSED)
def test_passwords_are_found_by_their_names(name: str, answers: dict[str, Answer]) -> None:
    (issue,) = answers[f"guessed {name}"].issues
    assert issue.kind == "hardcoded-secret"


@pytest.mark.parametrize("name", INNOCENT)
def test_what_is_no_secret_is_left_alone(name: str, answers: dict[str, Answer]) -> None:
    assert answers[f"innocent {name}"] == Answer("answered")


def test_no_secret_reaches_a_message(answers: dict[str, Answer]) -> None:
    said = json.dumps([[issue.message, issue.rule] for answer in answers.values() for issue in answer.issues])
    assert not [name for name, key in KEYS.items() if key in said]
    assert PASSWORD not in said


def test_private_keys_are_found_each_and_at_their_header() -> None:
    joined = private_key().replace("\n", "\\n")
    answers = examine(
        source("file", "deploy", private_key() + "\n\n" + private_key() + "\n"),
        source("string", "m.py", f'a = 1\nKEY = "{joined}"\n'),
        source("yaml", "m.yml", "a: 1\nkey: |\n" + "".join(f"  {line}\n" for line in private_key().split("\n"))),
        source("test", "tests/key.pem", private_key()),
    )
    assert lines(answers["file"]) == [1, 16]
    assert lines(answers["string"]) == [2]
    assert lines(answers["yaml"]) == [3]
    assert {issue.kind for answer in answers.values() for issue in answer.issues} == {"private-key"}
    assert [issue.severity for issue in answers["test"].issues] == ["medium"]


def test_a_secret_is_named_at_each_of_its_places() -> None:
    key = KEYS["GitHub"]
    others = "gh" + "p_" + some(36), KEYS["GitLab"], "gl" + "pat-" + some(20)
    text = "".join(f'a = "{value}"\n' for value in (key, "-", key, *others))
    assert lines(examine(source("k", "m.py", text))["k"]) == [1, 3, 4, 5, 6]


def test_configuration_in_the_change_is_not_obeyed() -> None:
    text = f'a = "{KEYS["GitHub"]}"\n'
    digest = hashlib.sha1(KEYS["GitHub"].encode(), usedforsecurity=False).hexdigest()
    known = {"type": "Provider Token", "filename": "m.py", "hashed_secret": digest, "line_number": 1}
    baseline = json.dumps({"version": "1.5.0", "plugins_used": [], "filters_used": [], "results": {"m.py": [known]}})
    answers = examine(
        source("k", "m.py", text),
        source("baseline", ".secrets.baseline", baseline),
        source("project", "pyproject.toml", '[tool.detect-secrets]\nexclude = "m.py"\n'),
        source("plugin", "support/secret_tokens.py", "raise SystemExit\n"),
    )
    assert lines(answers["k"]) == [1]


def test_a_file_that_it_cannot_decode_is_not_called_clean() -> None:
    answer = examine(source("k", "m.py", f'# caf\udce9\na = "{KEYS["GitHub"]}"\n'))["k"]
    assert answer.status == "unparsed"


@pytest.mark.parametrize(
    "printed", [b"", b"Traceback", b"{}", b"[]", b'{"results": {"s0/m.py": [1]}}', b'{"results": 1}']
)
def test_garbage_is_no_answer(printed: bytes) -> None:
    with pytest.raises(GarbageError):
        DETECT_SECRETS.parse(
            ProcessResult("exited", 0, printed, b"", 1.0), {"s0/m.py": Source("k", "m.py", "python", "x")}
        )
