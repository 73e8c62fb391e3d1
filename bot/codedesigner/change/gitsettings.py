"""What every git process is told, so that neither its user nor the repository can change what it does."""

from __future__ import annotations

import os
from collections.abc import Mapping

# Settings by key, given to git through GIT_CONFIG_COUNT: unlike `-c`, a key there may hold any character.
CONFIG: Mapping[str, str] = {
    "core.hooksPath": "/dev/null",
    "core.fsmonitor": "false",
    "core.attributesFile": "/dev/null",
    "core.bigFileThreshold": "512m",  # a small value would turn every file into a binary one
    "core.pager": "cat",
    "diff.suppressBlankEmpty": "false",
    "diff.renameLimit": "1000",
    "protocol.allow": "never",
    "protocol.ext.allow": "never",
    "protocol.file.allow": "never",
    "safe.bareRepository": "explicit",
    "submodule.recurse": "false",
}
# `core.symlinks=false` is not among them: it guards a checkout, which never happens here, and would hide a symlink
# that became a file in the work tree.

_ENVIRONMENT: Mapping[str, str] = {
    "HOME": "/nonexistent",
    "LC_ALL": "C",
    "GIT_ALLOW_PROTOCOL": "none",  # a partial clone must not fetch what it lacks, by any transport
    "GIT_ASKPASS": "false",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_LFS_SKIP_SMUDGE": "1",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",  # what is reviewed is what the id says
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_PAGER": "cat",
    "GIT_TERMINAL_PROMPT": "0",
}

# Every option that a setting of the repository or its user could change is said outright.
DIFF = (
    "diff",
    "--patch",
    "--find-renames=50%",
    "--no-ext-diff",
    "--no-textconv",
    "--no-color",
    "--no-color-moved",
    "--no-relative",
    "--src-prefix=a/",
    "--dst-prefix=b/",
    "--submodule=short",
    # Whether a submodule is dirty is found by running git inside it, with the configuration that lies there.
    "--ignore-submodules=dirty",
    "--unified=3",
    "--inter-hunk-context=0",
    "--full-index",
    "--diff-algorithm=histogram",
    "--indent-heuristic",
    "-O/dev/null",
)


def environment(config: Mapping[str, str]) -> dict[str, str]:
    """The whole environment of a git process: nothing of ours but the path to programs, and `config` as settings."""
    settings = {"GIT_CONFIG_COUNT": str(len(config))}
    for at, (key, value) in enumerate(config.items()):
        settings[f"GIT_CONFIG_KEY_{at}"] = key
        settings[f"GIT_CONFIG_VALUE_{at}"] = value
    return {"PATH": os.environ.get("PATH", os.defpath), **_ENVIRONMENT, **settings}
