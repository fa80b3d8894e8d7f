"""What the controls of a page say, whether or not it can be done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from diffsmooth_core import InputError

T = TypeVar("T")


@dataclass(frozen=True)
class Draft(Generic[T]):
    """Either `values`, which are checked, or the `problem` with what was chosen: a sentence without its full
    stop."""

    values: T | None
    problem: str = ""

    @classmethod
    def of(cls, build: Callable[[], T]) -> Draft[T]:
        """What `build` returns, or the InputError that it raises."""
        try:
            return cls(build())
        except InputError as error:
            return cls(None, str(error))
