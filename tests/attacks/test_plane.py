"""Decision regions: true to scale, stage by stage, from coarse to fine."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from diffsmooth_core import InputError, SmoothingConfig, build_base
from diffsmooth_core.attacks import Plane, RegionsConfig, regions_stream
from diffsmooth_core.certification.noise import NoiseSource, image_sha256
from diffsmooth_core.classifiers.base import Classifier
from tests.worlds import GREY, clamping_denoiser, half_space, ten_classes

CONFIG = SmoothingConfig(method="plain", sigma=0.25, m=2, device="cpu", dtype="float32")
MARGIN = 0.4
NORMAL = half_space(1.0).network[1].weight[0].view_as(GREY)  # points out of class 1


def base(method: str = "plain", classifier: Classifier | None = None) -> Any:
    return build_base(replace(CONFIG, method=method), classifier or half_space(MARGIN), clamping_denoiser())


def end(config: RegionsConfig, plane: Plane, method: str = "plain", **settings: Any) -> dict[str, Any]:
    *_, last = regions_stream(base(method), plane, replace(CONFIG, **settings), config)
    assert last.finished
    return dict(last.labels)


@pytest.mark.parametrize("right", [None, GREY + NORMAL])
@pytest.mark.parametrize("up", [None, GREY * 0.3])
def test_a_length_in_the_plane_is_the_length_of_the_change(
    right: torch.Tensor | None, up: torch.Tensor | None
) -> None:
    plane = Plane.through(GREY, right, up, seed=3)
    a, b = torch.tensor([0.0, 3.0, -1.0]), torch.tensor([0.0, 4.0, 2.0])
    moved = (plane.points(a, b) - GREY).flatten(1).norm(dim=1)
    torch.testing.assert_close(moved, (a**2 + b**2).sqrt(), rtol=1e-4, atol=1e-4)


def test_the_other_pictures_lie_on_the_plane() -> None:
    right, up = torch.rand(2, *GREY.shape, generator=torch.Generator().manual_seed(1))
    plane = Plane.through(GREY, right, up)
    for other in (right, up):
        a, b = ((other - GREY) * plane.u).sum(), ((other - GREY) * plane.v).sum()
        torch.testing.assert_close(plane.points(a[None], b[None])[0], other, rtol=1e-4, atol=1e-4)
    assert float(((right - GREY) * plane.v).sum()) == pytest.approx(0, abs=1e-4)
    assert float(((up - GREY) * plane.v).sum()) > 0


@pytest.mark.parametrize(("right", "up"), [(GREY, None), (None, GREY), (GREY * 0.5, GREY * 0.25)])
def test_pictures_on_one_line_span_no_plane(right: torch.Tensor | None, up: torch.Tensor | None) -> None:
    with pytest.raises(InputError, match="lie on one line"):
        Plane.through(GREY, right, up)


def test_the_half_spaces_boundary_is_where_it_is() -> None:
    """Straight across at its margin on the first axis: for the network alone, and for many votes."""
    plane = Plane.through(GREY, GREY + NORMAL)
    found = end(RegionsConfig(extent=0.75, resolution=17, votes=200), plane)
    a = np.linspace(-0.75, 0.75, 17)
    assert (found["classifier"] == (a < MARGIN)).all()
    assert (found["smoothed"][:, a < MARGIN - 0.11] == 1).all()
    assert (found["smoothed"][:, a > MARGIN + 0.11] == 0).all()


def test_rows_run_from_the_top_down() -> None:
    upright = Plane.through(GREY, GREY + NORMAL)
    across = Plane(GREY, upright.v, upright.u)  # the other side is up
    found = end(RegionsConfig(extent=0.8, resolution=9, votes=1), across)["classifier"]
    assert (found[:2] == 0).all()
    assert (found[3:] == 1).all()


@pytest.mark.parametrize(
    ("method", "stages"),
    [
        ("plain", ["classifier", "vote", "smoothed"]),
        ("local-only", ["classifier", "vote", "smoothed"]),
        ("dds", ["classifier", "vote", "smoothed"]),
        ("densepure", ["classifier", "vote", "smoothed"]),
        ("diffsmooth", ["classifier", "purified", "vote", "smoothed"]),
    ],
)
def test_a_method_has_its_stages(method: str, stages: list[str]) -> None:
    found = end(RegionsConfig(extent=1.0, resolution=9, votes=2), Plane.through(GREY), method)
    assert list(found) == stages
    assert {labels.shape for labels in found.values()} == {(9, 9)}


@pytest.mark.parametrize("own", ["reference", "fresh"])
def test_every_point_is_what_the_method_says_there(own: str) -> None:
    """Asked one by one, under the noise that all points share."""
    config = replace(CONFIG, method="diffsmooth", noise=own)
    f = base("diffsmooth", ten_classes())
    plane = Plane.through(GREY, seed=2)
    *_, last = regions_stream(f, plane, config, RegionsConfig(extent=8.0, resolution=9, votes=3))
    axis = torch.linspace(-8, 8, 9)
    source = NoiseSource.seeded(config.seed, image_sha256(GREY), "regions")
    noise = 0.25 * source.outer(0, 3, GREY.shape)
    local = source.local(0, 3, 2, GREY.shape) if own == "fresh" else None
    for row, column in ((0, 0), (4, 6), (2, 7), (8, 1)):
        (here,) = plane.points(axis[[column]], -axis[[row]])
        assert last.labels["classifier"][row, column] == int(f.classifier(here[None]).argmax())
        first = None if local is None else local[:1]
        assert last.labels["vote"][row, column] == int(f(here[None] + noise[:1], first)[0])
        purified = f.purifier.denoiser.purify(here[None] + noise[:1], 0.25)
        assert last.labels["purified"][row, column] == int(f.classifier(purified).argmax())
        votes = np.bincount(f(here[None] + noise, local).numpy(), minlength=10)
        assert last.labels["smoothed"][row, column] == int(votes.argmax())
    assert len(np.unique(last.labels["classifier"])) > 2


def test_it_gets_finer_and_a_closed_stream_ends() -> None:
    plane = Plane.through(GREY, GREY + NORMAL)
    config = RegionsConfig(extent=0.8, resolution=17, votes=8)
    seen = list(regions_stream(base(), plane, CONFIG, config))
    assert [r.done for r in seen] == sorted({r.done for r in seen})
    assert seen[-1].done == seen[-1].total == 17 * 17
    early = next(r for r in seen if r.done >= 25)  # the 5 x 5 grid covers all of the square
    agreeing = (early.labels["classifier"] == seen[-1].labels["classifier"]).mean()
    assert agreeing > 0.8
    stream = regions_stream(base(), plane, CONFIG, config)
    assert len(list(itertools.islice(stream, 2))) == 2
    stream.close()  # type: ignore[attr-defined]
    assert list(stream) == []


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"extent": 0.0}, "extent must be a finite number above 0"),
        ({"extent": 1.0, "resolution": 20}, "choose one of 9, 17, 33, 65"),
        ({"extent": 1.0, "votes": 0}, "votes must be a whole number from 1 up"),
    ],
)
def test_bad_settings_are_a_sentence(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        RegionsConfig(**settings)
