"""Results that are kept for a while, up to a number of bytes and not up to a number of results."""

from __future__ import annotations

import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import wraps
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
MB = 1_000_000


def size(value: object) -> int:
    """About how many bytes of memory a value takes, with all that it holds."""
    if isinstance(bytes_of_array := getattr(value, "nbytes", None), int):
        return bytes_of_array
    held: Sequence[object] = ()
    if is_dataclass(value) and not isinstance(value, type):
        held = [getattr(value, field.name) for field in fields(value)]
    elif isinstance(value, Mapping):
        held = [*value.keys(), *value.values()]
    elif isinstance(value, tuple | list):
        held = value
    return sys.getsizeof(value) + sum(map(size, held))


def kept(most: int, weigh: Callable[[Any], int] = size) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """A decorator that keeps a function's results, as `functools.lru_cache` does, while together they weigh
    at most `most`: the one that was used longest ago is let go first. A result that alone weighs more is not
    kept. Errors are not kept either."""

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        results: OrderedDict[Hashable, tuple[T, int]] = OrderedDict()
        lock = threading.Lock()

        @wraps(function)
        def cached(*args: P.args, **named: P.kwargs) -> T:
            key = (args, tuple(sorted(named.items())))
            with lock:
                if key in results:
                    results.move_to_end(key)
                    return results[key][0]
            result = function(*args, **named)
            weight = weigh(result)
            with lock:
                if key in results:  # made by another thread meanwhile: all get the same object
                    return results[key][0]
                results[key] = (result, weight)
                while sum(each for _, each in results.values()) > most:
                    results.popitem(last=False)
            return result

        cached.cache_clear = results.clear  # type: ignore[attr-defined]
        return cached

    return decorate
