"""A certificate in words: verdict, what its radius means, and the evidence."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

import streamlit as st

from diffsmooth_core import ABSTAIN, Certificate
from diffsmooth_core.certification.illustration import ONE_PIXEL, perturbation
from diffsmooth_core.config import METHODS
from diffsmooth_core.datasets.sources import Picture
from ui import strip
from ui.images import data_url
from ui.text import down, plain


@dataclass(frozen=True)
class Verdict:
    """mood: "right", "wrong", "unknown" or "abstain", each with its colour, mark and word."""

    mood: str
    mark: str
    word: str
    headline: str
    sentence: str


def verdict(certificate: Certificate, picture: Picture, class_names: tuple[str, ...]) -> Verdict:
    """What came out, as Markdown that is safe to show."""
    if certificate.label == ABSTAIN:
        reason = plain(certificate.reason())
        return Verdict("abstain", ":material/do_not_disturb_on:", "Abstains", "no certificate", reason)
    name, radius = class_names[certificate.label], down(certificate.radius, 2)
    headline = f"**{name}**, certified radius **{radius}**"
    holds = f"Every change of the picture shorter than {radius} leaves the answer at {name}"
    if picture.label is None:
        said = (
            f"{holds}. Whether that answer is right is another matter: a certificate promises that it stays "
            "the same, and this picture has no known class."
        )
        return Verdict("unknown", ":material/shield:", "Certified", headline, said)
    if picture.label == certificate.label:
        said = f"{holds}, which is the picture's class."
        return Verdict("right", ":material/check_circle:", "Certified and right", headline, said)
    said = (
        f"{holds}, though the picture's class is {class_names[picture.label]}: a certificate promises that "
        "the answer stays the same, not that it is right."
    )
    return Verdict("wrong", ":material/cancel:", "Certified but wrong", headline, said)


def meaning(certificate: Certificate, picture: Picture) -> None:
    """The radius made visible: a random change of exactly that length."""
    radius, alpha = certificate.radius, certificate.config.alpha
    change = perturbation(picture.tensor, radius, certificate.config.seed)
    moved = (picture.tensor + change).permute(1, 2, 0).numpy()
    levels = 255 * float(change.square().mean().sqrt())
    gain = 0.25 / float(change.abs().max())
    amplified = (0.5 + gain * change).permute(1, 2, 0).numpy()
    shown = down(radius, 3)
    st.subheader("What this radius means", anchor=False)
    st.markdown(
        f"Any change of the picture whose L2 length is below **{shown}** keeps the answer, with probability "
        f"at least 1 − α = {100 * (1 - alpha):g} % over the sampling. The length is the root of the summed "
        f"squares over all {change.numel():,} pixel values, which go from 0 to 1. Turning one pixel from "
        f"black to white has length {ONE_PIXEL:.2f}; a change of length {shown} spread over all values moves "
        f"each by about {levels:.1f} of 255 levels."
    )
    direction, amplification = f"in a random direction, length {shown}", f"{gain:.0f} times amplified"
    strip.show(
        [
            strip.Frame("The picture", "as the network sees it", (data_url(picture.pixels),)),
            strip.Frame("Changed by the radius", direction, (data_url(moved),)),
            strip.Frame("The change alone", f"{amplification}, grey is none", (data_url(amplified),)),
        ],
        key="meaning",
    )
    st.caption(
        "The certificate holds for every direction, the worst included; a random one only shows the length. "
        "Values beyond 0 and 1 are clipped for the screen alone."
    )


def evidence(certificate: Certificate, picture: Picture, class_names: tuple[str, ...]) -> None:
    """The numbers that the verdict follows from, the file and the command that give them again."""
    config, candidate = certificate.config, certificate.candidate
    n0, n = sum(certificate.counts0), sum(certificate.counts)
    name = class_names[candidate]
    weights = ", ".join(f"{model} `{sha[:12]}`" for model, sha in certificate.weights.items())
    rows = {
        "Selection": f"{certificate.counts0[candidate]:,} of n₀ = {n0:,} votes for {name}",
        "Estimation": f"{certificate.counts[candidate]:,} of n = {n:,} votes for {name}, "
        f"share p̂ = {certificate.p_hat:.4f}",
        "Lower bound": f"{down(certificate.p_a_lower, 6)} at α = {config.alpha:g} (Clopper–Pearson), "
        f"{'above' if certificate.p_a_lower > 0.5 else 'not above'} ½",
        "Radius": f"σ · Φ⁻¹(bound) = {config.sigma:g} · Φ⁻¹({down(certificate.p_a_lower, 4)}…) = "
        f"{down(certificate.radius, 4)}, L2 length in pixel values"
        if certificate.radius
        else "none",
        "Seed": f"{config.seed}, local noise {config.noise}",
        "Networks": f"{weights} (SHA-256)",
        "Picture": f"`{certificate.image_sha256[:12]}` (SHA-256 of the pixels)",
        "Computed": f"on {certificate.device} in {certificate.dtype}, {certificate.batch} votes at a time, "
        f"{certificate.seconds:.1f} s, {certificate.created.replace('T', ' ')[:16]} UTC",
    }
    st.subheader("Evidence", anchor=False)
    st.table(rows, border="horizontal", hide_header=True)
    st.download_button(
        "Download the certificate", certificate.to_json(), f"certificate-{certificate.image_sha256[:8]}.json",
        "application/json", on_click="ignore", icon=":material/download:",
    )  # fmt: skip
    st.caption("The same from the command line:")
    st.code(command(certificate, picture), language="bash", wrap_lines=True)


def command(certificate: Certificate, picture: Picture) -> str:
    """The command line that certifies the same picture with the same votes."""
    config, method = certificate.config, METHODS[certificate.config.method]
    image = picture.source.removeprefix("upload:")
    options = {"dataset": config.dataset, "method": config.method, "classifier": config.classifier}
    if method.purifies:
        options["denoiser"] = config.denoiser
    options["sigma"] = f"{config.sigma:g}"
    if method.smooths_locally:
        options |= {"sigma-local": f"{config.sigma_local:g}", "m": str(config.m), "noise": config.noise}
    options |= {
        "n0": str(config.n0),
        "n": str(config.n),
        "alpha": f"{config.alpha:g}",
        "seed": str(config.seed),
    }
    flags = [f"--{name} {shlex.quote(value)}" for name, value in options.items()]
    lines = [f"python -m diffsmooth_core certify {shlex.quote(image)}"]
    lines += [" ".join(flags[i : i + 4]) for i in range(0, len(flags), 4)]
    return " \\\n    ".join([*lines, "--json --out cert.json"])
