"""The numbers that a visitor types: what they are called, their steps, and what they can be.

Their fields have no limits of their own: a field with limits keeps a number beyond them to itself, and the
page would go on with the last good one while the field shows another. An emptied field shows 0, and is 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from diffsmooth_core import InputError, SmoothingConfig
from diffsmooth_core.wording import written
from ui.session.settings import CONFIG_FIELDS, SPANS

Number = TypeVar("Number", bound=float)
Span = tuple[float, float]  # the smallest and the largest that a number can be

# setting -> label, step of its buttons, help
NUMBERS: dict[str, tuple[str, float, str]] = {
    "sigma": (
        "Noise σ",
        0.05,
        "Standard deviation of the smoothing noise; pixel values go from 0 to 1. "
        "More noise can certify larger radii and makes the picture harder to recognise.",
    ),
    "sigma_local": (
        "Local σ′",
        0.05,
        "Standard deviation of the small noise added after purification, "
        "usually the noise that the classifier was trained under.",
    ),
    "n": ("Votes n", 100, "Noisy copies that count for the bound. More of them give a larger radius."),
    "m": ("Copies m", 1, "How many copies with local noise are averaged into one vote."),
    "purifications": ("Runs K", 1, "DensePure purifies each noisy copy this often and takes the majority."),
    "reverse_steps": ("Steps b", 1, "Steps of DensePure's reverse process, from the noise to none."),
    "n0": ("First votes n₀", 50, "Votes that only choose the class to be certified, and never count for it."),
    "alpha": ("Risk α", 0.001, "The probability, over the noise, that a certificate claims too much."),
    "target_radius": ("Target radius", 0.05, "The radius asked for: a run may end once it is reached."),
    "rounds": ("Rounds", 1, "Looks of adaptive stopping, each at four times the votes; they share α."),
    "beta": (
        "Giving up β",
        0.01,
        "How often a picture that has the target radius may be given up. More saves votes; it never makes a "
        "certificate wrong.",
    ),
    "seed": ("Seed", 1, "The same seed gives the same noise, so the same votes."),
}


def fits(value: float, span: Span) -> bool:
    """Whether a number is one that can be."""
    return span[0] <= value <= span[1]


def within(label: str, value: Number, span: Span) -> Number:
    """The number typed in the field `label`. Raises InputError where it cannot be that."""
    if not fits(value, span):
        low, high = map(written, span)
        raise InputError(f"{label} is {written(value, None)}: it can be from {low} to {high}")
    return value


def typed(name: str, text: str) -> float:
    """The number that was typed for a setting, with a point or a comma before its decimals, or with commas or
    spaces between thousands where it is whole. Raises InputError where it is none."""
    label, step, _ = NUMBERS[name]
    whole = isinstance(step, int)
    digits = "".join(text.split())
    try:
        return int(digits.replace(",", "")) if whole else float(digits.replace(",", "."))
    except ValueError:
        kind = "a whole number, as 1,000" if whole else "a number, as 0.5 or 0,5"
        raise InputError(f"{label} is {text[:40]!r}: it has to be {kind}") from None


def configuration(values: Mapping[Any, Any]) -> SmoothingConfig:
    """The settings in `values`, by their names, as the core takes them. Raises InputError."""
    for name, (label, _, _) in NUMBERS.items():
        if name in values:
            within(label, values[name], SPANS[name])
    return SmoothingConfig(**{name: values[name] for name in CONFIG_FIELDS if name in values})
