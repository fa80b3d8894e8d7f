"""Standard normal numbers from 64-bit words by inversion, the same bits on every machine.

A word's highest bit is the number's sign, and the other 63 bits say how far out it lies: with M the word
without its highest bit and with its lowest bit set, the number is -Phi^-1(M / 2^64), at most 9.09, with that
sign. Each step below is either exact or one IEEE 754 operation rounded to the nearest, which every machine
does alike; no multiplication is fused with an addition, and nothing is asked of a mathematics library. A GPU
kernel that takes the same steps returns the same bits:

1. M as a float32. Its upper 16 bits (exponent and the first 7 of the mantissa) less 127*128 are the number of
   its segment, 0 to 8064.
2. t = its lower 16 bits, as a float32.
3. (c2*t + c1)*t + c0 with the coefficients of that segment, each of the four operations in float32.
4. The sign bit flipped where the word's highest bit is set.

The coefficients themselves come from sums, products, quotients and square roots in float64 alone, which every
machine rounds alike too; a test pins their bits.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint64]
Float32s = npt.NDArray[np.float32]
Float64s = npt.NDArray[np.float64]

_SEGMENTS = 128  # to an octave of M
_WIDTH = 2**23 // _SEGMENTS  # how many float32 numbers M can be in a segment
_LN2 = 0.6931471805599453

# Numerator and denominator of the three rational functions of PPND16, from the constant up: for the middle,
# the tails and the far tails. Source: Wichura 1988, Algorithm AS 241, Applied Statistics 37.
_MIDDLE = (
    (3.3871328727963666080, 1.0),
    (1.3314166789178437745e2, 4.2313330701600911252e1),
    (1.9715909503065514427e3, 6.8718700749205790830e2),
    (1.3731693765509461125e4, 5.3941960214247511077e3),
    (4.5921953931549871457e4, 2.1213794301586595867e4),
    (6.7265770927008700853e4, 3.9307895800092710610e4),
    (3.3430575583588128105e4, 2.8729085735721942674e4),
    (2.5090809287301226727e3, 5.2264952788528545610e3),
)
_TAIL = (
    (1.42343711074968357734, 1.0),
    (4.63033784615654529590, 2.05319162663775882187),
    (5.76949722146069140550, 1.67638483018380384940),
    (3.64784832476320460504, 6.89767334985100004550e-1),
    (1.27045825245236838258, 1.48103976427480074590e-1),
    (2.41780725177450611770e-1, 1.51986665636164571966e-2),
    (2.27238449892691845833e-2, 5.47593808499534494600e-4),
    (7.74545014278341407640e-4, 1.05075007164441684324e-9),
)
_FAR = (
    (6.65790464350110377720, 1.0),
    (5.46378491116411436990, 5.99832206555887937690e-1),
    (1.78482653991729133580, 1.36929880922735805310e-1),
    (2.96560571828504891230e-1, 1.48753612908506148525e-2),
    (2.65321895265761230930e-2, 7.86869131145613259100e-4),
    (1.24266094738807843860e-3, 1.84631831751005468180e-5),
    (2.71155556874348757815e-5, 1.42151175831644588870e-7),
    (2.01033439929228813265e-7, 2.04426310338993978564e-15),
)


def _ratio(coefficients: tuple[tuple[float, float], ...], at: Float64s) -> Float64s:
    """The quotient of two polynomials, each by Horner's rule."""
    above, below = np.zeros_like(at), np.zeros_like(at)
    for numerator, denominator in reversed(coefficients):
        above, below = above * at + numerator, below * at + denominator
    return above / below


def _quantile(octave: Float64s, fraction: Float64s) -> Float64s:
    """-Phi^-1(p) for p = 2^octave (1 + fraction) <= 1/2, to 15 digits: AS 241 with a logarithm of its own."""
    p = np.ldexp(1 + fraction, octave.astype(np.int64))
    y = fraction / (2 + fraction)  # log(1 + fraction) = 2 artanh(y), y <= 1/3
    series = np.zeros_like(y)
    for k in range(35, 0, -2):
        series = series * (y * y) + 1 / k
    r = np.sqrt(-(octave * _LN2 + 2 * y * series))
    tails = np.where(r <= 5, _ratio(_TAIL, r - 1.6), _ratio(_FAR, r - 5))
    q = 0.5 - p
    return np.where(q <= 0.425, q * _ratio(_MIDDLE, 0.180625 - q * q), tails)


@cache
def coefficients() -> tuple[Float32s, Float32s, Float32s]:
    """c0, c1 and c2 of every segment, (8065,) each.

    c0 is the quantile where the segment begins, as a float32. The parabola ends at the c0 of the next, so
    that the numbers fall from word to word there too, and halfway it misses the quantile by the mean of what
    its ends miss theirs by. The last segment is M = 2^63 alone, to which the largest words are rounded.
    """
    begin = np.arange(63 * _SEGMENTS + 1, dtype=np.float64)
    exact, halfway = (
        _quantile(at // _SEGMENTS - 64, at % _SEGMENTS / _SEGMENTS) for at in (begin, begin[:-1] + 0.5)
    )
    c0 = exact.astype(np.float32)
    off = c0 - exact
    half = halfway + (off[:-1] + off[1:]) / 2 - c0[:-1]
    whole = np.diff(c0.astype(np.float64))
    c1, c2 = (4 * half - whole) / _WIDTH, 2 * (whole - 2 * half) / _WIDTH**2
    return c0, np.append(c1, 0).astype(np.float32), np.append(c2, 0).astype(np.float32)


def standard_normal(words: Words, out: Float32s) -> None:
    """Fill `out` (k,) with the standard normal numbers of `words` (k,), which are overwritten.

    Over all words the number differs from the exact quantile by at most 9.5e-7, and by at most 5e-7 where
    that is below 8.
    """
    sign = (words >> 32).astype(np.uint32) & 0x80000000
    words &= 2**63 - 1
    words |= 1
    t = words.view(np.int64).astype(np.float32)
    bits = t.view(np.int32)
    segment = (bits >> 16).astype(np.int64)
    segment -= 127 * _SEGMENTS
    bits &= _WIDTH - 1
    t[:] = bits
    c0, c1, c2 = (np.take(c, segment) for c in coefficients())
    c2 *= t
    c2 += c1
    c2 *= t
    np.add(c2, c0, out=out)
    out.view(np.uint32)[:] ^= sign
