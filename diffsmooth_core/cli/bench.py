"""`bench`: how fast votes are cast on this machine, compared with the released code's implementation."""

from __future__ import annotations

import json
import statistics
from typing import Any

import click
from tqdm import tqdm

from diffsmooth_core.cli.options import config_options, json_option, threads_option
from diffsmooth_core.cli.output import say
from diffsmooth_core.config import SmoothingConfig


@click.command()
@click.option("--image", default="photo:cat", show_default=True, help="The picture to vote on.")
@click.option("--votes", type=click.IntRange(1), default=100, show_default=True, help="Votes a round.")
@click.option("--repeats", type=click.IntRange(1), default=3, show_default=True, help="Rounds of each.")
@threads_option
@click.option(
    "--tune",
    "tuning",
    is_flag=True,
    help="Time every way to run the networks and remember it: runs take the fastest.",
)
@json_option("Print the figures as JSON.")
@config_options
def bench(
    image: str, votes: int, repeats: int, threads: int | None, tuning: bool, as_json: bool, **settings: Any
) -> None:
    """Time votes of a setting against the plain path, in turn, on the same noise.

    The plain path is the released code's: float32, 50 copies at a time, the m local copies one by one.
    """
    config = SmoothingConfig(**settings)

    import torch

    from diffsmooth_core import SmoothedClassifier
    from diffsmooth_core.benchmarking.plain import plain_votes
    from diffsmooth_core.benchmarking.timing import compare, parts, tune
    from diffsmooth_core.classifiers.execution import MODES
    from diffsmooth_core.datasets import resolve

    if threads:
        torch.set_num_threads(threads)
    x = resolve(image, config.dataset).tensor
    base = SmoothedClassifier.load(config).base
    plain_votes(base, x, config, "estimation", 0, 1)  # raises here what it does not support, not later
    timings = tune(base, x, config) if tuning else {}
    base = SmoothedClassifier.load(config).base  # loaded again, now in the fastest way that was timed
    rounds_done = list(tqdm(compare(base, x, config, votes, repeats), total=repeats, delay=0.5, unit="round"))
    ratios = [r.plain_seconds / r.seconds for r in rounds_done]
    spent = parts(base, x, config, votes)
    agreement = sum(r.agreeing for r in rounds_done) / (votes * repeats)
    found = {
        "votes_per_second": votes / statistics.median(r.seconds for r in rounds_done),
        "plain_votes_per_second": votes / statistics.median(r.plain_seconds for r in rounds_done),
        "ratio": statistics.median(ratios),
        "ratio_range": [min(ratios), max(ratios)],
        "agreement": agreement,
        "execution": str(base.execution),
        "timings": {str(e): {"start": pace.start, "vote": pace.vote} for e, pace in timings.items()},
        "device": str(base.device),
        "dtype": str(base.dtype).removeprefix("torch."),
        "threads": torch.get_num_threads(),
        "share": {part: seconds / sum(spent.values()) for part, seconds in spent.items()},
    }
    if as_json:
        say(json.dumps(found))
        return
    for e, pace in timings.items():
        say(f"{e!s:<12} {1 / pace.vote:7.0f} votes a second after {pace.start:.1f} s")
    say(f"{base.execution}: {MODES[base.execution.mode]}")
    say(
        f"{found['votes_per_second']:.0f} votes a second in {found['dtype']} on {found['device']}, "
        f"{found['plain_votes_per_second']:.0f} on the plain path: ratio {found['ratio']:.2f} "
        f"({min(ratios):.2f} to {max(ratios):.2f}); {100 * agreement:.1f} % of the votes agree"
    )
    shares = ", ".join(f"{part} {100 * s / sum(spent.values()):.1f} %" for part, s in spent.items())
    say(f"of a vote: {shares}")
