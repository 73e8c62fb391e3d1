"""The page `docs/tools.md`, from the documentation that stands beside each tool.

`.venv/bin/python docs/tools_page.py > docs/tools.md` writes it; a test compares the two.
"""

from __future__ import annotations

from codedesigner.run.tools.registry import SECTIONS, ToolDoc, ToolRegistry
from codedesigner.run.tools.shipped import TOOLS

INTRODUCTION = """\
# Tools

Before it judges a finding, [the supervisor may have things looked up](models.md#what-the-supervisor-looks-up). A tool
reads the git objects of two commits, the one before the change (`base`) and the one after it (`head`); it never reads
the work tree, follows no link, runs nothing of the change and touches no network. Workers have no tools.

The supervisor asks in JSON, for at most `lookups.calls` calls. Each call is checked and goes to the tools as a message
of its own, with the first ten lines of the tool's documentation; what comes back is shown as numbered data behind a
bar, as code is. A result has at most 8,000 characters, and its share of `lookups.characters`; it takes at most
`lookups.seconds`. Where something is left out, the answer says what.

```console
$ codedesigner tools list
$ codedesigner tools show read_file
$ codedesigner tools validate
```

The examples below are about a small repository. `make test` runs every one of them.
"""

ADDING = """\
## Adding a tool

`bot/codedesigner/run/tools/read_file.py` is the one to read first.

1. Write `bot/codedesigner/run/tools/NAME.py` with a closed model of its arguments, made of the types in
   `bot/codedesigner/run/tools/arguments.py`, a function, and a `Tool` value. It reads through `context.git()`, which
   knows how much time is left, shows every text through `clean` or `clipped`, keeps to `context.most_characters`, and
   names what it cut.
2. Write `bot/codedesigner/run/tools/NAME.md` beside it, with the sections that the others have. Tests compare the
   table with the model and run every example. The first ten lines go with every request.
3. Add it to `TOOLS` in `bot/codedesigner/run/tools/shipped.py`, and write this page anew:
   `.venv/bin/python docs/tools_page.py > docs/tools.md`.
"""


def section(doc: ToolDoc) -> str:
    """One tool's part of the page."""
    return "\n\n".join([f"## {doc.tool_name}", doc.summary, *(doc.sections[name] for name in SECTIONS[1:])])


def page() -> str:
    """The whole page."""
    registry = ToolRegistry()
    return (
        "\n".join([INTRODUCTION, "\n\n".join(section(registry.load(name)) for name in TOOLS), "", ADDING]).rstrip("\n")
        + "\n"
    )


if __name__ == "__main__":
    print(page(), end="")
