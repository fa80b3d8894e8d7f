"""Does a GPU compute what it should? A line a check; one that fails does not keep the others from running.

PYTHONPATH=. python -m benchmarks.gpu.checks
"""

from __future__ import annotations

import subprocess
import sys
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d

from benchmarks.gpu.where import Where
from diffsmooth_core import (
    BaseClassifier,
    SmoothedClassifier,
    SmoothingConfig,
    build_base,
    certify,
    load_classifier,
    load_denoiser,
)
from diffsmooth_core.certification.commitment import Commitment
from diffsmooth_core.certification.noise import NoiseSource
from diffsmooth_core.certification.noise_on_device import Rows, fastest, words
from diffsmooth_core.certification.replay import replay
from diffsmooth_core.certification.voting import VoteRange, cast_votes
from diffsmooth_core.classifiers.device import autocast
from diffsmooth_core.classifiers.execution import Execution, Graphed
from diffsmooth_core.zoo.cards import names

PICTURE = (torch.arange(3 * 32 * 32) % 256 / 255).view(3, 32, 32)
SAME_NOISE = Commitment("0" * 64)  # a certificate's own depends on how the networks run
NEEDS_A_GPU = "needs a GPU"


def bundled(
    where: Where, mode: str, dtype: str = "bfloat16", **changes: Any
) -> tuple[BaseClassifier, SmoothingConfig]:
    """f of the bundled networks."""
    n0, n = (8, 24) if where.tiny else (100, 2000)
    settings = {"sigma": 0.5, "sigma_local": 0.25, "m": 5, "n0": n0, "n": n, "alpha": 0.05} | changes
    config = SmoothingConfig(**settings, device=where.device, dtype=dtype)
    networks = load_classifier("gaussian-0.25", where.device), load_denoiser("bundled", where.device)
    base = build_base(config, *networks, Execution(mode))
    return replace(base, purifier_batch=8 if where.tiny else 256), config


def noise_has_the_cpus_bits(where: Where) -> str:
    device, shape, first = torch.device(where.device), torch.Size((3, 33, 31)), 2**33 - 3
    source, x = NoiseSource.named("check"), PICTURE[:, :31, :31]
    rows, count = Rows.of(source, first, first + 9, device), 9
    pairs = [
        (rows.outer(shape), source.outer(first, first + count, shape)),
        (rows.local(3, shape), source.local(first, first + count, 3, shape)),
        *(
            (rows.noisy(x.to(device), sigma), source.noisy(first, first + count, x, sigma))
            for sigma in (0.1, 0.5, 2.0)
        ),
    ]
    for there, here in pairs:
        assert torch.equal(there.cpu().view(torch.int32), here.view(torch.int32))
    return "drawn by torch" if fastest(device)[0] is words else "drawn by the Triton kernel"


def one_graph_casts_the_folded_networks_votes(where: Where) -> str:
    agreeing = []
    for dtype in ("float32", "bfloat16"):
        for noise in ("fresh", "sound"):
            found = []
            for mode in ("folded", where.mode):
                base, config = bundled(where, mode, dtype, noise=noise)
                alike = VoteRange(PICTURE, "estimation", 0, config.n, SAME_NOISE)
                found.append(cast_votes(base, [alike], config)[0])
            agreeing.append(f"{dtype} {noise} {int((found[0] == found[1]).sum())} of {len(found[0])}")
            assert (found[0] == found[1]).all(), agreeing
    return ", ".join(agreeing)


def graphs_of_other_methods_cast_the_folded_networks_votes(where: Where) -> str:
    """A network at several timesteps, one without any, and an ensemble, whose members are captured apart."""
    agreeing, n = [], 24 if where.tiny else 500
    for method, classifier, denoiser in (
        ("densepure", "standard", "bundled"),
        ("denoised", "standard", "dncnn-mse-0.25"),
        ("plain", "ensemble-0.25", None),
    ):
        settings: Any = {"method": method, "sigma": 0.25, "n": n, "alpha": 0.05} | (
            {"classifier": classifier, "denoiser": denoiser} if denoiser else {"classifier": classifier}
        )
        config = SmoothingConfig(**settings, device=where.device, dtype="bfloat16")
        loaded = SmoothedClassifier.load(config).base
        alike = VoteRange(PICTURE, "estimation", 0, n, SAME_NOISE)
        folded, graphed = (
            cast_votes(replace(loaded, purifier_batch=8, execution=Execution(mode)), [alike], config)[0]
            for mode in ("folded", where.mode)
        )
        agreeing.append(f"{method} {int((folded == graphed).sum())} of {n}")
        assert (folded == graphed).all(), agreeing
    return ", ".join(agreeing)


def every_bundled_network_votes(where: Where) -> str:
    """Each in bfloat16, with the method that it was made for."""
    config = SmoothingConfig(n0=4, n=60, sigma=0.25, device=where.device, dtype="bfloat16")
    plain = [replace(config, method="plain", classifier=name) for name in names("classifier", "cifar10")]
    settings = [config, *plain]
    settings += [replace(config, method="densepure", n=10), replace(config, method="local-only")]
    settings += [
        replace(config, method="denoised", classifier="standard", denoiser=f"dncnn-{name}-0.25")
        for name in ("mse", "stability")
    ]
    for setting in settings[:: 6 if where.tiny else 1]:
        certificate = SmoothedClassifier.load(setting).certify(PICTURE)
        assert sum(certificate.counts) == setting.n, f"{setting.method} with {setting.classifier}"
    return f"{len(settings)} settings"


def the_place_in_a_block_changes_no_vote(where: Where) -> str:
    """As in an audit, which pools the votes of pictures in any order."""
    for dtype in ("float32", "bfloat16"):
        base, config = bundled(where, where.mode, dtype)
        order = torch.randperm(config.n, generator=torch.Generator().manual_seed(0)).tolist()
        (whole,) = cast_votes(base, [VoteRange(PICTURE, "estimation", 0, config.n)], config)
        single = [VoteRange(PICTURE, "estimation", i, i + 1) for i in order]
        moved = [int(classes[0]) for classes in cast_votes(base, single, config)]
        differing = sum(a != int(whole[i]) for a, i in zip(moved, order, strict=True))
        assert not differing, f"{differing} of {config.n} votes differ in {dtype}"
    return f"{config.n} votes, permuted, in float32 and bfloat16"


def threads_that_share_a_graph_get_their_own_outputs(where: Where) -> str:
    if where.device != "cuda":
        return NEEDS_A_GPU
    graphed = Graphed(nn.ReLU())
    graphed(torch.zeros(1000, device="cuda"))

    def right(i: int) -> bool:
        return bool((graphed(torch.full((1000,), float(i), device="cuda")) == i).all())

    with ThreadPoolExecutor(2) as threads:
        wrong = 3000 - sum(threads.map(right, range(3000)))
    assert not wrong, f"{wrong} of 3000 outputs were the other thread's"
    return "3000 outputs"


def threads_that_share_a_graph_get_their_own_certificates(where: Where) -> str:
    base, config = bundled(where, where.mode)
    pictures, both = (PICTURE, PICTURE.flip(0)), threading.Barrier(2)
    alone = [certify(base, x, config).counts for x in pictures]

    def together(x: Tensor) -> tuple[int, ...]:
        both.wait(60)
        return certify(base, x, config).counts

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(together, pictures)) == alone
    return f"{config.n} votes each"


def a_certificate_is_replayed_to_the_vote(where: Where) -> str:
    base, config = bundled(where, where.mode)
    again = replay(certify(base, PICTURE, config), base, PICTURE)
    assert again.exact
    assert not again.differing, f"{again.differing} of {again.votes} votes differ"
    return f"{again.votes} votes"


def float32_products_are_not_tf32(where: Where) -> str:
    """Integers of 12 bits: sums of two of their products are exact in float32, and not in TF32."""
    generator, device = torch.Generator().manual_seed(0), torch.device(where.device)
    a, b = (torch.randint(-2048, 2048, (64, 64), generator=generator).float() for _ in range(2))
    a[:, 2:] = 0
    expected = (a.double() @ b.double()).float()
    with autocast(device, torch.float32):
        a, b = a.to(device), b.to(device)
        assert torch.equal((a @ b).cpu(), expected), "a matrix product is rounded to TF32"
        convolved = conv2d(a[..., None, None], b.T[..., None, None].contiguous())[..., 0, 0]
        assert torch.equal(convolved.cpu(), expected), "a convolution is rounded to TF32"
    return "matrix products and convolutions"


def memory_that_runs_out_halves_the_block(where: Where) -> str:
    if where.device != "cuda":
        return NEEDS_A_GPU
    base, config = bundled(where, where.mode, n=500)
    base = replace(base, purifier_batch=16384)
    free, total = torch.cuda.mem_get_info()
    torch.cuda.empty_cache()
    torch.cuda.set_per_process_memory_fraction((torch.cuda.memory_reserved() + 2**31) / total)
    try:
        certificate = certify(base, PICTURE, config)
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    assert 1 <= certificate.block < 16384, f"the block is {certificate.block}"
    assert sum(certificate.counts) == 500
    return f"of 2 GiB, {free / 2**30:.0f} free: {certificate.block} copies at a time"


def two_processes_count_the_same(where: Where) -> str:
    command = [sys.executable, "-m", "benchmarks.gpu.checks", where.device, str(int(where.tiny))]
    counts = {subprocess.run(command, capture_output=True, text=True, check=True).stdout for _ in range(2)}
    assert len(counts) == 1, f"they counted {' and '.join(sorted(counts))}"
    return counts.pop().strip()


CHECKS: tuple[Callable[[Where], str], ...] = (
    noise_has_the_cpus_bits,
    float32_products_are_not_tf32,
    one_graph_casts_the_folded_networks_votes,
    graphs_of_other_methods_cast_the_folded_networks_votes,
    the_place_in_a_block_changes_no_vote,
    threads_that_share_a_graph_get_their_own_outputs,
    threads_that_share_a_graph_get_their_own_certificates,
    a_certificate_is_replayed_to_the_vote,
    every_bundled_network_votes,
    two_processes_count_the_same,
    memory_that_runs_out_halves_the_block,
)


def main(where: Where) -> int:
    """Run every check; how many failed."""
    print(where.machine())
    failed = 0
    for check in CHECKS:
        title = check.__name__.replace("_", " ")
        try:
            print(f"yes  {title}: {check(where)}", flush=True)
        except Exception as error:  # the next check says what else is wrong
            failed += 1
            print(f"NO   {title}: {error!r}", flush=True)
            traceback.print_exc(limit=-4)
    return failed


if __name__ == "__main__":
    if len(sys.argv) == 3:  # the process of two_processes_count_the_same
        here = Where(sys.argv[1], sys.argv[2] == "1")
        f, setting = bundled(here, here.mode)
        print(certify(f, PICTURE, setting).counts)
    else:
        sys.exit(min(1, main(Where())))
