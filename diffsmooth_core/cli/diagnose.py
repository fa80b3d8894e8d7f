"""`diagnose RUN`: explain every abstention of a run."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import click
from tqdm import tqdm

from diffsmooth_core.cli.options import json_option, store_option
from diffsmooth_core.cli.output import say


@click.command()
@click.argument("name")
@click.option("--idx", type=click.IntRange(0), help="Only this picture, with its rescue.")
@click.option("--wrong", is_flag=True, help="Explain what is certified but wrong, too.")
@store_option
@json_option()
def diagnose(name: str, idx: int | None, wrong: bool, url: str | None, as_json: bool) -> None:
    """Say why pictures of the run NAME abstain; the reasons are kept in the store."""
    from diffsmooth_core.analysis.diagnosis import REASONS
    from diffsmooth_core.analysis.explaining import diagnose_each, rescue_settings_of, rescues_of
    from diffsmooth_core.analysis.rescue import ranked
    from diffsmooth_core.config import ABSTAIN
    from diffsmooth_core.runs.store import Store

    store = Store(url)
    run = store.run(name)
    results = [store.result(run, idx)] if idx is not None else store.results(run, certificates=True)
    chosen = [
        r for r in results if idx is not None or r.predict == ABSTAIN or (wrong and r.outcome == "wrong")
    ]
    found: dict[int, dict[str, Any]] = {}
    for result, diagnosis in tqdm(
        diagnose_each(store, run, chosen), total=len(chosen), unit="picture", delay=0.5
    ):
        found[result.idx] = diagnosis.as_dict()
    rescues = []
    if idx is not None:
        rescues = ranked(rescues_of(run, results[0], rescue_settings_of(run)), results[0].label)
    if as_json:
        listed = [
            {"change": r.change, "label": r.label, "radius": r.radius, "cost": r.cost, "outcome": outcome}
            for outcome, r in rescues
        ]
        say(json.dumps({"run": name, "diagnoses": found, "rescues": listed}))
        return
    if not found:
        say(f"no picture of {run.name} abstains" + (", and none is certified but wrong" if wrong else ""))
    times = Counter(diagnosis["reason"] for diagnosis in found.values())
    for reason, count in times.most_common():
        say(f"{count:>5}  {REASONS[reason]}")
    if idx is not None:
        say(found[idx]["sentence"])
        for outcome, option in rescues:
            answer = "abstains" if option.label == ABSTAIN else f"class {option.label}"
            answer += ", wrong" if outcome == "wrong" else ""
            say(
                f"  {option.change:<28} {answer:<16} radius {option.radius:.3f}  p̂ {option.p_hat:.2f}  "
                f"{option.cost:,} classifications"
            )
        say(f"  each at alpha over {len(rescues)} settings, so the best of them may be picked")
