"""A certificate and the progress of a run as a notebook shows them: strip of pictures, the votes, the
bound against ½. Classes are numbers here: names belong to data sets, which it does not know."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence

import numpy as np

from diffsmooth_core.certification.certificate import Certificate
from diffsmooth_core.certification.progress import Pixels, Progress, Samples
from diffsmooth_core.config import ABSTAIN
from diffsmooth_core.markup import Markup, element, joined
from diffsmooth_core.wording import confidence, down

ROWS = 5  # classes that have a bar
SIDE = 96  # pixels of a picture's side
FRAME = "font:14px/1.5 system-ui,sans-serif;max-width:640px"
QUIET = "opacity:.7;font-size:13px;margin:.3em 0"


def of_certificate(certificate: Certificate) -> str:
    """A certificate: its answer, its votes, its bound, and who chose the noise."""
    config = certificate.config
    title = element("b", f"Class {certificate.label}")
    said = joined(title, f", certified L2 radius {down(certificate.radius, 4)} in [0,1] pixel units")
    if certificate.label == ABSTAIN:
        names = [f"class {k}" for k in range(len(certificate.counts))]
        said = joined(element("b", "ABSTAIN"), f". {certificate.reason(names)}")
    about = (
        f"n = {certificate.n:,}, σ = {config.sigma:g}, confidence {confidence(config.alpha)}; the noise was "
        "chosen by "
        f"{certificate.noise_chosen_by}"
    )
    told = certificate.on_their_word
    return element(
        "div",
        element("p", said, style="margin:.3em 0"),
        _votes(certificate.counts, certificate.candidate),
        _bound(certificate.p_a_lower, "p_A ≥"),
        element("p", about, style=QUIET),
        element("p", told, style=QUIET) if told else None,
        style=FRAME,
    )


def of_progress(progress: Progress) -> str:
    """A run on its way: the pictures of the last vote, the votes so far, the bound, and at its end the
    certificate."""
    counts = progress.counts0 if progress.stage == "selection" else progress.counts
    stage = f"{progress.stage.capitalize()}: {progress.n_done:,} of {progress.n_total:,} votes"
    now = "p_A ≥" if not progress.provisional else "provisional"
    ended = progress.certificate
    return element(
        "div",
        element("p", stage, style="margin:.3em 0") if ended is None else None,
        _strip(progress.samples),
        _votes(counts, progress.candidate) if ended is None else None,
        _bound(progress.p_a_lower, now) if ended is None and progress.stage == "estimation" else None,
        Markup(of_certificate(ended)) if ended is not None else None,
        style=FRAME,
    )


def _votes(counts: Sequence[int], candidate: int) -> Markup:
    """The leading classes with a bar each, the candidate's in full colour."""
    order = [int(k) for k in np.argsort(-np.asarray(counts), kind="stable")[:ROWS] if counts[int(k)]]
    bars = (
        element(
            "div",
            element("span", f"class {k}", style="width:5.5em"),
            element("span", style=_bar(counts[k] / sum(counts), "#0e887d" if k == candidate else "#8b9098")),
            element("span", f"{counts[k]:,}"),
            style="display:flex;gap:.6em;align-items:center",
        )
        for k in order
    )
    return joined(*bars)


def _bar(share: float, colour: str) -> str:
    return f"width:{300 * share:.0f}px;height:.8em;background:{colour}"


def _bound(p_a: float, words: str) -> Markup:
    """The lower bound on a line from 0 to 1, against ½."""
    x = round(300 * p_a, 1)
    drawn = element(
        "svg",
        element("line", x1=0, x2=300, y1=8, y2=8, stroke="currentColor", stroke_opacity=0.3),
        element("line", x1=0, x2=x, y1=8, y2=8, stroke="#0e887d" if p_a > 0.5 else "#8b9098", stroke_width=5),
        element("line", x1=150, x2=150, y1=1, y2=15, stroke="currentColor"),
        width=300,
        height=16,
        role="img",
    )
    return element(
        "div", drawn, f" {words} {down(p_a, 4)} against ½", style="display:flex;gap:.6em;margin:.4em 0"
    )


def _strip(samples: Samples) -> Markup:
    """The pictures of a vote, from the original to what the classifier saw."""
    shown = {"original": samples.original, "noisy": samples.noisy}
    if samples.purified is not None:
        shown["purified"] = samples.purified
    if samples.local:
        shown["with local noise"] = samples.local[0]
    style = "margin:0;text-align:center;font-size:12px"
    frames = (
        element("figure", _image(picture), element("figcaption", name), style=style)
        for name, picture in shown.items()
    )
    vote = element("figcaption", f"class {samples.vote}", style="align-self:center;font-weight:600")
    return element("div", *frames, vote, style="display:flex;gap:.6em;margin:.3em 0")


def _image(picture: Pixels) -> Markup:
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray((np.clip(picture, 0, 1) * 255).round().astype(np.uint8)).save(file, "PNG")
    url = f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
    return element("img", src=url, width=SIDE, height=SIDE, style="image-rendering:pixelated")
