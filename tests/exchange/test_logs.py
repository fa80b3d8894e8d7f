"""Certification logs: the published ones as they are, each dialect, what rounding hides, and back again."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from diffsmooth_core.config import InputError
from diffsmooth_core.exchange import logs, published, rounding
from diffsmooth_core.exchange.admission import largest_radius
from diffsmooth_core.exchange.published import ACR
from diffsmooth_core.runs.results import Result, summary
from diffsmooth_core.runs.store import Store
from diffsmooth_core.statistics import certified_radius, clopper_pearson_lower
from tests.commands import run

COHEN = "idx\tlabel\tpredict\tradius\tcorrect\ttime\n"
ROWS = ((0, 3, 3, "0.431", 1), (20, 7, 1, "0.119", 0), (40, 4, -1, "0.0", 0), (60, 5, 5, "1.75", 1))


def written(path: Path, header: str, rows) -> Path:  # type: ignore[no-untyped-def]
    path.write_text(header + "".join("\t".join(map(str, row)) + "\n" for row in rows))
    return path


# Radii up to what 100,000 votes give at alpha 0.001, of which none gives these: it was made at 0.01.
NONE_OF_ITS_VOTES = {"cifar10/resnet110/noise_1.00/test/sigma_1.00": 5}


def test_every_published_log_imports(data_dir: Path) -> None:
    found = {}
    for path in sorted((data_dir / "certification_logs").rglob("sigma_*")):
        sigma = float(path.name.removeprefix("sigma_"))
        log = logs.read(path, sigma)
        frame = pd.read_csv(path, sep="\t")
        assert log.dialect == "Cohen"
        most, as_made = (largest_radius(100_000, sigma, alpha) for alpha in (0.001, 0.01))
        beyond = int((frame.radius > float(f"{most:.3}")).sum())
        name = path.relative_to(data_dir / "certification_logs").as_posix()
        odd = beyond or NONE_OF_ITS_VOTES.get(name, 0)
        assert [remark.split()[0] for remark in log.remarks] == ([str(odd)] if odd else [])
        assert [] in [list(logs.read(path, sigma, alpha=alpha).remarks) for alpha in (0.001, 0.01)], (
            "every radius of 100,000 votes at the alpha that it was made at"
        )
        assert frame.radius.max() <= float(f"{as_made:.3}"), "most published logs were made at alpha 0.01"
        assert [r.idx for r in log.results] == frame.idx.tolist()
        assert [r.correct for r in log.results] == (frame.correct == 1).tolist()
        result = summary(log.results)
        assert result.abstained == int((frame.predict == -1).sum())
        assert result.acr == pytest.approx(float((frame.radius * frame.correct).mean()))
        for radius, share in result.certified_accuracy.items():
            assert share.k == int(((frame.radius >= float(radius)) & (frame.correct == 1)).sum())
        found[name] = result
    assert len(found) == 13
    assert sorted(r.images for r in found.values()) == [427, *[500] * 11, 513]
    for sigma, acr in ((0.25, 0.429), (0.5, 0.538), (1.0, 0.542)):
        name = f"cifar10/resnet110/noise_{sigma:.2f}/test/sigma_{sigma:.2f}"
        assert found[name].acr == pytest.approx(acr, abs=5e-4)
        (reported,) = [
            value.value for value in published.printed("cifar10", sigma, sigma, 100_000) if value.kind == ACR
        ]
        assert found[name].acr == pytest.approx(reported, abs=0.007), "Monte-Carlo noise alone"


def test_counts_behind_a_rounded_radius_lie_in_the_interval() -> None:
    """Votes, certificate, three digits, and back."""
    random = np.random.default_rng(0)
    for _ in range(200):
        n, sigma = int(random.choice([1000, 10_000, 100_000])), float(random.choice([0.25, 0.5, 1.0]))
        k = int(random.integers(round(0.6 * n), n + 1))
        radius = certified_radius(clopper_pearson_lower(k, n, 0.001), sigma)
        printed = float(f"{radius:.3}")
        result, _ = rounding.reconstructed(Result(0, 1, 1, printed, n=n), sigma, 0.001, exact=False)
        assert result.n_a_low is not None
        assert result.n_a_high is not None
        assert result.p_a_lower is not None
        assert result.n_a_low <= k <= result.n_a_high
        assert result.p_a_lower <= clopper_pearson_lower(k, n, 0.001) + 1e-12


def test_a_radius_that_rounding_lifted_over_a_threshold_is_flagged(tmp_path: Path) -> None:
    """At sigma .5 and n = 100,000, n_A = 99,990 has radius 1.7451 and prints 1.75."""
    radius = certified_radius(clopper_pearson_lower(99_990, 100_000, 0.001), 0.5)
    assert f"{radius:.4f}" == "1.7451"
    log = logs.read(written(tmp_path / "log", COHEN, [(*ROWS[3], "0:00:01")]), 0.5)
    assert log.lifted == {60: False}, "99,990 votes print so, and so do 99,991"
    few = logs.read(written(tmp_path / "few", COHEN, [(0, 1, 1, "1.25", 1, "0:00:01")]), 0.5, n=1000)
    k = few.results[0].n_a_high
    if k is not None and few.lifted:
        assert few.lifted[0] == (certified_radius(clopper_pearson_lower(k, 1000, 0.001), 0.5) < 1.25)


def test_each_dialect_is_told_from_its_content(tmp_path: Path) -> None:
    plain = [(*row, "0:00:02.5") for row in ROWS]
    totals = np.cumsum([row[4] for row in plain])
    dialects = {
        "Cohen": (COHEN, plain),
        "FT-CADIS": (COHEN, [(*row[:4], bool(row[4]), row[5]) for row in plain]),
        "diffusion_denoised_smoothing": (
            COHEN,
            [(*row[:4], total, row[5]) for row, total in zip(plain, totals, strict=True)],
        ),
        "multi-scale": (
            "idx\tlabel\tpredict\tradius\tr_neg\tcorrect\tpred_uc\tcorr_uc\tstage\ttime\n",
            [(*row[:4], "-100.0", row[4], row[2], row[4], 0, row[5]) for row in plain],
        ),
    }
    expected = [(0, 3, 3, 0.431), (20, 7, 1, 0.119), (40, 4, -1, 0.0), (60, 5, 5, 1.75)]
    for name, (header, rows) in dialects.items():
        log = logs.read(written(tmp_path / name, header, rows), 0.5)
        assert log.dialect == name
        assert [(r.idx, r.label, r.predict, r.radius) for r in log.results] == expected
        assert [r.correct for r in log.results] == [True, False, False, True]
        assert log.results[0].seconds == 2.5
    ensembles = written(
        tmp_path / "e",
        "idx\tlabel\tpredict\tradius proved\tcorrect\tlevels_needed\testimated_pr\ttime\n",
        [(0, 3, 3, "1", 1, 2, 0.99, "0:00:01"), (20, 7, 7, "-1", 1, 3, 0.6, "0:00:01")],
    )
    log = logs.read(ensembles, 0.5, target_radius=0.25)
    assert log.dialect == "smoothing-ensembles"
    assert [(r.predict, r.radius) for r in log.results] == [(3, 0.25), (-1, 0.0)]
    with pytest.raises(InputError, match="only says whether a radius was proved"):
        logs.read(ensembles, 0.5)
    total = [(0, 3, 3, "1", 1), (20, 7, 7, "1", 2)]
    counted = written(tmp_path / "t", "idx\tlabel\tpredict\tradius proved\tcorrect\n", total)
    assert [r.radius for r in logs.read(counted, 0.5, target_radius=0.25).results] == [0.25, 0.25]
    bare = written(tmp_path / "bare", "", plain)
    assert [r.radius for r in logs.read(bare, 0.5).results] == [row[3] for row in expected]


def test_what_is_odd_about_a_log_is_said(tmp_path: Path) -> None:
    rows = [
        (0, 3, 3, "0.4", 0, "x"),
        (20, 7, 7, "0.1", 1, "x"),
        (20, 7, 7, "0.1", 1, "x"),
        (70, 7, 7, "0.1", 1, "x"),
    ]
    remarks = logs.read(written(tmp_path / "log", COHEN, rows), 0.5).remarks
    assert remarks[0] == "line 2: correct says 0, but predict 3 and label 3"
    assert any("more than once" in remark for remark in remarks)
    assert any("not evenly spaced" in remark for remark in remarks)


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("", "is empty"),
        ("name\tage\n1\t2\n", "line 1: no column 'idx'"),
        ("idx\tlabel\tpredict\n1\t2\t2\n", "line 1: no column 'radius'"),
        (COHEN + "0\t1\t1\t0.5\t1\n", "line 2: 5 columns where 6 are expected"),
        (COHEN + "0\t1\t1\twide\t1\tx\n", "line 2: radius is 'wide' where a number"),
        (COHEN + "0\tcat\t1\t0.5\t1\tx\n", "line 2: label is 'cat' where a whole number"),
        (COHEN + "0\t1\t1\t0.5\tmaybe\tx\n", "line 2: correct is 'maybe'"),
        (COHEN + "0\t1\t1\tnan\t1\tx\n", "line 2: radius is 'nan'"),
        (COHEN + "0\t1\t1\t1e9\t1\tx\n", "line 2: radius is 1e.09, and 100,000 votes .* certify 2.17"),
        (COHEN + "0\t-2\t1\t0.5\t1\tx\n", "line 2: label is '-2' where a whole number from 0"),
        (COHEN + "0\t1\t-7\t0.5\t1\tx\n", "line 2: predict is '-7' where a whole number from -1"),
    ],
)
def test_a_file_that_is_no_log_is_named_by_its_line(tmp_path: Path, content: str, named: str) -> None:
    path = tmp_path / "log"
    path.write_text(content)
    with pytest.raises(InputError, match=named):
        logs.read(path, 0.5)


def test_binary_files_and_missing_ones_are_named(tmp_path: Path) -> None:
    (tmp_path / "b").write_bytes(b"\xff\xfe\x00\x80")
    for name in ("b", "missing"):
        with pytest.raises(InputError, match="cannot be read as a log"):
            logs.read(tmp_path / name, 0.5)


RESULTS = [
    Result(0, 3, 3, 0.43169999999, 0.9, 1000, 950, 950, 1.25),
    Result(20, None, 7, 0.12345678, 0.6, 500, 400, 400, 0.5),
    Result(40, 4, -1, 0.0, 0.4, 1000, 410, 410, 2.0),
]


def test_ours_goes_out_and_comes_in_again(tmp_path: Path) -> None:
    labelled = [r for r in RESULTS if r.label is not None]
    logs.write_file(logs.encoded(labelled, "cohen"), tmp_path / "log")
    again = logs.read(tmp_path / "log", 0.5, n=1000)
    assert [(r.idx, r.predict) for r in again.results] == [(0, 3), (40, -1)]
    assert again.results[0].radius == 0.431699, "rounded down"
    logs.write_file(logs.encoded(RESULTS, "csv"), tmp_path / "r.csv")
    logs.write_file(logs.encoded(RESULTS, "parquet"), tmp_path / "r.parquet")
    for frame in (pd.read_csv(tmp_path / "r.csv"), pd.read_parquet(tmp_path / "r.parquet")):
        assert frame.radius.tolist() == [r.radius for r in RESULTS]
        assert frame.n_a.tolist() == [950, 400, 410]
        assert frame.label.isna().tolist() == [False, True, False]
    with pytest.raises(InputError, match="cannot be written"):
        logs.write_file(b"", tmp_path / "no" / "r.csv")


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_our_own_tables_are_read_as_they_were(tmp_path: Path, form: str) -> None:
    random = np.random.default_rng(0)
    results = list(RESULTS)
    for idx in range(60, 2000, 20):
        n, label = int(random.integers(100, 100_001)), int(random.integers(10))
        k = int(random.integers(n // 3, n + 1))
        bound = clopper_pearson_lower(k, n, 0.001)
        radius = certified_radius(bound, 0.5)
        predict = int(random.choice([label, (label + 1) % 10])) if radius else -1
        took = float(random.random() * 10.0 ** random.integers(-5, 4))
        results.append(Result(idx, label, predict, radius, bound, n, k, k, took))
    logs.write_file(logs.encoded(results, form), tmp_path / "table")
    log = logs.read(tmp_path / "table", 0.5, n=1000)
    assert log.results == tuple(results)
    assert (log.remarks, log.lifted, log.n) == ((), {}, max(result.n or 0 for result in results))


def test_a_log_may_have_a_number_of_votes_for_each_row(tmp_path: Path) -> None:
    header = "idx\tlabel\tpredict\tradius\tcorrect\ttime\tN\n"
    votes = {
        n: certified_radius(clopper_pearson_lower(round(0.9 * n), n, 0.001), 0.5) for n in (1000, 50_000)
    }
    rows = [(i, 1, 1, f"{radius:.4}", 1, "x", n) for i, (n, radius) in enumerate(votes.items())]
    log = logs.read(written(tmp_path / "log", header, rows), 0.5, n=100_000)
    assert [(r.n, r.n_a_low, r.n_a_high) for r in log.results] == [(1000, 900, 900), (50_000, 45_000, 45_001)]
    assert (log.n, log.remarks) == (50_000, ())
    with pytest.raises(InputError, match="line 2: radius is 1.5, and 20 votes"):
        logs.read(written(tmp_path / "few", header, [(0, 1, 1, "1.5", 1, "x", 20)]), 0.5)
    for cell, named in (("0", "n is '0' where a whole number from 1"), ("many", "n is 'many'")):
        with pytest.raises(InputError, match=named):
            logs.read(written(tmp_path / "bad", header, [(0, 1, 1, "0.5", 1, "x", cell)]), 0.5)


def test_a_radius_that_no_number_of_votes_gives_is_remarked_on(tmp_path: Path) -> None:
    """Of 100,000 votes at sigma 0.5 and alpha 0.001, all give 1.906 and all but one 1.87."""
    all_but_one = certified_radius(clopper_pearson_lower(99_999, 100_000, 0.001), 0.5)
    assert f"{all_but_one:.3}" == "1.87"
    rows = [(0, 1, 1, "1.87", 1, "x"), (1, 1, 1, "1.89", 1, "x"), (2, 1, 1, "1.91", 1, "x")]
    (remark,) = logs.read(written(tmp_path / "log", COHEN, rows), 0.5).remarks
    assert remark.startswith("1 radii are none that 100,000 votes give at sigma 0.5 and alpha 0.001")


def test_a_table_of_other_columns_is_said(tmp_path: Path) -> None:
    frame = pd.DataFrame({"idx": [0], "label": [1], "predict": [1], "radius": [[0.5]], "correct": [1]})
    frame.to_parquet(tmp_path / "nested")
    with pytest.raises(InputError, match="column 'radius' holds list"):
        logs.read(tmp_path / "nested", 0.5)
    (tmp_path / "cut").write_bytes((tmp_path / "nested").read_bytes()[:200])
    with pytest.raises(InputError, match="is a damaged Parquet file"):
        logs.read(tmp_path / "cut", 0.5)
    logs.write_file(logs.encoded(RESULTS, "csv").replace(b",950,", b",1001,"), tmp_path / "more")
    with pytest.raises(InputError, match="line 2: n_a is 1,001, more than the 1,000 votes"):
        logs.read(tmp_path / "more", 0.5)


def test_the_summary_counts_wrong_and_abstained_as_nothing() -> None:
    found = summary([*RESULTS, Result(60, 2, 1, 0.9)])
    assert (found.images, found.abstained, found.wrong) == (4, 1, 1)
    assert found.acr == pytest.approx(0.43169999999 / 4)
    assert {r: s.k for r, s in found.certified_accuracy.items()} == {
        "0.00": 1,
        "0.25": 1,
        "0.50": 0,
        "0.75": 0,
    }
    assert summary([]).as_dict()["certified_accuracy"] == {}


def test_import_log_by_command_has_the_keys_that_scripts_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DIFFSMOOTH_STORE", f"sqlite:///{tmp_path / 's.sqlite'}")
    path = written(tmp_path / "log", COHEN, [(*row, "0:00:01") for row in ROWS])
    settings = ("--dataset", "cifar10", "--sigma", "0.5")
    assert run("import-log", str(path), *settings, "--json", "--out", "published") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["images"], found["abstained"]) == (4, 1)
    assert found["acr"] == pytest.approx((0.431 + 1.75) / 4)
    assert found["certified_accuracy"] == {
        "0.00": 50.0,
        "0.25": 50.0,
        "0.50": 25.0,
        "0.75": 25.0,
        "1.00": 25.0,
        "1.25": 25.0,
        "1.50": 25.0,
        "1.75": 25.0,
    }
    assert run("export-log", "published", "--format", "csv", "--out", str(tmp_path / "out.csv")) == 0
    assert pd.read_csv(tmp_path / "out.csv").radius.tolist() == [0.431, 0.119, 0.0, 1.75]


def test_a_file_that_is_no_log_is_told_by_its_first_line(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("my notes\nfour, cells, in, it\n")
    with pytest.raises(
        InputError, match="line 1: no column 'idx'; a certification log begins with idx label"
    ):
        logs.read(file, 0.5)


def test_a_log_of_other_classes_is_not_kept(own: Store, tmp_path: Path) -> None:
    log = logs.read(written(tmp_path / "log", COHEN, [(0, 3, 10, "0.4", 0, "x")]), 0.5)
    with pytest.raises(InputError, match="picture 0 .* its answer is 10"):
        logs.add_to_store(own, log, "log", "cifar10", {"sigma": 0.5, "n": 100_000, "alpha": 0.001})
    assert own.runs() == []


def test_a_table_ends_after_a_thousand_radii() -> None:
    assert len(summary([Result(0, 1, 1, 1e9)]).certified_accuracy) == 1000


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"sigma": math.nan}, "sigma nan"),
        ({"sigma": math.inf}, "sigma inf"),
        ({"sigma": 1e308}, "sigma 1e[+]308"),
        ({"n": 10**400}, "n 1000"),
        ({"alpha": math.nan}, "alpha nan"),
        ({"target_radius": math.nan}, "target radius nan"),
    ],
)
def test_settings_that_make_any_radius_possible_are_refused(
    tmp_path: Path, settings: dict[str, Any], named: str
) -> None:
    log = written(tmp_path / "log", COHEN, [(0, 1, 1, "1e9", 1, "0:00:01")])
    with pytest.raises(InputError, match=named):
        logs.read(log, **({"sigma": 0.5} | settings))


@pytest.mark.parametrize("cell", ["9" * 30 + " days, 1:00:00", "1:00:1.2.3", "9" * 400 + ":00:00"])
def test_a_time_that_is_none_is_left_out(tmp_path: Path, cell: str) -> None:
    log = logs.read(written(tmp_path / "log", COHEN, [(0, 1, 1, "0.5", 1, cell)]), 0.5)
    assert log.results[0].seconds is None


PLAIN = COHEN + "".join(
    "\t".join(map(str, row)) + "\n"
    for row in (
        (0, 3, 3, 0.431, 1, "0:00:14.1"),
        (20, 7, 1, 0.119, 0, "0:00:13.9"),
        (40, 4, -1, 0.0, 0, "0:00:14.2"),
        (60, 5, 5, 1.75, 1, "0:00:14.0"),
        (80, 2, 2, 0.602, 1, "0:00:14.0"),
    )
)
AS_OTHERS_WRITE = {
    "plain": PLAIN.encode(),
    "byte order mark": b"\xef\xbb\xbf" + PLAIN.encode(),
    "UTF-16": PLAIN.encode("utf-16"),
    "semicolons": PLAIN.replace("\t", ";").encode(),
    "commas": PLAIN.replace("\t", ",").encode(),
    "quotes": "\n".join(
        ",".join(f'"{cell}"' for cell in line.split("\t")) for line in PLAIN.splitlines()
    ).encode(),
    "decimal commas": PLAIN.replace("0.", "0,").replace("1.75", "1,75").replace("\t", ";").encode(),
    "header twice": PLAIN.replace("40\t4", COHEN + "40\t4").encode(),
    "seconds": PLAIN.replace("0:00:", "").encode(),
    "tensors": re.sub(r"(?m)^(\d+)\t(\d)", r"\1\ttensor([\2])", PLAIN).encode(),
    "tensors on a GPU": re.sub(r"(?m)^(\d+)\t(\d)", r"\1\ttensor(\2, device='cuda:0')", PLAIN)
    .replace("\t", ";")
    .encode(),
    "numbers with a point": re.sub(r"(?m)^(\d+)\t(\d)", r"\1\t\2.0", PLAIN).encode(),
    "a last line that is cut off": (PLAIN + "100\t").encode(),
    "rows twice": (PLAIN + PLAIN.splitlines()[1] + "\n").encode(),
}


@pytest.mark.parametrize("form", AS_OTHERS_WRITE)
def test_a_log_is_read_as_others_write_it(form: str, tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(AS_OTHERS_WRITE[form])
    found = logs.read(tmp_path / "log", 0.5)
    total = summary(found.results)
    assert (f"{total.acr:.4f}", sum(r.correct for r in found.results), total.abstained) == ("0.5566", 3, 1)
    assert [found.results[i].seconds for i in (0, 4)] == [14.1, 14.0]
    assert bool(found.remarks) == (form in ("a last line that is cut off", "rows twice"))


def test_a_code_for_not_certified_totals_that_begin_again_and_digits(tmp_path: Path) -> None:
    text = PLAIN.replace("20\t7\t1\t0.119", "20\t7\t-2\t0.0")
    (tmp_path / "code").write_text(text)
    code = logs.read(tmp_path / "code", 0.5)
    assert summary(code.results).abstained == 2
    assert "1 rows have predict -2" in code.remarks[0]
    totals = [(0, 3, 3, "0.5", 1), (1, 3, 3, "0.5", 2), (2, 3, 3, "0.5", 1), (3, 3, 4, "0.5", 1)]
    again = logs.read(written(tmp_path / "totals", COHEN, [(*row, "x") for row in totals]), 0.5)
    assert again.dialect == "diffusion_denoised_smoothing"
    widths = [
        (r.n_a_high or 0) - (r.n_a_low or 0)
        for digits in ("0.43", "0.431", "0.4312")
        for r in logs.read(written(tmp_path / digits, COHEN, [(0, 3, 3, digits, 1, "x")]), 0.5).results
    ]
    assert widths[0] > 8 * widths[1] > 64 * widths[2]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (
            "idx\tlabel\tpredict\tlinf_radius\tprob_lb\tcorrect\n0\t1\t1\t0.03\t0.7\t1\n",
            "adaptive randomized smoothing",
        ),
        ("0\t1\t1\t0.5\t1\n1\t1\t1\t0.5\t1\n", "five columns and no header"),
    ],
)
def test_logs_of_another_kind_are_said_for_what_they_are(tmp_path: Path, text: str, named: str) -> None:
    (tmp_path / "log").write_text(text)
    with pytest.raises(InputError, match=named):
        logs.read(tmp_path / "log", 0.5)
