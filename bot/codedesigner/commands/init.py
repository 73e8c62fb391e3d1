"""`codedesigner init`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from codedesigner.change.git import Git
from codedesigner.config.loader import REPO_FILE
from codedesigner.errors import UsageError
from codedesigner.text import resource

ForgeName = Literal["github", "gitlab"]

# (file in templates/init, where it goes)
_FILES: dict[ForgeName, tuple[tuple[str, str], ...]] = {
    "github": (("github/codedesigner.yml", ".github/workflows/codedesigner.yml"),),
    "gitlab": (("gitlab/codedesigner.gitlab-ci.yml", ".gitlab/codedesigner.gitlab-ci.yml"),),
}
_FORKS = (
    ("github/codedesigner-forks.yml", ".github/workflows/codedesigner-forks.yml"),
    ("github/codedesigner-forks-review.yml", ".github/workflows/codedesigner-forks-review.yml"),
)
_BY_HAND = (("github/codedesigner-dispatch.yml", ".github/workflows/codedesigner-dispatch.yml"),)
_NEXT: dict[ForgeName, str] = {
    "github": "commit them, open a pull request, and require the check `codedesigner` in the branch's protection",
    "gitlab": "include the job from .gitlab-ci.yml, set CODEDESIGNER_GITLAB_TOKEN, and require pipelines to succeed",
}


@click.command()
@click.option("--repo", type=click.Path(path_type=Path), default=Path(), help="The repository (default: here).")
@click.option("--forge", type=click.Choice(("github", "gitlab")), help="For which forge (default: the one found).")
@click.option("--forks", is_flag=True, help="GitHub: also the two workflows for pull requests from forks.")
@click.option(
    "--by-hand", is_flag=True, help="GitHub: also a workflow that reviews one pull request when it is asked to."
)
@click.option("--force", is_flag=True, help="Replace files that are there already.")
def init(repo: Path, forge: ForgeName | None, *, forks: bool, by_hand: bool, force: bool) -> None:
    """Write a starting configuration, and the workflow or job of the forge that the repository is on."""
    git = Git(repo)
    found = forge or _forge_of(git)
    files = [("codedesigner.yml", REPO_FILE), *_FILES[found]]
    if found == "github":
        files += [*(_FORKS if forks else ()), *(_BY_HAND if by_hand else ())]
    folder = resource("templates") / "init"
    wanted = [(folder / name, git.top / target) for name, target in files]
    there = [target for _, target in wanted if target.is_symlink() or target.exists()]
    if there and not force:
        names = ", ".join(str(target.relative_to(git.top)) for target in there)
        raise UsageError(f"{names} is there already; nothing was written", hint="--force replaces it")
    for target in there:
        if target.is_symlink() or not target.is_file():
            raise UsageError(f"{target.relative_to(git.top)} is not an ordinary file; nothing was written")
    for source, target in wanted:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(source.read_bytes())
        click.echo(f"wrote {target.relative_to(git.top)}")
    click.echo(f"next: {_NEXT[found]}")


def _forge_of(git: Git) -> ForgeName:
    """By the address of the remote, or by what the repository has of either."""
    hosts = git.remotes()
    for name in ("github", "gitlab"):
        if any(name in host for host in hosts):
            return "github" if name == "github" else "gitlab"
    if (git.top / ".gitlab-ci.yml").exists():
        return "gitlab"
    if (git.top / ".github").is_dir():
        return "github"
    raise UsageError("neither a remote nor a file tells which forge this is", hint="say --forge github or gitlab")
