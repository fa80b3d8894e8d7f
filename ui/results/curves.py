"""What the Results page compares: results of ours and published rows, named by their settings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import chain, count
from typing import Any

from diffsmooth_core.analysis import browsing
from diffsmooth_core.analysis.curves import RunCurve, TableCurve
from diffsmooth_core.config import METHODS
from diffsmooth_core.exchange.published import ACR, BENIGN, CERTIFIED, MeasuredSetting, Value, printed
from diffsmooth_core.figures import Line, line_of
from diffsmooth_core.runs.reading import fault_of
from diffsmooth_core.runs.records import Run
from diffsmooth_core.runs.results import Result, summary
from diffsmooth_core.runs.store import Store
from diffsmooth_core.zoo.cards import Card
from ui.jobs import audits
from ui.titles import dataset_title, network_title, run_title

OURS, LOG = "ours", "log"
CIRCLED = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"


@dataclass(frozen=True)
class ResultCurve:
    """One line of the plot and row of the table; certified accuracy is in percent, by radius.

    `label` tells results of ours with the same settings apart, `run` is theirs where there is one. `printed`
    are the values of a published row, and of an imported log those that the paper prints for its network.
    """

    name: str
    label: str
    setting: MeasuredSetting
    origin: str
    certified: Mapping[float, float]
    acr: float | None = None
    benign: float | None = None
    run: Run | None = None
    printed: Sequence[Value] = ()
    notes: Mapping[str, str] = field(default_factory=dict)  # mark -> what to mind
    marks: Mapping[float, str] = field(default_factory=dict)  # by radius

    @property
    def results(self) -> Sequence[Result]:
        """A run's own, read when they are needed; none of a card or a published row."""
        return [row.result for row in audits.rows(self.run)] if self.run else ()

    @property
    def published(self) -> bool:
        return self.setting.source not in (OURS, LOG)

    @property
    def curve(self) -> RunCurve | TableCurve:
        """What the difference to another one is taken of."""
        if self.run:
            return RunCurve(self.results)
        return TableCurve({r: percent / 100 for r, percent in self.certified.items()}, self.setting.images)

    @property
    def line(self) -> Line:
        if self.run:
            return line_of(self.name, self.results)
        points = sorted((radius, percent / 100) for radius, percent in self.certified.items())
        if not self.published:  # of a card: what was not measured beyond the last radius above 0 is not drawn
            points = [point for point in points if point[1]]
        size = pictures_and_votes(self.setting) if self.published else ""
        return Line(self.name, table=points, marks=self.marks, size=size)


def of_run(run: Run) -> ResultCurve:
    """A run with results, summarised again only when there is something new."""
    return _of_run(audits.store(), run, audits.store().version(run))


@lru_cache(maxsize=256)
def _of_run(store: Store, run: Run, version: tuple[int, int]) -> ResultCurve:
    rows = audits.rows(run)
    results, config = [row.result for row in rows], run.config
    found, benign = summary(results), browsing.benign(rows)
    return ResultCurve(
        "",
        f"run {run.name}" if run.origin == "audit" else run.name,
        setting_of_run(run, len(results)),
        f"{run.name}: {run_title(run)}",
        {float(radius): 100 * share.share for radius, share in found.certified_accuracy.items()},
        found.acr,
        100 * benign.share if benign else None,
        run,
        printed(run.dataset, config["sigma"], config.get("training_sigma"), config["n"]),
    )


def setting_of_run(run: Run, images: int) -> MeasuredSetting:
    """What a run was certified with. Of an imported log the method is known where somebody named the noise
    that its network was trained under."""
    config = run.config
    if run.origin != "audit":
        training = config.get("training_sigma")
        method, classifier = ("plain", f"Gaussian {training:g}") if training is not None else ("", run.name)
        return MeasuredSetting(
            LOG, "", run.dataset, method, classifier, config["sigma"], None, None, config["n"], images
        )
    return _of_settings(run.dataset, config, images)


def of_card(card: Card) -> ResultCurve:
    """What was measured for a model's card."""
    measured = card.metrics["certified"]
    setting = _of_settings(card.dataset, measured, measured["images"])
    certified = {float(radius): percent for radius, percent in measured["percent_at_radius"].items()}
    return ResultCurve("", "card", setting, f"card of {network_title(card.name)}", certified, measured["acr"])


def costs(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """Mean seconds of a picture in runs of this server, in the columns of the paper's section 5.3."""
    found = []
    for run in runs:
        if fault_of(run):
            continue
        taken = [row.result.seconds for row in audits.rows(run) if row.result.seconds is not None]
        if run.origin == "audit" and taken:
            of = setting_of_run(run, len(taken))
            seconds = round(sum(taken) / len(taken), 1)
            found.append(
                {
                    "dataset": run.dataset,
                    "classifier": of.classifier,
                    "n": of.n,
                    "m": of.m,
                    "seconds": seconds,
                    "part": f"mean of the run {run.name} here",
                }
            )
    return found


def _of_settings(dataset: str, config: Mapping[str, Any], images: int) -> MeasuredSetting:
    local = METHODS[config["method"]].smooths_locally
    return MeasuredSetting(
        OURS,
        "",
        dataset,
        config["method"],
        network_title(config["classifier"]),
        config["sigma"],
        config.get("sigma_local") if local else None,
        config.get("m") if local else None,
        config["n"],
        images,
    )


def of_papers(values: Sequence[Value]) -> list[ResultCurve]:
    """The numbers of each setting as a row, without a name."""
    by_setting: dict[MeasuredSetting, list[Value]] = {}
    for value in values:
        by_setting.setdefault(value.setting, []).append(value)
    return [
        ResultCurve(
            "",
            "",
            setting,
            f"{setting.source} · {dataset_title(setting.dataset)}",
            {v.radius: v.value for v in of if v.kind == CERTIFIED and v.radius is not None},
            next((v.value for v in of if v.kind == ACR), None),
            next((v.value for v in of if v.kind == BENIGN), None),
            printed=of,
        )
        for setting, of in by_setting.items()
    ]


def marked(curves: Sequence[ResultCurve]) -> list[ResultCurve]:
    """The curves with a mark for each different note on their published numbers. A note on all numbers of a
    row stands at its name, any other at the radii that it concerns."""
    different = dict.fromkeys(v.note for curve in curves if curve.published for v in curve.printed if v.note)
    signs = chain(CIRCLED, (f"({i})" for i in count(len(CIRCLED) + 1)))
    mark = dict(zip(different, signs, strict=False))
    return [_with_marks(curve, mark) if curve.published else curve for curve in curves]


def _with_marks(curve: ResultCurve, mark: Mapping[str, str]) -> ResultCurve:
    noted = {value.radius: value.note for value in curve.printed if value.note}
    whole = len(noted) == len(curve.printed) and len(set(noted.values())) == 1
    return replace(
        curve,
        name=f"{curve.name} {mark[curve.printed[0].note]}" if whole else curve.name,
        notes={mark[note]: note for note in noted.values()},
        marks={} if whole else {r: mark[note] for r, note in noted.items() if r is not None},
    )


SHORT = {key: method.title.split(" (")[0] for key, method in METHODS.items()} | {
    "plain": "Plain",
    "local-only": "Local smoothing",
}
FIELDS: tuple[tuple[str, Callable[[Any], str]], ...] = (
    ("classifier", str),
    ("sigma", lambda x: f"σ = {x:g}"),
    ("sigma_local", lambda x: f"σ′ = {x:g}"),
    ("m", lambda x: f"m = {x}"),
)
MORE: tuple[Callable[[ResultCurve], str], ...] = (
    lambda curve: curve.label,
    lambda curve: curve.setting.table,
    lambda curve: "" if curve.label else curve.setting.source,
    lambda curve: dataset_title(curve.setting.dataset),
    lambda curve: pictures_and_votes(curve.setting),
)


def named(curves: Sequence[ResultCurve]) -> list[ResultCurve]:
    """The curves under names of their method and of those settings in which they differ; where that does not
    tell two of them apart, also of what else they have."""
    settings = [curve.setting for curve in curves]
    varying = [(key, said) for key, said in FIELDS if len({getattr(s, key) for s in settings} - {None}) > 1]
    networks = {setting.classifier.partition(", ")[0] for setting in settings}
    if len(networks) == 1:  # "ResNet-110, Gaussian" beside "ResNet-110, SmoothAdv" is "Gaussian"
        common = f"{networks.pop()}, "
        settings = [replace(s, classifier=s.classifier.removeprefix(common)) for s in settings]
    names = [_name(setting, varying) for setting in settings]
    for more in MORE:
        times = Counter(names)
        names = [
            f"{name}, {said}" if times[name] > 1 and (said := more(curve)) else name
            for name, curve in zip(names, curves, strict=True)
        ]
    return [replace(curve, name=name) for curve, name in zip(curves, names, strict=True)]


def _name(setting: MeasuredSetting, varying: Sequence[tuple[str, Callable[[Any], str]]]) -> str:
    method = SHORT.get(setting.method) or setting.method
    parts = [method, {OURS: "ours", LOG: "log"}.get(setting.source, "")]
    parts += [said(x) for key, said in varying if (x := getattr(setting, key)) not in (None, "")]
    return ", ".join(filter(None, parts)) or setting.dataset


def pictures_and_votes(setting: MeasuredSetting) -> str:
    """How many pictures and votes a number is of."""
    images = "number of pictures unknown" if setting.images is None else f"{setting.images:,} pictures"
    return images if setting.n is None else f"{images}, n = {setting.n:,}"
