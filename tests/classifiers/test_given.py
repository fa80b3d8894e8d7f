"""A classifier of somebody's own: what it may return, how it is named, and the certificates around it."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from diffsmooth_core import ABSTAIN, Certificate, InputError, SmoothedClassifier
from diffsmooth_core.certification.certificate import discrepancies
from diffsmooth_core.classifiers.given import Given, state_sha256
from diffsmooth_core.statistics import certified_radius, clopper_pearson_lower

X = torch.full((3, 12, 12), 0.5)


def bright(x: Tensor) -> Tensor:
    """Class 1 for pictures whose mean is above one half: with noise of mean 0, on x of .52, a known share."""
    return (x.mean((1, 2, 3)) > 0.5).long()


class Logits(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([-1.0, 1.0, 0.0]))

    def forward(self, x: Tensor) -> Tensor:
        return (x.mean((1, 2, 3), keepdim=True)[..., 0, 0] - 0.5) * self.weight


SETTINGS: dict[str, Any] = {"classes": 3, "sigma": 0.25, "n0": 20, "n": 200}


def test_a_module_a_function_and_a_numpy_function_of_one_rule_answer_alike() -> None:
    x = X + 0.01
    module = SmoothedClassifier.around(Logits().eval(), **SETTINGS)
    function = SmoothedClassifier.around(bright, **SETTINGS)
    array = SmoothedClassifier.around(lambda a: np.asarray(a).mean((1, 2, 3)) > 0.5, numpy=True, **SETTINGS)
    copies = x + 0.25 * torch.randn(64, *x.shape, generator=torch.Generator().manual_seed(0))
    answers = [smoothed.base(copies).tolist() for smoothed in (module, function, array)]
    assert answers[0] == answers[1] == answers[2] == bright(copies).tolist()


def test_the_certificate_follows_from_the_votes_of_f() -> None:
    certificate = SmoothedClassifier.around(bright, **SETTINGS).certify(X + 0.1)
    assert certificate.counts == (0, 200, 0)
    assert certificate.radius == certified_radius(clopper_pearson_lower(200, 200, 0.001), 0.25)
    assert (certificate.label, certificate.config.dataset) == (1, "given")
    assert discrepancies(Certificate.from_dict(json.loads(certificate.to_json()))) == []
    assert SmoothedClassifier.around(bright, **SETTINGS).certify(X).label == ABSTAIN


def test_local_smoothing_and_every_rule_go_round_it_too() -> None:
    local = SmoothedClassifier.around(
        bright, method="local-only", sigma_local=0.1, m=3, stopping="decided", target_radius=0.2, **SETTINGS
    )
    assert local.certify(X + 0.1).radius >= 0.2
    x = torch.full((3, 32, 32), 0.6)
    purified = SmoothedClassifier.around(bright, method="dds", dataset="cifar10", **SETTINGS)
    assert purified.certify(x).weights.keys() == {"classifier", "denoiser"}


def test_what_f_is_called_says_what_is_known_of_it() -> None:
    function = SmoothedClassifier.around(bright, **SETTINGS)
    assert function.config.classifier == "bright (not hashed)"
    named = SmoothedClassifier.around(bright, name="theirs", sha256="ab" * 32, **SETTINGS)
    assert (named.config.classifier, named.base.weights) == ("theirs", {"classifier": "ab" * 32})
    one, other = Logits().eval(), Logits().eval()
    found = SmoothedClassifier.around(one, **SETTINGS)
    assert (found.config.classifier, found.base.weights["classifier"]) == ("Logits", state_sha256(one))
    assert state_sha256(one) == state_sha256(other)
    with torch.no_grad():
        other.weight[2] += 1e-6
    assert state_sha256(one) != state_sha256(other)
    assert found.certify(X).commitment != SmoothedClassifier.around(other, **SETTINGS).certify(X).commitment


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda x: x, r"of shape \(4, 3, 2, 2\) for 4 pictures"),
        (lambda x: x.mean((1, 2, 3)), r"float32 of shape \(4,\)"),
        (lambda x: torch.full((4,), 3), "class 3, and classes run from 0 to 2"),
        (lambda x: [-1, 0, 0, 0], "class -1"),
        (lambda x: ["cat"] * 4, "which is no array"),
        (lambda x: None, "returned NoneType, which is no array"),
    ],
)
def test_what_is_no_answer_is_said(answer: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        Given(answer, 3, numpy=False)(torch.rand(4, 3, 2, 2))


def test_logits_go_through_and_classes_are_certain() -> None:
    logits = torch.tensor([[0.5, 2.0, -1.0]])
    assert torch.equal(Given(lambda x: logits, 3, numpy=False)(X[None]), logits)
    assert Given(lambda x: [2], 3, numpy=False)(X[None]).softmax(1).tolist() == [[0.0, 0.0, 1.0]]
    with pytest.raises(InputError, match="not finite"):
        SmoothedClassifier.around(lambda x: torch.full((len(x), 3), torch.nan), **SETTINGS).certify(X)


def test_what_cannot_be_smoothed_is_refused() -> None:
    with pytest.raises(InputError, match=r"training mode.*call f\.eval\(\)"):
        SmoothedClassifier.around(Logits(), **SETTINGS)
    with pytest.raises(InputError, match="classes must be 2 or more, got 1"):
        SmoothedClassifier.around(bright, **SETTINGS | {"classes": 1})


@pytest.mark.parametrize(
    ("f", "sha256", "said"), [(5, "", "cannot be called"), (abs, "zz", "64 hexadecimal")]
)
def test_what_is_no_function_or_no_hash_is_refused(f: Any, sha256: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        SmoothedClassifier.around(f, classes=2, sigma=0.5, sha256=sha256)
