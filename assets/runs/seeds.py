"""Record the lesson "A thousand seeds": one borderline picture, certified with every seed from 0 to 999, and
the share of 100,000 votes beside it.

PYTHONPATH=. python assets/runs/seeds.py
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace

import torch
from tqdm import tqdm

from diffsmooth_core import SmoothedClassifier, SmoothingConfig
from diffsmooth_core.certification.thousand_seeds import FILE
from diffsmooth_core.datasets import resolve

PICTURE = "gallery:frog-from-above"
SEEDS, LONG = 1000, 100_000
CONFIG = SmoothingConfig(
    method="plain", classifier="gaussian-0.25", sigma=0.25, n0=20, n=100, dtype="bfloat16", device="cpu"
)


def main() -> None:
    torch.set_num_threads(1)
    smoothed, x = SmoothedClassifier.load(CONFIG), resolve(PICTURE, CONFIG.dataset).tensor
    under = smoothed.under(replace(CONFIG, n=LONG))
    long = Counter(under.votes(x, "estimation", 0, LONG).tolist())
    ((label, votes),) = long.most_common(1)
    found = []
    for seed in tqdm(range(SEEDS), unit="seed"):
        certificate = smoothed.under(replace(CONFIG, seed=seed)).certify(x)
        found.append(certificate.counts[label] if certificate.candidate == label else 0)
    document = {
        "picture": PICTURE,
        "config": CONFIG.as_dict(),
        "execution": str(smoothed.base.execution),
        "label": label,
        "votes": found,  # for the label, by seed; 0 where another class was selected
        "long": {"votes": votes, "n": LONG},
    }
    FILE.write_text(json.dumps(document) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
