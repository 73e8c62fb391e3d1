"""Reading a repository through `git`, as data: nothing that the repository or its history says is ever run.

The repository under review may have been prepared by its author, so every call gets an environment of its own (no
user or system configuration, no prompts, no locks), overrides for each setting that names a program, list arguments
without a shell, full ids where a revision is meant, a time limit and an output limit.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from pathlib import Path

from codedesigner.change.gitprocess import Completed, run_limited
from codedesigner.change.gitsettings import CONFIG, DIFF, environment
from codedesigner.change.model import decode, display, encode
from codedesigner.change.worktree import inside
from codedesigner.errors import RepositoryError

_HOST = re.compile(r"(?:[a-z+]+://)?(?:[^@/]*@)?([A-Za-z0-9.-]+\.[A-Za-z0-9-]+)[:/]")
_FULL_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_MODE_FILE = ("100644", "100755", "100664")


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """One path of a commit: its mode (`100644`, `120000`, `160000`, …) and the id of its object."""

    mode: str
    oid: str

    @property
    def is_file(self) -> bool:
        """Whether it is a regular file: neither a symlink nor a submodule."""
        return self.mode in _MODE_FILE


@dataclass(frozen=True, slots=True)
class GrepLine:
    """A line of a file (1-based) in which something was found."""

    path: str
    line: int
    text: str


class Git:
    """A repository with a work tree, read only. `repo` is its top folder or any folder inside it.

    `seconds` and `output_bytes` bound each single call.

    A repository that belongs to another user is accepted where `repo` is its top folder: naming it is the consent
    that `safe.directory` asks for. One that git finds by going up from `repo` is not.

    Raises:
        RepositoryError: `repo` is no folder of a repository with a work tree, or git is not installed.
    """

    def __init__(self, repo: Path, *, seconds: float = 60.0, output_bytes: int = 1_000_000_000) -> None:
        self._seconds = seconds
        self._output_bytes = output_bytes
        given = repo.expanduser().resolve()
        if not given.is_dir():
            raise RepositoryError(f"{display(str(repo))} is not a folder", hint="give the top of a clone with --repo")
        self._config = {**CONFIG, "safe.directory": str(given)}
        self._folder = given
        self.top = self._find_top(given)
        self._folder = self.top

    def limited(self, *, seconds: float, output_bytes: int | None = None) -> Git:
        """The same repository under other limits on each single call."""
        other = copy(self)
        other._seconds = min(seconds, self._seconds)
        other._output_bytes = self._output_bytes if output_bytes is None else output_bytes
        return other

    def try_resolve(self, revision: str) -> str | None:
        """The full id of the commit that `revision` names, or None; `history.resolve` explains what is wrong."""
        if not revision or revision.startswith("-") or any(ord(char) < 32 for char in revision):
            return None
        found = self._run(
            "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}", ok=(0, 1, 128)
        )
        oid = decode(found.stdout).strip()
        return oid if found.returncode == 0 and _FULL_ID.fullmatch(oid) else None

    def merge_base(self, ours: str, theirs: str) -> str | None:
        """The best common ancestor of two commits (full ids), or None where their histories do not meet."""
        found = self._run("merge-base", _checked(ours), _checked(theirs), ok=(0, 1))
        return decode(found.stdout).split("\n", 1)[0] or None

    def is_shallow(self) -> bool:
        """Whether the history of this clone was cut off (`git clone --depth`)."""
        return self._run("rev-parse", "--is-shallow-repository").stdout.strip() == b"true"

    def is_sound(self) -> bool:
        """Whether every object is there and is what its id says; it reads all of them."""
        return self._run("fsck", "--full", "--no-dangling", "--no-progress", ok=tuple(range(256))).returncode == 0

    def names(self, limit: int = 5000) -> list[str]:
        """Short names of branches and tags, newest first."""
        listed = self._run("for-each-ref", "--sort=-creatordate", f"--count={limit}", "--format=%(refname:short)")
        return decode(listed.stdout).split("\n")[:-1]

    def remotes(self) -> list[str]:
        """The hosts of the remotes' addresses, `origin` first; a path on this machine has none."""
        listed = self._run("config", "--null", "--get-regexp", r"^remote\..*\.url$", ok=(0, 1))
        pairs = [record.partition("\n") for record in _split_z(listed.stdout)]
        pairs.sort(key=lambda pair: pair[0] != "remote.origin.url")
        return [match.group(1).lower() for _, _, url in pairs if (match := _HOST.match(url))]

    def messages(self, base: str, head: str, *, limit: int = 50) -> str:
        """What commits of `head` that `base` lacks (full ids) say below their subjects: the newest, oldest first."""
        commits = f"{_checked(base)}..{_checked(head)}"
        options = ("--no-commit-header", "--format=%b", "--no-merges", "--reverse", f"--max-count={limit}")
        return decode(self._run("rev-list", *options, "--end-of-options", commits).stdout)

    def diff(self, base: str, head: str | None, *, text: bool = False, paths: Sequence[str] = ()) -> bytes:
        """The diff from `base` to `head` (full ids), or to the tracked files of the work tree.

        With `text`, files are printed as text although an attribute says that they are binary. `paths` narrows the
        diff; both names of a rename have to be given.
        """
        revisions = [_checked(base)] if head is None else [_checked(base), _checked(head)]
        options = [*DIFF, "--text"] if text else list(DIFF)
        # Against the work tree git would pass files through the `clean` filters that the repository configures.
        extra = self._disarmed_filters() if head is None else {}
        done = self._run(*options, "--end-of-options", *revisions, "--", *paths, config=extra)
        return done.stdout

    def untracked(self) -> list[str]:
        """Paths in the work tree that are neither tracked nor ignored; a repository inside is one path with a `/`."""
        listed = self._run("ls-files", "--others", "--exclude-standard", "-z")
        return _split_z(listed.stdout)

    def tree(self, commit: str, paths: Sequence[str] = ()) -> dict[str, TreeEntry]:
        """Every path of a commit (a full id), or those of `paths` that it has."""
        listed = self._run("ls-tree", "-r", "-z", "--full-tree", _checked(commit), "--", *paths)
        entries: dict[str, TreeEntry] = {}
        for record in _split_z(listed.stdout):
            facts, _, path = record.partition("\t")
            mode, _, oid = facts.split(" ")
            entries[path] = TreeEntry(mode, oid)
        return entries

    def sizes(self, oids: Iterable[str]) -> dict[str, int]:
        """The size in bytes of each blob among `oids` that this repository has."""
        wanted = sorted(set(oids))
        if not wanted:
            return {}
        query = "".join(f"{_checked(oid)}\n" for oid in wanted)
        listed = self._run("cat-file", "--batch-check=%(objectname) %(objecttype) %(objectsize)", given=encode(query))
        rows = (row.split(" ") for row in decode(listed.stdout).split("\n")[:-1])
        return {row[0]: int(row[2]) for row in rows if len(row) == 3 and row[1] == "blob"}

    def blobs(self, oids: Iterable[str], *, limit: int) -> dict[str, bytes | None]:
        """The content of each blob among `oids` that this repository has; None for one of more than `limit` bytes."""
        sizes = self.sizes(oids)
        contents: dict[str, bytes | None] = dict.fromkeys(sizes)
        wanted = [oid for oid, size in sizes.items() if size <= limit]
        if not wanted:
            return contents
        given = encode("".join(f"{oid}\n" for oid in wanted))
        output = self._run("cat-file", "--batch=%(objectname)", given=given).stdout
        at = 0
        for oid in wanted:
            start = at + len(oid) + 1  # each record: the name, LF, the content, LF
            at = start + sizes[oid] + 1
            contents[oid] = output[start : at - 1]
        return contents

    def read_file_at(self, revision: str, path: str, *, limit: int = 1_000_000) -> bytes | None:
        """A regular file as of a commit; None where there is no such file, or a symlink or folder in its place.

        Raises:
            RepositoryError: `revision` is unknown, or the file has more than `limit` bytes.
        """
        commit = self.try_resolve(revision)
        if commit is None:
            raise RepositoryError(f"`{display(revision)}` names no commit of this repository")
        entry = self.tree(commit, [path]).get(path) if inside(path) else None
        if entry is None or not entry.is_file:
            return None
        content = self.blobs([entry.oid], limit=limit).get(entry.oid)
        if content is None:
            raise RepositoryError(f"{display(path)} at {display(revision)} has more than {limit} bytes, or is missing")
        return content

    def grep(
        self,
        commit: str,
        pattern: str,
        *,
        paths: Sequence[str] = (),
        regex: bool = False,
        words: bool = False,
        ignore_case: bool = False,
        per_file: int = 100,
    ) -> tuple[list[GrepLine], bool]:
        """Lines of a commit (a full id) that hold `pattern`, in order of path, and whether the output limit cut some.

        Of each file come the first `per_file`. A pattern is fixed text, or with `regex` an extended regular expression;
        with `words` it has to stand between characters that belong to no word. What is binary is searched like text:
        else an attribute in the repository could hide a file. Symlinks and submodules are not searched.
        """
        chosen = [("-w", words), ("-i", ignore_case), ("-E", regex), ("-F", not regex)]
        done = self._run(
            "grep",
            *("-a", "-n", "-z", "--full-name", "--no-color", "--no-column", "--no-textconv", "--no-recurse-submodules"),
            *(option for option, wanted in chosen if wanted),
            *(f"--max-count={per_file}", "-e", pattern, _checked(commit), "--", *paths),
            ok=(0, 1),
            cut=True,
        )
        return list(_grep_lines(done.stdout, len(commit) + 1)), done.cut

    def log(self, commit: str, *, paths: Sequence[str] = (), limit: int) -> list[tuple[str, str]]:
        """(author's date as YYYY-MM-DD, first line of the message) of `commit` and those before it, newest first."""
        done = self._run(
            *("log", "-z", f"--max-count={limit}", "--format=%as%x00%s", "--encoding=UTF-8", "--no-patch"),
            *("--no-show-signature", "--no-mailmap", "--no-notes", "--no-decorate", "--no-color"),
            *("--end-of-options", _checked(commit), "--", *paths),
            config={"log.follow": "false"},
        )
        parts = decode(done.stdout).split("\0")[:-1]
        return list(zip(parts[::2], parts[1::2], strict=True))

    def _find_top(self, given: Path) -> Path:
        done = self._run("rev-parse", "--show-toplevel", ok=(0, 128))
        shown = decode(done.stdout).removesuffix("\n")
        reason = decode(done.stderr)
        if "dubious ownership" in reason:
            raise RepositoryError(
                f"the repository above {display(str(given))} belongs to another user",
                hint="give its top folder with --repo, if you trust it",
            )
        if done.returncode or not shown:
            bare = "bare repository" in reason or "must be run in a work tree" in reason
            what = "is a bare repository, without a work tree" if bare else "is not inside a git repository"
            raise RepositoryError(f"{display(str(given))} {what}", hint="give the top of a clone with --repo")
        top = Path(shown)
        # `core.worktree` in the repository's own configuration may point anywhere on this machine.
        if not given.is_relative_to(top.resolve()):
            raise RepositoryError(f"the repository at {display(str(given))} claims another folder as its work tree")
        return top

    def _disarmed_filters(self) -> dict[str, str]:
        """Overrides that empty each filter program the repository's configuration names."""
        listed = self._run("config", "--null", "--name-only", "--get-regexp", r"^filter\.", ok=(0, 1))
        drivers = {key.rpartition(".")[0] for key in _split_z(listed.stdout)}
        empty = {f"{driver}.{program}": "" for driver in drivers for program in ("clean", "smudge", "process")}
        return {**empty, **{f"{driver}.required": "false" for driver in drivers}}

    def _run(
        self,
        *arguments: str,
        given: bytes = b"",
        ok: tuple[int, ...] = (0,),
        config: Mapping[str, str] | None = None,
        cut: bool = False,
    ) -> Completed:
        done = run_limited(
            ["git", "--no-pager", *arguments],
            folder=self._folder,
            environment=environment({**self._config, **(config or {})}),
            given=given,
            seconds=self._seconds,
            output_bytes=self._output_bytes,
            cut=cut,
        )
        if done.returncode not in ok and not done.cut:
            said = display(decode(done.stderr)).strip().removeprefix("fatal: ") or f"exit code {done.returncode}"
            partial = "unable to read" in said or "promisor" in said or "lazy fetching" in said
            hint = "the clone lacks objects; clone it without --filter" if partial else None
            raise RepositoryError(f"git {arguments[0]} failed: {said}", hint=hint)
        return done


def _checked(oid: str) -> str:
    """`oid`, which must be a full id: nothing else can be told from an option or a range by its looks."""
    if not _FULL_ID.fullmatch(oid):
        raise RepositoryError(f"`{display(oid)}` is not a full object id")
    return oid


def _grep_lines(output: bytes, prefix: int) -> Iterator[GrepLine]:
    """Records of `git grep -n -z`: name, NUL, number, NUL, text, LF; a name begins with the commit and a colon."""
    at = 0
    while (named := output.find(b"\0", at)) >= 0 and (counted := output.find(b"\0", named + 1)) >= 0:
        end = output.find(b"\n", counted)
        if end < 0:
            return  # the output was cut here
        yield GrepLine(
            decode(output[at + prefix : named]), int(output[named + 1 : counted]), decode(output[counted + 1 : end])
        )
        at = end + 1


def _split_z(output: bytes) -> list[str]:
    return [decode(part) for part in output.split(b"\0") if part]
