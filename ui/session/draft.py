"""The values chosen in a page's controls, which may be invalid."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from diffsmooth_core import InputError

T = TypeVar("T")
U = TypeVar("U")


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

    def then(self, build: Callable[[T], U]) -> Draft[U]:
        """What `build` makes of the values, or its InputError; where there is a problem already, that."""
        values = self.values
        return Draft(None, self.problem) if values is None else Draft.of(lambda: build(values))
