"""Python by its own `ast` and `tokenize`."""

from __future__ import annotations

import ast
import io
import tokenize
import warnings

from bench.oracle.definitions import Defined, Told


def told(text: str) -> Told | None:
    """What `ast` finds; None for a text that it refuses."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
        comments = _comments(text)
    except (SyntaxError, ValueError, tokenize.TokenError):
        return None
    found: list[Defined] = []
    _look(tree, "", found, in_function=False)
    return Told(found, comments)


def _look(node: ast.AST, prefix: str, found: list[Defined], *, in_function: bool) -> None:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            start = min([child.lineno, *(decorator.lineno for decorator in child.decorator_list)])
            name = prefix + child.name
            found.append(Defined(start, child.end_lineno or start, child.col_offset, name))
            if start != child.end_lineno:
                _look(child, name + ".", found, in_function=not isinstance(child, ast.ClassDef))
            continue
        if not in_function and isinstance(child, ast.Assign | ast.AnnAssign) and isinstance(child.value, ast.Lambda):
            target = child.targets[0] if isinstance(child, ast.Assign) else child.target
            found.append(
                Defined(child.lineno, child.end_lineno or child.lineno, child.col_offset, prefix + ast.unparse(target))
            )
            continue
        _look(child, prefix, found, in_function=in_function)


def _comments(text: str) -> dict[int, int]:
    return {
        token.start[0]: token.start[1]
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type == tokenize.COMMENT and not token.line[: token.start[1]].strip()
    }
