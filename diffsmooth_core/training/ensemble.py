"""Ensembles (Horváth et al. 2022): no training is needed; the ensemble's card names its members."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from diffsmooth_core.classifiers.ensemble import Ensemble
from diffsmooth_core.config import InputError
from diffsmooth_core.training.examples import load_pictures
from diffsmooth_core.training.metrics import SIGMAS, accuracy_under_noise
from diffsmooth_core.training.model_files import write_card
from diffsmooth_core.zoo import cards
from diffsmooth_core.zoo.load import load_classifier


def combine(folder: Path, name: str, members: Sequence[str], consensus: int) -> Path:
    """Write the card of an ensemble of the classifiers with these names, and return its path. `consensus` is
    the paper's K for K-consensus aggregation, 0 for none.

    Raises InputError where the members do not have the same classes, or K is not possible for their number.
    """
    if len(members) < 2 or not 0 <= consensus < len(members):
        raise InputError(
            f"an ensemble has two members or more and K from 0 to one less than that, "
            f"got {len(members)} and K = {consensus}"
        )
    found = [cards.card(member, "classifier") for member in members]
    datasets = sorted({card.dataset for card in found})
    if len(datasets) > 1 or len({card.architecture["classes"] for card in found}) > 1:
        raise InputError(f"the members {', '.join(members)} are not for the same classes; choose others")
    sigmas = [float(card.training["sigma"]) for card in found]
    network = Ensemble([load_classifier(member, "cpu") for member in members], consensus).eval()
    test, truth = load_pictures("test", datasets[0])
    measured = accuracy_under_noise(network, test, truth, (0.0, *SIGMAS, *sigmas))
    card: dict[str, Any] = {
        "name": name,
        "kind": "classifier",
        "dataset": datasets[0],
        "architecture": {
            "network": "ensemble",
            "members": list(members),
            "consensus": consensus,
            "classes": found[0].architecture["classes"],
        },
        "normalisation": "none",
        "training": {
            "objective": f"mean logits of {len(members)} members",
            "sigma": max(sigmas),
            "data": found[0].training["data"],
        },
        "metrics": {"test_pictures": len(test), "accuracy_under_noise": measured},
        "parameters": sum(card.parameters for card in found),
        "file": "",
        "sha256": cards.combined_sha256([card.sha256 for card in found]),
    }
    return write_card(folder, card)
