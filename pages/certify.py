"""Certify: what does the method say about this picture, live."""

from __future__ import annotations

from ui import missing, page, sidebar
from ui.certify import prediction, view
from ui.jobs import certificates, recordings
from ui.jobs.networks import runnable
from ui.session import state, url
from ui.session.settings import CERTIFY

if url.read(CERTIFY):
    certificates.show_run_of_address()
draft = sidebar.sidebar(dials=True)
picture = state.picture()

QUESTION = (
    "How far can a picture change before the answer may change? Noisy copies of it vote, and from the count "
    "follows a radius."
)

page.header("certify", lessons=True, question=QUESTION)
missing.show()
certificates.hide_run_of_other_picture(picture)
url.write(CERTIFY)
known = recordings.recorded(picture, draft.values)  # then it can be run, and no network is loaded to see that
draft = draft if known else draft.then(runnable)
view.show(picture, draft)
prediction.offer(picture, draft)
