"""Addresses of pull and merge requests, as people copy them."""

from __future__ import annotations

import pytest

from codedesigner.commands.pulladdress import PullAddress, pull_address
from codedesigner.errors import UsageError


@pytest.mark.parametrize(
    ("url", "address", "api"),
    [
        (
            "https://github.com/octo/shop/pull/7",
            PullAddress("github", "https://github.com", "octo/shop", 7),
            "https://api.github.com",
        ),
        (
            "https://ghe.example:8443/octo/shop/pull/7/files#diff-1",
            PullAddress("github", "https://ghe.example:8443", "octo/shop", 7),
            "https://ghe.example:8443/api/v3",
        ),
        (
            "https://gitlab.example/a/b/c/-/merge_requests/12/diffs?view=inline",
            PullAddress("gitlab", "https://gitlab.example", "a/b/c", 12),
            "https://gitlab.example/api/v4",
        ),
    ],
)
def test_an_address_names_server_repository_and_number(url: str, address: PullAddress, api: str) -> None:
    assert pull_address(url) == address
    assert pull_address(url).api == api


@pytest.mark.parametrize(
    "url",
    [
        "octo/shop#7",
        "http://github.com/octo/shop/pull/7",
        "https://user:secret@github.com/octo/shop/pull/7",
        "https://github.com/octo/shop/issues/7",
        "https://github.com/octo/shop/pull/0",
        "https://github.com/octo/shop/pull/7; rm",
        "ext::sh -c x/pull/7",
        "",
    ],
)
def test_anything_else_is_refused(url: str) -> None:
    with pytest.raises(UsageError) as error:
        pull_address(url)

    assert "secret" not in str(error.value)
