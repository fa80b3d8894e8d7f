"""A Space for Hugging Face, put together and started as it would be there."""

from __future__ import annotations

import tomllib
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from deploy.space.assemble import assemble
from diffsmooth_core.zoo.cards import bundled
from tests.deploy.images import Image, running
from ui.curriculum import LESSONS, TOURS

HOST = "somebody-diffsmooth.hf.space"
COLOURS = {
    "red",
    "yellow",
    "green",
    "blue",
    "indigo",
    "purple",
    "pink",
    "gray",
}  # that a Space's head may name


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("space")
    assemble(folder)
    return folder


@pytest.fixture(scope="module")
def url(space: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the server in the image of the Space."""
    home = tmp_path_factory.mktemp("machine")
    image, app = Image.of(space / "Dockerfile"), home / "app"
    app.mkdir()
    image.copy(space, app)
    with running(image, app, home / "home", [f"SPACE_HOST={HOST},smooth.example"]) as address:
        yield address


def answered(url: str, host: str, **headers: str) -> tuple[int, dict[str, str]]:
    """The status and the headers of an answer; what comes from a page is an upload."""
    method = "PUT" if headers else "GET"
    request = urllib.request.Request(url, headers={"Host": host} | headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, dict(answer.headers)
    except urllib.error.HTTPError as refused:
        return refused.code, dict(refused.headers)


def test_it_answers_to_its_own_names_alone_and_in_a_frame_of_hugging_face(url: str) -> None:
    for host in (HOST, "smooth.example", "127.0.0.1"):
        assert answered(f"{url}/_stcore/health", host)[0] == 200
    for host in ("another.hf.space", "huggingface.co", "localhost", ""):
        assert answered(f"{url}/_stcore/health", host)[0] == 403
    status, headers = answered(url, HOST)
    assert status == 200
    assert headers["content-security-policy"].endswith("frame-ancestors https://huggingface.co")
    assert "x-frame-options" not in headers


def test_an_upload_needs_no_cookie_and_comes_from_its_own_page_alone(url: str) -> None:
    """In a frame of another site a browser sends no cookie."""
    place = f"{url}/_stcore/upload_file/no-session/no-file"
    assert answered(place, HOST, Origin=f"https://{HOST}")[0] == 400, "there is no such session"
    assert answered(place, HOST, Origin="https://huggingface.co")[0] == 403


def test_its_head_is_one_that_hugging_face_reads(space: Path) -> None:
    head = yaml.safe_load((space / "README.md").read_text().split("---\n")[1])
    image = Image.of(space / "Dockerfile")
    assert head["sdk"] == "docker"
    assert [str(head["app_port"])] == image.all("EXPOSE")
    assert {head["colorFrom"], head["colorTo"]} <= COLOURS
    assert len(head["short_description"]) <= 60
    assert "--uid 1000" in image.last("RUN"), "a Space runs as user 1000"


def test_it_has_all_networks_and_no_more_than_the_app_needs(space: Path) -> None:
    names = {path.relative_to(space).as_posix() for path in space.rglob("*") if path.is_file()}
    assert {f"assets/models/{card.file}" for card in bundled().values() if card.file} <= names
    assert {"app.py", "limits.toml", ".streamlit/config.toml", "requirements.txt", "LICENSE"} <= names
    assert not [name for name in names if name.startswith(("tests/", "docs/", "assets/screenshots/"))]
    assert sum((space / name).stat().st_size for name in names) < 60e6


def test_strangers_can_do_every_lesson_and_little_else(space: Path) -> None:
    limits = tomllib.loads((space / "deploy" / "space" / "limits.toml").read_text())
    usual = tomllib.loads((space / "limits.toml").read_text())
    for section, values in limits.items():
        for name, value in values.items():
            assert type(value) is type(usual[section][name])
            assert isinstance(value, list) or value < usual[section][name]
    asked = [int(lesson.settings.get("n", 1000)) for lesson in (*LESSONS, *TOURS)]
    assert max(asked) <= limits["runs"]["n"]


def test_a_folder_that_holds_something_is_left_alone(space: Path) -> None:
    before = (space / "README.md").stat().st_mtime_ns
    with pytest.raises(SystemExit, match="is not empty"):
        assemble(space)
    assert (space / "README.md").stat().st_mtime_ns == before
