"""Which files of a commit are looked at."""

from __future__ import annotations

import pytest

from codedesigner.change.git import Git
from codedesigner.change.nearby import Choice, NearbyLimits, Nearness, choose, contents

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


def chosen(git: Git, limits: NearbyLimits = NearbyLimits()) -> Choice:  # noqa: B008
    files = {path: entry.oid for path, entry in git.tree(head(git)).items() if entry.is_file and path.endswith(".py")}
    return choose(git, {path: oid for path, oid in files.items() if path != "src/cart.py"}, ["src/cart.py"], limits)


def test_the_nearest_come_first(git: Git) -> None:
    found = chosen(git)
    assert list(found.oids) == [
        "src/shop.py",
        "tests/test_cart.py",
        "src/deep/far.py",
        "tests/test_other.py",
        "vendor/lib.py",
    ]
    assert (found.too_large, found.too_far) == ((), ())
    assert contents(git, found.oids)["src/shop.py"] == b"bb"


@pytest.mark.parametrize(
    "limits",
    [NearbyLimits(files=2), NearbyLimits(total_bytes=3), NearbyLimits(total_bytes=3, files=2)],
)
def test_limits_hold_and_are_told(git: Git, limits: NearbyLimits) -> None:
    found = chosen(git, limits)
    assert list(found.oids) == ["src/shop.py", "tests/test_cart.py"]
    assert found.too_far == ("src/deep/far.py", "tests/test_other.py", "vendor/lib.py")


def test_what_is_never_looked_at_is_told_as_well(git: Git) -> None:
    found = chosen(git, NearbyLimits(files=1))
    assert list(found.oids) == ["src/shop.py"]
    assert len(found.too_far) == 4


def test_a_large_file_is_passed_over(git: Git) -> None:
    found = chosen(git, NearbyLimits(file_bytes=1))
    assert found.too_large == ("src/shop.py",)
    assert len(found.oids) == 4


def test_a_file_that_is_missing_has_no_contents(git: Git) -> None:
    found = chosen(git)
    assert list(contents(git, {**found.oids, "gone.py": "0" * 40})) == list(found.oids)
    assert "src/shop.py" not in contents(git, found.oids, NearbyLimits(file_bytes=1))


def test_nearness_counts_folders_up_to_a_changed_file() -> None:
    near = Nearness(["src/app/cart.py"])
    paths = ["src/app/x.py", "src/y.py", "src/web/y.py", "src/web/deep/y.py", "z.py", "lib/z.py", "t/test_cart.py"]
    assert [near(path) for path in paths] == [0, 0, 1, 2, 0, 1, 0]
    assert near("spec/cart_spec.rb") == 0
