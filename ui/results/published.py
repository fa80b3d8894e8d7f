"""Published numbers on the Results page: choosing them, with their sources and cautions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from diffsmooth_core import InputError
from diffsmooth_core.exchange import published
from diffsmooth_core.exchange.published import ACR, BENIGN, CERTIFIED, MeasuredSetting, Value
from ui.page import error_box
from ui.session.limits import limit
from ui.session.settings import DEFAULTS
from ui.titles import dataset_title

MOST = 8  # lines at once


@dataclass(frozen=True)
class PublishedSetting:
    """What a source says of one setting, and its notes with the marks of the numbers that they concern."""

    name: str
    setting: MeasuredSetting
    certified: dict[float, float]  # radius -> percent
    acr: float | None
    benign: float | None
    notes: dict[float | None, str]  # by radius


def sidebar() -> list[PublishedSetting]:
    """Narrow down what there is, choose from it, and bring a file along."""
    with st.sidebar:
        st.markdown("**Published numbers**")
        filters, file = st.container(), _upload()
        bundled = [value for path in published.files() for value in _read(published.read, path)]
        own = _read(published.decoded, file.getvalue(), file.name) if file else []
        with filters:
            return _chosen(collected(bundled + own))


def _upload() -> Any:
    return st.file_uploader(
        "Your own numbers",
        type=["csv"],
        key="published-file",
        max_upload_size=limit("uploads", "megabytes"),
        help="A CSV file with a line a number; the documentation of audits names its columns. It is shown to "
        "you alone and not kept.",
    )


def _read(read: Callable[..., Sequence[Value]], *of: Any) -> list[Value]:
    """What a file holds; none, and why, where it cannot be read."""
    try:
        return list(read(*of))
    except InputError as problem:
        error_box(problem)
        return []


def collected(values: Sequence[Value]) -> list[PublishedSetting]:
    """The numbers of each setting together, under names of their own."""
    found: dict[MeasuredSetting, list[Value]] = {}
    for value in values:
        found.setdefault(value.setting, []).append(value)
    times = Counter(map(title, found))
    return [
        PublishedSetting(
            title(setting)
            + (
                f" ({setting.source}, {setting.dataset}, {size(setting)})"
                if times[title(setting)] > 1
                else ""
            ),
            setting,
            {v.radius: v.value for v in of if v.kind == CERTIFIED and v.radius is not None},
            next((v.value for v in of if v.kind == ACR), None),
            next((v.value for v in of if v.kind == BENIGN), None),
            {v.radius: v.note for v in of if v.note},
        )
        for setting, of in found.items()
    ]


def title(setting: MeasuredSetting) -> str:
    """Where a number stands and of what it is: "Table 11: plain, BEiT, σ = 0.5"."""
    noises = ((setting.sigma, "σ"), (setting.sigma_local, "σ′"), (setting.m, "m"))
    of = [setting.method, setting.classifier, *(f"{name} = {x:g}" for x, name in noises if x is not None)]
    return f"{setting.table or setting.source}: {', '.join(filter(None, of)) or setting.dataset}"


def size(setting: MeasuredSetting) -> str:
    """How many pictures and votes a number is of."""
    images = "number of pictures unknown" if setting.images is None else f"{setting.images:,} pictures"
    return images if setting.n is None else f"{images}, n = {setting.n:,}"


def _chosen(every: list[PublishedSetting]) -> list[PublishedSetting]:
    """Those that are picked among what the filters leave; what was picked before a filter stays."""
    with st.expander("Filter them"):
        wanted = {
            name: _filter(label, [getattr(p.setting, name) for p in every], f"published-{name}")
            for name, label in (("dataset", "Data set"), ("table", "Table"), ("method", "Method"))
        }
    usual = [p.name for p in every if p.setting.dataset == DEFAULTS.dataset][:MOST]
    picked = st.session_state.get("published", usual)
    by_name = {
        p.name: p
        for p in every
        if p.name in picked or all(w in (None, getattr(p.setting, name)) for name, w in wanted.items())
    }
    default = [name for name in usual if name in by_name]
    names = st.multiselect(
        "Draw over our results",
        list(by_name),
        default,
        key="published",
        bind="query-params",
        max_selections=MOST,
        placeholder="choose numbers",
    )
    return [by_name[name] for name in names]


def _filter(label: str, present: Sequence[str], key: str) -> str | None:
    """One of the values that there are, or none for all."""
    options = sorted(set(filter(None, present)))
    if len(options) < 2:
        return None
    titles = dataset_title if label == "Data set" else str
    return st.selectbox(label, options, None, key=key, placeholder="any", format_func=titles)
