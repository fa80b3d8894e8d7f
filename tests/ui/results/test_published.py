"""Published numbers: gathered by setting, named, and narrowed down by filters."""

from __future__ import annotations

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from diffsmooth_core.exchange.published import ACR, BENIGN, CERTIFIED, MeasuredSetting, Value
from ui.results import published


def setting(**changed: Any) -> MeasuredSetting:
    values = {"source": "a paper", "dataset": "cifar10", "table": "Table 2", "method": "dds"}
    return MeasuredSetting(**values | changed)


@pytest.mark.parametrize(
    ("changed", "title"),
    [
        ({"sigma": 0.5, "m": 5}, "Table 2: dds, σ = 0.5, m = 5"),
        ({"classifier": "BEiT", "sigma_local": 0.25}, "Table 2: dds, BEiT, σ′ = 0.25"),
        ({"table": "", "method": ""}, "a paper: cifar10"),
    ],
)
def test_a_setting_is_named_by_what_is_known_of_it(changed: dict[str, Any], title: str) -> None:
    assert published.title(setting(**changed)) == title


@pytest.mark.parametrize(
    ("images", "n", "size"),
    [
        (500, 100_000, "500 pictures, n = 100,000"),
        (1_000, None, "1,000 pictures"),
        (None, None, "number of pictures unknown"),
    ],
)
def test_a_size_says_what_is_not_known(images: int | None, n: int | None, size: str) -> None:
    assert published.size(setting(images=images, n=n)) == size


def value(
    of: MeasuredSetting, kind: str, number: float, radius: float | None = None, note: str = ""
) -> Value:
    values = {"setting": of, "kind": kind, "value": number, "radius": radius, "note": note}
    return Value(**values)  # type: ignore[arg-type]


def test_the_numbers_of_a_setting_are_gathered_and_keep_their_notes() -> None:
    one, other = setting(sigma=0.5), setting(sigma=1.0)
    found = published.collected(
        [
            value(one, CERTIFIED, 60.0, 0.5, note="a slip"),
            value(one, ACR, 0.8),
            value(other, CERTIFIED, 40.0, 0.5),
            value(one, BENIGN, 80.0),
            value(one, CERTIFIED, 50.0, 1.0),
        ]
    )
    first, second = found
    assert first.certified == {0.5: 60.0, 1.0: 50.0}
    assert (first.acr, first.benign, first.notes) == (0.8, 80.0, {0.5: "a slip"})
    assert (second.certified, second.acr, second.benign) == ({0.5: 40.0}, None, None)


def test_a_filter_leaves_what_matches_and_what_was_picked_before() -> None:
    def script() -> None:
        import streamlit as st

        from tests.ui.results.test_published import setting, value
        from ui.results import published

        of = [setting(method=method, table=f"Table {k}") for k, method in enumerate(("dds", "plain", "dds"))]
        every = published.collected([value(one, published.CERTIFIED, 50.0, 0.5) for one in of])
        st.session_state["found"] = [paper.name for paper in published._chosen(every)]

    page = AppTest.from_function(script, default_timeout=60).run()
    assert not page.exception
    assert page.session_state["found"] == ["Table 0: dds", "Table 1: plain", "Table 2: dds"]
    page.multiselect[0].set_value(["Table 1: plain"])
    page.selectbox(key="published-method").set_value("dds").run()
    assert page.multiselect[0].options == ["Table 0: dds", "Table 1: plain", "Table 2: dds"]
    page.multiselect[0].set_value(["Table 0: dds"]).run()
    assert page.multiselect[0].options == ["Table 0: dds", "Table 2: dds"]
