"""The tools that there are. Each is a file with its documentation beside it, and a line here."""

from __future__ import annotations

from codedesigner.run.tools.base import AnyTool
from codedesigner.run.tools.check_syntax import CHECK_SYNTAX
from codedesigner.run.tools.find_definition import FIND_DEFINITION
from codedesigner.run.tools.find_references import FIND_REFERENCES
from codedesigner.run.tools.git_log import GIT_LOG
from codedesigner.run.tools.list_files import LIST_FILES
from codedesigner.run.tools.read_file import READ_FILE
from codedesigner.run.tools.run_analyser import RUN_ANALYSER
from codedesigner.run.tools.search_code import SEARCH_CODE

TOOLS: dict[str, AnyTool] = {
    "read_file": READ_FILE,
    "search_code": SEARCH_CODE,
    "find_definition": FIND_DEFINITION,
    "find_references": FIND_REFERENCES,
    "list_files": LIST_FILES,
    "git_log": GIT_LOG,
    "run_analyser": RUN_ANALYSER,
    "check_syntax": CHECK_SYNTAX,
}
