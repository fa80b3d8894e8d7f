"""Attacks put to the vote: nothing inside a certificate, the known boundary outside, the level corrected."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest
import torch
from scipy.stats import binomtest, norm

from diffsmooth_core import (
    ABSTAIN,
    Certificate,
    InputError,
    SmoothingConfig,
    build_base,
    certify,
    load_classifier,
    load_denoiser,
    predict,
)
from diffsmooth_core.attacks import KINDS, AttackConfig, AttackProgress, attack_stream
from diffsmooth_core.certification.noise import NoiseSource, image_sha256
from diffsmooth_core.classifiers.base import Classifier, reference_bank
from diffsmooth_core.datasets import resolve
from diffsmooth_core.datasets.gallery import drawings
from tests.worlds import GREY, half_space, ten_classes

CONFIG = SmoothingConfig(method="plain", sigma=0.25, n0=20, n=500, device="cpu", dtype="float32")
MARGIN = 0.4
BASE = build_base(CONFIG, half_space(MARGIN))
CERTIFICATE = certify(BASE, GREY, CONFIG)  # class 1, radius below MARGIN
QUICK: dict[str, Any] = {"steps": 4, "copies": 8, "n": 40, "alpha": 0.01}


def run(certificate: Certificate = CERTIFICATE, **settings: Any) -> list[AttackProgress]:
    return list(attack_stream(BASE, GREY, certificate, AttackConfig(**(QUICK | settings))))


class Greedy(torch.nn.Module):
    """A network that has no memory for the way back of more than `most` pictures."""

    def __init__(self, network: torch.nn.Module, most: int) -> None:
        super().__init__()
        self.network, self.most = network, most

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if torch.is_grad_enabled() and len(x) > self.most:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return self.network(x)  # type: ignore[no-any-return]


def test_the_way_back_takes_as_many_copies_as_there_is_memory_for() -> None:
    def attacked(most: int) -> AttackProgress:
        base = build_base(CONFIG, half_space(MARGIN))
        base.classifier.network = Greedy(base.classifier.network, most)
        attack = AttackConfig(**(QUICK | {"radius": 3 * MARGIN, "attempts": 1, "halvings": 1}))
        *_, last = attack_stream(base, GREY, CERTIFICATE, attack)
        return last

    plenty, few = attacked(1000), attacked(3)
    assert [a.outcome for a in few.attempts] == [a.outcome for a in plenty.attempts]
    torch.testing.assert_close(few.adversarial, plenty.adversarial)
    with pytest.raises(InputError, match="not enough memory on cpu for one copy"):
        attacked(0)


def test_the_certificate_of_this_world_is_below_its_true_radius() -> None:
    assert 0.6 * MARGIN < CERTIFICATE.radius < MARGIN


def test_no_attempt_succeeds_inside_the_certificate() -> None:
    """210 attempts at its very edge."""
    for kind, attempts in zip(KINDS, (70, 70, 70), strict=True):
        *_, last = run(kind=kind, radius=CERTIFICATE.radius, attempts=attempts, steps=2)
        assert len(last.attempts) == attempts
        assert last.count("broken") == 0
        assert last.smallest is None
        assert all(attempt.length <= CERTIFICATE.radius for attempt in last.attempts)


def test_pgd_breaks_the_half_space_beyond_its_boundary_and_bisection_comes_near_it() -> None:
    """Straight across is the shortest way, and PREDICT sees it once 40 votes can tell the share from 1/2."""
    *_, last = run(radius=3 * MARGIN, attempts=3, halvings=6, n=100)
    assert last.finished
    assert last.smallest is not None
    seen_from = MARGIN + 0.25 * norm.ppf(0.75)
    assert MARGIN < last.smallest.length < 1.1 * seen_from
    assert last.smallest.predicted == 0
    assert [a.radius for a in last.attempts[:1]] == [3 * MARGIN]
    assert len(last.attempts) == 7


def test_without_gradients_the_boundary_is_crossed_all_the_same() -> None:
    *_, last = run(kind="nes", radius=5 * MARGIN, attempts=2, halvings=0, steps=12, copies=160)
    assert last.smallest is not None
    assert last.smallest.length <= 5 * MARGIN


def test_a_random_direction_hardly_ever_crosses_it() -> None:
    """Of length 3 margins it covers 3/sqrt(3072) of a margin towards the boundary."""
    *_, last = run(kind="random", radius=3 * MARGIN, attempts=20, n=100)
    assert last.count("held") == 20


@pytest.mark.parametrize("kind", KINDS)
def test_no_perturbation_is_longer_than_it_may_be_and_no_picture_leaves_its_range(kind: str) -> None:
    x = resolve("photo:cat", "cifar10").tensor  # has black and white pixels
    base = build_base(CONFIG, ten_classes())
    certificate = certify(base, x, CONFIG)
    attack = AttackConfig(kind=kind, radius=1.5, attempts=2, halvings=2, **QUICK)  # type: ignore[arg-type]
    for progress in attack_stream(base, x, certificate, attack):
        length = float((progress.adversarial.double() - x.double()).norm())
        assert length == progress.length <= progress.radius <= 1.5
        assert 0 <= float(progress.adversarial.min()) <= float(progress.adversarial.max()) <= 1


def test_sound_noise_is_attacked_on_its_grid() -> None:
    config = replace(CONFIG, noise="sound")
    x = resolve("photo:cat", "cifar10").tensor
    base = build_base(config, half_space(MARGIN))
    certificate = certify(base, x, config)
    for attack in (AttackConfig(radius=r, attempts=1, halvings=0, **QUICK) for r in (0.3, 2.0)):
        *_, last = attack_stream(base, x, certificate, attack)
        on_grid = (last.adversarial * 255).round() / 255
        torch.testing.assert_close(on_grid, last.adversarial, rtol=0, atol=1e-7)
        assert 0 < last.length <= attack.radius


def test_a_success_is_what_predict_says_at_the_shared_level() -> None:
    attack = AttackConfig(radius=3 * MARGIN, attempts=3, halvings=2, **QUICK)
    assert attack.level == 0.01 / 5
    *_, last = attack_stream(BASE, GREY, CERTIFICATE, attack)
    config = replace(CONFIG, alpha=0.01 / 5, n=40)
    for attempt in last.attempts:
        if attempt.picture is not None:
            assert predict(BASE, attempt.picture, config) == attempt.predicted == 0
        assert (attempt.outcome == "broken") == (attempt.picture is not None)
        assert sum(attempt.counts) == 40


def test_between_the_shared_level_and_alpha_there_is_no_success() -> None:
    """All attempts of an attack together fail with probability alpha; each by itself is held to its share."""
    attack = AttackConfig(radius=1.4 * MARGIN, attempts=30, halvings=0, seed=3, **QUICK)
    p_values = []
    *_, last = attack_stream(BASE, GREY, CERTIFICATE, attack)
    for attempt in last.attempts:
        p_values.append(binomtest(max(attempt.counts), 40).pvalue)
        assert (attempt.outcome == "abstained") == (p_values[-1] > attack.level)
    assert any(attack.level < p <= attack.alpha for p in p_values)


def test_bisection_halves_the_way_from_what_held_to_what_broke() -> None:
    *_, last = run(radius=3 * MARGIN, attempts=1, halvings=7, n=60)
    first, *others = last.attempts
    low, high = CERTIFICATE.radius, first.length
    for attempt in others:
        assert attempt.radius == (low + high) / 2
        low, high = (low, attempt.length) if attempt.outcome == "broken" else (attempt.radius, high)
    assert {attempt.outcome for attempt in others} == {"broken", "abstained"}


class Seen:
    """What a classifier was shown, without the padding."""

    def __init__(self, classifier: Classifier) -> None:
        self.copies: list[torch.Tensor] = []
        classifier.network.register_forward_pre_hook(lambda _, x: self.copies.append(x[0].detach()))

    def includes(self, copies: torch.Tensor) -> bool:
        shown = torch.cat(self.copies)
        return all(bool(((shown - copy).abs().amax((1, 2, 3)) < 1e-5).any()) for copy in copies)


@pytest.mark.parametrize("noise", ["fresh", "reference"])
@pytest.mark.parametrize(("kind", "copies"), [("pgd", 8), ("nes", 24)])
def test_every_step_is_asked_under_its_own_noise(kind: str, copies: int, noise: str) -> None:
    """Copies of the picture in hand: as many for each step, three times as many where only answers come."""
    config = replace(CONFIG, method="local-only", m=2, sigma_local=0.1, noise=noise)
    base = build_base(config, half_space(MARGIN))
    certificate = certify(base, GREY, config)
    attack = AttackConfig(kind=kind, radius=0.3, **QUICK)  # type: ignore[arg-type]
    source, shape = NoiseSource.seeded(attack.seed, image_sha256(GREY), "attack"), GREY.shape
    stream, seen = attack_stream(base, GREY, certificate, attack), Seen(base.classifier)
    here = None
    for step in range(3):
        seen.copies.clear()
        after = next(stream).adversarial
        if here is not None:
            span = (step * copies, (step + 1) * copies)
            local = reference_bank(2, shape) if noise == "reference" else source.local(*span, 2, shape)
            asked = (here + 0.25 * source.outer(*span, shape))[:, None] + 0.1 * local
            assert seen.includes(asked.flatten(0, 1))
        here = after


def test_an_attack_begins_half_way_to_its_radius() -> None:
    attack = AttackConfig(**(QUICK | {"radius": 1.0, "steps": 200}))
    first = next(attack_stream(BASE, GREY, CERTIFICATE, attack))
    assert first.length == pytest.approx(0.5, abs=0.011)


def test_the_gradient_free_step_is_the_weighted_noise() -> None:
    """Worked out by hand: each copy's noise, weighted by how far the label falls behind, less their mean."""
    attack = AttackConfig(kind="nes", radius=0.5, **(QUICK | {"steps": 1}))
    first = next(attack_stream(BASE, GREY, CERTIFICATE, attack))
    start = NoiseSource.seeded(0, image_sha256(GREY), "attack start").outer(1, 2, GREY.shape)[0]
    begin = GREY + 0.25 * start / start.norm()
    noise = NoiseSource.seeded(0, image_sha256(GREY), "attack").outer(0, 24, GREY.shape)
    p = BASE.confidence(begin + 0.25 * noise)
    behind = p[:, 0] - p[:, 1]
    direction = ((behind - behind.mean())[:, None, None, None] * noise).sum(0)
    moved = begin + 2 * 0.5 * direction / direction.norm() - GREY
    expected = GREY + moved * min(1.0, 0.5 / float(moved.norm()))
    torch.testing.assert_close(first.adversarial, expected, rtol=0, atol=1e-4)


def test_an_undecided_vote_is_an_abstention_and_no_success() -> None:
    """At the boundary itself half of the votes are for each class."""
    *_, last = run(radius=1.02 * MARGIN, attempts=4, halvings=0, steps=20, copies=32)
    assert last.count("abstained") >= 2
    assert last.count("broken") == 0
    assert {a.predicted for a in last.attempts if a.outcome == "abstained"} == {ABSTAIN}


def test_attempts_differ_and_the_seed_repeats_them() -> None:
    lengths = [
        [a.counts for a in run(radius=MARGIN, attempts=4, seed=seed)[-1].attempts] for seed in (0, 0, 1)
    ]
    assert lengths[0] == lengths[1] != lengths[2]
    assert len(set(lengths[0])) > 1


def test_the_stream_shows_every_step_and_chunk() -> None:
    seen = run(radius=0.1, attempts=2, halvings=0)
    stages = [(p.number, p.stage, p.step) for p in seen]
    assert stages[:4] == [(1, "searching", step) for step in (1, 2, 3, 4)]
    voting = [sum(p.counts) for p in seen if p.number == 2 and p.stage == "voting"]
    assert voting == sorted(voting)
    assert voting[-1] == 40
    assert [p.finished for p in seen].count(True) == 1
    assert seen[-1].finished
    assert [len(p.attempts) for p in seen] == sorted(len(p.attempts) for p in seen)


def test_closing_the_stream_ends_the_attack() -> None:
    stream = attack_stream(BASE, GREY, CERTIFICATE, AttackConfig(radius=0.1, **QUICK))
    assert len(list(itertools.islice(stream, 2))) == 2
    stream.close()  # type: ignore[attr-defined]
    assert list(stream) == []


def test_an_abstaining_certificate_has_its_candidate_attacked() -> None:
    config = replace(CONFIG, n=20)
    base = build_base(config, half_space(0.05))
    certificate = certify(base, GREY, config)
    assert certificate.label == ABSTAIN
    *_, last = attack_stream(base, GREY, certificate, AttackConfig(radius=2.0, attempts=1, **QUICK))
    assert last.label == certificate.candidate
    assert last.smallest is not None


def test_the_standard_classifier_without_a_defence_is_broken_on_most_of_the_gallery() -> None:
    """The plain method under next to no noise: a change of length 0.75 is enough."""
    config = SmoothingConfig(
        method="plain", classifier="standard", sigma=0.01, n0=4, n=16, device="cpu", dtype="float32"
    )
    base = replace(build_base(config, load_classifier("standard", "cpu")), purifier_batch=16)
    attack = AttackConfig(radius=0.75, attempts=1, halvings=0, steps=5, copies=2, n=16, alpha=0.01)
    broken = 0
    names = [drawing.name for drawing in drawings("cifar10")][::4]
    for name in names:
        x = resolve(f"gallery:{name}", "cifar10").tensor
        *_, last = attack_stream(base, x, certify(base, x, config), attack)
        broken += last.smallest is not None
    assert broken >= 0.9 * len(names)


def test_a_bundled_certificate_holds_and_beyond_it_pgd_succeeds() -> None:
    config = SmoothingConfig(sigma=0.5, m=1, n0=10, n=50, device="cpu", dtype="float32")
    networks = load_classifier("gaussian-0.25", "cpu"), load_denoiser("bundled", "cpu")
    base = replace(build_base(config, *networks), purifier_batch=8)
    x = resolve("gallery:tall-ship", "cifar10").tensor
    certificate = certify(base, x, config)
    assert certificate.radius > 0
    inside = AttackConfig(radius=certificate.radius, attempts=2, halvings=0, steps=3, copies=8, n=24)
    *_, last = attack_stream(base, x, certificate, inside)
    assert len(last.attempts) == 2
    assert last.count("broken") == 0
    outside = replace(inside, radius=8 * certificate.radius, attempts=2, steps=8)
    *_, last = attack_stream(base, x, certificate, outside)
    assert last.smallest is not None
    assert certificate.radius < last.smallest.length <= 8 * certificate.radius


def test_a_certificate_of_another_picture_is_refused() -> None:
    other = replace(CERTIFICATE, image_sha256=image_sha256(GREY / 2))
    with pytest.raises(InputError, match="another picture"):
        run(other)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"kind": "magic"}, "kind 'magic' is unknown; choose one of pgd, nes, random"),
        ({"backward": "sideways"}, "through, around"),
        ({"radius": 0.0}, "radius must be a finite number above 0"),
        ({"radius": float("nan")}, "radius must be a finite number above 0"),
        ({"attempts": 0}, "attempts must be a whole number from 1 up"),
        ({"copies": 1}, "copies must be a whole number from 2 up"),
        ({"steps": True}, "steps must be a whole number"),
        ({"alpha": 1.0}, "alpha must lie between 0 and 1"),
        ({"n": 10, "alpha": 0.01, "attempts": 200}, "use n = 16 or more"),
    ],
)
def test_bad_settings_are_a_sentence(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        AttackConfig(**settings)


def test_the_fewest_votes_that_are_allowed_can_decide() -> None:
    attack = AttackConfig(radius=20.0, attempts=200, halvings=5, alpha=0.01, n=16, steps=2, copies=2)
    *_, last = attack_stream(BASE, GREY, CERTIFICATE, replace(attack, halvings=0))
    assert last.smallest is not None
