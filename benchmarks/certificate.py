"""How long does one certificate take on two CPU cores? Against the released code's way.

    python benchmarks/certificate.py

Casts the same votes for the cat with the bundled networks, m = 5 and m = 21, in turn on the plain path
(float32, 50 copies at a time, the m local copies one by one) and on ours in float32 and in bfloat16; prints
the median seconds of a certificate of n = 1,000 and n0 = 100 at that pace, the ratio with its range, and
how many votes agree.
"""

from __future__ import annotations

import statistics

import torch

from diffsmooth_core import SmoothingConfig, build_base, load_classifier, load_denoiser
from diffsmooth_core.certification.timing import compare
from diffsmooth_core.datasets import resolve

ROUNDS = 5
VOTES = {5: 192, 21: 64}
WHOLE = 1_100


def main() -> None:
    torch.set_num_threads(2)
    x = resolve("photo:cat", "cifar10").tensor
    for m, votes in VOTES.items():
        for dtype in ("float32", "bfloat16"):
            config = SmoothingConfig(m=m, dtype=dtype, device="cpu")
            base = build_base(config, load_classifier(config.classifier), load_denoiser(config.denoiser))
            rounds = list(compare(base, x, config, votes, ROUNDS))
            ratios = [r.plain_seconds / r.seconds for r in rounds]
            ours, plain = (
                WHOLE / votes * statistics.median(seconds)
                for seconds in ([r.seconds for r in rounds], [r.plain_seconds for r in rounds])
            )
            agreeing = sum(r.agreeing for r in rounds) / (votes * ROUNDS)
            print(
                f"m = {m:>2} {dtype:<8}: {ours:5.1f} s, plain path {plain:5.1f} s, plain / ours = "
                f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}), "
                f"{100 * agreeing:.1f} % of the votes agree"
            )


if __name__ == "__main__":
    main()
