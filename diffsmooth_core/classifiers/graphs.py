"""CUDA graphs: work that is captured once and then replayed, one launch instead of hundreds."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any
from weakref import WeakSet

import torch
from torch import Tensor

Tensors = tuple[Tensor, ...]

_capturing = threading.Lock()


class Graphs:
    """`work`, from tensors on a GPU to tensors there, captured as one CUDA graph for each shape of inputs.

    Inputs and results lie in memory of the graph's own, so threads take turns. `work` must not wait for the
    device.
    """

    def __init__(self, work: Callable[..., Tensors]) -> None:
        self.work = work
        self.captured: dict[tuple[torch.Size, ...], tuple[Any, Tensors, Tensors]] = {}
        self.lock = threading.Lock()
        _all.add(self)

    def __call__(self, *inputs: Tensor) -> Tensors:
        with self.lock, torch.cuda.device_of(inputs[0]):
            shapes = tuple(x.shape for x in inputs)
            if shapes not in self.captured:
                self.captured[shapes] = self._capture(inputs)
            graph, given, results = self.captured[shapes]
            for here, x in zip(given, inputs, strict=True):
                here.copy_(x)
            graph.replay()
            return tuple(result.clone() for result in results)

    def _capture(self, inputs: Tensors) -> tuple[Any, Tensors, Tensors]:
        """Capture on the current device. Meanwhile other threads may use it, but not capture."""
        given = tuple(x.clone() for x in inputs)
        graph, side = torch.cuda.CUDAGraph(), torch.cuda.Stream()
        with _capturing:
            side.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(side):  # libraries choose their kernels in the first calls
                for _ in range(3):
                    self.work(*given)
            torch.cuda.current_stream().wait_stream(side)
            try:
                with torch.cuda.graph(graph, stream=side, capture_error_mode="thread_local"):
                    results = self.work(*given)
            except RuntimeError as error:
                if isinstance(error.__context__, torch.OutOfMemoryError):  # ending the capture failed, too
                    raise error.__context__ from None
                raise
        return graph, given, results


_all: WeakSet[Graphs] = WeakSet()


def free_graphs() -> None:
    """Free the memory of all captured graphs. What is used again is captured anew."""
    for graphs in list(_all):
        with graphs.lock:
            graphs.captured.clear()
