"""How people say a kind of defect who do not know its name: what lets a model's words meet an analyser's finding.

A text means a kind where it holds every content word of one of its phrases, in any order and form; "not used" and
"never used" are "unused". The kind's own name and title are phrases, too, where they are of two words or more.
A phrase is worth adding where models keep saying it; one that other defects are told with as well is none.
"""

from __future__ import annotations

from collections.abc import Mapping

from codedesigner.angle.kinds import KINDS


def _said(text: str) -> dict[str, tuple[str, ...]]:
    rows = (line.partition(": ") for line in text.strip().splitlines())
    return {kind: tuple(phrase.strip() for phrase in phrases.split(" | ")) for kind, _, phrases in rows}


_PHRASES: Mapping[str, tuple[str, ...]] = _said(
    """
syntax-error: invalid syntax | does not parse | SyntaxError
conflict-marker: conflict marker | unresolved merge conflict
undefined-name: not defined | NameError \
| undeclared | not defined anywhere | not imported | missing import | does not exist name | ReferenceError
used-before-assignment: used before assigned | used before definition | UnboundLocalError | before initialized \
| may be unassigned | may be unbound | referenced before assignment
redefinition: redefined | redefinition | redefines | overwrites earlier definition
duplicate-key: duplicate key | key twice | repeated key
duplicate-argument: duplicate argument | duplicate parameter | parameter twice
mutable-default: mutable default | default argument shared calls | default list shared | default dict shared
late-binding-closure: closure loop variable | late binding | captures loop variable | lambda captures variable
bare-except: bare except | except without type | catches everything KeyboardInterrupt | catches SystemExit
swallowed-exception: swallowed exception | swallows exception | silently ignored exception | exception ignored \
| hides error silently | exception discarded | except pass
jump-in-finally: return finally | break finally | continue finally
identity-with-literal: identity literal | `is` compares literal | compared literal identity | identity string comparison
self-comparison: compared itself | compares itself | comparison itself
self-assignment: assigned itself | assigns itself
nan-comparison: NaN comparison | compared NaN | equals NaN
constant-condition: always true condition | always false condition | condition always | if always true
assignment-in-condition: assignment condition | assignment instead comparison
assert-on-tuple: assert tuple | assertion tuple always true
unreachable-code: unreachable | dead code after return | never executed after return | cannot be reached
format-mismatch: format string arguments | format placeholders arguments | not enough arguments format
call-arguments: wrong number arguments | missing argument call | missing required argument \
| unexpected keyword argument | too many arguments call | too few arguments | missing positional argument
unknown-member: no attribute | AttributeError | no such method | has no member \
| attribute does not exist | method does not exist
type-mismatch: incompatible type | wrong type | type mismatch | incompatible types
return-type-mismatch: return type | returns wrong type | incompatible return value
not-callable: not callable
not-subscriptable: not subscriptable
missing-self: missing self | without self | lacks self
changed-while-iterating: modified while iterating | changed during iteration | mutates while iterating \
| modifying during iteration | removed while iterating
result-ignored: return value ignored | result ignored | result discarded | return value discarded
missing-await: never awaited | missing await | not awaited | await missing | forgotten await
loop-variable-overwritten: loop variable overwritten | loop variable reassigned | loop variable shadowed
fallthrough: falls through case | missing break case | fallthrough
null-dereference: null dereference | null pointer | NullPointerException | dereferences null
forced-unwrap: force unwrap | forced unwrap | unwrap panics
unhandled-error: error ignored | error unchecked | ignores returned error | error not handled
defer-in-loop: defer loop
resource-leak: resource leak | file not closed | never closed | not closed | leaks file | leaks handle | unclosed file \
| leaks connection | descriptor leak
string-compare-by-reference: string compared reference | strings compared == equals
loose-equality: loose equality | type coercion comparison
unquoted-expansion: unquoted | quote variable word splitting | globbing word splitting
unchecked-cd: cd fail | cd unchecked
debug-leftover: debug statement | debugger left | leftover debug | breakpoint left
focused-test: focused test | only test left | skipped test left
unused-assignment: assigned never used | value never read | overwritten before read | dead store
shadowed-builtin: shadows builtin | shadows built-in | overrides built-in name
missing-raise: exception created not raised | missing raise | exception never raised
chained-exception-lost: original exception lost | exception context lost | cause lost exception | traceback lost
missing-zip-strict: zip truncates | zip silently drops | zip strict | zip different lengths
index-error: index out of range | IndexError | index bounds
missing-return: missing return | returns None implicitly | no return some path | falls end without return
quadratic-concat: string concatenation loop quadratic | concatenation loop | quadratic concatenation
await-in-loop: await loop | sequential await | awaits sequentially
blocking-in-async: blocking call async | blocks event loop | blocking event loop | time.sleep async
work-in-loop: recomputed each iteration | loop invariant | compiled every iteration
sql-injection: SQL injection | SQL string concatenation | SQL string interpolation | query built string \
| unsanitized SQL | parameterized query | unparameterized query
shell-injection: shell injection | shell True | command injection
command-injection: command injection | shell injection | arbitrary command | command user input
code-injection: arbitrary execution | eval user input | eval untrusted | exec untrusted | eval arbitrary
template-injection: template injection | script injection
cross-site-scripting: XSS | cross site scripting | unescaped HTML | innerHTML untrusted
unsafe-deserialization: unsafe deserialization | insecure deserialization | pickle untrusted \
| untrusted deserialization | pickle arbitrary
unsafe-yaml-load: yaml.load unsafe | unsafe yaml | yaml safe_load | yaml arbitrary object
weak-hash: weak hash | md5 broken | md5 insecure | sha1 broken | md5 weak | sha1 weak | insecure hash | md5 collision
weak-cipher: weak cipher | insecure cipher | ECB mode | DES broken
weak-random: predictable random | not cryptographically secure | random insecure | insecure random | weak random
hardcoded-secret: hardcoded secret | hardcoded password | hardcoded credential | hard coded password \
| hard coded secret | hardcoded key | hardcoded token | hard coded credential | secret committed | api key source
private-key: private key
tls-verification-off: certificate verification disabled | verify False | TLS verification disabled \
| SSL verification disabled | certificate unverified | certificate validation disabled
weak-tls: outdated TLS | insecure TLS version | SSLv3
no-timeout: without timeout | missing timeout | hang timeout | timeout specified | timeout set | block forever request
bind-all-interfaces: listens interfaces | binds interfaces | exposed interfaces
xml-external-entity: XXE | external entity
archive-extraction: zip slip | tar traversal | extractall untrusted | archive traversal
path-traversal: path traversal | directory traversal
insecure-temp-file: mktemp insecure | temporary file race | predictable temporary
permissive-mode: world writable | permissive permissions | chmod 777
assert-as-check: assert optimized | assert stripped | assert validation removed | assert disabled
debug-mode: debug mode | debug True
autoescape-off: autoescape | autoescaping disabled
memory-unsafe-call: buffer overflow | unbounded copy
unpinned-action: action unpinned | action not pinned
unpinned-image: image unpinned | latest tag
runs-as-root: runs root | container root
remote-script: curl piped | piped shell download
unused-import: unused import | import not used | imported not used
unused-variable: unused variable | variable never used | never used local | assigned not used
unused-argument: unused argument | unused parameter | parameter never used
unused-definition: unused function | unused method | function never used
wildcard-import: wildcard import | star import
fstring-without-placeholder: f-string placeholder | f-string interpolation
none-comparison: compare None identity | comparison None identity | compared None equality
type-comparison: isinstance instead type | type comparison
lambda-assignment: lambda assigned | lambda def
misspelling: misspelled | typo | misspelling
too-complex: complexity too high | cyclomatic complexity | high complexity | too many branches
too-long: function too long | method too long
too-many-arguments: too many parameters | too many arguments
too-deep: deeply nested | nesting deep
empty-block: empty block
broad-exception: broad exception | catching Exception broad | overly broad except | too broad except
""".replace("\\\n", "")
)


NAMED = 2
"""How many of a kind's phrases are its name and its title, which say nothing where they are of one word."""
# Names of which the words stand in remarks about much else.
_VAGUE = frozenset({"call-arguments", "invalid-key", "special-signature", "type-comparison", "return-type-mismatch"})


def phrases_of(kind: str) -> tuple[str, ...]:
    """The ways to say a kind, the name and the title first; () for a kind that one analyser alone has."""
    row = KINDS.get(kind)
    if row is None:
        return ()
    return ("" if kind in _VAGUE else kind.replace("-", " "), row.title, *_PHRASES.get(kind, ()))
