"""The deployments in `docs/deploy/`: held to the schemas of Docker Compose and Kubernetes, and to our own commands."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from codedesigner.cli import app
from codedesigner.service.settings import ServiceSettings, read_settings

DEPLOY = Path(__file__).parents[1] / "docs" / "deploy"
COMPOSE, KUBERNETES, SERVICE = DEPLOY / "docker-compose.yml", DEPLOY / "kubernetes.yml", DEPLOY / "service.yml"
VERSION = "1.33"
PROBES = {"livenessProbe": {"/healthz"}, "readinessProbe": {"/readyz"}, "startupProbe": {"/healthz"}}


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())
    return found


def resources() -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(KUBERNETES.read_text()))


def pods() -> Iterator[tuple[str, dict[str, Any]]]:
    for each in resources():
        if each["kind"] == "Deployment":
            yield each["metadata"]["name"], each["spec"]["template"]["spec"]


@pytest.mark.parametrize("path", [COMPOSE, KUBERNETES, SERVICE], ids=lambda path: path.name)
def test_yamllint_has_nothing_to_say(path: Path) -> None:
    rules = (
        "{extends: default, rules: {line-length: {max: 120}, document-start: disable, braces: {max-spaces-inside: 1}}}"
    )
    command = [sys.executable, "-m", "yamllint", "--strict", "-d", rules, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("", 0)


def test_the_compose_file_is_valid() -> None:
    schema = files("check_jsonschema").joinpath("builtin_schemas/vendor/compose-spec.json").read_text()
    jsonschema_rs.validator_for(json.loads(schema)).validate(compose())


@pytest.mark.parametrize("each", resources(), ids=lambda each: f"{each['kind']}-{each['metadata']['name']}")
def test_the_manifest_is_valid(each: dict[str, Any]) -> None:
    import kubernetes_validate  # type: ignore[import-untyped]

    kubernetes_validate.validate(each, VERSION, strict=True)


def parsed(arguments: list[str]) -> None:
    name, *rest = arguments
    command = app.get_command(None, name)  # type: ignore[arg-type]
    assert command is not None, f"there is no command {name}"
    command.make_parser(command.make_context(name, ["--help"], resilient_parsing=True)).parse_args(rest)


def test_every_command_of_the_deployments_is_one() -> None:
    for name in ("serve", "worker"):
        parsed(compose()["services"][name]["command"])
    for _, pod in pods():
        parsed(pod["containers"][0]["args"])


def test_the_file_is_one_and_its_variables_are_given() -> None:
    settings, _ = read_settings(SERVICE)
    named = set(variables(settings.model_dump()))
    assert named
    given = compose()["services"]["serve"]["environment"]
    assert named <= set(given)


def variables(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, each in value.items():
            if key.endswith("_env") and each:
                yield from [each] if isinstance(each, str) else each
            else:
                yield from variables(each)


def test_nothing_runs_as_root_or_may_become_it() -> None:
    for name, pod in pods():
        assert pod["securityContext"]["runAsNonRoot"] is True, name
        confined = pod["containers"][0]["securityContext"]
        assert confined["allowPrivilegeEscalation"] is False
        assert confined["readOnlyRootFilesystem"] is True
        assert confined["capabilities"] == {"drop": ["ALL"]}
        assert pod["automountServiceAccountToken"] is False
    for name in ("serve", "worker"):
        service = compose()["services"][name]
        assert service["user"] == "10001:10001"
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]


def test_stopping_has_the_time_that_it_takes() -> None:
    longest = ServiceSettings.model_validate_json(json.dumps(yaml.safe_load(SERVICE.read_text()))).limits.stop_seconds
    for _, pod in pods():
        assert pod["terminationGracePeriodSeconds"] > longest + 5
    for name in ("serve", "worker"):
        assert int(compose()["services"][name]["stop_grace_period"].removesuffix("s")) > longest + 5


def test_selectors_and_mounts_fit_together() -> None:
    by_kind: dict[str, list[dict[str, Any]]] = {}
    for each in resources():
        by_kind.setdefault(each["kind"], []).append(each)
    labels = [each["spec"]["template"]["metadata"]["labels"] for each in by_kind["Deployment"]]
    (service,) = by_kind["Service"]
    assert service["spec"]["selector"] in labels
    for _, pod in pods():
        mounted = {mount["name"] for mount in pod["containers"][0]["volumeMounts"]}
        assert mounted == {volume["name"] for volume in pod["volumes"]}
        assert not pod["containers"][0]["image"].endswith(":latest")


def test_pods_pass_what_kube_linter_and_the_restricted_standard_ask_for() -> None:
    for name, pod in pods():
        (container,) = pod["containers"]
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod), name
        assert not container["securityContext"].get("privileged"), name
        requests, limits = container["resources"]["requests"], container["resources"]["limits"]
        assert {"cpu", "memory"} <= set(requests), name
        assert "memory" in limits, name
        assert all("hostPath" not in volume for volume in pod["volumes"]), name
        # Whether a worker lives its leases tell: others take over, and what has ended is started again.
        assert ("livenessProbe" in container) == (name == "serve")
        assert container["image"].rpartition(":")[2][0].isdigit(), name
        for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
            given = container.get(probe, {})
            if "httpGet" in given:
                assert given["httpGet"]["path"] in PROBES[probe]
                assert given["httpGet"]["port"] in {port["name"] for port in container["ports"]}


def test_no_secret_stands_in_a_deployment() -> None:
    for _, pod in pods():
        given = {each["name"]: each for each in pod["containers"][0]["env"]}
        assert not {name for name in given if "TOKEN" in name or "SECRET" in name or "PASSWORD" in name}
        assert [each["secretRef"]["name"] for each in pod["containers"][0]["envFrom"]] == ["codedesigner"]
    environment = compose()["services"]["serve"]["environment"]
    for name, value in environment.items():
        if any(word in name for word in ("TOKEN", "SECRET", "KEY", "DATABASE_URL")):
            assert ":?" in value, f"{name} is asked for, and missing stops the start"


def test_the_database_of_the_composition_outlives_its_container() -> None:
    database = compose()["services"]["database"]
    volume, _, place = database["volumes"][0].partition(":")
    assert place == "/var/lib/postgresql/data"
    assert volume in compose()["volumes"]
    assert "healthcheck" in database
    assert "ports" not in database, "nobody else reaches it"
    for name in ("serve", "worker"):
        assert compose()["services"][name]["depends_on"]["database"] == {"condition": "service_healthy"}
