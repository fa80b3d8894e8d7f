"""Stopping rules: where they look, what they conclude, and that what they certify holds."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from scipy.stats import beta, binom, norm

from diffsmooth_core import build_base, certify, certify_stream
from diffsmooth_core.certification.certificate import Certificate, at_level, discrepancies
from diffsmooth_core.certification.decision import Decision, check_reachable, decide, next_look, round_sizes
from diffsmooth_core.certification.target_test import target_test
from diffsmooth_core.certification.voting import VoteRange, votes
from diffsmooth_core.config import ABSTAIN, InputError, SmoothingConfig
from diffsmooth_core.statistics import anytime_lower, anytime_upper, certified_radius, clopper_pearson_lower
from tests.worlds import GREY, half_space, ten_classes

CONFIG = SmoothingConfig(
    method="plain", sigma=0.5, n0=20, n=1000, target_radius=0.25, device="cpu", dtype="float32"
)
EARLY = ("target", "decided", "sequential", "adaptive")


def run(margin: float, config: SmoothingConfig, batch: int | None = None) -> Certificate:
    return certify(build_base(config, half_space(margin)), GREY, config, batch=batch)


def test_looks_are_a_function_of_the_votes_alone() -> None:
    anytime = replace(CONFIG, stopping="target", n=20_000)
    looks = [0]
    while looks[-1] < anytime.n:
        looks.append(next_look(looks[-1], anytime))
    assert looks[1:4] == [10, 20, 30]
    assert looks[-1] == 20_000
    assert all(0 < after - before <= max(10, before // 100) for before, after in pairwise(looks))
    adaptive = replace(CONFIG, stopping="adaptive", rounds=3)
    assert round_sizes(adaptive) == (62, 250, 1000)
    assert [next_look(n, adaptive) for n in (0, 61, 62, 250, 999)] == [62, 62, 250, 1000, 1000]
    assert next_look(0, CONFIG) == 1000
    assert round_sizes(replace(adaptive, rounds=5, n=100)) == (1, 1, 6, 25, 100), "never a look at nothing"


@pytest.mark.parametrize("stopping", EARLY)
def test_a_run_ends_at_the_same_vote_whatever_the_batch(stopping: str) -> None:
    config = replace(CONFIG, stopping=stopping)
    results = [run(0.6, config, batch) for batch in (1, 7, 64, 1000)]
    assert results[0].n < 1000
    assert results[0].ending == "reached"
    for certificate in results:
        assert (certificate.counts, certificate.radius) == (results[0].counts, results[0].radius)
        assert certificate.radius >= 0.25
        assert discrepancies(certificate) == []


@pytest.mark.parametrize("stopping", EARLY)
def test_a_resumed_run_ends_at_the_same_vote(stopping: str) -> None:
    config = replace(CONFIG, stopping=stopping)
    base, whole = build_base(config, half_space(0.4)), run(0.4, config)
    seen = None
    for batch in (9, 20, 13):
        seen = next(certify_stream(base, GREY, config, batch=batch, resume=seen))
    *_, last = certify_stream(base, GREY, config, batch=17, resume=seen)
    assert last.certificate is not None
    assert (last.certificate.counts, last.certificate.ending) == (whole.counts, whole.ending)


def test_a_target_out_of_reach_is_given_up_early_by_all_but_target() -> None:
    endings = {s: run(0.1, replace(CONFIG, stopping=s, target_radius=0.5)) for s in EARLY}
    assert {s: c.ending for s, c in endings.items()} == {
        "target": "spent",
        "decided": "hopeless",
        "sequential": "hopeless",
        "adaptive": "hopeless",
    }
    assert endings["target"].n == 1000
    assert endings["decided"].n < 300
    for certificate in endings.values():
        assert discrepancies(certificate) == []


def test_what_more_votes_cannot_change_is_not_waited_for() -> None:
    """Giving up is right: even if all votes to come agreed, or at the upper bound, the target is missed."""
    config = replace(CONFIG, stopping="decided", target_radius=1.0)
    found = decide((0, 20), (100, 900), config)
    assert found.ending == "spent"
    hopeless = decide((0, 20), (30, 270), config)
    assert hopeless.ending == "hopeless"
    assert certified_radius(anytime_lower(970, 1000, 0.001), 0.5) < 1.0
    assert decide((0, 20), (1, 99), config).ending is None


def test_a_larger_beta_gives_up_earlier_and_leaves_the_bound_as_it_is() -> None:
    for stopping in ("decided", "adaptive"):
        patient, hasty = (replace(CONFIG, stopping=stopping, beta=beta) for beta in (0.001, 0.2))
        found = [decide((0, 20), (103, 147), config) for config in (patient, hasty)]
        assert [decision.ending for decision in found] == [None, "hopeless"]
        assert found[0] == replace(found[1], ending=None)


@pytest.mark.parametrize("stopping", ["decided", "adaptive"])
@pytest.mark.parametrize("n", [62, 250, 980, 990])
@pytest.mark.parametrize("target", [0.0, 0.25, 0.7])
def test_a_run_is_given_up_exactly_where_there_is_no_hope(stopping: str, n: int, target: float) -> None:
    """Hope is the smaller of two: the bound if all votes to come agreed, and the share's upper bound now, at
    level beta; each against its own formula, for every number of votes that agree."""
    config = replace(CONFIG, stopping=stopping, target_radius=target, beta=0.02)
    rounds = config.rounds

    def hope(k: int) -> float:
        agreeing = k + config.n - n
        if stopping == "decided":
            return min(anytime_lower(agreeing, config.n, config.alpha), anytime_upper(k, n, config.beta))
        now = beta.isf(config.beta / rounds, k + 1, n - k) if k < n else 1.0
        return min(float(beta.ppf(config.alpha / rounds, agreeing, n - k + 1)), float(now))

    found = {k: decide((0, 20), (n - k, k), config).ending for k in range(n + 1)}
    wanted = {k: hope(k) > 0.5 and 0.5 * norm.ppf(hope(k)) >= target for k in found}
    assert {k for k, ending in found.items() if ending == "hopeless"} == {k for k in wanted if not wanted[k]}
    assert len({*wanted.values()}) == 2


@pytest.mark.parametrize(
    ("stopping", "n", "fewest"),
    [
        ("decided", 62, 28),
        ("decided", 250, 141),
        ("decided", 980, 733),
        ("decided", 990, 743),
        ("adaptive", 62, 30),
        ("adaptive", 250, 147),
        ("adaptive", 980, 721),
        ("adaptive", 990, 731),
    ],
)
def test_the_fewest_votes_with_hope_stay_what_they_are(stopping: str, n: int, fewest: int) -> None:
    config = replace(CONFIG, stopping=stopping, beta=0.001)
    assert decide((0, 20), (n - fewest, fewest), config).ending is None
    assert decide((0, 20), (n - fewest + 1, fewest - 1), config).ending == "hopeless"


def test_a_target_that_is_met_exactly_is_reached() -> None:
    config = replace(CONFIG, stopping="decided")
    radius = decide((0, 20), (10, 490), config).radius
    assert decide((0, 20), (10, 490), replace(config, target_radius=radius)).ending == "reached"
    beyond = float(np.nextafter(radius, 1))
    assert decide((0, 20), (10, 490), replace(config, target_radius=beyond)).ending is None
    best = certified_radius(anytime_lower(991, 1000, 0.001), 0.5)  # if the last ten all agree
    assert decide((0, 20), (9, 981), replace(config, target_radius=best)).ending is None
    beyond = float(np.nextafter(best, 1))
    assert decide((0, 20), (9, 981), replace(config, target_radius=beyond)).ending == "hopeless"


def test_without_votes_nothing_is_known() -> None:
    nothing = decide((0, 20), (0, 0), CONFIG)
    assert (nothing.label, nothing.radius, nothing.ending) == (ABSTAIN, 0.0, None)
    assert (nothing.p_a_lower, nothing.p_b_upper) == (0.0, 1.0)


def test_a_tie_in_selection_goes_to_the_first_class() -> None:
    for counts0, candidate in (((5, 5, 2), 0), ((2, 4, 4), 1), ((3, 3, 3), 0), ((0, 0, 1), 2)):
        counts = [0, 0, 0]
        counts[candidate] = 1000
        assert decide(counts0, counts, CONFIG).label == candidate
        certificate = replace(run(0.6, CONFIG), counts0=counts0)
        assert certificate.candidate == candidate


def test_each_rule_takes_its_own_bound() -> None:
    counts0, counts = (0, 20), (10, 240)
    bounds = {
        "fixed": clopper_pearson_lower(240, 250, 0.001),
        "target": anytime_lower(240, 250, 0.001),
        "decided": anytime_lower(240, 250, 0.001),
        "adaptive": clopper_pearson_lower(240, 250, 0.001 / 3),
    }
    for stopping, bound in bounds.items():
        found = decide(counts0, counts, replace(CONFIG, stopping=stopping))
        assert found.p_a_lower == bound
        assert found.p_b_upper == 1 - bound, "the other classes share what is left"
        assert found.radius == certified_radius(bound, 0.5)


def test_sequential_certifies_the_target_radius_and_nothing_else() -> None:
    config = replace(CONFIG, stopping="sequential")
    test = target_test(config)
    assert test.share == pytest.approx(norm.cdf(0.5), abs=1e-14)
    assert certified_radius(test.share, 0.5) >= 0.25
    for n, most in test.against.items():
        won, not_yet = (
            decide((0, 20), (against, n - against), config) for against in (max(most, 0), most + 1)
        )
        if most >= 0:
            assert won == Decision(1, 0.25, test.share, 1 - test.share, "reached")
        assert (not_yet.label, not_yet.radius, not_yet.p_a_lower, not_yet.p_b_upper) == (ABSTAIN, 0, 0, 1)
    assert decide((0, 20), (0, 105), config).ending is None, "there is no look at 105 votes"
    for n, most in test.for_it.items():
        if most >= 0 and n < 500:
            lost, still = (decide((0, 20), (n - k, k), config) for k in (most, most + 1))
            assert (lost.ending, still.ending) == ("hopeless", None)
    still, lost = (decide((0, 20), (against, 990 - against), config) for against in (254, 255))
    assert (still.ending, lost.ending) == (None, "hopeless"), "at 1,000 votes 254 may be against it"
    assert [decide((0, 20), (1000 - k, k), config).ending for k in (745, 746)] == ["spent", "reached"]


def test_sequential_needs_fewer_votes_than_decided() -> None:
    p, config = 0.8, replace(CONFIG, n=1000)
    ends = {}
    for stopping in ("decided", "sequential"):
        rule, votes = replace(config, stopping=stopping), 0.0
        running = np.zeros(1001)
        running[0], n = 1.0, 0
        while n < 1000:
            look = next_look(n, rule)
            running = np.convolve(running, binom.pmf(range(look - n + 1), look - n, 1 - p))[:1001]
            n = look
            for against in np.flatnonzero(running[: n + 1]).tolist():
                if decide((0, 1), (against, n - against), rule).ending:
                    votes, running[against] = votes + n * float(running[against]), 0.0
        ends[stopping] = votes
    assert ends["sequential"] < 0.92 * ends["decided"]


def test_the_two_class_form_certifies_without_a_majority() -> None:
    config = replace(CONFIG, bound="two-class")
    counts0, counts = (5, 15, 0, 0), (200, 460, 170, 170)
    assert decide(counts0, counts, CONFIG).label == ABSTAIN
    found = decide(counts0, counts, config)
    assert (found.label, found.ending) == (1, "spent")
    assert 0 < found.radius < 0.25 * (norm.ppf(0.46) - norm.ppf(0.2))
    for stopping in ("target", "decided"):
        early = decide(counts0, (2000, 4600, 1700, 1700), replace(config, stopping=stopping, n=10_000))
        assert (early.label, early.p_a_lower) == (1, anytime_lower(4600, 10_000, 0.0005))
        assert early.p_b_upper == anytime_upper(2000, 10_000, 0.0005)
    rounds = decide(counts0, counts, replace(config, stopping="adaptive"))
    assert rounds.p_a_lower == clopper_pearson_lower(460, 1000, 0.001 / 6)


def test_a_target_that_no_vote_reaches_is_refused() -> None:
    with pytest.raises(
        InputError, match=r"target_radius 3 is out of reach: 1000 unanimous votes at sigma 0.5"
    ):
        check_reachable(replace(CONFIG, stopping="target", target_radius=3.0))
    with pytest.raises(InputError, match="starts with 3 votes and 13 are needed to certify at all"):
        check_reachable(replace(CONFIG, stopping="adaptive", rounds=5))
    check_reachable(replace(CONFIG, target_radius=3.0))
    largest = certified_radius(anytime_lower(1000, 1000, 0.001), 0.5)
    check_reachable(replace(CONFIG, stopping="target", target_radius=largest))
    first_of_twelve = replace(CONFIG, stopping="adaptive", target_radius=0.0, n=12 * 16)
    check_reachable(first_of_twelve)  # 2^-12 is below .001 / 3
    with pytest.raises(InputError, match="starts with 11 votes and 12 are needed"):
        check_reachable(replace(first_of_twelve, n=12 * 16 - 1))


@pytest.mark.parametrize(
    "settings",
    [
        {"n": 60},
        {"n": 60, "stopping": "target"},
        {"n": 60, "stopping": "decided"},
        {"n": 160, "stopping": "adaptive"},
    ],
)
def test_the_true_radius_is_exceeded_no_more_often_than_alpha_allows(settings: dict[str, object]) -> None:
    """2,000 certificates of a half-space at distance .2, whose radius is .2 exactly, at alpha = .05."""
    config = replace(CONFIG, alpha=0.05, n0=10, target_radius=0.15, **settings)  # type: ignore[arg-type]
    p, random = float(norm.cdf(0.2 / 0.5)), np.random.default_rng(5)
    exceeded = reached = 0
    for cast in random.random((2000, config.n)) < p:
        k = n = 0
        while True:
            look = next_look(n, config)
            k, n = k + int(cast[n:look].sum()), look
            found = decide((0, 10), (n - k, k), config)
            if found.ending:
                break
        exceeded += found.radius > 0.2
        reached += found.radius >= 0.15
    assert exceeded <= binom.ppf(1 - 1e-6, 2000, 0.05)
    assert exceeded > 0, "a bound that is never wrong at this level is no tight one"
    assert reached > 100


def test_the_same_votes_by_one_two_and_five_workers() -> None:
    config = replace(CONFIG, n=150)
    base = build_base(config, ten_classes())
    whole = certify(base, GREY, config).counts
    for workers in (1, 2, 5):
        edges = np.linspace(0, 150, workers + 1).astype(int)
        with ThreadPoolExecutor(workers) as pool:
            parts = pool.map(
                lambda a, b: votes(base, VoteRange(GREY, "estimation", a, b), config)[0],
                edges[:-1],
                edges[1:],
            )
            counted = np.bincount(np.concatenate(list(parts)), minlength=10)
        assert tuple(counted) == whole


def test_a_certificate_says_what_a_fixed_n_would_have_taken() -> None:
    certificate = run(0.6, replace(CONFIG, stopping="target"))
    assert certificate.fixed_n is not None
    assert certificate.fixed_n < certificate.n, "the price of looking"
    n = certificate.fixed_n
    again = certified_radius(clopper_pearson_lower(round(certificate.p_hat * n), n, 0.001), 0.5)
    assert again == pytest.approx(certificate.radius, abs=0.08)
    assert run(0.0, CONFIG).fixed_n is None


@pytest.mark.parametrize("stopping", ["fixed", *EARLY])
def test_a_stricter_level_costs_radius_for_every_rule(stopping: str) -> None:
    certificate = run(0.6, replace(CONFIG, stopping=stopping))
    stricter = at_level(certificate, 0.001 / 500)
    assert stricter.radius < certificate.radius
    assert stricter.counts == certificate.counts
    assert stricter.config.alpha == 0.001 / 500


def test_votes_at_a_place_where_no_rule_looks_are_found() -> None:
    certificate = run(0.6, replace(CONFIG, stopping="target"))
    tampered = replace(certificate, counts=(certificate.counts[0], certificate.counts[1] + 3))
    assert any(sentence.startswith("counts says") for sentence in discrepancies(tampered))


@pytest.mark.parametrize("stopping", ["decided", "adaptive"])
def test_unanimous_votes_do_not_give_a_target_up(stopping: str) -> None:
    """The largest share that they leave possible is 1, and the radius has no end."""
    config = SmoothingConfig(n=1600, stopping=stopping, bound="two-class", target_radius=1.0, sigma=0.5)
    votes = next_look(0, config)
    assert decide((20, 0, 0), (votes, 0, 0), config).ending is None
