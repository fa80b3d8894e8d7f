"""The panels of the Step through page: pictures of each step, with a text and a formula beside them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from diffsmooth_core import SmoothingConfig
from diffsmooth_core.certification.commitment import Tie
from diffsmooth_core.certification.tracing import TracedDiffusion, TracedVote
from diffsmooth_core.config import METHODS
from diffsmooth_core.datasets.sources import Picture
from diffsmooth_core.purification.purifiers import purifier_of
from ui.colours import class_colour
from ui.components import figure, softmax, strip
from ui.images import data_url
from ui.step import charts
from ui.text import plain

ROWS = 10  # classes that bars are shown for
CHART = 195  # pixels high
LOOKS = 4  # local copies that are seen side by side, at most


@dataclass(frozen=True)
class Scene:
    """One vote of a run with all its intermediate results."""

    picture: Picture
    config: SmoothingConfig
    traced: TracedVote
    names: tuple[str, ...]
    tied_to: Tie | None = None  # what its noise is tied to; by default the run's own commitment

    @property
    def diffusion(self) -> TracedDiffusion:
        assert self.traced.diffusion is not None
        return self.traced.diffusion

    @property
    def purified(self) -> npt.NDArray[np.float32]:
        assert self.traced.purified is not None
        return self.traced.purified

    @property
    def shown(self) -> list[int]:
        """The classes that have a bar."""
        return softmax.leading(self.traced.confidence, ROWS)

    def away(self, picture: npt.NDArray[np.float32]) -> float:
        """L2 distance from the picture, in [0,1] units."""
        return float(np.linalg.norm(picture - self.traced.original))


Panel = Callable[[Scene], None]


def halves() -> tuple[DeltaGenerator, DeltaGenerator]:
    """Two columns, for the pictures and for the text; on a narrow screen one is below the other."""
    with st.container(key="step-halves"):
        left, right = st.columns([5, 3], gap="medium")
    return left, right


def _grey(noise: npt.NDArray[np.float32], reach: float) -> str:
    """Noise as a picture: grey is none, `reach` is white."""
    return data_url((0.5 + noise / (2 * reach)).astype(np.float32))


def noise(scene: Scene) -> None:
    config, traced = scene.config, scene.traced
    see, read = halves()
    with see:
        strip.show(
            [
                strip.Frame("The picture", "x", (data_url(traced.original),)),
                strip.Frame(
                    "The noise", "δ; grey is none", (_grey(traced.noise, 3 * config.sigma),), sign="+"
                ),
                strip.Frame("The noisy copy", "x + δ", (data_url(traced.noisy),), sign="="),
            ],
            key="step-strip",
        )
    with read:
        st.markdown(
            f"Every pixel value gets a random number of its own, with standard deviation σ = "
            f"{config.sigma:g}, where pixel values go from 0 to 1. Seed, picture and the copy's number fix "
            f"the noise, so it can be drawn again: seed {config.seed}, copy {traced.index + 1:,}."
        )
        st.latex(r"x_{rs} = x + \delta, \quad \delta \sim \mathcal N(0, \sigma^2 I)")
        size = float(np.linalg.norm(traced.noise))
        st.latex(rf"\sigma = {config.sigma:g}, \quad \lVert \delta \rVert = {size:.2f}")
        st.caption(
            f"The length of this noise; {config.sigma:g} · √{traced.noise.size:,} = "
            f"{config.sigma * traced.noise.size**0.5:.2f} is usual."
        )


def way(scene: Scene) -> None:
    """The stations of the copy side by side, from the picture to the vote: where each step leads."""
    config, traced = scene.config, scene.traced
    frames = [
        strip.Frame("The picture", "as it is", (data_url(traced.original),)),
        strip.Frame("The noisy copy", f"σ = {config.sigma:g}", (data_url(traced.noisy),)),
    ]
    if traced.purified is not None:
        frames.append(strip.Frame("Purified", "less noise", (data_url(traced.purified),)))
    if traced.local:
        looks = "once" if len(traced.local) == 1 else f"{len(traced.local):,} times"
        images = tuple(map(data_url, traced.local[:LOOKS]))
        frames.append(strip.Frame("Classified", looks, images))
    word, share = scene.names[traced.vote], traced.confidence[traced.vote]
    colour = class_colour(traced.vote)
    frames.append(strip.Frame("The vote", f"with {share:.2f} of 1", word=word, colour=colour))
    strip.show(frames, key="step-way-strip")


def timestep(scene: Scene) -> None:
    found, sigma = scene.diffusion, scene.config.sigma
    see, read = halves()
    with see:
        spec = charts.timestep(found.noise_ratio, found.t, sigma)
        figure.show(spec, "step-timestep", "Noise over timesteps, and t*", CHART)
    with read:
        st.markdown(
            "A diffusion model knows pictures with any amount of noise, from hardly any at t = 0 to nothing "
            "but noise. It has to be told how much: the first timestep with at least as much noise as "
            "the copy has. This depends on σ alone, so it is the same for every copy."
        )
        st.latex(r"t^* = \min\left\{ t : \frac{1 - \bar\alpha_t}{\bar\alpha_t} \ge (2\sigma)^2 \right\}")
        ratio = found.noise_ratio[found.t] ** 2
        st.latex(
            rf"t^* = {found.t}, \;\; \bar\alpha_{{t^*}} = {found.alpha_bar:.4f}, \;\; "
            rf"{ratio:.4g} \ge {(2 * sigma) ** 2:.4g}"
        )
        st.caption(
            f"ᾱ is the share of the picture's variance that is left. The schedule has T = "
            f"{len(found.noise_ratio):,} timesteps. The 2 stands there as the model's pixel values go from "
            "−1 to 1, twice as wide."
        )


def scale(scene: Scene) -> None:
    found = scene.diffusion
    see, read = halves()
    with see:
        x_t = ((found.x_t + 1) / 2).astype(np.float32)
        strip.show(
            [
                strip.Frame("The noisy copy", "from 0 to 1, and beyond", (data_url(scene.traced.noisy),)),
                strip.Frame("What the model sees", f"xₜ at t = {found.t}", (data_url(x_t),)),
            ],
            key="step-strip",
        )
    with read:
        st.markdown(
            "The copy is moved to the model's range from −1 to 1 and made paler by √ᾱ. Picture and noise "
            "together then vary as much as they did when the model was trained at this timestep."
        )
        st.latex(r"x_t = \sqrt{\bar\alpha_{t^*}}\,(2\,x_{rs} - 1)")
        st.latex(rf"\sqrt{{{found.alpha_bar:.4f}}} = {found.alpha_bar**0.5:.4f}")


def predict(scene: Scene) -> None:
    found = scene.diffusion
    difference = found.predicted - found.eps
    see, read = halves()
    with see:
        strip.show(
            [
                strip.Frame("Predicted noise", "ε̂, what the network says", (_grey(found.predicted, 3),)),
                strip.Frame("The noise itself", "ε, which it has not seen", (_grey(found.eps, 3),), sign="−"),
                strip.Frame("The difference", "ε̂ − ε, as strong as above", (_grey(difference, 3),), sign="="),
            ],
            key="step-strip",
        )
    with read:
        st.markdown(
            "The network gets the copy and the timestep and says which noise is in it. Here the true noise "
            "is known. What the difference shows is lost: outlines where the network took picture for noise, "
            "or noise for picture."
        )
        st.latex(r"\hat\varepsilon = \varepsilon_\theta(x_t, t^*)")
        st.latex(rf"\mathrm{{rms}}(\hat\varepsilon - \varepsilon) = {found.error:.3f}")
        st.caption("The noise has 1: a network that saw nothing would be off by as much.")


def purify(scene: Scene) -> None:
    found = scene.diffusion
    see, read = halves()
    with see:
        _before_and_after(scene)
    with read:
        st.markdown(
            "The predicted noise is taken out in one step, values beyond the range are cut off, and the "
            "result goes back to values from 0 to 1."
        )
        st.latex(
            r"\hat x_0 = \frac{x_t - \sqrt{1 - \bar\alpha_{t^*}}\;\hat\varepsilon}"
            r"{\sqrt{\bar\alpha_{t^*}}}, \quad \hat x = \frac{\hat x_0 + 1}{2}"
        )
        st.latex(
            rf"\bar\alpha_{{t^*}} = {found.alpha_bar:.4f}, \quad "
            rf"\sqrt{{1 - \bar\alpha_{{t^*}}}} = {(1 - found.alpha_bar) ** 0.5:.4f}"
        )
        _nearer(scene)


def denoise(scene: Scene) -> None:
    see, read = halves()
    with see:
        _before_and_after(scene)
    with read:
        st.markdown(
            f"A network that was trained for σ = {scene.config.sigma:g}, and for no other noise, takes it "
            "out in one pass. It needs no timestep."
        )
        st.latex(r"\hat x = D_\sigma(x_{rs})")
        _nearer(scene)


def _before_and_after(scene: Scene) -> None:
    strip.show(
        [
            strip.Frame("The noisy copy", "before", (data_url(scene.traced.noisy),)),
            strip.Frame("Purified", "after", (data_url(scene.purified),)),
            strip.Frame("The picture", "as it was", (data_url(scene.traced.original),), sign=""),
        ],
        key="step-strip",
    )


def _nearer(scene: Scene) -> None:
    before, after = scene.away(scene.traced.noisy), scene.away(scene.purified)
    st.caption(
        f"L2 distance from the picture: {before:.2f} before, {after:.2f} after. Sharp is not the same "
        "as right: where the noise hid something, the network draws what is likely."
    )


def reverse(scene: Scene) -> None:
    config, found = scene.config, scene.diffusion
    see, read = halves()
    with see:
        softmax.show(_cards(scene, "run"), key="step-cards")
    with read:
        often = (
            "once" if config.purifications == 1 else f"{config.purifications} times over from the same copy"
        )
        st.markdown(
            f"The noise is taken out in {config.reverse_steps} steps with a little new noise between them, "
            f"{often}. Each result is classified."
        )
        st.latex(r"x_{t^*} \to \dots \to x_0, \quad K \text{ times}")
        st.latex(rf"t^* = {found.t}, \quad b = {config.reverse_steps}, \quad K = {config.purifications}")


def local(scene: Scene) -> None:
    config, traced = scene.config, scene.traced
    see, read = halves()
    with see:
        softmax.show(_cards(scene, "local copy"), key="step-cards")
    with read:
        start = "purified copy" if traced.purified is not None else "noisy copy"
        drawn = (
            "The same m noise tensors serve every vote, as in the released code."
            if config.noise == "reference"
            else "This noise, too, is new for every vote and fixed by settings, picture and number."
        )
        st.markdown(
            f"The {start} is copied m = {config.m} times. Each gets a little noise, σ′ = "
            f"{config.sigma_local:g}, and the classifier says how likely it holds each class to be: the "
            f"bars. {drawn}"
        )
        st.latex(
            r"\begin{aligned} p_j &= \mathrm{softmax}\; h(\hat x + \delta'_j) \\"
            r"\delta'_j &\sim \mathcal N(0, \sigma'^2 I) \end{aligned}"
        )
        st.latex(rf"j = 1, \dots, {config.m}, \quad \sigma' = {config.sigma_local:g}")
        winners = [int(p.argmax()) for p in traced.softmax]
        agree = sum(label == traced.vote for label in winners)
        st.caption(
            f"{agree} of the {config.m} put {plain(scene.names[traced.vote])} first. They are no votes: "
            "only their mean is."
        )


def _cards(scene: Scene, what: str) -> list[softmax.SoftmaxCard]:
    shown = softmax.leading(scene.traced.confidence, 5)
    return [
        softmax.SoftmaxCard(
            f"{what.capitalize()} {j}", softmax.bars(p, shown, scene.names), data_url(picture)
        )
        for j, (p, picture) in enumerate(zip(scene.traced.softmax, scene.traced.local, strict=True), 1)
    ]


def vote(scene: Scene) -> None:
    config, traced, method = scene.config, scene.traced, METHODS[scene.config.method]
    order = np.argsort(-traced.confidence, kind="stable")
    first, second = (int(k) for k in order[:2])
    name, runner_up = plain(scene.names[first]), plain(scene.names[second])
    p = traced.confidence
    see, read = halves()
    with see:
        image = "" if traced.local else data_url(traced.noisy if traced.purified is None else traced.purified)
        bars = softmax.bars(p, scene.shown, scene.names)
        softmax.show([softmax.SoftmaxCard("", bars, image)], key="step-mean")
    with read:
        if method.smooths_locally:
            st.markdown(f"The {config.m} answers are averaged, and the class with the largest mean wins.")
            st.latex(r"\bar p = \frac1m \sum_{j=1}^m p_j, \quad \text{vote} = \arg\max_c\, \bar p_c")
            st.latex(rf"m = {config.m}, \quad \max_c\, \bar p_c = {p[first]:.2f}")
        elif purifier_of(config.method).majority:
            st.markdown(f"Each of the K = {config.purifications} results names a class; the majority wins.")
            st.latex(r"\text{vote} = \text{majority of } \arg\max_c\, p_{j,c}")
        else:
            seen, x = ("noisy", "x_{rs}") if traced.purified is None else ("purified", r"\hat x")
            st.markdown(f"The classifier sees the {seen} copy once and names the likeliest class.")
            st.latex(rf"p = \mathrm{{softmax}}\; h({x}), \quad \text{{vote}} = \arg\max_c\, p_c")
        st.markdown(
            f"**One vote for {name}**, with {p[first]:.2f} before {runner_up} with {p[second]:.2f}. How "
            "sure the network was counts no more from here on: a vote is a vote."
        )
