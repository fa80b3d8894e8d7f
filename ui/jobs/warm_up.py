"""Loads at the server's start what the first visitor would otherwise have to wait for."""

from __future__ import annotations

from diffsmooth_core.zoo.cards import names
from ui.components import picker
from ui.jobs import certificates, networks, recordings
from ui.session import settings, state


def warm_up() -> None:
    """Load what the first page shows, in the order in which a visitor who is there already waits for it, and
    then the networks that may be chosen next."""
    recordings.recorded(state.resolved(settings.FIRST_PICTURE), settings.DEFAULTS)
    picker.warm_up()
    certificates.preview(state.resolved(settings.FIRST_PICTURE), settings.DEFAULTS)
    certificates.time_votes(state.resolved(settings.FIRST_PICTURE), settings.DEFAULTS)
    for name in names("classifier", settings.DEFAULTS.dataset):
        networks.classifier(name)
