"""How close to a Gaussian is the noise? Every number that it can be, and a hundred million draws.

    make bench, or PYTHONPATH=. python benchmarks/normality.py

What a word says of the size is rounded to one of half a billion float32 numbers first. The noise of each is
compared with the exact quantiles at both ends of what is rounded to it, so the error is the largest over all
words. The draws are those of one certificate: moments in standard errors, tails beyond 4 and 5, and a
chi-squared test over 1,000 classes of equal probability.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from scipy.special import ndtri
from scipy.stats import chi2, norm

from diffsmooth_core.certification.noise import NoiseKey
from diffsmooth_core.certification.normal import Words, standard_normal

SHAPE = torch.Size((3, 32, 32))
VOTES, AT_ONCE = 32_768, 1024  # 100,663,296 draws
CLASSES = 1000
_PART = 2**20


def sizes() -> Iterator[tuple[Words, int]]:
    """All sizes up to 2^24 and then all float32 numbers, in order, and how far apart they are."""
    for part in np.arange(1, 2**24, 2, dtype=np.uint64).reshape(-1, _PART):
        yield part, 1
    for shift in range(1, 40):
        for part in np.arange(2**23, 2**24, dtype=np.uint64).reshape(-1, _PART):
            yield part << np.uint64(shift), 2**shift


def every_number() -> None:
    below_8, beyond, relative, squares, last = 0.0, 0.0, 0.0, 0.0, np.inf
    for words, spacing in sizes():
        numbers = np.empty(len(words), np.float32)
        standard_normal(words.copy(), numbers)
        assert numbers[0] <= last
        assert (np.diff(numbers) <= 0).all(), "no number is above that of a smaller word"
        last = numbers[-1]
        middle, half = words.astype(np.float64), spacing / 2 if spacing > 1 else 0
        quantiles = [-ndtri(np.ldexp(end, -64)) for end in (middle - half, middle + half)]
        error = np.max([np.abs(numbers - quantile) for quantile in quantiles], axis=0)
        near = numbers < 8
        below_8 = max(below_8, float(error[near].max(initial=0)))
        beyond = max(beyond, float(error[~near].max(initial=0)))
        relative = max(relative, float((error / np.maximum(numbers, 1)).max()))
        squares += float((error**2).sum()) * spacing / 2**63
    print(f"largest error over all words: {below_8:.2e} where the noise is below 8, {beyond:.2e} up to 9.08")
    print(f"largest error over max(1, |noise|): {relative:.2e}; root of the mean square: {squares**0.5:.2e}")
    print("monotone over all words")


def draws() -> None:
    source = NoiseKey("0" * 64).source("0" * 64, "estimation")
    edges = norm.ppf(np.arange(1, CLASSES) / CLASSES)
    counts, powers, farthest = np.zeros(CLASSES, np.int64), np.zeros(4), 0.0
    tails = {4: 0, 5: 0}
    for start in range(0, VOTES, AT_ONCE):
        z = source.outer(start, start + AT_ONCE, SHAPE).numpy().ravel().astype(np.float64)
        counts += np.bincount(np.searchsorted(edges, z), minlength=CLASSES)
        powers += [(z**k).sum() for k in (1, 2, 3, 4)]
        size = np.abs(z)
        farthest = max(farthest, float(size.max()))
        tails = {far: seen + int((size > far).sum()) for far, seen in tails.items()}
    n = counts.sum()
    for k, (expected, spread) in enumerate(((0, 1), (1, 2), (0, 15), (3, 96)), 1):
        moment = powers[k - 1] / n
        print(
            f"moment {k}: {moment:+.6f}, {(moment - expected) / (spread / n) ** 0.5:+.2f} standard errors off"
        )
    for far, seen in tails.items():
        expected = 2 * n * norm.sf(far)
        off = (seen - expected) / expected**0.5
        print(f"beyond {far}: {seen:,} draws, {expected:,.1f} expected, {off:+.2f} standard errors off")
    statistic = float(((counts - n / CLASSES) ** 2).sum() * CLASSES / n)
    print(
        f"{n:,} draws, the farthest {farthest:.2f}; chi-squared {statistic:.0f} with {CLASSES - 1} degrees "
        f"of freedom, p = {chi2.sf(statistic, CLASSES - 1):.2f}"
    )


def main() -> None:
    every_number()
    draws()


if __name__ == "__main__":
    main()
