"""Adding a network on the Models page: an uploaded checkpoint, a file of the server's, or one from the Hub.

Session-state keys: `several-sets`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from diffsmooth_core.classifiers.normalisation import STATISTICS
from diffsmooth_core.config import InputError
from diffsmooth_core.zoo import adding as zoo
from diffsmooth_core.zoo.cards import Card, added_folder
from diffsmooth_core.zoo.checkpoints import SUFFIXES, is_path
from diffsmooth_core.zoo.wrapping import SeveralSetsError, WeightSet
from ui import uploads
from ui.jobs import files
from ui.session import notices
from ui.session.limits import limit
from ui.session.numbers import within
from ui.titles import dataset_title
from ui.uploads import Upload

USUAL = "the usual one of its layout"
OUTPUTS = {  # -> the output of the first class
    "one for each class": None,
    "one more, the first is no class": 1,
    "one more, the last is no class": 0,
}
FORM, UPLOADER = "add-network", "checkpoint"


def form() -> None:
    """A form for a checkpoint that is uploaded or lies on the server, or for one of timm's from the Hub."""
    if not limit("models", "may_change"):
        return
    with st.expander("Add a network", icon=":material/add:"), st.form("add", border=False):
        st.caption(
            "The layouts of Cohen, SmoothAdv, MACER, Consistency, SmoothMix, timm, OpenAI and diffusers are "
            "told from the file itself; nothing in it is ever run. A name such as timm/resnet50.a1_in1k is "
            "fetched from the Hub."
        )
        file = uploads.uploader(
            "Upload a checkpoint",
            UPLOADER,
            [suffix.removeprefix(".") for suffix in SUFFIXES],
            help="A larger file can lie in the server's folder of models: give its path below.",
        )
        left, right = st.columns(2)
        source = left.text_input(
            "Or a file in the folder of models, or timm/NAME", placeholder="checkpoint.pth.tar"
        )
        name = right.text_input("Name it", placeholder="smoothadv-resnet110")
        sigma = left.number_input("Training noise σ", value=0.25, step=0.05, help="No file stores it.")
        usual = right.selectbox("Normalisation", [USUAL, *STATISTICS])
        extra = left.selectbox(
            "Outputs", OUTPUTS, help="Networks from TensorFlow may have 1,001 for ImageNet."
        )
        meant = _which(right, file.name if file else source)
        if st.form_submit_button("Add", icon=":material/add:"):
            options = {
                "sigma": sigma,
                "normalisation": None if usual == USUAL else usual,
                "offset": OUTPUTS[extra],
                "weights": meant,
            }
            notices.attempt(_add, file, source, name, options, form=FORM)
            st.rerun()
    files.show(FORM)
    notices.show_with(FORM)


def _which(column: DeltaGenerator, shown: str) -> str | None:
    """The set of weights that is meant, asked for once a file turned out to hold several."""
    file, sets = st.session_state.get("several-sets", (None, ()))
    if shown != file:
        return None
    labels = {found.entry: f"{found.entry}: {found.tensors} tensors, {found.dtypes}" for found in sets}
    meant: str | None = column.selectbox(
        "Weights",
        labels,
        index=None,
        format_func=labels.__getitem__,
        placeholder="Which are meant?",
        help="Files often hold the weights of the last step and an average of many steps, called ema: "
        "papers mostly report the average.",
    )
    return meant


def _add(file: Upload | None, source: str, name: str, options: dict[str, Any]) -> None:
    """Add the uploaded checkpoint, or the one that `source` names, and say so. Raises InputError."""
    within("Training noise σ", options["sigma"], (0.0, 2.0))
    if file is None:
        _check_door(source)
        work = partial(zoo.add, source, name, **options)
    else:
        work = partial(_uploaded, file.getvalue(), file.name, name, options)
    shown = file.name if file else source
    then = partial(_came, shown)
    files.read(
        FORM, "files", shown, partial(_asking, work), then, partial(notices.notify, form=FORM, refusal=True)
    )


def _asking(work: Callable[[], Card]) -> Card | tuple[WeightSet, ...]:
    """What `work` gives, or the sets of weights of which somebody has to choose one."""
    try:
        return work()
    except SeveralSetsError as several:
        return several.sets


def _came(shown: str, found: Card | tuple[WeightSet, ...]) -> None:
    """Say that the network was added, or ask which of several sets of weights is meant."""
    if not isinstance(found, Card):
        st.session_state["several-sets"] = (shown, found)
        which = " and ".join(f"“{one.entry}”" for one in found)
        remedy = "choose one under Weights and press Add again"
        notices.notify(f"{shown} holds several sets of weights, {which}; {remedy}.", FORM, refusal=True)
        return
    st.session_state.pop("several-sets", None)
    uploads.forget(UPLOADER)
    card = found
    entry = f" Its weights are those under “{card.training['entry']}”." if "entry" in card.training else ""
    said = f"{card.name} was added: a {card.kind} for {dataset_title(card.dataset)}.{entry}"
    notices.notify(said, FORM)


def _check_door(source: str) -> None:
    """Raise InputError where a visitor names a file outside the operator's folder of models, there or not:
    the page must not tell what lies elsewhere on the server."""
    hub = source.startswith("timm/") and ".." not in source and not Path(source).exists()
    folder = added_folder().resolve()
    named = not hub and (is_path(source) or Path(source).exists())
    if named and not Path(source).resolve().is_relative_to(folder):
        raise InputError(f"{source} is not in this server's folder of models; upload it instead")


def _uploaded(data: bytes, filename: str, name: str, options: dict[str, Any]) -> Card:
    """Add an uploaded checkpoint; of its own name only the ending plays a part."""
    ending = next((suffix for suffix in SUFFIXES if filename.endswith(suffix)), SUFFIXES[0])
    with TemporaryDirectory() as folder:
        path = Path(folder, f"upload{ending}")
        path.write_bytes(data)
        try:
            return zoo.add(str(path), name, **options)
        except SeveralSetsError:
            raise
        except InputError as error:
            raise InputError(str(error).replace(str(path), filename)) from None
