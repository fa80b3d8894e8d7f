"""Published numbers: there and back again, what is bundled, and what is wrong with a file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffsmooth_core.config import METHODS, InputError
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
    assert len(values) == 1174 + 115
    for value in values:
        images = 427 if "Salman" in value.setting.source and value.setting.dataset == "imagenet" else 500
        assert value.setting.table
        assert value.setting.images == images
        assert value.setting.dataset in ("cifar10", "imagenet")
        assert value.setting.method in METHODS


def test_the_papers_numbers_are_those_of_its_text(data_dir: Path) -> None:
    """Every value in its place; the notes beside them are ours, or the transcription's."""
    path = data_dir / "paper" / "tables.csv"
    if not path.is_file():
        pytest.skip("the transcription of the paper's tables is not here")
    bundled = {bare(v): v for v in published.read(published.BUNDLED / "diffsmooth.csv")}
    transcribed = published.read(path)
    assert len(transcribed) == len(bundled)
    for value in transcribed:
        assert value.note in bundled[bare(value)].note
    for name in ("seconds_per_image.csv", "smoothadv_settings.csv"):
        assert (published.BUNDLED / "paper" / name).read_bytes() == (path.parent / name).read_bytes()


def bare(value: Value) -> Value:
    return replace(value, note="")


def test_the_papers_slips_stand_at_the_values_that_they_concern() -> None:
    noted: dict[str, list[Value]] = {}
    for value in published.read(published.BUNDLED / "diffsmooth.csv"):
        if value.note:
            noted.setdefault(value.note, []).append(value)
    found = {
        note: sorted({(v.setting.table, v.setting.method, v.radius, v.value) for v in values}, key=str)
        for note, values in noted.items()
    }
    (quoted,) = [places for note, places in found.items() if "Section 5.2" in note]
    assert quoted == [("Table 1", "dds", 0.5, 55.0), ("Table 1", "diffsmooth", 0.5, 65.6)]
    (abstract,) = [places for note, places in found.items() if "abstract" in note]
    assert abstract == [("Table 11", "plain", 1.5, 36.0)]
    (beit,) = [places for note, places in found.items() if "Table 11 does not list" in note]
    assert [(r, v) for _, _, r, v in beit] == [(1.5, 38.4), (2.0, 32.0), (2.5, 23.0), (3.0, 17.0)]
    (budget,) = [values for note, values in noted.items() if "20,000" in note]
    assert {(v.setting.table, v.setting.n, v.setting.m) for v in budget} == {("Table 7", 20_000, 5)}


def test_what_the_paper_prints_for_a_network_is_found_by_its_noises_and_votes() -> None:
    row = published.printed("cifar10", 0.5, 0.5, 100_000)
    assert [v.value for v in row if v.kind == ACR] == [0.534]
    assert [v.value for v in row if v.kind == CERTIFIED][:3] == [65.0, 54.4, 41.4]
    assert published.printed("cifar10", 0.5, 0.25, 100_000) == ()
    assert published.printed("cifar10", 0.5, None, 100_000) == ()
    assert published.printed("imagenet", 0.5, 0.5, 100_000) == (), "its rows are of 10,000 votes"
    imagenet = published.printed("imagenet", 0.5, 0.5, 10_000)
    assert {v.setting.classifier for v in imagenet} == {"ResNet-50, Gaussian 0.5"}


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


def test_the_readmes_rows_of_the_paper_are_the_bundled_ones() -> None:
    """Its table beside ours: method, classifier, both noises, n, five radii and ACR."""
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    rows = [line for line in readme.splitlines() if line.startswith("|") and "ResNet-110" in line]
    assert len(rows) == 4
    methods = {method.title: key for key, method in METHODS.items()}
    values = published.read(published.BUNDLED / "diffsmooth.csv")
    for row in rows:
        method, classifier, sigma, local, n, *numbers = (cell.strip() for cell in row.strip("|").split("|"))
        of = {
            v.radius: v.value
            for v in values
            if v.setting.table in ("Table 4", "Table 12")
            and (v.setting.method, v.setting.classifier) == (methods[method], classifier)
            and (v.setting.sigma, v.setting.sigma_local) == (float(sigma), float(local) if local else None)
            and v.setting.n == int(n.replace(",", ""))
        }
        assert [float(number) for number in numbers] == [of[r] for r in (0.0, 0.25, 0.5, 0.75, 1.0, None)]
