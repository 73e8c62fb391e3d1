"""What a location's calls cost: its own price, the operator's, nothing where the model runs here, or the shipped one.

A price that is not known is None, never 0: a cost that nobody knows must not look like one that is not there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field

from codedesigner.config.shape import Closed
from codedesigner.config.validate import validate
from codedesigner.config.yamlfile import read_file
from codedesigner.location.spec import LocationSpec, PriceConfig
from codedesigner.pool.seat import Price

FREE = Price()
_TABLE = Path(__file__).with_name("prices.yaml")
_DATED = re.compile(r"-20\d\d-?\d\d-?\d\d$", re.ASCII)
# Ollama's own servers, reached directly or through a local Ollama that passes the question on.
_CLOUD_HOST = "ollama.com"
_CLOUD_MODEL = re.compile(r"[-:]cloud$")


class PriceTable(Closed):
    """The shipped prices: where and when they were read, and the prices by a model's name."""

    source: str = Field(description="Who publishes them.")
    read: str = Field(description="The day on which they were read.")
    prices: dict[str, PriceConfig] = Field(description="By the model's name, without the date of its version.")


@cache
def shipped_prices() -> PriceTable:
    """The table that comes with codedesigner."""
    return validate(read_file(_TABLE, name="prices.yaml"), PriceTable)


def price_of(spec: LocationSpec, own: Mapping[str, PriceConfig], table: PriceTable | None = None) -> Price | None:
    """What the location's calls cost; None where nobody has said it.

    `own` are the operator's patterns, of which the one with the most letters decides; `table` stands in for the
    shipped prices, which know the names that a model's maker gives it, with or without the date of its version.
    """
    model = spec.provider.model_id
    if spec.price is not None:
        return _price(spec.price)
    fitting = [pattern for pattern in own if _fits(pattern, model)]
    if fitting:
        return _price(own[max(fitting, key=lambda pattern: (pattern == model, len(pattern.replace("*", "")), pattern))])
    if runs_here(spec):
        return FREE
    known = (table or shipped_prices()).prices
    entry = known.get(model) or known.get(_DATED.sub("", model))
    return None if entry is None else _price(entry)


def priced(spec: LocationSpec, own: Mapping[str, PriceConfig]) -> LocationSpec:
    """The location with the price that is known of it."""
    price = price_of(spec, own)
    if price is None or spec.provider.type == "local":
        return spec
    known = PriceConfig(
        tokens_in=price.tokens_in, tokens_out=price.tokens_out, cached=price.cached, written=price.written
    )
    return spec.model_copy(update={"price": known})


def runs_here(spec: LocationSpec) -> bool:
    """Whether the model (or analyser) runs on a machine of one's own, so that no call is charged."""
    provider = spec.provider
    if provider.url is None:
        return provider.type in ("local", "scripted")
    host = urlsplit(provider.url).hostname or ""
    if provider.type == "ollama" or provider.dialect == "ollama":
        cloud = host == _CLOUD_HOST or host.endswith(f".{_CLOUD_HOST}") or _CLOUD_MODEL.search(provider.model_id)
        return not cloud
    return _loopback(host)


def _loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _fits(pattern: str, model: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), model, re.DOTALL) is not None


def _price(config: PriceConfig) -> Price:
    return Price(config.tokens_in, config.tokens_out, config.cached, config.written)
