"""The purifier classes by the names that config.METHODS uses for them."""

from __future__ import annotations

from diffsmooth_core.config import METHODS, InputError
from diffsmooth_core.plugins import own_names, with_plugins
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
own_names("purifiers", PURIFIERS)


def purifier_of(method: str) -> type[Purifier]:
    """The purifier class of a method, one of config.METHODS. Raises InputError where a plug-in's method names
    a purifier that is not there."""
    known: dict[str, type[Purifier]] = with_plugins(PURIFIERS, "purifiers", type)
    if (found := known.get(name := METHODS[method].purifier)) is None:
        raise InputError(
            f"method {method!r} needs the purifier {name!r}, which no package brings; install it"
        )
    return found
