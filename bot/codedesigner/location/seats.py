"""From the locations that are configured to the seats of the pool."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from codedesigner.config.problems import raise_all
from codedesigner.errors import ConfigError
from codedesigner.location.capabilities import Remembered
from codedesigner.location.http import Transport
from codedesigner.location.poolsettings import PoolSettings
from codedesigner.location.prices import price_of
from codedesigner.location.providers import provider
from codedesigner.location.spec import LimitsConfig, LocationSpec, PriceConfig, RetryConfig
from codedesigner.pool.provider import Provider
from codedesigner.pool.seat import LocationLimits, RetryPolicy, Seat

Provide = Callable[[LocationSpec], Provider]


def is_model(spec: LocationSpec) -> bool:
    """Whether calls to it pass the pool; an analyser is a program of this machine."""
    return spec.provider.type != "local"


def seats(
    specs: Iterable[LocationSpec],
    *,
    environ: Mapping[str, str],
    transport: Transport,
    prices: Mapping[str, PriceConfig],
    settings: PoolSettings | None = None,
    remembered: Remembered | None = None,
) -> tuple[Seat, ...]:
    """One seat for each model, in order; analysers have none.

    `prices` are the operator's own. All share the `transport`; whoever made it closes it.

    Raises:
        ConfigError: a model cannot be reached as it is configured (or `CollectedConfigError`: several cannot).
    """

    def provide(spec: LocationSpec) -> Provider:
        return provider(spec, environ=environ, transport=transport, remembered=remembered)

    found: list[Seat] = []
    errors: list[ConfigError] = []
    for spec in specs:
        if not is_model(spec):
            continue
        try:
            found.append(seat(spec, provide, prices=prices, settings=settings))
        except ConfigError as error:
            errors.append(error)
    raise_all(errors)
    return tuple(found)


def seat(
    spec: LocationSpec,
    provide: Provide,
    *,
    prices: Mapping[str, PriceConfig],
    settings: PoolSettings | None = None,
) -> Seat:
    """The seat of one model, reached by what `provide` makes of it."""
    return Seat(
        provider=provide(spec),
        limits=_limits(spec.limits),
        retry=_retry(spec.provider.retry_config, settings or PoolSettings()),
        timeout_s=spec.provider.timeout_ms / 1000,
        weight=spec.weight,
        tags=spec.tags,
        price=price_of(spec, prices),
    )


def _limits(limits: LimitsConfig) -> LocationLimits:
    return LocationLimits(
        concurrent=limits.concurrent,
        requests_per_minute=limits.requests_per_minute,
        tokens_per_minute=limits.tokens_per_minute,
        hourly=limits.hourly,
        deep_daily=limits.deep_daily,
    )


def _retry(config: RetryConfig, settings: PoolSettings) -> RetryPolicy:
    return RetryPolicy(
        max_attempts=config.max_retries + 1,
        backoff=settings.backoff_type,
        base_delay_s=config.backoff_base_ms / 1000,
        max_delay_s=settings.max_delay_ms / 1000,
    )
