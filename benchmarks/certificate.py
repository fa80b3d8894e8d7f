"""How long does one certificate take on two CPU cores? Against the released code's way, and what is possible.

    make bench, or PYTHONPATH=. python benchmarks/certificate.py

Casts the same votes for pictures of the gallery with the bundled networks, m = 5 and m = 21, in turn on the
plain path (float32, 50 copies at a time, the m local copies one by one) and on ours: in float32, in bfloat16
and, where there is a compiler, compiled. Prints the median seconds of a certificate of n = 1,000 and
n0 = 100 at that pace, the median ratio with its range, how many votes agree, and the limit: what the ratio
would be if ours took no time but for its convolutions and matrix products, and they ran as fast as the
cores' best convolution.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from diffsmooth_core import BaseClassifier, SmoothingConfig, build_base, load_classifier, load_denoiser
from diffsmooth_core.benchmarking.timing import compare, in_turn
from diffsmooth_core.certification.voting import VoteRange, votes
from diffsmooth_core.classifiers.execution import Execution, compiler
from diffsmooth_core.datasets import resolve
from diffsmooth_core.datasets.gallery import drawings

PICTURES = 8
VOTES = {5: 192, 21: 64}
WHOLE = 1_100


def operations(work: Callable[[], object]) -> int:
    """Floating-point operations of the convolutions and matrix products in `work`."""
    with FlopCounterMode(display=False) as counter:
        work()
    return int(counter.get_total_flops())


@torch.inference_mode()
def rate(dtype: torch.dtype) -> float:
    """Operations a second in a 3x3 convolution with 256 channels of 32 pictures of 16x16, the best of 50."""
    conv = nn.Conv2d(256, 256, 3, padding=1).to(dtype).to(memory_format=torch.channels_last)
    x = torch.randn(32, 256, 16, 16).to(dtype).contiguous(memory_format=torch.channels_last)
    (seconds,) = in_turn([lambda: conv(x)], 50)
    return operations(lambda: conv(x)) / min(seconds)


def limit(base: BaseClassifier, pictures: list[Tensor], config: SmoothingConfig, plain: float) -> float:
    """The ratio of `plain` seconds a vote to those that the products of ours take at the cores' rate."""
    folded = replace(base, execution=Execution("folded", base.execution.classifier_batch))
    steps = [VoteRange(x, "estimation", 0, base.votes_per_step) for x in pictures]
    done = statistics.mean(operations(partial(votes, folded, step, config)) for step in steps)
    done /= base.votes_per_step
    return plain / (done / rate(base.dtype))


def main() -> None:
    torch.set_num_threads(2)
    names = [drawing.name for drawing in drawings("cifar10")]
    chosen = names[:: len(names) // PICTURES][:PICTURES]
    pictures = [resolve(f"gallery:{name}", "cifar10").tensor for name in chosen]
    ways = [("float32", Execution("folded", 32)), ("bfloat16", Execution("folded", 32))]
    if compiler(torch.device("cpu")):
        ways.append(("bfloat16", Execution("compiled", 64)))
    for m, count in VOTES.items():
        for dtype, execution in ways:
            config = SmoothingConfig(m=m, dtype=dtype, device="cpu")
            networks = load_classifier(config.classifier), load_denoiser(config.denoiser)
            base = build_base(config, *networks, execution)
            rounds = [r for x in pictures for r in compare(base, x, config, count, 1)]
            ratios = [r.plain_seconds / r.seconds for r in rounds]
            ours, plain = (
                statistics.median(seconds) / count
                for seconds in ([r.seconds for r in rounds], [r.plain_seconds for r in rounds])
            )
            most = limit(base, pictures, config, plain)
            agreeing = sum(r.agreeing for r in rounds) / (count * PICTURES)
            print(
                f"m = {m:>2} {dtype:<8} {execution!s:<11}: {WHOLE * ours:5.1f} s, plain path "
                f"{WHOLE * plain:5.1f} s, plain / ours = {statistics.median(ratios):.2f} "
                f"({min(ratios):.2f} to {max(ratios):.2f}; limit {most:.1f}), "
                f"{100 * agreeing:.1f} % of the votes agree"
            )


if __name__ == "__main__":
    main()
