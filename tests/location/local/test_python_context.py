"""What stands alone is not all there is: remarks that only the rest of a project could confirm stay out."""

from __future__ import annotations

import asyncio

import pytest

from codedesigner.location.local import ANALYSERS
from codedesigner.location.local.reviewer import LocalReviewer
from codedesigner.protocol.issue import Source


def kinds(name: str, text: str) -> list[str]:
    reviewer = LocalReviewer(ANALYSERS[name])
    answers = asyncio.run(reviewer.examine([Source("s", "app/compat.py", "python", text)])).answers
    return [issue.kind for issue in answers["s"].issues]


@pytest.mark.parametrize("name", ["ruff", "pyflakes", "pylint"])
def test_a_module_that_hands_names_on_is_not_told_that_it_does_not_use_them(name: str) -> None:
    names = ["OrderedDict", "defaultdict", "deque", "Counter", "ChainMap"]
    imports = [f"from collections import {each}\n" for each in names]

    assert kinds(name, "".join(imports)) == []
    assert kinds(name, "".join(imports[:2])) == ["unused-import", "unused-import"]


@pytest.mark.parametrize("name", ["ruff", "bandit"])
def test_a_command_that_is_one_constant_cannot_be_injected_into(name: str) -> None:
    assert "shell-injection" not in kinds(name, "import os\n\nos.system('make dist')\n")
    assert "shell-injection" in kinds(name, "import os\nimport sys\n\nos.system('make ' + sys.argv[1])\n")
