"""A GPU that is pretended on the CPU: it finds what would fail or wait on a real one.

Tensors say that they lie on "cuda:0" while their values lie on the CPU, where every operation is computed, so
the results are those of the CPU. What a GPU would refuse raises a DeviceError, and what would make the
processor wait for it is counted. Kernels, streams and captured graphs cannot be seen here, and autocast has
no effect. An Apple GPU ("mps:0") is pretended the same way; it refuses float64 besides.
"""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from typing import Any, Self
from unittest.mock import patch

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from diffsmooth_core.certification import hardware, noise_on_device
from diffsmooth_core.certification.noise_on_device import normals, words
from diffsmooth_core.config import SmoothingConfig
from diffsmooth_core.layers import fused

aten = torch.ops.aten
CPU = torch.device("cpu")
CpuGenerator = torch.Generator
COPIES = {aten._to_copy.default, aten.copy_.default, aten._copy_from.default}
INDEXED = {aten.index.Tensor, aten.index_put.default, aten.index_put_.default, aten._index_put_impl_.default}
# Their result has a size, or is a Python value, that only the device knows.
WAITING = {
    "_local_scalar_dense",
    "nonzero",
    "masked_select",
    "equal",
    "unique_dim",
    "_unique2",
    "unique_consecutive",
}


GPUS = ("cuda", "mps")
HERE = {"device": CPU, "pin_memory": False}  # where operations are computed in truth


class DeviceError(AssertionError):
    """Something that a GPU refuses, or that gives wrong values there."""


def place(device: Any) -> torch.device:
    """The device by its full name: "cuda" is cuda:0."""
    device = torch.device(device)
    return device if device.type == "cpu" else torch.device(device.type, device.index or 0)


class OnDevice(torch.Tensor):
    """A tensor on a pretended GPU: an empty shell for torch, and the `values` (CPU) that it stands for."""

    values: Tensor
    at: torch.device
    __torch_function__ = torch._C._disabled_torch_function_impl

    @staticmethod
    def __new__(cls, values: Tensor, at: torch.device) -> OnDevice:
        shell = torch.empty_strided(values.size(), values.stride(), dtype=values.dtype, device="meta")
        made = torch.Tensor._make_subclass(cls, shell, False, device_for_backend_keys=at)
        made.values, made.at = values, at
        return made

    @property
    def device(self) -> torch.device:
        return self.at

    @property
    def is_cuda(self) -> bool:
        return self.at.type == "cuda"

    @property
    def is_meta(self) -> bool:
        return False

    @property
    def data(self) -> Tensor:
        return self.detach()

    @data.setter
    def data(self, new: OnDevice) -> None:
        torch.Tensor.data.__set__(self, new)
        self.values = new.values

    def numpy(self, *_: Any, **__: Any) -> Any:
        raise DeviceError(f".numpy() of a tensor on {self.at}; copy it with .cpu() first")

    def tolist(self) -> Any:
        return self.cpu().tolist()

    def __array__(self, *_: Any, **__: Any) -> Any:
        return self.numpy()

    def __deepcopy__(self, memo: dict[int, Any]) -> OnDevice:
        with torch._C._DisableTorchDispatch():
            made = OnDevice(self.values.clone(), self.at).requires_grad_(self.requires_grad)
        made.__dict__ |= {
            name: value for name, value in self.__dict__.items() if name not in ("values", "at")
        }
        return memo.setdefault(id(self), made)

    def __reduce_ex__(self, protocol: Any) -> Any:
        return self.values.__reduce_ex__(protocol)  # in a file it is loaded on the CPU

    def __repr__(self) -> str:
        return f"OnDevice({self.values!r}, {self.at})"

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        raise DeviceError(f"{func} in a thread, or at a time, in which no GPU is pretended")


class DeviceGenerator(CpuGenerator):
    """torch.Generator, for pretended devices too."""

    def __new__(cls, device: Any = "cpu") -> DeviceGenerator:
        made = CpuGenerator.__new__(cls, device="cpu")
        GENERATORS[made._cdata] = place(device)
        return made

    @property
    def device(self) -> torch.device:
        return generator_device(self)


GENERATORS: dict[int, torch.device] = {}  # by torch's own name for a generator; operations see no more of it


def generator_device(generator: torch.Generator) -> torch.device:
    return GENERATORS.get(generator._cdata, CPU)


@cache
def is_composite(func: Any) -> bool:
    """Whether an operation is made of others, which alone count then."""
    return func.has_kernel_for_dispatch_key(torch._C.DispatchKey.CompositeImplicitAutograd)


def leaves(value: Any) -> Iterator[Any]:
    """What an operation's arguments hold, in lists of lists."""
    if isinstance(value, list | tuple):
        for part in value:
            yield from leaves(part)
    else:
        yield value


def changed(value: Any, kind: type, change: Callable[[Any], Any]) -> Any:
    """`value`, with everything of a kind in its lists of lists changed."""
    if isinstance(value, list | tuple):
        return type(value)(changed(part, kind, change) for part in value)
    return change(value) if isinstance(value, kind) else value


def _is_there_already(x: Tensor, target: torch.device, kwargs: Any) -> bool:
    """Whether x.to(...) gives x itself back."""
    same = kwargs.get("dtype") in (None, x.dtype) and not kwargs.get("memory_format")
    return same and isinstance(x, OnDevice) and x.at == target


def _by_full_name(function: Any) -> Any:
    """A function of torch that would ask the driver for the index of "cuda"."""

    def full(value: Any) -> Any:
        return place(value) if isinstance(value, str | torch.device) and str(value) in GPUS else value

    def called(*args: Any, **kwargs: Any) -> Any:
        return function(*map(full, args), **{name: full(value) for name, value in kwargs.items()})

    return called


Prepare = Callable[[SmoothingConfig], Callable[[], Any]]


class PretendedGPU(TorchDispatchMode):
    """Counts `waits`, by what made the processor wait, and copies `to_device` and `to_host`, in the thread
    that enters it."""

    def __init__(self, kind: str = "cuda") -> None:
        super().__init__()
        self.waits: list[str] = []
        self.to_device = self.to_host = 0
        self._lifting: list[bool] = []
        self._last = place(kind)

    def __enter__(self) -> Self:
        self._lifting.append(torch._C._only_lift_cpu_tensors())
        torch._C._set_only_lift_cpu_tensors(True)  # torch.tensor(..., device="cuda:0") comes by here then
        return super().__enter__()

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)
        torch._C._set_only_lift_cpu_tensors(self._lifting.pop())

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        if is_composite(func):
            with self:
                return func.decompose(*args, **kwargs)
        tensors = [operand for operand in leaves((args, *kwargs.values())) if isinstance(operand, Tensor)]
        asked = self._asked(kwargs.get("device"), tensors)
        kwargs |= {name: value for name, value in HERE.items() if name in kwargs}
        target = self._target(func, tensors, asked, args, kwargs)
        generator = kwargs.get("generator")
        if generator is not None and generator_device(generator) != target:
            raise DeviceError(f"{func} on {target} with a generator on {generator_device(generator)}")
        self._count_waits(func, args, tensors)
        if func is aten._to_copy.default and _is_there_already(tensors[0], target, kwargs):
            return OnDevice(tensors[0].values, target)
        given = {id(t.values): t for t in tensors if isinstance(t, OnDevice)}
        result = func(
            *changed(args, OnDevice, lambda t: t.values),
            **{name: changed(value, OnDevice, lambda t: t.values) for name, value in kwargs.items()},
        )
        if target == CPU:
            return result
        if target.type == "mps" and any(getattr(t, "dtype", None) == torch.float64 for t in leaves(result)):
            raise DeviceError(f"{func} gives float64, which an Apple GPU does not have")
        return changed(result, Tensor, lambda t: given[id(t)] if id(t) in given else OnDevice(t, target))

    def _asked(self, device: Any, tensors: list[Tensor]) -> torch.device | None:
        """The device that is asked for, if any. By "meta" torch's own code means that of the shells that it
        is given, or was given last."""
        self._last = next((t.at for t in tensors if isinstance(t, OnDevice)), self._last)
        if device is None:
            return None
        return self._last if torch.device(device).type == "meta" else place(device)

    def _target(
        self, func: Any, tensors: list[Tensor], asked: torch.device | None, args: Any, kwargs: Any
    ) -> torch.device:
        """Where the result lies. Raises DeviceError where a GPU would not find its operands on one device."""
        where = [t.device for t in tensors]
        if func in COPIES:
            source, target = (where[0], asked or where[0]) if len(where) == 1 else (where[1], where[0])
            self._count_copy(source, target, kwargs.get("non_blocking") or (len(args) > 2 and args[2]))
            return target
        if asked is not None:
            return asked
        if func in INDEXED and where[0] != CPU:
            for index in args[1]:
                if index is not None and index.device == CPU:
                    self._count_copy(CPU, where[0], False)
            where = [where[0], *(t.device for t in tensors if t.device != CPU)]
        numbers = (t for t in tensors if t.dim() or t.device != CPU)  # a number may lie on the CPU
        devices = {t.device for t in numbers} if func not in INDEXED or where[0] == CPU else set(where)
        if len(devices) > 1:
            raise DeviceError(f"{func} of tensors on {' and '.join(sorted(map(str, devices)))}")
        return devices.pop() if devices else CPU

    def _count_copy(self, source: torch.device, target: torch.device, without_waiting: bool) -> None:
        if source == target:
            return
        self.to_device += target != CPU
        self.to_host += target == CPU
        if not without_waiting:
            self.waits.append(f"copy to {target}")
        elif target == CPU:
            raise DeviceError("a copy to the CPU that is not waited for: its values may not be there yet")

    def _count_waits(self, func: Any, args: Any, tensors: list[Tensor]) -> None:
        name = func._schema.name.removeprefix("aten::")
        on_device = any(isinstance(t, OnDevice) for t in tensors)
        masked = func in INDEXED and any(t is not None and t.dtype == torch.bool for t in args[1])
        filled = masked and len(args) > 2 and args[2].numel() == 1  # with one number, no size is asked for
        if on_device and (name in WAITING or (masked and not filled)):
            self.waits.append(name)

    def clear(self) -> None:
        self.waits, self.to_device, self.to_host = [], 0, 0


@contextmanager
def pretended_gpu(count: int = 1, kind: str = "cuda") -> Iterator[PretendedGPU]:
    """A machine with `count` pretended GPUs of a kind, for as long as the context lasts."""
    gpu = PretendedGPU(kind)
    if torch.cuda.is_available():
        torch.cuda.init()  # a real one that is here too is set up as ever
    functions: dict[str, Any] = {
        "_lazy_init": lambda: None,
        "is_available": lambda: kind == "cuda",
        "device_count": lambda: count * (kind == "cuda"),
        "current_device": lambda: 0,
        "get_device_capability": lambda device=None: (9, 0),
        "get_device_name": lambda device=None: "pretended GPU",
        "is_bf16_supported": lambda including_emulation=True: True,
        "synchronize": lambda device=None: gpu.waits.append("synchronize"),
        "empty_cache": lambda: None,
    }
    apple: dict[str, Any] = {  # cached, as torch's own are
        "is_available": cache(lambda: kind == "mps"),
        "get_name": cache(lambda: "pretended chip"),
    }
    future, overwriting = torch.__future__, torch.__future__.get_overwrite_module_params_on_conversion()
    future.set_overwrite_module_params_on_conversion(True)  # a CPU parameter cannot become a pretended one
    try:
        with (
            patch.multiple(torch.cuda, **functions),
            patch.multiple(torch.backends.mps, **apple),
            patch.object(torch, "Generator", DeviceGenerator),
            patch.object(noise_on_device, "fastest", lambda device: (words, normals)),
            patch.object(fused, "working_triton", lambda device: ""),
            patch.object(hardware, "working_triton", lambda device: ""),
            patch.object(torch.accelerator, "current_accelerator", lambda check_available=False: None),
            patch.object(torch.Tensor, "to", _by_full_name(torch.Tensor.to)),
            patch.object(torch, "tensor", _by_full_name(torch.tensor)),
            gpu,
        ):
            yield gpu
    finally:
        future.set_overwrite_module_params_on_conversion(overwriting)
        noise_on_device.table.cache_clear()  # what lies on the pretended GPU
        noise_on_device.steps_on.cache_clear()


def on_both(
    prepare: Prepare,
    config: SmoothingConfig,
    same: Callable[[Any, Any], bool] = operator.eq,
    kind: str = "cuda",
) -> PretendedGPU:
    """Prepare some work and do it, on the CPU and on a pretended GPU of a kind, whose results have to be the
    same. Returns the GPU, which has counted how often the work itself waited."""
    expected = prepare(config)()
    with pretended_gpu(kind=kind) as gpu:
        work = prepare(replace(config, device=kind))
        gpu.clear()
        found = work()
    assert same(found, expected)
    waits = ", ".join(f"{number} {what}" for what, number in sorted(Counter(gpu.waits).items()))
    print(f"waits: {waits or 'none'}; copies: {gpu.to_device} to the device, {gpu.to_host} back")
    return gpu
