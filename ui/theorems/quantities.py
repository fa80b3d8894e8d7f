"""The theorems' quantities: what each symbol is, its value now, and the bounds that they add up to."""

from __future__ import annotations

from diffsmooth_core.theory import Theorem1, Theorem2
from ui.components.terms import Term, TermRow

SHIFT, NOISE, SCORE, SAMPLES, ONE_SHOT = "#0e887d", "#6db8ae", "#d08a2e", "#6f7f95", "#b0406a"
CORRECTED, PRINTED = "#8a6fb8", "#c2553d"
TITLES = {
    "printed": "as printed",
    "corrected": "corrected",
    "pathwise": "pathwise",
    "tight": "tightened",
    "free": "without C",
}
BOUNDS = {  # what each of them is
    "printed": "the paper’s formula. C is twice the largest score that these paths met: an estimate",
    "corrected": "the same with the factor that the paper’s own derivation gives",
    "pathwise": "what the score did on each path, in place of C: nothing is estimated",
    "tight": "the same, with shift and noise together by their exact distribution",
    "free": "no bound, but what the first three begin with: whoever is nearer than this is inside all three",
}
WITH_C = (TITLES["printed"], TITLES["corrected"])


def first(found: Theorem1, scale: float, unit: str) -> tuple[list[TermRow], dict[str, Term]]:
    """Theorem 1's versions, and the quantities that they are sums of; lengths times `scale`."""
    scores = {"printed": "printed", "corrected": "corrected", "pathwise": "path", "tight": "path"}
    rows = []
    for version, title in TITLES.items():
        parts = [("shift", scale * found.shift), ("noise", scale * found.noise)]
        if version == "tight":
            parts = [("both", scale * found.quantile)]
        if version in scores:
            parts.append((scores[version], scale * float(found.score_term(version).mean())))
        rows.append(TermRow(title, "" if version == "free" else "≤", parts, BOUNDS[version]))
    score = "what the score may do on the way, where C/2 bounds its length and C is an estimate from below"
    words = {
        "shift": ("‖x_{rs} − x_0‖", SHIFT, "how far what is received lies from the picture"),
        "noise": (
            "ρ·C_η",
            NOISE,
            f"how long the reverse process’s own noise is, but for a risk of {found.eta:g}",
        ),
        "both": (
            "q_{1−η}",
            "#3aa096",
            "shift and noise together, by their exact distribution instead of the triangle inequality",
        ),
        "printed": ("τ·C", PRINTED, f"{score}; as the paper prints it"),
        "corrected": ("(e^τ − 1)·C", CORRECTED, f"{score}; as its derivation gives it"),
        "path": ("∫ e^τ γ ‖∇log p_t‖ dt", SCORE, "what the score did along the sampled paths; needs no C"),
    }
    values = {term: value for row in rows for term, value in row.parts}
    return rows, {
        name: Term(symbol, colour, f"{said}. Now {values[name]:,.4g} in {unit} units.")
        for name, (symbol, colour, said) in words.items()
    }


def second(found: Theorem2, scale: float) -> tuple[list[TermRow], dict[str, Term]]:
    """The distance in Theorem 2 and its bounds; lengths are multiplied by `scale`."""
    error = f", give or take {scale * found.monte_carlo:.2g}" if found.monte_carlo else ""
    rows = {
        "distance": (
            "distance",
            "",
            found.distance,
            "‖x̂ − E[x_0|x_t]‖",
            ONE_SHOT,
            f"from the one-shot output to the mean of all pictures that x_t may come from{error}",
        ),
        "exact identity": (
            "identity",
            "=",
            found.identity,
            "√(ρ^2 E − spread)",
            SHIFT,
            "what the derivation gives exactly; the spread is that of the possible pictures",
        ),
        "corrected": (
            "corrected",
            "≤",
            found.corrected,
            "ρ √E",
            CORRECTED,
            "the bound that follows: ρ times the root of the error E",
        ),
        "as printed": (
            "printed",
            "≤",
            found.printed,
            "ρ E",
            PRINTED,
            "the paper’s bound: it has E where √E belongs, and can fail where E is below 1",
        ),
    }
    return (
        [
            TermRow(title, left, [(key, round(scale * value, 7))], words)
            for title, (key, left, value, _, _, words) in rows.items()
        ],
        {key: Term(symbol, colour) for key, _, _, symbol, colour, _ in rows.values()},
    )
