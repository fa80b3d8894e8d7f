"""Class indices of pictures that say their classes by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from diffsmooth_core.datasets import cifar10, imagenet

_KNOWN: dict[str, Callable[[], tuple[str, ...]]] = {
    "cifar10": lambda: cifar10.CLASSES,
    "imagenet": imagenet.class_names,
}


def labels(classes: Mapping[str, str | None]) -> dict[str, int | None]:
    """Data set -> class index from data set -> class name; None is a picture of no class there.

    Raises KeyError for a data set other than CIFAR-10 and ImageNet, ValueError for a name that it lacks.
    """
    return {
        dataset: None if name is None else _KNOWN[dataset]().index(name) for dataset, name in classes.items()
    }
