"""From an environment, or from given values, to a forge."""

from __future__ import annotations

from collections.abc import Mapping

from codedesigner.forge.attempts import Timing
from codedesigner.forge.gitlab.address import AccessToken, Address, address_from, credential_from
from codedesigner.forge.gitlab.checks import Beat, each_minute
from codedesigner.forge.gitlab.client import Client
from codedesigner.forge.gitlab.forge import GitLabForge


def connect(
    address: Address, credential: AccessToken, timing: Timing | None = None, beat: Beat = each_minute
) -> GitLabForge:
    """One project, written to as `credential`.

    Raises:
        ConfigError: python-gitlab is not installed.
    """
    return GitLabForge(Client(address, credential, timing or Timing()), beat)


def connect_from(environment: Mapping[str, str], timing: Timing | None = None) -> GitLabForge:
    """The project that a job's merge request goes to, as CODEDESIGNER_GITLAB_TOKEN.

    Raises:
        ConfigError: one of them is missing or cannot be used, or python-gitlab is not installed.
    """
    return connect(address_from(environment), credential_from(environment), timing)
