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

REFERENCE_SEED = 42  # seed of the local noise in the released code


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
        """The same classifier with its network replaced by an equivalent one, such as a folded or compiled
        one."""
        return Classifier(network, self.normalise, self.name, self.weights, self.classes, self.dataset)

    def forward(self, x: Tensor) -> Tensor:
        return self.network(self.normalise(x))  # type: ignore[no-any-return]


def reference_bank(draws: int, shape: torch.Size) -> Tensor:
    """The fixed standard normal noise (draws,c,h,w) that the released code uses for every vote."""
    return torch.randn(draws, *shape, generator=torch.Generator().manual_seed(REFERENCE_SEED))


@dataclass(frozen=True)
class Vote:
    """The intermediate results for a batch of noisy copies on the way to their votes, all on one device."""

    purified: Tensor | None  # (b,c,h,w) in [0,1], the first image of each copy; None without a purifier
    local: Tensor | None  # (b,m or K,c,h,w): what the classifier saw; None if that was one image a copy
    softmax: Tensor  # (b,m or K or 1,k): for each image that the classifier saw
    confidence: Tensor  # (b,k): the mean softmax of these images, or the share of them that each class won


@dataclass(frozen=True)
class BaseClassifier:
    """f: noisy copies (b,c,h,w) in [0,1] units -> class ids (b,).

    The purifier turns each copy into one or several images (Algorithm 2). With local smoothing, the image is
    classified m times under local noise of standard deviation sigma_local, and the softmax is averaged
    (Algorithm 3). If the purifier returns several images, each is classified and the majority decides
    (DensePure).

    The argument `noise` of the methods is standard normal, (b,draws,c,h,w): first the noise of the purifier,
    then that of local smoothing, for each copy. Without it every copy gets the same fixed noise, as in the
    released code, and f is deterministic.
    """

    config: SmoothingConfig
    classifier: Classifier
    purifier: Purifier
    device: torch.device
    dtype: torch.dtype
    purifier_batch: int  # noisy copies in each batch of the purifier, padding included
    execution: Execution = EAGER  # how the networks run

    @property
    def method(self) -> Method:
        return METHODS[self.config.method]

    @property
    def weights(self) -> dict[str, str]:
        """SHA-256 of the weight file of each network, by its role: "classifier" or "denoiser"."""
        weights, denoiser = {"classifier": self.classifier.weights}, self.purifier.denoiser
        return weights | {"denoiser": denoiser.weights} if denoiser else weights

    @property
    def parameters(self) -> int:
        """The number of parameters of its largest network."""
        networks = (self.classifier, self.purifier.denoiser)
        return max(
            sum(p.numel() for p in network.parameters()) for network in networks if network is not None
        )

    @property
    def draws(self) -> int:
        """How many standard normal tensors (c,h,w) one vote uses in addition to its smoothing noise."""
        return self.purifier.draws(self.config) + (self.config.m if self.method.smooths_locally else 0)

    @property
    def classifier_batch(self) -> int:
        """Images in each batch of the classifier, padding included; by default all that one purifier batch
        yields."""
        several = self.config.m if self.method.smooths_locally else self.purifier.pictures(self.config)
        return self.execution.classifier_batch or self.purifier_batch * several

    @property
    def votes_per_step(self) -> int:
        """How many votes to cast together for good speed; no vote depends on it."""
        return batching.votes_per_step(self.config, self.purifier_batch, self.execution, self.device)

    @property
    def halved(self) -> BaseClassifier:
        """The same f with both batch sizes halved: the classifier's alone where the purifier's is 1."""
        last = self.purifier_batch == 1
        pictures = self.classifier_batch if last else self.execution.classifier_batch
        fewer = replace(self.execution, classifier_batch=-(-pictures // 2))
        return replace(self, purifier_batch=1 if last else self.purifier_batch // 2, execution=fewer)

    @cached_property
    def prepared_networks(self) -> tuple[Classifier, Purifier]:
        """Classifier and purifier with their networks prepared for `execution`, such as folded or compiled.

        Prepare them outside autocast: inside it, the values folded into the weights would be rounded.
        """
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
        """Noisy copies (b,c,h,w) -> (b,k): the mean softmax, or with DensePure the share of images each class
        won."""
        return self.trace(x_noisy, noise).confidence

    def trace(self, x_noisy: Tensor, noise: Tensor | None = None, every_copy: bool = True) -> Vote:
        """Run f on noisy copies (b,c,h,w) and keep the intermediate results; for `every_copy` see
        `classify`."""
        return self.classify(self.purify(x_noisy, noise), noise, every_copy)

    @torch.inference_mode()
    def purify(self, x_noisy: Tensor, noise: Tensor | None = None) -> Tensor:
        """Purify noisy copies (b,c,h,w): (b,pictures,c,h,w) in [0,1], one or several images for each."""
        x, (_, purifier) = self._sent(x_noisy), self.prepared_networks

        def run(x: Tensor, noise: Tensor | None) -> Tensor:
            return purifier.purify(x, self.config, noise)

        with autocast(self.device, self.dtype):
            return in_batches(run, self.purifier_batch, x, self.purifier_noise(x, noise))

    @torch.inference_mode()
    def trace_purifier(self, x_noisy: Tensor, noise: Tensor | None) -> tuple[Tensor, Diffusion | None]:
        """`purify` for one copy (1,c,h,w), and the intermediate results of the diffusion model, None without
        one.

        The copy is padded to a full purifier batch, so that the result is bit for bit that of `purify`.
        """
        x, (_, purifier) = self._sent(x_noisy), self.prepared_networks
        noise = self.purifier_noise(x, noise)
        if noise is not None:
            noise = batching.padded(noise, self.purifier_batch)
        with autocast(self.device, self.dtype):
            pictures, diffusion = purifier.trace(batching.padded(x, self.purifier_batch), self.config, noise)
        return pictures[:1], diffusion

    @torch.inference_mode()
    def classify(self, pictures: Tensor, noise: Tensor | None = None, every_copy: bool = True) -> Vote:
        """Classify purified images (b,pictures,c,h,w), after local smoothing where the method has it.

        With `every_copy` false, local copies that can no longer change the vote may be skipped. Their softmax
        is then 0, and of `confidence` only the leading class is meaningful.
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
        """Add local noise m times to images (b,1,c,h,w): (b,m,c,h,w). Without local smoothing the images are
        returned unchanged."""
        if not self.method.smooths_locally:
            return pictures
        noise = self._noise_or_bank(pictures[:, 0], noise)
        assert noise is not None
        return pictures + self.config.sigma_local * noise[:, self.purifier.draws(self.config) :]

    def purifier_noise(self, x: Tensor, noise: Tensor | None) -> Tensor | None:
        """The part of `noise` that the purifier uses for copies x (b,c,h,w); None where it needs none."""
        draws = self.purifier.draws(self.config)
        noise = self._noise_or_bank(x, noise) if draws else None
        return None if noise is None else noise[:, :draws]

    def _noise_or_bank(self, x: Tensor, noise: Tensor | None) -> Tensor | None:
        if noise is None:
            noise = reference_bank(self.draws, x.shape[1:])[None]
        return self._sent(noise).expand(len(x), *noise.shape[1:])

    def _sent(self, x: Tensor) -> Tensor:
        """x on the device. Nobody waits for a CUDA GPU: the copy reads x before it returns, whatever it
        is busy with."""
        return x.to(self.device, non_blocking=self.device.type == "cuda")


def shares(logits: Tensor) -> Tensor:
    """The share of each copy's K images that each class wins: (b,K,k) -> (b,k).

    NaN where a logit is not finite; otherwise argmax would count such an image as a win for some class.
    """
    wins = F.one_hot(logits.argmax(2), logits.shape[2]).float()
    wins[~torch.isfinite(logits).all(2)] = torch.nan
    return wins.mean(1)
