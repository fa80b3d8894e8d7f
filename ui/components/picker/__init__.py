"""Choosing a picture: groups of thumbnails to click, an index, or an upload."""

from __future__ import annotations

from functools import lru_cache, partial
from pathlib import Path

import streamlit as st

from diffsmooth_core import InputError
from diffsmooth_core.datasets.sources import Choice, Group, catalogue, from_upload
from ui import uploads
from ui.images import data_url
from ui.jobs import files
from ui.session import settings, state
from ui.session.numbers import fits
from ui.text import plain

UPLOADER = "upload-file"
THUMBNAIL = 96  # pixels a side
PAGE = 20  # thumbnails of an indexed group shown at once
_HERE = Path(__file__).parent
picker = st.components.v2.component(
    "diffsmooth_picker",
    html='<div class="pictures" role="radiogroup" aria-label="Pictures"></div>',
    css=(_HERE / "picker.css").read_text(encoding="utf-8"),
    js=(_HERE / "picker.js").read_text(encoding="utf-8"),
)


@lru_cache(maxsize=512)
def thumbnail(spec: str, dataset: str) -> str:
    """A picture of a spec as a small square. Raises InputError."""
    return data_url(state.resolved(spec, dataset).shown, THUMBNAIL)


def warm_up() -> None:
    """Decode the thumbnails of all named pictures once."""
    dataset = settings.DEFAULTS.dataset
    for group in catalogue(dataset):
        for choice in group.choices:
            thumbnail(choice.spec, dataset)


def choose(follow: bool = False) -> None:
    """The picker: kind of picture, then the picture. The choice is state.picture().

    With `follow` a change of kind chooses the first picture of that kind; without, one can look around.
    """
    groups = {group.kind: group for group in catalogue(state.dataset())}
    titles = {kind: group.title for kind, group in groups.items()} | {"upload": "Upload"}
    current = state.picture_spec().partition(":")[0]
    kind = st.pills(
        "Picture",
        list(titles),
        default=current if current in titles else next(iter(titles)),
        required=True,
        format_func=titles.__getitem__,
    )
    if follow and current in titles and kind not in (current, "upload") and groups[kind].size:
        first = groups[kind].choices[:1]
        state.choose_picture(first[0].spec if first else f"{kind}:0")
    state.forget_refused(kind)
    if kind == "upload":
        _upload()
    else:
        _browse(groups[kind])
    files.show("picture")
    if problem := state.picture_problem():
        st.error(f"{plain(problem)}.")


def _browse(group: Group) -> None:
    if group.size == 0:
        st.caption(plain(group.reason or "There are no pictures here."))
        return
    choices = group.choices or _around(group)
    spec = state.picture_spec()
    data = {
        "chosen": spec,
        # A tuple: Streamlit imports pandas to find out that a list is no table.
        "choices": tuple(
            {"spec": c.spec, "title": c.title, "image": thumbnail(c.spec, state.dataset())} for c in choices
        ),
    }

    def picked() -> None:
        if chosen := st.session_state[f"picker-{group.kind}"].picked:
            state.choose_picture(str(chosen))

    picker(data=data, key=f"picker-{group.kind}", on_picked_change=picked)


def _around(group: Group) -> tuple[Choice, ...]:
    """An indexed group's pictures on the chosen one's page."""
    kind, _, name = state.picture_spec().partition(":")
    index = int(name) if kind == group.kind else 0
    key = f"index-{group.kind}"

    def jump() -> None:
        typed = st.session_state[key]
        if fits(typed, (0, group.size - 1)):
            state.choose_picture(f"{group.kind}:{typed}")
        else:
            state.refuse_picture(
                group.kind, f"there is no picture {typed:,}: choose from 0 to {group.size - 1:,}"
            )

    st.session_state[key] = index
    st.number_input(
        f"Index, 0 to {group.size - 1}",
        step=1,
        key=key,
        on_change=jump,
        help="The picture's place in the test split, in the official order, or in the validation folder.",
    )
    first = index // PAGE * PAGE
    return tuple(
        Choice(f"{group.kind}:{i}", f"Test picture {i}", None)
        for i in range(first, min(first + PAGE, group.size))
    )


def _upload() -> None:
    def uploaded() -> None:
        state.refuse_picture("upload", "")
        if (file := uploads.given(UPLOADER)) is None:
            return
        data, name, dataset = file.getvalue(), file.name, state.dataset()
        uploads.forget(UPLOADER)  # what is kept is the small copy

        def refuse(problem: str) -> None:
            state.refuse_picture("upload", f"{name} cannot be used: {problem}")

        work = partial(from_upload, data, name, dataset)
        try:
            files.read("picture", "pictures", name, work, state.set_picture, refuse)
        except InputError as error:
            refuse(str(error))

    uploads.uploader(
        "PNG, JPEG or WEBP",
        UPLOADER,
        ["png", "jpg", "jpeg", "webp"],
        on_change=uploaded,
        help="The centre is cropped and scaled to what the network sees. The picture stays on this server "
        "and is not in the page's address.",
    )
    kind, _, name = state.picture_spec().partition(":")
    if kind == "upload":
        st.caption(f":material/check: {plain(name)} is the picture.")
