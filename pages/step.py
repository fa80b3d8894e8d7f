"""Step through: what happens to one noisy copy, algorithm by algorithm."""

from __future__ import annotations

from ui import missing, page, sidebar
from ui.jobs.networks import runnable
from ui.session import state, url
from ui.step import view

url.read(view.SETTINGS)
draft = sidebar.sidebar()
picture = state.picture()

QUESTION = (
    "What happens to one noisy copy? From the noise to the count, the very vote that Certify draws with "
    "these settings."
)

page.header("step", lessons=True, question=QUESTION)
missing.show()
url.write(view.SETTINGS)
view.show(picture, draft.then(runnable))
