"""A Slurm job, run here: one that is preempted goes on."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.usefixtures("twelve")
def test_a_slurm_job_that_is_queued_again_goes_on(tmp_path: Path) -> None:
    program = tmp_path / "bin" / "diffsmooth"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m diffsmooth_core "$@"\n')
    program.chmod(0o755)
    asked = ["first", "--method", "plain", "--n0", "5", "--n", "30", "--indices", "0:2:1", "--device", "cpu"]
    own = {"PATH": f"{program.parent}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    own["SLURM_SUBMIT_DIR"] = str(tmp_path)
    store = f"sqlite:///{tmp_path}/audits.sqlite"

    def job(**more: str) -> subprocess.CompletedProcess[str]:
        environment = {k: v for k, v in os.environ.items() if k != "DIFFSMOOTH_STORE"} | own | more
        command = ["bash", str(ROOT / "deploy" / "slurm.sbatch"), *asked]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    first = job()
    assert first.returncode == 0, first.stderr
    assert (tmp_path / "audits.sqlite").is_file()
    again, second = job(SLURM_RESTART_COUNT="1"), job(DIFFSMOOTH_STORE=store)
    assert again.returncode == 0, again.stderr
    assert again.stdout == first.stdout, "nothing was counted twice"
    assert "go on with --resume" in second.stderr
