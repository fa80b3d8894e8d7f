"""The Step through page: which copy, which step, and the step's panel."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from diffsmooth_core import InputError, SmoothingConfig
from diffsmooth_core.config import METHODS
from diffsmooth_core.datasets.sources import Picture, class_names
from diffsmooth_core.purification.purifiers import purifier_of
from ui.components import focus
from ui.jobs import certificates, networks, votes
from ui.page import problem_line
from ui.session import state
from ui.session.draft import Draft
from ui.session.settings import CERTIFY
from ui.step import counting, panels

SETTINGS = CERTIFY.extended("step", {"step": 1, "copy": 1}, {"step": (1, 8), "copy": (1, 1_000_000)})
PACE = 3.0  # seconds that a step is shown while the page plays


@dataclass(frozen=True)
class Step:
    """`short` is what the row of steps calls it, `source` the algorithm of the paper."""

    panel: panels.Panel
    short: str
    title: str
    source: str


PURIFYING = {  # by the names in a purifier's `steps`
    "timestep": Step(panels.timestep, "Timestep", "The noise chooses a timestep", "Algorithm 1"),
    "scale": Step(panels.scale, "Scale", "The copy becomes the model's xₜ", "Algorithm 2"),
    "predict": Step(panels.predict, "Predict", "The network predicts the noise", "Algorithm 2"),
    "purify": Step(panels.purify, "Purify", "The noise is taken out", "Algorithm 2"),
    "denoise": Step(panels.denoise, "Denoise", "A network takes the noise out", "Salman et al."),
    "reverse": Step(panels.reverse, "Purify", "The reverse process, K times", "DensePure"),
}


def steps(config: SmoothingConfig) -> list[Step]:
    """The steps of one vote, as far as the method has them."""
    local, source = [], "the classifier"
    if METHODS[config.method].smooths_locally:
        source = "Algorithm 3"
        local = [Step(panels.local, "Smooth", "A little noise, m times", source)]
    return [
        Step(panels.noise, "Noise", "Noise is added", "Algorithm 4"),
        *(PURIFYING[name] for name in purifier_of(config.method).steps),
        *local,
        Step(panels.vote, "Vote", "One copy, one vote", source),
        Step(counting.count, "Count", "The vote is counted", "Algorithms 4 and 5"),
    ]


def show(picture: Picture, draft: Draft[SmoothingConfig]) -> None:
    """The page below its title."""
    config = draft.values
    if config is None:
        problem_line(draft.problem)
        return
    path = steps(config)
    at, copy = min(state.setting("step"), len(path)), min(state.setting("copy"), config.n)
    _row(path, at, copy, config)
    step = path[at - 1]
    with st.container(border=True, key="step-panel"):
        st.subheader(f"{at} · {step.title}", anchor=False)
        st.caption(f"{step.source} · copy {copy:,} of {config.n:,}")
        if not _wanted(picture, config, copy):
            return
        try:
            with st.spinner("Drawing this vote", show_time=True):
                tied_to = certificates.committed(picture, config, state.challenge())
                traced = votes.traced(picture, config, copy, tied_to)
        except InputError as error:
            problem_line(str(error))
            return
        scene = panels.Scene(picture, config, traced, class_names(config.dataset), tied_to)
        step.panel(scene)
    if at < len(path):  # the count is of all copies
        with st.container(key="step-way"):
            st.subheader(f"The whole way of copy {copy:,}", anchor=False)
            panels.way(scene)
    if state.is_playing():
        st.fragment(_clock, run_every=PACE)(at, copy, len(path), config.n)


def _row(path: list[Step], at: int, copy: int, config: SmoothingConfig) -> None:
    """Draw the row of controls: the steps with the current one marked, back and forward, and the copies."""

    def chosen() -> None:
        state.change_settings(step=st.session_state["step-row"])

    st.session_state["step-row"] = at
    st.segmented_control(
        "Step",
        range(1, len(path) + 1),
        key="step-row",
        on_change=chosen,
        required=True,
        format_func=lambda i: f"{i} {path[i - 1].short}",
        label_visibility="collapsed",
    )
    with st.container(horizontal=True, vertical_alignment="center", key="step-controls"):
        st.button(
            "Back",
            icon=":material/arrow_back:",
            key="step-back",
            shortcut="Left",
            disabled=at == 1,
            on_click=state.change_settings,
            kwargs={"step": at - 1},
        )
        last = at == len(path)
        after = {"step": 1, "copy": copy + 1} if last else {"step": at + 1}
        st.button(
            "Next copy" if last else "Next",
            icon=":material/arrow_forward:",
            key="step-next",
            shortcut="Right",
            type="primary",
            disabled=last and copy == config.n,
            on_click=state.change_settings,
            kwargs=after,
        )
        playing = state.is_playing()
        st.button(
            "Pause" if playing else "Play",
            key="step-play",
            shortcut="P",
            icon=":material/pause:" if playing else ":material/play_arrow:",
            on_click=state.set_playing,
            args=(not playing,),
        )
        _copies(copy, config.n)
        focus.steer()


def _copies(copy: int, n: int) -> None:
    def jump() -> None:
        state.change_settings(copy=min(max(st.session_state["step-copy"], 1), n))

    st.session_state["step-copy"] = copy
    with st.container(horizontal=True, vertical_alignment="center", width="content"):
        st.markdown("Copy", width="content")
        st.number_input(
            "Copy", step=1, key="step-copy", on_change=jump, width=140, label_visibility="collapsed"
        )
        st.markdown(f"of {n:,}", width="content")


def _wanted(picture: Picture, config: SmoothingConfig, copy: int) -> bool:
    """Whether to draw this vote: at once where that is quick, otherwise once it was asked for."""
    here = (picture.sha256, config, copy)
    if networks.votes_quickly(config) or st.session_state.get("step-asked") == here:
        return True

    def ask() -> None:
        st.session_state["step-asked"] = here

    st.markdown("Networks as large as these take a CPU a minute or two for one vote.")
    st.button("Draw this vote", key="step-ask", on_click=ask)
    return False


def _clock(at: int, copy: int, last: int, n: int) -> None:
    """Go on every PACE seconds: to the next step, then to the next copy. The first call is no tick."""
    here = (at, copy)
    if st.session_state.get("step-shown") != here:
        st.session_state["step-shown"] = here
        return
    if here == (last, n):
        state.set_playing(False)
    else:
        state.change_settings(**({"step": at + 1} if at < last else {"step": 1, "copy": copy + 1}))
    st.rerun()
