"""Decision regions around a certified picture: figure 1 of the paper, computed, with the circle to scale.
Its session-state keys begin with "regions-"."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from torch import Tensor

from diffsmooth_core.attacks import RESOLUTIONS, Plane, RegionKind, Regions, RegionsConfig
from diffsmooth_core.attacks.plane import UNKNOWN, Labels
from diffsmooth_core.config import METHODS
from diffsmooth_core.datasets import Choice, catalogue
from diffsmooth_core.datasets.sources import class_names
from diffsmooth_core.wording import duration, length, percent
from ui.attack.regions_image import regions_picture
from ui.colours import ABSTAIN, class_colour
from ui.components import strip
from ui.images import data_url
from ui.jobs import attacks
from ui.jobs.cancelling import cancel_button
from ui.jobs.certificates import Certification
from ui.jobs.polling import failure, is_waiting, show_queue_position
from ui.jobs.registry import Snapshot
from ui.page import problem_line
from ui.session import notices, state
from ui.session.draft import Draft
from ui.session.numbers import within
from ui.text import plain

LARGE = 3072  # values of a picture above which a vote takes a CPU a tenth of a second
VOTES = (1, 100)  # that can be asked for at a point
COLOURED = 10  # classes, as many as there are colours
RANDOM, ATTACK = "a random direction", "the attack's change"


def show(certified: Certification) -> None:
    """Draw the controls, and the regions computed so far."""
    certificate = attacks.certificate_of(certified)
    found = attacks.latest(certified, "regions")
    st.subheader("What lies around the picture", anchor=False)
    st.markdown(
        "All changes of a picture have far too many dimensions to draw. Here are two of them: the picture is "
        "the dot in the middle, and each point is a changed picture in the colour of its class."
    )
    _controls(certified, found)
    if found is None:
        return
    if found.state == "failed":
        st.error(failure(found))
    regions: Regions | None = found.progress
    if regions is None:
        return
    run: attacks.RegionsTask = found.subject
    names = class_names(certificate.config.dataset)
    colours = _colours(regions, len(names))
    strip.show(_frames(regions, run, names, colours), key="regions-strip")
    _legend(regions, run, names, colours)


def _controls(certified: Certification, found: Snapshot[Any] | None) -> None:
    """Draw the controls for the plane and what is drawn on it, and the button."""
    running = found is not None and not found.finished
    *columns, action = st.columns([2, 2, 2.2, 1.2, 1.2, 1.2], gap="small", vertical_alignment="bottom")
    d = certified.subject.picture.pixels.size
    across, above, chosen = _choices(columns, list(_ways(certified)), d, disabled=running)
    if running and found is not None:
        with action:
            cancel_button(found, "regions-stop", "Stop")
        progress = found.progress
        if is_waiting(found):
            show_queue_position(lambda: attacks.latest(certified, "regions"))
        st.progress(progress.done / progress.total if progress else 0.0)
        return
    config = chosen.values
    off = config is None
    if action.button("Draw", key="regions-draw", type="primary", width="stretch", disabled=off) and config:
        notices.attempt(_draw, certified, (across, above), config)
        st.rerun()
    problem_line(chosen.problem)
    if config:
        st.caption(
            f"{config.resolution} × {config.resolution} points with {config.votes} votes each take about "
            f"{duration(attacks.regions_seconds(certified, config))}; the picture comes from coarse to fine."
        )


def _choices(
    columns: Sequence[DeltaGenerator], ways: Sequence[str], d: int, *, disabled: bool
) -> tuple[str, str, Draft[RegionsConfig]]:
    """Draw the controls for where the axes lead, of `ways`, and for the regions, in five columns. `d` is the
    number of the picture's values: lengths grow with its root."""
    right, up, wide, fine, votes = columns
    across = right.selectbox(
        "To the right",
        ways,
        0,
        key="regions-right",
        disabled=disabled,
        help="What the first axis leads towards.",
    )
    above = up.selectbox(
        "Upwards",
        ways,
        min(1, len(ways) - 1),
        key="regions-up",
        disabled=disabled,
        help="What the second axis leads towards.",
    )
    large, unit = d > LARGE, round(math.sqrt(d / LARGE)) / 2
    own = "-large" if large else ""  # in the key of a control that begins otherwise there
    extent = wide.slider(
        "Half-width (L2)",
        unit,
        40 * unit,
        16 * unit,
        unit,
        key=f"regions-extent{own}",
        disabled=disabled,
        format="%.1f",
    )
    size = fine.selectbox(
        "Points a side", RESOLUTIONS, 0 if large else 1, key=f"regions-size{own}", disabled=disabled
    )
    each = votes.number_input(
        "Votes a point",
        value=3 if large else 9,
        step=1,
        key=f"regions-votes{own}",
        disabled=disabled,
        help="For the smoothed classifier; all points see the same noise.",
    )
    return across, above, Draft.of(lambda: RegionsConfig(extent, size, within("Votes a point", each, VOTES)))


def _ways(certified: Certification) -> dict[str, Choice | None]:
    """The choices for an axis's direction: towards a picture of another class, random, or along the last
    attack's change."""
    certificate = attacks.certificate_of(certified)
    names = class_names(certificate.config.dataset)
    ways: dict[str, Choice | None] = {}
    for group in catalogue(certificate.config.dataset):
        for choice in group.choices:
            if choice.label is not None and choice.label != certificate.candidate:
                ways.setdefault(names[choice.label], choice)
    ways[RANDOM] = None
    if _change(certified) is not None:
        ways[ATTACK] = None
    return ways


def _change(certified: Certification) -> Tensor | None:
    """The change that the last attack made: the shortest that succeeded, where one did; None without an
    attack."""
    attacked = attacks.latest(certified)
    if attacked is None or attacked.progress is None:
        return None
    found = attacked.progress.smallest
    changed: Tensor = found.picture if found else attacked.progress.adversarial
    return changed


def _draw(certified: Certification, towards: tuple[str, str], regions: RegionsConfig) -> None:
    dataset, ways = certified.subject.config.dataset, _ways(certified)
    there, words = [], []
    for way in towards:
        choice = ways[way]
        there.append(
            _change(certified)
            if way == ATTACK
            else None
            if choice is None
            else state.resolved(choice.spec, dataset).tensor
        )
        words.append(way if choice is None else f"{way} ({choice.title})")
    picture, seed = certified.subject.picture.tensor, certified.subject.config.seed
    plane = Plane.through(picture, there[0], there[1], seed)
    attacks.submit_regions(certified, plane, regions, (words[0], words[1]))


def _frames(
    regions: Regions, run: attacks.RegionsTask, names: tuple[str, ...], colours: list[str]
) -> list[strip.Frame]:
    """A frame for each stage of the method."""
    method = METHODS[run.certificate.config.method]
    copy = "one noisy copy" + (", purified" if method.purifies else "")
    words: dict[RegionKind, tuple[str, str]] = {
        "classifier": ("The classifier alone", "no noise, nothing else"),
        "purified": ("Purified first", copy),
        "vote": (
            "Smoothed locally" if method.smooths_locally else "One vote",
            copy + (", under local noise" if method.smooths_locally else ""),
        ),
        "smoothed": ("Smoothed", f"most of {run.regions.votes} votes"),
    }
    frames = []
    for stage, labels in regions.labels.items():
        title, how = words[stage]
        radius = run.certificate.radius if stage == "smoothed" else 0.0
        picture = regions_picture(labels, run.regions.extent, radius, colours)
        frames.append(
            strip.Frame(title, f"{how}: {_shares(labels, names)}", (data_url(picture),), crisp=False)
        )
    return frames


def _colours(regions: Regions, classes: int) -> list[str]:
    """A colour for each class: its usual one, or an unused one where another class here has the same. Of more
    than ten classes, those with the largest regions get a colour and the others are grey."""
    free, found = [class_colour(k) for k in range(COLOURED)], [ABSTAIN] * classes
    counts = np.bincount(_seen(regions), minlength=classes)
    largest = [int(k) for k in np.argsort(-counts, kind="stable")[:COLOURED] if counts[k]]
    for k in sorted(largest):
        found[k] = class_colour(k) if class_colour(k) in free else free[0]
        free.remove(found[k])
    return found


def _seen(regions: Regions) -> Labels:
    """The classes of all points that were classified, over all stages."""
    every: Labels = np.concatenate([labels.ravel() for labels in regions.labels.values()])
    seen: Labels = every[every != UNKNOWN]
    return seen


def _shares(labels: Labels, names: tuple[str, ...]) -> str:
    """The classes with the largest regions, and the share of the square of each, in words."""
    counts = np.bincount(labels[labels != UNKNOWN], minlength=len(names))
    largest = [int(k) for k in np.argsort(-counts, kind="stable")[:2] if counts[k]]
    return ", ".join(f"{names[k]} {percent(counts[k] / counts.sum(), 0)}" for k in largest)


def _legend(regions: Regions, run: attacks.RegionsTask, names: tuple[str, ...], colours: list[str]) -> None:
    shown = [(names[k], colours[k]) for k in map(int, np.unique(_seen(regions)))]
    named = [pair for pair in shown if pair[1] != ABSTAIN]
    named += [("other", ABSTAIN)] if len(named) < len(shown) else []
    marks = " · ".join(f':color[■]{{foreground="{colour}"}}\u00a0{plain(name)}' for name, colour in named)
    right, up = (plain(way) for way in run.towards)
    st.markdown(marks)
    radius, extent = run.certificate.radius, run.regions.extent
    circle = ""
    if radius:
        small = " (so small here that the dot hides it)" if radius < extent / 40 else ""
        circle = (
            f"The circle is the certified radius {length(radius)}, to scale{small}: inside it the smoothed "
            f"classifier keeps its class, which a coarse grid with {run.regions.votes} votes a point may "
            "not show. "
        )
    st.caption(
        f"To the right: {right}. Upwards: {up}. The square is {2 * extent:g} wide, in L2 length of pixel "
        f"values. {circle}All points see the same noise, so a border belongs to the method, not to the "
        "noise."
    )
