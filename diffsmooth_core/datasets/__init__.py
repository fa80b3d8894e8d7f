"""Pictures: CIFAR-10, ImageNet folders, photographs, the bundled gallery, added data sets, and uploads, whose
size and format are limited."""

from diffsmooth_core.datasets.decoding import decode, read
from diffsmooth_core.datasets.fitting import fit, sha256, to_tensor
from diffsmooth_core.datasets.sources import (
    Choice,
    Group,
    Picture,
    catalogue,
    class_names,
    datasets,
    from_upload,
    labelled_pictures,
    load_split,
    resolve,
    test_size,
)

__all__ = [
    "Choice",
    "Group",
    "Picture",
    "catalogue",
    "class_names",
    "datasets",
    "decode",
    "fit",
    "from_upload",
    "labelled_pictures",
    "load_split",
    "read",
    "resolve",
    "sha256",
    "test_size",
    "to_tensor",
]
