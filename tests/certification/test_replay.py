"""Replays: the same votes one by one on the same kind of device, few others elsewhere, no larger radius."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from diffsmooth_core import build_base, certify
from diffsmooth_core.certification import hardware as hardware_module
from diffsmooth_core.certification import replay as replaying
from diffsmooth_core.certification.certificate import Certificate, discrepancies
from diffsmooth_core.certification.decision import decide
from diffsmooth_core.certification.hardware import hardware
from diffsmooth_core.certification.packing import packed
from diffsmooth_core.certification.replay import replay
from diffsmooth_core.config import ABSTAIN, InputError, SmoothingConfig
from tests.pretended_gpu import pretended_gpu
from tests.worlds import GREY, clamping_denoiser, half_space, ten_classes

CONFIG = SmoothingConfig(m=2, n0=30, n=150, device="cpu", dtype="float32")
BASE = build_base(CONFIG, ten_classes(), clamping_denoiser())
PLAIN = replace(CONFIG, method="plain", n=200)
WORLD = build_base(PLAIN, half_space(0.3))


def revoted(certificate: Certificate, votes0: np.ndarray, votes: np.ndarray) -> Certificate:
    """The certificate with other votes and all that follows from them, as a forger would write it."""
    k = len(certificate.counts)
    counts0, counts = (tuple(map(int, np.bincount(v, minlength=k))) for v in (votes0, votes))
    found = decide(counts0, counts, certificate.config)
    assert found.ending is not None
    forged = replace(
        certificate,
        **vars(found),
        counts0=counts0,
        counts=counts,
        votes0=packed(votes0, k),
        votes=packed(votes, k),
    )
    assert discrepancies(forged) == []
    return forged


def elsewhere(certificate: Certificate) -> Certificate:
    """The certificate as if another kind of device had issued it."""
    return replace(certificate, hardware={"processor": "another", "instructions": "AVX2", "onednn": ""})


@pytest.mark.parametrize(
    "settings", [{}, {"noise": "reference"}, {"stopping": "decided", "target_radius": 0.1}]
)
def test_the_same_votes_are_drawn_again(settings: dict[str, object]) -> None:
    config = replace(CONFIG, **settings)  # type: ignore[arg-type]
    certificate = certify(BASE, GREY, config, batch=7)
    again = replay(certificate, BASE, GREY)
    assert (again.counts0, again.counts) == (certificate.counts0, certificate.counts)
    assert (again.exact, again.holds, again.differing, again.faults) == (True, True, 0, ())
    assert (again.own.label, again.own.radius) == (certificate.label, certificate.radius)
    assert again.radius == certificate.radius


@pytest.mark.parametrize("stage", ["selection", "estimation"])
def test_two_votes_that_changed_places_are_found(stage: str) -> None:
    """All counts stay as they are; so do those of an issuer who makes up the order."""
    certificate = certify(WORLD, GREY, PLAIN)
    votes = {"selection": certificate.classes("selection"), "estimation": certificate.classes("estimation")}
    moved = votes[stage]
    first, second = int(np.argmin(moved)), int(np.argmax(moved))
    moved[[first, second]] = moved[[second, first]]
    forged = revoted(certificate, votes["selection"], votes["estimation"])
    assert (forged.counts0, forged.counts) == (certificate.counts0, certificate.counts)
    again = replay(forged, WORLD, GREY)
    assert (again.holds, again.differing, again.radius) == (False, 2, 0.0)
    assert again.faults[0].startswith("drawn again on the same kind of device, 2 of 230 votes differ")


@pytest.mark.parametrize(
    "change",
    [
        {"hardware": {"processor": "another", "instructions": "AVX2", "onednn": ""}},
        {"versions": {"torch": "2.0.1"}},
        {"device": "cuda:0", "hardware": {"gpu": "one", "cuda": "13.0", "cudnn": "90000"}},
    ],
)
def test_an_honest_one_of_another_device_holds_up_to_the_verifiers_own_radius(
    change: dict[str, object],
) -> None:
    """A vote or two may fall otherwise there: then the smaller radius of both counts."""
    honest = certify(WORLD, GREY, PLAIN)
    votes0, votes = honest.classes("selection"), honest.classes("estimation")
    votes[np.flatnonzero(votes == 0)[:2]] = 1
    lucky = replace(revoted(honest, votes0, votes), **change)  # type: ignore[arg-type]
    assert lucky.radius > honest.radius > 0
    again = replay(lucky, WORLD, GREY)
    assert (again.exact, again.holds, again.differing) == (False, True, 2)
    assert (again.own.radius, again.radius) == (honest.radius, honest.radius)
    votes = honest.classes("estimation")
    votes[np.flatnonzero(votes == 1)[:2]] = 0
    smaller = replay(elsewhere(revoted(honest, votes0, votes)), WORLD, GREY)
    assert smaller.holds
    assert smaller.radius == smaller.claimed.radius < honest.radius


def test_an_abstention_whose_votes_were_moved_is_refused_whatever_device_it_names() -> None:
    """As tried on a real one: 61 of 100 votes made 86, and another torch named as an excuse."""
    config = replace(PLAIN, n=100)
    world = build_base(config, half_space(0.13))
    honest = certify(world, GREY, config)
    assert honest.label == ABSTAIN
    votes = honest.classes("estimation")
    votes[np.flatnonzero(votes == 0)[:25]] = 1
    forged = revoted(honest, honest.classes("selection"), votes)
    assert forged.label == 1
    for excuse in (forged, elsewhere(forged), replace(forged, versions={"torch": "2.14.0"})):
        again = replay(excuse, world, GREY)
        assert (again.holds, again.differing, again.radius) == (False, 25, 0.0)


def test_an_abstention_here_refuses_a_certificate_of_elsewhere() -> None:
    """However few votes it takes: those that one may not trust decide no claim."""
    config = replace(PLAIN, n=400, alpha=0.01)
    world = build_base(config, half_space(0.0))
    honest = certify(world, GREY, config)
    assert honest.label == ABSTAIN
    votes0, votes = honest.classes("selection"), honest.classes("estimation")
    while not (forged := revoted(honest, votes0, votes)).radius:
        votes[np.flatnonzero(votes == 0)[0]] = 1
        votes0[:] = 1
    again = replay(elsewhere(forged), world, GREY)
    assert (again.own.label, again.radius) == (ABSTAIN, 0.0)
    assert again.faults[-1] == "label says 1, the votes drawn again abstain"


@pytest.mark.parametrize(("moved", "holds"), [(2, True), (3, False)])
def test_as_many_votes_may_differ_as_were_measured(moved: int, holds: bool) -> None:
    """1 % of 30 + 150 votes in float32, rounded up."""
    certificate = certify(BASE, GREY, CONFIG)
    votes = certificate.classes("estimation")
    votes[:moved] = (votes[:moved] + 1) % 10
    again = replay(elsewhere(revoted(certificate, certificate.classes("selection"), votes)), BASE, GREY)
    assert (again.allowed, again.differing, again.holds) == (2, moved, holds)
    assert replaying.ALLOWED["float32"] == 0.01


def test_of_schema_2_the_counts_are_compared_and_moved_votes_are_found() -> None:
    """It keeps no votes and names no hardware: at least as many moved as the counts differ."""
    certificate = replace(certify(WORLD, GREY, PLAIN), schema=2, hardware={})
    drawn = replay(certificate, WORLD, GREY)
    old = replace(certificate, counts0=drawn.counts0, counts=drawn.counts, **vars(drawn.own))
    again = replay(old, WORLD, GREY)
    assert (again.holds, again.exact, again.differing, again.radius) == (True, False, 0, old.radius)
    counts = (old.counts[0] - 9, old.counts[1] + 9)
    forged = replace(old, counts=counts, **vars(decide(old.counts0, counts, PLAIN)))
    assert forged.radius > old.radius
    assert replay(forged, WORLD, GREY).differing == 9
    assert not replay(forged, WORLD, GREY).holds


@pytest.mark.parametrize(("execution", "copies"), [("eager", 24 * 2), ("folded/20", 20)])
def test_execution_and_padded_shape_are_the_certificates(execution: str, copies: int) -> None:
    certificate = replace(certify(BASE, GREY, CONFIG), block=24, execution=execution)
    seen: list[int] = []
    hook = BASE.classifier.network.register_forward_pre_hook(lambda _, x: seen.append(len(x[0])))
    replay(certificate, BASE, GREY)
    hook.remove()
    assert set(seen) == {copies}


def test_an_execution_of_another_version_is_named() -> None:
    certificate = replace(certify(BASE, GREY, CONFIG), execution="quantum/7")
    with pytest.raises(InputError, match="'quantum/7' is unknown"):
        replay(certificate, BASE, GREY)


def test_another_picture_or_other_weights_are_refused() -> None:
    certificate = certify(BASE, GREY, CONFIG)
    with pytest.raises(InputError, match="another picture"):
        replay(certificate, BASE, torch.zeros_like(GREY))
    with pytest.raises(InputError, match="the classifier's weights here"):
        replay(replace(certificate, weights=certificate.weights | {"classifier": "f" * 64}), BASE, GREY)


def test_a_certificate_that_does_not_name_every_network_is_not_replayed() -> None:
    """Otherwise the other one could be any."""
    certificate = certify(BASE, GREY, CONFIG)
    nameless = replace(certificate, weights={"classifier": certificate.weights["classifier"]})
    with pytest.raises(InputError, match=r"the denoiser's weights here .* the certificate's .missing"):
        replay(nameless, BASE, GREY)


@pytest.mark.parametrize("change", [{"block": 10**6}, {"execution": "folded/99999"}])
def test_a_batch_that_no_memory_holds_is_refused(change: dict[str, object]) -> None:
    certificate = replace(certify(WORLD, GREY, PLAIN), **change)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="pictures at a time, and a replay 8,192 at most"):
        replay(certificate, WORLD, GREY)


@pytest.mark.parametrize(
    ("module", "name"),
    [(torch.cuda, "get_device_name"), (torch.backends.cudnn, "version"), (hardware_module, "working_triton")],
)
def test_another_gpu_cudnn_or_triton_is_another_kind_of_device(
    monkeypatch: pytest.MonkeyPatch, module: object, name: str
) -> None:
    with pretended_gpu():
        here = hardware(torch.device("cuda"))
        assert here.keys() == {"gpu", "cuda", "cudnn", "triton", "tf32"}
        monkeypatch.setattr(module, name, lambda *_: "another")
        assert hardware(torch.device("cuda")) != here
