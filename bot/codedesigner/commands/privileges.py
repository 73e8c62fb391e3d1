"""Giving up root: a container action has to start with it, and needs none of it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import click


def give_up_root(environ: Mapping[str, str]) -> None:
    """In a container action that started as root, go on as the owner of the workspace, who owns the runner's files.

    Where the workspace is root's own there is nobody else to be.
    """
    workspace = environ.get("GITHUB_WORKSPACE")
    if not workspace or environ.get("GITHUB_ACTIONS") != "true" or os.geteuid() != 0:
        return
    try:
        owner = Path(workspace).stat()
    except OSError:
        return
    if owner.st_uid == 0:
        return
    os.setgroups([])
    os.setgid(owner.st_gid)
    os.setuid(owner.st_uid)
    click.echo(f"note: going on as user {owner.st_uid}, who owns the workspace", err=True)
