"""The theorems' quantities, in the units that were chosen."""

from __future__ import annotations

import pytest

from diffsmooth_core.theory import exact
from ui.theorems import quantities

WORLD = exact("clusters", 2, 0.5, samples=20, steps=8)


@pytest.mark.parametrize("scale", [0.5, 1.0])
def test_theorem_2s_rows_are_its_lengths_in_the_chosen_units(scale: float) -> None:
    theorem = WORLD.theorem2
    rows, terms = quantities.second(theorem, scale)
    assert {row.title: row.total for row in rows} == pytest.approx(
        {
            "distance": scale * theorem.distance,
            "exact identity": scale * theorem.identity,
            "corrected": scale * theorem.corrected,
            "as printed": scale * theorem.printed,
        },
        abs=1e-6,
    )
    assert {term for row in rows for term, _ in row.parts} == set(terms)


def test_print_and_derivation_have_one_colour_each_in_both_theorems() -> None:
    for _, terms in (quantities.first(WORLD.theorem1, 1.0, ""), quantities.second(WORLD.theorem2, 1.0)):
        colours = terms["printed"].colour, terms["corrected"].colour
        assert colours == (quantities.PRINTED, quantities.CORRECTED)


def test_only_the_versions_with_an_estimate_of_c_are_named_so() -> None:
    rows, _ = quantities.first(WORLD.theorem1, 1.0, "[−1,1]")
    parts = {row.title: {term for term, _ in row.parts} for row in rows}
    assert {title for title in parts if parts[title] & {"printed", "corrected"}} == set(quantities.WITH_C)
    assert parts["tightened"] == {"both", "path"}
    assert parts["without C"] == {"shift", "noise"}
    assert [row.title for row in rows if not row.left] == ["without C"], "it is no bound"
