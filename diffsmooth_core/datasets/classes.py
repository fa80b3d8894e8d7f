"""Class indices from class names, for pictures whose descriptions name their classes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from diffsmooth_core.datasets import cifar10, imagenet

_KNOWN: dict[str, Callable[[], tuple[str, ...]]] = {
    "cifar10": lambda: cifar10.CLASSES,
    "imagenet": imagenet.class_names,
}


def labels(classes: Mapping[str, str | None]) -> dict[str, int | None]:
    """Turn a map from data set to class name into one from data set to class index. None stays None: the
    picture shows none of that data set's classes.

    Raises KeyError for a data set other than CIFAR-10 and ImageNet, ValueError for an unknown class name.
    """
    return {
        dataset: None if name is None else _KNOWN[dataset]().index(name) for dataset, name in classes.items()
    }
