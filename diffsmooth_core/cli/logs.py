"""`import-log`, `export-log`, `import-run` and `remove-run`: logs and whole runs, in and out."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from diffsmooth_core.cli.options import json_option, store_option
from diffsmooth_core.cli.output import say
from diffsmooth_core.config import InputError, check_dataset_name
from diffsmooth_core.wording import written

if TYPE_CHECKING:
    from diffsmooth_core.runs.records import Run
    from diffsmooth_core.runs.results import Result


@click.command("import-log")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--dataset", default="cifar10", show_default=True, help="The data set that was certified.")
@click.option("--sigma", type=click.FloatRange(0, min_open=True), required=True, help="Smoothing noise.")
@click.option(
    "--training-sigma", type=click.FloatRange(0), help="Noise of the training, to find the paper's row."
)
@click.option(
    "--n",
    type=click.IntRange(1),
    default=100_000,
    show_default=True,
    help="Votes an image, where the log has no column of them.",
)
@click.option(
    "--alpha",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.001,
    show_default=True,
    help="Failure probability.",
)
@click.option(
    "--target-radius",
    type=click.FloatRange(0, min_open=True),
    help="What was proved or not, in a log that only says that.",
)
@click.option("--out", "name", help="Keep it in the store as a run of this name.")
@store_option
@json_option("Print the summary as JSON.")
def import_log(
    file: Path,
    dataset: str,
    sigma: float,
    training_sigma: float | None,
    n: int,
    alpha: float,
    target_radius: float | None,
    name: str | None,
    url: str | None,
    as_json: bool,
) -> None:
    """Read a published certification log: its dialect, its counts behind rounded radii, its table."""
    check_dataset_name(dataset)

    from diffsmooth_core.exchange import logs, published
    from diffsmooth_core.runs.results import summary

    log = logs.read(file, sigma, n, alpha, target_radius)
    found = summary(log.results)
    printed = published.printed(dataset, sigma, training_sigma, log.n)
    reported = next((value.value for value in printed if value.kind == published.ACR), None)
    if name:
        from diffsmooth_core.runs.store import Store

        settings = {"sigma": sigma, "n": log.n, "alpha": alpha, "file": file.name}
        logs.add_to_store(Store(url), log, name, dataset, settings | {"training_sigma": training_sigma})
    if as_json:
        extra = {
            "dialect": log.dialect,
            "lifted": {str(idx): surely for idx, surely in log.lifted.items()},
            "remarks": list(log.remarks),
            "paper": None if reported is None else {"acr": reported},
        }
        say(json.dumps(found.as_dict() | extra))
        return
    say(f"{file}: {log.dialect}'s dialect, images {found.images}, abstained {found.abstained}")
    for radius, share in found.certified_accuracy.items():
        say(
            f"  r = {radius}: {100 * share.share:5.1f} %   "
            f"(95 % interval {100 * share.low:.1f} to {100 * share.high:.1f})"
        )
    beside = (
        "" if reported is None else f"; the paper certified the same network again and reports {reported}"
    )
    say(f"  ACR {found.acr:.4f}{beside}")
    if log.lifted:
        surely = sum(log.lifted.values())
        say(
            f"  {len(log.lifted)} radii reach a table's threshold as printed and may not have before "
            f"rounding ({surely} surely not): images {', '.join(map(str, list(log.lifted)[:10]))}"
        )
    for remark in log.remarks[:10]:
        say(f"  note: {remark}")
    if len(log.remarks) > 10:
        say(f"  and {len(log.remarks) - 10} notes more")


@click.command("export-log")
@click.argument("name")
@click.option(
    "--format",
    "form",
    type=click.Choice(["cohen", "csv", "parquet", "run"]),
    default="cohen",
    show_default=True,
    help="A log of Cohen's, every column, or the whole run.",
)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The file.")
@store_option
def export_log(name: str, form: str, out: Path, url: str | None) -> None:
    """Write a run of the store as a certification log, or whole, to be imported elsewhere."""
    from diffsmooth_core.exchange import bundles, logs
    from diffsmooth_core.runs.store import Store

    store = Store(url)
    results = store.results(store.run(name))
    if not results:
        raise InputError(f"run {name!r} has no results yet; let it certify some pictures first")
    run = store.run(name)
    logs.write_file(bundles.packed(store, run) if form == "run" else logs.encoded(results, form), out)
    say(f"wrote {len(results)} results to {out}")


@click.command("import-run")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--out", "name", help="Another name for the run.")
@click.option(
    "--challenge",
    "ledger",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Your ledger, which has to hold the run's nonce.",
)
@store_option
def import_run(file: Path, name: str | None, ledger: Path | None, url: str | None) -> None:
    """Keep a run that `export-log --format run` wrote; every certificate is checked first."""
    from diffsmooth_core.exchange import bundles
    from diffsmooth_core.runs.store import Store

    try:
        data = file.read_bytes()
    except OSError as error:
        raise InputError(f"{file} cannot be read ({error.strerror}); check the path") from None
    nonces = None if ledger is None else nonces_given(bundles.heading(data), ledger)
    store = Store(url)
    run = bundles.unpack(store, data, name)
    results = store.results(run, certificates=True)
    found = in_words(run, results, nonces)
    say(f"kept {len(results)} results of {len(run.indices)} pictures as {run.name}; {found}")


@click.command("remove-run")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@store_option
def remove_run(name: str, yes: bool, url: str | None) -> None:
    """Delete a run from the store with its results, votes and remarks, also one that cannot be shown."""
    from diffsmooth_core.runs.store import Store

    store = Store(url)
    run = store.run(name)
    results = len(store.results(run))
    if not yes:
        if not sys.stdin.isatty():
            raise InputError(f"run {name!r} was not removed: nobody can be asked here; say --yes")
        if not click.confirm(f"Delete {name} with its {results:,} results, votes and remarks for good?"):
            say(f"kept {name}")
            return
    store.remove(run)
    say(f"removed {name} with {results:,} results")


def nonces_given(run: Run, ledger: Path) -> int:
    """Among how many nonces a run's could be chosen. Raises InputError where it was not given for the run's
    commitment."""
    from diffsmooth_core.certification.ledger import read_ledger, tries

    challenge = run.config.get("challenge") or {"hash": "", "nonce": ""}
    if not (count := tries(read_ledger(ledger), challenge["hash"], challenge["nonce"])):
        raise InputError(
            f"the run's challenge was not given by {ledger}; its noise was chosen by whoever made it"
        )
    return count


def in_words(run: Run, results: Sequence[Result], nonces: int | None) -> str:
    """What was checked of a run that was taken, in words, and what was not. `nonces` is the number of them
    in the ledger, None where none was looked at."""
    if run.origin != "audit":
        return "its radii are possible for its votes, which a log does not hold"
    from diffsmooth_core.certification.certificate import QUERY_LOG
    from diffsmooth_core.datasets.sources import test_size
    from diffsmooth_core.statistics import family_wise_level

    found = ["every certificate follows from its votes and is of the run's settings and networks"]
    try:
        test_size(run.dataset)
    except InputError:
        found.append(f"{run.dataset}'s pictures are not here, so theirs and their classes were not compared")
    shared = max((len((r.certificate or {}).get("members") or ()) for r in results), default=0)
    tried, alpha = (nonces or 1) * max(1, shared), run.config["alpha"]
    if QUERY_LOG in run.weights:
        found.append("its votes were read from a query log, on the word of whoever kept it")
    elif not run.config.get("challenge"):
        found.append("the seed was chosen by whoever made it")
    elif nonces is None:
        found.append("whether its challenge was given, only the ledger shows (--challenge LEDGER)")
    else:
        found.append("its challenge is in the ledger" + f", one of {nonces} that were given" * (nonces > 1))
    if (left := len((run.config.get("challenge") or {}).get("members", ())) - len(results)) > 0:
        found.append(f"{left} certificates that were committed to are not in it")
    if shared > 1:
        found.append(f"it is one of {shared} that shared their noise")
    if tried > 1:
        found.append(
            f"if it was picked, each certificate holds at alpha {written(family_wise_level(alpha, tried))}"
        )
    return "; ".join(found)
