"""Attacks on the smoothed classifier: attempts at a given radius, each judged by votes, then at smaller
radii."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, get_args

import numpy as np
import torch
from torch import Tensor

from diffsmooth_core.attacks.ascent import distance, norm, project, unit_gradient
from diffsmooth_core.attacks.surrogate import smoothed_log_probability
from diffsmooth_core.certification.certificate import Certificate
from diffsmooth_core.certification.decision import predicted
from diffsmooth_core.certification.noise import NoiseSource, image_sha256
from diffsmooth_core.certification.rounded import LEVELS
from diffsmooth_core.certification.voting import VoteRange, cast_votes, checked
from diffsmooth_core.classifiers.base import BaseClassifier
from diffsmooth_core.classifiers.batching import halve_batch
from diffsmooth_core.config import ABSTAIN, InputError, SmoothingConfig, check_choice
from diffsmooth_core.plugins import own_names, plugin_names, with_plugins
from diffsmooth_core.purification.purifier import Backward
from diffsmooth_core.wording import written

Kind = Literal["pgd", "nes", "random"]
own_names("attacks", get_args(Kind))
KINDS: tuple[str, ...] = (*get_args(Kind), *plugin_names("attacks"))
BACKWARDS: tuple[Backward, ...] = get_args(Backward)
Outcome = Literal["held", "abstained", "broken"]
# From f, a picture (1,c,h,w), its class, and the noise of some copies to the unit direction (1,c,h,w) to go
# on in, and the mean softmax (k,): what an attack of another kind than "pgd" and "random" is.
Estimate = Callable[[BaseClassifier, Tensor, int, Tensor, Tensor | None], tuple[Tensor, tuple[float, ...]]]
QUERIES = 3  # NES takes this many times the copies of PGD, for a similar cost: PGD has a backward pass too


@dataclass(frozen=True)
class AttackConfig:
    """One attack, validated on construction.

    `kind` is "pgd" (projected gradient ascent through noise and purification; `backward` says whether the
    gradient goes "through" the purifier or "around" it, as if it were the identity), "nes" (gradient-free:
    the smoothing noise itself is the search distribution) or "random" (a direction drawn uniformly). Up to
    `attempts` perturbations of L2 norm at most `radius`, in [0,1] pixel units, are tried. After the first
    success, bisection tries up to `halvings` more at smaller radii. An attempt searches for `steps` steps
    with `copies` noisy copies each; then PREDICT casts `n` votes on its result. `alpha` bounds the
    probability that any success of the whole attack is due to chance in the votes. Raises InputError for a
    value out of range, or too few votes to decide at that level.
    """

    kind: str = "pgd"
    radius: float = 0.5
    attempts: int = 10
    halvings: int = 5
    steps: int = 10
    copies: int = 16
    backward: Backward = "through"
    n: int = 100
    alpha: float = 0.001
    seed: int = 0

    def __post_init__(self) -> None:
        check_choice("kind", self.kind, KINDS)
        check_choice("backward", self.backward, BACKWARDS)
        if not (math.isfinite(self.radius) and self.radius > 0):
            raise InputError(f"radius must be a finite number above 0, got {self.radius:g}")
        for name, least in (("attempts", 1), ("halvings", 0), ("steps", 1), ("copies", 2), ("seed", 0)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise InputError(f"{name} must be a whole number from {least} up, got {value!r}")
        if not 0 < self.alpha < 1:
            raise InputError(f"alpha must lie between 0 and 1, got {self.alpha:g}")
        least = math.ceil(1 - math.log2(self.level))
        if self.n < least:
            raise InputError(
                f"n = {self.n} votes cannot decide {self.attempts + self.halvings} attempts at alpha = "
                f"{written(self.alpha)} together; use n = {least} or more"
            )

    @property
    def level(self) -> float:
        """The level of PREDICT in one attempt: alpha divided by the largest possible number of attempts
        (Bonferroni)."""
        return self.alpha / (self.attempts + self.halvings)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Attempt:
    """One perturbed image and PREDICT's answer for it.

    `length` is the actual L2 norm of the perturbation, at most `radius`, in [0,1] units. counts (k,) are the
    votes. `picture`, the perturbed image (c,h,w) in [0,1], is kept of a search only if it succeeded.
    """

    radius: float
    length: float
    counts: tuple[int, ...]
    predicted: int  # a class, or ABSTAIN
    outcome: Outcome
    picture: Tensor | None = None


@dataclass(frozen=True)
class AttackProgress:
    """An immutable snapshot of an attack, after a step of its search or of its votes.

    `label` is the class that the attack tries to change. `adversarial` (c,h,w) in [0,1] is the current
    perturbed image, at L2 distance `length` from the original. `probabilities` (k,) is the mean softmax over
    the copies of the last search step, and `counts` (k,) are the votes so far in this attempt.
    """

    label: int
    stage: Literal["searching", "voting"]
    number: int  # of the current attempt, from 1
    radius: float
    step: int
    probabilities: tuple[float, ...]
    adversarial: Tensor
    length: float
    counts: tuple[int, ...]
    attempts: tuple[Attempt, ...] = ()
    finished: bool = False

    @property
    def point(self) -> None:
        """None: an attack has no value to plot over its steps."""
        return None

    def count(self, outcome: Outcome) -> int:
        return sum(attempt.outcome == outcome for attempt in self.attempts)

    @property
    def smallest(self) -> Attempt | None:
        return shortest(self.attempts)


def shortest(attempts: Iterable[Attempt]) -> Attempt | None:
    """The success with the smallest perturbation, or None. Its length is an upper bound of the smoothed
    classifier's true robust radius."""
    broken = [attempt for attempt in attempts if attempt.outcome == "broken"]
    return min(broken, key=lambda attempt: attempt.length, default=None)


def outcome_of(answer: int, label: int) -> Outcome:
    """What an attack on the class `label` came to where PREDICT gave this answer: an abstention is no
    success."""
    return "held" if answer == label else "abstained" if answer == ABSTAIN else "broken"


def attack_stream(
    base: BaseClassifier, x: Tensor, certificate: Certificate, attack: AttackConfig
) -> Iterator[AttackProgress]:
    """Attack the class that `certificate` certifies (or its candidate, where it abstains) for the image x.

    x is float32 (c,h,w) in [0,1]. Yields after every step of the search and of the votes; closing cancels. An
    attempt succeeds where PREDICT, at attack.level, returns another class. PREDICT's noise is derived from
    the perturbed image, so it is independent of the noise that the search used. After the first success,
    bisection between the certified radius and the shortest success looks for a shorter one. Raises InputError
    where the certificate is for another image, or the image or `base` does not fit the certificate's
    configuration.
    """
    config = replace(certificate.config, stopping="fixed", bound="one-class", alpha=attack.level, n=attack.n)
    x = checked(base, x, config, base.purifier_batch)
    if image_sha256(x) != certificate.image_sha256:
        raise InputError("the certificate is for another picture; certify this one first")
    search = _Search(base, x, certificate.candidate, config, attack)
    for _ in range(attack.attempts):
        yield from search.attempt(attack.radius)
        if search.now.smallest:
            break
    low = certificate.radius
    for _ in range(attack.halvings):
        shortest = search.now.smallest
        if shortest is None or shortest.length <= low:
            break
        radius = (low + shortest.length) / 2
        yield from search.attempt(radius, start=shortest.picture)
        if search.now.attempts[-1].outcome != "broken":
            low = radius
    yield replace(search.now, finished=True)


class _Search:
    """The state of a running attack; `now` is its latest snapshot."""

    def __init__(
        self, base: BaseClassifier, x: Tensor, label: int, config: SmoothingConfig, attack: AttackConfig
    ) -> None:
        self.base, self.x, self.config, self.attack = base, x[None], config, attack
        self.climbed = base  # f for gradients, which need more memory: its batch may be smaller
        self.noise = NoiseSource.seeded(attack.seed, image_sha256(x), "attack")
        self.starts = NoiseSource.seeded(attack.seed, image_sha256(x), "attack start")
        self.copies = 0  # noisy copies that the search has used so far
        empty = (0,) * base.classifier.classes
        none = (0.0,) * base.classifier.classes
        self.now = AttackProgress(label, "searching", 0, attack.radius, 0, none, x, 0.0, empty)

    def attempt(self, radius: float, start: Tensor | None = None) -> Iterator[AttackProgress]:
        """Search for one perturbed image, from a random start or from `start` (c,h,w), and vote on it."""
        x, attack, label = self.x, self.attack, self.now.label
        empty = (0,) * len(self.now.counts)
        self.now = replace(self.now, number=self.now.number + 1, radius=radius, step=0, counts=empty)
        adversarial = project(x, self._start(radius) if start is None else start[None], radius)
        ascent, total = torch.zeros_like(x), torch.zeros_like(x)
        for step in range(1, (0 if attack.kind == "random" else attack.steps) + 1):
            ascent, p = self._direction(adversarial)
            total = total + ascent if attack.kind == "nes" else ascent  # one NES estimate is noisy
            adversarial = project(x, adversarial + 2 * radius / attack.steps * total / norm(total), radius)
            yield self._show(adversarial[0], stage="searching", step=step, probabilities=p)
        if self.config.noise == "sound":
            adversarial = _towards_on_grid(x, adversarial)
        yield from self._vote(adversarial[0])
        counts = self.now.counts
        answer = predicted(counts, self.config.alpha)
        outcome = outcome_of(answer, label)
        picture = adversarial[0] if outcome == "broken" else None
        attempt = Attempt(radius, self.now.length, counts, answer, outcome, picture)
        self.now = replace(self.now, attempts=(*self.now.attempts, attempt))
        yield self.now

    def _start(self, radius: float) -> Tensor:
        """A random starting point (1,c,h,w): at distance `radius` for "random", which takes no further steps,
        and at half that distance otherwise."""
        number = self.now.number
        direction = self.starts.outer(number, number + 1, self.x.shape[1:])
        reach = radius if self.attack.kind == "random" else radius / 2
        return self.x + reach * direction / norm(direction)

    def _direction(self, adversarial: Tensor) -> tuple[Tensor, tuple[float, ...]]:
        """The unit direction (1,c,h,w) that lowers the label against its strongest rival fastest, and the
        mean softmax (k,); new noise is drawn for every step."""
        base, attack, label = self.base, self.attack, self.now.label
        copies = attack.copies * (QUERIES if attack.kind == "nes" else 1)
        span, shape = (self.copies, self.copies + copies), adversarial.shape[1:]
        self.copies += copies
        outer = self.noise.outer(*span, shape)
        fresh = base.draws > 0 and self.config.noise != "reference"
        noise = self.noise.local(*span, base.draws, shape) if fresh else None
        estimates: dict[str, Estimate] = with_plugins({"nes": _nes}, "attacks")
        if estimate := estimates.get(attack.kind):
            return estimate(base, adversarial, label, outer, noise)

        def ahead(moved: Tensor) -> Tensor:
            """Log-probabilities relative to the strongest other class, so that the loss is the margin that
            decides the vote."""
            log_p = smoothed_log_probability(self.climbed, moved, outer, noise, attack.backward)
            return log_p - log_p[:, [_runner_up(log_p[0], label)]]

        while True:
            try:
                direction, odds = unit_gradient(ahead, adversarial, torch.tensor([label]))
            except RuntimeError as error:
                self.climbed = halve_batch(self.climbed, error)
            else:
                return direction, tuple(odds.softmax(1)[0].tolist())

    def _vote(self, adversarial: Tensor) -> Iterator[AttackProgress]:
        """Cast PREDICT's votes for an image (c,h,w), yielding after every step."""
        n, step = self.config.n, self.base.votes_per_step
        counts = np.zeros(len(self.now.counts), np.int64)
        for start in range(0, n, step):
            wanted = VoteRange(adversarial, "prediction", start, min(start + step, n))
            (classes,) = cast_votes(self.base, [wanted], self.config)
            counts += np.bincount(classes, minlength=len(counts))
            yield self._show(adversarial, stage="voting", counts=tuple(map(int, counts)))

    def _show(self, adversarial: Tensor, **changed: Any) -> AttackProgress:
        length = distance(self.x[0], adversarial)
        self.now = replace(self.now, adversarial=adversarial, length=length, **changed)
        return self.now


def _runner_up(scores: Tensor, label: int) -> int:
    """The class other than `label` with the highest of the scores (k,)."""
    order = scores.argsort(descending=True)
    return int(order[order != label][0])


def _nes(
    base: BaseClassifier, x: Tensor, label: int, outer: Tensor, noise: Tensor | None
) -> tuple[Tensor, tuple[float, ...]]:
    """Natural evolution strategies (Wierstra et al. 2014; Ilyas et al. 2018): a gradient estimate (1,c,h,w),
    up to scale, from outputs of f alone, and the mean softmax (k,).

    The smoothing noise is the search distribution: grad E[p(x + sigma eps)] = E[p(x + sigma eps) eps] /
    sigma.
    """
    p = base.confidence(x + base.config.sigma * outer, noise).cpu()
    behind = p[:, _runner_up(p.mean(0), label)] - p[:, label]
    weights = (behind - behind.mean())[:, None, None, None]
    return (weights * outer).sum(0, keepdim=True), tuple(p.mean(0).tolist())


def _towards_on_grid(x: Tensor, adversarial: Tensor) -> Tensor:
    """`adversarial` rounded to multiples of 1/255, which noise "sound" requires. Rounding goes towards x, so
    that the distance from x does not grow."""
    pixels = (x.double() * LEVELS).round()
    steps = (adversarial.double() * LEVELS - pixels).trunc()
    return ((pixels + steps) / LEVELS).float()
