"""Loads at the server's start what the first visitor would otherwise have to wait for."""

from __future__ import annotations

import time

from diffsmooth_core.config import DATASETS
from diffsmooth_core.zoo.cards import names
from ui.components import picker
from ui.jobs import certificates, recordings
from ui.jobs.networks import classifier
from ui.session import settings, state


def first_page() -> None:
    """Load what the first page shows, which needs no network."""
    recordings.recorded(state.resolved(settings.FIRST_PICTURE), settings.DEFAULTS)
    picker.warm_up()


def networks() -> None:
    """Import torch and load the networks that the first page's buttons and controls lead to, and what the
    other data set is opened with."""
    certificates.preview(state.resolved(settings.FIRST_PICTURE), settings.DEFAULTS)
    certificates.time_votes(state.resolved(settings.FIRST_PICTURE), settings.DEFAULTS)
    for name in names("classifier", settings.DEFAULTS.dataset):
        _let_votes_go_first()
        classifier(name)
    for dataset in DATASETS:
        _let_votes_go_first()
        picture = state.resolved(settings.first_picture(dataset), dataset)
        recordings.recorded(picture, settings.default_config(dataset))


def _let_votes_go_first() -> None:
    while certificates.is_running():
        time.sleep(0.5)
