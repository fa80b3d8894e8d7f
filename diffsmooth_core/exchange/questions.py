"""The questions that the paper's tables answer, and the published rows that each compares."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from diffsmooth_core.exchange import published
from diffsmooth_core.exchange.published import ACR, MeasuredSetting, Value


@dataclass(frozen=True)
class Question:
    """What some of the paper's tables compare; without `tables`, everything that is published.

    `one_sigma` is whether the rows are to be compared at one noise sigma of the smoothed classifier. `sheet`
    names a file with numbers of the paper that are no certified accuracies.
    """

    title: str
    about: str
    tables: tuple[str, ...] = ()
    one_sigma: bool = False
    sheet: str = ""


QUESTIONS = {
    "best": Question(
        "Every method at its best σ",
        "For each radius the paper chose a method's best σ and σ′, after it had seen the results. So no "
        "classifier reaches a whole row.",
        ("Table 1", "Table 2"),
    ),
    "sigma": Question(
        "Every method at one σ",
        "Each row is one classifier, certified with one σ.",
        ("Table 4", "Table 5", "Table 11", "Table 12"),
        one_sigma=True,
    ),
    "local-noise": Question(
        "Which local noise σ′ is best?",
        "DiffSmooth with one σ: what changes is σ′, and the classifier, which was trained under noise of σ′.",
        ("Table 4", "Table 5"),
        one_sigma=True,
    ),
    "local-only": Question(
        "Local smoothing without diffusion",
        "The row without σ′ is plain randomized smoothing. On ImageNet local smoothing alone makes it worse.",
        ("Table 3",),
    ),
    "predictions": Question(
        "The same number of predictions",
        "DiffSmooth asks the classifier m times for each vote. Here n·m is 100,000 on CIFAR-10 and 10,000 "
        "on ImageNet "
        "for every row, so that both methods cost the classifier the same.",
        ("Table 6", "Table 7"),
    ),
    "shift": Question(
        "Is it better to shift the local noise?",
        "The paper adds a little to the local noise, over that which the classifier was trained under: "
        ".01 at σ = 0.25, "
        "otherwise .02 on ImageNet. Table 8 has the rows without.",
        ("Table 5", "Table 8"),
        one_sigma=True,
    ),
    "cost": Question(
        "What do m local copies cost?",
        "Seconds for a picture on one RTX A6000. What m does to certified accuracy is the paper's Figure "
        "3, a picture whose "
        "values stand in no text: the page Compare draws a sweep over m with the networks here.",
        ("Section 5.3",),
        sheet="seconds_per_image",
    ),
    "training": Question(
        "How were the paper's SmoothAdv networks trained?",
        "The attack on the smoothed classifier in training, its steps, its L2 radius in 255ths and its "
        "noise samples m; with extra data, the weight of what was labelled by a network. `train smoothadv "
        "--preset` takes those for CIFAR-10.",
        ("Table 9", "Table 10"),
        sheet="smoothadv_settings",
    ),
    "everything": Question(
        "Everything published", "All bundled tables, the lists of Salman et al. and files of your own."
    ),
}


def sheet(question: Question) -> list[dict[str, str]]:
    """The rows of a question's `sheet`, by column, as they are printed."""
    with (published.BUNDLED / "paper" / f"{question.sheet}.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def asked(values: Iterable[Value], question: Question, dataset: str, sigma: float | None) -> list[Value]:
    """The published numbers that a question compares on a data set, at one sigma where it asks for one."""
    return [
        value
        for value in values
        if value.setting.dataset == dataset
        and (not question.tables or value.setting.table in question.tables)
        and (not question.one_sigma or value.setting.sigma == sigma)
    ]


def usual(values: Iterable[Value], most: int) -> list[MeasuredSetting]:
    """The settings to begin with, up to `most`: those that purify before the others, and where these are too
    many, of each method, kind of training, m and n the one of largest ACR."""
    by_setting: dict[MeasuredSetting, float] = {}
    for value in values:
        acr = value.value if value.kind == ACR else 0.0
        by_setting[value.setting] = max(acr, by_setting.get(value.setting, 0.0))
    settings = list(by_setting)
    if len(settings) > most:
        best: dict[object, MeasuredSetting] = {}
        for setting in sorted(settings, key=by_setting.__getitem__, reverse=True):
            best.setdefault(_kind(setting), setting)
        settings = [setting for setting in settings if setting in best.values()]
    first = sorted(settings, key=lambda setting: setting.method in ("plain", "local-only"))[:most]
    return [setting for setting in settings if setting in first]


def _kind(setting: MeasuredSetting) -> object:
    training = re.sub(r" [\d.]+$", "", setting.classifier)
    return setting.table, setting.method, training, setting.m, setting.n


def matches(ours: MeasuredSetting, printed: MeasuredSetting) -> bool:
    """Whether a result of ours is of the method, data set and noise of a published row; a noise that the row
    does not state, as it was chosen for each radius, matches any."""
    return (ours.dataset, ours.method) == (printed.dataset, printed.method) and printed.sigma in (
        None,
        ours.sigma,
    )


def differences(ours: MeasuredSetting, printed: Sequence[MeasuredSetting]) -> list[tuple[str, str, str]]:
    """What differs between a result of ours and published rows that it `matches`, beside the numbers: name,
    our value and theirs, of sigma_local, m, n and the number of pictures. The networks always differ."""
    found = []
    for name in ("sigma_local", "m", "n", "images"):
        mine = getattr(ours, name)
        theirs = list(dict.fromkeys(getattr(setting, name) for setting in printed))
        if mine and any(theirs) and theirs != [mine]:
            found.append((name, _said(mine), " or ".join(_said(value) for value in theirs if value)))
    return found


def _said(value: object) -> str:
    return (
        f"{value:,}" if isinstance(value, int) else f"{value:g}" if isinstance(value, float) else str(value)
    )
