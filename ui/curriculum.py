"""The lessons, each a question to guess first, and the tours of the other pages, with their settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import prod

from diffsmooth_core import ABSTAIN, Certificate
from diffsmooth_core.config import SIDES
from diffsmooth_core.datasets.sources import class_names
from diffsmooth_core.wording import length


@dataclass(frozen=True)
class Tour:
    """A question, and the page that answers it with its controls set.

    `lesson` is its name in the address and `task` what to do on the page, which draws only the parts listed
    in `shows`. In a lesson the visitor guesses first, one of `guesses`, of which `right` is the index of the
    right one; `finds` says in the guesses' words what a certificate came to, where one answers the question.
    `answer` is why, and `then` what to try next: both are said once the evidence is there. `drawing` is the
    file in assets/drawings with the change that the page's board begins with.
    """

    lesson: str
    question: str
    answer: str
    page: str
    link: str
    task: str
    settings: dict[str, str] = field(default_factory=dict)
    guesses: tuple[str, ...] = ()
    right: int = 0
    shows: tuple[str, ...] = ()
    finds: Callable[[Certificate], str] | None = None
    then: str = ""
    drawing: str = ""

    @property
    def title(self) -> str:
        """The question in short."""
        return self.question.split("**")[1] if self.guesses else self.question


def radius(certificate: Certificate) -> str:
    """ "0.024"."""
    return length(certificate.radius) if certificate.radius else "an abstention"


def answer(certificate: Certificate) -> str:
    """ "a certified ship"."""
    if certificate.label == ABSTAIN:
        return "an abstention"
    return f"a certified {class_names(certificate.config.dataset)[certificate.label]}"


def majority(certificate: Certificate) -> str:
    """ "32 of 50 votes for truck, and an abstention"."""
    name = class_names(certificate.config.dataset)[certificate.candidate]
    votes = f"{certificate.counts[certificate.candidate]:,} of {certificate.n:,} votes for {name}"
    return f"{votes}, and {answer(certificate)}"


def grey_levels(certificate: Certificate) -> str:
    """What a radius of 0.25 moves each value of a picture of this size by: "0.16 of a grey level"."""
    values = prod((3, *2 * (SIDES[certificate.config.dataset],)))
    return f"{255 * 0.25 / values**0.5:.2g} of a grey level"


YACHT = {"picture": "gallery:sailing-yacht"}
PHOTOGRAPH = {"dataset": "imagenet"}
BRIEF = {"times": "0.9", "attempts": "5", "steps": "5", "copies": "8", "n": "50"}  # an attack of seconds
CERTIFY = "pages/certify.py"
LESSONS = (
    Tour(
        "noise",
        "**Why noise?** With hardly any noise, σ = 0.01, all 1,000 votes agree on the yacht. How large a "
        "radius do they certify?",
        "Even if all votes agree, n votes certify no more than a few σ: only noise makes room, and noise "
        "makes the picture harder.",
        CERTIFY,
        "Certify with σ = 0.01",
        "Press Certify: how large is the radius?",
        YACHT | {"method": "plain", "classifier": "standard", "sigma": "0.01", "n": "1000"},
        ("0.02", "0.5", "as large as one likes"),
        0,
        ("sigma", "meaning"),
        radius,
        "Try a larger σ: does the radius grow with it?",
    ),
    Tour(
        "purify",
        "**Why purify?** The yacht with noise σ = 0.5 goes straight to a classifier that was trained under "
        "σ = 0.25. What comes out?",
        "The classifier sees more noise than it was trained for, and is surely wrong: a certificate promises "
        "that the answer stays, not that it is right.",
        CERTIFY,
        "Certify without diffusion",
        "Press Certify: what is the yacht taken for?",
        YACHT | {"method": "plain", "sigma": "0.5"},
        ("a certified ship", "an abstention", "a certified frog"),
        2,
        ("method",),
        answer,
        "Choose DiffSmooth as the method, which takes the noise away first, and certify again.",
    ),
    Tour(
        "local",
        "**Why local smoothing?** DDS classifies the purified picture once, DiffSmooth several times with a "
        "little noise. The yacht's radius is above 1 with DiffSmooth. With DDS?",
        "With DiffSmooth it is above 1. A classifier that was trained under noise is not at home on purified "
        "pictures; local noise σ′ brings it back to where it was trained.",
        CERTIFY,
        "Certify with DDS",
        "Press Certify: how large is the radius without local noise?",
        YACHT | {"method": "dds"},
        ("larger still", "about 1", "smaller than 0.8"),
        2,
        ("method", "sigma_local", "m"),
        radius,
        "Choose DiffSmooth, which adds the local noise, and certify again.",
    ),
    Tour(
        "abstain",
        "**Why abstain?** Of the noisy copies of a red lorry about three in five are taken for a truck, the "
        "others for this and that. What should an honest method say after 50 votes?",
        "A majority of 50 votes need not be one of all votes: the bound has to exceed ½, and does not yet. "
        "So the method says nothing.",
        CERTIFY,
        "Certify the lorry",
        "Press Certify, and watch the bound.",
        {"picture": "gallery:red-semi-trailer", "n": "50"},
        ("a certified truck", "truck or airplane", "an abstention"),
        2,
        ("sigma", "n"),
        majority,
        "Take 1,000 votes: is a small majority enough now?",
    ),
    Tour(
        "peek",
        "**Why not peek?** A bound at α = 0.001 is wrong at most once in 1,000 times, if one looks at it "
        "once, after 10,000 votes. Somebody looks after every ten votes and stops as soon as there is a "
        "certificate. The true share is ½, so every certificate is false. How often is there one?",
        "Each look is one more chance to be wrong. The anytime bound pays a little radius for all of them, "
        "and may be looked at whenever one likes.",
        "pages/lessons.py",
        "Simulate 1,000 certifications",
        "Press Simulate: in how many of 1,000 certifications is something false claimed?",
        guesses=("1 in 1,000", "5 in 1,000", "more than 15 in 1,000"),
        right=2,
        then="Look less often, or take another α: when is peeking harmless?",
    ),
    Tour(
        "seeds",
        "**A thousand seeds.** A picture's true radius is 0.114. At α = 0.01 a certificate claims more than "
        "that once in 100 times at most. Somebody certifies it with 1,000 seeds and shows the best. What "
        "does that one claim?",
        "Each of these certificates is honest; whoever chooses one of them to show need not be.",
        "pages/lessons.py",
        "Try a thousand seeds",
        "Move “Seeds tried” up to 1,000: what does the best of them claim?",
        guesses=("less than 0.114", "exactly 0.114", "more than 0.114"),
        right=2,
        then="Have a verifier choose the noise: what is left?",
    ),
    Tour(
        "constant",
        "**Right, or only constant?** A photograph of old coins is of none of the ten classes. Can it be "
        "certified?",
        "A certificate says that the answer stays, not that it is right.",
        CERTIFY,
        "Certify the coins",
        "Press Certify: which class do the coins get, and how surely?",
        {"picture": "photo:coins"},
        ("yes", "no: an abstention"),
        0,
        ("picture",),
        answer,
        "Choose other photographs of no class: is there one that abstains?",
    ),
    Tour(
        "break",
        "**Can it be broken?** The yacht is certified. Then an attack that knows both networks makes five "
        "changes, each nine tenths of the radius long. How many of them change the class?",
        "Within the radius there is no such change, whoever looks for it: that is what 99.9 % confidence is "
        "for. Outside nothing is promised.",
        "pages/attack.py",
        "Attack the yacht",
        "Press Certify first, then Attack: how many of five attempts succeed?",
        YACHT | {"n": "300"} | {f"attack-{name}": value for name, value in BRIEF.items()},
        ("none", "one or two", "all five"),
        0,
        then="Take twice the radius, and more attempts: how long must a change be?",
    ),
    Tour(
        "draw",
        "**A change by hand.** The yacht is certified within about 0.9. Somebody paints a white scribble on "
        "it, seven times as long: nothing is promised there. What do 100 votes say of it?",
        "Outside the certificate a class may flip; it need not. A scribble goes one way of 3,072; an attack "
        "that looks for the worst one gets by with less than half its length.",
        "pages/attack.py",
        "Draw on the yacht",
        "Press Certify first, then Put it to the vote: does the scribble flip the class?",
        YACHT | {"n": "300", "attack-way": "draw"},
        ("it flips", "too close to call", "still a ship"),
        2,
        then="Press Clear and draw yourself: what is the shortest change of yours that flips it?",
        drawing="yacht-scribble.png",
    ),
    Tour(
        "photograph",
        "**And a photograph?** EfficientNet-Lite0 never saw noise. A photograph of a king penguin with "
        "σ = 0.25, of 224 × 224 pixels and one of a thousand classes, goes straight to it. What comes out?",
        "The votes scatter over things that the noise makes of it, and the bound does not exceed ½.",
        CERTIFY,
        "Certify the penguin as it is",
        "Press Certify: what is the penguin taken for?",
        PHOTOGRAPH | {"picture": "gallery:king-penguin", "method": "plain"},
        ("a certified penguin", "a certified swing", "an abstention"),
        2,
        ("method",),
        majority,
        "Choose DiffSmooth as the method: a diffusion model for photographs takes the noise away first.",
    ),
    Tour(
        "size",
        "**How much is a radius of 0.25?** Spread evenly over CIFAR-10's 3,072 pixel values, it moves each "
        "by a little more than one of 255 grey levels. And over a photograph's 150,528?",
        "49 times as many values leave a seventh for each, because the length is the root of the summed "
        "squares. Put into one pixel it is the same on both: 37 grey levels in each of its three values. "
        "Radii of pictures of different sizes are not to be compared as they stand.",
        CERTIFY,
        "See a radius on a photograph",
        "Read below what the radius means.",
        PHOTOGRAPH | {"picture": "gallery:lighthouse"},
        ("50 grey levels", "one grey level", "a sixth of a grey level"),
        2,
        ("dataset", "meaning"),
        grey_levels,
        "Choose CIFAR-10: what does its radius move?",
    ),
)
TOURS = (
    Tour(
        "vote",
        "What is one vote?",
        "From the noise to the count, algorithm by algorithm, with every number that is used on the way. "
        "The arrow keys step; Play goes on by itself.",
        "pages/step.py",
        "Step through a vote",
        "Step through with the arrow keys, or press Play.",
        {"picture": "gallery:sailing-yacht", "step": "1"},
        shows=("method", "sigma"),
    ),
    Tour(
        "parts",
        "Which part does the work?",
        "Plain smoothing, local smoothing alone, DDS and DiffSmooth on the same noise: which of them "
        "recognise the yacht, and on which copies they differ.",
        "pages/compare.py",
        "Compare four methods",
        "Press Compare. Which methods recognise the yacht?",
        {"picture": "gallery:sailing-yacht", "tab": "compare"},
        shows=("differences",),
    ),
    Tour(
        "sweep",
        "How much local noise, how many copies?",
        "A map of the certified radius over both noises. The largest is not always for the right class, "
        "and whoever picks the best afterwards has to pay for it.",
        "pages/compare.py",
        "Sweep the local noise",
        "Press Sweep and look for the largest radius of the right class.",
        {"picture": "gallery:sailing-yacht", "tab": "sweep", "over": "sigma_local", "n": "200"},
        shows=("classifier",),
    ),
    Tour(
        "theorems",
        "What do the theorems bound?",
        "How far purification ends from a picture, beside what Theorem 1 prints and what its proof supports. "
        "For real pictures the bounds leave much room.",
        "pages/theorems.py",
        "See the theorems",
        "Look at the slack of each bound: how much of it do the samples use?",
        shows=("picture",),
    ),
    Tour(
        "theorem-1",
        "Where does Theorem 1 fail as printed?",
        "In a world where all pictures lie far from what is received: the reverse process travels a distance "
        "of 400, the printed bound allows 364. What its proof supports, 557, holds.",
        "pages/theorems.py",
        "See it fail",
        "Compare the bars “as printed” and “corrected” with the dotted line, the samples’ distance. "
        "Then make the noise smaller: does the printed bound hold again?",
        {"where": "exact", "world": "far", "dimension": "1", "sigma": "1.0"},
        shows=("over the noise",),
    ),
    Tour(
        "theorem-2",
        "Where does Theorem 2 fail as printed?",
        "In a world with hardly more than one picture, and a network that is a little off. The printed bound "
        "has the squared error, which for a small error is smaller than the error.",
        "pages/theorems.py",
        "See that one fail",
        "Look at the bars of Theorem 2. Then make the network error larger until the printed bound holds.",
        {"where": "exact", "world": "narrow", "dimension": "1", "sigma": "0.5", "eps_error": "0.1"},
        shows=("network error",),
    ),
)
