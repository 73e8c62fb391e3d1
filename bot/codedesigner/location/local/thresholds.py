"""The sizes from which a function is worth a remark; every analyser that measures uses these."""

MAX_COMPLEXITY = 15
"""Cyclomatic complexity; McCabe's own limit is 10, the usual limit of tools that block a merge is 15."""
MAX_LINES = 120
"""Lines of code of one function, without blank lines and comments."""
MAX_ARGUMENTS = 8
"""Parameters, `self` and `cls` not counted."""
