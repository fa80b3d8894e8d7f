"""Does the demonstration tell the truth? Certified accuracy of three methods on CIFAR-10 test images.

    python assets/models/method_table.py [--rows FILE] [--method NAME ...] [--write-cards]

Certifies test images 0, 50, ..., 9950 at sigma .5 with N=1,000 and alpha=.001 by plain smoothing, by
DDS with the standard classifier and by DiffSmooth, and prints a Markdown table as the paper's Table 1.
Finished rows are appended to FILE, so that an interrupted run goes on where it stopped.
"""

from __future__ import annotations

import json
import os
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

import click
from tqdm import tqdm

from diffsmooth_core.config import METHODS, SmoothingConfig
from diffsmooth_core.statistics import average_certified_radius, certified_accuracy

INDICES = range(0, 10_000, 50)
RADII = (0.0, 0.25, 0.5, 0.75, 1.0)
SETTINGS = {
    "plain": SmoothingConfig(method="plain", classifier="gaussian-0.50", dtype="bfloat16"),
    "dds": SmoothingConfig(method="dds", classifier="standard", dtype="bfloat16"),
    "diffsmooth": SmoothingConfig(method="diffsmooth", classifier="gaussian-0.25", dtype="bfloat16"),
}


def certify_one(method: str, index: int) -> dict[str, object]:
    import torch

    from diffsmooth_core import build_base, certify, load_classifier, load_denoiser
    from diffsmooth_core.datasets import resolve

    torch.set_num_threads(1)
    config = SETTINGS[method]
    denoiser = load_denoiser(config.denoiser) if METHODS[method].purifies else None
    base = build_base(config, load_classifier(config.classifier), denoiser)
    picture = resolve(f"cifar10:{index}", "cifar10")
    result = certify(base, picture.tensor, config)
    return {
        "method": method, "index": index, "label": picture.label, "predict": result.label,
        "radius": result.radius, "weights": result.weights,
    }  # fmt: skip


@click.command()
@click.option("--rows", type=click.Path(dir_okay=False, path_type=Path), default=Path("method_table.jsonl"))
@click.option("--method", "methods", multiple=True, type=click.Choice(list(SETTINGS)), default=list(SETTINGS))
@click.option("--workers", type=click.IntRange(1), default=os.cpu_count(), help="Processes, one thread each.")
@click.option("--write-cards", is_flag=True, help="Store the figures in the classifiers' cards.")
def main(rows: Path, methods: tuple[str, ...], workers: int, write_cards: bool) -> None:
    done = [json.loads(line) for line in rows.read_text().splitlines()] if rows.is_file() else []
    finished = {(row["method"], row["index"]) for row in done}
    todo = [(m, i) for i in INDICES for m in methods if (m, i) not in finished]
    with (
        ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool,
        rows.open("a") as file,
    ):
        futures = [pool.submit(certify_one, *task) for task in todo]
        for future in tqdm(as_completed(futures), total=len(futures), unit="certificate"):
            row = future.result()
            done.append(row)
            print(json.dumps(row), file=file, flush=True)

    print("| method | classifier | " + " | ".join(f"r = {r:g}" for r in RADII) + " | ACR |")
    print("|---|---|" + "---|" * (len(RADII) + 1))
    for method in methods:
        config = SETTINGS[method]
        mine = [row for row in done if row["method"] == method]
        radii = [row["radius"] for row in mine]
        correct = [row["label"] == row["predict"] for row in mine]
        accuracy = {f"{r:.2f}": round(100 * certified_accuracy(radii, correct, r), 1) for r in RADII}
        acr = round(average_certified_radius(radii, correct), 3)
        cells = " | ".join(f"{v:.1f}" for v in accuracy.values())
        print(f"| {METHODS[method].title} | `{config.classifier}` | {cells} | {acr:.3f} |")
        if write_cards:
            from diffsmooth_core.zoo.cards import MODELS

            path = MODELS / f"{config.classifier}.json"
            card = json.loads(path.read_text())
            card["metrics"]["certified"] = {
                "method": method, "sigma": config.sigma, "n": config.n, "alpha": config.alpha,
                "images": len(mine), "percent_at_radius": accuracy, "acr": acr,
            }  # fmt: skip
            path.write_text(json.dumps(card, indent=2) + "\n")


if __name__ == "__main__":
    main()
