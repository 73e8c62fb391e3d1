"""The embedded analysers: well-kept programs, run apart from the repository's configuration, each a voting location."""

from codedesigner.location.local.analyser import Analyser
from codedesigner.location.local.ast_grep import AST_GREP
from codedesigner.location.local.bandit import BANDIT
from codedesigner.location.local.detect_secrets import DETECT_SECRETS
from codedesigner.location.local.hadolint import HADOLINT
from codedesigner.location.local.lizard import LIZARD
from codedesigner.location.local.mypy import MYPY
from codedesigner.location.local.oxlint import OXLINT
from codedesigner.location.local.pyflakes import PYFLAKES
from codedesigner.location.local.pylint import PYLINT
from codedesigner.location.local.ruff import RUFF
from codedesigner.location.local.shellcheck import SHELLCHECK
from codedesigner.location.local.ty import TY
from codedesigner.location.local.typos import TYPOS
from codedesigner.location.local.yamllint import YAMLLINT
from codedesigner.location.local.zizmor import ZIZMOR

ANALYSERS: dict[str, Analyser] = {
    "ast-grep": AST_GREP,
    "ruff": RUFF,
    "lizard": LIZARD,
    "typos": TYPOS,
    "detect-secrets": DETECT_SECRETS,
    "oxlint": OXLINT,
    "pyflakes": PYFLAKES,
    "pylint": PYLINT,
    "bandit": BANDIT,
    "mypy": MYPY,
    "ty": TY,
    "hadolint": HADOLINT,
    "shellcheck": SHELLCHECK,
    "yamllint": YAMLLINT,
    "zizmor": ZIZMOR,
}
