"""Ensembles: the mean of logits, and K-consensus that asks the rest only where the first K disagree."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from diffsmooth_core.classifiers.ensemble import Ensemble


class Member(nn.Module):
    """Logits W x; counts the pictures that it saw."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.weight = torch.randn(5, 12, generator=torch.Generator().manual_seed(seed))
        self.seen = 0

    def forward(self, x: Tensor) -> Tensor:
        self.seen += len(x)
        return x.flatten(1) @ self.weight.T


X = torch.randn(60, 3, 2, 2, generator=torch.Generator().manual_seed(9))


def test_the_logits_are_averaged() -> None:
    members = [Member(seed) for seed in range(3)]
    expected = sum(member(X) for member in members) / 3
    torch.testing.assert_close(Ensemble(members)(X), expected)


def test_consensus_asks_the_rest_only_where_the_first_disagree() -> None:
    members = [Member(seed) for seed in range(4)]
    first = torch.stack([member(X) for member in members[:2]])
    agree = first[0].argmax(1) == first[1].argmax(1)
    assert 0 < int(agree.sum()) < 60
    whole = sum(member(X) for member in members) / 4
    for member in members:
        member.seen = 0
    ensemble = Ensemble(members, consensus=2)
    found = ensemble(X)
    torch.testing.assert_close(found[agree], first.mean(0)[agree])
    torch.testing.assert_close(found[~agree], whole[~agree])
    padded = -(-int((~agree).sum()) // 8) * 8
    assert [member.seen for member in members] == [60, 60, padded, padded]
    assert ensemble.passes == 120 + 2 * padded


def test_an_output_does_not_depend_on_its_neighbours() -> None:
    ensemble = Ensemble([Member(seed) for seed in range(3)], consensus=2)
    together = ensemble(X)
    for i in (0, 17, 59):
        torch.testing.assert_close(ensemble(X[i : i + 1])[0], together[i])
