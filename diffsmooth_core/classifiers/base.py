"""The base classifier f that is smoothed: classify, denoise first, DiffSmooth (Algorithm 3), DensePure."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import cached_property, partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from diffsmooth_core.classifiers.device import resolve_device, resolve_dtype
from diffsmooth_core.classifiers.execution import EAGER, Execution, available, prepared
from diffsmooth_core.classifiers.normalisation import Normalise
from diffsmooth_core.classifiers.timings import candidates, fastest, remembered
from diffsmooth_core.config import METHODS, InputError, SmoothingConfig
from diffsmooth_core.purification.denoiser import Denoiser
from diffsmooth_core.purification.dncnn import DirectDenoiser

REFERENCE_SEED = 42  # of the released code's local noise
ROUNDING = 1e-3  # more than sums of a softmax can be off


class Classifier(nn.Module):
    """A network with its normalisation: (b,c,h,w) in [0,1] -> logits (b,k).

    `weights` is the SHA-256 of the file that the parameters came from.
    """

    def __init__(
        self, network: nn.Module, normalise: Normalise, name: str, weights: str, classes: int, dataset: str
    ) -> None:
        super().__init__()
        self.network = network
        self.normalise = normalise
        self.name = name
        self.weights = weights
        self.classes = classes
        self.dataset = dataset

    def forward(self, x: Tensor) -> Tensor:
        return self.network(self.normalise(x))  # type: ignore[no-any-return]


def reference_bank(m: int, shape: torch.Size) -> Tensor:
    """The released code's fixed standard normal tensors for m local copies: (m,c,h,w)."""
    return torch.randn(m, *shape, generator=torch.Generator().manual_seed(REFERENCE_SEED))


@dataclass(frozen=True)
class Vote:
    """What happened to a batch of noisy copies on the way to their votes, all on one device."""

    purified: Tensor | None  # (b,c,h,w) in [0,1]; None where the method does not purify
    local: Tensor | None  # (b,m or K,c,h,w): what the classifier saw, where that was several copies
    softmax: Tensor  # (b,m or K or 1,k): of each picture that the classifier saw
    confidence: Tensor  # (b,k): the mean softmax over the m copies, or the share of K votes


def _joined(votes: list[Vote]) -> Vote:
    """All votes of batches that were purified and classified several times a copy."""
    parts = (torch.cat([getattr(vote, part.name) for vote in votes]) for part in fields(Vote))
    return Vote(*parts)


def _in_blocks(run: Callable[[Tensor], Tensor], x: Tensor, size: int) -> Tensor:
    """`run` on x (b,...) in blocks of exactly `size`, the last one padded with zeros."""
    *full, last = x.split(size)
    padded = F.pad(last, (0, 0) * (x.dim() - 1) + (0, size - len(last)))
    return torch.cat([run(block) for block in (*full, padded)])[: len(x)]


@dataclass(frozen=True)
class BaseClassifier:
    """f: a noisy copy (b,c,h,w) in [0,1] units -> class ids (b,).

    Where `denoiser` is set the copy is purified (Algorithm 2); where m > 0 it is classified m times
    under local noise sigma_local and the softmax averaged (Algorithm 3). Where purifications > 0 the
    reverse process purifies it that many times and the classes' majority decides (DensePure).
    `local` is standard normal noise (b,draws,c,h,w); without it a fixed bank is used, as in the
    released code, and f is deterministic.
    """

    classifier: Classifier
    denoiser: Denoiser | DirectDenoiser | None
    sigma: float
    sigma_local: float
    m: int  # 0: no local smoothing
    device: torch.device
    dtype: torch.dtype
    purifications: int = 0  # 0: no reverse process
    reverse_steps: int = 0
    fixed_block: int = 0  # another padded batch shape than the usual, as a replay needs
    execution: Execution = EAGER  # how the networks run

    @property
    def draws(self) -> int:
        """Standard normal tensors that one vote consumes beside its outer noise."""
        return self.m or self.purifications * (self.reverse_steps - 1)

    @property
    def weights(self) -> dict[str, str]:
        """SHA-256 of every weight file that takes part, by its role as the configuration calls it."""
        weights = {"classifier": self.classifier.weights}
        return weights | {"denoiser": self.denoiser.weights} if self.denoiser else weights

    @property
    def block(self) -> int:
        """Noisy copies that the purifier takes at a time: short enough on a CPU to watch and to cancel, wide
        enough to fill a GPU. Fixed before the first vote and recorded: the last bits depend on it."""
        if self.fixed_block:
            return self.fixed_block
        if self.device.type == "cuda":
            return max(8, 1024 // self._passes // 8 * 8)
        if self.classifier.dataset == "imagenet":
            return 1  # its U-Net takes a CPU most of a minute a copy
        return max(8, 16 // max(1, self.purifications) // 8 * 8)

    @property
    def copies(self) -> int:
        """Copies that the classifier takes at a time; fixed and recorded like `block`."""
        return self.execution.copies or self.block * max(1, self.m)

    @property
    def halved(self) -> BaseClassifier:
        """The same with half the copies at a time, for want of memory; from a block of 1 there is no less."""
        fewer = replace(self.execution, copies=-(-self.execution.copies // 2))  # 0, all of a block, stays 0
        return replace(self, fixed_block=self.block // 2, execution=fewer)

    @property
    def chunk(self) -> int:
        """Votes worth casting together, so that few passes of the classifier have room left: a fraction of a
        second's on a CPU. No vote depends on it."""
        return self.block * (max(2, 384 // (self._passes * self.block)) if self.execution.copies else 1)

    @property
    def _passes(self) -> int:
        """Passes of networks that a vote takes, about."""
        return 1 + self.m + self.purifications * (self.reverse_steps + 1)

    @cached_property
    def running(self) -> tuple[Classifier, Denoiser | DirectDenoiser | None]:
        """Classifier and denoiser as `execution` runs them."""
        if self.execution.mode == "eager":
            return self.classifier, self.denoiser
        c, d, mode = self.classifier, self.denoiser, self.execution.mode
        network = prepared(c.network, mode, self.dtype)
        classifier = Classifier(network, c.normalise, c.name, c.weights, c.classes, c.dataset)
        if not isinstance(d, Denoiser):
            return classifier, d
        t, _ = d.schedule.timestep_for_sigma(self.sigma)
        network = prepared(d.network, mode, self.dtype, t * d.schedule.time_scale)
        return classifier, Denoiser(network, d.schedule, d.name, d.weights)

    def autocast(self) -> torch.autocast:
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.dtype == torch.bfloat16)

    @torch.inference_mode()
    def purified(self, x_noisy: Tensor) -> Tensor | None:
        """Algorithm 2 for (b,c,h,w), a block at a time; None where the method does not purify so."""
        _, denoiser = self.running
        if denoiser is None or self.purifications:
            return None
        with self.autocast():
            return _in_blocks(partial(denoiser.purify, sigma=self.sigma), x_noisy.to(self.device), self.block)

    @torch.inference_mode()
    def trace(self, x_noisy: Tensor, local: Tensor | None = None, whole: bool = True) -> Vote:
        """Run the whole pipeline and keep what it passed through.

        The networks see blocks of one fixed shape, the last one padded: their last bits differ from
        batch size to batch size, and a vote must not depend on its neighbours. Unless `whole`, local copies
        that cannot change the vote any more are not classified: their softmax is 0, and `confidence` says no
        more than which class leads.
        """
        x, (classifier, _) = x_noisy.to(self.device), self.running
        if self.draws:
            local = reference_bank(self.draws, x.shape[1:])[None] if local is None else local
            local = local.to(self.device).expand(len(x), *local.shape[1:])
        with self.autocast():
            if self.purifications:
                noises = [None] * len(x) if local is None else local.split(self.block)
                return _joined(list(map(self._densepure, x.split(self.block), noises)))
            purified = self.purified(x)
            seen = x if purified is None else purified

            def softmax(copies: Tensor) -> Tensor:
                logits: Tensor = classifier(copies)
                return logits.float().softmax(1)

            if not self.m or local is None:
                confidence = _in_blocks(softmax, seen, self.copies)
                return Vote(purified, None, confidence[:, None], confidence)
            copies = seen[:, None] + self.sigma_local * local
            if whole or len(copies) * self.m <= self.copies:
                found = _in_blocks(softmax, copies.flatten(0, 1), self.copies).unflatten(0, (-1, self.m))
            else:
                found = self._until_decided(softmax, copies)
        return Vote(purified, copies, found, found.mean(1))

    def _until_decided(self, softmax: Callable[[Tensor], Tensor], copies: Tensor) -> Tensor:
        """Algorithm 3 with an early end: the softmax of local copies (b,m,c,h,w) -> (b,m,k), 0 for those of
        which none could change the class any more, each being able to move the lead by 1 at most.

        All votes' first copies come first, then those of the votes that are open, so that passes stay full.
        """
        found = copies.new_zeros(*copies.shape[:2], self.classifier.classes)
        wanted = torch.ones_like(found[:, :, 0], dtype=torch.bool)
        while len(some := wanted.T.nonzero()[: self.copies]):
            j, i = some.T
            found[i, j] = _in_blocks(softmax, copies[i, j], self.copies)
            wanted[i, j] = False
            first, second = found.sum(1).topk(2).values.T
            wanted[first - second > wanted.sum(1) + ROUNDING] = False
        return found

    def _densepure(self, x: Tensor, local: Tensor | None) -> Vote:
        """K runs of the reverse process a copy, a class each; the shares of the K classes."""
        assert isinstance(self.denoiser, Denoiser)
        b = len(x)
        x = F.pad(x, (0, 0) * 3 + (0, self.block - b))
        shape = (self.block, self.purifications, self.reverse_steps - 1, *x.shape[1:])
        noise = torch.zeros(shape, device=x.device)
        if local is not None:
            noise[:b] = local.to(x.device).view(b, *shape[1:])
        copies = x.repeat_interleave(self.purifications, 0)
        seen = self.denoiser.reverse(copies, self.sigma, self.reverse_steps, noise.flatten(0, 1))
        logits = self.classifier(seen).float()
        votes = F.one_hot(logits.argmax(1), logits.shape[1]).float()
        votes[~torch.isfinite(logits).all(1)] = torch.nan
        pictures, softmax, votes = (
            part.unflatten(0, (self.block, self.purifications))[:b]
            for part in (seen, logits.softmax(1), votes)
        )
        return Vote(pictures[:, 0], pictures, softmax, votes.mean(1))

    def confidence(self, x_noisy: Tensor, local: Tensor | None = None) -> Tensor:
        """(b,c,h,w) -> mean softmax (b,k)."""
        return self.trace(x_noisy, local).confidence

    def __call__(self, x_noisy: Tensor, local: Tensor | None = None) -> Tensor:
        return self.trace(x_noisy, local, whole=False).confidence.argmax(1)


def build_base(
    config: SmoothingConfig,
    classifier: Classifier,
    denoiser: Denoiser | DirectDenoiser | None = None,
    execution: Execution | None = None,
) -> BaseClassifier:
    """Put the method of `config` together on its device. Without `execution` it is `usual`.

    Raises InputError where a purifying method has no denoiser, its schedule does not reach sigma, or
    the classifier belongs to another data set.
    """
    method = METHODS[config.method]
    if classifier.dataset != config.dataset:
        raise InputError(
            f"classifier {classifier.name!r} is for {classifier.dataset}, "
            f"the configuration says {config.dataset}; choose one of that data set"
        )
    if method.purifies:
        if denoiser is None:
            raise InputError(f"method {config.method!r} purifies and needs a denoiser; load one")
        direct = method.purification == "direct"
        if direct != isinstance(denoiser, DirectDenoiser):
            kind = (
                "a denoiser trained for one sigma, as 'dncnn-mse-0.25'"
                if direct
                else "a diffusion model, as 'bundled'"
            )
            raise InputError(f"method {config.method!r} needs {kind}, not {denoiser.name!r}; choose another")
        denoiser.check(config.sigma)
    device, reverse = resolve_device(config.device), method.purification == "reverse"
    base = BaseClassifier(
        classifier=classifier.to(device).eval(),
        denoiser=denoiser.to(device).eval() if method.purifies and denoiser else None,
        sigma=config.sigma,
        sigma_local=config.sigma_local,
        m=config.m if method.smooths_locally else 0,
        device=device,
        dtype=resolve_dtype(config.dtype, device),
        purifications=config.purifications if reverse else 0,
        reverse_steps=config.reverse_steps if reverse else 0,
    )
    return replace(base, execution=execution or usual(base, config.n0 + config.n))


def usual(base: BaseClassifier, votes: int) -> Execution:
    """How the networks run for so many votes: as DIFFSMOOTH_EXECUTION says, or the fastest of what was timed
    here, or without timings ("untimed" there ignores them) folded. ImageNet's on a CPU, whose memory a second
    copy would fill, and DensePure's are left as they are. Raises InputError for an execution that this
    machine has not."""
    told = os.environ.get("DIFFSMOOTH_EXECUTION", "")
    slow = base.device.type == "cpu" and base.classifier.dataset == "imagenet"
    if slow or base.purifications:
        return EAGER
    if told and told != "untimed":
        return available(Execution.parse(told), base.device)
    known = {} if told else remembered(timed_as(base))
    return fastest(known, votes, base.device) or Execution("folded", candidates(base.device)[0].copies)


def timed_as(base: BaseClassifier) -> str:
    """What timings are of: device, threads, torch, dtype and networks."""
    on_gpu = base.device.type == "cuda"
    name = torch.cuda.get_device_name(base.device) if on_gpu else torch.cpu.get_capabilities()["cpu_name"]
    weights = " ".join(sha[:16] for _, sha in sorted(base.weights.items()))
    return f"{name}, {torch.get_num_threads()} threads, torch {torch.__version__}, {base.dtype}, {weights}"
