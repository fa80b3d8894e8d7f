"""The base classifier f that is smoothed: purify a noisy copy, smooth it locally, classify (Algorithm 3)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from diffsmooth_core.classifiers import batching
from diffsmooth_core.classifiers.batching import in_batches, until_decided
from diffsmooth_core.classifiers.device import autocast
from diffsmooth_core.classifiers.execution import EAGER, Execution, prepared
from diffsmooth_core.classifiers.normalisation import Normalise
from diffsmooth_core.config import METHODS, Method, SmoothingConfig
from diffsmooth_core.purification.denoiser import Diffusion
from diffsmooth_core.purification.purifier import Purifier

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

    def with_network(self, network: nn.Module) -> Classifier:
        """The same classifier computed by another network, as a folded or compiled one."""
        return Classifier(network, self.normalise, self.name, self.weights, self.classes, self.dataset)

    def forward(self, x: Tensor) -> Tensor:
        return self.network(self.normalise(x))  # type: ignore[no-any-return]


def reference_bank(draws: int, shape: torch.Size) -> Tensor:
    """The fixed standard normal tensors that serve every vote in the released code: (draws,c,h,w)."""
    return torch.randn(draws, *shape, generator=torch.Generator().manual_seed(REFERENCE_SEED))


@dataclass(frozen=True)
class Vote:
    """What happened to a batch of noisy copies on the way to their votes, all on one device."""

    purified: Tensor | None  # (b,c,h,w) in [0,1], the first picture made of a copy; None without a purifier
    local: Tensor | None  # (b,m or K,c,h,w): what the classifier saw, where that was several pictures a copy
    softmax: Tensor  # (b,m or K or 1,k): of each picture that the classifier saw
    confidence: Tensor  # (b,k): the mean softmax of the pictures, or the share of them that each class won


@dataclass(frozen=True)
class BaseClassifier:
    """f: noisy copies (b,c,h,w) in [0,1] units -> class ids (b,).

    The purifier makes a picture, or several, of each copy (Algorithm 2). Where the method smooths locally,
    the picture is classified m times under local noise sigma_local and the softmax averaged (Algorithm 3).
    Where the purifier makes several, each names a class and the majority decides (DensePure).

    `noise`, wherever a method takes it, is standard normal, (b,draws,c,h,w): what the purifier and local
    smoothing consume for each copy, in this order. Without it a fixed bank serves every copy, as in the
    released code, and f is deterministic.
    """

    config: SmoothingConfig
    classifier: Classifier
    purifier: Purifier
    device: torch.device
    dtype: torch.dtype
    purifier_batch: int  # noisy copies that the purifier takes at a time, padded
    execution: Execution = EAGER  # how the networks run

    @property
    def method(self) -> Method:
        return METHODS[self.config.method]

    @property
    def weights(self) -> dict[str, str]:
        """SHA-256 of every weight file that takes part, by its role as the configuration calls it."""
        weights, denoiser = {"classifier": self.classifier.weights}, self.purifier.denoiser
        return weights | {"denoiser": denoiser.weights} if denoiser else weights

    @property
    def parameters(self) -> int:
        """How many parameters the largest of its networks has."""
        networks = (self.classifier, self.purifier.denoiser)
        return max(
            sum(p.numel() for p in network.parameters()) for network in networks if network is not None
        )

    @property
    def draws(self) -> int:
        """Standard normal tensors (c,h,w) that one vote consumes beside its smoothing noise."""
        return self.purifier.draws(self.config) + (self.config.m if self.method.smooths_locally else 0)

    @property
    def classifier_batch(self) -> int:
        """Pictures that the classifier takes at a time, padded: by default all that come of one purifier
        batch."""
        several = self.config.m if self.method.smooths_locally else self.purifier.pictures(self.config)
        return self.execution.classifier_batch or self.purifier_batch * several

    @property
    def votes_per_step(self) -> int:
        """Votes worth casting together; no vote depends on it."""
        return batching.votes_per_step(self.config, self.purifier_batch, self.execution)

    @property
    def halved(self) -> BaseClassifier:
        """The same f with half as many pictures at a time; from a purifier batch of 1 there is no less."""
        fewer = replace(self.execution, classifier_batch=-(-self.execution.classifier_batch // 2))
        return replace(self, purifier_batch=self.purifier_batch // 2, execution=fewer)

    @cached_property
    def prepared_networks(self) -> tuple[Classifier, Purifier]:
        """Classifier and purifier as `execution` runs them; made outside autocast, which would round what is
        folded into their weights."""
        mode = self.execution.mode
        if mode == "eager":
            return self.classifier, self.purifier

        def prepare(network: nn.Module, timestep: float | None = None) -> nn.Module:
            return prepared(network, mode, self.dtype, timestep)

        classifier = self.classifier.with_network(prepare(self.classifier.network))
        return classifier, self.purifier.prepared(self.config, prepare)

    def __call__(self, x_noisy: Tensor, noise: Tensor | None = None) -> Tensor:
        """(b,c,h,w) -> class ids (b,)."""
        return self.trace(x_noisy, noise, every_copy=False).confidence.argmax(1)

    def confidence(self, x_noisy: Tensor, noise: Tensor | None = None) -> Tensor:
        """(b,c,h,w) -> mean softmax, or with DensePure shares of the runs, (b,k)."""
        return self.trace(x_noisy, noise).confidence

    def trace(self, x_noisy: Tensor, noise: Tensor | None = None, every_copy: bool = True) -> Vote:
        """Run the whole pipeline and keep what it passed through; for `every_copy` see `classify`."""
        return self.classify(self.purify(x_noisy, noise), noise, every_copy)

    @torch.inference_mode()
    def purify(self, x_noisy: Tensor, noise: Tensor | None = None) -> Tensor:
        """The pictures that the purifier makes of noisy copies (b,c,h,w): (b,pictures,c,h,w) in [0,1]."""
        x, (_, purifier) = x_noisy.to(self.device), self.prepared_networks

        def run(x: Tensor, noise: Tensor | None) -> Tensor:
            return purifier.purify(x, self.config, noise)

        with autocast(self.device, self.dtype):
            return in_batches(run, self.purifier_batch, x, self.purifier_noise(x, noise))

    @torch.inference_mode()
    def trace_purifier(self, x_noisy: Tensor, noise: Tensor | None) -> tuple[Tensor, Diffusion | None]:
        """`purify` for one copy (1,c,h,w), with the same last bits, and the diffusion model's steps."""
        x, (_, purifier) = x_noisy.to(self.device), self.prepared_networks
        noise = self.purifier_noise(x, noise)
        if noise is not None:
            noise = batching.padded(noise, self.purifier_batch)
        with autocast(self.device, self.dtype):
            pictures, diffusion = purifier.trace(batching.padded(x, self.purifier_batch), self.config, noise)
        return pictures[:1], diffusion

    @torch.inference_mode()
    def classify(self, pictures: Tensor, noise: Tensor | None = None, every_copy: bool = True) -> Vote:
        """The votes of purified pictures (b,pictures,c,h,w), after local smoothing where the method has it.

        Unless `every_copy`, local copies that cannot change a vote any more are not classified: their softmax
        is 0, and `confidence` says no more than which class leads.
        """
        (classifier, _), batch = self.prepared_networks, self.classifier_batch
        seen = self.smooth_locally(pictures, noise)  # (b,m or K or 1,c,h,w)

        def softmax(x: Tensor) -> Tensor:
            logits: Tensor = classifier(x)
            return logits.float().softmax(1)

        with autocast(self.device, self.dtype):
            if self.method.smooths_locally and not every_copy and seen.shape[:2].numel() > batch:
                answers = until_decided(softmax, seen, self.classifier.classes, batch)
                confidence = answers.mean(1)
            else:
                logits = in_batches(classifier, batch, seen.flatten(0, 1)).float()
                logits = logits.unflatten(0, seen.shape[:2])
                answers = logits.softmax(2)
                confidence = shares(logits) if self.purifier.majority else answers.mean(1)
        several = self.method.smooths_locally or self.purifier.majority
        return Vote(
            pictures[:, 0] if self.method.purifies else None, seen if several else None, answers, confidence
        )

    def smooth_locally(self, pictures: Tensor, noise: Tensor | None) -> Tensor:
        """The m local copies of pictures (b,1,c,h,w): (b,m,c,h,w); the pictures as they are where the method
        does not smooth locally."""
        if not self.method.smooths_locally:
            return pictures
        noise = self._noise_or_bank(pictures[:, 0], noise)
        assert noise is not None
        return pictures + self.config.sigma_local * noise[:, self.purifier.draws(self.config) :]

    def purifier_noise(self, x: Tensor, noise: Tensor | None) -> Tensor | None:
        """The part of `noise` that the purifier of copies x (b,c,h,w) consumes; None where it needs none."""
        draws = self.purifier.draws(self.config)
        noise = self._noise_or_bank(x, noise) if draws else None
        return None if noise is None else noise[:, :draws]

    def _noise_or_bank(self, x: Tensor, noise: Tensor | None) -> Tensor | None:
        if noise is None:
            noise = reference_bank(self.draws, x.shape[1:])[None]
        return noise.to(self.device).expand(len(x), *noise.shape[1:])


def shares(logits: Tensor) -> Tensor:
    """The share of a copy's pictures that each class wins: (b,K,k) -> (b,k). NaN where a logit is not finite,
    which argmax would turn into a win."""
    wins = F.one_hot(logits.argmax(2), logits.shape[2]).float()
    wins[~torch.isfinite(logits).all(2)] = torch.nan
    return wins.mean(1)
