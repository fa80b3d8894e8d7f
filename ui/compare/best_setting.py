"""The Compare page: what may be claimed of the best setting, which was picked after looking."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import streamlit as st

from diffsmooth_core import SmoothingConfig
from diffsmooth_core.datasets.sources import class_names
from diffsmooth_core.experiments import Comparison
from ui.compare.controls import LETTERS, address, listed
from ui.jobs.registry import Snapshot
from ui.navigation import certify_by_name
from ui.text import plain


def for_class(snapshot: Snapshot[Any]) -> str:
    """ " for ship", as Markdown, where the picture's class is known: only a radius certified for that class
    counts."""
    picture = snapshot.subject.picture
    return "" if picture.label is None else f" for {plain(class_names(picture.dataset)[picture.label])}"


def as_large(found: Comparison, which: int) -> str:
    """ ", as B and C have" where other settings certify the same class as far as the one at `which`."""
    reached = [e.certificate and (e.certificate.label, e.certificate.radius) for e in found.entries]
    same = [LETTERS[i] for i, each in enumerate(reached) if i != which and each == reached[which]]
    if not same:
        return ""
    return f", as {listed(same)} {'have' if len(same) > 1 else 'has'}"


def none_is_best(snapshot: Snapshot[Any], k: int) -> str:
    """A sentence why none of the k settings can be called the best."""
    return (
        f"No setting certifies a radius{for_class(snapshot)} at α/{k}, which is what the best of {k}, picked "
        "afterwards, needs."
    )


def certify_again(snapshot: Snapshot[Any], config: SmoothingConfig) -> None:
    """A link to the Certify page with this setting and another seed, so that the certificate does not depend
    on the noise for which the setting was picked."""
    picture = snapshot.subject.picture
    if not picture.source.startswith("upload:"):
        st.page_link(
            certify_by_name(),
            label="Or certify it with new noise, at α itself",
            icon=":material/arrow_forward:",
            query_params=address(picture, replace(config, seed=config.seed + 1)),
        )
