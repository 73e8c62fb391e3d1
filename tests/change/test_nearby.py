"""Which files of a commit are looked at."""

from __future__ import annotations

import pytest

from codedesigner.change.git import Git
from codedesigner.change.nearby import NearbyLimits, Nearness, nearby
from codedesigner.errors import RepositoryError

from .conftest import Scratch

FILES = {
    "src/cart.py": "a",
    "src/shop.py": "bb",
    "src/deep/far.py": "c",
    "tests/test_cart.py": "d",
    "tests/test_other.py": "e",
    "docs/page.md": "no code",
    "vendor/lib.py": "f",
}


@pytest.fixture
def git(scratch: Scratch) -> Git:
    for name, text in FILES.items():
        scratch.write(name, text.encode())
    scratch.link("src/link.py", "shop.py")
    scratch.commit("files")
    return Git(scratch.top)


def head(git: Git) -> str:
    found = git.try_resolve("HEAD")
    assert found is not None
    return found


def test_the_nearest_come_first_and_the_changed_ones_not_at_all(git: Git) -> None:
    found = nearby(git, head(git), ["src/cart.py"])
    assert list(found.files) == [
        "src/shop.py",
        "tests/test_cart.py",
        "src/deep/far.py",
        "tests/test_other.py",
        "vendor/lib.py",
    ]
    assert found.files["src/shop.py"] == b"bb"
    assert found.complete


def test_what_is_not_wanted_is_not_missed(git: Git) -> None:
    found = nearby(git, head(git), ["src/cart.py"], wanted=lambda path: not path.startswith("vendor/"))
    assert "vendor/lib.py" not in found.files
    assert found.complete


@pytest.mark.parametrize(
    "limits",
    [NearbyLimits(files=2), NearbyLimits(total_bytes=3), NearbyLimits(total_bytes=3, files=2)],
)
def test_limits_hold_and_are_told(git: Git, limits: NearbyLimits) -> None:
    found = nearby(git, head(git), ["src/cart.py"], limits=limits)
    assert list(found.files) == ["src/shop.py", "tests/test_cart.py"]
    assert not found.complete


def test_a_large_file_is_passed_over(git: Git) -> None:
    found = nearby(git, head(git), ["src/cart.py"], limits=NearbyLimits(file_bytes=1))
    assert "src/shop.py" not in found.files
    assert len(found.files) == 4
    assert not found.complete


def test_a_commit_that_is_not_there_is_an_error(git: Git) -> None:
    with pytest.raises(RepositoryError):
        nearby(git, "0" * 40, [])


def test_nearness_counts_folders_up_to_a_changed_file() -> None:
    near = Nearness(["src/app/cart.py"])
    paths = ["src/app/x.py", "src/y.py", "src/web/y.py", "src/web/deep/y.py", "z.py", "lib/z.py", "t/test_cart.py"]
    assert [near(path) for path in paths] == [0, 0, 1, 2, 0, 1, 0]
    assert near("spec/cart_spec.rb") == 0
