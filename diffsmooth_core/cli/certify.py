"""`certify IMAGE`: certify one picture."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from tqdm import tqdm

from diffsmooth_core.certification.commitment import Commitment, check_nonce
from diffsmooth_core.cli.claims import surely
from diffsmooth_core.cli.commit import say_unless_kept
from diffsmooth_core.cli.options import config_options, json_option
from diffsmooth_core.cli.output import say
from diffsmooth_core.config import ABSTAIN, NOISES, InputError, SmoothingConfig
from diffsmooth_core.wording import down

if TYPE_CHECKING:
    from diffsmooth_core import Certificate, SmoothedClassifier
    from diffsmooth_core.datasets.sources import Picture


@click.command()
@click.argument("image")
@config_options
@click.option("--batch", type=click.IntRange(1), help="Votes a chunk; the votes do not depend on it.")
@click.option(
    "--compare-precision",
    is_flag=True,
    help="Have float32 and bfloat16 vote on the same noise: how often do they agree?",
)
@click.option(
    "--compare-noise", is_flag=True, help="Certify under each kind of noise and print them together."
)
@click.option("--challenge", default="", help="The nonce that a verifier gave for what `commit` printed.")
@json_option("Print the certificate as JSON.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write the certificate there.")
def certify(
    image: str,
    batch: int | None,
    compare_precision: bool,
    compare_noise: bool,
    challenge: str,
    as_json: bool,
    out: Path | None,
    **settings: Any,
) -> None:
    """Certify IMAGE: a path, cifar10:INDEX, imagenet:INDEX, photo:NAME or gallery:NAME."""
    config = SmoothingConfig(**settings)
    if out is not None and not out.parent.is_dir():
        raise InputError(f"there is no folder {out.parent} for --out; create it first")
    if compare_precision and compare_noise:
        raise InputError("--compare-precision and --compare-noise are two comparisons; choose one of them")
    if (out is not None or challenge) and (compare_precision or compare_noise):
        raise InputError("a comparison is no certificate: leave out --out and --challenge, or the comparison")
    if challenge:
        check_nonce(challenge)

    # Loading torch takes seconds: settings are checked before it.
    from diffsmooth_core import SmoothedClassifier
    from diffsmooth_core.datasets import class_names, resolve
    from diffsmooth_core.zoo.quality import too_noisy

    picture = resolve(image, config.dataset)
    for sentence in filter(None, (*config.advice, too_noisy(config))):
        say(f"note: {sentence}", err=True)
    if compare_precision:
        _compare_precision(config, picture.tensor, as_json)
        return
    smoothed = SmoothedClassifier.load(config)
    if compare_noise:
        _compare_noise(smoothed, picture, class_names(config.dataset), as_json)
        return
    certificate = _certified(smoothed, picture, batch, challenge)
    if out is not None:
        out.write_text(certificate.to_json(), encoding="utf-8")
    if as_json:
        say(certificate.to_json(), nl=False)
    else:
        _say(certificate, picture, class_names(config.dataset))


def _certified(
    smoothed: SmoothedClassifier, picture: Picture, batch: int | None, challenge: str
) -> Certificate:
    """The certificate of the picture, with a progress bar meanwhile."""
    tied_to = smoothed.commitment(picture.tensor, challenge)
    if challenge:
        say_unless_kept(tied_to)
    config, certificate = smoothed.config, None
    stream = smoothed.certify_stream(
        picture.tensor, batch=batch, source=picture.source, tied_to=tied_to if challenge else None
    )
    with tqdm(total=config.n0 + config.n, unit="vote", smoothing=0.1, delay=0.5) as bar:
        for progress in stream:
            bar.update(sum(progress.counts0) + sum(progress.counts) - bar.n)
            certificate = progress.certificate
    assert certificate is not None
    return certificate


def _say(certificate: Certificate, picture: Picture, names: Sequence[str]) -> None:
    shown = f"{certificate.counts[certificate.candidate]:,} of {certificate.n:,} votes"
    if reason := certificate.reason(names):
        say(f"{picture.title}: ABSTAIN. {reason}{_saved(certificate)}")
        return
    truth = ""
    if picture.label is not None:
        right = picture.label == certificate.label
        truth = " (right)" if right else f" (wrong: it is a {names[picture.label]})"
    say(
        f"{picture.title}: {names[certificate.label]}{truth}, certified L2 radius "
        f"{down(certificate.radius, 4)} in [0,1] pixel units; {shown}, "
        f"p_A >= {down(certificate.p_a_lower, 4)} with confidence "
        f"{surely(certificate.config.alpha)}{_saved(certificate)}\n"
        f"the noise was chosen by {certificate.noise_chosen_by}"
    )


def _compare_precision(config: SmoothingConfig, x: Any, as_json: bool) -> None:
    from diffsmooth_core import SmoothedClassifier
    from diffsmooth_core.certification.agreement import agreement

    kinds = ("float32", "bfloat16")
    single, half = (SmoothedClassifier.load(replace(config, dtype=dtype)).base for dtype in kinds)
    found = agreement(single, half, x, config)
    if as_json:
        say(json.dumps(asdict(found) | {"dtypes": kinds, "alpha": config.alpha}))
        return
    say(
        f"float32 and bfloat16 gave the same class in {found.same:,} of {found.votes:,} votes on the same "
        f"noise: in a share of {down(found.lower, 4)} at least, with confidence "
        f"{surely(config.alpha)}"
    )


def _compare_noise(
    smoothed: SmoothedClassifier, picture: Picture, names: Sequence[str], as_json: bool
) -> None:
    kinds = {noise: smoothed.under(replace(smoothed.config, noise=noise)) for noise in NOISES}
    x = picture.tensor
    shared = Commitment.of_group(under.commitment(x).hash for under in kinds.values())
    found = {n: under.certify(x, source=picture.source, tied_to=shared) for n, under in kinds.items()}
    if as_json:
        say(json.dumps({noise: certificate.as_dict() for noise, certificate in found.items()}))
        return
    for noise, certificate in found.items():
        k, n = certificate.counts[certificate.candidate], certificate.n
        answer = "ABSTAIN" if certificate.label == ABSTAIN else names[certificate.label]
        say(
            f"{noise:<10} {answer:<16} {k:,} of {n:,} votes for {names[certificate.candidate]}, radius "
            f"{down(certificate.radius, 4)}"
        )


def _saved(certificate: Certificate) -> str:
    """For a stopping rule that may end early: why counting ended, and how many votes a fixed n needs."""
    config = certificate.config
    if config.stopping == "fixed":
        return ""
    why = {
        "reached": f"radius {config.target_radius:g} was reached",
        "hopeless": f"radius {config.target_radius:g} was given up",
        "spent": "all votes were spent",
    }[certificate.ending]
    planned = f"; a fixed n would have taken about {certificate.fixed_n:,}" if certificate.fixed_n else ""
    return f"\n{certificate.n:,} of at most {config.n:,} votes were counted: {why}{planned}"
