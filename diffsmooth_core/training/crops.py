"""Random crops of photographs of any shape, drawn where they are needed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from diffsmooth_core.config import InputError
from diffsmooth_core.datasets import imagenet, labelled_pictures
from diffsmooth_core.datasets.decoding import Pixels, read

SHORTER = (256, 218, 179)  # shorter sides of the copies kept of each photograph
SHARES = (0.65, 0.175, 0.175)  # shares of the crops that are cut from each size
MOST = 4000  # photographs held in memory at most, about 1 GB
TESTED = 100  # photographs on which a trained network is measured


def held_out() -> tuple[Tensor, Tensor]:
    """The photographs that a network trained on crops is measured on: central squares (n,3,224,224) in [0,1]
    of up to TESTED in DIFFSMOOTH_DATA/imagenet/val, and their classes (n,).

    Where that folder is not on this machine, the gallery's drawings take their place.
    """
    pictures, _ = labelled_pictures("imagenet", TESTED)
    classes = [picture.label for picture in pictures]
    return torch.stack([picture.tensor for picture in pictures]), torch.tensor(classes)


class Crops:
    """Photographs in three sizes, stored as one array of pixels on a device, from which random squares are
    cut on that device."""

    def __init__(self, photographs: Sequence[Pixels], device: str) -> None:
        copies = [_resized(picture, shorter) for shorter in SHORTER for picture in photographs]
        ends = np.cumsum([copy.shape[0] * copy.shape[1] for copy in copies])
        self.count = len(photographs)
        self.title = f"{self.count} ImageNet training photographs, random crops"
        self._pixels = torch.from_numpy(np.concatenate([copy.reshape(-1, 3) for copy in copies])).to(device)
        self._starts = torch.tensor([0, *ends[:-1].tolist()])
        self._heights, self._widths = (torch.tensor([copy.shape[axis] for copy in copies]) for axis in (0, 1))

    @classmethod
    def of_imagenet(cls, device: str) -> Crops:
        """Crops of the photographs in DIFFSMOOTH_DATA/imagenet/train; of more than MOST, a selection spread
        evenly over them. Raises InputError where there are none."""
        found = imagenet.photographs(part="train")
        return cls([read(path) for path in found[:: -(-len(found) // MOST)]], device)

    def draw(self, count: int, side: int, generator: torch.Generator) -> Tensor:
        """Random squares (count,3,side,side) in [0,1], channels_last, half of them mirrored, cut from the
        copies that are large enough. Raises InputError where no copy is."""
        allowed = torch.tensor(
            [share * (shorter >= side) for share, shorter in zip(SHARES, SHORTER, strict=True)]
        )
        if not allowed.any():
            raise InputError(f"crops can have up to {SHORTER[0]} pixels a side, got {side}")
        copy = torch.multinomial(allowed, count, replacement=True, generator=generator)
        chosen = copy * self.count + torch.randint(self.count, (count,), generator=generator)
        place = torch.rand(2, count, generator=generator)
        height, width = self._heights[chosen], self._widths[chosen]
        top, left = (place[0] * (height - side + 1)).long(), (place[1] * (width - side + 1)).long()
        along = torch.arange(side)
        mirror = torch.rand(count, 1, generator=generator) < 0.5
        columns = left[:, None] + torch.where(mirror, along.flip(0), along)
        rows = self._starts[chosen, None] + (top[:, None] + along) * width[:, None]
        rows, columns = (at.to(self._pixels.device, non_blocking=True) for at in (rows, columns))
        index = rows[:, :, None] + columns[:, None, :]
        return (self._pixels[index].float() / 255).permute(0, 3, 1, 2)


def _resized(picture: Pixels, shorter: int) -> Pixels:
    """`picture` uint8 (h,w,3), resized so that its shorter side has `shorter` pixels."""
    scale = shorter / min(picture.shape[:2])
    size = tuple(max(shorter, round(scale * length)) for length in (picture.shape[1], picture.shape[0]))
    return np.array(Image.fromarray(picture).resize(size, Image.Resampling.BICUBIC))
