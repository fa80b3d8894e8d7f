"""Published numbers: there and back again, what is bundled, and what is wrong with a file."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffsmooth_core.config import InputError
from diffsmooth_core.exchange import published
from diffsmooth_core.exchange.published import ACR, BENIGN, CERTIFIED, COLUMNS, MeasuredSetting, Value

SOURCE = MeasuredSetting(
    "A paper", "Table 1", "cifar10", "DiffSmooth", "Gaussian, noise 0.25", 0.5, 0.25, 21, 100_000, 500
)
WORDS = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp", "Zs")), max_size=20)
SETTINGS = st.builds(
    MeasuredSetting,
    WORDS.filter(bool),
    WORDS,
    WORDS.filter(bool),
    WORDS,
    WORDS,
    st.none() | st.floats(0, 10),
    st.none() | st.floats(0, 10),
    st.none() | st.integers(1, 10**6),
    st.none() | st.integers(1, 10**12),
    st.none() | st.integers(1, 10**9),
)
PERCENT = st.floats(0, 100)
VALUES = st.one_of(
    st.builds(Value, SETTINGS, st.just(CERTIFIED), PERCENT, PERCENT, WORDS),
    st.builds(Value, SETTINGS, st.sampled_from((ACR, BENIGN)), PERCENT, st.none(), WORDS),
)


@given(st.lists(VALUES, max_size=5, unique_by=lambda v: (v.setting, v.kind, v.radius)))
def test_numbers_come_back_from_their_file(values: list[Value]) -> None:
    assert published.decoded(published.encoded(values), "f.csv") == tuple(values)


def test_every_bundled_number_has_its_place_and_its_size() -> None:
    values = [value for path in published.files() for value in published.read(path)]
    assert values
    for value in values:
        images = 427 if "Salman" in value.setting.source and value.setting.dataset == "imagenet" else 500
        assert value.setting.table
        assert value.setting.images == images
        if value.kind == CERTIFIED:  # a number of pictures, printed with a digit or two
            assert abs(value.value * images / 100 - round(value.value * images / 100)) < 0.05
        assert value.setting.n in (None, {"cifar10": 100_000, "imagenet": 10_000}[value.setting.dataset])
    assert [v.value for v in values if "r = 1.0" in v.note] == [65.6, 55.0]
    assert published.acr("cifar10", 0.5, 0.5) == 0.534
    assert published.acr("cifar10", 0.5, 0.25) is published.acr("cifar10", 0.5, None) is None


def test_an_operators_folder_is_read_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIFFSMOOTH_PUBLISHED", str(tmp_path))
    (tmp_path / "mine.csv").write_bytes(published.encoded([Value(SOURCE, CERTIFIED, 65.6, 0.5)]))
    assert published.read(tmp_path / "mine.csv") in [published.read(path) for path in published.files()]


HEADER = "source,dataset,sigma,m,radius,value,kind\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "line 1: no column 'source'"),
        (b"\xff", "no CSV in UTF-8"),
        (b'source,dataset,value,kind\n"', "no CSV in UTF-8"),
        (b"source,dataset,kind\n", "line 1: no column 'value'"),
        (b"source,dataset,value,kind,<b>\n", "line 1: column '<b>' is unknown"),
        (b"source,dataset,value,kind,kind\n", "line 1: column 'kind' is unknown or there twice"),
        (HEADER + "a,cifar10,0.5,5,0.5,60\n", "line 2: 6 cells where the header has 7"),
        (HEADER + "\na,cifar10,0.5,5,0.5,60,sure\n", "line 3: kind 'sure' is unknown; choose one of cert"),
        (HEADER + "a,cifar10,half,5,0.5,60,certified accuracy\n", "line 2: sigma is 'half'; a number"),
        (HEADER + "a,cifar10,0.5,2.5,0.5,60,certified accuracy\n", "line 2: m is '2.5'; a whole number"),
        (HEADER + "a,cifar10,0.5,5,nan,60,certified accuracy\n", "line 2: radius is 'nan'"),
        (HEADER + "a,cifar10,0.5,5,0.5,100.1,certified accuracy\n", "line 2: value is '100.1'"),
        (HEADER + "a,cifar10,0.5,5,,60,certified accuracy\n", "line 2: radius is ''"),
        (HEADER + "a,cifar10,0.5,5,0.5,60,ACR\n", "line 2: radius is '0.5', and a number of kind ACR"),
        (HEADER + ",cifar10,0.5,5,,60,ACR\n", "line 2: source is empty"),
        (HEADER + f"{'a' * 501},cifar10,0.5,5,,60,ACR\n", "line 2: source has 501 letters"),
        (HEADER + 2 * "a,cifar10,0.5,5,,6,ACR\n", "line 3: value is there a second time, 6 after 6"),
        (b"a" * (published.MOST_BYTES + 1), "has more than 2 MB"),
    ],
    ids=range(18),
)
def test_what_is_wrong_is_said_with_line_and_column(text: str | bytes, said: str) -> None:
    with pytest.raises(InputError) as problem:
        published.decoded(text if isinstance(text, bytes) else text.encode(), "f.csv")
    assert said in str(problem.value)
    assert str(problem.value).startswith("f.csv")


def test_the_documented_columns_are_those_that_are_read() -> None:
    described = (Path(__file__).parents[2] / "docs" / "audits.md").read_text()
    assert all(f"`{column}`" in described for column in COLUMNS)
