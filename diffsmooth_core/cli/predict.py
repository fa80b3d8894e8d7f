"""`predict IMAGE`: the smoothed classifier's class, without a radius."""

from __future__ import annotations

import json
from typing import Any

import click
from tqdm import tqdm

from diffsmooth_core.cli.options import config_options, json_option
from diffsmooth_core.cli.output import say
from diffsmooth_core.config import ABSTAIN, SmoothingConfig
from diffsmooth_core.wording import written


@click.command()
@click.argument("image")
@config_options
@json_option("Print the prediction as JSON.")
def predict(image: str, as_json: bool, **settings: Any) -> None:
    """The class of IMAGE (see `certify`) from n votes: PREDICT of Cohen et al. It costs fewer votes than a
    certificate and says nothing about pictures nearby."""
    config = SmoothingConfig(**settings)

    # Loading torch takes seconds: settings are checked before it.
    from diffsmooth_core import SmoothedClassifier
    from diffsmooth_core.datasets import class_names, resolve

    picture, names = resolve(image, config.dataset), class_names(config.dataset)
    stream = SmoothedClassifier.load(config).predict_stream(picture.tensor)
    with tqdm(total=config.n, unit="vote", smoothing=0.1, delay=0.5) as bar:
        for found in stream:
            bar.update(found.n_done - bar.n)
    name = None if found.label == ABSTAIN else names[found.label]
    if as_json:
        given = {"image": picture.source, "label": found.label, "class": name, "counts": found.counts}
        say(json.dumps(given | {"n": config.n, "alpha": config.alpha}))
    elif name is None:
        say(
            f"{picture.title}: ABSTAIN. The two leading classes are too close for {config.n:,} votes at "
            f"alpha {written(config.alpha)}"
        )
    else:
        say(
            f"{picture.title}: {name}, the smoothed classifier's class by {config.n:,} votes, wrong with "
            f"probability {written(config.alpha)} at most"
        )
