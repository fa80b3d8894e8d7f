import numpy as np

from diffsmooth_core.datasets.custom import DataSet


class Stripes(DataSet):
    def size(self, split):
        return 20

    def picture(self, index, split):
        """Stripes down the picture (class 0) or across it (class 1), as uint8 (h,w,3), and the class."""
        down = np.tile(np.arange(32) // (2 + index // 2) % 2 * 255, (32, 1))
        return np.stack([down.T if index % 2 else down] * 3, axis=2).astype(np.uint8), index % 2


STRIPES = Stripes("stripes", root="", side=32, classes=("down", "across"))
