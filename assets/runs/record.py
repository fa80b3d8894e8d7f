"""Record what a first visitor sees: the default picture with the default settings.

PYTHONPATH=. python assets/runs/record.py
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from diffsmooth_core import build_base, certify_stream, load_classifier, load_denoiser
from diffsmooth_core.certification.recording import Recording
from ui.session import state


def main() -> None:
    config = replace(state.DEFAULTS, dtype="bfloat16")
    picture = state.resolved(state.PICTURE)
    base = build_base(config, load_classifier(config.classifier), load_denoiser(config.denoiser))
    stream = certify_stream(base, picture.tensor, config, source=picture.source)
    Path(__file__).with_name("first.json").write_text(Recording.of(stream).to_json() + "\n")


if __name__ == "__main__":
    main()
