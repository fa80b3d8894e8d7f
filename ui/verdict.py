"""A certificate in words: verdict, what its radius means, and the evidence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from diffsmooth_core import ABSTAIN, Certificate
from diffsmooth_core.certification.illustration import ONE_PIXEL, familiar_changes, implied, perturbation
from diffsmooth_core.datasets.sources import NO_CLASS, Picture
from diffsmooth_core.wording import confidence, down, length, written
from ui import commands
from ui.components import strip
from ui.images import amplified, data_url
from ui.text import plain


@dataclass(frozen=True)
class Verdict:
    """mood: "right", "wrong", "unknown" or "abstain", each with its colour, mark and word."""

    mood: str
    mark: str
    word: str
    headline: str
    sentence: str


def true_class(picture: Picture, class_names: tuple[str, ...]) -> str:
    if picture.label is not None:
        return f"true class: {class_names[picture.label]}"
    return "of none of the classes" if NO_CLASS in picture.note else "true class unknown"


def _without_label(picture: Picture) -> str:
    if NO_CLASS in picture.note:
        return "this picture is of none of the classes"
    return "this picture's true class is not known"


def verdict(certificate: Certificate, picture: Picture, class_names: tuple[str, ...]) -> Verdict:
    """The verdict on a certificate, as Markdown in which outside text is escaped."""
    if certificate.label == ABSTAIN:
        reason = plain(certificate.reason(class_names))
        return Verdict("abstain", ":material/do_not_disturb_on:", "Abstains", "no certificate", reason)
    name, radius = plain(class_names[certificate.label]), length(certificate.radius)
    headline = f"**{name}**, certified radius **{radius}**"
    holds = (
        f"With {confidence(certificate.config.alpha)} confidence, every change of the picture shorter than "
        f"{radius} leaves the smoothed class at {name}"
    )
    if picture.label is None:
        sentence = (
            f"{holds}. Whether that answer is right is another matter: a certificate promises that it stays "
            f"the same, and {_without_label(picture)}."
        )
        return Verdict("unknown", ":material/shield:", "Certified", headline, sentence)
    if picture.label == certificate.label:
        sentence = f"{holds}, which is the picture's class."
        return Verdict("right", ":material/check_circle:", "Certified and right", headline, sentence)
    sentence = (
        f"{holds}, though the picture's class is {plain(class_names[picture.label])}: a certificate promises "
        "that the answer stays the same, not that it is right."
    )
    return Verdict("wrong", ":material/cancel:", "Certified but wrong", headline, sentence)


def meaning(certificate: Certificate, picture: Picture) -> None:
    """The radius made visible: a random change of exactly that length."""
    radius = certificate.radius
    change = perturbation(picture.pixels.shape, radius, certificate.config.seed).astype(np.float32)
    moved = np.divide(picture.pixels, 255, dtype=np.float32) + change
    levels = 255 * radius / change.size**0.5
    in_one = 255 * radius / ONE_PIXEL
    alone_in_one = f", and put into one pixel its three values by about {in_one:.0f}" if in_one <= 255 else ""
    alone, gain = amplified(change)
    size = length(radius)
    st.subheader("What this radius means", anchor=False)
    st.markdown(
        f"No change of the picture whose L2 length is below **{size}** moves the smoothed classifier to "
        f"another class, with confidence 1 − α = {confidence(certificate.config.alpha)} over the sampling. "
        "Its class is the one that comes out most often among all noisy copies; counting some of them to "
        "find it has a risk of its own. The length is the root of the summed squares over all "
        f"{change.size:,} pixel values, which go from 0 to 1. Turning one pixel "
        f"from black to white has length {ONE_PIXEL:.2f}; a change of length {size} spread over all values "
        f"moves each by about {levels:.2g} of 255 grey levels{alone_in_one}."
    )
    direction, amplification = f"in a random direction, length {size}", f"{gain:.0f} times amplified"
    strip.show(
        [
            strip.Frame("The picture", "as the network sees it", (data_url(picture.pixels),)),
            strip.Frame("Changed by the radius", direction, (data_url(moved),)),
            strip.Frame("The change alone", f"{amplification}, grey is none", (data_url(alone),)),
        ],
        key="meaning",
    )
    st.caption(
        "The certificate holds for every direction, also for the worst; the random one shows how long it is. "
        "Values beyond 0 and 1 are clipped for the screen alone."
    )
    _beside(radius, picture)


def _beside(radius: float, picture: Picture) -> None:
    """The radius in other norms, and familiar changes of this picture by their length."""
    most, summed = implied(radius, picture.pixels.size)
    st.markdown(
        f"It implies two more: no change that moves every value by less than {down(255 * most, 3)} grey "
        f"levels (L∞ {down(most, 5)}), and none whose moves add up to less than {length(summed)} (L1), "
        "leads to another class. For comparison, some everyday changes of this picture:"
    )
    changes = familiar_changes(picture.pixels)
    rows = [
        {
            "Change of the picture": words[0].upper() + words[1:],
            "L2 length": f"{size:.2f}",
            "Radius": "covers it" if size < radius else "is too short",
        }
        for words, size in sorted(changes.items(), key=lambda change: change[1])
    ]
    st.table(rows, border="horizontal", hide_index=True)


def evidence(certificate: Certificate, picture: Picture, class_names: tuple[str, ...]) -> None:
    """The numbers that the verdict follows from, the file and the command that give them again."""
    config, candidate = certificate.config, certificate.candidate
    n0, n = sum(certificate.counts0), sum(certificate.counts)
    name = plain(class_names[candidate])
    weights = ", ".join(f"{getattr(config, role)} `{sha[:12]}`" for role, sha in certificate.weights.items())
    rows = {
        "Selection": f"{certificate.counts0[candidate]:,} of n₀ = {n0:,} votes for {name}",
        "Estimation": f"{certificate.counts[candidate]:,} of n = {n:,} votes for {name}, "
        f"share p̂ = {down(certificate.p_hat, 4)}",
        "Bound": _bound(certificate),
        "Radius": _radius(certificate),
        "Counting ended": _ending(certificate),
        "Noise": f"{config.noise}; chosen by {certificate.noise_chosen_by}",
        "Networks": f"{weights} (SHA-256)",
        "Picture": f"`{certificate.image_sha256[:12]}` (SHA-256 of the pixels)",
        "Computed": f"on {certificate.device} in {certificate.dtype}, networks {certificate.execution}, "
        f"{certificate.block} copies at a time, {certificate.seconds:.1f} s, "
        f"{certificate.created.replace('T', ' ')[:16]} UTC",
    }
    st.subheader("Evidence", anchor=False)
    with st.container(key="evidence"):
        st.table(rows, border="horizontal", hide_header=True)
    st.download_button(
        "Download the certificate",
        certificate.to_json(),
        f"certificate-{certificate.image_sha256[:8]}.json",
        "application/json",
        on_click="ignore",
        icon=":material/download:",
    )
    st.caption("The same from the command line:")
    line = commands.certify(config, picture)
    line += f" --challenge {certificate.nonce}" if certificate.nonce else ""
    commands.where(line)
    st.code(line, language="bash", wrap_lines=True)


def _bound(certificate: Certificate) -> str:
    config, p_a = certificate.config, down(certificate.p_a_lower, 6)
    if config.stopping == "sequential" and not certificate.radius:
        return f"none: the test of the target radius {config.target_radius:g} was not passed"
    rule = {
        "fixed": "Clopper–Pearson",
        "adaptive": f"Clopper–Pearson, α shared by {config.rounds} looks",
        "sequential": "group-sequential test of the target radius",
    }.get(config.stopping, "anytime: it holds whenever one looks")
    if config.bound == "two-class":
        return (
            f"p_A ≥ {p_a} and every other p ≤ {-float(down(-certificate.p_b_upper, 6)):.6f}, together at "
            f"α = {written(config.alpha)} ({rule}, half of α each)"
        )
    above = "above" if certificate.p_a_lower > 0.5 else "not above"
    return f"{p_a} at α = {written(config.alpha)} ({rule}), {above} ½"


def _radius(certificate: Certificate) -> str:
    config, p_a, length_ = certificate.config, down(certificate.p_a_lower, 6), down(certificate.radius, 6)
    if not certificate.radius:
        return "none"
    formula = f"σ · Φ⁻¹(bound) = {config.sigma:g} · Φ⁻¹({p_a}…)"
    if config.bound == "two-class":
        formula = f"σ/2 · (Φ⁻¹(p_A) − Φ⁻¹(p_B)), σ = {config.sigma:g},"
    return f"{formula} = {length_}…, L2 in pixel values"


def _ending(certificate: Certificate) -> str:
    """Why counting ended, and how many votes a fixed n would have needed."""
    config = certificate.config
    early = f"after {certificate.n:,} of at most {config.n:,} votes: radius {config.target_radius:g} is"
    why = {
        "spent": f"after all n = {config.n:,} votes",
        "reached": f"{early} reached",
        "hopeless": f"{early} given up: out of reach, or not there at level β = {written(config.beta)}",
    }[certificate.ending]
    if config.stopping == "fixed" or not (planned := certificate.fixed_n):
        return why
    return f"{why}; a fixed n would have taken about {planned:,} for this radius"
