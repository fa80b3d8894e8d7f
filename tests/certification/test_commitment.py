"""The commitment: pinned, of all that could be chosen and of nothing else, alone and in a group."""

from __future__ import annotations

import hashlib
from dataclasses import fields, replace

import pytest
import torch

from diffsmooth_core import build_base, certify, certify_stream
from diffsmooth_core.certification.ballots import Ballots
from diffsmooth_core.certification.commitment import Commitment, canonical, check_nonce, own_commitment
from diffsmooth_core.certification.voting import commitment_of
from diffsmooth_core.config import InputError, SmoothingConfig
from tests.certificates import commitment, document
from tests.worlds import GREY, half_space

CONFIG = SmoothingConfig(method="plain", n0=20, n=100, device="cpu", dtype="float32")
NONCE = "0123456789abcdef" * 2
OTHER = {  # another value for every setting that is part of it
    "method": "dds",
    "classifier": "standard",
    "denoiser": "other",
    "dataset": "imagenet",
    "sigma": 0.5 + 1e-9,
    "sigma_local": 0.2,
    "m": 6,
    "purifications": 4,
    "reverse_steps": 4,
    "n0": 21,
    "n": 101,
    "alpha": 0.002,
    "beta": 0.1,
    "seed": 1,
    "noise": "sound",
    "stopping": "target",
    "target_radius": 0.3,
    "rounds": 4,
    "bound": "two-class",
}


def own(config: SmoothingConfig) -> str:
    return own_commitment("a" * 64, config, {"classifier": "b" * 64}, "float32", "folded/32", 4)


def test_it_is_the_hash_of_the_canonical_document() -> None:
    """The same as put together from the certificate by the letter of CERTIFICATE.md."""
    assert canonical({"b": [1, 0.5], "a": "é"}) == '{"a":"\\u00e9","b":[1,0.5]}'
    values = document((0, 20), (3, 97), CONFIG)
    dtype, execution, block = values["dtype"], values["execution"], values["block"]
    again = own_commitment(values["image_sha256"], CONFIG, values["weights"], dtype, execution, block)
    assert again == values["commitment"] == commitment(values)


def test_every_setting_is_part_of_it_but_the_device_and_what_auto_stands_for() -> None:
    assert set(OTHER) == {f.name for f in fields(SmoothingConfig)} - {"device", "dtype"}
    hashes = {own(replace(CONFIG, **{name: value})) for name, value in OTHER.items()}  # type: ignore[arg-type]
    assert len(hashes | {own(CONFIG)}) == len(OTHER) + 1
    assert own(replace(CONFIG, device="auto", dtype="auto")) == own(CONFIG)


def test_shopping_for_votes_or_seeds_draws_other_noise() -> None:
    """Neither a longer run nor another number of selection votes has the votes of the first one in it."""
    base = build_base(CONFIG, half_space(0.3))
    votes = certify(base, GREY, CONFIG).classes("estimation")
    for change in ({"n": 101}, {"n0": 21}, {"rounds": 4}, {"seed": 1}):
        other = certify(base, GREY, replace(CONFIG, **change)).classes("estimation")  # type: ignore[arg-type]
        assert 20 < int((other[:100] != votes).sum()) < 60


def test_a_group_is_of_its_members_in_any_order() -> None:
    first, second = own(CONFIG), own(replace(CONFIG, n=200))
    group = Commitment.of_group([second, first, first])
    assert group == Commitment.of_group([first, second])
    assert group.hash == hashlib.sha256(canonical({"members": sorted([first, second])}).encode()).hexdigest()
    assert group.faults(first) == group.faults(second) == []
    assert [fault.split()[0] for fault in group.faults("f" * 64)] == ["members"]
    assert [fault.split()[0] for fault in replace(group, hash=first).faults(first)] == ["commitment"]


def test_a_challenge_is_32_digits() -> None:
    assert check_nonce(NONCE) == NONCE
    for wrong in ("", NONCE[:-1], NONCE.upper(), NONCE + "0", NONCE[:-1] + "\n"):
        with pytest.raises(InputError, match="32 hex digits"):
            check_nonce(wrong)


def test_under_a_challenge_a_run_without_memory_ends_and_is_not_begun_anew() -> None:
    base = build_base(CONFIG, half_space(0.3))
    tied_to = commitment_of(base, GREY, CONFIG, NONCE)
    stream = certify_stream(base, GREY, CONFIG, batch=10, tied_to=tied_to)
    assert next(stream).tied_to == tied_to

    def full(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    hook = base.classifier.network.register_forward_pre_hook(full)
    with pytest.raises(
        InputError, match=f"the {base.purifier_batch} copies at a time that this run committed to"
    ):
        next(stream)
    hook.remove()


def test_ballots_keep_every_vote_in_order_and_copy_none() -> None:
    steps, ballots = ([2, 0], [], [1, 1, 1], [0]), Ballots.none(3)
    for step in steps:
        before, ballots = ballots, ballots.plus(step)
        assert ballots.earlier is before
    assert ballots.classes.tolist() == [2, 0, 1, 1, 1, 0]
    assert (ballots.tally, ballots.total) == ((2, 3, 1), 6)
    assert ballots == Ballots.none(3).plus([2, 0, 1, 1, 1, 0])
    assert ballots != Ballots.in_class_order(ballots.tally)
