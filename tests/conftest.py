"""What all tests share: the data outside the checkout, fuzz counts, devices."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

pytest_plugins = ["tests.downloads", "tests.stores", "tests.wheels"]

ROOT = Path(__file__).parent.parent
FUZZ = int(os.environ.get("DIFFSMOOTH_FUZZ") or 0)  # 0: the reduced counts of `make test`

settings.register_profile("quick", max_examples=50, derandomize=True, deadline=None)
settings.register_profile("soak", max_examples=FUZZ or 50, deadline=None, print_blob=True)
settings.load_profile("soak" if FUZZ else "quick")

for variable, folder in (("DIFFSMOOTH_DATA", "data"), ("DIFFSMOOTH_GOLDEN", "golden")):
    beside = ROOT.parent / "shared" / folder
    if variable not in os.environ and beside.is_dir():
        os.environ[variable] = str(beside)
os.environ["HF_HUB_OFFLINE"] = "1"  # no test waits for a network
os.environ["DIFFSMOOTH_EXECUTION"] = "untimed"  # what was timed on this machine decides no test


def _folder(variable: str) -> Path:
    value = os.environ.get(variable)
    if not value:
        pytest.skip(f"{variable} is not set")
    if not Path(value).is_dir():
        pytest.skip(f"{variable}={value} is no folder")
    return Path(value)


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder that DIFFSMOOTH_DATA names: CIFAR-10, ImageNet photographs, certification logs."""
    return _folder("DIFFSMOOTH_DATA")


@pytest.fixture(scope="session")
def golden_dir() -> Path:
    """The folder that DIFFSMOOTH_GOLDEN names: inputs and outputs of the released code."""
    return _folder("DIFFSMOOTH_GOLDEN")


@pytest.fixture(scope="session")
def fuzz_count() -> int:
    """How many inputs a hand-written fuzz test tries."""
    return FUZZ or 300


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark the fuzz tests, and leave soak tests out unless `-m` speaks of them."""
    for item in items:
        if "fuzz_count" in getattr(item, "fixturenames", ()):
            item.add_marker("fuzz")
    if "soak" not in config.getoption("markexpr"):
        soak = [item for item in items if item.get_closest_marker("soak")]
        config.hook.pytest_deselected(items=soak)
        items[:] = [item for item in items if item not in soak]


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("gpu"):
        import torch

        if not torch.cuda.is_available():
            pytest.skip("needs a CUDA device")
