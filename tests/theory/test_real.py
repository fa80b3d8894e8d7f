"""Pictures and networks: the same theorems with a denoiser whose answers are known."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from diffsmooth_core.config import InputError, SmoothingConfig
from diffsmooth_core.purification.denoiser import Denoiser
from diffsmooth_core.purification.schedule import Schedule
from diffsmooth_core.theory import (
    KINDS,
    TheoremSetting,
    compare,
    disturbed,
    exact,
    gains,
    over_sigma,
    over_sigma_exactly,
    sampling,
    start,
)
from diffsmooth_core.theory.network import NetworkEps
from diffsmooth_core.theory.network_error import consequences
from diffsmooth_core.theory.perturbation import perturb
from diffsmooth_core.theory.theorem2 import error_of_size
from tests.worlds import SHAPE, Oracle, Silent, linear_classifier

PICTURE = torch.rand(SHAPE, generator=torch.Generator().manual_seed(0))
SCHEDULE = Schedule.named("cosine", 1000)
ORACLE = Denoiser(Oracle(PICTURE, SCHEDULE), SCHEDULE, "oracle", "0" * 64)
SILENT = Denoiser(Silent(), SCHEDULE, "silent", "0" * 64)


def test_a_denoiser_that_knows_the_picture_leads_every_path_to_it() -> None:
    *_, done = sampling(PICTURE, ORACLE, TheoremSetting(sigma=0.5, steps=20), 6)
    found = done.theorem1
    assert done.begun.one_shot_distance < 1e-2
    assert len(found.distances) == 6
    assert found.distances.max() < 2 * SCHEDULE.noise_ratio[3] * math.sqrt(3072)
    assert found.share("pathwise").k == 6
    assert found.shift == pytest.approx(2 * 0.5 * math.sqrt(3072), rel=0.03)


def test_a_network_that_sees_no_noise_lets_the_shift_stand() -> None:
    setting = TheoremSetting(sigma=0.25, perturbation="random", radius=3.0, noise=False)
    *_, done = sampling(PICTURE, SILENT, setting, 4)
    found = done.theorem1
    assert found.shift == pytest.approx(6.0, rel=1e-5)
    assert found.c == 0
    assert found.distances.min() > 6


def test_sampling_tells_every_step_and_a_cancel_changes_nothing() -> None:
    setting = TheoremSetting(steps=4)
    whole = list(sampling(PICTURE, ORACLE, setting, 40))
    assert [found.count for found in whole] == [0] * 4 + [16] * 4 + [32] * 4 + [40] * 2
    assert [found.finished for found in whole] == [False] * 13 + [True]
    done = [found.done for found in whole]
    assert done == sorted(done)
    assert (done[0], done[2], done[-1]) == (0, 0.2, 1)
    first = whole[6]  # cancelled in the second batch
    *_, resumed = sampling(PICTURE, ORACLE, setting, 40, resume=first)
    assert torch.equal(resumed.paths.end, whole[-1].paths.end)
    assert resumed.doubling_error == whole[-1].doubling_error > 0
    *_, more = sampling(PICTURE, ORACLE, setting, 48, resume=whole[-1])
    assert more.count == 48
    assert len({float(distance) for distance in more.theorem1.distances}) == 48


def test_bfloat16_moves_the_samples_a_little() -> None:
    class Narrow(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = torch.nn.Conv2d(3, 3, 1)
            torch.nn.init.dirac_(self.inner.weight)
            self.inner.bias.data.zero_()  # type: ignore[union-attr]

        def forward(self, x_t: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
            predicted: torch.Tensor = self.inner(x_t)
            return predicted

    network = Denoiser(Narrow().requires_grad_(False), SCHEDULE, "narrow", "0" * 64)
    full, half = (start(PICTURE, network, TheoremSetting(dtype=d)).predicted for d in ("float32", "bfloat16"))
    assert 0 < float((full - half).norm()) < 0.01 * float(full.norm())


def test_levels_are_timesteps_of_the_network_and_end_at_zero() -> None:
    begun = start(PICTURE, ORACLE, TheoremSetting(sigma=0.5, steps=24))
    assert begun.levels[-1] == 0
    assert list(begun.levels) == sorted(set(begun.levels), reverse=True)
    assert set(begun.levels[:-1]) <= {float(r) for r in SCHEDULE.noise_ratio}
    assert begun.levels[0] == pytest.approx(math.sqrt(1 / begun.alpha_bar - 1))


def test_the_network_is_asked_at_the_nearest_timestep() -> None:
    schedule = Schedule.named("cosine", 1000)
    ratios = schedule.noise_ratio
    asked: list[float] = []
    network = Silent()
    network.register_forward_pre_hook(lambda _, x: asked.append(float(x[1][0]) / schedule.time_scale))
    eps = NetworkEps(Denoiser(network, schedule, "silent", "1" * 64))
    for share, nearest in ((0.1, 500), (0.9, 501)):
        ratio = (1 - share) * ratios[500] + share * ratios[501]
        eps(torch.zeros(1, *SHAPE), 1 / (1 + ratio**2))
        assert asked[-1] == pytest.approx(nearest)


def test_an_error_of_the_network_moves_the_one_shot_output_by_rho_times_its_length() -> None:
    moved = start(PICTURE, ORACLE, TheoremSetting(sigma=0.5, eps_error=0.2))
    length = math.sqrt(1 / moved.alpha_bar - 1) * 0.2 * math.sqrt(3072)
    assert moved.one_shot_distance == pytest.approx(length, rel=1e-3)
    noisy = PICTURE + 0.5
    once, again = (disturbed(ORACLE, 0.2).purify(noisy[None], 0.5) for _ in range(2))
    assert torch.equal(once, again)


@pytest.mark.parametrize("kind", KINDS)
def test_perturbations_have_the_length_asked_for(kind: str) -> None:
    network = torch.nn.Conv2d(3, 3, 3, padding=1)
    torch.nn.init.dirac_(network.weight)

    class Local(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = network

        def forward(self, x_t: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
            predicted: torch.Tensor = self.inner(x_t)
            return 0.3 * predicted.square()

    delta = perturb(kind, PICTURE, Denoiser(Local(), SCHEDULE, "local", "0" * 64), 0.5, 1.5)
    assert float(delta.norm()) == pytest.approx(0 if kind == "none" else 1.5, abs=1e-4)


def test_an_adversarial_perturbation_moves_the_output_more_than_a_random_one() -> None:
    class Loud(torch.nn.Module):
        def forward(self, x_t: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
            gain = torch.linspace(-1, 1, 32)
            return gain * x_t

    loud = Denoiser(Loud(), SCHEDULE, "loud", "0" * 64)
    random, worst = (
        start(PICTURE, loud, TheoremSetting(perturbation=kind, radius=4.0, noise=False)).one_shot_distance
        for kind in ("random", "adversarial")
    )
    assert worst > random + 2


def test_gains_tell_a_denoiser_that_helps_from_one_that_does_not() -> None:
    helped = list(gains(PICTURE, ORACLE, (0.25, 0.5), copies=2))
    assert [g.sigma for g in helped] == [0.25, 0.5]
    assert all(g.purified < 0.05 and g.shortened == 1 for g in helped)
    assert helped[1].noisy == pytest.approx(0.5 * math.sqrt(3072), rel=0.03)
    assert helped[1].bound(0.01) == pytest.approx(27.7 + 28.8, rel=0.02)
    assert helped[1].quantile(0.01) == pytest.approx(40.2, rel=0.02)
    (clamped,) = gains(PICTURE, SILENT, (0.5,), copies=2)
    assert 5 < clamped.purified < clamped.noisy


@pytest.mark.parametrize("setting", [{"eta": 1.0}, {"steps": 1}, {"dtype": "int1"}])
def test_a_setting_is_checked(setting: dict[str, float]) -> None:
    with pytest.raises(InputError, match="1"):
        TheoremSetting(**setting)  # type: ignore[arg-type]


def test_an_error_of_the_network_costs_votes_and_radius() -> None:
    config = SmoothingConfig(sigma=0.5, sigma_local=0.0, m=1, n0=10, n=60, classifier="linear")
    grey = torch.full(SHAPE, 0.5)
    knows = Denoiser(Oracle(grey, SCHEDULE), SCHEDULE, "oracle", "0" * 64)
    direction = error_of_size(1.0, SHAPE, config.seed).flatten().float()
    direction /= direction.norm()  # half_space(3) turned so that the error pushes across it
    offset = 3.0 - float(direction @ grey.flatten())
    head = linear_classifier(torch.stack([-direction, direction]), torch.tensor([-offset, offset]))
    intact, broken = consequences(grey, head, knows, config, (0.0, 0.5))
    assert intact.certificate.label == 1
    assert broken.certificate.label == 0
    assert intact.purified < 0.05 < 5 < broken.purified


def test_pictures_are_compared_at_every_sigma_and_counted() -> None:
    pictures = [PICTURE, PICTURE.flip(1), PICTURE.flip(2)]
    steps = list(compare(pictures, ORACLE, (0.25, 0.5), batch=2))
    assert [sum(map(len, found.noisy)) for found in steps] == [0, 2, 3, 5, 6]
    assert [found.finished for found in steps] == [False] * 4 + [True]
    found = steps[-1]
    assert found.noisy[1] == pytest.approx([2 * length for length in found.noisy[0]], rel=1e-4)
    assert (found.nearer(0.25).k, found.nearer(0.25).n) == (1, 3), "it knows but one of them"
    assert found.nearer(0.5).k == 3, "even the wrong picture is nearer than this noise"
    assert steps[1].nearer(0.5).n == 0
    (alone,) = gains(PICTURE, ORACLE, (0.5,), copies=1)
    assert (found.noisy[1][0], found.purified[1][0]) == pytest.approx((alone.noisy, alone.purified), abs=1e-4)
    with pytest.raises(InputError, match="1 picture"):
        next(compare([], ORACLE, (0.5,)))


def test_curves_have_a_point_a_sigma_like_single_experiments() -> None:
    setting = TheoremSetting(steps=3)
    steps = list(over_sigma(PICTURE, ORACLE, setting, (0.25, 0.5), samples=2))
    assert [len(found.points) for found in steps] == [0] * 5 + [1] * 5 + [2]
    assert [found.finished for found in steps] == [False] * 10 + [True]
    *_, alone = sampling(PICTURE, ORACLE, replace(setting, sigma=0.25), 2)
    point = steps[-1].points[0]
    assert point.theorem1.distances == pytest.approx(alone.theorem1.distances)
    assert point.timestep == SCHEDULE.timestep_for_sigma(0.25)[0]
    *_, resumed = over_sigma(PICTURE, ORACLE, setting, (0.25, 0.5), 2, resume=steps[7])
    assert resumed.points[0] is steps[7].points[0]
    assert resumed.points[1].theorem1.distances == pytest.approx(steps[-1].points[1].theorem1.distances)
    *_, exactly = over_sigma_exactly("clusters", 2, (0.5, 1.0), samples=4, steps=8)
    single = exact("clusters", 2, 1.0, samples=4, steps=8)
    assert exactly.points[1].theorem1.distances == pytest.approx(single.theorem1.distances)
    assert exactly.points[0].timestep is None
