"""Reading strictly: whatever is no certificate is refused in one sentence that names it."""

from __future__ import annotations

import base64
import copy
import json
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffsmooth_core.certification.certificate import Certificate, discrepancies
from diffsmooth_core.certification.packing import packed, unpacked
from diffsmooth_core.certification.reading import checked, parsed
from diffsmooth_core.config import InputError, SmoothingConfig
from tests.certificates import document

CONFIG = SmoothingConfig(n0=20, n=100, device="cpu", dtype="float32")
SECOND, THIRD = (document((0, 20), (3, 97), CONFIG, schema) for schema in (2, 3))
HUGE = 10**400


def zipped(data: bytes) -> str:
    return base64.b64encode(zlib.compress(data)).decode()


@pytest.mark.parametrize("values", [SECOND, THIRD], ids=["schema 2", "schema 3"])
def test_what_is_a_certificate_is_read(values: dict[str, Any]) -> None:
    data = checked(parsed(json.dumps(values), "it"))
    assert data["config"] == SmoothingConfig.from_dict(data["config"].as_dict())
    assert (data["counts"], data["weights"]) == ((3, 97), values["weights"])


def test_rules_of_schema_2_gave_up_at_alpha() -> None:
    config = SmoothingConfig(n=100, stopping="decided", target_radius=0.1)
    assert checked(document((0, 20), (3, 97), config, 2))["config"].beta == config.alpha == 0.001


MALFORMED = [
    ({"counts": None}, "no 'counts'"),
    ({"extra": 1}, "a field 'extra'"),
    ({"schema": 99}, "schema 99"),
    ({"schema": True}, "schema True"),
    ({"counts": 5}, "counts must be the votes of each"),
    ({"counts": [1, -1]}, "counts must be the votes"),
    ({"counts": [1.5, 2]}, "counts must be the votes"),
    ({"counts0": [True, 1]}, "counts0 must be the votes"),
    ({"counts0": []}, r"counts0 must be the votes .* got \[\]"),
    ({"counts0": [20]}, r"counts0 must be the votes of each of two classes or more"),
    ({"counts": [0, 0]}, r"counts must be the votes .* 1 to 10,000,000 in all"),
    ({"counts": [HUGE, 0]}, "counts must be the votes"),
    ({"counts": [1, 2, 3]}, "got 2 and 3"),
    ({"label": "1"}, "label must be a whole number from -1 .* got '1'"),
    ({"label": 2}, "label is class 2, and it counts 2 classes"),
    ({"label": 1.0}, "label must be a whole number"),
    ({"radius": "wide"}, "radius must be a number from 0 .* got 'wide'"),
    ({"radius": -0.1}, "radius must be a number from 0 .* got -0.1"),
    ({"radius": HUGE}, "radius must be a number"),
    ({"p_a_lower": []}, r"p_a_lower must be a number from 0 to 1, got \[\]"),
    ({"p_b_upper": 1.1}, "p_b_upper must be a number from 0 to 1"),
    ({"ending": ["spent"]}, "ending must be one of"),
    ({"image_sha256": "AB" * 32}, "image_sha256 must be 64 lower-case"),
    ({"source": 5}, "source must be a text"),
    ({"weights": {}}, r"weights must be .* one at least, got {}"),
    ({"weights": {"classifier": "short"}}, "weights must be"),
    ({"weights": []}, "weights must be"),
    ({"device": ""}, "device must be a text of 1"),
    ({"dtype": "float16"}, "dtype must be float32 or bfloat16"),
    ({"dtype": "bfloat16"}, "computed in bfloat16, and its config asks for float32"),
    ({"execution": 5}, "execution must be a mode such as folded/32, got 5"),
    ({"execution": "folded/0"}, "execution must be a mode"),
    ({"block": 0}, "block must be a whole number from 1"),
    ({"batch": -1}, "batch must be a whole number from 1"),
    ({"versions": {"torch": 2}}, "versions must be"),
    ({"created": "yesterday"}, "created must be a moment"),
    ({"created": "2026-01-01T00:00:00"}, "created must be a moment with its time zone"),
    ({"seconds": -1}, "seconds must be a number from 0"),
    ({"config": []}, "config must be an object"),
    ({"config": {"sigma": 0.5}}, "config has no 'alpha'"),
    ({"config": SECOND["config"] | {"gamma": 1}}, "config has a field 'gamma'"),
    ({"config": SECOND["config"] | {"sigma": -1}}, "sigma .* got -1"),
    ({"config": SECOND["config"] | {"sigma": 1e308}}, r"sigma must be at most 1,000,000.* got 1e\+308"),
    ({"config": SECOND["config"] | {"n": HUGE}}, "n must be at most 10,000,000"),
    ({"config": SECOND["config"] | {"rounds": 10**9}}, "rounds must be at most 30"),
    ({"config": SECOND["config"] | {"classifier": 5}}, "classifier must be a network's name, got 5"),
]
MALFORMED_3 = [
    ({"commitment": ""}, "commitment must be 64 lower-case"),
    ({"nonce": "0" * 31}, "nonce must be 32 lower-case hexadecimal digits, or empty"),
    ({"members": ["b" * 64, "a" * 64]}, "members must be null or a list of different SHA-256s in order"),
    ({"members": ["a" * 64, "a" * 64]}, "members must be null or a list"),
    ({"members": [5]}, "members must be"),
    ({"hardware": {}}, "hardware must be"),
    ({"votes": "no base64!"}, "votes cannot be unpacked"),
    ({"votes0": base64.b64encode(b"not compressed").decode()}, "votes0 cannot be unpacked"),
    ({"votes": zipped(bytes(101))}, "votes hold more than the 100 votes"),
    ({"votes": zipped(bytes(99))}, "votes hold fewer than the 100 votes"),
    ({"votes": zipped(b"\2" * 100)}, "votes hold class 2, and there are 2 classes"),
    ({"votes": zipped(bytes(10**7))}, "votes hold more than the 100 votes"),
    ({"votes": "é"}, "votes cannot be unpacked"),
]


def changed(values: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in (values | change).items() if value is not None}


@pytest.mark.parametrize(
    ("values", "change", "named"),
    [(SECOND, *case) for case in MALFORMED] + [(THIRD, *case) for case in MALFORMED_3],
)
def test_a_malformed_certificate_is_refused_in_one_sentence(
    values: dict[str, Any], change: dict[str, Any], named: str
) -> None:
    with pytest.raises(InputError, match=named):
        checked(changed(values, change))


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (b"", "Expecting value"),
        (b"{", "Expecting property name"),
        (b"\xff\xfe\x00", "can't decode"),
        (b"[1, 2]", "holds no JSON object"),
        (b"null", "holds no JSON object"),
        (b"[" * 100_000, "recursion"),
        (b'{"label": ' + b"1" * 5000 + b"}", "4300 digits"),
        (b'{"a": {"b": 1, "b": 1}}', "'b' stands twice"),
        (b'{"radius": NaN}', "NaN is no finite number"),
        (b'{"radius": -Infinity}', "-Infinity is no finite number"),
        (b'{"radius": 1e400}', "1e400 is no finite number"),
        (b'{"source": "\\ud800"}', "surrogates not allowed"),
    ],
)
def test_a_file_that_is_no_certificate_is_named(tmp_path: Path, text: bytes, named: str) -> None:
    path = tmp_path / "cert.json"
    path.write_bytes(text)
    with pytest.raises(InputError, match=rf"cert\.json.*{named}"):
        Certificate.read(path)


def test_a_missing_certificate_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere\.json"):
        Certificate.read(tmp_path / "nowhere.json")


@given(st.integers(2, 1000).flatmap(lambda k: st.tuples(st.just(k), st.lists(st.integers(0, k - 1)))))
def test_votes_come_back_in_their_order(case: tuple[int, list[int]]) -> None:
    classes, votes = case
    assert unpacked(packed(votes, classes), classes, len(votes)).tolist() == votes


NASTY = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**40), 10**40),
    st.floats(),
    st.text(max_size=70),
    st.sampled_from([HUGE, "0" * 64, "\ud800", zipped(b"\0"), [], {}, [[[]]], ["a" * 64], {"torch": []}]),
    st.lists(st.integers(-1, 10**10), max_size=4),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)


@given(st.data())
def test_no_damage_does_more_than_refuse(data: st.DataObject) -> None:
    """Any field or setting replaced by any JSON value: it is refused in a sentence, or checked to the end."""
    values = copy.deepcopy(data.draw(st.sampled_from([SECOND, THIRD])))
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.sampled_from([values, values["config"]]))
        place[data.draw(st.sampled_from(sorted(place)))] = data.draw(NASTY)
        if not isinstance(values["config"], dict):
            break
    try:
        certificate = Certificate.from_dict(parsed(json.dumps(values), "it"))
    except InputError as error:
        assert "\n" not in str(error)
        assert len(str(error)) < 1000
    else:
        discrepancies(certificate)


def test_a_small_file_does_not_become_gigabytes_of_objects() -> None:
    text = '{"results": [' + "{}," * 10**6 + "{}]}"
    with pytest.raises(InputError, match="the file cannot be read .it has more than 1,000,000 objects"):
        parsed(text, "the file")
