"""Record what a first visitor sees of CIFAR-10 and of ImageNet: the first picture with the usual settings.

PYTHONPATH=. python assets/runs/record.py
"""

from __future__ import annotations

from dataclasses import replace

from diffsmooth_core import SmoothedClassifier
from diffsmooth_core.certification.recording import Recording
from diffsmooth_core.certification.sample_strip import to_png
from diffsmooth_core.config import DATASETS
from ui.jobs.certificates import preview
from ui.jobs.recordings import file
from ui.session import settings, state


def main() -> None:
    for dataset in DATASETS:
        config = replace(settings.default_config(dataset), dtype="bfloat16")
        picture = state.resolved(settings.first_picture(dataset), dataset)
        stream = SmoothedClassifier.load(config).certify_stream(picture.tensor, source=picture.source)
        file(dataset).write_text(Recording.of(stream).to_json() + "\n")
        if dataset == "cifar10" and (samples := preview(picture, config)):  # ImageNet's take half a megabyte
            file(dataset).with_suffix(".png").write_bytes(to_png(samples))


if __name__ == "__main__":
    main()
