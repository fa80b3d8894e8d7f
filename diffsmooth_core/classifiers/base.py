"""The base classifier f that is smoothed: classify, denoise first, or DiffSmooth (Algorithm 3)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from diffsmooth_core.classifiers.normalisation import Normalise
from diffsmooth_core.config import METHODS, InputError, SmoothingConfig
from diffsmooth_core.purification.denoiser import Denoiser

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
    local: Tensor | None  # (b,m,c,h,w): what the classifier saw; None without local smoothing
    confidence: Tensor  # (b,k): the mean softmax over the m copies


@dataclass(frozen=True)
class BaseClassifier:
    """f: a noisy copy (b,c,h,w) in [0,1] units -> class ids (b,).

    Where `denoiser` is set the copy is purified (Algorithm 2); where m > 0 it is classified m times
    under local noise sigma_local and the softmax averaged (Algorithm 3). `local` is standard normal
    noise (b,m,c,h,w); without it the released code's fixed bank is used and f is deterministic.
    """

    classifier: Classifier
    denoiser: Denoiser | None
    sigma: float
    sigma_local: float
    m: int  # 0: no local smoothing
    device: torch.device
    dtype: torch.dtype

    @property
    def weights(self) -> dict[str, str]:
        """SHA-256 of every weight file that takes part, by model name."""
        parts = (self.classifier, self.denoiser) if self.denoiser else (self.classifier,)
        return {part.name: part.weights for part in parts}

    @torch.inference_mode()
    def trace(self, x_noisy: Tensor, local: Tensor | None = None) -> Vote:
        """Run the whole pipeline and keep what it passed through."""
        x = x_noisy.to(self.device)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.dtype == torch.bfloat16):
            purified = self.denoiser.purify(x, self.sigma) if self.denoiser else None
            seen = x if purified is None else purified
            if self.m == 0:
                return Vote(purified, None, self.classifier(seen).float().softmax(1))
            if local is None:
                local = reference_bank(self.m, x.shape[1:])[None]
            copies = seen[:, None] + self.sigma_local * local.to(self.device)
            logits = self.classifier(copies.flatten(0, 1)).float()
        confidence = logits.softmax(1).unflatten(0, (len(x), self.m)).mean(1)
        return Vote(purified, copies, confidence)

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
    """ "auto" is bfloat16 on a GPU and float32 on a CPU, where it is bitwise independent of the batch."""
    if dtype == "auto":
        return torch.bfloat16 if device.type == "cuda" else torch.float32
    return {"float32": torch.float32, "bfloat16": torch.bfloat16}[dtype]


def build_base(
    config: SmoothingConfig, classifier: Classifier, denoiser: Denoiser | None = None
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
        denoiser.schedule.timestep_for_sigma(config.sigma)
    device = resolve_device(config.device)
    return BaseClassifier(
        classifier=classifier.to(device).eval(),
        denoiser=denoiser.to(device).eval() if method.purifies and denoiser else None,
        sigma=config.sigma,
        sigma_local=config.sigma_local,
        m=config.m if method.smooths_locally else 0,
        device=device,
        dtype=resolve_dtype(config.dtype, device),
    )
