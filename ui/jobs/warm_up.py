"""What the first visitor would wait for, loaded beforehand."""

from __future__ import annotations

from diffsmooth_core.zoo.cards import names
from ui.components import picker
from ui.jobs import certificates, networks, recordings
from ui.session import state


def warm_up() -> None:
    """Load networks, the first page's pictures and the recording."""
    for name in names("classifier", state.DEFAULTS.dataset):
        networks.classifier(name)
    certificates.preview(state.resolved(state.PICTURE), state.DEFAULTS)
    recordings.bundled()
    picker.warm_up()
