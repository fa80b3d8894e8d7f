"""The commands of the Theorems page give what is on the screen."""

from __future__ import annotations

import pytest

from diffsmooth_core.theory import TheoremSetting, exact, sampling
from tests.ui.test_commands import PICTURE, printed
from ui.jobs import networks
from ui.theorems import commands
from ui.theorems.controls import Controls


@pytest.mark.parametrize("noise", [True, False])
def test_the_theorems_on_a_picture(noise: bool) -> None:
    setting = TheoremSetting(0.3, "random", 0.75, noise, 0.1, 4, 0.05, 5, scheme="euler-maruyama")
    *_, end = sampling(PICTURE.tensor, networks.denoiser("bundled"), setting, 2)
    found = printed(
        commands.on_picture(Controls(True, "bundled", setting, 2, "far", 1, 0.5, "[0,1]"), PICTURE)
    )
    assert found["unit"] == "pixel"
    assert found["theorem1"]["distances"] == pytest.approx(list(0.5 * end.theorem1.distances), rel=1e-4)


def test_the_theorems_in_the_exact_world() -> None:
    setting = TheoremSetting(0.3, eps_error=0.1, noise=False, eta=0.05, seed=5)
    end = exact("narrow", 2, 0.3, samples=8, steps=4, eta=0.05, eps_error=0.1, noise=False, seed=5)
    found = printed(commands.exact(Controls(False, "bundled", setting, 64, "narrow", 2, 1.0, "[−1,1]"), end))
    assert found["unit"] == "model"
    assert found["theorem1"]["distances"] == pytest.approx(list(end.theorem1.distances))
    assert found["theorem2"]["printed"] == pytest.approx(end.theorem2.printed)
