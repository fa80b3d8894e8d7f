"""Networks that other installed packages bring. They have no card: of each is known what it is."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import cache

from diffsmooth_core.config import InputError
from diffsmooth_core.plugins import package_of, plugin_names

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Brought:
    """A network of a plug-in: "classifier" or "denoiser" for a data set, which of a denoiser is not known
    (""), and the package and version that it comes from."""

    name: str
    kind: str
    dataset: str
    parameters: int
    package: str


@cache
def every() -> dict[str, Brought]:
    """Every network of a plug-in by name, each made once to see what it is. One that fails is left out, and
    the log says why."""
    if not plugin_names("networks"):
        return {}
    from torch import nn

    from diffsmooth_core.classifiers.base import Classifier
    from diffsmooth_core.zoo.load import of_plugin

    found = {}
    for name in plugin_names("networks"):
        try:
            network: nn.Module = of_plugin(name, nn.Module)
        except InputError as fault:
            log.warning("%s; it is left out", fault)
            continue
        classifies = isinstance(network, Classifier)
        kind, dataset = ("classifier", str(network.dataset)) if classifies else ("denoiser", "")
        parameters = sum(value.numel() for value in network.parameters())
        found[name] = Brought(name, kind, dataset, parameters, package_of("networks", name))
    return found


def classifiers(dataset: str) -> tuple[str, ...]:
    """The names of the classifiers that plug-ins bring for a data set."""
    return tuple(b.name for b in every().values() if b.kind == "classifier" and b.dataset == dataset)
