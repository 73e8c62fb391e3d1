"""Links to lines of a commit, for what cannot stand on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from codedesigner.publish.discussion import PullRequest
from codedesigner.publish.obstacles import Forge
from codedesigner.publish.report import ChangeReport, FindingReport

_PAGES = (".md", ".markdown", ".mdown", ".rst", ".adoc", ".asciidoc", ".textile", ".org", ".ipynb")


@dataclass(frozen=True, slots=True)
class Links:
    """Makes links for one pull request.

    `root` is the repository's address, `base` the commit of removed lines, `was` the old names of renamed files.
    """

    forge: Forge
    root: str
    head: str
    base: str
    was: Mapping[str, str] = field(default_factory=dict)

    def blob(self, finding: FindingReport) -> str:
        """The address of the finding's lines as they are at the head, or were before."""
        first, last = sorted((finding.line, finding.end_line or finding.line))
        if finding.side == "RIGHT":
            return self.lines(finding.path, self.head, first, last)
        return self.lines(self.was.get(finding.path, finding.path), self.base, first, last)

    def lines(self, path: str, sha: str, first: int = 0, last: int = 0) -> str:
        """The address of lines of a file at a commit; of the whole file where `first` is 0."""
        blob = "/-/blob/" if self.forge == "gitlab" else "/blob/"
        # What is shown as a page has no lines unless asked for as text.
        plain = "?plain=1" if first and path.lower().endswith(_PAGES) else ""
        return f"{self.root}{blob}{sha}/{quote(path, safe='/')}{plain}{self._fragment(first, last)}"

    def commit(self, sha: str) -> str:
        """The address of a commit."""
        return f"{self.root}{'/-/commit/' if self.forge == 'gitlab' else '/commit/'}{sha}"

    def _fragment(self, first: int, last: int) -> str:
        if not first:
            return ""
        if last <= first:
            return f"#L{first}"
        return f"#L{first}-{last}" if self.forge == "gitlab" else f"#L{first}-L{last}"


def links_of(pull: PullRequest, forge: Forge, change: ChangeReport) -> Links:
    """Links of a change on a pull request, whose own address tells the repository's."""
    tail = f"/-/merge_requests/{pull.number}" if forge == "gitlab" else f"/pull/{pull.number}"
    was = {file.path: file.old_path for file in change.files if file.old_path is not None}
    return Links(forge, pull.url.rstrip("/").removesuffix(tail), change.head, change.base, was)
