"""Theorem 1 in words: when it counts as violated, and a table of symbols that multiply to its terms."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from diffsmooth_core.theory import exact
from ui.theorems import quantities, theorem1


def test_a_few_samples_beyond_a_bound_are_within_its_risk(monkeypatch: pytest.MonkeyPatch) -> None:
    """At η = 0.1 about 25 of 256 may lie beyond: 30 do by chance, 60 do not."""
    found = exact("clusters", 2, 0.5, samples=256, steps=8, eta=0.1).theorem1
    errors: list[str] = []
    monkeypatch.setattr(theorem1.st, "error", lambda words, icon: errors.append(words))
    chosen: Any = SimpleNamespace(scale=1.0)
    for beyond in (1, 30, 60):
        distances = np.zeros(256)
        distances[:beyond] = 2 * found.bound("printed").max()
        theorem1.say_violated(replace(found, distances=distances), chosen)
    (words,) = errors
    assert "60 of 256 samples lie beyond" in words


@pytest.mark.parametrize("scale", [0.5, 1.0])
def test_the_table_of_symbols_multiplies_to_the_bars(scale: float) -> None:
    found = exact("clusters", 2, 0.5, samples=50, steps=16).theorem1
    table = theorem1._symbols(found, SimpleNamespace(scale=scale, unit="[0,1]"))  # type: ignore[arg-type]
    symbols, _, values = table.values()
    value = dict(zip(symbols, (float(v.replace(",", "")) for v in values), strict=True))
    lengths = {name: length for row in quantities.first(found, scale, "")[0] for name, length in row.parts}
    assert value[r"$\rho$"] * value[r"$C_\eta$"] == pytest.approx(lengths["noise"], rel=1e-3)
    assert value[r"$\tau$"] * value["$C$"] == pytest.approx(lengths["printed"], rel=1e-3)
    assert value[r"$e^\tau - 1$"] * value["$C$"] == pytest.approx(lengths["corrected"], rel=1e-3)
