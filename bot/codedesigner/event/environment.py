"""The environment of a CI job as an event. Pure: environment and payload are arguments."""

from __future__ import annotations

import json
from collections.abc import Mapping

from codedesigner.event import github, gitlab
from codedesigner.event.model import Event, Refused


def read_event(environ: Mapping[str, str], payload: str | None) -> Event:
    """What the environment asks for. `payload` is the text of the file at GITHUB_EVENT_PATH, None outside Actions."""
    if environ.get("GITHUB_ACTIONS") == "true":
        try:
            event = json.loads(payload or "")
        except (ValueError, RecursionError):
            return Refused("GITHUB_EVENT_PATH does not hold the event's JSON", github.HELP)
        return github.read(environ.get("GITHUB_EVENT_NAME", ""), event)
    if environ.get("GITLAB_CI") == "true":
        return gitlab.from_environment(environ)
    return Refused("this is neither GitHub Actions nor GitLab CI", "use `codedesigner review` on your own machine")
