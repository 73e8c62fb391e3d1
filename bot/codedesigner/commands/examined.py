"""What `codedesigner doctor` looks at: the configuration, then each location, many at a time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import JsonValue

from codedesigner.angle.registry import AngleRegistry, angles_for
from codedesigner.assembly.pool import folder_of, model_gate
from codedesigner.call.model import Call, Prompt
from codedesigner.commands.forgerights import ForgeDiagnosis, Forges, examine_forge
from codedesigner.commands.pulladdress import pull_address
from codedesigner.config.loader import Loaded, find_repo_file, load
from codedesigner.config.problems import flat
from codedesigner.config.settings import Settings
from codedesigner.errors import ConfigError
from codedesigner.location.capabilities import Remembered
from codedesigner.location.diagnosis import Check, Diagnosis
from codedesigner.location.doctor import examine_analyser, examine_model
from codedesigner.location.http import HttpTransport, Transport
from codedesigner.location.reach import Reach
from codedesigner.location.registry import LocationRegistry, locations_for
from codedesigner.location.seats import is_model, seats
from codedesigner.location.spec import LocationSpec
from codedesigner.plan.cost import CHARACTERS_PER_TOKEN
from codedesigner.pool.seat import Seat
from codedesigner.state.remembered import RememberedServers

T = TypeVar("T")
TYPICAL_TOKENS = 1500
"""Of a function of ordinary size with what surrounds it."""


@dataclass(frozen=True, slots=True)
class Examined:
    """Everything that was found. Where the configuration is wrong, nothing else was looked at."""

    configuration: tuple[Check, ...]
    locations: tuple[Diagnosis, ...] = ()
    forge: ForgeDiagnosis | None = None


@dataclass(frozen=True, slots=True)
class Configured:
    """What the files say."""

    settings: Settings
    registry: LocationRegistry
    specs: tuple[LocationSpec, ...]
    largest: Call
    repository: Path


async def examine(
    environ: Mapping[str, str],
    locations_file: Path | None,
    chosen: Sequence[str],
    repo: Path,
    timeout_s: float,
    transport: Transport | None = None,
    *,
    url: str | None = None,
    forges: Forges | None = None,
) -> Examined:
    """Check the configuration, the enabled (or chosen) locations, and the forge where one is named.

    `url` is a pull request's address. `transport` and `forges` stand in for the network.

    Raises:
        UsageError: `url` is no such address.
    """
    if url is not None:
        pull_address(url)  # a mistyped one costs nothing
    checks: list[Check] = []
    configured = _configured(environ, locations_file, chosen, repo, checks)
    if configured is None:
        return Examined(tuple(checks))
    carrier = transport or HttpTransport(reach=Reach.of_environment(environ))
    try:
        found, forge = await asyncio.gather(
            _locations(configured, environ, carrier, timeout_s),
            examine_forge(environ, url, configured.settings, timeout_s, forges),
        )
    finally:
        await carrier.close()
    return Examined(tuple(checks), found, forge)


def largest_question(registry: AngleRegistry, settings: Settings) -> Call:
    """As long as the longest question of a review: the longest angle, a typical function, the answer's schema."""
    by_rules = (name for rule in settings.path_rules for name in rule.angles or ())
    wanted = [registry.require(name) for name in dict.fromkeys((*settings.angles, *by_rules))]
    longest = max(wanted, key=lambda spec: len(spec.system_prompt) + len(json.dumps(spec.output_schema)))
    prompt = Prompt(longest.system_prompt, "x" * (TYPICAL_TOKENS * CHARACTERS_PER_TOKEN), longest.description)
    return Call("doctor", prompt, longest.output_schema)


def _configured(
    environ: Mapping[str, str], locations_file: Path | None, chosen: Sequence[str], repo: Path, checks: list[Check]
) -> Configured | None:
    def loading() -> tuple[Loaded, str]:
        file = find_repo_file(repo)
        return load(file, None, environ, {}), "defaults" if file is None else file.name

    def locating() -> tuple[tuple[LocationRegistry, tuple[LocationSpec, ...]], str]:
        registry = locations_for(locations_file, environ)
        enabled = registry.list(enabled=True)
        specs = tuple(registry.require(each) for each in dict.fromkeys(chosen)) if chosen else enabled
        return (registry, specs), f"{len(registry.locations)} locations, {len(enabled)} enabled"

    loaded = _tried("repository", loading, checks)

    def looking() -> tuple[Call, str]:
        assert loaded is not None  # noqa: S101 -- called below where it is there
        registry = angles_for(loaded)
        return largest_question(registry, loaded.settings), f"{len(registry.angles)} angles"

    largest = None if loaded is None else _tried("angles", looking, checks)
    located = _tried("locations", locating, checks)
    if loaded is None or largest is None or located is None:
        return None
    return Configured(loaded.settings, located[0], located[1], largest, repo.resolve())


def _tried(what: str, read: Callable[[], tuple[T, str]], checks: list[Check]) -> T | None:
    try:
        value, found = read()
    except ConfigError as error:
        checks += [Check(what, "fail", str(each), each.hint or "correct it") for each in flat([error])]
        return None
    checks.append(Check(what, "ok", found))
    return value


class _Afresh:
    """What was learned before is not believed, what is learned now is kept for the reviews to come."""

    def __init__(self, kept: Remembered | None) -> None:
        self._kept = kept

    def get(self, _key: str) -> Mapping[str, JsonValue] | None:
        """Nothing."""
        return None

    def put(self, key: str, value: Mapping[str, JsonValue]) -> None:
        """Keep it, where there is a place for it."""
        if self._kept is not None:
            self._kept.put(key, value)


async def _locations(
    configured: Configured, environ: Mapping[str, str], transport: Transport, timeout_s: float
) -> tuple[Diagnosis, ...]:
    registry = configured.registry
    folder = folder_of(environ, None)
    remembered = _Afresh(None if folder is None else RememberedServers(folder))
    built: dict[str, Seat | ConfigError] = {}
    for spec in filter(is_model, configured.specs):
        try:
            (built[spec.id],) = seats(
                [spec],
                environ=environ,
                transport=transport,
                prices=registry.prices,
                settings=registry.pool,
                remembered=remembered,
            )
        except ConfigError as error:
            built[spec.id] = error
    usable = [seat for seat in built.values() if isinstance(seat, Seat)]

    with model_gate(usable, configured.settings, registry.pool, environ) as gate:

        async def one(spec: LocationSpec) -> Diagnosis:
            seat = built.get(spec.id)
            if seat is None:
                return examine_analyser(spec, configured.repository)
            if isinstance(seat, ConfigError):
                wrong = Check("provider", "fail", str(seat), seat.hint or "correct provider in the locations file")
                return Diagnosis(spec.id, spec.provider.type, spec.provider.model_id, (wrong,))
            return await examine_model(
                spec, seat, gate, environ=environ, largest=configured.largest, timeout_s=timeout_s
            )

        return tuple(await asyncio.gather(*map(one, configured.specs)))
