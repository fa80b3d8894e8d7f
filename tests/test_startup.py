"""What commands and imports do without, so that they start at once: modules that must not be loaded."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import diffsmooth_core
from diffsmooth_core.config import SmoothingConfig
from tests.certificates import document

ROOT = Path(__file__).parent.parent
NETWORKS = {"torch", "torchvision", "timm", "safetensors", "huggingface_hub", "ray"}
TABLES = {"pandas", "pyarrow", "skimage", "scipy.stats", "scipy.sparse", "requests"}
PAGE = {"streamlit", "plotly"}
STORE = {"sqlalchemy", "alembic"}
NUMBERS = {"numpy", "scipy", "PIL"}
LOG = "idx\tlabel\tpredict\tradius\tcorrect\ttime\n0\t3\t3\t0.617\t1\t0:00:01\n50\t2\t-1\t0.0\t0\t0:00:01\n"


def loaded(program: str, folder: Path) -> set[str]:
    """The modules that a fresh interpreter holds after running `program`."""
    names = folder / "modules.json"
    end = f"import json, sys; json.dump(sorted(sys.modules), open({str(names)!r}, 'w'))"
    environment = {"PYTHONPATH": str(ROOT), "PATH": "", "HOME": str(folder)}
    subprocess.run([sys.executable, "-c", f"{program}\n{end}"], cwd=folder, env=environment, check=True)
    return set(json.loads(names.read_text()))


def command(*arguments: str) -> str:
    """The program that runs a command and insists on its success."""
    return (
        "from diffsmooth_core.cli import main\n"
        f"try: main({list(arguments)})\n"
        "except SystemExit as end: assert not end.code, end.code"
    )


def write_certificate(path: Path, config: SmoothingConfig) -> None:
    """A certificate of ten classes whose bound, label and radius follow from its counts."""
    counts0, counts = (0, 0, 0, 100, *[0] * 6), (0, 4, 0, 96, *[0] * 6)
    path.write_text(json.dumps(document(counts0, counts, config)))


@pytest.mark.parametrize(
    "arguments", [("--help",), ("certify", "--help"), ("verify", "--help"), ("models", "list")], ids=" ".join
)
def test_what_needs_no_number_loads_no_numbers(arguments: tuple[str, ...], tmp_path: Path) -> None:
    assert not loaded(command(*arguments), tmp_path) & (NETWORKS | TABLES | PAGE | STORE | NUMBERS)


@pytest.mark.parametrize("stopping", ["fixed", "adaptive", "target", "decided"])
def test_verify_needs_the_special_functions_alone(stopping: str, tmp_path: Path) -> None:
    config = SmoothingConfig(n=100, stopping=stopping, target_radius=0.1)
    write_certificate(tmp_path / "cert.json", config)
    modules = loaded(command("verify", "cert.json"), tmp_path)
    assert "scipy.special" in modules
    roots = {"scipy.optimize"} if stopping in ("target", "decided") else set()  # of the anytime bound
    spared = NETWORKS | PAGE | STORE | (set() if roots else TABLES)
    assert not modules & (spared | ({"scipy.optimize"} - roots))


def test_a_log_is_read_without_networks_and_kept_without_them(tmp_path: Path) -> None:
    (tmp_path / "log.tsv").write_text(LOG)
    read = command("import-log", "log.tsv", "--sigma", "0.5")
    assert not loaded(read, tmp_path) & (NETWORKS | TABLES | PAGE | STORE)
    kept = command("import-log", "log.tsv", "--sigma", "0.5", "--out", "log", "--store", "sqlite:///s.sqlite")
    modules = loaded(kept, tmp_path)
    assert "sqlalchemy" in modules
    assert not modules & (NETWORKS | TABLES | PAGE)


def test_the_first_page_is_drawn_without_networks_and_tables(tmp_path: Path) -> None:
    visit = (
        f"import os; os.chdir({str(ROOT)!r})\n"  # where Streamlit finds its configuration
        "from streamlit.testing.v1 import AppTest\n"
        "page = AppTest.from_file('app.py', default_timeout=100)\n"
        "page.switch_page('pages/certify.py').run()\n"
        "assert not page.exception, page.exception\n"
        "assert [button.label for button in page.button] == ['Present', 'Certify', 'Predict']"
    )
    hub = {"huggingface_hub"}  # only its constants: where a data set may be
    assert not loaded(visit, tmp_path) & (NETWORKS - hub | STORE | {"scipy.stats", "skimage", "requests"})


def test_a_certificate_of_bundled_networks_needs_no_tables_and_no_timm(tmp_path: Path) -> None:
    small = ["--n", "10", "--n0", "1", "--m", "1", "--alpha", "0.01"]
    modules = loaded(command("certify", "gallery:deer-in-the-snow", *small), tmp_path)
    assert "torch" in modules
    assert not modules & (TABLES - {"scipy.sparse"} | PAGE | STORE | {"timm", "torchvision", "torch.onnx"})


def test_the_package_loads_a_name_when_it_is_first_used(tmp_path: Path) -> None:
    program = "import diffsmooth_core\nassert set(diffsmooth_core.__all__) <= set(dir(diffsmooth_core))"
    assert not loaded(program, tmp_path) & (NETWORKS | TABLES | PAGE | STORE | NUMBERS)
    config = "from diffsmooth_core import ABSTAIN, Certificate, InputError, SmoothingConfig"
    assert not loaded(config, tmp_path) & (NETWORKS | TABLES | PAGE | STORE)


def test_every_name_of_the_package_is_there_and_no_other() -> None:
    for name in diffsmooth_core.__all__:
        assert getattr(diffsmooth_core, name) is not None
    with pytest.raises(AttributeError, match="certifi"):
        diffsmooth_core.certifi  # type: ignore[attr-defined]  # noqa: B018
