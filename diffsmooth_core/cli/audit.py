"""`audit`: certify many pictures and store the results; a run that was killed resumes where it stopped."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from tqdm import tqdm

from diffsmooth_core.cli.claims import surely
from diffsmooth_core.cli.options import (
    config_options,
    given_on_the_command_line,
    json_option,
    run_options,
    run_settings,
    store_option,
)
from diffsmooth_core.cli.output import say
from diffsmooth_core.config import InputError, SmoothingConfig
from diffsmooth_core.wording import written

if TYPE_CHECKING:
    from diffsmooth_core.runs.records import Run
    from diffsmooth_core.runs.results import Summary
    from diffsmooth_core.runs.store import Store


@click.command()
@click.option("--out", "name", default="", help="Name of the run in the store.")
@run_options
@click.option("--resume", is_flag=True, help="Go on with the run of this name.")
@click.option(
    "--workers",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Processes of one thread each; 1 is this process with all threads and all GPUs.",
)
@click.option("--backend", type=click.Choice(["local", "ray"]), default="local", show_default=True)
@click.option("--address", help="Of a Ray cluster that runs already.")
@click.option(
    "--over",
    type=click.Choice(["sigma_local", "m", "shift", "budget"]),
    help="A sweep: a run for each of its settings, every copy purified once for all.",
)
@click.option(
    "--estimate", is_flag=True, help="Only say what it would take here, from a few votes that are timed."
)
@click.option("--challenge", default="", help="The nonce that a verifier gave for what `commit` printed.")
@store_option
@json_option("Print the summary as JSON.")
@config_options
def audit(
    name: str,
    indices: str | None,
    file: Path | None,
    resume: bool,
    workers: int,
    backend: str,
    address: str | None,
    over: str | None,
    estimate: bool,
    challenge: str,
    url: str | None,
    as_json: bool,
    **settings: Any,
) -> None:
    """Certify many test pictures; every vote is in the store within a second or two.

    After an interruption, even kill -9, the same call with --resume ends with the same counts as an
    undisturbed run.
    """
    context = click.get_current_context()
    config = run_settings(context, file, settings)
    if over and (resume or challenge):
        what = "goes on by itself when it is called again; leave --resume out"
        raise InputError(f"a sweep {what if resume else 'shares its noise; leave --challenge out'}")

    if not (name or estimate):
        raise InputError("a run is kept under a name; give one with --out NAME")
    if estimate and (over or resume or backend == "ray"):
        raise InputError(
            "--estimate times a run that begins on this machine; leave --over, --resume and ray out"
        )

    from diffsmooth_core.runs import batch
    from diffsmooth_core.runs.records import config_of
    from diffsmooth_core.runs.store import Store

    if estimate:
        _estimate(config, _chosen(indices, config), workers, as_json)
        return
    store = Store(url)
    if over:
        _sweep(store, name, over, config, _chosen(indices, config), as_json)
        return
    if resume:
        run = store.run(name)
        config_of(run)  # reports that an imported log cannot go on, before any setting is compared
        _as_begun(context, run, settings, challenge)
    else:
        run = batch.start(store, name, config, _chosen(indices, config), challenge)
    _work(store, run, config, _crew(backend, workers, address))
    _report(store, run, as_json)


def _chosen(indices: str | None, config: SmoothingConfig) -> tuple[int, ...]:
    from diffsmooth_core.runs.indices import parse_indices, spread

    return parse_indices(indices or spread(config.dataset), config.dataset)


def _estimate(config: SmoothingConfig, chosen: Sequence[int], workers: int, as_json: bool) -> None:
    from diffsmooth_core.runs.estimate import estimate

    found = estimate(config, chosen)
    if as_json:
        say(json.dumps(found.as_dict()))
        return
    say(str(found))
    if config.stopping != "fixed":
        say(f"stopping {config.stopping!r} ends most pictures with fewer votes")
    if workers > 1:
        say(f"this is one process; {workers} share the work, each with a thread and so much memory")


def _crew(backend: str, workers: int, address: str | None) -> Any:
    """What makes the workers that cast the votes of a plan."""
    from diffsmooth_core.runs.ray_workers import RayWorkers
    from diffsmooth_core.runs.workers import Processes, this_process

    if backend == "ray":
        return partial(RayWorkers, count=workers, address=address)
    return this_process if workers == 1 else partial(Processes, count=workers)


def _work(store: Store, run: Run, config: SmoothingConfig, crew: Any) -> None:
    """Certify what is left of a run, with a progress bar."""
    from diffsmooth_core.runs import batch

    right = f"right at r >= {config.target_radius:g}" if config.stopping != "fixed" else "right"
    with tqdm(total=len(run.indices), unit="picture", delay=0.5) as bar:
        for status in batch.work(store, run, crew):
            bar.set_postfix_str(
                f"{status.votes_per_second:.0f} votes/s, "
                f"{100 * status.certified_accuracy:.1f} % of those finished {right}",
                refresh=False,
            )
            bar.update(status.done + status.skipped - bar.n)


def _report(store: Store, run: Run, as_json: bool) -> None:
    """Print what a run came to."""
    from diffsmooth_core.runs.records import config_of
    from diffsmooth_core.runs.results import summary
    from diffsmooth_core.statistics import family_wise_level

    found, alpha = summary(store.results(run)), config_of(run).alpha
    skipped = [r for r in store.remarks(run) if r.kind == "skipped"]
    level = family_wise_level(alpha, max(1, found.images))
    if as_json:
        say(
            json.dumps(
                found.as_dict()
                | {"run": run.name, "skipped": {r.idx: r.text for r in skipped}, "level": level}
            )
        )
        return
    for remark in skipped:
        say(f"skipped picture {remark.idx}: {remark.text}")
    say(
        f"{run.name}: pictures {found.images}, abstained {found.abstained}, wrong {found.wrong}, "
        f"ACR {found.acr:.3f}\ncertified accuracy in percent  {_percents(found)}\n"
        f"each certificate holds with probability {surely(alpha)}, all {found.images} "
        f"together with {surely(level)} at least"
    )


def _sweep(
    store: Any, name: str, over: str, config: SmoothingConfig, chosen: tuple[int, ...], as_json: bool
) -> None:
    """Certify pictures under each setting of a sweep, a run for each, and print their certified accuracy as a
    table. Called again, it resumes the runs."""
    from diffsmooth_core.runs import sweeping
    from diffsmooth_core.runs.results import summary

    runs = sweeping.runs(store, name, over, config, chosen)
    with tqdm(total=len(chosen), unit="picture", delay=0.5) as bar:
        for done, _ in sweeping.work(store, runs, over, config):
            bar.update(done - bar.n)
    found = {run.name: summary(store.results(run)) for run in runs}
    if as_json:
        say(json.dumps({name: part.as_dict() for name, part in found.items()}))
        return
    for title, part in found.items():
        percents = _percents(part)
        say(f"{title}: {part.images} pictures, ACR {part.acr:.3f}; certified in percent  {percents}")
    say(
        f"each certificate holds at alpha = {written(config.alpha)}; the best of {len(runs)} for a picture, "
        f"picked afterwards, only at {written(config.alpha * len(runs))}"
    )


def _percents(found: Summary) -> str:
    """Certified accuracy in percent at each radius, as one line of text."""
    return "  ".join(f"r={r}: {100 * s.share:.1f}" for r, s in found.certified_accuracy.items())


def _as_begun(context: click.Context, run: Run, settings: dict[str, Any], challenge: str) -> None:
    """Raises InputError where an option asks for another setting than the run was begun with."""
    begun, asked = (
        dict(run.config),
        {n: v for n, v in settings.items() if given_on_the_command_line(context, n)},
    )
    begun["challenge"] = (begun.get("challenge") or {}).get("nonce", "")
    if challenge:
        asked["challenge"] = challenge
    for name, value in asked.items():
        if begun.get(name, value) != value:
            raise InputError(
                f"run {run.name!r} was begun with {name} = {begun[name]} and goes on so, not with {value}; "
                "leave that option out, or start another run"
            )
