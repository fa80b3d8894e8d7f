"""`import-votes`: a query log of a black box, vote by vote, as certificates and a run."""

from __future__ import annotations

from pathlib import Path

import click

from diffsmooth_core.cli.options import store_option
from diffsmooth_core.cli.output import say
from diffsmooth_core.config import InputError, SmoothingConfig, check_dataset_name


@click.command("import-votes")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--out", "name", required=True, help="Keep it in the store as a run of this name.")
@click.option("--sigma", type=float, required=True, help="Smoothing noise, in [0,1] pixel units.")
@click.option("--classifier", required=True, help="What cast the votes, in a few words.")
@click.option(
    "--dataset", default="given", show_default=True, help="What was certified: any name, or a data set's."
)
@click.option(
    "--classes", type=click.IntRange(2, 65_536), help="How many there are.  [default: the data set's]"
)
@click.option("--alpha", type=float, default=0.001, show_default=True, help=SmoothingConfig.help("alpha"))
@click.option(
    "--certificates",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write each image's certificate into this folder too, which is made where there is none.",
)
@store_option
def import_votes(
    file: Path,
    name: str,
    sigma: float,
    classifier: str,
    dataset: str,
    classes: int | None,
    alpha: float,
    folder: Path | None,
    url: str | None,
) -> None:
    """Certify from FILE, CSV or JSON lines with image, stage (selection, estimation), index and class of
    every vote that a black box cast under Gaussian noise.

    The votes of each stage are numbered from 0, and none may be missing: a fixed n, chosen before the first.
    """
    check_dataset_name(dataset)
    if not classifier.strip():
        raise InputError("--classifier is empty; say in a few words what cast the votes")
    if folder is not None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"{folder} cannot be made ({error.strerror}); name another folder") from None

    from diffsmooth_core.certification.certificate import Certificate
    from diffsmooth_core.datasets import class_names
    from diffsmooth_core.exchange import votes
    from diffsmooth_core.runs.store import Store

    log = votes.read(file)
    n0, n = log.numbers()
    config = SmoothingConfig(
        method="plain", classifier=classifier, dataset=dataset, sigma=sigma, n0=n0, n=n, alpha=alpha
    )
    if classes is None:
        try:
            classes = len(class_names(dataset))
        except InputError:
            raise InputError(
                f"{dataset!r} is no data set that is known here; say how many --classes there are"
            ) from None
    results = votes.certified(log, config, classes)
    run = votes.add_to_store(Store(url), name, log, config, results)
    certificates = [Certificate.from_dict(result.certificate or {}) for result in results]
    if folder is not None:
        for result, certificate in zip(results, certificates, strict=True):
            (folder / f"{result.idx}.json").write_text(certificate.to_json(), encoding="utf-8")
    certain = sum(bool(result.radius) for result in results)
    say(
        f"kept {len(results):,} certificates of {n0:,} + {n:,} votes as {run.name}: {certain:,} certify, "
        f"{len(results) - certain:,} abstain\n{certificates[0].on_their_word}"
    )
