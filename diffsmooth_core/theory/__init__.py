"""Theorems 1 and 2 of DiffSmooth, on real images and on Gaussian mixtures, where every term is known
exactly."""

from diffsmooth_core.theory.convergence import Convergence, WeakError, convergence
from diffsmooth_core.theory.curves import Curves, over_sigma, over_sigma_exactly
from diffsmooth_core.theory.exact import Exact, exact
from diffsmooth_core.theory.experiment import PRECISIONS, Start, TheoremSetting, start
from diffsmooth_core.theory.landscape import Cloud, clouds, regions
from diffsmooth_core.theory.mixture import WORLDS, Mixture, world
from diffsmooth_core.theory.network import disturbed
from diffsmooth_core.theory.network_error import Consequence, consequences
from diffsmooth_core.theory.perturbation import KINDS
from diffsmooth_core.theory.purification_gain import Gain, PurificationDistances, compare, gains
from diffsmooth_core.theory.reverse_sde import SCHEMES, Paths
from diffsmooth_core.theory.sampling import Sampling, sampling
from diffsmooth_core.theory.theorem1 import VERSIONS, Theorem1, c_eta
from diffsmooth_core.theory.theorem2 import Theorem2

__all__ = [
    "KINDS",
    "PRECISIONS",
    "SCHEMES",
    "VERSIONS",
    "WORLDS",
    "Cloud",
    "Consequence",
    "Convergence",
    "Curves",
    "Exact",
    "Gain",
    "Mixture",
    "Paths",
    "PurificationDistances",
    "Sampling",
    "Start",
    "Theorem1",
    "Theorem2",
    "TheoremSetting",
    "WeakError",
    "c_eta",
    "clouds",
    "compare",
    "consequences",
    "convergence",
    "disturbed",
    "exact",
    "gains",
    "over_sigma",
    "over_sigma_exactly",
    "regions",
    "sampling",
    "start",
    "world",
]
