"""What the settings of a page are: their defaults, what they can be, and how an address's text is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from diffsmooth_core import InputError, SmoothingConfig, config
from diffsmooth_core.classifiers.fast_dtype import fast_dtype
from diffsmooth_core.config import BOUNDS, DTYPES, METHODS, NOISES, STOPPING, USUAL, USUAL_WITH
from diffsmooth_core.datasets import datasets
from diffsmooth_core.purification.purifiers import purifier_of
from diffsmooth_core.wording import written
from diffsmooth_core.zoo import brought
from diffsmooth_core.zoo.cards import names
from diffsmooth_core.zoo.download import here
from diffsmooth_core.zoo.quality import right_behind
from ui.session.limits import allowed, limit

FIRST_PICTURE = "gallery:sailing-yacht"
_FIRST_OF = {"imagenet": "gallery:lighthouse"}  # where that picture has no class
_USUAL = SmoothingConfig(dtype=fast_dtype())
_MOST = {name: limit("runs", name) for name in ("n", "n0", "m")}
DEFAULTS = replace(_USUAL, **{name: min(most, getattr(_USUAL, name)) for name, most in _MOST.items()})
CONFIG_FIELDS = (
    "dataset",
    "method",
    "classifier",
    "denoiser",
    "sigma",
    "sigma_local",
    "m",
    "purifications",
    "reverse_steps",
    "n0",
    "n",
    "alpha",
    "seed",
    "noise",
    "stopping",
    "target_radius",
    "rounds",
    "beta",
    "bound",
    "dtype",
)
DIALS = ("sigma", "sigma_local", "m", "n")  # settings that Certify has beside its machine
SPANS: dict[str, tuple[float, float]] = {
    "sigma": (0.01, 2.0),
    "sigma_local": (0.0, 2.0),
    "m": (1, _MOST["m"]),
    "purifications": (1, 40),
    "reverse_steps": (1, 100),
    "n0": (1, _MOST["n0"]),
    "n": (10, _MOST["n"]),
    "alpha": (1e-6, 0.5),
    "target_radius": (0.0, 8.0),
    "rounds": (1, 6),
    "beta": (1e-6, 0.5),
    "seed": (0, 2**53 - 1),  # what a browser's numbers can hold
}


def first_picture(dataset: str) -> str:
    """The picture that is shown where nobody has chosen one: of one of the data set's classes, where that is
    known."""
    return _FIRST_OF.get(dataset, FIRST_PICTURE)


def usual(dataset: str, method: str = "") -> dict[str, Any]:
    """What every setting that is usual with some data set, or with it and some method, is with these, as far
    as the operator allows."""
    names = {name for settings in (*USUAL.values(), *USUAL_WITH.values()) for name in settings}
    values = {name: getattr(DEFAULTS, name) for name in names} | config.usual(dataset, method)
    return {name: min(value, _MOST.get(name, value)) for name, value in values.items()}


def usual_of_method(dataset: str, method: str) -> dict[str, Any]:
    """Those of the settings that are usual with some method on this data set."""
    names = {name for (where, _), settings in USUAL_WITH.items() if where == dataset for name in settings}
    return {name: value for name, value in usual(dataset, method).items() if name in names}


def diffusion_models(dataset: str) -> tuple[str, ...]:
    """The diffusion models that may be chosen for a data set, the usual one first."""
    known = denoisers("diffsmooth", dataset)
    return tuple(sorted(known, key=lambda name: name != usual(dataset)["denoiser"]))


def choices(name: str, dataset: str) -> Sequence[Any]:
    """What the setting `name` can be where `dataset` is chosen, for those that are chosen from a list."""
    return {
        "dataset": datasets(),
        "method": tuple(METHODS),
        "classifier": classifiers(dataset),
        "noise": NOISES,
        "stopping": STOPPING,
        "bound": BOUNDS,
        "dtype": DTYPES,
        "denoiser": allowed("denoisers", names("denoiser", dataset) + here(dataset)),
    }[name]


def denoisers(method: str, dataset: str, classifier: str = "") -> tuple[str, ...]:
    """The denoisers that a method can work with, those first behind which the classifier was measured to be
    right most often; all where the method uses none."""
    networks = purifier_of(method).networks
    published = here(dataset) if not networks or "unet" in networks else ()
    known = allowed("denoisers", names("denoiser", dataset, *networks) + published)
    return tuple(sorted(known, key=lambda name: -right_behind(name, classifier)))


def classifiers(dataset: str) -> tuple[str, ...]:
    """The classifiers that may be chosen for a data set."""
    return allowed("classifiers", names("classifier", dataset) + brought.classifiers(dataset))


@dataclass(frozen=True)
class Settings:
    """The settings of one page, all of which are in its address: defaults by name, the spans of numbers, the
    choices of the others. A text whose default is empty can be anything.

    Their session-state keys begin with `prefix`: pages with the same prefix share their settings. `own_usual`
    are those defaults of the page's own that are others with a data set.
    """

    page: str
    defaults: Mapping[str, Any]
    spans: Mapping[str, tuple[float, float]]
    choices: Callable[[str, str], Sequence[Any]]
    prefix: str = ""
    own_usual: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def extended(
        self,
        page: str,
        defaults: Mapping[str, Any],
        spans: Mapping[str, tuple[float, float]] | None = None,
        choices: Mapping[str, Sequence[Any]] | None = None,
        own_usual: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> Settings:
        """The settings of another page: these, which both share, and more."""
        listed = choices or {}

        def all_choices(name: str, dataset: str) -> Sequence[Any]:
            return listed[name] if name in listed else self.choices(name, dataset)

        return replace(
            self,
            page=page,
            defaults={**self.defaults, **defaults},
            spans={**self.spans, **(spans or {})},
            choices=all_choices,
            own_usual=own_usual or {},
        )

    def own_on(self, dataset: str) -> dict[str, Any]:
        """What the settings in `own_usual` are with a data set."""
        names = {name for values in self.own_usual.values() for name in values}
        return {name: self.defaults[name] for name in names} | dict(self.own_usual.get(dataset, {}))

    def on(self, dataset: str, method: str = "") -> Settings:
        """These settings with a data set, if it is one, and the defaults that are usual with it and a
        method."""
        known = {"dataset": dataset} if dataset in self.choices("dataset", dataset) else {}
        shared = {name: value for name, value in usual(dataset, method).items() if name in self.defaults}
        return replace(self, defaults={**self.defaults, **shared, **self.own_on(dataset), **known})

    def parse(self, name: str, text: str, dataset: str) -> Any:
        """A setting's value from the address's text. Raises InputError, which says what is used instead."""
        default = self.defaults[name]
        if default == "":
            return text[:500]  # a list of settings or a job's id: whoever uses it looks whether it is one
        if name not in self.spans:
            choices = {str(choice): choice for choice in self.choices(name, dataset)}
            if text in choices:
                return choices[text]
            raise InputError(f"{name} = {text[:40]!r} in the address is unknown; {default} is used instead")
        low, high = self.spans[name]
        try:
            value = type(default)(text)
        except ValueError:
            value = None
        if value is None or not low <= value <= high:
            kind = "whole number" if isinstance(default, int) else "number"
            raise InputError(
                f"{name} = {text[:40]!r} in the address is not a {kind} from {written(low)} to "
                f"{written(high)}; {written(default)} is used instead"
            )
        return value

    def values(self, session: Mapping[Any, Any]) -> dict[str, Any]:
        """The settings as they stand in the session."""
        return {name: session[self.prefix + name] for name in self.defaults}


CERTIFY = Settings(
    "certify", {name: getattr(DEFAULTS, name) for name in CONFIG_FIELDS} | {"challenge": ""}, SPANS, choices
)


def default_config(dataset: str) -> SmoothingConfig:
    """The settings of the Certify page where a data set was chosen and nothing else."""
    values: dict[str, Any] = {**CERTIFY.on(dataset).defaults, "dataset": dataset}
    return SmoothingConfig(**{name: values[name] for name in CONFIG_FIELDS})
