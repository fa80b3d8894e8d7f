"""Check DiffSmooth certificates with Python's standard library alone: verify_certificate.py FILE...

Written from CERTIFICATE.md without code of the program that issues them. It checks that bound, radius and
label follow from the votes, and that votes, counts, settings and commitment belong together, not that
networks cast them (`diffsmooth verify --replay`). Status: 0, all hold; 1, one does not; 2, a file is none.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
import re
import sys
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from fractions import Fraction
from statistics import NormalDist
from typing import Any

Document = dict[str, Any]
Rule = Callable[[int, int, Fraction, Fraction], bool]
ONE = 1 << 200  # sums are counted in units of 1/ONE
LARGE = ONE << 1200  # beyond what any level asks for: the smallest double is 2**-1074
NORMAL = NormalDist()
MOST_BYTES, MOST_VOTES, MOST_CLASSES = 10**8, 10**7, 65_536


# Binomial sums, in integers rounded against the certificate. If b(j) is the probability of j successes in n
# votes, b(j+1) / b(j) = (n-j)/(j+1) p/(1-p): in units of b(k) they need neither a power nor a factorial.
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


def rule(config: Document) -> tuple[Rule, Fraction, Fraction]:
    """The bound that belongs to the stopping rule, and the levels alpha and beta of one such bound."""
    parts = config["rounds"] if config["stopping"] == "adaptive" else 1
    parts *= 2 if config["bound"] == "two-class" else 1
    alpha, beta = (Fraction({"beta": config["alpha"], **config}[name]) / parts for name in ("alpha", "beta"))
    return anytime if config["stopping"] in ("target", "decided") else clopper_pearson, alpha, beta


def largest(holds: Rule, k: int, n: int, level: Fraction) -> Fraction:
    """The largest valid bound, by bisection."""
    p = Fraction(0)
    for i in range(1, 54):
        p += Fraction(1, 2**i) if holds(k, n, p + Fraction(1, 2**i), level) else 0
    return p


def boundary(q: Fraction, level: Fraction, n: int, config: Document) -> int:
    """The group-sequential test at look n: how many votes of probability q end it at most, -1 for none. It is
    the most with which all looks so far end with a probability of level * (n / most votes)^(1/2) at most."""
    if n > 20_000:
        raise ValueError("'sequential' is not checked here beyond 20,000 votes")
    running, first, spent, odds, total = [ONE], 0, 0, q.numerator, q.denominator
    for votes in range(1, n + 1):
        pairs = zip([*running, 0], [0, *running], strict=True)
        running = [-(-(no * (total - odds) + yes * odds) // total) for no, yes in pairs]
        while running and running[-1] < 1 << 60:
            running.pop()  # less than 2**-140
        if is_look(votes, config):
            budget = level * math.isqrt(votes * ONE * ONE // config["n"])
            while running and spent + running[0] <= budget:
                spent, first = spent + running.pop(0), first + 1
    return first - 1


# The checks. Each yields a sentence for everything that does not follow.
def check_bounds(c: Document, candidate: int) -> Iterator[str]:
    """p_a_lower and p_b_upper are valid, and as tight as the votes allow."""
    config, counts, n = c["config"], c["counts"], sum(c["counts"])
    p_a, p_b = Fraction(c["p_a_lower"]), Fraction(c["p_b_upper"])
    (slack, excess), (holds, level, _), two = slacks(c), rule(config), config["bound"] == "two-class"
    if config["stopping"] == "sequential":
        target = Fraction(NORMAL.cdf(config["target_radius"] / config["sigma"]))
        shown = n - counts[candidate] <= boundary(1 - (p_a or target), level, n, config)
        if abs(p_a - (target if shown else 0)) > slack or abs(p_a + p_b - 1) > slack:
            yield f"the votes show {'the' if shown else 'no'} target radius, p_a_lower or p_b_upper another"
        return
    if not holds(counts[candidate], n, p_a - excess, level):
        yield "p_a_lower is above what the votes allow"
    if holds(counts[candidate], n, p_a + slack, level):
        yield "p_a_lower is below what the votes give"
    if c["schema"] == 2 and two:  # it divided the level among the other classes
        level /= len(counts) - 1
    others = n - max(counts[:candidate] + counts[candidate + 1 :])

    def is_upper(p: Fraction) -> bool:  # by the votes of the runner-up, or because all shares are 1 together
        return p >= 1 - p_a or (two and holds(others, n, 1 - p, level))

    if not is_upper(p_b + max(excess, Fraction(1, 2**53))):  # 1 - p_a is rounded to a double
        yield "p_b_upper is below what the votes allow"
    if is_upper(p_b - slack):
        yield "p_b_upper is above what the votes give"


def slacks(c: Document) -> tuple[Fraction, Fraction]:
    """How far a number may be from the exact one on the safe side, and, as schema 2 rounded, on the other."""
    slack = Fraction(1, 10**9 if c["config"]["stopping"] in ("target", "decided") else 10**12)
    return slack, slack if c["schema"] == 2 else Fraction(0)


def check_result(c: Document, candidate: int) -> Iterator[str]:
    """The radius follows from the bounds, less 2 parts in 10^15 for the quantile, and the label from it."""
    p_a, p_b, sigma = c["p_a_lower"], c["p_b_upper"], c["config"]["sigma"]
    radius = sigma / 2 * (NORMAL.inv_cdf(p_a) - NORMAL.inv_cdf(p_b)) if p_a > p_b else 0.0
    slack, excess = map(float, slacks(c))
    if not radius - slack <= c["radius"] <= radius + excess:
        yield f"radius is {c['radius']!r}, and the bounds give {radius!r}"
    if c["label"] != (label := candidate if c["radius"] else -1):
        yield f"label is {c['label']}, and votes and radius say {label}"


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
    elif config["stopping"] not in ("fixed", "target") and is_hopeless(c, k, n, candidate):
        ending = "hopeless"
    if c["ending"] != ending:
        yield f"ending is {c['ending']}, and the votes say {ending}"


def is_look(n: int, config: Document) -> bool:
    """Whether a run may end after n votes."""
    if n >= config["n"] or config["stopping"] == "fixed":
        return bool(n == config["n"])
    if config["stopping"] == "adaptive":
        return n in [max(1, config["n"] // 4**i) for i in range(config["rounds"])]
    return bool(n % max(10, 10 ** (len(str(n - 1)) - 3)) == 0)


def is_hopeless(c: Document, k: int, n: int, candidate: int) -> bool:
    """The target cannot be reached any more, not even if all votes that are left were for the candidate; or
    the bounds at level beta leave only smaller radii."""
    config, most, counts = c["config"], c["config"]["n"], c["counts"]
    (holds, alpha, beta), distance = rule(config), config["target_radius"] / config["sigma"]
    at_best = at_most = NORMAL.cdf(distance)  # what p_A has to be
    if config["stopping"] == "sequential":
        share = Fraction(at_best)
        return k <= boundary(share, beta, n, config) or n - k > boundary(1 - share, alpha, most, config)
    other = max(counts[:candidate] + counts[candidate + 1 :])
    if config["bound"] == "two-class":
        p_b = min(1 - largest(holds, most - other, most, alpha), 1 - Fraction(1, 2**53))
        at_best = min(at_best, NORMAL.cdf(2 * distance + NORMAL.inv_cdf(float(p_b))))
        p_b = largest(holds, other, n, beta / (len(counts) - 1))
        at_most = NORMAL.cdf(2 * distance + NORMAL.inv_cdf(float(p_b))) if p_b else 0.0
    can_reach = holds(k + most - n, most, Fraction(at_best), alpha)
    return not can_reach or holds(n - k, n, 1 - Fraction(at_most), beta)


def check_votes(c: Document) -> Iterator[str]:
    """Schema 3: the votes in order have the counts."""
    for name, counts in (("votes0", c["counts0"]), ("votes", c["counts"])):
        width = 1 if len(counts) <= 256 else 2
        size, unpacker = sum(counts) * width, zlib.decompressobj()
        raw = unpacker.decompress(base64.b64decode(c[name], validate=True), size + 1)
        if len(raw) != size or not unpacker.eof or unpacker.unused_data:
            raise ValueError(f"{name} are not {sum(counts)} votes")
        pairs = zip(raw[::width], raw[1::2] if width == 2 else bytes(size), strict=True)
        again = Counter(low + 256 * high for low, high in pairs)
        if max(again) >= len(counts):
            raise ValueError(f"{name} hold a class beyond the {len(counts)}")
        if [again[label] for label in range(len(counts))] != counts:
            yield f"{name} have other counts than the certificate"


def check_commitment(c: Document) -> Iterator[str]:
    """Schema 3: the commitment, from which the noise follows, is that of picture, settings and networks."""
    config = {name: value for name, value in c["config"].items() if name != "device"} | {"dtype": c["dtype"]}
    config |= {name: float(config[name]) + 0.0 for name in REAL}
    document = {"noise": 3, "image": c["image_sha256"], "config": config}
    own = sha256(document | {name: c[name] for name in ("weights", "dtype", "execution", "block")})
    members, tied = c["members"], c["commitment"]  # None: the run of an audit under a challenge has them
    if tied != (sha256({"members": members}) if members else own if members == [] else c["nonce"] and tied):
        yield "commitment is not that of these settings, networks and picture, or of the members"
    if own not in (members or [own]):
        yield f"members lack {own}"


def sha256(document: Document) -> str:
    """The hash of a document's canonical JSON."""
    return hashlib.sha256(json.dumps(document, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


# Reading: what every field is that a check looks at. A rule is a pattern of a text, the kinds and the range
# of a number, a list of values of one rule, or an object with a rule for each field.
WHOLE, NUMBER, SHA256 = (int,), (int, float), "[0-9a-f]{64}"
REAL = ("sigma", "sigma_local", "alpha", "beta", "target_radius")  # 1 and 1.0, -0.0 and 0.0 are one setting
COUNTS, LEVEL = [(WHOLE, 0, MOST_VOTES)], (NUMBER, 5e-324, 1 - 2**-53)
SETTINGS = {
    "sigma": (NUMBER, 5e-324, 1e6),
    **dict.fromkeys(("sigma_local", "target_radius"), (NUMBER, 0, 1e6)),
    "alpha": LEVEL,
    **dict.fromkeys(("n0", "n"), (WHOLE, 1, MOST_VOTES)),
    "rounds": (WHOLE, 1, 30),
    "stopping": "fixed|target|decided|sequential|adaptive",
    "bound": "one-class|two-class",
}
FIELDS = {
    "label": (WHOLE, -1, MOST_CLASSES),
    "radius": (NUMBER, 0, 1e9),
    **dict.fromkeys(("p_a_lower", "p_b_upper"), (NUMBER, 0, 1)),
    "ending": "spent|reached|hopeless",
    **dict.fromkeys(("counts0", "counts"), COUNTS),
    "config": SETTINGS,
    "image_sha256": SHA256,
    "dtype": "float32|bfloat16",
    "execution": "[a-z]{1,20}(/[1-9][0-9]{0,5})?",
    "block": (WHOLE, 1, 10**6),
}
FIELDS_OF_3 = {"commitment": SHA256, "nonce": "([0-9a-f]{32})?", "votes0": ".*", "votes": ".*"}


def read(path: str) -> Document:
    """The certificate in a file. Raises ValueError where it is none."""
    with open(path, "rb") as file:
        data = file.read(MOST_BYTES)  # what is cut off is no JSON
    c: Document = json.loads(data, object_pairs_hook=once, parse_float=finite, parse_constant=finite)
    demand(fits(c, {"schema": (WHOLE, 2, 3)}), "schema")
    for name, rule in (FIELDS | (FIELDS_OF_3 if c["schema"] == 3 else {})).items():
        demand(fits(c.get(name), rule), name)
    demand(c["schema"] == 2 or fits(c["config"].get("beta"), LEVEL), "beta")
    demand(c["config"].get("dtype") in ("auto", c["dtype"]), "dtype")
    votes0, votes, members = c["counts0"], c["counts"], c.get("members", [])
    demand(2 <= len(votes) <= MOST_CLASSES and c["label"] < len(votes) == len(votes0), "number of classes")
    demand(all(1 <= sum(counts) <= MOST_VOTES for counts in (votes0, votes)), "number of votes")
    weights = c.get("weights")
    demand(isinstance(weights, dict) and weights and fits([*weights.values()], [SHA256]), "weights")
    demand(members is None or (fits(members, [SHA256]) and sorted(set(members)) == members), "members")
    return c


def fits(value: Any, rule: Any) -> bool:
    if isinstance(rule, str):
        return isinstance(value, str) and re.fullmatch(rule, value) is not None
    if isinstance(rule, list):
        return isinstance(value, list) and all(fits(v, rule[0]) for v in value)
    if isinstance(rule, dict):
        return isinstance(value, dict) and all(fits(value.get(name), inner) for name, inner in rule.items())
    kinds, low, high = rule
    return type(value) in kinds and bool(low <= value <= high)


def demand(holds: object, what: str) -> None:
    if not holds:
        raise ValueError(f"its {what} is missing or cannot be")


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
    """What a certificate that holds says, and what it leaves open."""
    picture, many = f"the picture sha {c['image_sha256'][:16]}...", len(c.get("members") or [])
    left = "only the verifier's ledger shows that its challenge was given"
    left = left if c.get("nonce") else "the seed was chosen by whoever issued it"
    left = "its votes are on the word of whoever kept their log" if "query log" in c["weights"] else left
    left += f"; if it was picked from {many} on this noise, that is {many} times alpha" if many > 1 else ""
    if c["label"] < 0:
        return f"it abstains and claims nothing about {picture}; {left}"
    radius, alpha = math.floor(c["radius"] * 1e4) / 1e4, c["config"]["alpha"]
    what = f"the smoothed classifier gives class {c['label']} for every picture within {radius:.4f} (L2)"
    return f"{what} of {picture}, unless a chance of {alpha} happened; {left}"


def main(paths: list[str]) -> int:
    status = 0 if paths else 2
    for path in paths:
        try:
            found = discrepancies(c := read(path))
            print(f"{path} does not hold: {'; '.join(found)}" if found else f"{path} holds: {claim(c)}")
            status = max(status, bool(found))
        except (OSError, ValueError, RecursionError, zlib.error) as error:
            print(f"{path} is no certificate: {error}")
            status = 2
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
