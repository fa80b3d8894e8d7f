"""Questions to guess first and tours of the other pages, with the settings that answer them.

A tour's link names it as the `lesson` of the address: then the page shows what the tour is about and hides
the rest, until a person asks for everything.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ui.session import notices, state


@dataclass(frozen=True)
class Tour:
    """A question, and the page that answers it with its controls set. Where there are `guesses`, the visitor
    guesses first; `right` is the index of the right one. `lesson` is the tour's name in the address and
    `task` the instruction on the page, which draws, besides the answer, only the parts listed in `shows`."""

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


YACHT = {"picture": "gallery:sailing-yacht"}
PHOTOGRAPH = {"dataset": "imagenet"}
LESSONS = (
    Tour(
        "noise",
        "**Why noise?** With hardly any noise, σ = 0.01, all 1,000 votes agree on the yacht. How large a "
        "radius do they certify?",
        "0.02, about two and a half σ. Even if all votes agree, the radius cannot be larger than that: "
        "only noise makes room, and noise makes the picture harder.",
        "pages/certify.py",
        "Certify with σ = 0.01",
        "Press Certify. Then try a larger σ: does the radius grow with it?",
        YACHT | {"method": "plain", "classifier": "standard", "sigma": "0.01", "n": "1000"},
        ("0.02", "0.5", "as large as one likes"),
        0,
        shows=("sigma", "meaning"),
    ),
    Tour(
        "purify",
        "**Why purify?** The yacht with noise σ = 0.5 goes straight to a classifier that was trained under "
        "σ = 0.25. What comes out?",
        "Certified, and wrong: over 900 of 1,000 votes say frog. The classifier sees more noise than it was "
        "trained for, and is sure of it. With purification it is a ship.",
        "pages/certify.py",
        "Certify without diffusion",
        "Press Certify. Then choose DiffSmooth as the method, and certify again.",
        YACHT | {"method": "plain", "sigma": "0.5"},
        ("a certified ship", "an abstention", "a certified frog"),
        2,
        shows=("method",),
    ),
    Tour(
        "local",
        "**Why local smoothing?** DDS classifies the purified picture once, DiffSmooth several times with a "
        "little noise. The yacht's radius is 1.17 with DiffSmooth. With DDS?",
        "Much smaller, 0.51. A classifier that was trained under noise is not at home on purified "
        "pictures; local noise σ′ brings it back to where it was trained.",
        "pages/certify.py",
        "Certify with DDS",
        "Press Certify. Then choose DiffSmooth, which adds the local noise, and certify again.",
        YACHT | {"method": "dds"},
        ("larger", "about the same", "much smaller"),
        2,
        shows=("method", "sigma_local", "m"),
    ),
    Tour(
        "abstain",
        "**Why abstain?** On an airliner on the runway about three of five votes go to ship, the others to "
        "airplane. What should an honest method say after 50 votes?",
        "Nothing: it abstains. A majority of a sample is not a majority of all votes; the bound has to "
        "exceed ½. With 1,000 votes it does, and certifies a ship: surely the answer, and the wrong one.",
        "pages/certify.py",
        "Certify the airliner",
        "Press Certify and watch the bound. Then take 1,000 votes, or less noise: what is certified?",
        {"picture": "gallery:airliner-on-the-runway", "n": "50"},
        ("the class with more votes", "both classes", "nothing"),
        2,
        shows=("sigma", "n"),
    ),
    Tour(
        "peek",
        "**Why not peek?** α = 0.001 is promised at the end of 10,000 votes. Somebody looks after every "
        "vote and stops at the best moment, though the true share is exactly ½. How often is the "
        "certificate false?",
        "In about 3 of 100 runs: thirty times the promise. The bound on this page's lower half can be "
        "looked at whenever one likes; this run uses it.",
        "pages/certify.py",
        "Stop at a target",
        "Press Certify: the run stops as soon as its bound settles the question, and may.",
        YACHT | {"stopping": "decided", "target_radius": "0.3", "n": "5000"},
        ("1 in 1,000", "3 in 1,000", "3 in 100"),
        2,
        shows=("stopping", "target_radius"),
    ),
    Tour(
        "constant",
        "**Right, or only constant?** A cup of coffee belongs to none of the ten classes. Can it be "
        "certified?",
        "It can. A certificate says that the answer stays, not that it is right.",
        "pages/certify.py",
        "Certify a cup of coffee",
        "Press Certify. Which class does the cup of coffee get, and how surely?",
        {"picture": "photo:coffee"},
        ("yes", "no"),
        0,
        shows=("picture",),
    ),
    Tour(
        "photograph",
        "**Why purify a photograph?** A king penguin with noise σ = 0.25 goes straight to a network for "
        "ImageNet's 1,000 classes that has never seen noise. What comes out?",
        "Nothing: most votes are for a swing or a hook, and neither has a clear majority. The diffusion "
        "model for photographs takes the noise away first, and nearly all votes are for the penguin.",
        "pages/certify.py",
        "Certify the penguin as it is",
        "Press Certify. Then choose DiffSmooth as the method, and certify again.",
        PHOTOGRAPH | {"picture": "gallery:king-penguin", "method": "plain"},
        ("a certified penguin", "a certified swing", "an abstention"),
        2,
        shows=("method",),
    ),
    Tour(
        "size",
        "**How much is a radius of 0.25?** Spread evenly over CIFAR-10's 3,072 pixel values, it moves each "
        "by a little more than one of 255 grey levels. And over a photograph's 150,528?",
        "By a sixth of a grey level: 49 times as many values leave a seventh for each, because the length is "
        "the root of the summed squares. Put into one pixel it is the same on both: 37 grey levels in each "
        "of its three values. Radii of pictures of different sizes are not to be compared as they stand.",
        "pages/certify.py",
        "See a radius on a photograph",
        "Read below what the radius means. Then choose CIFAR-10: what does its radius move?",
        PHOTOGRAPH | {"picture": "gallery:lighthouse"},
        ("50 grey levels", "one grey level", "a sixth of a grey level"),
        2,
        shows=("dataset", "meaning"),
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
        "Plain smoothing, local smoothing alone, DDS and DiffSmooth on the same noise: one sees which of "
        "them know the yacht, and on which copies they differ.",
        "pages/compare.py",
        "Compare four methods",
        "Press Compare. Which methods know the yacht?",
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


_BY_NAME = {tour.lesson: tour for tour in (*LESSONS, *TOURS)}


def current() -> Tour | None:
    """The tour that the page was opened for; None where it shows everything. Says so where there is no such
    tour."""
    name = state.lesson()
    if name and name not in _BY_NAME:
        state.end_lesson()
        notices.notify(f"lesson = {name[:40]!r} in the address is unknown; everything is shown")
    return _BY_NAME.get(name)


def shows(part: str) -> bool:
    """Whether a setting or a panel is drawn: all are, but in a lesson only its own."""
    tour = current()
    return tour is None or part in tour.shows
