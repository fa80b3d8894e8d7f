"""The configuration: what it accepts, and that every refusal names the value."""

from __future__ import annotations

import json
import math
from dataclasses import FrozenInstanceError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffsmooth_core.config import METHODS, InputError, SmoothingConfig, minimum_votes


@pytest.mark.parametrize(
    ("setting", "value", "named"),
    [
        ("method", "magic", "method 'magic'"),
        ("method", ["diffsmooth"], r"method \['diffsmooth'\]"),
        ("dataset", "MNIST", "dataset 'MNIST'"),
        ("noise", "none", "noise 'none'"),
        ("stopping", "never", "stopping 'never'"),
        ("dtype", "float16", "dtype 'float16'"),
        ("sigma", 0.0, "sigma .* got 0"),
        ("sigma", -0.25, "sigma .* got -0.25"),
        ("sigma", math.nan, "sigma .* got nan"),
        ("sigma", math.inf, "sigma .* got inf"),
        ("sigma", 10**400, "sigma .* got 1000"),
        ("sigma", 10**300, r"sigma .* got 1e\+300$"),
        ("sigma", 1_000_000.25, r"sigma .* at most 1,000,000, .* got 1,000,000\.25$"),
        ("sigma", "0.5", "sigma .* got '0.5'"),
        ("sigma", True, "sigma .* got True"),
        ("sigma_local", -1.0, "sigma_local .* got -1"),
        ("alpha", 0.0, "alpha .* got 0"),
        ("alpha", 1.0, "alpha .* got 1"),
        ("beta", 0.0, "beta .* got 0"),
        ("beta", 1.0, "beta .* got 1"),
        ("beta", None, "beta .* got None"),
        ("m", 0, "m .* got 0"),
        ("m", 2.5, "m .* got 2.5"),
        ("n0", 0, "n0 .* got 0"),
        ("n", -5, "n .* got -5"),
        ("n", True, "n .* got True"),
        ("seed", -1, "seed .* got -1"),
        ("seed", 2**64, f"seed .* got {2**64}"),
        ("n", 9, "n = 9 .* alpha = 0.001.* use n = 10"),
    ],
)
def test_a_bad_setting_is_named_with_its_value(setting: str, value: object, named: str) -> None:
    with pytest.raises(InputError, match=named):
        SmoothingConfig(**{setting: value})  # type: ignore[arg-type]


@pytest.mark.parametrize("setting", [{}, {"sigma_local": 0.0}, {"n": 10}, {"seed": 2**64 - 1}, {"sigma": 1}])
def test_settings_at_their_limits_are_fine(setting: dict[str, float]) -> None:
    SmoothingConfig(**setting)  # type: ignore[arg-type]


def test_a_whole_number_and_its_float_are_one_setting() -> None:
    whole = SmoothingConfig(sigma=1, sigma_local=0, target_radius=1)
    for zero in (0.0, -0.0):
        written = SmoothingConfig(sigma=1.0, sigma_local=zero, target_radius=1.0)
        assert json.dumps(whole.as_dict()) == json.dumps(written.as_dict())


@given(st.floats(1e-300, 0.999))
def test_minimum_votes_is_the_first_n_that_can_certify(alpha: float) -> None:
    n = minimum_votes(alpha)
    assert alpha ** (1 / n) > 0.5 * (1 - 1e-12)
    assert n == 1 or alpha ** (1 / (n - 1)) <= 0.5 * (1 + 1e-12)


def test_minimum_votes_where_alpha_is_a_power_of_a_half() -> None:
    assert [minimum_votes(0.5**j) for j in (1, 2, 10)] == [2, 3, 11], "the bound must be above 1/2"
    assert minimum_votes(0.001) == 10


def test_more_local_noise_than_smoothing_noise_is_allowed_with_advice() -> None:
    assert SmoothingConfig(sigma=0.5, sigma_local=0.5).advice == ()
    (sentence,) = SmoothingConfig(sigma=0.25, sigma_local=0.28).advice
    assert "0.28" in sentence
    assert "0.25" in sentence
    assert SmoothingConfig(method="plain", sigma=0.25, sigma_local=0.5).advice == (), "plain does not use it"


def test_a_configuration_is_frozen_and_round_trips() -> None:
    config = SmoothingConfig(method="dds", sigma=1.0, seed=7)
    assert SmoothingConfig.from_dict(config.as_dict()) == config
    with pytest.raises(FrozenInstanceError):
        config.sigma = 2.0  # type: ignore[misc]
    with pytest.raises(InputError, match="'sigmma'"):
        SmoothingConfig.from_dict({"sigmma": 0.5})


def test_a_record_from_before_beta_gave_up_at_alpha() -> None:
    for stopping, beta in (("decided", 0.01), ("adaptive", 0.01), ("target", 0.05), ("fixed", 0.05)):
        config = SmoothingConfig(alpha=0.01, stopping=stopping, beta=0.2)
        assert SmoothingConfig.recorded(config.as_dict()) == config
        earlier = {name: value for name, value in config.as_dict().items() if name != "beta"}
        assert SmoothingConfig.recorded(earlier).beta == beta


def test_the_methods_are_what_they_are_called() -> None:
    wiring = {name: (method.purifies, method.smooths_locally) for name, method in METHODS.items()}
    assert wiring["diffsmooth"] == (True, True)
    assert wiring["plain"] == (False, False)
    assert wiring["dds"] == (True, False)
    assert wiring["local-only"] == (False, True)
