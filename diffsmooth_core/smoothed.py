"""One object for the method: the smoothed classifier g (Cohen et al. 2019), of DiffSmooth and others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from diffsmooth_core.certification import prediction, stream, voting
from diffsmooth_core.certification.certificate import Certificate
from diffsmooth_core.certification.commitment import Commitment
from diffsmooth_core.certification.prediction import PredictProgress
from diffsmooth_core.certification.progress import Progress, Stage
from diffsmooth_core.certification.voting import Image, VoteRange
from diffsmooth_core.classifiers.base import BaseClassifier
from diffsmooth_core.classifiers.building import build_base
from diffsmooth_core.classifiers.execution import EAGER
from diffsmooth_core.classifiers.given import given_classifier
from diffsmooth_core.config import METHODS, InputError, SmoothingConfig
from diffsmooth_core.zoo.load import cached_classifier, cached_denoiser


@dataclass(frozen=True)
class SmoothedClassifier:
    """g(x) = argmax_c P(f(x + N(0, sigma^2 I)) = c), for the base classifier f of one setting.

    f purifies a noisy copy, smooths it locally and classifies it, as far as the setting's method does; the
    probability is over the noise that f draws, too. Everywhere x is one picture, float32 (c,h,w) in [0,1],
    a tensor or a NumPy array; all noise follows from the setting's seed, the picture and the number of the
    vote.

        smoothed = SmoothedClassifier.load(SmoothingConfig(sigma=0.5, n=1000))
        certificate = smoothed.certify(x)
    """

    base: BaseClassifier

    @classmethod
    def load(cls, config: SmoothingConfig) -> SmoothedClassifier:
        """With the networks that `config` names, each loaded once a process. Raises InputError where one is
        not there, or they do not fit together."""
        denoiser = None
        if METHODS[config.method].purifies:
            denoiser = cached_denoiser(config.denoiser, config.device)
        return cls(build_base(config, cached_classifier(config.classifier, config.device), denoiser))

    @classmethod
    def around(
        cls,
        f: Callable[[Any], Any],
        *,
        classes: int,
        sigma: float,
        dataset: str = "given",
        name: str = "",
        sha256: str = "",
        numpy: bool = False,
        method: str = "plain",
        dtype: str = "float32",
        **settings: Any,
    ) -> SmoothedClassifier:
        """Around a classifier of one's own, with purification, local smoothing and every stopping rule.

        Args:
            f: a torch module, or any function, of a batch (b,c,h,w) in [0,1], float32, to logits (b,classes)
                or whole class numbers (b,). Nothing normalises for it. It is given batches of one size, the
                last one padded, and has to answer each picture by itself.
            classes: how many there are, at least two.
            sigma: the smoothing noise; `method`, `dtype` and `settings` are the others of `SmoothingConfig`.
            dataset: a name for what is classified. Pictures of one that this project does not know may have
                any square size.
            name, sha256: what certificates call f, by default its name in Python, and the hash of the file
                that it came from. Without the latter a torch module is known by the hash of its state, and
                any other function by its name alone, which then ends in "(not hashed)".
            numpy: whether f takes a NumPy array, and not a tensor.

        Raises InputError for what cannot be, such as a module in training mode.
        """
        if classes < 2:
            raise InputError(f"classes must be 2 or more, got {classes}")
        classifier = given_classifier(f, classes, dataset, name, sha256, numpy)
        config = SmoothingConfig(
            method=method, classifier=classifier.name, dataset=dataset, sigma=sigma, dtype=dtype, **settings
        )
        denoiser = cached_denoiser(config.denoiser, config.device) if METHODS[method].purifies else None
        return cls(build_base(config, classifier, denoiser, EAGER))

    @property
    def config(self) -> SmoothingConfig:
        return self.base.config

    def certify(
        self, x: Image, *, batch: int | None = None, source: str = "", tied_to: Commitment | None = None
    ) -> Certificate:
        """CERTIFY (Algorithm 5): the class of g at x and the L2 radius, in [0,1] pixel units, within which it
        cannot change, right with probability 1 - alpha at least; or ABSTAIN with radius 0. Raises InputError
        for a bad picture or a target out of reach."""
        return stream.certify(self.base, x, self.config, batch=batch, source=source, tied_to=tied_to)

    def certify_stream(
        self,
        x: Image,
        *,
        batch: int | None = None,
        resume: Progress | None = None,
        source: str = "",
        tied_to: Commitment | None = None,
    ) -> Iterator[Progress]:
        """`certify`, yielding after every step of votes; the last Progress carries the Certificate. Closing
        the generator cancels, and `resume` continues after an earlier Progress with the same votes."""
        return stream.certify_stream(
            self.base, x, self.config, batch=batch, resume=resume, source=source, tied_to=tied_to
        )

    def commitment(self, x: Image, nonce: str = "") -> Commitment:
        """What the noise of x's certificate is tied to, known before the first vote, with a verifier's nonce
        if there is one. Its hash is what a verifier needs to give a challenge."""
        picture = voting.checked(self.base, x, self.config, batch=1)
        return voting.commitment_of(self.base, picture, self.config, nonce)

    def predict(self, x: Image, *, batch: int | None = None) -> int:
        """PREDICT (Cohen et al. 2019): the class g(x), wrong with probability alpha at most; or ABSTAIN."""
        return prediction.predict(self.base, x, self.config, batch=batch)

    def predict_stream(self, x: Image, *, batch: int | None = None) -> Iterator[PredictProgress]:
        """`predict`, yielding the votes so far after every step of them."""
        return prediction.predict_stream(self.base, x, self.config, batch=batch)

    def votes(self, x: Image, stage: Stage, start: int, stop: int) -> npt.NDArray[np.int64]:
        """Algorithm 4: the classes of votes start..stop-1 of a stage, (stop-start,). They are the same
        however a stage is cut into such ranges. Raises InputError for a bad picture."""
        picture = voting.checked(self.base, x, self.config, batch=1)
        (classes,) = voting.cast_votes(self.base, [VoteRange(picture, stage, start, stop)], self.config)
        return classes

    def under(self, config: SmoothingConfig) -> SmoothedClassifier:
        """The same f smoothed under other numbers of votes, seed, noise, or stopping rule. Raises InputError
        where `config` asks for another f."""
        voting.check_setting(self.base, config)
        return replace(self, base=replace(self.base, config=config))
