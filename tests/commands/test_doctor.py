from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from pydantic import JsonValue

from codedesigner.angle.registry import load_angles
from codedesigner.commands.doctor import as_json, as_text, doctor, exit_code
from codedesigner.commands.examined import Examined, examine, largest_question
from codedesigner.config.settings import Settings
from codedesigner.config.yamlfile import read_file
from codedesigner.location.diagnosis import Check, Diagnosis
from codedesigner.location.fake_http import FakeTransport, Scripted, json_answer
from codedesigner.location.http import HttpRequest
from codedesigner.location.providers import provider
from codedesigner.location.registry import read_locations
from codedesigner.state.remembered import RememberedServers
from codedesigner.text import resource

KEY = "sk-verysecret123"
# Whoever runs the tests in a job of theirs.
NO_FORGE = {"GITHUB_ACTIONS": None, "GITLAB_CI": None}
ANSWERS = "rules:\n  - answer: {colour: blue}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "answers.yaml").write_text(ANSWERS)
    (tmp_path / "locations.yml").write_text(
        "shipped: false\n"
        "locations:\n"
        f"  - {{id: told, name: Told, provider: {{type: scripted, model_id: '{tmp_path}/answers.yaml'}}}}\n"
        "  - {id: ruff, name: Ruff, provider: {type: local, model_id: ruff}}\n"
        "  - id: keyless\n"
        "    name: Keyless\n"
        "    enabled: false\n"
        "    provider: {type: openai, model_id: gpt-5-mini, api_key_env: NOT_SET_ANYWHERE}\n"
        "  - {id: odd, name: Odd, enabled: false, provider: {type: custom, model_id: m, class: 'acme_gone:Gateway'}}\n"
    )
    (tmp_path / "repo").mkdir()
    return tmp_path


def run(folder: Path, *arguments: str) -> Result:
    given = ["--locations-file", str(folder / "locations.yml"), "--repo", str(folder / "repo"), *arguments]
    return CliRunner().invoke(
        doctor,
        given,
        env={
            "CODEDESIGNER_STATE_DIR": str(folder / "state"),
            "NOT_SET_ANYWHERE": None,
            "CODE_DESIGNER": None,
            **NO_FORGE,
        },
    )


def test_all_enabled_locations_are_looked_at(folder: Path) -> None:
    result = run(folder)

    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["what", "state", "found"]
    assert [line.split()[0] for line in lines if line[:1].strip()] == ["configuration", "told", "ruff", "2"]
    assert lines[-1] == "2 of 2 locations can be used"


def test_a_location_that_cannot_be_used_is_exit_code_3_with_a_remedy(folder: Path) -> None:
    result = run(folder, "--location", "ruff", "--location", "keyless", "--location", "odd")

    assert result.exit_code == 3, result.output
    assert "the variable NOT_SET_ANYWHERE is not set" in result.stdout
    assert "-> export NOT_SET_ANYWHERE=" in result.stdout
    assert "acme_gone" in result.stdout
    assert result.stdout.splitlines()[-1] == "1 of 3 locations can be used"


def test_a_wrong_configuration_is_exit_code_2_and_nobody_is_asked(folder: Path) -> None:
    (folder / "repo" / ".codedesigner.yml").write_text("gate: {fail_onn: high}\nangles: [securty]\n")
    (folder / "locations.yml").write_text("locations:\n  - {id: ruff, wieght: 2}\n")
    result = run(folder)

    assert result.exit_code == 2
    assert "gate.fail_onn: unknown key" in result.stdout
    assert "-> did you mean fail_on?" in result.stdout
    assert "wieght: unknown key" in result.stdout
    assert result.stdout.splitlines()[-1] == "no location was looked at"


def test_an_angle_or_location_that_is_not_there_is_a_wrong_configuration(folder: Path) -> None:
    assert run(folder, "--location", "ruf").exit_code == 2
    (folder / "repo" / ".codedesigner.yml").write_text("angles: [securty]\n")
    assert "did you mean security?" in run(folder).stdout


def test_the_json_form(folder: Path) -> None:
    result = run(folder, "--location", "keyless", "--location", "told", "--format", "json")
    data = json.loads(result.stdout)

    assert result.exit_code == 3
    assert data["usable"] is False
    assert [(each["id"], each["usable"]) for each in data["locations"]] == [("keyless", False), ("told", True)]
    assert {check["what"] for check in data["configuration"]} == {"repository", "angles", "locations"}
    assert all(set(check) == {"what", "state", "found", "remedy"} for check in data["locations"][0]["checks"])


def test_what_is_found_is_laid_out_in_columns() -> None:
    examined = Examined(
        (Check("angles", "ok", "4 angles"),),
        (
            Diagnosis("gpu", "ollama", "m", (Check("reachable", "fail", "no connection", "start the server"),)),
            Diagnosis("ruff", "local", "ruff", (Check("program", "ok", "ruff, version 1"),)),
        ),
    )

    assert exit_code(examined) == 3
    assert json.loads(as_json(examined))["locations"][1]["usable"] is True
    assert as_text(examined) == (
        "               what        state    found\n"
        "configuration  angles      ok       4 angles\n"
        "gpu            reachable   fail     no connection\n"
        "                                    -> start the server\n"
        "ruff           program     ok       ruff, version 1\n"
        "\n"
        "1 of 2 locations can be used\n"
    )


def test_what_is_learned_of_a_server_is_kept_for_reviews_and_looked_at_anew_by_the_doctor(folder: Path) -> None:
    def answer(request: HttpRequest) -> Scripted:
        if request.method == "GET":
            return json_answer({"data": [{"id": "m"}]}) if request.url.endswith("/models") else json_answer({}, 404)
        choice: JsonValue = {"message": {"content": '{"colour": "blue"}'}, "finish_reason": "stop"}
        return json_answer({"model": "m", "choices": [choice]})

    (folder / "locations.yml").write_text(
        "shipped: false\n"
        "locations:\n"
        "  - id: gpu\n"
        "    name: G\n"
        "    provider: {type: custom, dialect: openai, model_id: m, endpoint: 'http://gpu.example.org/v1'}\n"
    )
    environ = {"CODEDESIGNER_STATE_DIR": str(folder / "state")}
    modes = []
    for _ in range(2):
        transport = FakeTransport(answer)
        examined = asyncio.run(examine(environ, folder / "locations.yml", (), folder / "repo", 5, transport))
        modes.append([request.method for request in transport.requests].count("POST"))
        assert next(check for check in examined.locations[0].checks if check.what == "schema").state == "warn"

    spec = read_locations(read_file(folder / "locations.yml")).require("gpu")
    kept = RememberedServers(folder / "state")
    assert modes == [2, 2]  # a schema, then a tool
    assert provider(spec, environ={}, transport=FakeTransport([]), remembered=kept).modes == ("json", "text")


def test_servers_are_asked_many_at_a_time_and_no_key_is_shown(folder: Path) -> None:
    def answer(request: HttpRequest) -> Scripted:
        if request.method == "GET":
            listed: list[JsonValue] = [{"id": "m", "max_model_len": 40_000}]
            return json_answer({"data": listed}) if request.url.endswith("/models") else json_answer({}, 404)
        choice: JsonValue = {"message": {"content": '{"colour": "thezzubrin"}'}, "finish_reason": "stop"}
        return json_answer({"model": "m", "choices": [choice]})

    entries = "".join(
        f"  - {{id: gpu-{number}, name: G, provider: {{type: custom, dialect: openai, model_id: m,"
        f" endpoint: 'http://gpu-{number}.example.org/v1', api_key_env: GPU_KEY}}}}\n"
        for number in range(20)
    )
    (folder / "locations.yml").write_text(f"shipped: false\nlocations:\n{entries}")
    environ = {"GPU_KEY": KEY, "CODEDESIGNER_STATE_DIR": str(folder / "state")}
    transport = FakeTransport(answer)

    examined = asyncio.run(examine(environ, folder / "locations.yml", (), folder / "repo", 5, transport))

    assert [each.usable for each in examined.locations] == [True] * 20
    assert exit_code(examined) == 0
    assert transport.closed
    assert KEY not in as_text(examined) + as_json(examined)


def test_the_largest_question_has_the_longest_angle_and_a_function() -> None:
    registry = load_angles(read_file(resource("angles.yaml")))
    call = largest_question(registry, Settings())

    assert call.prompt.system in {spec.system_prompt for spec in registry.angles.values()}
    assert len(call.prompt.system) == max(len(spec.system_prompt) for spec in registry.angles.values())
    assert call.schema is not None
