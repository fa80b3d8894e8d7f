"""The terms of both theorems as JSON and as text."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from diffsmooth_core.cli.claims import surely
from diffsmooth_core.cli.output import say

if TYPE_CHECKING:
    from diffsmooth_core.theory import Theorem1, Theorem2


def theorem1_as_dict(found: Theorem1, scale: float) -> dict[str, Any]:
    from diffsmooth_core.theory import VERSIONS

    return {
        "dimension": found.dimension,
        "eta": found.eta,
        "tau": found.tau,
        "C_estimate": scale * found.c,  # as a length, so that tau times it is the score term as printed
        "distances": (scale * found.distances).tolist(),
        "shift": scale * found.shift,
        "noise": scale * found.noise,
        "quantile": scale * found.quantile,
        "versions": {
            version: {
                "score_term_mean": scale * float(found.score_term(version).mean()),
                "bound_mean": scale * float(found.bound(version).mean()),
                "inside": share.k,
                "count": share.n,
                "interval": [share.low, share.high],
            }
            for version, share in ((version, found.share(version)) for version in VERSIONS)
        },
    }


def theorem2_as_dict(found: Theorem2, scale: float) -> dict[str, float]:
    return {
        "distance": scale * found.distance,
        "monte_carlo": scale * found.monte_carlo,
        "printed": scale * found.printed,
        "corrected": scale * found.corrected,
        "identity": scale * found.identity,
        "squared_eps_error": found.error,
    }


def show(result: dict[str, Any], as_json: bool) -> None:
    if as_json:
        say(json.dumps(result))
        return
    one, two = result["theorem1"], result["theorem2"]
    unit = "[0,1]" if result["unit"] == "pixel" else "[-1,1]"
    mean = sum(one["distances"]) / len(one["distances"])
    say(f"Theorem 1, {unit} units: reverse-SDE samples lie {mean:.4g} from the clean point, on average")
    for version, row in one["versions"].items():
        low, high = row["interval"]
        say(
            f"  {version:9} bound {row['bound_mean']:.4g}: {row['inside']} of {row['count']} samples inside, "
            f"95 % interval {low:.3f} to {high:.3f}, promised {surely(one['eta'])}"
        )
    say(
        f"  C is an estimate from these paths; halving the steps moves the ends by "
        f"{result['doubling_error']:.3g}"
    )
    error = f" +- {two['monte_carlo']:.2g}" if two["monte_carlo"] else ""
    say(
        f"Theorem 2: the one-shot output lies {two['distance']:.4g}{error} from the posterior mean; "
        f"printed bound {two['printed']:.4g}, corrected {two['corrected']:.4g}, "
        f"identity {two['identity']:.4g}"
    )
