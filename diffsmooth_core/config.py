"""The configuration of a certification, validated; library, command line, app and audits all use it."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from diffsmooth_core.plugins import own_names, plugin_names, with_plugins
from diffsmooth_core.wording import written

ABSTAIN = -1


class InputError(ValueError):
    """Invalid input from a person. The message is one sentence that names the value and how to correct it."""


@dataclass(frozen=True)
class Method:
    """How the base classifier f classifies a noisy copy: how the copy is purified, and which settings matter.

    `purifier` is a key of purification.purifiers.PURIFIERS; `settings` are those that this method uses but
    not every method does.
    """

    title: str
    purifier: str
    settings: frozenset[str] = frozenset()

    @property
    def purifies(self) -> bool:
        return "denoiser" in self.settings

    @property
    def smooths_locally(self) -> bool:
        return "m" in self.settings


_DENOISER, _LOCAL = frozenset({"denoiser"}), frozenset({"sigma_local", "m"})
_REVERSE = frozenset({"purifications", "reverse_steps"})
_METHODS = {
    "diffsmooth": Method("DiffSmooth", "one-shot", _DENOISER | _LOCAL),
    "plain": Method("Plain randomized smoothing", "identity"),
    "dds": Method("DDS (one-shot denoising)", "one-shot", _DENOISER),
    "denoised": Method("Denoised smoothing", "direct", _DENOISER),
    "densepure": Method("DensePure", "reverse", _DENOISER | _REVERSE),
    "local-only": Method("Local smoothing without diffusion", "identity", _LOCAL),
}
own_names("methods", _METHODS)
METHODS: dict[str, Method] = with_plugins(_METHODS, "methods", Method)
SIDES = {"cifar10": 32, "imagenet": 224}  # data set -> side of the square that its networks see
DATASETS = tuple(SIDES)
own_names("datasets", DATASETS)
# Data set -> the settings that are usual there in the place of the defaults: bundled networks, and what they
# and a CPU can take.
USUAL: dict[str, dict[str, Any]] = {
    "imagenet": {
        "classifier": "efficientnet-lite0",
        "denoiser": "photographs",
        "sigma": 0.25,
        "sigma_local": 0.06,
        "m": 2,
        "n0": 20,
        "n": 100,
    }
}
# (data set, method) -> what else is usual there with this method: a photograph's vote takes a CPU as many
# twentieths of a second as the reverse process takes steps in all its runs.
USUAL_WITH: dict[tuple[str, str], dict[str, Any]] = {
    ("imagenet", "densepure"): {"purifications": 1, "reverse_steps": 2}
}
# Data set -> what is usual for an attack there in the place of AttackConfig's defaults: where a vote takes a
# CPU a tenth of a second, an attempt of these takes ten seconds.
USUAL_ATTACK = {"imagenet": {"attempts": 2, "halvings": 2, "steps": 4, "copies": 4, "n": 40}}
NOISES = ("fresh", "reference", "sound")
_STOPPING = ("fixed", "target", "decided", "sequential", "adaptive")
own_names("stopping", _STOPPING)
STOPPING = (*_STOPPING, *plugin_names("stopping"))
MOST_TESTED = 1_000_000  # votes of a "sequential" run, whose exact test takes a second to compute then
ANYTIME = ("target", "decided")  # rules whose bound holds at every look
GIVE_UP = ("decided", "sequential", "adaptive")  # rules that end a run once its target is out of reach
BOUNDS = ("one-class", "two-class")
DTYPES = ("auto", "float32", "bfloat16")
LARGEST_LENGTH = 1e6  # of sigma, sigma_local and target_radius
REAL = ("sigma", "sigma_local", "alpha", "beta", "target_radius")
WHOLE = {  # setting -> its least and its largest value
    "m": (1, 10**6),
    "purifications": (1, 10**6),
    "reverse_steps": (1, 10**6),
    "n0": (1, 10**7),
    "n": (1, 10**7),
    "rounds": (1, 30),
    "seed": (0, 2**64 - 1),
}


def usual(dataset: str, method: str = "") -> dict[str, Any]:
    """The settings that are usual with a data set and a method in the place of the defaults."""
    return USUAL.get(dataset, {}) | USUAL_WITH.get((dataset, method), {})


def _setting(default: Any, symbol: str, help: str) -> Any:
    return field(default=default, metadata={"symbol": symbol, "help": help})


def minimum_votes(alpha: float) -> int:
    """The fewest votes n that can certify at all: alpha^(1/n) > 1/2."""
    return math.floor(math.log(alpha) / math.log(0.5)) + 1


def check_dataset_name(name: object) -> str:
    """`name`, if it may name a data set: it is one of DATASETS or has the form of an added one's name. Raises
    InputError otherwise."""
    if isinstance(name, str) and re.fullmatch(r"[a-z][a-z0-9-]{1,39}", name):
        return name
    raise InputError(
        f"dataset {name!r:.60} cannot be a data set's name; "
        f"choose one of {', '.join(DATASETS)}, or up to 40 small letters, digits and -"
    )


def unknown(name: str, value: object, known: Iterable[object], otherwise: str = "") -> InputError:
    """The InputError for a value that is not among the `known` ones; `otherwise` names an alternative to
    choosing one of them."""
    return InputError(
        f"{name} {value!r:.60} is unknown; choose one of {', '.join(map(str, known))}{otherwise}"
    )


def check_choice(name: str, value: object, choices: Iterable[object]) -> None:
    """Raises InputError where the value of the setting `name` is not one of its choices."""
    if value not in tuple(choices):  # not a set: `value` is untrusted and may be unhashable, such as a list
        raise unknown(name, value, choices)


@dataclass(frozen=True)
class SmoothingConfig:
    """One certification setting (DiffSmooth, Algorithms 1 to 5), validated on construction.

    sigma and sigma_local are noise standard deviations in [0,1] pixel units; m is the number of
    local copies, purifications and reverse_steps belong to DensePure, n0 and n are the selection and
    estimation votes, alpha the failure probability. `noise` is "fresh" (Algorithm 3: new local noise
    for every vote), "reference" (the released code's fixed bank) or "sound" (fresh, and the smoothing
    noise whole numbers on the 1/255 grid: Voracek and Hein 2023). `stopping` is "fixed" (n votes),
    "target" (until the radius reaches target_radius), "decided" (also once it cannot any more),
    "sequential" (the same with fewer votes, by a test of target_radius alone) or "adaptive" (looks after
    a few growing rounds, alpha split over them); n is then the most votes that are counted, and beta the
    level at which a target is given up. `bound` is "one-class" (p_B <= 1 - p_A) or "two-class" (equation
    1). dtype and device are "auto" or a concrete choice. A real number is kept as a float, so that 1 and 1.0
    are one setting with one commitment. Raises InputError.
    """

    method: str = _setting("diffsmooth", "", "How a noisy copy is classified.")
    classifier: str = _setting(
        "gaussian-0.25", "", "The network that classifies; the number is the noise it was trained under."
    )
    denoiser: str = _setting("bundled", "", "The diffusion model that purifies.")
    dataset: str = _setting("cifar10", "", "The data set whose classes are voted for.")
    sigma: float = _setting(
        0.5,
        "σ",
        "Smoothing noise: its standard deviation on pixels in [0,1]. More noise can certify "
        "larger radii and costs accuracy.",
    )
    sigma_local: float = _setting(
        0.25, "σ′", "Local noise added after purification; best near the classifier's training noise."
    )
    m: int = _setting(5, "m", "Locally smoothed copies whose softmax is averaged into one vote.")
    purifications: int = _setting(
        3, "K", "Purifications of one noisy copy by the reverse process; their classes' majority is the vote."
    )
    reverse_steps: int = _setting(3, "b", "Steps of the reverse process from the noise of sigma to none.")
    n0: int = _setting(100, "n₀", "Votes that select the class to certify; not used for the bound.")
    n: int = _setting(1000, "n", "Votes that bound the class's probability. More votes, larger radius.")
    alpha: float = _setting(0.001, "α", "Probability that the certificate is wrong.")
    seed: int = _setting(0, "", "Fixes all noise: the same seed gives the same votes.")
    noise: str = _setting(
        "fresh",
        "",
        "Local noise: fresh for every vote (Algorithm 3), or the released code's fixed bank (reference); "
        "sound: fresh, and smoothing noise in whole steps of 1/255, safe from rounding.",
    )
    stopping: str = _setting(
        "fixed",
        "",
        "When to stop: after n votes (fixed), once the radius reaches the target (target), also once it "
        "cannot any more (decided), the same by a test of the target alone, with the fewest votes "
        "(sequential), or at one of a few growing rounds (adaptive).",
    )
    target_radius: float = _setting(0.25, "", "The radius that is asked for, where stopping is not fixed.")
    rounds: int = _setting(3, "", "Looks of adaptive stopping; alpha is split over them.")
    beta: float = _setting(
        0.05,
        "β",
        "Probability of giving up a picture that has the target radius; it costs votes, never validity.",
    )
    bound: str = _setting(
        "one-class",
        "",
        "The class's share against all others together (one-class), or against the runner-up's (two-class).",
    )
    dtype: str = _setting(
        "auto", "", "Arithmetic of the networks; auto is float32 on a CPU, bfloat16 on a GPU."
    )
    device: str = _setting("auto", "", "Where the networks run: auto, cpu, cuda or mps.")

    def __post_init__(self) -> None:
        check_choice("method", self.method, METHODS)
        check_dataset_name(self.dataset)
        check_choice("noise", self.noise, NOISES)
        check_choice("stopping", self.stopping, STOPPING)
        check_choice("bound", self.bound, BOUNDS)
        check_choice("dtype", self.dtype, DTYPES)
        for name in ("classifier", "denoiser"):
            if not isinstance(value := getattr(self, name), str):
                raise InputError(f"{name} must be a network's name, got {value!r:.60}")
        for name in REAL:
            value = getattr(self, name)
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if not (number and abs(value) <= sys.float_info.max):
                raise InputError(f"{name} must be a finite number, got {value!r:.60}")
            if value > LARGEST_LENGTH:
                raise InputError(
                    f"{name} must be at most {written(LARGEST_LENGTH)}, as pixels lie in [0,1], "
                    f"got {written(float(value), None)}"
                )
            object.__setattr__(self, name, float(value) + 0.0)  # -0.0 is 0.0
        for name, (least, most) in WHOLE.items():
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise InputError(f"{name} must be a whole number from {least} up, got {value!r:.60}")
            if value > most:
                raise InputError(f"{name} must be at most {most:,}, got {str(value)[:40]}")
        if not self.sigma > 0:
            raise InputError(f"sigma must be above 0, got {self.sigma:g}")
        if self.sigma_local < 0:
            raise InputError(f"sigma_local must be 0 or above, got {self.sigma_local:g}")
        if self.target_radius < 0:
            raise InputError(f"target_radius must be 0 or above, got {self.target_radius:g}")
        if self.stopping == "sequential" and self.bound == "two-class":
            raise InputError(
                "stopping 'sequential' tests one class's share and bound is 'two-class'; use stopping "
                "'decided', or bound 'one-class'"
            )
        if self.stopping == "sequential" and not self.target_radius > 0:
            raise InputError(
                f"stopping 'sequential' tests a radius above 0 and target_radius is {self.target_radius:g}; "
                "raise it, or use stopping 'decided'"
            )
        if self.stopping == "sequential" and self.n > MOST_TESTED:
            raise InputError(
                f"stopping 'sequential' has a test for {MOST_TESTED:,} votes at most and n is {self.n:,}; "
                "use fewer votes, or stopping 'decided'"
            )
        for name in ("alpha", "beta"):
            if not 0 < getattr(self, name) < 1:
                raise InputError(f"{name} must lie between 0 and 1, got {getattr(self, name):g}")
        if self.n < (least := minimum_votes(self.alpha)):
            raise InputError(
                f"n = {self.n} votes can never certify at alpha = {written(self.alpha)}: "
                f"even if all agree the bound stays below 1/2; use n = {least} or more"
            )

    @property
    def advice(self) -> tuple[str, ...]:
        """A sentence for each setting whose value is allowed but unusual."""
        if METHODS[self.method].smooths_locally and self.sigma_local > self.sigma:
            return (
                f"sigma_local {self.sigma_local:g} is above sigma {self.sigma:g}: "
                "the local noise then hides more than the smoothing noise did "
                "(the paper goes at most 0.03 above the classifier's training noise)",
            )
        return ()

    @property
    def defining(self) -> dict[str, Any]:
        """The settings that define the base classifier f. Certificates of the same f may differ in all other
        settings."""
        names = ("method", "dataset", "classifier", "sigma", *sorted(METHODS[self.method].settings))
        return {name: getattr(self, name) for name in names}

    @property
    def unused(self) -> frozenset[str]:
        """The settings that have no effect, given the values of the others."""
        only_some: frozenset[str] = frozenset().union(*(method.settings for method in METHODS.values()))
        idle = only_some - METHODS[self.method].settings
        idle |= {"target_radius"} if self.stopping == "fixed" else set()
        idle |= set() if self.stopping in GIVE_UP else {"beta"}
        return idle | (set() if self.stopping == "adaptive" else {"rounds"})

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def help(cls, name: str) -> str:
        """The one-sentence help text of a setting, for both app and command line."""
        return str(cls.__dataclass_fields__[name].metadata["help"])

    @classmethod
    def symbol(cls, name: str) -> str:
        """The paper's symbol of a setting; empty where it has none."""
        return str(cls.__dataclass_fields__[name].metadata["symbol"])

    @classmethod
    def recorded(cls, values: Mapping[str, Any]) -> SmoothingConfig:
        """The configuration of an earlier certificate or run. Before `beta` was a setting, the rules that
        give up did so at level alpha."""
        if "beta" not in values and values.get("stopping") in GIVE_UP:
            values = {**values, "beta": values.get("alpha")}
        return cls.from_dict(values)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> SmoothingConfig:
        unknown = set(values) - {f.name for f in fields(cls)}
        if unknown:
            raise InputError(f"unknown setting {sorted(unknown)[0]!r} in the configuration; remove it")
        return cls(**values)
