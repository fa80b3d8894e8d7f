"""A Gaussian mixture as data distribution: every quantity of the theorems has a closed form.

Units are those of the diffusion model, [-1,1]. A noisy point is x_t = sqrt(alpha_bar) x_0 +
sqrt(1-alpha_bar) eps, as in Ho et al. 2020. Everything is computed for y = x_t / sqrt(alpha_bar) =
x_0 + rho eps, where rho = sqrt((1-alpha_bar)/alpha_bar): more noise then leaves each component's mean
where it is and only widens the component.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from diffsmooth_core.config import InputError, check_choice
from diffsmooth_core.purification.schedule import noise_ratio


@dataclass(frozen=True, eq=False)
class Mixture:
    """The density sum_k weights[k] N(means[k], stds[k]^2 I) in d dimensions, float64.

    Raises InputError for shapes that do not match, weights that are not positive or do not sum to 1, or
    standard deviations that are not positive.
    """

    weights: Tensor  # (k,), sums to 1
    means: Tensor  # (k,d)
    stds: Tensor  # (k,), above 0

    def __post_init__(self) -> None:
        k = len(self.weights)
        if self.means.ndim != 2 or len(self.means) != k or self.stds.shape != (k,):
            raise InputError(
                f"a mixture needs weights (k,), means (k,d) and stds (k,), got {tuple(self.weights.shape)}, "
                f"{tuple(self.means.shape)} and {tuple(self.stds.shape)}"
            )
        if not bool((self.weights > 0).all()) or abs(float(self.weights.sum()) - 1) > 1e-9:
            raise InputError("the weights of a mixture must be positive and sum to 1")
        if not bool((self.stds > 0).all()):
            raise InputError("the standard deviations of a mixture must be above 0")

    @property
    def dimension(self) -> int:
        return self.means.shape[1]

    def draw(self, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Draws of x_0, (count,d), and the index of the component that each came from, (count,)."""
        k = torch.multinomial(self.weights, count, replacement=True, generator=generator)
        noise = torch.randn(count, self.dimension, generator=generator, dtype=torch.float64)
        return self.means[k] + self.stds[k, None] * noise, k

    def sample(self, count: int, generator: torch.Generator) -> Tensor:
        """Draws of x_0: (count,d)."""
        return self.draw(count, generator)[0]

    def component(self, y: Tensor, rho: float) -> Tensor:
        """The index (b,) of the component that y = x_0 + rho eps (b,d) most probably came from (Bayes'
        rule)."""
        return self._joint(y, rho).argmax(1)

    def log_density(self, x_t: Tensor, alpha_bar: float) -> Tensor:
        """log p_t at x_t (b,d): (b,)."""
        joint = self._joint(x_t / math.sqrt(alpha_bar), noise_ratio(alpha_bar))
        return joint.logsumexp(1) - self.dimension / 2 * math.log(alpha_bar)

    def posterior_mean(self, x_t: Tensor, alpha_bar: float) -> Tensor:
        """E[x_0 | x_t] at x_t (b,d): (b,d)."""
        share, means, _ = self._posterior(x_t, alpha_bar)
        return torch.einsum("bk,bkd->bd", share, means)

    def posterior_spread(self, x_t: Tensor, alpha_bar: float) -> Tensor:
        """E[||x_0 - E[x_0|x_t]||^2 | x_t], summed over dimensions, at x_t (b,d): (b,)."""
        share, means, variances = self._posterior(x_t, alpha_bar)
        centre = torch.einsum("bk,bkd->bd", share, means)
        away = (means - centre[:, None]).square().sum(2)
        return (share * (self.dimension * variances + away)).sum(1)

    def eps(self, x_t: Tensor, alpha_bar: float) -> Tensor:
        """E[eps | x_t] at x_t (b,d): (b,d), the output of a perfect noise predictor."""
        y = x_t / math.sqrt(alpha_bar)
        return (y - self.posterior_mean(x_t, alpha_bar)) / noise_ratio(alpha_bar)

    def score(self, x_t: Tensor, alpha_bar: float) -> Tensor:
        """The gradient of log p_t at x_t (b,d): (b,d); -E[eps|x_t]/sqrt(1-alpha_bar) by Tweedie's formula."""
        return -self.eps(x_t, alpha_bar) / math.sqrt(1 - alpha_bar)

    def squared_error(self, x_t: Tensor, alpha_bar: float, predicted: Tensor) -> Tensor:
        """E[||eps - predicted||^2 | x_t], summed over dimensions, for predicted (b,d): (b,).

        Computed directly from each component, not through the identity of Theorem 2, so that it can test it.
        """
        rho = noise_ratio(alpha_bar)
        share, means, variances = self._posterior(x_t, alpha_bar)
        away = (x_t / math.sqrt(alpha_bar) - rho * predicted)[:, None] - means
        return (share * (self.dimension * variances + away.square().sum(2))).sum(1) / rho**2

    def sample_posterior(
        self, x_t: Tensor, alpha_bar: float, count: int, generator: torch.Generator
    ) -> Tensor:
        """Draws of x_0 given one x_t (d,): (count,d)."""
        share, means, variances = self._posterior(x_t[None], alpha_bar)
        k = torch.multinomial(share[0], count, replacement=True, generator=generator)
        noise = torch.randn(count, self.dimension, generator=generator, dtype=torch.float64)
        return means[0, k] + variances[k, None].sqrt() * noise

    def _joint(self, y: Tensor, rho: float) -> Tensor:
        """log(weight_k N(y; mean_k, std_k^2 + rho^2)): (b,k)."""
        variance = self.stds.square() + rho**2
        squared = (y[:, None] - self.means).square().sum(2)
        width = self.dimension / 2 * (2 * math.pi * variance).log()
        return self.weights.log() - width - squared / (2 * variance)

    def _posterior(self, x_t: Tensor, alpha_bar: float) -> tuple[Tensor, Tensor, Tensor]:
        """The posterior of x_0 given x_t (b,d), itself a mixture: its weights (b,k), means (b,k,d) and the
        variance (k,) of each component in every dimension."""
        y, rho = x_t / math.sqrt(alpha_bar), noise_ratio(alpha_bar)
        own = self.stds.square()
        total = own + rho**2
        means = (own[:, None] * y[:, None] + rho**2 * self.means) / total[:, None]
        return self._joint(y, rho).softmax(1), means, own * rho**2 / total


def world(name: str, dimension: int, seed: int = 0) -> Mixture:
    """A named mixture in 1 to 3072 dimensions; raises InputError for another name or dimension.

    "clusters": three components of standard deviation 0.15 with centres in [-0.75, 0.75]^d, like images in
    [-1,1]. "far": one component of standard deviation 1 whose mean is 1000 on the first axis and 0 on the
    others, for which Theorem 1 as printed fails. "narrow": one component of standard deviation 0.001, for
    which Theorem 2 as printed fails.
    """
    if not 1 <= dimension <= 3072:
        raise InputError(f"dimension must lie between 1 and 3072, got {dimension}")
    if name == "far":
        mean = torch.zeros(1, dimension, dtype=torch.float64)
        mean[0, 0] = 1000
        return Mixture(torch.ones(1, dtype=torch.float64), mean, torch.ones(1, dtype=torch.float64))
    check_choice("world", name, WORLDS)
    generator = torch.Generator().manual_seed(seed)
    centres = 1.5 * torch.rand(3, dimension, generator=generator, dtype=torch.float64) - 0.75
    if dimension <= 2:  # these are plotted, so the centres are fixed and well apart
        centres = torch.tensor([[-0.7, -0.4], [0.75, -0.25], [0.05, 0.7]], dtype=torch.float64)[:, :dimension]
    if name == "narrow":
        narrow = torch.full((1,), 0.001, dtype=torch.float64)
        return Mixture(torch.ones(1, dtype=torch.float64), centres[:1].contiguous(), narrow)
    weights = torch.tensor([0.4, 0.35, 0.25], dtype=torch.float64)
    return Mixture(weights, centres.contiguous(), torch.full((3,), 0.15, dtype=torch.float64))


WORLDS = ("clusters", "narrow", "far")
