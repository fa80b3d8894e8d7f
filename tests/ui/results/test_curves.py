"""What the Results page compares: numbers gathered by setting, named, and marked by their notes."""

from __future__ import annotations

from typing import Any

import pytest

from diffsmooth_core.exchange.published import ACR, BENIGN, CERTIFIED, MeasuredSetting, Value
from diffsmooth_core.figures import Line
from diffsmooth_core.runs.records import Run
from diffsmooth_core.statistics import Proportion
from ui.results import charts, curves
from ui.results.curves import LOG, OURS, ResultCurve


def setting(**changed: Any) -> MeasuredSetting:
    values = {"source": "a paper", "dataset": "cifar10", "table": "Table 2", "method": "dds"}
    return MeasuredSetting(**values | changed)


def names(*settings: MeasuredSetting, labels: tuple[str, ...] = ("", "", "")) -> list[str]:
    rows = [ResultCurve("", label, s, "", {}) for s, label in zip(settings, labels, strict=False)]
    return [row.name for row in curves.named(rows)]


def test_a_row_is_named_by_its_method_and_by_what_differs() -> None:
    assert names(
        setting(method="diffsmooth", classifier="ResNet-110, Gaussian", sigma=0.5, m=5),
        setting(method="diffsmooth", classifier="ResNet-110, SmoothAdv", sigma=0.5, m=21),
        setting(classifier="ResNet-110, standard", sigma=0.5),
    ) == ["DiffSmooth, Gaussian, m = 5", "DiffSmooth, SmoothAdv, m = 21", "DDS, standard"]
    assert names(setting(classifier="BEiT, Gaussian"), setting(classifier="ResNet-50, Gaussian")) == [
        "DDS, BEiT, Gaussian",
        "DDS, ResNet-50, Gaussian",
    ]
    assert names(setting(sigma=0.5, sigma_local=0.25), setting(sigma=1.0, sigma_local=0.5)) == [
        "DDS, σ = 0.5, σ′ = 0.25",
        "DDS, σ = 1, σ′ = 0.5",
    ]


def test_ours_and_logs_say_so_and_are_told_apart_by_their_label() -> None:
    ours = setting(source=OURS, table="", method="plain")
    assert names(ours, ours, setting(source=LOG, table="", method=""), labels=("run a", "card", "b")) == [
        "Plain, ours, run a",
        "Plain, ours, card",
        "log",
    ]


def test_rows_that_nothing_else_tells_apart_have_their_table_or_size() -> None:
    assert names(setting(table="Table 5"), setting(table="Table 8")) == ["DDS, Table 5", "DDS, Table 8"]
    assert names(*(setting(method="", images=images) for images in (50, 500, None))) == [
        "cifar10, Table 2, a paper, CIFAR-10, 50 pictures",
        "cifar10, Table 2, a paper, CIFAR-10, 500 pictures",
        "cifar10, Table 2, a paper, CIFAR-10, number of pictures unknown",
    ]


def value(
    of: MeasuredSetting, kind: str, number: float, radius: float | None = None, note: str = ""
) -> Value:
    values = {"setting": of, "kind": kind, "value": number, "radius": radius, "note": note}
    return Value(**values)  # type: ignore[arg-type]


def test_the_numbers_of_a_setting_are_gathered_and_keep_their_notes() -> None:
    one, other = setting(sigma=0.5), setting(sigma=1.0)
    rows = curves.of_papers(
        [
            value(one, CERTIFIED, 60.0, 0.5, note="a slip"),
            value(one, ACR, 0.8),
            value(other, CERTIFIED, 40.0, 0.5, note="all of it"),
            value(one, BENIGN, 80.0),
            value(one, CERTIFIED, 50.0, 1.0, note="a slip"),
            value(other, ACR, 0.4, note="all of it"),
        ]
    )
    first, second = curves.marked(curves.named(rows))
    assert first.certified == {0.5: 60.0, 1.0: 50.0}
    assert (first.acr, first.benign) == (0.8, 80.0)
    assert (first.name, first.notes, first.marks) == ("DDS, σ = 0.5", {"①": "a slip"}, {0.5: "①", 1.0: "①"})
    assert (second.name, second.notes, second.marks) == ("DDS, σ = 1 ②", {"②": "all of it"}, {})


@pytest.mark.parametrize(("training", "method", "printed"), [(0.5, "plain", 11), (None, "", 0)])
def test_an_imported_log_is_of_the_network_that_somebody_named(
    training: float | None, method: str, printed: int
) -> None:
    config = {"sigma": 0.5, "n": 100_000, "alpha": 0.001, "training_sigma": training}
    run = Run(1, "cohen", "Cohen", "cifar10", config, (0,), {}, "")
    of = curves.setting_of_run(run, 500)
    assert (of.source, of.method, of.sigma, of.n, of.images) == (LOG, method, 0.5, 100_000, 500)
    found = curves.printed("cifar10", 0.5, training, 100_000)
    assert len(found) == printed


def test_over_the_share_of_votes_a_radius_stands_at_the_bound_that_it_takes() -> None:
    """Φ(0), Φ(1) and Φ(2), for radii of 0, σ and 2 σ."""
    points = [(0.0, Proportion.of(3, 4)), (0.5, Proportion.of(2, 4)), (1.0, Proportion.of(1, 4))]
    run, card = Line("run", points=points), Line("card", table=[(r, found.share) for r, found in points])
    drawn = {line.name: line for line in charts.shares([(run, 0.5), (card, 0.5)]).data}
    for name in ("run", "card"):
        assert list(drawn[name].x) == pytest.approx([0.5, 0.841345, 0.977250], abs=1e-6)
        assert list(drawn[name].y) == [75, 50, 25]
