"""The settings that are compared: a card for each; all are kept as one text in the page's address."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import streamlit as st

from diffsmooth_core import InputError, SmoothingConfig
from diffsmooth_core.config import METHODS
from diffsmooth_core.datasets.sources import Picture
from diffsmooth_core.experiments import SWEEPS
from ui.jobs.networks import runnable
from ui.page import problem_line
from ui.session import notices, state
from ui.session.draft import Draft
from ui.session.numbers import NUMBERS, within
from ui.session.settings import CERTIFY, CONFIG_FIELDS, SPANS, choices, denoisers
from ui.text import plain, unbroken
from ui.titles import method_title, network_title

TABS = {"compare": "Side by side", "sweep": "Sweep one setting"}
SETTINGS = CERTIFY.extended(
    "compare",
    {"tab": "compare", "settings": "", "comparison": "", "over": "sigma_local", "sweep": ""},
    choices={"tab": tuple(TABS), "over": tuple(SWEEPS)},
)
FIELDS = ("method", "classifier", "sigma", "sigma_local", "m", "n")
START = ("plain", "local-only", "dds", "diffsmooth")
FIRST_VOTES = {"imagenet": 50}  # data set -> votes n at first, as four settings take four runs' time
LETTERS = "ABCD"
Chosen = dict[str, Any]  # one setting's FIELDS


def chosen() -> list[Chosen]:
    """The compared settings: those in the address, or the defaults of a first visit."""
    text = str(state.setting("settings"))
    try:
        if found := [_parse(part) for part in text.split(";") if part][: len(LETTERS)]:
            return found
    except InputError as error:
        notices.notify(str(error))
        state.change_settings(settings="")
    base = {name: st.session_state[name] for name in FIELDS}
    base["n"] = min(base["n"], FIRST_VOTES.get(state.dataset(), base["n"]))
    return [base | {"method": method} for method in START]


def _parse(text: str) -> Chosen:
    values = text.split(",")
    if len(values) != len(FIELDS):
        raise InputError(
            f"settings = {text[:40]!r} in the address is not {', '.join(FIELDS)}; it is left out"
        )
    return {
        name: CERTIFY.parse(name, value, state.dataset()) for name, value in zip(FIELDS, values, strict=True)
    }


def _keep(settings: list[Chosen]) -> None:
    state.change_settings(settings=";".join(",".join(str(one[name]) for name in FIELDS) for one in settings))


def drafts(settings: list[Chosen], shared: SmoothingConfig) -> list[Draft[SmoothingConfig]]:
    """The configuration of each setting, combined with the settings that all share."""
    return [Draft.of(partial(_config, one, shared)) for one in settings]


def _config(one: Chosen, shared: SmoothingConfig) -> SmoothingConfig:
    known = denoisers(one["method"], shared.dataset, one["classifier"])
    denoiser = shared.denoiser if shared.denoiser in known or not known else known[0]
    return runnable(replace(shared, **one, denoiser=denoiser))


def address(picture: Picture, config: SmoothingConfig) -> dict[str, str]:
    """The parameters that open another page with this picture and these settings."""
    return {"picture": picture.source} | {name: str(getattr(config, name)) for name in CONFIG_FIELDS}


def title(config: SmoothingConfig, i: int) -> str:
    """ "D · DiffSmooth"."""
    return f"{LETTERS[i]} · {METHODS[config.method].title}"


def listed(letters: Sequence[str]) -> str:
    """ "A, B and C"."""
    *most, last = letters
    return f"{', '.join(most)} and {last}" if most else last


def words(config: SmoothingConfig) -> str:
    """Classifier and numbers, as far as the method uses them, as Markdown. No line ends with a mark between
    them, wherever it is broken."""
    numbered = ("sigma", "sigma_local", "m", "purifications", "reverse_steps")
    used = [name for name in numbered if name not in config.unused]
    numbers = [f"{SmoothingConfig.symbol(name)} = {getattr(config, name):g}" for name in used]
    text = f"{network_title(config.classifier)}: {', '.join([*numbers, f'n = {config.n:,}'])}"
    return unbroken(plain(text))


def cards(settings: list[Chosen], drafts: list[Draft[SmoothingConfig]]) -> None:
    """A card for each setting: what it is, and where to change it."""
    with st.container(key="compare-cards"):
        columns = st.columns(len(settings), gap="small")
    for i, (column, one, draft) in enumerate(zip(columns, settings, drafts, strict=True)):
        with column.container(border=True, height="stretch", vertical_alignment="distribute"):
            with st.container():
                st.markdown(f"**{LETTERS[i]} · {METHODS[one['method']].title}**")
                problem_line(draft.problem)
                if draft.values:
                    st.caption(words(draft.values))
            with st.container(horizontal=True, vertical_alignment="center"):
                with st.popover("Change", width="content"):
                    _widgets(i, settings)
                if len(settings) > 2:
                    st.button(
                        "Remove",
                        key=f"compare-remove-{i}",
                        type="tertiary",
                        on_click=_remove,
                        args=(settings, i),
                    )


def more(settings: list[Chosen]) -> None:
    """A button that adds a setting like the last one."""
    if len(settings) < len(LETTERS):
        st.button(
            "Add a setting",
            key="compare-add",
            icon=":material/add:",
            on_click=_keep,
            args=([*settings, settings[-1]],),
        )


def _change(i: int, settings: list[Chosen], values: Chosen) -> None:
    """Take these values for one of the settings. Raises InputError for a number that it cannot have: then it
    keeps its own."""
    for name in FIELDS:
        if name in NUMBERS:
            within(f"{LETTERS[i]}: {NUMBERS[name][0]}", values[name], SPANS[name])
    _keep([*settings[:i], values, *settings[i + 1 :]])


def _remove(settings: list[Chosen], i: int) -> None:
    _keep(settings[:i] + settings[i + 1 :])


def _widgets(i: int, settings: list[Chosen]) -> None:
    one = settings[i]
    key = {name: f"compare-{name}-{i}" for name in FIELDS}
    st.session_state.update({key[name]: one[name] for name in FIELDS})

    def changed() -> None:
        notices.attempt(_change, i, settings, {name: st.session_state[key[name]] for name in FIELDS})

    method = METHODS[one["method"]]
    titles: dict[str, Callable[[str], str]] = {"method": method_title, "classifier": network_title}
    for name in ("method", "classifier"):
        st.selectbox(
            name.capitalize(),
            choices(name, state.dataset()),
            format_func=titles[name],
            key=key[name],
            on_change=changed,
        )
    for row in (("sigma", "sigma_local"), ("n", "m")):
        for column, name in zip(st.columns(2), row, strict=True):
            label, step, _ = NUMBERS[name]
            form = "%g" if step % 1 else None
            used = method.smooths_locally or name in ("sigma", "n")
            column.number_input(
                label, step=step, format=form, key=key[name], disabled=not used, on_change=changed
            )
