"""Record what a first visitor sees: the default picture with the default settings.

PYTHONPATH=. python assets/runs/record.py
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from diffsmooth_core import SmoothedClassifier
from diffsmooth_core.certification.recording import Recording
from ui.session import settings, state


def main() -> None:
    config = replace(settings.DEFAULTS, dtype="bfloat16")
    picture = state.resolved(settings.FIRST_PICTURE)
    stream = SmoothedClassifier.load(config).certify_stream(picture.tensor, source=picture.source)
    Path(__file__).with_name("first.json").write_text(Recording.of(stream).to_json() + "\n")


if __name__ == "__main__":
    main()
