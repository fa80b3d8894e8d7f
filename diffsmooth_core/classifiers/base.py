"""The base classifier f that is smoothed: classify, denoise first, DiffSmooth (Algorithm 3), DensePure."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from diffsmooth_core.classifiers.normalisation import Normalise
from diffsmooth_core.config import METHODS, InputError, SmoothingConfig
from diffsmooth_core.purification.denoiser import Denoiser
from diffsmooth_core.purification.dncnn import DirectDenoiser

REFERENCE_SEED = 42  # of the released code's local noise


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


def _joined(parts: list[Tensor | None]) -> Tensor | None:
    present = [part for part in parts if part is not None]
    return torch.cat(present) if present else None


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
    execution: str = "eager"  # how the networks run

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
        """Copies that the networks take at a time: short enough on a CPU to watch and to cancel, wide
        enough to fill a GPU. Fixed before the first vote and recorded: the last bits depend on it."""
        if self.fixed_block:
            return self.fixed_block
        passes = 1 + self.m + self.purifications * (self.reverse_steps + 1)
        copies = 1024 // passes if self.device.type == "cuda" else min(64, 96 // passes)
        small = self.classifier.dataset != "imagenet" or self.device.type == "cuda"
        return max(8, copies // 8 * 8) if small else 1  # ImageNet's U-Net takes a CPU most of a minute a copy

    def trace(self, x_noisy: Tensor, local: Tensor | None = None) -> Vote:
        """Run the whole pipeline and keep what it passed through.

        The networks see blocks of one fixed shape, the last one padded: their last bits differ from
        batch size to batch size, and a vote must not depend on its neighbours.
        """
        if self.draws and local is None:
            local = reference_bank(self.draws, x_noisy.shape[1:]).expand(len(x_noisy), -1, -1, -1, -1)
        blocks = [slice(start, start + self.block) for start in range(0, len(x_noisy), self.block)]
        parts = [
            self._block(x_noisy[b], local[b] if self.draws and local is not None else None) for b in blocks
        ]
        return Vote(
            _joined([part.purified for part in parts]),
            _joined([part.local for part in parts]),
            torch.cat([part.softmax for part in parts]),
            torch.cat([part.confidence for part in parts]),
        )

    @torch.inference_mode()
    def _block(self, x_noisy: Tensor, local: Tensor | None) -> Vote:
        b = len(x_noisy)
        fill = (0, self.block - b)
        x = F.pad(x_noisy.to(self.device), (0, 0) * 3 + fill)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.dtype == torch.bfloat16):
            if self.purifications:
                return self._densepure(x, local, b)
            purified = self.denoiser.purify(x, self.sigma) if self.denoiser else None
            seen = x if purified is None else purified
            shown = None if purified is None else purified[:b]
            if local is None:
                confidence = self.classifier(seen).float().softmax(1)[:b]
                return Vote(shown, None, confidence[:, None], confidence)
            noise = F.pad(local.to(self.device), (0, 0) * 4 + fill)
            copies = seen[:, None] + self.sigma_local * noise
            logits = self.classifier(copies.flatten(0, 1)).float()
        softmax = logits.softmax(1).unflatten(0, (self.block, self.m))
        return Vote(shown, copies[:b], softmax[:b], softmax.mean(1)[:b])

    def _densepure(self, x: Tensor, local: Tensor | None, b: int) -> Vote:
        """K runs of the reverse process a copy, a class each; the shares of the K classes."""
        assert isinstance(self.denoiser, Denoiser)
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
        return self.confidence(x_noisy, local).argmax(1)


def resolve_device(device: str) -> torch.device:
    """ "auto" is CUDA where there is one. Raises InputError where the device is not there."""
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        resolved = torch.device(device)
    except RuntimeError:
        raise InputError(f"device {device!r} is unknown; use 'auto', 'cpu' or 'cuda'") from None
    if resolved.type == "cuda" and not torch.cuda.is_available():
        raise InputError(f"device {device!r} was asked for but there is no CUDA GPU here; use 'auto'")
    return resolved


def resolve_dtype(dtype: str, device: torch.device) -> torch.dtype:
    """ "auto" is bfloat16 on a GPU and float32 on a CPU."""
    if dtype == "auto":
        return torch.bfloat16 if device.type == "cuda" else torch.float32
    return {"float32": torch.float32, "bfloat16": torch.bfloat16}[dtype]


def fast_dtype(device: str = "auto") -> str:
    """The dtype in which votes are cast fastest: bfloat16 where the device computes in it."""
    on_cpu = resolve_device(device).type == "cpu"
    capable = torch.cpu.get_capabilities() if on_cpu else {"avx512_bf16": True}
    return "bfloat16" if capable.get("avx512_bf16") or capable.get("amx_bf16") else "float32"


def build_base(
    config: SmoothingConfig, classifier: Classifier, denoiser: Denoiser | DirectDenoiser | None = None
) -> BaseClassifier:
    """Put the method of `config` together on its device.

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
    device = resolve_device(config.device)
    return BaseClassifier(
        classifier=classifier.to(device).eval(),
        denoiser=denoiser.to(device).eval() if method.purifies and denoiser else None,
        sigma=config.sigma,
        sigma_local=config.sigma_local,
        m=config.m if method.smooths_locally else 0,
        device=device,
        dtype=resolve_dtype(config.dtype, device),
        purifications=config.purifications if method.purification == "reverse" else 0,
        reverse_steps=config.reverse_steps if method.purification == "reverse" else 0,
    )
