"""Where files are: the folders that a person chooses win over the cache's."""

from __future__ import annotations

from pathlib import Path

import pytest

from diffsmooth_core import paths


def test_what_the_project_ships_is_there() -> None:
    assert (paths.ASSETS / "models" / "bundled.json").is_file()
    assert (paths.ROOT / "limits.toml").is_file()


def test_a_folder_named_by_the_environment_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("DIFFSMOOTH_MODELS", raising=False)
    assert paths.user_folder("models") == tmp_path / "diffsmooth" / "models"
    monkeypatch.setenv("DIFFSMOOTH_MODELS", str(tmp_path / "own"))
    assert paths.user_folder("models") == tmp_path / "own"
    assert paths.user_folder("datasets") == tmp_path / "diffsmooth" / "datasets"


def test_without_a_cache_folder_named_the_home_has_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert paths.cache_folder() == tmp_path / ".cache" / "diffsmooth"


def test_without_a_home_one_private_folder_serves_the_process(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def no_home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", no_home)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    paths._homeless.cache_clear()
    folder = paths.cache_folder()
    assert folder == paths.cache_folder()
    assert folder.parent == tmp_path
    assert folder.stat().st_mode & 0o777 == 0o700
    assert "set XDG_CACHE_HOME" in caplog.text
    paths._homeless.cache_clear()
