"""What a certificate's noise is tied to before the first vote: a hash of everything that could be chosen.

Whoever may try many seeds, numbers of votes or settings and show the best certificate certifies more than is
true. So the noise follows from a hash of the picture, the settings, the networks and how they run: another
choice is other noise. A nonce that a verifier gives for this hash leaves nothing to try.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from diffsmooth_core.config import InputError, SmoothingConfig

NOISE = 3  # version of the noise that schema 3 uses


def canonical(document: Any) -> str:
    """The one text of a JSON document: keys sorted, no spaces, ASCII."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def _hash(document: Any) -> str:
    return hashlib.sha256(canonical(document).encode()).hexdigest()


def own_commitment(
    image_sha256: str,
    config: SmoothingConfig,
    weights: Mapping[str, str],
    dtype: str,
    execution: str,
    block: int,
) -> str:
    """The hash (64 hex digits) of all that decides one certificate but its noise. It can be computed before
    the first vote, and again from the certificate alone.

    dtype is the one that the networks compute in, "float32" or "bfloat16"; it stands in the place of the
    setting's, which may be "auto". The device is left out: it is no choice that changes what is certified.
    """
    settings = config.as_dict() | {"dtype": dtype}
    del settings["device"]
    return _hash(
        {
            "noise": NOISE,
            "image": image_sha256,
            "config": settings,
            "weights": dict(weights),
            "dtype": dtype,
            "execution": execution,
            "block": block,
        }
    )


def group_commitment(members: Iterable[str]) -> str:
    """The hash that stands for several own commitments together, in whatever order."""
    return _hash({"members": sorted(members)})


@dataclass(frozen=True)
class Commitment:
    """What the noise of a certificate is tied to, with the picture and the stage.

    `hash` is the certificate's own commitment where it stands alone (`members` empty), else its group's:
    settings that are compared or swept share noise on purpose, as do the pictures of an audit under a
    challenge. `members` are the own commitments of the group, sorted, or None where the run keeps them.
    `nonce` is the verifier's, 32 hex digits, or empty where there was no challenge.
    """

    hash: str
    members: tuple[str, ...] | None = ()
    nonce: str = ""

    @classmethod
    def of_group(cls, members: Iterable[str], nonce: str = "") -> Commitment:
        names = tuple(sorted(set(members)))
        return cls(group_commitment(names), names, nonce)

    def faults(self, own: str) -> list[str]:
        """Why this is not what a certificate with this own commitment was tied to, in words; empty if it is.
        A group that the run keeps cannot be checked here."""
        if self.members is None:
            return (
                []
                if self.nonce
                else ["members is null, which is for an audit under a challenge; it has no nonce"]
            )
        expected = group_commitment(self.members) if self.members else own
        found = []
        if self.hash != expected:
            found.append(f"commitment says {self.hash[:12]}..., computed again it is {expected[:12]}...")
        if self.members and own not in self.members:
            found.append(f"members lack {own[:12]}..., the commitment of these settings and this picture")
        return found


@dataclass(frozen=True)
class SeedAlone:
    """What the noise of schema 2 was tied to, with the picture and the stage."""

    seed: int


Tie = Commitment | SeedAlone


def check_nonce(nonce: str) -> str:
    """`nonce`, if it can be a verifier's: 32 hex digits in lower case. Raises InputError otherwise."""
    if not re.fullmatch(r"[0-9a-f]{32}", nonce):
        raise InputError(
            f"a challenge is the 32 hex digits that `diffsmooth challenge` gave, got {nonce[:40]!r}"
        )
    return nonce


def check_hash(name: str, value: str) -> str:
    """`value`, if it is a SHA-256: 64 hex digits in lower case. Raises InputError otherwise."""
    if not re.fullmatch(r"[0-9a-f]{64}", value):
        raise InputError(f"{name} is 64 hex digits in lower case, got {value[:70]!r}")
    return value
