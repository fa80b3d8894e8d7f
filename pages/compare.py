"""Compare: what would another method or setting say, on the same noise."""

from __future__ import annotations

from ui import missing, page, sidebar
from ui.compare import controls, sweep_view, view
from ui.jobs import experiments
from ui.session import state, url

url.read(controls.SETTINGS)
for kind in ("comparison", "sweep"):
    experiments.forget_unknown(kind)
side_by_side = state.setting("tab") == "compare"
draft = sidebar.sidebar(shared=side_by_side)
picture, settings = state.picture(), controls.chosen()

QUESTION = (
    "What would another method or setting say? Copy by copy all see the same noise: what differs is the "
    "setting, not chance."
)

page.header("compare", lessons=True, question=QUESTION)
missing.show()
view.tabs()
if side_by_side:
    view.show(picture, draft, settings)
else:
    sweep_view.show(picture, draft)
url.write(controls.SETTINGS)
