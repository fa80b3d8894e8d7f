"""Check DiffSmooth certificates with Python's standard library alone: verify_certificate.py FILE...

Written from CERTIFICATE.md for whoever relies on a certificate; it shares no code with the program that
issues them. It checks that bound, radius and label follow from the votes, and that votes, counts, settings
and commitment belong together; not that the networks cast these votes, which `diffsmooth verify` does with
--replay and --fresh. Binomial sums are integers, rounded against the certificate. The exit status is 0 where
every certificate holds, 1 where one does not, 2 where a file is none.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
import re
import sys
import zlib
from collections.abc import Callable, Iterator
from fractions import Fraction
from statistics import NormalDist
from typing import Any

Document = dict[str, Any]
Test = Callable[[Any], bool]
ONE = 1 << 200  # sums are counted in units of 1/ONE
LARGE = ONE << 1200  # beyond what any level asks for: the smallest double is 2**-1074
NORMAL = NormalDist()
ULP = Fraction(1, 2**53)  # 1 - p_a_lower is rounded to a double
MOST_BYTES, MOST_VOTES, MOST_CLASSES = 10**8, 10**8, 65_536


# Binomial sums. If b(j) is the probability of j successes in n votes, b(j+1) / b(j) = (n-j)/(j+1) p/(1-p):
# in units of b(k) the sums need neither a power nor a factorial.


def above(k: int, n: int, p: Fraction) -> int:
    """(b(k) + b(k+1) + ... + b(n)) / b(k), rounded up."""
    odds, against = p.numerator, p.denominator - p.numerator
    total = term = ONE
    for j in range(k, n):
        up, down = (n - j) * odds, (j + 1) * against
        if term < 1 << 64 and up < down:  # all that is left is less than a geometric series
            return total + -(-term * up // (down - up))
        term = -(-term * up // down)
        total += term
        if total > LARGE:
            break
    return total


def below(k: int, n: int, p: Fraction) -> int:
    """(b(k) + b(k-1) + ... + b(0)) / b(k), rounded down."""
    odds, against = p.numerator, p.denominator - p.numerator
    total = term = ONE
    for j in range(k, 0, -1):
        term = term * j * against // ((n - j + 1) * odds)
        total += term
        if not term or total > LARGE:
            break
    return total


# What makes a lower bound p of a probability valid, from k of n votes: P(p is above it) <= level.


def clopper_pearson(k: int, n: int, p: Fraction, level: Fraction) -> bool:
    """P(at least k of n votes) <= level, if p is the probability of a vote. For n fixed beforehand."""
    if p <= 0 or k == 0 or p >= 1:
        return p <= 0
    tail, rest = above(k, n, p), below(k, n, p) - ONE
    return tail <= level * (tail + rest)


def anytime(k: int, n: int, p: Fraction, level: Fraction) -> bool:
    """The likelihood ratios against p, mixed over all larger probabilities, have reached 1/level, which they
    do with probability `level` at most, whenever one looks. For n+1 votes it is the sum of b(0) to b(k) over
    (n+1-k) b(k)."""
    if p <= 0 or k == 0 or p >= 1:
        return p <= 0
    return below(k, n + 1, p) * level >= (n + 1 - k) * ONE


def rule(config: Document) -> tuple[Callable[[int, int, Fraction, Fraction], bool], int]:
    """The bound that belongs to the stopping rule, and among how many looks a level is divided."""
    if config["stopping"] in ("target", "decided"):
        return anytime, 1
    return clopper_pearson, config["rounds"] if config["stopping"] == "adaptive" else 1


# The checks. Each yields a sentence for everything that does not follow.
def check_bounds(c: Document, candidate: int) -> Iterator[str]:
    """p_a_lower and p_b_upper are valid, and as tight as the votes allow."""
    config, counts, n = c["config"], c["counts"], sum(c["counts"])
    p_a, p_b = Fraction(c["p_a_lower"]), Fraction(c["p_b_upper"])
    (slack, excess), (holds, looks), two = slacks(c), rule(config), config["bound"] == "two-class"
    level = Fraction(config["alpha"]) / looks / (2 if two else 1)
    if not holds(counts[candidate], n, p_a - excess, level):
        yield "p_a_lower is above what the votes allow"
    if holds(counts[candidate], n, p_a + slack, level):
        yield "p_a_lower is below what the votes give"
    if c["schema"] == 2 and two:  # it divided the level among the other classes
        level /= len(counts) - 1
    others = n - max(counts[:candidate] + counts[candidate + 1 :])

    def is_upper(p: Fraction) -> bool:  # by the votes of the runner-up, or because all shares are 1 together
        return p >= 1 - p_a or (two and holds(others, n, 1 - p, level))

    if not is_upper(p_b + max(excess, ULP)):
        yield "p_b_upper is below what the votes allow"
    if is_upper(p_b - slack):
        yield "p_b_upper is above what the votes give"


def slacks(c: Document) -> tuple[Fraction, Fraction]:
    """How far a number may be from the exact one on the safe side, for rounding, and on the other side:
    schema 2 rounded with a margin that was not always large enough."""
    slack = Fraction(1, 10**12 if c["config"]["stopping"] in ("fixed", "adaptive") else 10**9)
    return slack, slack if c["schema"] == 2 else Fraction(0)


def check_result(c: Document, candidate: int) -> Iterator[str]:
    """The radius follows from the bounds, and the label from the radius."""
    sigma, p_a, p_b = c["config"]["sigma"], c["p_a_lower"], c["p_b_upper"]
    largest = 0.0
    if c["config"]["bound"] == "two-class" and p_a > p_b:
        largest = sigma / 2 * (quantile(p_a) - quantile(p_b))
    elif c["config"]["bound"] == "one-class" and p_a > 0.5:
        largest = sigma * quantile(p_a)
    slack, excess = map(float, slacks(c))
    if not largest - slack <= c["radius"] <= largest + excess:
        yield f"radius is {c['radius']!r}, and the bounds give {largest!r}"
    if c["label"] != (label := candidate if c["radius"] else -1):
        yield f"label is {c['label']}, and votes and radius say {label}"


def quantile(p: float) -> float:
    """The normal quantile, exact to a few parts in 10^16; a certificate's radius is 2 parts in 10^15 less."""
    return NORMAL.inv_cdf(p) if 0 < p < 1 else math.copysign(math.inf, p - 0.5)


def check_ending(c: Document, candidate: int) -> Iterator[str]:
    """The votes ended where the stopping rule ends them, for the reason that it gives."""
    config, n, k = c["config"], sum(c["counts"]), c["counts"][candidate]
    if sum(c["counts0"]) != config["n0"]:
        yield f"counts0 are {sum(c['counts0'])} votes, and n0 is {config['n0']}"
    if not is_look(n, config):
        yield f"no run of these settings ends after {n} votes"
    ending = "none yet"
    if config["stopping"] != "fixed" and c["radius"] and c["radius"] >= config["target_radius"]:
        ending = "reached"
    elif n >= config["n"]:
        ending = "spent"
    elif config["stopping"] in ("decided", "adaptive") and is_hopeless(config, k, n):
        ending = "hopeless"
    if c["ending"] != ending:
        yield f"ending is {c['ending']}, and the votes say {ending}"


def is_look(n: int, config: Document) -> bool:
    """Whether a run may end after n votes."""
    most = config["n"]
    if n >= most or config["stopping"] == "fixed":
        return n == most
    if config["stopping"] == "adaptive":
        return n in [max(1, most // 4**i) for i in range(config["rounds"])]
    return n % max(10, 10 ** (len(str(n - 1)) - 3)) == 0


def is_hopeless(config: Document, k: int, n: int) -> bool:
    """The target cannot be reached any more, not even if all votes that are left were for the candidate; or
    an upper bound at level beta says that the candidate's probability is too small for it."""
    (holds, looks), most = rule(config), config["n"]
    target = Fraction(NORMAL.cdf(config["target_radius"] / config["sigma"]))
    alpha, beta = (Fraction(config.get(name, config["alpha"])) / looks for name in ("alpha", "beta"))
    return not holds(k + most - n, most, target, alpha) or holds(n - k, n, 1 - target, beta)


def check_votes(c: Document) -> Iterator[str]:
    """Schema 3: the votes in order have the counts."""
    for name, counts in (("votes0", c["counts0"]), ("votes", c["counts"])):
        width = 1 if len(counts) <= 256 else 2
        size, unpacker = sum(counts) * width, zlib.decompressobj()
        raw = unpacker.decompress(base64.b64decode(c[name], validate=True), size + 1)
        if len(raw) != size or not unpacker.eof or unpacker.unused_data:
            raise ValueError(f"{name} are not {sum(counts)} votes")
        again = [0] * MOST_CLASSES
        for low, high in zip(raw[::width], raw[1::2] if width == 2 else bytes(size), strict=True):
            again[low + 256 * high] += 1
        if any(again[len(counts) :]):
            raise ValueError(f"{name} hold a class beyond the {len(counts)}")
        if again[: len(counts)] != counts:
            yield f"{name} have other counts than the certificate"


def check_commitment(c: Document) -> Iterator[str]:
    """Schema 3: the commitment, from which the noise follows, is that of picture, settings and networks."""
    config = {name: value for name, value in c["config"].items() if name != "device"} | {"dtype": c["dtype"]}
    document = {"noise": 3, "image": c["image_sha256"], "config": config}
    own = sha256(document | {name: c[name] for name in ("weights", "dtype", "execution", "block")})
    if (members := c["members"]) is None:  # of an audit under a challenge; the claim says so
        return
    if c["commitment"] != (expected := sha256({"members": members}) if members else own):
        yield f"commitment is not {expected}"
    if own not in (members or [own]):
        yield f"members lack {own}"


def sha256(document: Document) -> str:
    """The hash of a document's canonical JSON."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


# Reading: every field that a check looks at has its type and range.


def between(low: float, high: float, *kinds: type) -> Test:
    return lambda v: type(v) in kinds and low <= v <= high


def one_of(*choices: object) -> Test:
    return lambda v: not isinstance(v, bool) and v in choices


def pattern(text: str) -> Test:
    return lambda v: isinstance(v, str) and re.fullmatch(text, v) is not None


def list_of(test: Test, least: int, most: int) -> Test:
    return lambda v: isinstance(v, list) and least <= len(v) <= most and all(map(test, v))


def counts(value: Any) -> bool:
    whole = list_of(between(0, MOST_VOTES, int), 2, MOST_CLASSES)
    return whole(value) and 1 <= sum(value) <= MOST_VOTES


SHA256, SHARE, VOTES = pattern("[0-9a-f]{64}"), between(0, 1, int, float), between(1, MOST_VOTES, int)
LEVEL = between(5e-324, math.nextafter(1, 0), int, float)
FIELDS: dict[str, Test] = {
    "schema": one_of(2, 3),
    "label": between(-1, MOST_CLASSES, int),
    "radius": between(0, 1e9, int, float),
    "p_a_lower": SHARE,
    "p_b_upper": SHARE,
    "ending": one_of("spent", "reached", "hopeless"),
    "counts0": counts,
    "counts": counts,
    "config": lambda v: isinstance(v, dict),
    "image_sha256": SHA256,
    "weights": lambda v: isinstance(v, dict) and bool(v) and all(map(SHA256, v.values())),
    "dtype": one_of("float32", "bfloat16"),
    "execution": pattern("[a-z]{1,20}(/[1-9][0-9]{0,5})?"),
    "block": between(1, 10**6, int),
}
FIELDS_OF_3: dict[str, Test] = {
    "commitment": SHA256,
    "nonce": pattern("([0-9a-f]{32})?"),
    "members": lambda v: v is None or (list_of(SHA256, 0, MOST_VOTES)(v) and sorted(set(v)) == v),
    "votes0": lambda v: isinstance(v, str),
    "votes": lambda v: isinstance(v, str),
}
SETTINGS: dict[str, Test] = {
    "sigma": between(5e-324, 1e6, int, float),
    "alpha": LEVEL,
    "n0": VOTES,
    "n": VOTES,
    "rounds": between(1, 30, int),
    "stopping": one_of("fixed", "target", "decided", "adaptive"),
    "target_radius": between(0, 1e6, int, float),
    "bound": one_of("one-class", "two-class"),
}


def read(path: str) -> Document:
    """The certificate in a file."""
    with open(path, "rb") as file:
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise ValueError("it is too large")
    c = json.loads(data, object_pairs_hook=once, parse_float=finite, parse_constant=finite)
    demand(c, FIELDS)
    demand(c, FIELDS_OF_3 if c["schema"] == 3 else {})
    demand(c["config"], SETTINGS | ({"beta": LEVEL} if c["schema"] == 3 else {}))
    if not c["label"] < len(c["counts"]) == len(c["counts0"]):
        raise ValueError("counts0, counts and label speak of different classes")
    return dict(c)


def demand(values: Any, fields: dict[str, Test]) -> None:
    for name, holds in fields.items():
        if not isinstance(values, dict) or name not in values or not holds(values[name]):
            raise ValueError(f"{name} is missing or cannot be")


def once(pairs: list[tuple[str, Any]]) -> Document:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a name stands twice in one object")
    return dict(pairs)


def finite(text: str) -> float:
    if not math.isfinite(float(text)):
        raise ValueError(f"{text[:20]} is no finite number")
    return float(text)


def discrepancies(c: Document) -> list[str]:
    """Everything in a certificate that does not follow."""
    candidate = c["counts0"].index(max(c["counts0"]))
    found = [*check_bounds(c, candidate), *check_result(c, candidate), *check_ending(c, candidate)]
    return [*found, *check_votes(c), *check_commitment(c)] if c["schema"] == 3 else found


def claim(c: Document) -> str:
    """What a certificate that holds says."""
    picture = f"the picture sha {c['image_sha256'][:16]}..."
    what = f"it abstains and claims nothing about {picture}"
    if c["label"] >= 0:
        radius, alpha = math.floor(c["radius"] * 1e4) / 1e4, c["config"]["alpha"]
        what = f"the smoothed classifier gives class {c['label']} for every picture within {radius:.4f} (L2, "
        what += f"pixels in [0,1]) of {picture}, unless a chance of {alpha} happened"
    if c.get("members", []) is None:
        what += "; what its commitment is for, the run says"
    given = "its nonce has to be in the verifier's ledger"
    return f"{what}; {given if c.get('nonce') else 'the seed was chosen by whoever issued it'}"


def main(paths: list[str]) -> int:
    status = 0 if paths else 2
    for path in paths:
        try:
            c = read(path)
            found = discrepancies(c)
        except (OSError, ValueError, RecursionError, zlib.error) as error:
            print(f"{path} is no certificate: {error}")
            status = 2
        else:
            print(f"{path} does not hold: {'; '.join(found)}" if found else f"{path} holds: {claim(c)}")
            status = max(status, bool(found))
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
