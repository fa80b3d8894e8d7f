"""What does a visitor see on a GPU? Votes a second with the bundled networks, for each way to run them.

PYTHONPATH=. python -m benchmarks.gpu.visitors
"""

from __future__ import annotations

from dataclasses import replace

from benchmarks.gpu.checks import PICTURE, bundled
from benchmarks.gpu.speed import pace
from benchmarks.gpu.where import Where
from diffsmooth_core.classifiers.execution import Execution
from diffsmooth_core.classifiers.timings import candidates


def main(where: Where) -> None:
    print(where.machine())
    for m in (5, 21):
        base, _ = bundled(where, "folded", m=m)
        base = replace(base, purifier_batch=8 if where.tiny else 1024)
        for way in candidates(base.device)[: 1 if where.tiny else None]:
            mode = Execution("folded") if where.tiny else way
            try:
                start, each = pace(
                    where, replace(base, execution=mode), PICTURE, 16 if where.tiny else 20_480
                )
            except RuntimeError as error:
                print(f"m = {m:>2} {mode!s:<9} {type(error).__name__}", flush=True)
                continue
            line = f"m = {m:>2} {mode!s:<9} {1 / each:8.0f} votes/s after {start:.1f} s"
            print(f"{line}: n = 1,000 in ~{1000 * each:.2f} s, 100,000 in ~{1e5 * each:.1f} s", flush=True)


if __name__ == "__main__":
    main(Where())
