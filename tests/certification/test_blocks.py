"""Votes in blocks of rows, as a GPU casts them: those of the CPU's path, wherever in a block they stand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from diffsmooth_core.certification import blocks
from diffsmooth_core.certification.noise import NoiseSource
from diffsmooth_core.certification.voting import VoteRange, cast_votes, commitment_of, noise_source
from diffsmooth_core.classifiers.execution import Execution
from diffsmooth_core.classifiers.graphs import Graphs, Tensors
from diffsmooth_core.config import METHODS, SmoothingConfig
from tests.test_on_a_gpu import CONFIG, PICTURE, built

Asked = list[tuple[NoiseSource, range, torch.Tensor]]


def asked_and_ranges(base: Any, config: SmoothingConfig) -> tuple[Asked, list[VoteRange]]:
    """Votes of two pictures, more than two blocks."""
    ranges = [VoteRange(x, "estimation", 3, 15) for x in (PICTURE, PICTURE.flip(0))]
    sources = [noise_source(commitment_of(base, r.x, config), r.x, r.stage) for r in ranges]
    return [(source, range(3, 15), r.x) for source, r in zip(sources, ranges, strict=True)], ranges


@pytest.mark.parametrize("noise", ["fresh", "sound", "reference"])
@pytest.mark.parametrize("method", METHODS)
def test_blocks_of_rows_cast_the_votes_of_the_cpus_path(method: str, noise: str) -> None:
    config = replace(CONFIG, method=method, noise=noise)
    base = built(config)
    asked, ranges = asked_and_ranges(base, config)
    found, seen = blocks.cast(base, asked, config)
    assert found.tolist() == [int(c) for classes in cast_votes(base, ranges, config) for c in classes]
    for row, place in enumerate(blocks.shown(found.numpy(), base.purifier_batch)):
        (source, votes, x), vote = asked[place // 12], place % 12
        drawn = blocks.Drawn(source, votes[vote], votes[vote] + 1)
        x_noisy, noise_of = blocks.noisy_copies(base, x, drawn, config)
        traced = base.trace(x_noisy, noise_of)
        assert torch.equal(seen.noisy[row : row + 1], x_noisy)
        for image, expected in ((seen.purified, traced.purified), (seen.local, traced.local)):
            assert (image is None) == (expected is None)
            assert image is None or torch.equal(image[row : row + 1], expected)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("classes", "places"),
    [
        ([2, 2, 2, 2], [0, 3]),
        ([2, 5, 2, 2], [1, 3]),
        ([2, 2, 7, 5], [0, 3]),
        ([5, 2, 2, 2, 2, 2, 3, 2], [6, 7]),
        ([5, 2, 2, 2, 2], [4, 4]),
    ],
)
def test_a_vote_against_the_others_of_its_block_is_shown(classes: list[int], places: list[int]) -> None:
    """In blocks of four."""
    assert blocks.shown(np.array(classes), 4) == places


class Captured:
    """In the place of a CUDA graph: does the work again with the captured inputs, into the captured
    results."""

    def __init__(self, graphs: Graphs, inputs: Tensors) -> None:
        self.work, self.given = graphs.work, tuple(x.clone() for x in inputs)
        self.results = self.work(*self.given)

    def replay(self) -> None:
        with torch.inference_mode():
            for result, found in zip(self.results, self.work(*self.given), strict=True):
                result.copy_(found)


def capture(made: list[Captured]) -> Any:
    def captured(graphs: Graphs, inputs: Tensors) -> tuple[Captured, Tensors, Tensors]:
        made.append(one := Captured(graphs, inputs))
        return one, one.given, one.results

    return captured


@pytest.mark.parametrize("method", ["diffsmooth", "plain"])
def test_one_graph_serves_all_blocks_and_runs_of_other_lengths(
    monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    made: list[Captured] = []
    monkeypatch.setattr(Graphs, "_capture", capture(made))
    config = replace(CONFIG, method=method)
    base, graphed = built(config), replace(built(config), execution=Execution("graph"))
    for n in (20, 40):
        asked, ranges = asked_and_ranges(base, replace(config, n=n))
        found, _ = blocks.cast(graphed, asked, replace(config, n=n))
        expected = cast_votes(base, ranges, replace(config, n=n))
        assert found.tolist() == [int(c) for classes in expected for c in classes]
    (graph,) = made
    assert [len(x) for x in graph.given] == [8, 8, 8]


def test_values_that_are_not_finite_have_no_class() -> None:
    confidence = torch.tensor([[0.1, 0.9], [torch.nan, 1.0], [torch.inf, 0.0], [0.5, 0.5]])
    assert blocks.leading(confidence).tolist() == [1, -1, -1, 0]
