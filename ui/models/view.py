"""The Models page: a table of networks, a card, the checkpoint doctor."""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st
import torch

from diffsmooth_core import SmoothingConfig, load_classifier
from diffsmooth_core.config import usual
from diffsmooth_core.datasets import datasets, labelled_pictures
from diffsmooth_core.zoo import adding as zoo
from diffsmooth_core.zoo import brought, doctor
from diffsmooth_core.zoo.cards import Card, every
from diffsmooth_core.zoo.checkpoints import available_memory
from ui.components import figure
from ui.models import downloading
from ui.session import parameters
from ui.session.limits import limit
from ui.session.parameters import bind
from ui.text import plain
from ui.titles import dataset_title, method_title, network_title

IMAGES = {"cifar10": 200, "imagenet": 32}  # that the doctor looks at
NOISES = ("0", "0.25", "0.5", "1")  # of which a classifier's table has a column
TABLES = {  # kind -> its heading, and what its columns say
    "classifier": (
        "Classifiers",
        "Right: how many of 100 test pictures it has right, under one draw of the noise that it was trained "
        "with, and at other noise levels σ. σ is the noise’s standard deviation where pixel values go from 0 "
        "to 1. CIFAR-10’s networks were measured on 10,000 test pictures; a card says on which those of "
        "ImageNet were.",
    ),
    "denoiser": (
        "Denoisers",
        "They make a clean picture of a noisy one. PSNR says how near they come to the original at σ = 0.25, "
        "in decibels: more is nearer, and 6 dB more is about half the distance.",
    ),
}
LONGEST = 45  # letters of a network's name on one line
NARROW, LETTER = 186, 6.2  # pixels of a column of names, at least, and of a letter
TWO_LINES = 66  # pixels of a row; above 64 a long name is broken into lines
ALL = "all"  # data sets
DEFAULT = "★"  # before what is used unless another network is chosen


def show() -> None:
    """A table of every kind of network, and below it the card of the row that is chosen; then what could be
    downloaded. One data set may be chosen."""
    known = tuple(datasets())
    names = {ALL: "All"} | {dataset: dataset_title(dataset) for dataset in known}
    dataset = st.segmented_control(
        "Data set",
        list(names),
        required=True,
        format_func=names.__getitem__,
        label_visibility="collapsed",
        **bind("dataset", list(names)),
    )
    parameters.show("dataset", None if dataset == ALL else dataset)
    for kind, (title, words) in TABLES.items():
        cards = [card for card in every().values() if card.kind == kind and dataset in (ALL, card.dataset)]
        if cards:
            st.subheader(title, anchor=False)
            st.caption(words)
            if (chosen := _table(kind, cards)) is not None:
                card(chosen)
    downloading.show(known if dataset == ALL else (dataset,))


def _table(kind: str, cards: list[Card]) -> Card | None:
    """The networks of a kind as rows, those first that are used where none is chosen; the chosen one's card,
    None before a choice. The address names it."""
    cards.sort(key=lambda card: (not _is_default(card), card.dataset, network_title(card.name)))
    key, asked = f"models-{kind}", st.query_params.get(kind)
    parameters.check(kind, [card.name for card in cards], "none")
    chosen = [row for row, card in enumerate(cards) if card.name == asked]

    def choose() -> None:
        rows = st.session_state[key].selection.rows
        parameters.choose(kind, cards[rows[0]].name if rows else None)

    st.session_state[key] = {"selection": {"rows": chosen}}
    longest = max(len(network_title(card.name)) for card in cards)
    parameters.show(kind, cards[chosen[0]].name if chosen else None)
    percent, decibels = (st.column_config.NumberColumn(format=f"%.1f {unit}") for unit in ("%%", "dB"))
    st.dataframe(
        pd.DataFrame([_row(card) for card in cards]),
        hide_index=True,
        height="content",
        on_select=choose,
        selection_mode="single-row",
        key=key,
        row_height=TWO_LINES if longest > LONGEST else None,
        placeholder="",
        column_config={f"σ = {noise}": percent for noise in NOISES}
        | {
            "Network": st.column_config.TextColumn(width=max(NARROW, round(LETTER * min(longest, LONGEST)))),
            "For": st.column_config.TextColumn(width=82),
            "Right": percent,
            "PSNR": decibels,
            "Parameters": st.column_config.NumberColumn(format="%.2f M"),
        },
    )
    return cards[chosen[0]] if chosen else None


def from_plugins() -> None:
    """The networks that other installed packages bring, which have no card."""
    if not (found := brought.every().values()):
        return
    st.subheader("From other packages", anchor=False)
    st.caption("Plug-ins that are installed here. What they say of themselves was not measured.")
    columns = {
        "Network": [plain(network.name) for network in found],
        "Kind": [network.kind for network in found],
        "For": [dataset_title(network.dataset) if network.dataset else "any" for network in found],
        "Parameters": [f"{network.parameters / 1e6:.2f} M" for network in found],
        "Package": [plain(network.package) for network in found],
    }
    st.table(columns, border="horizontal")


def _row(card: Card) -> dict[str, Any]:
    """What matters most stands first, as a phone shows no more."""
    star = f"{DEFAULT} " if _is_default(card) else ""
    name, use = {"Network": star + network_title(card.name)}, {"For": dataset_title(card.dataset)}
    rest = {"Trained with": _training_noise(card), "Parameters": card.parameters / 1e6}
    if card.kind == "denoiser":
        return name | {"PSNR": card.metrics.get("psnr_db", {}).get("0.25")} | use | rest
    right = {
        float(noise): 100 * share for noise, share in card.metrics.get("accuracy_under_noise", {}).items()
    }
    levels = {f"σ = {noise}": right.get(float(noise)) for noise in NOISES}
    return name | use | {"Right": right.get(card.training.get("sigma", -1))} | levels | rest


def _is_default(card: Card) -> bool:
    """Whether the network is used where none is chosen."""
    return bool(card.name == usual(card.dataset).get(card.kind, getattr(SmoothingConfig(), card.kind)))


def card(chosen: Card) -> None:
    """Everything that is known of one network."""
    st.subheader(plain(network_title(chosen.name)), anchor=False)
    left, right = st.columns(2, gap="large")
    with left:
        need = 4 * chosen.parameters
        fits = "fits" if need < available_memory() else "does not fit"
        origin = "bundled with the project" if chosen.bundled else "added here"
        made = chosen.training.get("origin", "trained by this project" if chosen.bundled else "")
        entry = f"the file's weights “{chosen.training['entry']}”" if "entry" in chosen.training else ""
        licence = chosen.training.get("licence", "MIT, as the project" if chosen.bundled else "not known")
        facts = {
            "In commands": chosen.name,
            "Origin": ", ".join(filter(None, (origin, made, entry))),
            "Licence": str(licence),
            "Trained for": str(chosen.training.get("objective", "unknown")),
            "Training noise": _training_noise(chosen),
            "Data": str(chosen.training.get("data", "unknown")),
            "Trained on": _effort(chosen),
            "Memory": f"{need / 2**20:,.0f} MiB of weights in float32, which {fits} into what is free now",
            "SHA-256": chosen.sha256[:16] + "…",
        }
        st.table({name: plain(value) for name, value in facts.items()}, border="horizontal", hide_header=True)
        if (
            not chosen.bundled
            and limit("models", "may_change")
            and st.button("Remove this model", icon=":material/delete:")
        ):
            zoo.remove(chosen.name)
            st.rerun()
    with right:
        _measured(chosen.metrics)
        if certified := chosen.metrics.get("certified"):
            _certified(certified)
        if chosen.kind == "classifier":
            _doctor(chosen)


def _training_noise(chosen: Card) -> str:
    if "sigma" in chosen.training:
        return "no noise" if chosen.training["sigma"] == 0 else f"σ = {chosen.training['sigma']:g}"
    return "every level of its schedule" if chosen.schedule else "not known"


def _measured(metrics: dict[str, Any]) -> None:
    """What was measured of the network at each noise, and on which pictures."""
    rows: dict[str, dict[str, str]] = {}
    shares = {"right on noisy ones": metrics.get("accuracy_under_noise", {})}
    for denoiser, found in metrics.get("accuracy_after_denoising", {}).items():
        shares[f"right behind {network_title(denoiser)}"] = found
    for what, found in shares.items():
        rows[what] = {sigma: f"{100 * share:.0f} %" for sigma, share in found.items()}
    for what, name in (("PSNR, noisy", "psnr_db_noisy"), ("PSNR, purified", "psnr_db")):
        rows[what] = {sigma: f"{decibels:.1f} dB" for sigma, decibels in metrics.get(name, {}).items()}
    rows = {what: found for what, found in rows.items() if found}
    if not rows:
        return
    sigmas = sorted({sigma for found in rows.values() for sigma in found}, key=float)
    columns = {"σ": [f"{float(sigma):g}" for sigma in sigmas]} | {
        plain(what): [found.get(sigma, "") for sigma in sigmas] for what, found in rows.items()
    }
    pictures = metrics.get("data", f"{metrics['test_pictures']:,} test pictures")
    st.markdown("**Measured** at each noise σ")
    st.table(columns, border="horizontal")
    st.caption(f"On {plain(pictures)}.")


def _effort(chosen: Card) -> str:
    training = chosen.training
    if "images" not in training:
        return "not known"
    start = f", from {network_title(training['fine_tuned_from'])}" if "fine_tuned_from" in training else ""
    return f"{training['images']:,} pictures in {training['minutes']:g} min on {training['device']}{start}"


def _certified(certified: dict[str, Any]) -> None:
    """Certified accuracy over radius as measured for the card."""
    at = certified["percent_at_radius"]
    what = f"{method_title(certified['method'])} · {network_title(certified['classifier'])}"
    st.markdown(
        f"**Certified accuracy** of {certified['images']} test pictures: {plain(what)} · "
        f"σ = {certified['sigma']:g} · n = {certified['n']:,}"
    )
    st.table(
        {f"r = {radius}": f"{percent:g} %" for radius, percent in at.items()},
        border="horizontal",
        hide_header=True,
    )


def _doctor(chosen: Card) -> None:
    """The checkpoint doctor's finding as a picture."""
    st.markdown("**Checkpoint doctor**: does the network fit the normalisation and the noise on its card?")
    if not st.button("Examine", icon=":material/stethoscope:", key=f"examine-{chosen.name}"):
        return
    with st.spinner("Classifying under every normalisation and noise…", show_time=True):
        pictures, source = labelled_pictures(chosen.dataset, IMAGES.get(chosen.dataset, 100))
        x = torch.stack([picture.tensor for picture in pictures])
        labels = torch.tensor([-1 if picture.label is None else picture.label for picture in pictures])
        found = doctor.examine(
            load_classifier(chosen.name, "cpu"),
            chosen.normalisation or "none",
            x,
            labels,
            chosen.training.get("sigma"),
        )
    figure.show(finding(found), "finding", "Accuracy in percent under each normalisation and noise")
    st.caption(plain(f"{source}. {found.sentence}"))


def finding(checkup: doctor.Checkup) -> go.Figure:
    """Accuracy under each normalisation (rows) and noise (columns)."""
    names, sigmas = list(checkup.accuracy), [f"σ = {s:g}" for s in doctor.SIGMAS]
    percent = [[100 * share for share in row.values()] for row in checkup.accuracy.values()]
    chart = go.Figure(
        go.Heatmap(
            z=percent,
            x=sigmas,
            y=names,
            zmin=0,
            zmax=100,
            texttemplate="%{z:.0f} %",
            colorscale="Teal",
            hovertemplate="%{y}, %{x}: %{z:.1f} % right<extra></extra>",
            showscale=False,
            xgap=3,
            ygap=3,
        )
    )
    chart.update_layout(height=70 + 44 * len(names), margin={"l": 0, "r": 0, "t": 8, "b": 0})
    chart.update_yaxes(autorange="reversed")
    return chart
