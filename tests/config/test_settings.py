from __future__ import annotations

import pytest
from pydantic import BaseModel, ValidationError

from codedesigner.config.settings import DEFAULT_EXCLUDE, Settings
from codedesigner.config.shape import Closed, is_list, item_of, keys_of, leaves, model_at


def models(model: type[BaseModel]) -> set[type[BaseModel]]:
    found = {model}
    for name in keys_of(model):
        for loc in ((name,), (name, 0)):
            inner = model_at(model, loc)
            if inner is not None:
                found |= models(inner)
    return found


def test_every_key_is_described() -> None:
    undescribed = [
        f"{model.__name__}.{name}"
        for model in models(Settings)
        for name, field in model.model_fields.items()
        if not field.description
    ]

    assert undescribed == []
    assert len(models(Settings)) == 16


def test_every_part_is_closed_and_frozen() -> None:
    assert all(issubclass(model, Closed) for model in models(Settings))
    with pytest.raises(ValidationError):
        setattr(Settings(), "seed", 3)  # noqa: B010


def test_the_defaults_of_the_documents() -> None:
    settings = Settings()

    assert settings.max_passes == 8
    assert settings.max_concurrent == 4
    assert (settings.early_exit.enabled, settings.early_exit.consensus_threshold) == (True, 0.9)
    assert settings.early_exit.stable_passes == 2
    assert (settings.timeout_per_item_ms, settings.total_timeout_ms) == (None, 3_600_000)
    assert (settings.gate.fail_on, settings.gate.min_agreement, settings.gate.coverage) == ("high", 0.6, 1.0)
    assert settings.paths.default_exclude == DEFAULT_EXCLUDE


def test_a_fingerprint_is_suppressed_once() -> None:
    entry = {"fingerprint": "abcd1234", "reason": "known"}

    with pytest.raises(ValidationError, match="abcd1234 twice"):
        Settings.model_validate({"suppress": (entry, entry)})


def test_what_the_models_know_of_themselves() -> None:
    found = dict(leaves(Settings))

    assert ("gate", "fail_on") in found
    assert ("gate",) not in found
    assert is_list(found[("path_rules",)])
    assert item_of(found[("angles",)]) is str
    assert model_at(Settings, ("path_rules", 3, "nothing")) is None
