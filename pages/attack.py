"""Try to break it: certify a picture, then attack it inside and outside its certificate."""

from __future__ import annotations

from ui import missing, page, sidebar
from ui.attack import view
from ui.attack.controls import SETTINGS
from ui.jobs import certificates
from ui.jobs.networks import runnable
from ui.session import state, url

if url.read(SETTINGS):
    certificates.show_run_of_address()
draft = sidebar.sidebar()
picture = state.picture()

QUESTION = (
    "Can a change made on purpose change the class? Within the certified radius none can: try it there, and "
    "farther out."
)

page.header("attack", lessons=True, question=QUESTION)
missing.show()
url.write(SETTINGS)
view.show(picture, draft.then(runnable))
