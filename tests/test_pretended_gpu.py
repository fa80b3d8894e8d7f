"""The pretended GPU itself: it computes what the CPU does, refuses what a GPU refuses, and counts waits."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.pretended_gpu import DeviceError, OnDevice, PretendedGPU, pretended_gpu

NUMBERS = torch.arange(6.0).view(2, 3) - 2


@pytest.fixture
def gpu() -> Iterator[PretendedGPU]:
    with pretended_gpu(2) as made:
        yield made


def sent(x: Tensor = NUMBERS, device: str = "cuda") -> Tensor:
    return x.to(device, non_blocking=True)


def test_a_network_trains_on_it_float_for_float_as_on_the_cpu(gpu: PretendedGPU) -> None:
    def trained(device: str) -> list[Tensor]:
        network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(16, 2))
        for i, parameter in enumerate(network.parameters()):
            nn.init.normal_(parameter, generator=torch.Generator().manual_seed(i))
        network.to(device)
        optimizer = torch.optim.AdamW(network.parameters())
        x = torch.rand(5, 3, 4, 4, generator=torch.Generator().manual_seed(0)).to(device)
        for _ in range(3):
            optimizer.zero_grad()
            F.cross_entropy(network(x), torch.tensor([0, 1, 0, 1, 1]).to(device)).backward()
            nn.utils.clip_grad_norm_(network.parameters(), 0.1)
            optimizer.step()
        assert {p.device.type for p in network.state_dict().values()} == {device.partition(":")[0]}
        return [p.cpu() for p in copy.deepcopy(network).state_dict().values()]

    for on_gpu, on_cpu in zip(trained("cuda"), trained("cpu"), strict=True):
        assert torch.equal(on_gpu, on_cpu)


def test_tensors_say_where_they_lie(gpu: PretendedGPU) -> None:
    made = [torch.zeros(2, device="cuda"), torch.tensor([1], device="cuda"), sent(), sent() * 2, sent()[0]]
    assert {x.device for x in made} == {torch.device("cuda:0")}
    assert all(x.is_cuda for x in made)
    assert sent(device="cuda:1").device == torch.device("cuda:1")
    assert type(sent().cpu()) is Tensor
    x = sent()
    assert x.to("cuda").add_(1) is not NUMBERS
    assert torch.equal(x.cpu(), NUMBERS + 1), "a tensor that is there already is not copied"


FAULTS: dict[str, Callable[[Tensor], object]] = {
    "two devices": lambda x: x + NUMBERS,
    "two GPUs": lambda x: x + sent(device="cuda:1"),
    "a network and a picture": nn.Linear(3, 1),
    "an index on the GPU": lambda x: NUMBERS[torch.tensor([0], device="cuda")],
    "a CPU generator": lambda x: torch.randn(2, device="cuda", generator=torch.Generator()),
    "in place": lambda x: x.normal_(generator=torch.Generator()),
    "a GPU's generator": lambda x: torch.randn(2, generator=torch.Generator("cuda")),
    "numpy": lambda x: x.numpy(),
    "an unfinished copy": lambda x: x.to("cpu", non_blocking=True),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_what_a_gpu_refuses_is_found(gpu: PretendedGPU, fault: Callable[[Tensor], object]) -> None:
    x = sent()
    with pytest.raises(DeviceError):
        fault(x)


def test_numbers_and_indices_may_lie_on_the_cpu(gpu: PretendedGPU) -> None:
    assert torch.equal((sent() * torch.tensor(2.0)).cpu(), NUMBERS * 2)
    assert torch.equal(sent()[torch.tensor([1])].cpu(), NUMBERS[1:])
    drawn = torch.randn(3, device="cuda", generator=torch.Generator("cuda").manual_seed(1))
    assert torch.equal(drawn.cpu(), torch.randn(3, generator=torch.Generator().manual_seed(1)))


WAITS: dict[str, tuple[Callable[[Tensor], object], int, int, int]] = {  # waits, copies there, copies back
    "nothing": (lambda x: (x * 2).softmax(1).argmax(1), 0, 0, 0),
    "item": (lambda x: x.sum().item(), 1, 0, 0),
    "float": (lambda x: float(x[0, 0]), 1, 0, 0),
    "bool": (lambda x: bool((x > 0).any()), 1, 0, 0),
    "equal": (lambda x: torch.equal(x, x), 1, 0, 0),
    "cpu": (lambda x: x.cpu(), 1, 0, 1),
    "tolist": (lambda x: x.tolist(), 1, 0, 1),
    "copied into the CPU's": (lambda x: torch.zeros(2, 3).copy_(x), 1, 0, 1),
    "sent": (lambda x: sent(), 0, 1, 0),
    "sent and waited for": (lambda x: NUMBERS.to("cuda"), 1, 1, 0),
    "made of numbers": (lambda x: torch.tensor([1.0], device="cuda"), 1, 1, 0),
    "a mask": (lambda x: x[x > 0], 1, 0, 0),
    "set where": (lambda x: x.masked_fill_(x > 0, 1), 0, 0, 0),
    "set by a mask": (lambda x: x.__setitem__(x > 0, 1.0), 0, 0, 0),
    "an index": (lambda x: x[torch.tensor([1])], 1, 1, 0),
    "where": (lambda x: x.nonzero(), 1, 0, 0),
    "synchronised": (lambda x: torch.cuda.synchronize(), 1, 0, 0),
}


@pytest.mark.parametrize(("work", "waits", "there", "back"), WAITS.values(), ids=WAITS)
def test_waits_and_copies_are_counted(
    gpu: PretendedGPU, work: Callable[[Tensor], object], waits: int, there: int, back: int
) -> None:
    x = sent()
    gpu.clear()
    work(x)
    assert (len(gpu.waits), gpu.to_device, gpu.to_host) == (waits, there, back), gpu.waits


def test_it_is_gone_afterwards() -> None:
    before = torch.cuda.is_available, torch.Generator
    with pretended_gpu():
        assert torch.cuda.is_available()
        assert isinstance(sent(), OnDevice)
    assert (torch.cuda.is_available, torch.Generator) == before
    assert type(torch.zeros(2) + 1) is Tensor


def test_an_apple_gpu_has_no_float64() -> None:
    with pretended_gpu(kind="mps"):
        x = sent(device="mps")
        assert x.device == torch.device("mps:0")
        assert not x.is_cuda
        with pytest.raises(DeviceError, match="float64, which an Apple GPU does not have"):
            x.double()
