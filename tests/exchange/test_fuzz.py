"""Logs and whole runs changed at random: each is taken, and can be shown then, or refused in a sentence."""

from __future__ import annotations

import gzip
import json
import random
from dataclasses import asdict
from pathlib import Path

import pytest

from diffsmooth_core.analysis import browsing
from diffsmooth_core.exchange import bundles, logs
from diffsmooth_core.runs.reading import fault_of
from diffsmooth_core.runs.records import Run
from diffsmooth_core.runs.results import Result, summary
from diffsmooth_core.runs.store import Store
from tests.exchange.test_bundles import EXAMPLE
from tests.exchange.test_logs import AS_OTHERS_WRITE, PLAIN, RESULTS
from tests.fuzzing import EVIL, changed_bytes, changed_document, watched

HEADS = {
    "multi-scale": "idx\tlabel\tpredict\tradius\tr_neg\tcorrect\tpred_uc\tcorr_uc\tstage\ttime\n",
    "ensembles": "idx\tlabel\tpredict\tradius proved\tcorrect\tlevels_needed\testimated_pr\ttime\n",
    "with votes": "idx\tlabel\tpredict\tradius\tcorrect\ttime\tn\n",
}
BODIES = {
    "multi-scale": "0\t3\t3\t0.431\t-100.0\t1\t3\t1\t0\t0:00:01\n" * 3,
    "ensembles": "0\t3\t3\t1\t1\t2\t0.99\t0:00:01\n20\t7\t7\t-1\t1\t3\t0.6\t0:00:01\n",
    "with votes": "0\t3\t3\t0.431\t1\t0:00:01\t1000\n1\t3\t3\t0.431\t1\t0:00:01\t2000\n",
}
SEEDS = (
    PLAIN.encode(),
    *AS_OTHERS_WRITE.values(),
    *(f"{head}{BODIES[name]}".encode() for name, head in HEADS.items()),
    logs.encoded(RESULTS, "csv"),
    logs.encoded(RESULTS, "parquet"),
)


def shown(store: Store, run: Run) -> None:
    """What a page needs of a run; then it is removed."""
    assert not fault_of(run)
    browsing.rows(store, run)
    summary(store.results(run)).as_dict()
    bundles.unpack(store, bundles.packed(store, run), "again")
    store.remove(store.run("again"))
    store.remove(run)


def changed_log(data: bytes, chance: random.Random) -> bytes:
    """Bytes changed, or a cell replaced by something that is none."""
    if data.startswith(b"PAR1") or chance.random() < 0.3:
        return changed_bytes(data, chance)
    cells = data.split(b"\t")
    value = chance.choice(EVIL)
    cells[chance.randrange(len(cells))] = str(value)[:5000].encode(errors="surrogatepass")
    return b"\t".join(cells)


def test_whatever_a_log_says_it_is_taken_or_refused(own: Store, tmp_path: Path, fuzz_count: int) -> None:
    chance = random.Random(20)

    def take(data: bytes) -> Run:
        (tmp_path / "log").write_bytes(data)
        log = logs.read(tmp_path / "log", 0.5, n=chance.choice((7, 10**5, 10**6)), target_radius=0.25)
        settings = {"sigma": 0.5, "n": log.n, "alpha": 0.001, "file": "log"}
        return logs.add_to_store(own, log, "it", "cifar10", settings)

    def seed(i: int) -> bytes:
        return changed_log(SEEDS[i % len(SEEDS)], chance)

    taken, refused = watched(seed, fuzz_count, take, lambda run: shown(own, run))
    print(f"{fuzz_count:,} changed logs: {taken:,} taken, {refused:,} refused")
    assert taken > fuzz_count // 50
    assert refused > fuzz_count // 10


@pytest.mark.parametrize("origin", ["audit", "log"])
def test_whatever_a_run_says_it_is_taken_or_refused(own: Store, origin: str, fuzz_count: int) -> None:
    chance = random.Random(21)
    document = json.loads(gzip.decompress(EXAMPLE.read_bytes()))
    document["results"] = document["results"][:3]
    document["remarks"] = [[0, "note", "a cat?"], [0, "tag", "odd"]]
    if origin == "log":
        results = [asdict(Result(idx, 3, 3, 0.4 + idx / 1000, 0.7, 1000, 800, 810)) for idx in range(3)]
        config = {"sigma": 0.5, "n": 1000, "alpha": 0.001, "file": "x", "training_sigma": 0.5}
        run = {"name": "it", "origin": "Cohen", "dataset": "cifar10", "indices": [0, 1, 2], "weights": {}}
        document |= {"run": run | {"config": config}, "results": results, "remarks": []}
    bundles.unpack(own, gzip.compress(json.dumps(document).encode()), "whole")

    def take(changed: object) -> Run:
        data = gzip.compress(json.dumps(changed).encode(), compresslevel=1)
        if chance.random() < 0.05:
            data = changed_bytes(data, chance)
        return bundles.unpack(own, data, "it")

    def seed(_: int) -> object:
        part = chance.choice(("run", "results", "remarks", *document))
        return document | {part: changed_document(document[part], chance)}

    taken, refused = watched(seed, fuzz_count, take, lambda run: shown(own, run))
    print(f"{fuzz_count:,} changed runs ({origin}): {taken:,} taken, {refused:,} refused")
    assert taken > 0
    assert refused > fuzz_count // 10
