"""What the Theorems page says of purification: distances that are means, in how many cases it helps."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from diffsmooth_core.theory.purification_gain import Gain
from ui.session import settings, state
from ui.theorems import gain


def test_a_noise_level_helps_where_every_copy_came_nearer(monkeypatch: pytest.MonkeyPatch) -> None:
    black = np.zeros((32, 32, 3), np.float32)
    found = tuple(Gain(0.5, 0.5, 3.0, 2.0, shortened, black, black) for shortened in (1.0, 0.75, 1.0))
    monkeypatch.setattr(gain.theorems, "purification", lambda *_: found)
    monkeypatch.setattr(gain.figure, "show", lambda *_, **__: None)
    frames: list[Any] = []
    said: list[str] = []
    monkeypatch.setattr(gain.strip, "show", lambda shown, **_: frames.extend(shown))
    monkeypatch.setattr(gain.st, "caption", said.append)
    setting = SimpleNamespace(eps_error=0.0, seed=0, eta=0.01)
    chosen: Any = SimpleNamespace(setting=setting, denoiser="", scale=0.5, unit="[0,1]")
    gain._before_and_after(state.resolved(settings.FIRST_PICTURE), chosen, None)
    (words,) = said
    assert "the mean over 4 noisy copies" in words
    assert "At 2 of 3 noise levels every one of them came nearer." in words
    assert [(frame.title, frame.caption) for frame in frames] == [("σ = 0.5", "3 → 2")] * 3
