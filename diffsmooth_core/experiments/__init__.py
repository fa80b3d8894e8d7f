"""One image under several settings: compared on the same noise, or swept with shared purifications."""

from diffsmooth_core.experiments.compare import Comparison, Entry, compare_stream
from diffsmooth_core.experiments.cost import evaluations
from diffsmooth_core.experiments.sweep import SWEEPS, Cell, Sweep, grid, sweep_stream

__all__ = [
    "SWEEPS",
    "Cell",
    "Comparison",
    "Entry",
    "Sweep",
    "compare_stream",
    "evaluations",
    "grid",
    "sweep_stream",
]
