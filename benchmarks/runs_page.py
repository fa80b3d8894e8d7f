"""How long does a filter of the Runs page take with 10,000 rows? Against 100 rows.

    python benchmarks/runs_page.py

Fills a store of its own with two made-up logs, opens the page without a browser and changes the outcome
filter back and forth, on both halves of the page in turn; prints seconds a change and their ratio. Without
the data set there are no thumbnails, so give DIFFSMOOTH_DATA a folder with CIFAR-10.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
from streamlit.testing.v1 import AppTest

from diffsmooth_core.config import ABSTAIN
from diffsmooth_core.runs.results import Result
from diffsmooth_core.runs.store import Store

ROOT = Path(__file__).parent.parent
ROWS = (10_000, 100)
REPEATS = 5


def fill(store: Store, rows: int) -> None:
    random = np.random.default_rng(0)
    radii, answers = random.uniform(0, 1.5, rows), random.integers(ABSTAIN, 10, rows)
    results = [
        Result(i, i % 10, int(k), float(r) if k >= 0 else 0.0, 0.7 if k >= 0 else 0.4, 1000, 800, 800)
        for i, (r, k) in enumerate(zip(radii, answers, strict=True))
    ]
    config = {"sigma": 0.5, "n": 1000, "alpha": 0.001}
    store.add(store.create(str(rows), "Cohen", "cifar10", config, range(rows), {}), [], results)


def changes(rows: int, half: str) -> list[float]:
    """Seconds of each change of the filter, after one that fills the caches."""
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120).run()
    page.switch_page("pages/runs.py")
    page.query_params["run"] = str(rows)
    page.run()
    page.segmented_control(key="address-view").set_value(half).run()
    times = []
    for outcome in ["right", "abstained"] * REPEATS:
        began = time.perf_counter()
        page.selectbox(key="outcome").set_value(outcome).run()
        times.append(time.perf_counter() - began)
        if page.exception:
            raise SystemExit(page.exception[0].message)
    return times[2:]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DIFFSMOOTH_STORE"] = f"sqlite:///{folder}/store.sqlite"
        store = Store()
        for rows in ROWS:
            fill(store, rows)
        for half in ("summary", "pictures"):
            medians = {}
            for rows in ROWS:
                times = changes(rows, half)
                medians[rows] = statistics.median(times)
                print(f"{half:<9} {rows:>6,} rows: median {medians[rows]:.3f} s, most {max(times):.3f} s")
            print(f"{half:<9} ratio {medians[ROWS[0]] / medians[ROWS[1]]:.1f}")
        store.close()


if __name__ == "__main__":
    main()
