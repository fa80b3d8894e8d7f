"""Ways to run the networks: the same function but for rounding, and an early end that changes no vote."""

from __future__ import annotations

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from diffsmooth_core import build_base, load_classifier, load_denoiser
from diffsmooth_core.certification.agreement import agreement
from diffsmooth_core.certification.voting import VoteRange, draw_noise
from diffsmooth_core.classifiers.base import BaseClassifier
from diffsmooth_core.classifiers.compact import CompactCNN
from diffsmooth_core.classifiers.ensemble import Ensemble
from diffsmooth_core.classifiers.execution import (
    EAGER,
    Execution,
    Graphed,
    available,
    compiler,
    modes,
    prepared,
)
from diffsmooth_core.classifiers.graphs import Graphs, Tensors
from diffsmooth_core.classifiers.resnet import CifarResNet
from diffsmooth_core.config import InputError, SmoothingConfig
from diffsmooth_core.datasets import resolve
from diffsmooth_core.purification.diffusers_unet import DiffusersUNet
from diffsmooth_core.purification.dncnn import DnCNN
from diffsmooth_core.purification.unet import UNet
from diffsmooth_core.purification.unet_config import UNetConfig
from tests.worlds import GREY, ten_classes

CONFIG = SmoothingConfig(sigma=0.5, sigma_local=0.25, m=5, n0=10, n=40, device="cpu", dtype="float32")
FOLDED = Execution("folded", 16)
DDPM = {
    "block_out_channels": [32, 64],
    "down_block_types": ["DownBlock2D", "AttnDownBlock2D"],
    "up_block_types": ["AttnUpBlock2D", "UpBlock2D"],
    "layers_per_block": 1,
    "out_channels": 6,
}
CPU, CUDA = torch.device("cpu"), torch.device("cuda")


def randomised(network: nn.Module) -> nn.Module:
    """Weights and BatchNorm statistics of a network that has been trained, scales above 0."""
    generator = torch.Generator().manual_seed(3)
    for name, tensor in network.state_dict().items():
        if tensor.is_floating_point():
            low = 0.5 if "var" in name or (tensor.dim() == 1 and "weight" in name) else -0.1
            tensor.uniform_(low, low + 0.2, generator=generator)
    return network.eval()


@pytest.mark.parametrize("network", [CompactCNN(10, (8, 8, 8)), CifarResNet(8)], ids=["compact", "resnet"])
def test_folding_a_classifier_keeps_its_logits(network: nn.Module) -> None:
    x = torch.randn(5, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    expected = randomised(network)(x)
    made = prepared(network, "folded", torch.float32)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in made.modules())
    torch.testing.assert_close(made(x), expected, atol=1e-5, rtol=1e-4)
    assert torch.equal(network(x), expected), "the network itself is left as it was"


def test_a_norm_of_negative_scale_stays_behind_the_maximum() -> None:
    network = randomised(CompactCNN(10, (8, 8, 8)))
    network.blocks[1].norm1.weight.data[2] = -0.5
    x = torch.randn(5, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(
        prepared(network, "folded", torch.float32)(x), network(x), atol=1e-5, rtol=1e-4
    )


def small_u_net(scale_shift: bool, patch: int = 1) -> nn.Module:
    """One for 16x16 pictures, with attention, and a variance beside the noise."""
    config = UNetConfig(
        image_size=16,
        num_channels=32,
        num_res_blocks=1,
        channel_mult=(1, 2),
        attention_resolutions=(2,),
        learn_sigma=True,
        use_scale_shift_norm=scale_shift,
        patch=patch,
    )
    return randomised(UNet(config))


@pytest.mark.parametrize("scale_shift", [True, False])
def test_folding_a_u_net_keeps_the_noise_that_it_predicts(scale_shift: bool) -> None:
    network = small_u_net(scale_shift, patch=2)
    x = torch.randn(3, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    expected = network(x, torch.full((3,), 37.5))
    found = prepared(network, "folded", torch.float32, 37.5)(x, torch.full((3,), 999.0))
    assert found.shape == (3, 3, 16, 16), "the variance is dropped"
    torch.testing.assert_close(found, expected[:, :3], atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize("scale_shift", [True, False])
def test_a_u_net_at_several_timesteps_is_given_one_for_all_pictures(scale_shift: bool) -> None:
    networks = small_u_net(scale_shift), randomised(DiffusersUNet(DDPM))
    x = torch.randn(3, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    for network in networks:
        made = prepared(network, "folded", torch.float32)
        for t in (37.0, 500.0):
            timesteps = torch.full((3,), t)
            torch.testing.assert_close(made(x, timesteps), network(x, timesteps)[:, :3], atol=1e-4, rtol=1e-3)


def test_folding_diffusers_u_net_keeps_the_noise_that_it_predicts() -> None:
    network = randomised(DiffusersUNet(DDPM))
    x = torch.randn(3, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    expected = network(x, torch.full((3,), 37.0))
    found = prepared(network, "folded", torch.float32, 37.0)(x, torch.full((3,), 999.0))
    assert found.shape == (3, 3, 16, 16), "the variance is dropped"
    torch.testing.assert_close(found, expected[:, :3], atol=1e-4, rtol=1e-3)
    assert network.config == DiffusersUNet(DDPM).config, "the network itself is left as it was"
    torch.testing.assert_close(network(x, torch.full((3,), 37.0)), expected)


@pytest.mark.parametrize(("patch", "norm"), [(1, True), (2, True), (2, False)])
def test_folding_a_dncnn_keeps_the_picture_and_its_float32(patch: int, norm: bool) -> None:
    """In bfloat16 the noise alone is rounded, so a picture whose noise is 0 comes back to the last bit."""
    network = randomised(DnCNN(5, 16, patch, norm))
    x = torch.rand(3, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    made = prepared(network, "folded", torch.float32)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in made.modules())
    torch.testing.assert_close(made(x), network(x), atol=1e-5, rtol=1e-4)
    made = prepared(network, "folded", torch.bfloat16)
    last = next(module for module in reversed(list(made.modules())) if isinstance(module, nn.Conv2d))
    assert last.weight.dtype == torch.bfloat16
    last.weight.zero_()
    assert last.bias is not None
    last.bias.zero_()
    assert torch.equal(made(x), x)


@pytest.mark.parametrize("consensus", [0, 2])
def test_an_ensembles_members_are_folded(consensus: int) -> None:
    members = [load_classifier(name, "cpu") for name in ("gaussian-0.25", "gaussian-0.25-b", "standard")]
    network = Ensemble(members, consensus)
    x = torch.rand(9, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    made = prepared(network, "folded", torch.float32)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in made.modules())
    with torch.inference_mode():
        torch.testing.assert_close(made(x), network(x), atol=1e-4, rtol=1e-3)
        network.consensus = 0
        assert torch.allclose(made(x), network(x), atol=1e-4, rtol=1e-3) == (not consensus)


def test_folded_networks_run_in_the_dtype_under_autocast_or_not() -> None:
    made = prepared(randomised(CompactCNN(10, (8, 8, 8))), "folded", torch.bfloat16)
    x = torch.randn(4, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    plain = made(x)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(made(x), plain)
    assert plain.dtype == torch.float32
    assert made.network.head.weight.dtype == torch.bfloat16


@pytest.mark.parametrize(("dtype", "n", "least"), [("float32", 100, 1.0), ("bfloat16", 200, 0.95)])
def test_the_bundled_networks_vote_alike_folded_and_eager(dtype: str, n: int, least: float) -> None:
    """On the same noise; the share that may differ is bounded at the usual confidence."""
    config = replace(CONFIG, dtype=dtype, n=n)
    networks = load_classifier("gaussian-0.25", "cpu"), load_denoiser("bundled", "cpu")
    x = resolve("photo:cat", "cifar10").tensor
    found = agreement(build_base(config, *networks), build_base(config, *networks, EAGER), x, config)
    assert found.same >= least * found.votes
    assert found.lower > 0.9


# The early end of Algorithm 3


class Table(nn.Module):
    """A classifier whose softmax is a table; a copy's first pixel says which row. Counts rows asked for."""

    def __init__(self, softmax: Tensor) -> None:
        super().__init__()
        self.logits, self.asked = softmax.log(), 0

    def forward(self, x: Tensor) -> Tensor:
        self.asked += int((x[:, 0, 0, 1] > 0).sum())  # not the padding
        return self.logits[x[:, 0, 0, 0].round().long()]


def table(votes: int, m: int, seed: int, sharpness: float) -> tuple[BaseClassifier, Table, Tensor, Tensor]:
    """f, its classifier, the noisy copies and the local noise that lead vote i's copy j to row i*m + j."""
    generator = torch.Generator().manual_seed(seed)
    softmax = (sharpness * torch.randn(votes * m, 3, generator=generator)).softmax(1)
    classifier = ten_classes()
    classifier.network, classifier.classes = Table(softmax), 3
    config = replace(CONFIG, method="local-only", m=m, sigma_local=1.0)
    x, local = torch.zeros(votes, 3, 32, 32), torch.zeros(votes, m, 3, 32, 32)
    local[:, :, 0, 0, 0] = torch.arange(votes * m).view(votes, m)
    local[:, :, 0, 0, 1] = 1
    return build_base(config, classifier), classifier.network, x, local


@given(
    votes=st.integers(1, 12),
    m=st.integers(1, 9),
    copies=st.integers(1, 30),
    seed=st.integers(0, 10**6),
    sharpness=st.sampled_from([0.0, 0.5, 3.0, 20.0]),
)
def test_ending_early_changes_no_vote(votes: int, m: int, copies: int, seed: int, sharpness: float) -> None:
    """Against all m copies, on random softmax tables: flat, mixed, nearly certain."""
    base, network, x, local = table(votes, m, seed, sharpness)
    base = replace(base, execution=Execution("eager", copies))
    early = base(x, local)
    asked = network.asked
    assert torch.equal(early, base.confidence(x, local).argmax(1))
    assert asked <= votes * m


def test_a_sure_classifier_is_asked_for_just_over_half_of_the_copies() -> None:
    """Each remaining copy can move the lead by 1, so k of m sure copies settle it once k > m - k."""
    base, network, x, local = table(40, 9, 0, 0.0)
    network.logits[:] = torch.tensor([0.0, -50.0, -50.0])
    base = replace(base, execution=Execution("eager", 40))
    assert base(x, local).tolist() == [0] * 40
    assert network.asked == 40 * 5


@pytest.mark.parametrize(("lead", "asked"), [(1.0004, 3), (1.003, 2)])
def test_a_lead_within_rounding_of_what_is_left_does_not_end_the_copies(lead: float, asked: int) -> None:
    """After two copies of three, the last one can move the lead by 1 and a rounding."""
    base, network, x, local = table(20, 3, 0, 0.0)
    network.logits[:] = torch.tensor([0.5 + lead / 4, 0.5 - lead / 4, 0.0]).log()
    assert replace(base, execution=Execution("eager", 20))(x, local).tolist() == [0] * 20
    assert network.asked == 20 * asked


def test_a_last_copy_that_rounding_helps_to_win_is_asked_for() -> None:
    """Leads that are above 1 by a few of the last bits, and a last copy that is sure of the other class."""
    base, network, x, local = table(400, 3, 0, 0.0)
    lead = 1 + torch.arange(-200, 200) * 2.0**-25
    split = torch.stack([0.5 - lead / 4, 0.5 + lead / 4, torch.zeros(400)], 1)
    other = torch.tensor([1.0, 0.0, 0.0]).expand(400, 3)
    network.logits[:] = torch.stack([split, split, other], 1).flatten(0, 1).log()
    early = replace(base, execution=Execution("eager", 400))(x, local)
    assert torch.equal(early, base.confidence(x, local).argmax(1))
    assert len(early.unique()) == 2


def test_a_copy_that_is_not_finite_ends_nothing() -> None:
    base, network, x, local = table(2, 5, 0, 20.0)
    network.logits[0] = torch.nan
    vote = replace(base, execution=Execution("eager", 2)).trace(x, local, every_copy=False)
    assert torch.isnan(vote.confidence[0]).all()
    assert torch.isfinite(vote.confidence[1]).all()


def test_votes_are_those_of_the_whole_trace_whatever_the_company() -> None:
    """With the bundled networks: chunks of any size, and every copy classified."""
    base = build_base(
        CONFIG, load_classifier("gaussian-0.25", "cpu"), load_denoiser("bundled", "cpu"), FOLDED
    )
    noise = draw_noise(base, VoteRange(GREY, "estimation", 0, 40), CONFIG)
    whole = base.trace(*noise).confidence.argmax(1)
    assert noise[1] is not None
    for size in (24, 40):
        apart = [base(a, b) for a, b in zip(noise[0].split(size), noise[1].split(size), strict=True)]
        assert torch.equal(torch.cat(apart), whole)


@pytest.mark.skipif(not compiler(CPU), reason="no compiler is installed")
@pytest.mark.slow
def test_a_compiled_network_keeps_the_logits() -> None:
    network = randomised(CompactCNN(10, (8, 8, 8)))
    x = torch.randn(4, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        found = prepared(network, "compiled", torch.float32)(x)
    torch.testing.assert_close(found, network(x), atol=1e-5, rtol=1e-4)


def test_a_compiler_that_fails_is_said_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend=broken))
    network = prepared(randomised(CompactCNN(10, (8, 8, 16))), "compiled", torch.float32)
    with pytest.raises(InputError, match="no space left on device.*DIFFSMOOTH_EXECUTION=folded"):
        network(torch.zeros(1, 3, 32, 32))


class Captured:
    """In the place of a CUDA graph: replays the network on the captured input into the captured result."""

    def __init__(self, graphs: Graphs, inputs: Tensors) -> None:
        self.work, self.given, self.replays = graphs.work, tuple(x.clone() for x in inputs), 0
        self.results = self.work(*self.given)

    def replay(self) -> None:
        self.replays += 1
        for result, found in zip(self.results, self.work(*self.given), strict=True):
            result.copy_(found)


def test_a_graph_is_captured_once_a_shape_and_its_result_is_not_overwritten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    captures: list[Captured] = []

    def capture(graphs: Graphs, inputs: Tensors) -> tuple[Captured, Tensors, Tensors]:
        captures.append(made := Captured(graphs, inputs))
        return made, made.given, made.results

    monkeypatch.setattr(Graphs, "_capture", capture)
    network = prepared(randomised(CompactCNN(10, (8, 8, 8))), "graph", torch.float32)
    assert isinstance(network, Graphed)
    first, second = torch.rand(2, 4, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    outputs = [network(x) for x in (first, second, first[:2])]
    assert [len(c.given[0]) for c in captures] == [4, 2], "shapes are static"
    assert [c.replays for c in captures] == [2, 1]
    for output, x in zip(outputs, (first, second, first[:2]), strict=True):
        torch.testing.assert_close(output, network.network(x))


def test_two_threads_that_share_a_graph_get_their_own_outputs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The graph's input is overwritten by whoever comes next, so nobody may come while it is in use."""
    given = torch.zeros(1, 1)
    both = threading.Barrier(2)

    class Slow:
        def replay(self) -> None:
            held = given.clone()
            with contextlib.suppress(threading.BrokenBarrierError):
                both.wait(0.2)  # until the other thread has overwritten the input, where it can
            result.copy_(given)
            assert torch.equal(held, given)

    result = torch.zeros(1, 1)
    graphed = Graphed(nn.Identity())
    monkeypatch.setattr(Graphs, "_capture", lambda self, inputs: (Slow(), (given,), (result,)))
    with ThreadPoolExecutor() as threads:
        outputs = list(threads.map(lambda i: float(graphed(torch.full((1, 1), float(i)))), (1, 2)))
    assert outputs == [1, 2]


def test_compiled_is_offered_where_there_is_a_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda program: None)
    for device in (CPU, CUDA):
        assert "compiled" not in modes(device)
        with pytest.raises(InputError, match="'compiled' needs .*compiler.*, not installed here"):
            available(Execution("compiled"), device)


def test_an_execution_is_written_and_read_back() -> None:
    for written in (EAGER, FOLDED, Execution("graph", 0)):
        assert Execution.parse(str(written)) == written
    assert str(FOLDED) == "folded/16"
    for text in ("", "eager/0", "eager/-1", "folded/1.5", "Folded", "nothing/3", "folded/9999999"):
        with pytest.raises(InputError, match="is unknown; this version has eager, folded"):
            Execution.parse(text)
