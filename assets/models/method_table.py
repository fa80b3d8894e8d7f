"""Does the demonstration tell the truth? Certified accuracy of every bundled network and method.

    python assets/models/method_table.py [--rows FILE] [--only NAME ...] [--write-cards]

Certifies CIFAR-10 test images 0, 50, ..., 9950 under each of SETTINGS and prints a Markdown table in the
layout of the paper's Table 1. Finished rows are appended to FILE, so that an interrupted run goes on
where it stopped.
"""

from __future__ import annotations

import json
import os
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import click
from tqdm import tqdm

from diffsmooth_core.config import METHODS, SmoothingConfig
from diffsmooth_core.statistics import average_certified_radius, certified_accuracy
from diffsmooth_core.zoo.cards import MODELS

INDICES = range(0, 10_000, 50)
RADII = (0.0, 0.25, 0.5, 0.75, 1.0)
PLAIN = SmoothingConfig(method="plain", dtype="bfloat16")
HALF = SmoothingConfig(dtype="bfloat16")  # DiffSmooth at sigma .5 with sigma_local .25
SETTINGS = {
    "plain": replace(PLAIN, classifier="gaussian-0.50"),
    "dds": replace(HALF, method="dds", classifier="standard"),
    "dds-smoothed": replace(HALF, method="dds"),
    "diffsmooth": HALF,
    "diffsmooth-smoothadv": replace(HALF, classifier="smoothadv-0.25"),
    "densepure": replace(HALF, method="densepure", classifier="standard", n0=20, n=60),
    "gaussian-0.12": replace(PLAIN, classifier="gaussian-0.12", sigma=0.12),
    "gaussian-0.25": replace(PLAIN, classifier="gaussian-0.25", sigma=0.25),
    "gaussian-0.25-b": replace(PLAIN, classifier="gaussian-0.25-b", sigma=0.25),
    "gaussian-0.25-c": replace(PLAIN, classifier="gaussian-0.25-c", sigma=0.25),
    "gaussian-1.00": replace(PLAIN, classifier="gaussian-1.00", sigma=1.0),
    "smoothadv-0.25": replace(PLAIN, classifier="smoothadv-0.25", sigma=0.25),
    "smoothadv-0.50": replace(PLAIN, classifier="smoothadv-0.50", sigma=0.5),
    "macer-0.25": replace(PLAIN, classifier="macer-0.25", sigma=0.25),
    "consistency-0.25": replace(PLAIN, classifier="consistency-0.25", sigma=0.25),
    "smoothmix-0.25": replace(PLAIN, classifier="smoothmix-0.25", sigma=0.25),
    "ensemble-0.25": replace(PLAIN, classifier="ensemble-0.25", sigma=0.25),
    "denoised-mse": replace(
        PLAIN, method="denoised", classifier="standard", denoiser="dncnn-mse-0.25", sigma=0.25
    ),
    "denoised-stability": replace(
        PLAIN, method="denoised", classifier="standard", denoiser="dncnn-stability-0.25", sigma=0.25
    ),
}
ON_CARD = {s.classifier: name for name, s in reversed(SETTINGS.items()) if s.method == "plain"} | {
    "standard": "dds",
    "dncnn-mse-0.25": "denoised-mse",
    "dncnn-stability-0.25": "denoised-stability",
    "bundled": "diffsmooth",
}


def certify_one(name: str, index: int) -> dict[str, object]:
    import torch

    from diffsmooth_core import SmoothedClassifier
    from diffsmooth_core.datasets import resolve

    torch.set_num_threads(1)
    picture = resolve(f"cifar10:{index}", "cifar10")
    result = SmoothedClassifier.load(SETTINGS[name]).certify(picture.tensor)
    return {
        "setting": name,
        "index": index,
        "label": picture.label,
        "predict": result.label,
        "radius": result.radius,
        "weights": result.weights,
    }


@click.command()
@click.option("--rows", type=click.Path(dir_okay=False, path_type=Path), default=Path("method_table.jsonl"))
@click.option("--only", "chosen", multiple=True, type=click.Choice(list(SETTINGS)), default=list(SETTINGS))
@click.option("--workers", type=click.IntRange(1), default=os.cpu_count(), help="Processes, one thread each.")
@click.option("--write-cards", is_flag=True, help="Store each network's figures in its card.")
def main(rows: Path, chosen: tuple[str, ...], workers: int, write_cards: bool) -> None:
    done = (
        [json.loads(line) for line in rows.read_text(encoding="utf-8").splitlines()] if rows.is_file() else []
    )
    finished = {(row["setting"], row["index"]) for row in done}
    todo = [(name, i) for name in chosen for i in INDICES if (name, i) not in finished]
    with (
        ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool,
        rows.open("a", encoding="utf-8") as file,
    ):
        futures = [pool.submit(certify_one, *task) for task in todo]
        for future in tqdm(as_completed(futures), total=len(futures), unit="certificate"):
            row = future.result()
            done.append(row)
            print(json.dumps(row), file=file, flush=True)

    print("| method | classifier | σ | σ′ | n | " + " | ".join(f"r = {r:g}" for r in RADII) + " | ACR |")
    print("|---|---|" + "---|" * (len(RADII) + 4))
    measured = {}
    for name in chosen:
        config = SETTINGS[name]
        mine = [row for row in done if row["setting"] == name]
        radii = [row["radius"] for row in mine]
        correct = [row["label"] == row["predict"] for row in mine]
        accuracy = {f"{r:.2f}": round(100 * certified_accuracy(radii, correct, r), 1) for r in RADII}
        acr = round(average_certified_radius(radii, correct), 3)
        method = METHODS[config.method]
        networks = f"`{config.classifier}`"
        if config.denoiser != HALF.denoiser:
            networks += f" after `{config.denoiser}`"
        local = f"{config.sigma_local:g}" if method.smooths_locally else ""
        cells = " | ".join(f"{v:.1f}" for v in accuracy.values())
        print(
            f"| {method.title} | {networks} | {config.sigma:g} | {local} | {config.n:,} "
            f"| {cells} | {acr:.3f} |"
        )
        measured[name] = {
            "method": config.method,
            "classifier": config.classifier,
            "sigma": config.sigma,
            "n": config.n,
            "alpha": config.alpha,
            "images": len(mine),
            "percent_at_radius": accuracy,
            "acr": acr,
        }
    for network, name in ON_CARD.items() if write_cards else ():
        path = MODELS / f"{network}.json"
        if name in measured and path.is_file():
            card = json.loads(path.read_text(encoding="utf-8"))
            card["metrics"]["certified"] = measured[name]
            path.write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
