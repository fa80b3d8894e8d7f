"""The purifier classes by the names that config.METHODS uses for them."""

from __future__ import annotations

from diffsmooth_core.config import METHODS
from diffsmooth_core.plugins import with_plugins
from diffsmooth_core.purification.direct import Direct
from diffsmooth_core.purification.identity import Identity
from diffsmooth_core.purification.one_shot import OneShot
from diffsmooth_core.purification.purifier import Purifier
from diffsmooth_core.purification.reverse import Reverse

PURIFIERS: dict[str, type[Purifier]] = {
    "identity": Identity,
    "one-shot": OneShot,
    "direct": Direct,
    "reverse": Reverse,
}


def purifier_of(method: str) -> type[Purifier]:
    """The purifier class of a method, one of config.METHODS."""
    known: dict[str, type[Purifier]] = with_plugins(PURIFIERS, "purifiers")
    return known[METHODS[method].purifier]
