"""The image of the app, built by hand: what is copied suffices, and its server is well."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import yaml

from tests.deploy.images import Image, running

ROOT = Path(__file__).parents[2]
DOCKERFILE = Image.of(ROOT / "Dockerfile")


def test_the_server_starts_from_what_is_copied_and_is_well(tmp_path: Path) -> None:
    app = tmp_path / "app"
    app.mkdir()
    DOCKERFILE.copy(ROOT, app)
    left_out = {"tests", "benchmarks", "docs", ".git", ".venv", "assets/screenshots"}
    assert not [name for name in left_out if (app / name).exists()]
    assert not list(app.rglob("__pycache__"))
    size = sum(path.stat().st_size for path in app.rglob("*") if path.is_file())
    assert size < 60e6, "what it adds to torch"
    with running(DOCKERFILE, app, tmp_path / "home") as url:
        python, *words = [word.replace("http://127.0.0.1:8501", url) for word in DOCKERFILE.health_check]
        assert python == "python"
        subprocess.run([sys.executable, *words], check=True)
    gone = subprocess.run([sys.executable, *words], capture_output=True, check=False)
    assert gone.returncode, "the check fails without a server"


def test_the_images_are_what_the_documentation_says() -> None:
    page = (ROOT / "docs" / "elsewhere.md").read_text()
    assert DOCKERFILE.all("USER") == ["diffsmooth"]
    assert "useradd --create-home --uid 1000 diffsmooth" in DOCKERFILE.last("RUN")
    assert DOCKERFILE.all("EXPOSE") == ["8501"]
    assert DOCKERFILE.all("VOLUME") == ["/data"]
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    assert all(service["ports"] == ["127.0.0.1:8501:8501"] for service in services.values())
    assert all(service["volumes"] == ["data:/data"] for service in services.values())
    assert services["app"]["build"] == ".", "torch for a CPU"
    (argument,) = services["app-gpu"]["build"]["args"]
    assert argument == DOCKERFILE.last("ARG").partition("=")[0]
    assert f"${argument} " in "".join(DOCKERFILE.all("RUN"))
    for said in ("user 1000", "port 8501", "`/data`", *(f"docker compose up {name}" for name in services)):
        assert said in page
