"""Record what a first visitor sees: the first picture of CIFAR-10 and of ImageNet with the usual settings,
that of CIFAR-10 under those that Compare begins with, and an attack on it that succeeds.

PYTHONPATH=. python assets/runs/record.py
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from diffsmooth_core import Certificate, Progress, SmoothedClassifier
from diffsmooth_core.attacks import AttackConfig, attack_stream
from diffsmooth_core.certification.recording import Recording
from diffsmooth_core.certification.sample_sheet import Shown, to_png
from diffsmooth_core.config import DATASETS
from diffsmooth_core.experiments import Comparison, compare_stream
from ui.compare.controls import START
from ui.jobs import networks, recorded_attack, recorded_comparison
from ui.jobs.copies import LOCAL
from ui.jobs.recorded_attack import RecordedAttack
from ui.jobs.recordings import file
from ui.session import settings, state

TIMES = 3.0  # certified radii that the recorded attack may go: within two of them none succeeds
AGREEING = 5  # votes whose images are recorded beside those of the dissenters


def shown(steps: list[Progress]) -> list[Shown]:
    """The dissenters of a run, and the last votes of some steps between its first and its last, which agree;
    in order, each with as many local copies as a page shows."""
    agreeing = [step for step in steps if step.samples.vote == step.candidate]
    some: list[Shown] = [(step.stage, step.samples) for step in agreeing[:: -(-len(agreeing) // AGREEING)]]
    some += [(step.stage, samples) for step in steps for samples in step.dissenting]
    some.sort(key=lambda one: (one[0] == "estimation", one[1].index))
    return [(stage, replace(samples, local=samples.local[:LOCAL])) for stage, samples in some]


def compared() -> Comparison:
    picture = state.resolved(settings.FIRST_PICTURE)
    configs = [replace(settings.DEFAULTS, method=method, dtype="bfloat16") for method in START]
    *_, last = compare_stream(
        [(networks.base_classifier(config), config) for config in configs], picture.tensor, picture.source
    )
    return last


def attacked(certificate: Certificate) -> RecordedAttack:
    base, picture = networks.base_classifier(certificate.config), state.resolved(certificate.source)
    attack = AttackConfig(radius=TIMES * certificate.radius, alpha=certificate.config.alpha)
    *_, last = attack_stream(base, picture.tensor, certificate, attack)
    return RecordedAttack(attack, last, date.today().isoformat())


def main() -> None:
    recorded_comparison.FILE.write_text(recorded_comparison.to_json(compared()) + "\n", encoding="utf-8")
    for dataset in DATASETS:
        config = replace(settings.default_config(dataset), dtype="bfloat16")
        picture = state.resolved(settings.first_picture(dataset), dataset)
        stream = SmoothedClassifier.load(config).certify_stream(picture.tensor, source=picture.source)
        steps = list(stream)
        file(dataset).write_text(Recording.of(iter(steps)).to_json() + "\n", encoding="utf-8")
        if dataset == "cifar10":  # ImageNet's take megabytes
            file(dataset).with_suffix(".png").write_bytes(to_png(shown(steps)))
            assert steps[-1].certificate is not None
            text = recorded_attack.to_json(attacked(steps[-1].certificate))
            recorded_attack.file(dataset).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
