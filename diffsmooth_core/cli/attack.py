"""`attack IMAGE`: certify a picture, then try to change its class."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from diffsmooth_core.cli.options import config_options, given_on_the_command_line, json_option
from diffsmooth_core.cli.output import say
from diffsmooth_core.config import ABSTAIN, USUAL_ATTACK, InputError, SmoothingConfig
from diffsmooth_core.wording import written

if TYPE_CHECKING:
    from diffsmooth_core import Certificate
    from diffsmooth_core.attacks import AttackConfig, AttackProgress

BEYOND = 2.0  # without --radius, attack changes of up to this many certified radii


@click.command()
@click.argument("image")
@click.option(
    "--radius", type=float, help="L2 length of a change, [0,1] pixel units.  [default: twice the certified]"
)
@click.option(
    "--kind",
    type=click.Choice(["pgd", "nes", "random"]),
    default="pgd",
    show_default=True,
    help="By gradients, without gradients, or in random directions.",
)
@click.option("--attempts", type=int, default=10, show_default=True, help="Changes to try; they share alpha.")
@click.option(
    "--halvings",
    type=int,
    default=5,
    show_default=True,
    help="Attempts at shorter lengths after the first success.",
)
@click.option("--steps", type=int, default=10, show_default=True, help="Steps of an attempt.")
@click.option("--copies", type=int, default=16, show_default=True, help="Noisy copies of a step.")
@click.option(
    "--backward",
    type=click.Choice(["through", "around"]),
    default="through",
    show_default=True,
    help="The gradient goes through the purifier, or around it (BPDA).",
)
@click.option(
    "--n-predict",
    type=int,
    default=100,
    show_default=True,
    help="Votes that decide whether an attempt succeeded.",
)
@click.option("--attack-seed", type=int, help="Fixes the attempts.  [default: that of the certificate]")
@config_options
@json_option("Print the result as JSON.")
def attack(
    image: str,
    radius: float | None,
    n_predict: int,
    as_json: bool,
    kind: str,
    attempts: int,
    halvings: int,
    steps: int,
    copies: int,
    backward: str,
    attack_seed: int | None,
    **settings: Any,
) -> None:
    """Certify IMAGE and attack it: a path, cifar10:INDEX, imagenet:INDEX, photo:NAME or gallery:NAME.

    With --dataset imagenet the defaults are 2 attempts and 2 halvings of 4 steps, 4 copies and 40 votes.
    """
    config = SmoothingConfig(**settings)

    from tqdm import tqdm

    from diffsmooth_core import SmoothedClassifier
    from diffsmooth_core.attacks import AttackConfig, attack_stream
    from diffsmooth_core.datasets import class_names, resolve

    search = {"attempts": attempts, "halvings": halvings, "steps": steps, "copies": copies, "n": n_predict}
    search |= _usual(config.dataset)

    def attack_at(length: float) -> AttackConfig:
        return AttackConfig(
            kind,
            length,
            backward=backward,  # type: ignore[arg-type]
            alpha=config.alpha,
            seed=config.seed if attack_seed is None else attack_seed,
            **search,
        )

    attack_at(1.0 if radius is None else radius)  # report invalid settings before anything is loaded
    picture = resolve(image, config.dataset)
    smoothed = SmoothedClassifier.load(config)
    certificate = smoothed.certify(picture.tensor, source=picture.source)
    if radius is None and not certificate.radius:
        raise InputError("the picture is not certified, so its radius gives no length; use --radius")
    chosen = attack_at(BEYOND * certificate.radius if radius is None else radius)
    with tqdm(total=chosen.attempts + chosen.halvings, unit="attempt", delay=0.5) as bar:
        for progress in attack_stream(smoothed.base, picture.tensor, certificate, chosen):
            bar.update(len(progress.attempts) - bar.n)
    if as_json:
        say(json.dumps(_result(image, certificate, chosen, progress)))
    else:
        _tell(class_names(config.dataset), certificate, chosen, progress)


def _usual(dataset: str) -> dict[str, int]:
    """What is usual for an attack with this data set, as far as no option says otherwise."""
    context = click.get_current_context()
    option = {"n": "n_predict"}
    return {
        name: value
        for name, value in USUAL_ATTACK.get(dataset, {}).items()
        if not given_on_the_command_line(context, option.get(name, name))
    }


def _result(
    image: str, certificate: Certificate, attack: AttackConfig, end: AttackProgress
) -> dict[str, Any]:
    return {
        "image": image,
        "label": end.label,
        "certified_radius": certificate.radius,
        "attack": attack.as_dict(),
        "level": attack.level,
        "attempts": len(end.attempts),
        "held": end.count("held"),
        "abstained": end.count("abstained"),
        "broken": end.count("broken"),
        "empirical_radius": None if end.smallest is None else end.smallest.length,
        "tried": [
            {
                "radius": a.radius,
                "length": a.length,
                "predicted": a.predicted,
                "outcome": a.outcome,
                "counts": list(a.counts),
            }
            for a in end.attempts
        ],
        "config": certificate.config.as_dict(),
    }


def _tell(
    names: tuple[str, ...], certificate: Certificate, attack: AttackConfig, end: AttackProgress
) -> None:
    name = names[end.label]
    promise = (
        f"no certificate for {name}"
        if certificate.label == ABSTAIN
        else f"certified as {name} within {certificate.radius:.4f}"
    )
    where = "inside" if attack.radius <= certificate.radius else "outside"
    say(
        f"{promise}; {len(end.attempts)} attempts from length {attack.radius:.4f}, {where} the certificate: "
        f"{end.count('held')} left the class as it is, {end.count('abstained')} made the vote too close to "
        f"call, {end.count('broken')} changed it (together at alpha {written(attack.alpha)})"
    )
    if (found := end.smallest) is not None:
        say(f"shortest change that succeeded: {found.length:.4f}, to {names[found.predicted]}")
