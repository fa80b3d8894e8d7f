"""What the paper reports of networks whose logs are published (Table 12, its Gaussian rows)."""

from __future__ import annotations

# (data set, training noise = sigma) -> average certified radius
ACR = {("cifar10", 0.25): 0.423, ("cifar10", 0.5): 0.534, ("cifar10", 1.0): 0.539}

SLIPS = (
    "The abstract gives 36.0 % at r = 1.5 as the best earlier result on ImageNet: that is Table 11's plain "
    "BEiT at σ = 0.5, and Table 2 has a larger one.",
    "Section 5.2 quotes 65.6 and 55.0 % for CIFAR-10 at r = 1.0: they are the values at r = 0.5.",
    "Table 7 lists N = 20,000 with m = 5 within a budget of 10,000 predictions.",
    "The introduction compares with seven baselines, the abstract with eight.",
    "The released logs round radii to three digits, up as well as down: a radius of 1.7451 is printed as "
    "1.75 and counts at a threshold that it has not reached.",
)


def acr(dataset: str, sigma: float, training_sigma: float | None) -> float | None:
    """The paper's average certified radius of Cohen's network trained and certified at sigma, if it has
    one."""
    return ACR.get((dataset, sigma)) if training_sigma == sigma else None
