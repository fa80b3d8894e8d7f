"""Networks without which nothing can be run with a data set, and the way to the page that has them."""

from __future__ import annotations

import streamlit as st

from diffsmooth_core.config import METHODS
from diffsmooth_core.zoo.cards import names
from ui.jobs import downloads
from ui.session import settings, state
from ui.text import plain
from ui.titles import dataset_title, method_title


def show() -> None:
    """Say what the chosen data set and method lack, how large what is published is, and lead to it; nothing
    where networks are here."""
    dataset, method = state.dataset(), str(state.setting("method"))
    if not settings.classifiers(dataset):
        kind, lacks, runs = "classifier", "a classifier", "nothing can be run yet"
    elif METHODS[method].purifies and not settings.denoisers(method, dataset):
        kind, lacks = "denoiser", f"a denoiser for the method {method_title(method)}"
        runs = "this method cannot be run yet"
    else:
        return
    title = plain(dataset_title(dataset))
    with st.container(border=True, key="missing-networks"):
        if names(kind, dataset):
            st.markdown(f"**{title}** needs {plain(lacks)}, and the operator of this server offers none.")
            return
        published = [downloads.OFFERS[name] for name in downloads.missing(dataset)]
        sizes = "; ".join(f"{plain(offer.title)}, {downloads.size(offer)}" for offer in published)
        st.markdown(
            f"**{title}** needs {plain(lacks)}, and none is on this machine. Its pictures can be looked at; "
            f"{runs}. {f'Published: {sizes}.' if sizes else 'Add one of your own.'}"
        )
        st.page_link(
            "pages/models.py",
            label=f"Networks for {title}",
            icon=":material/arrow_forward:",
            query_params={"dataset": dataset},
        )
