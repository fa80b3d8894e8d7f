"""What is said of a noise under which networks have few pictures right."""

from __future__ import annotations

import pytest

from diffsmooth_core import SmoothingConfig
from diffsmooth_core.config import USUAL
from diffsmooth_core.zoo.quality import right_behind, share_right, too_noisy

PHOTOGRAPHS = {"dataset": "imagenet"} | USUAL["imagenet"]


@pytest.mark.parametrize(
    ("settings", "share"),
    [
        ({"sigma": 0.25}, 0.58),
        ({"sigma": 0.375}, 0.46),  # half-way between 0.58 and 0.34
        ({"sigma": 2.0}, 0.16),
        ({"sigma": 0.25, "method": "plain"}, 0.26),
        ({"sigma": 0.01, "method": "local-only"}, 0.8658),
        ({"denoiser": "elsewhere"}, None),
        ({"classifier": "elsewhere"}, None),
    ],
)
def test_the_share_is_that_of_the_card_between_its_levels(
    settings: dict[str, object], share: float | None
) -> None:
    found = share_right(SmoothingConfig(**PHOTOGRAPHS | settings))
    assert found == (None if share is None else pytest.approx(share, abs=1e-4))


def test_what_was_measured_behind_a_denoiser_for_one_noise_is_on_its_card() -> None:
    assert right_behind("dncnn-photographs-stability-0.25", "efficientnet-lite0") == 0.55
    assert right_behind("dncnn-photographs-0.25", "efficientnet-lite0") == 0, "not measured"
    assert right_behind("elsewhere", "efficientnet-lite0") == 0


def test_only_a_noise_that_the_networks_cannot_stand_is_spoken_of() -> None:
    assert too_noisy(SmoothingConfig(**PHOTOGRAPHS)) == ""
    assert too_noisy(SmoothingConfig(method="densepure")) == "", "nothing was measured"
    said = too_noisy(SmoothingConfig(**PHOTOGRAPHS | {"sigma": 0.5, "method": "plain"}))
    assert said == (
        "At σ = 0.5 these networks had about 1 of 100 test pictures right, so an abstention is likely; at "
        "σ = 0.12 it was 60."
    )
