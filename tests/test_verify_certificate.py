"""The checker that stands alone, against the core: the same verdict on a thousand certificates, honest and
forged."""

from __future__ import annotations

import copy
import json
import math
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from fractions import Fraction
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from scipy.stats import beta, binom

from diffsmooth_core.certification.certificate import Certificate, discrepancies
from diffsmooth_core.certification.decision import check_reachable, decide, next_look
from diffsmooth_core.certification.reading import parsed
from diffsmooth_core.config import InputError, SmoothingConfig
from diffsmooth_core.paths import ASSETS
from diffsmooth_core.statistics import anytime_lower, clopper_pearson_lower
from tests.certificates import commitment, document, sha256, votes

PATH = ASSETS / "verify_certificate.py"
Values = dict[str, Any]


@pytest.fixture(scope="module")
def checker() -> ModuleType:
    spec = spec_from_file_location("verify_certificate", PATH)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_it_needs_nothing_but_python_and_stays_readable() -> None:
    lines = PATH.read_text().splitlines()
    imported = {line.split()[1].split(".")[0] for line in lines if line.startswith(("import ", "from "))}
    assert imported <= set(sys.stdlib_module_names)
    assert len(lines) < 350


@pytest.mark.parametrize(
    ("k", "n", "p"), [(0, 5, 0.3), (3, 5, 0.3), (5, 5, 0.7), (97, 100, 0.95), (1, 9, 0.9)]
)
def test_its_sums_are_those_of_exact_fractions(checker: ModuleType, k: int, n: int, p: float) -> None:
    exact = [math.comb(n, j) * Fraction(p) ** j * (1 - Fraction(p)) ** (n - j) for j in range(n + 1)]
    up, down = (Fraction(f(k, n, Fraction(p)), checker.ONE) for f in (checker.above, checker.below))
    assert 0 <= up - sum(exact[k:]) / exact[k] < up / 2**120
    assert 0 <= sum(exact[: k + 1]) / exact[k] - down < down / 2**120


@pytest.mark.parametrize(("k", "n"), [(990_000, 10**6), (500_500, 10**6), (10**6, 10**6), (7, 10**6)])
def test_a_million_votes_are_checked_in_a_moment(checker: ModuleType, k: int, n: int) -> None:
    """The bounds that SciPy gives are allowed, and a part in a million more is not."""
    for rule, p in (
        (checker.clopper_pearson, clopper_pearson_lower(k, n, 0.001)),
        (checker.anytime, anytime_lower(k, n, 0.001)),
    ):
        assert rule(k, n, Fraction(p), Fraction(0.001))
        assert not rule(k, n, Fraction(p) * (1 + Fraction(1, 10**6)), Fraction(0.001))
    if k < n:
        tail = Fraction(checker.above(k, n, Fraction(p)), checker.ONE) * Fraction(binom.pmf(k, n, p))
        assert float(tail) == pytest.approx(beta.cdf(p, k, n - k + 1), rel=1e-9)


def settings(random: np.random.Generator, schema: int) -> SmoothingConfig:
    """A stopping rule, a bound and levels; schema 2 had fewer of them."""
    rules = ["fixed", "target", "decided", "adaptive", "sequential"]
    stopping = str(random.choice(rules[: 4 if schema == 2 else 5]))
    two_class = stopping != "sequential" and (schema == 3 or stopping == "fixed") and random.random() < 0.4
    alpha = float(random.choice([0.001, 0.001, 0.05, 1e-6, 0.5, 0.9]))
    return SmoothingConfig(
        n0=int(random.integers(1, 100)),
        n=int(10 ** random.uniform(1.5, 3.3)),
        alpha=alpha,
        beta=alpha if schema == 2 else float(random.choice([0.05, 0.001])),
        sigma=float(random.choice([0.12, 0.25, 0.5, 1.0])),
        stopping=stopping,
        target_radius=float(random.choice([0.02, 0.05, 0.25, 0.5])),
        rounds=int(random.integers(1, 4)),
        bound="two-class" if two_class else "one-class",
        dtype="float32",
        device="cpu",
    )


def honest(random: np.random.Generator, schema: int) -> Values:
    """A certificate of invented votes, by any stopping rule and bound, that may also abstain."""
    while True:
        with suppress(InputError):
            check_reachable(config := settings(random, schema))
            break
    classes = int(random.choice([2, 3, 10, 300]))
    share = random.uniform(0.4, 1)
    p = [share, *(random.dirichlet(np.ones(classes - 1)) * (1 - share))]
    counts0, counts = random.multinomial(config.n0, p), np.zeros(classes, int)
    while True:
        counts += random.multinomial(next_look(int(counts.sum()), config) - int(counts.sum()), p)
        tally = [int(k) for k in counts]
        if decide(counts0.tolist(), tally, config).ending:
            return document(counts0.tolist(), tally, config, schema)


def scaled(name: str, factor: float) -> Callable[[Values], None]:
    return lambda c: c.update({name: c[name] * factor})


def moved_vote(c: Values) -> None:
    """A vote for another class than the leading one is taken from it and given to that."""
    counts = c["counts"]
    leader = counts.index(max(counts))
    other = next((i for i, k in enumerate(counts) if k and i != leader), None)
    if other is None:
        leader, other = (leader + 1) % len(counts), leader
    counts[other], counts[leader] = counts[other] - 1, counts[leader] + 1


def moved_with_all_that_follows(c: Values) -> None:
    """The counts and all that follows from them are changed, but not the votes, where they are kept."""
    moved_vote(c)
    config = SmoothingConfig.recorded(c["config"])
    found = decide(c["counts0"], c["counts"], config)
    c.update({name: value for name, value in vars(found).items() if value is not None})


def reset(name: str, value: object) -> Callable[[Values], None]:
    return lambda c: c["config"].update({name: value})


def grouped(c: Values, members: list[str]) -> None:
    """The noise of a comparison, tied to these own commitments."""
    c.update(members=sorted(members), commitment=sha256({"members": sorted(members)}))


FORGERIES: dict[str, Callable[[Values], object]] = {
    "nothing": lambda c: None,
    "radius": scaled("radius", 1 + 1e-9),
    "radius, a little": scaled("radius", 1 + 1e-13),
    "radius, far": lambda c: c.update(radius=c["radius"] + 1, label=max(c["label"], 0)),
    "p_a_lower": scaled("p_a_lower", 1 + 1e-6),
    "p_a_lower, less": scaled("p_a_lower", 1 - 1e-6),
    "p_b_upper": scaled("p_b_upper", 1 - 1e-6),
    "label": lambda c: c.update(label=(c["label"] + 1) % len(c["counts"])),
    "abstention": lambda c: c.update(label=-1, radius=0.0),
    "ending": lambda c: c.update(ending="reached" if c["ending"] != "reached" else "hopeless"),
    "a vote": moved_vote,
    "a vote and all that follows": moved_with_all_that_follows,
    "a vote fewer": lambda c: c["counts"].__setitem__(0, max(0, c["counts"][0] - 1)),
    "selection": lambda c: c["counts0"].reverse(),
    "alpha": reset("alpha", 0.2),
    "sigma": reset("sigma", 2.0),
    "seed": reset("seed", 77),
    "n": reset("n", 123_456),
    "more votes than there are": lambda c: c.update(votes=votes([9, *c["counts"][1:]])),
    "votes that are none": lambda c: c.update(votes="AAAA"),
    "another picture": lambda c: c.update(image_sha256="cd" * 32),
    "other networks": lambda c: c.update(weights={"classifier": "e" * 64}),
    "members of no run": lambda c: c.update(members=None, commitment="f" * 64),
    "alien members": lambda c: c.update(members=["a" * 64]),
    "a group without it": lambda c: grouped(c, ["a" * 64, "b" * 64]),
    "another commitment": lambda c: c.update(commitment="f" * 64),
    "a group of one": lambda c: c.update(members=[commitment(c)]),
    "no networks": lambda c: c.update(weights={}),
    "infinite radius": lambda c: c.update(radius=math.inf),
    "no votes": lambda c: c.update(counts=[0] * len(c["counts"])),
    "true": lambda c: c.update(label=True),
}


def thousand() -> Iterator[tuple[str, Values]]:
    random = np.random.default_rng(0)
    names = list(FORGERIES)
    for i in range(1000):
        values = honest(random, 2 if i % 4 == 0 else 3)
        if i % 8 == 3:
            grouped(values, [commitment(values), "a" * 64])
        forgery = names[i // 2 % len(names)] if i % 2 else "nothing"
        changed = copy.deepcopy(values)
        FORGERIES[forgery](changed)
        if changed == values or (values["schema"] == 2 and changed.keys() != values.keys()):
            forgery = "nothing"
        yield forgery, values if forgery == "nothing" else changed


def test_both_give_the_same_verdict_on_a_thousand_certificates(checker: ModuleType, tmp_path: Path) -> None:
    path, refused = tmp_path / "cert.json", dict.fromkeys(FORGERIES, 0)
    for forgery, values in thousand():
        path.write_text(text := json.dumps(values))
        try:
            core = discrepancies(Certificate.from_dict(parsed(text, "it")))
        except InputError as error:
            core = [str(error)]
        try:
            alone = checker.discrepancies(checker.read(path))
        except (ValueError, zlib.error) as error:
            alone = [str(error)]
        assert bool(core) == bool(alone), (forgery, core, alone, values)
        assert forgery != "nothing" or not core, (core, values)
        refused[forgery] += bool(core)
    assert refused.pop("nothing") == 0
    assert all(refused.values()), "every forgery was tried where it matters"


def test_whole_numbers_written_without_a_point_have_the_same_commitment(
    checker: ModuleType, tmp_path: Path
) -> None:
    config = SmoothingConfig(n0=20, n=100, sigma=1.0, sigma_local=0.0, dtype="float32", device="cpu")
    values, path = document((0, 20), (3, 97), config), tmp_path / "cert.json"
    for written in ({"sigma": 1, "sigma_local": 0}, {"sigma_local": -0.0}):
        path.write_text(json.dumps(values | {"config": values["config"] | written}))
        assert discrepancies(Certificate.read(path)) == checker.discrepancies(checker.read(path)) == []


def test_a_radius_near_zero_is_rounded_down_in_proportion_to_itself(
    checker: ModuleType, tmp_path: Path
) -> None:
    config = SmoothingConfig(n0=20, n=1000, dtype="float32", device="cpu")
    bounds = ((k, clopper_pearson_lower(k, 1000, config.alpha)) for k in range(500, 1000))
    votes_for_it = next(k for k, bound in bounds if bound > 0.5)
    values, path = document((0, 20), (1000 - votes_for_it, votes_for_it), config), tmp_path / "cert.json"
    assert 0 < values["radius"] < 0.001
    for more, holds in ((0.0, True), (1e-16, False)):
        path.write_text(json.dumps(values | {"radius": values["radius"] + more}))
        found = discrepancies(Certificate.read(path)), checker.discrepancies(checker.read(path))
        assert [not faults for faults in found] == [holds, holds]


def test_networks_compute_in_the_arithmetic_that_the_settings_ask_for(
    checker: ModuleType, tmp_path: Path
) -> None:
    config = SmoothingConfig(n0=20, n=100, dtype="float32", device="cpu")
    path = tmp_path / "cert.json"
    path.write_text(json.dumps(document((0, 20), (3, 97), config, dtype="bfloat16")))
    with pytest.raises(InputError, match="computed in bfloat16, and its config asks for float32"):
        Certificate.read(path)
    with pytest.raises(ValueError, match="dtype"):
        checker.read(path)


def test_it_says_what_is_claimed_and_names_what_is_wrong(tmp_path: Path) -> None:
    config = SmoothingConfig(n0=20, n=100, device="cpu", dtype="float32")
    good, forged, none = (tmp_path / f"{name}.json" for name in ("good", "forged", "none"))
    values = document((0, 20), (3, 97), config)
    good.write_text(json.dumps(values))
    forged.write_text(json.dumps(values | {"radius": 2.0}))
    none.write_text('{"radius": NaN}')

    def run(*paths: Path) -> tuple[int, str]:
        command = [sys.executable, "-I", str(PATH), *map(str, paths)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert not done.stderr
        return done.returncode, done.stdout

    status, said = run(good)
    assert status == 0
    assert "gives class 1 for every picture within 0." in said
    assert "the seed was chosen by whoever issued it" in said
    status, said = run(good, forged)
    assert status == 1
    assert "forged.json does not hold: radius is 2.0" in said
    status, said = run(none, forged)
    assert (status, "NaN is no finite number" in said) == (2, True)
