"""Every mistake in a locations file is told with its file, its line, its key and what to write instead."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from codedesigner.config.problems import flat
from codedesigner.config.yamlfile import read_file
from codedesigner.errors import ConfigError
from codedesigner.location.registry import LocationRegistry, read_locations

FOLDER = Path(__file__).parent / "bad_locations"
GOLDEN = FOLDER / "golden.txt"
FILES = sorted(FOLDER.glob("*.yaml"))
SECRET = "sk-verysecret123"
# The whole file is wrong, or is none: there is no key to name.
WITHOUT_KEY = frozenset({"yaml_bracket", "yaml_tab", "yaml_colon", "yaml_list_at_the_top", "yaml_second_document"})


def mistakes(path: Path) -> list[ConfigError]:
    with pytest.raises(ConfigError) as caught:
        read_locations(read_file(path, name=path.name), LocationRegistry.load())
    return flat([caught.value])


def told(path: Path) -> str:
    return "".join(f"{error}\n  help: {error.hint}\n" for error in mistakes(path))


def expected() -> dict[str, str]:
    """The golden file by the name of the file that is wrong."""
    texts: dict[str, str] = {}
    for line in GOLDEN.read_text(encoding="utf-8").splitlines(keepends=True):
        if not line.startswith("  "):
            name = line.partition(".yaml")[0]
        texts[name] = texts.get(name, "") + line
    return texts


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_mistake_is_told_with_file_line_key_and_remedy(path: Path) -> None:
    for error in mistakes(path):
        assert error.path == path.name
        assert error.line is not None
        assert 1 <= error.line <= len(path.read_text().splitlines())
        assert error.key or path.stem in WITHOUT_KEY
        assert error.hint
        assert SECRET not in f"{error}{error!r}{error.hint}{error.__context__}{error.__cause__}"


def test_the_messages_are_as_written_down() -> None:
    if os.environ.get("UPDATE_GOLDEN") == "1":
        GOLDEN.write_text("".join(map(told, FILES)), encoding="utf-8")
    assert {path.stem: told(path) for path in FILES} == expected()


def test_there_are_enough_of_them() -> None:
    assert len(FILES) >= 40
