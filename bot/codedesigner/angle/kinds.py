"""Kinds of defect: the names under which reviewers agree or disagree.

Two analysers that mean the same defect report the same kind, whatever their own rules are called; that is what makes
their ballots answers to one question. A rule without a row here is not lost: it becomes a kind of its own
(`<analyser>/<rule>`), which only that analyser can judge.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from codedesigner.severity import Severity

Scope = Literal["line", "function", "file"]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of defect.

    `scope` says what a finding of this kind is about: its own lines, the whole function it stands in (complexity,
    length) or the whole file. Only a `line` finding counts as touched when its line is changed; the others count
    when the change introduced them.
    """

    id: str
    angle: str
    severity: Severity
    title: str
    scope: Scope = "line"


def _rows(angle: str, *rows: tuple[str, Severity, str] | tuple[str, Severity, str, Scope]) -> dict[str, Kind]:
    return {row[0]: Kind(row[0], angle, *row[1:]) for row in rows}


_CORRECTNESS = _rows(
    "correctness",
    ("syntax-error", "critical", "The file does not parse"),
    ("conflict-marker", "critical", "A merge conflict marker was left in"),
    ("undefined-name", "high", "Name is not defined"),
    ("undefined-export", "high", "`__all__` names something that does not exist"),
    ("used-before-assignment", "high", "Variable may be used before it is assigned"),
    ("redefinition", "medium", "Defined again before it was used"),
    ("duplicate-key", "medium", "The same key appears twice"),
    ("duplicate-argument", "high", "The same parameter name appears twice"),
    ("duplicate-case", "medium", "The same case or condition appears twice"),
    ("mutable-default", "medium", "Mutable default argument is shared between calls"),
    ("late-binding-closure", "medium", "Closure captures the loop variable, not its value"),
    ("bare-except", "medium", "Bare `except` also catches exits and interrupts"),
    ("swallowed-exception", "medium", "Exception is swallowed without a trace"),
    ("jump-in-finally", "medium", "`return`, `break` or `continue` in `finally` swallows exceptions"),
    ("identity-with-literal", "high", "Identity comparison with a literal"),
    ("self-comparison", "medium", "Value is compared with itself"),
    ("self-assignment", "medium", "Variable is assigned to itself"),
    ("nan-comparison", "high", "Comparison with NaN is always false"),
    ("constant-condition", "medium", "Condition is always the same"),
    ("assignment-in-condition", "medium", "Assignment where a comparison was probably meant"),
    ("assert-on-tuple", "high", "Assertion on a non-empty tuple is always true"),
    ("no-effect", "medium", "Expression has no effect"),
    ("unreachable-code", "medium", "Code cannot be reached"),
    ("format-mismatch", "high", "Format string and arguments do not fit"),
    ("logging-arguments", "high", "Logging call's arguments do not fit its message"),
    ("invalid-escape", "low", "Invalid escape sequence"),
    ("call-arguments", "high", "Call does not fit the signature"),
    ("unknown-member", "medium", "Member does not exist on this type"),
    ("type-mismatch", "medium", "Value does not fit the declared type"),
    ("return-type-mismatch", "medium", "Returned value does not fit the declared type"),
    ("not-callable", "high", "Called value is not callable"),
    ("not-subscriptable", "high", "Value cannot be subscripted"),
    ("bad-raise", "high", "Raised value is not an exception"),
    ("raise-not-implemented", "high", "`NotImplemented` is raised or called"),
    ("return-outside-function", "critical", "`return` or `yield` outside a function"),
    ("missing-self", "high", "Method lacks its first parameter"),
    ("changed-while-iterating", "high", "Collection is changed while it is iterated"),
    ("result-ignored", "medium", "Result of the call is ignored"),
    ("missing-await", "high", "Coroutine is never awaited"),
    ("async-misuse", "medium", "Async construct is misused"),
    ("strip-characters", "medium", "`strip` takes a set of characters, not a prefix"),
    ("loop-variable-overwritten", "medium", "Loop variable is overwritten in its loop"),
    ("argument-overwritten", "low", "Parameter is overwritten by a local name"),
    ("fallthrough", "medium", "Case falls through into the next"),
    ("invalid-regex", "high", "Regular expression is not valid"),
    ("precision-loss", "medium", "Number literal loses precision"),
    ("sparse-array", "low", "Array literal has a hole"),
    ("null-dereference", "high", "Possible null dereference"),
    ("forced-unwrap", "medium", "Forced unwrap fails at run time"),
    ("unhandled-error", "medium", "Error result is ignored"),
    ("defer-in-loop", "medium", "`defer` in a loop runs only when the function returns"),
    ("resource-leak", "medium", "Resource is not closed on every path"),
    ("string-compare-by-reference", "high", "Strings are compared by reference"),
    ("loose-equality", "medium", "Loose comparison converts types"),
    ("exit-in-library", "medium", "Library code ends the process"),
    ("unquoted-expansion", "medium", "Unquoted expansion is split and globbed"),
    ("unchecked-cd", "medium", "`cd` may fail and the script goes on"),
    ("array-misuse", "medium", "Array is used as a string"),
    ("test-misuse", "high", "Test expression does not test what it seems to"),
    ("masked-return", "low", "Declaration hides the command's exit status"),
    ("read-without-r", "low", "`read` without `-r` eats backslashes"),
    ("unassigned-variable", "medium", "Variable is referenced but not assigned"),
    ("glob-misuse", "medium", "Glob or pattern does not match what it seems to"),
    ("portability", "medium", "The shell that is asked for need not know this"),
    ("pipefail-misuse", "medium", "A failure in the pipeline goes unnoticed"),
    ("invalid-key", "high", "Key or value is not valid here"),
    ("implicit-type", "low", "Plain scalar is read as another type"),
    ("debug-leftover", "medium", "Debugging statement was left in"),
    ("focused-test", "high", "Focused or skipped test switches others off"),
    ("unused-assignment", "low", "Assigned value is never used"),
    ("shadowed-builtin", "low", "Built-in name is shadowed"),
    ("catch-by-value", "medium", "Exception is caught by value and may be sliced"),
    ("missing-raise", "high", "Exception is created but not raised"),
    ("chained-exception-lost", "low", "Cause of the exception is lost"),
    ("missing-zip-strict", "low", "`zip` silently drops the longer one's rest"),
    ("duplicate-base", "high", "A base class is named twice"),
    ("inconsistent-mro", "high", "Base classes cannot be put in an order"),
    ("except-non-exception", "high", "`except` names something that is not an exception"),
    ("except-expression", "high", "`except A or B` catches only the first"),
    ("slot-missing", "high", "Attribute is not in `__slots__`"),
    ("special-signature", "high", "Special method has the wrong number of parameters"),
    ("index-error", "high", "Index is out of range"),
    ("bad-open-mode", "high", "Mode of `open` is not valid"),
    ("stop-iteration", "high", "`StopIteration` in a generator becomes a RuntimeError"),
    ("useless-lock", "high", "Lock is made anew each time, so it locks nothing"),
    ("missing-return", "medium", "Some path returns nothing although a value is promised"),
)

_EFFICIENCY = _rows(
    "efficiency",
    ("quadratic-concat", "medium", "Repeated concatenation in a loop is quadratic"),
    ("quadratic-list-sum", "medium", "Summing lists is quadratic"),
    ("needless-copy", "low", "Needless copy of a collection"),
    ("needless-comprehension", "low", "Comprehension does no work of its own"),
    ("manual-comprehension", "low", "Loop builds a collection that a comprehension would build"),
    ("needless-sort", "low", "Sorting is wasted"),
    ("needless-iterator", "low", "Iterates over more than it needs"),
    ("await-in-loop", "medium", "Awaits one by one what could run together"),
    ("blocking-in-async", "high", "Blocking call in an async function stops the event loop"),
    ("work-in-loop", "medium", "Loop repeats work that does not change"),
    ("linear-membership", "low", "Membership test walks a list"),
    ("needless-process", "low", "Starts a process that is not needed"),
    ("cache-leftover", "low", "Package cache is left in the image"),
    ("too-many-layers", "low", "Consecutive instructions could be one layer"),
    ("unbounded-cache", "medium", "Cache on a method keeps every instance alive"),
)

_SECURITY = _rows(
    "security",
    ("sql-injection", "high", "SQL is built from strings"),
    ("shell-injection", "high", "Command goes through a shell"),
    ("command-injection", "high", "Command is built from strings"),
    ("code-injection", "high", "Text is executed as code"),
    ("template-injection", "high", "Untrusted text is expanded into a script"),
    ("cross-site-scripting", "high", "Untrusted text becomes HTML"),
    ("unsafe-deserialization", "medium", "Deserialization can run code"),
    ("unsafe-yaml-load", "high", "YAML loader can build arbitrary objects"),
    ("weak-hash", "medium", "Hash is broken for security"),
    ("weak-cipher", "high", "Cipher or mode is broken"),
    ("weak-random", "low", "Random numbers are predictable"),
    ("hardcoded-secret", "high", "Secret in the source"),
    ("private-key", "critical", "Private key in the source"),
    ("tls-verification-off", "high", "Certificate verification is switched off"),
    ("weak-tls", "high", "Outdated protocol version is allowed"),
    ("plain-http", "low", "Connection is not encrypted"),
    ("no-timeout", "medium", "Network call without a time-out can hang for ever"),
    ("bind-all-interfaces", "medium", "Listens on all interfaces"),
    ("xml-external-entity", "medium", "XML parser is open to entity attacks"),
    ("archive-extraction", "high", "Archive members can be written anywhere"),
    ("path-traversal", "high", "Path comes from outside"),
    ("insecure-temp-file", "medium", "Temporary file name can be predicted"),
    ("permissive-mode", "medium", "File mode is too permissive"),
    ("assert-as-check", "low", "`assert` disappears under optimisation"),
    ("debug-mode", "high", "Debug mode is switched on"),
    ("autoescape-off", "high", "Template escaping is switched off"),
    ("host-key-unchecked", "high", "Host key is not checked"),
    ("format-string-injection", "high", "Format string comes from a variable"),
    ("memory-unsafe-call", "high", "Call writes without bounds"),
    ("unsafe-block", "medium", "Block is not memory safe"),
    ("unpinned-action", "medium", "Action is not pinned to a commit"),
    ("excessive-permissions", "medium", "Token has more rights than needed"),
    ("dangerous-trigger", "high", "Trigger runs untrusted code with secrets"),
    ("credential-persistence", "medium", "Checkout keeps its credential on disk"),
    ("secrets-exposed", "high", "Secrets reach a place they should not"),
    ("unpinned-image", "medium", "Image version is not pinned"),
    ("unpinned-package", "low", "Package version is not pinned"),
    ("runs-as-root", "medium", "Container runs as root"),
    ("sudo-in-image", "medium", "`sudo` in an image"),
    ("remote-script", "high", "Downloaded script is executed unseen"),
    ("target-blank", "medium", "Opened page can reach its opener"),
    ("prototype-pollution", "high", "Prototype can be polluted"),
    ("hidden-unicode", "high", "Text contains invisible or direction-changing characters"),
)

_STYLE = _rows(
    "style",
    ("unused-import", "low", "Import is not used"),
    ("unused-variable", "low", "Variable is not used"),
    ("unused-argument", "low", "Argument is not used"),
    ("unused-definition", "low", "Definition is not used"),
    ("wildcard-import", "low", "Wildcard import hides where names come from"),
    ("import-shadowed", "low", "Import is shadowed"),
    ("fstring-without-placeholder", "low", "f-string has no placeholder"),
    ("none-comparison", "low", "Comparison with None, True or False by equality"),
    ("negated-comparison", "low", "Negated membership or identity test"),
    ("type-comparison", "low", "Types are compared instead of checked"),
    ("lambda-assignment", "low", "Lambda is bound to a name"),
    ("ambiguous-name", "low", "Name is easily misread"),
    ("naming", "low", "Name does not follow the convention"),
    ("misspelling", "low", "Word is misspelt"),
    ("too-complex", "medium", "Function has too many branches", "function"),
    ("too-long", "low", "Function is too long", "function"),
    ("too-many-arguments", "low", "Function has too many parameters", "function"),
    ("too-deep", "low", "Code is nested too deeply", "function"),
    ("needless-else", "low", "`else` after a jump is needless"),
    ("needless-pass", "low", "Statement is needless"),
    ("simplifiable", "low", "Could be said more simply"),
    ("empty-block", "low", "Block is empty"),
    ("legacy-construct", "low", "Construct has a better successor"),
    ("var-declaration", "low", "`var` where `let` or `const` is meant"),
    ("multiple-statements", "low", "Several statements on one line"),
    ("indentation", "medium", "Indentation is inconsistent"),
    ("trailing-whitespace", "low", "Trailing white space"),
    ("missing-document-parts", "low", "Part of the document is missing"),
    ("deprecated-instruction", "low", "Instruction is deprecated"),
    ("missing-shebang", "medium", "Script does not say which shell runs it"),
    ("broad-exception", "low", "Catches more exceptions than it can handle"),
)

KINDS: dict[str, Kind] = {**_CORRECTNESS, **_EFFICIENCY, **_SECURITY, **_STYLE}


def kind_of(kind_id: str, *, angle: str = "correctness", severity: Severity = "low", title: str = "") -> Kind:
    """The kind's row, or one made up from the fallbacks for a kind that only one analyser knows."""
    row = KINDS.get(kind_id)
    return row if row is not None else Kind(kind_id, angle, severity, title or kind_id)
