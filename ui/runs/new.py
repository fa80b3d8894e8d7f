"""A new run: an audit with the Certify page's settings, a log or a whole run from elsewhere.

A form's success is reported at the top of the page, its failure beside the form.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from diffsmooth_core import InputError, SmoothingConfig
from diffsmooth_core.config import METHODS
from diffsmooth_core.datasets import datasets
from diffsmooth_core.exchange import bundles, logs
from diffsmooth_core.paths import ASSETS
from diffsmooth_core.runs.estimate import held, peak_memory
from diffsmooth_core.runs.indices import parse_indices, spread
from diffsmooth_core.runs.records import Run
from diffsmooth_core.runs.store import Store
from diffsmooth_core.wording import duration, written
from ui import uploads
from ui.jobs import audits, certificates, files
from ui.navigation import certify_by_name
from ui.page import error_box
from ui.session import notices, state, url
from ui.session.limits import limit
from ui.session.numbers import within
from ui.text import plain
from ui.titles import run_title
from ui.uploads import Upload

REMARKS = 3  # on a log, of which more are counted
SHOWN_PICTURES = 200  # of an audit that is started here, unless asked for others
UPLOADERS = {"open-run": "run-file", "import-log": "log-file"}  # of each form with a file
FORMS = (*UPLOADERS, "")  # "": the buttons of the recorded audits
RECORDED = ASSETS / "runs"  # the folder of recorded audits; any NAME.json.gz in it is one


def popover() -> DeltaGenerator:
    """The button that opens the forms; it closes again once one of them has led to a run."""
    if "_next-run" in st.session_state:
        st.session_state["add-run"] = False
    return st.popover("Add a run", icon=":material/add:", key="add-run", on_change="rerun")


def begin() -> None:
    """Where there is no run yet, open the first recorded audit: once a visit, as it may have been removed on
    purpose. Where that fails, as when somebody else has begun too, nothing is said: the page then has other
    runs, or a button for this one, which says why. Raises InputError where the store cannot be read."""
    if "recorded-begun" in st.session_state or audits.store().runs():
        return
    st.session_state["recorded-begun"] = True
    store = audits.store()

    def ignore(_: object) -> None:
        pass

    for path in _recordings()[:1]:
        with suppress(InputError):  # too many files wait
            unpack = partial(_unpacked, store, path)
            files.read("", "files", path.name, unpack, then=ignore, refused=ignore)


def _unpacked(store: Store, path: Path) -> Run:
    return bundles.unpack(store, path.read_bytes())


def say_recorded(run: Run) -> None:
    """Say that a run is a recorded one, if it is."""
    recorded = map(_heading, _recordings())
    if any((run.config, run.indices, run.weights) == (r.config, r.indices, r.weights) for r in recorded):
        st.caption(
            ":material/history: A recorded audit, which comes with the program and was made with its "
            "networks. *Add a run* has more of them, and starts your own."
        )


def show() -> None:
    """Forms to start an audit, to import a log, and to open a run from elsewhere."""
    start, imported, opened = st.tabs(["Start an audit", "Import a log", "Open a run"])
    with start:
        _start_form()
    with imported:
        _import_form()
    with opened:
        recorded("new")
        _open_form()


def reading() -> None:
    """Say which files are being read."""
    for form in FORMS:
        files.show(form)


def recorded(place: str) -> None:
    """Offer the recorded audits that are not among the runs yet, as examples to explore."""
    taken = {run.name for run in audits.store().runs()}
    for path in _recordings():
        run = _heading(path)
        if run.name not in taken:
            st.button(
                f"Open a recorded audit of {len(run.indices):,} pictures: {plain(run_title(run))}",
                key=f"recorded-{place}-{run.name}",
                on_click=notices.attempt,
                args=(_open_recorded, path),
                type="primary" if place == "first" else "secondary",
                icon=":material/folder_open:",
            )


def _recordings() -> list[Path]:
    return sorted(RECORDED.glob("*.json.gz"))


@lru_cache(maxsize=16)
def _heading(path: Path) -> Run:
    return bundles.heading(path.read_bytes())


def _open_recorded(path: Path) -> None:
    _unpack("", path.name, path.read_bytes)


def _open_form() -> None:
    st.caption(
        "A run that was downloaded whole, here or elsewhere. Every certificate is checked against its votes, "
        "its picture and the run's settings. Whether a verifier gave its challenge, only their ledger "
        "shows: `import-run FILE --challenge LEDGER` in a terminal looks there."
    )
    with st.form("open-run", border=False):
        file = uploads.uploader("Run", UPLOADERS["open-run"], ["gz"])
        name = st.text_input("Name it", max_chars=80, placeholder="as it was called")
        if st.form_submit_button("Open", type="primary"):
            notices.attempt(_open, file, name, form="open-run")
            st.rerun()
    notices.show_with("open-run")


def _open(file: Upload | None, name: str) -> None:
    if file is None:
        raise InputError("there is no run yet; choose a file first")
    data = file.getvalue()
    _unpack("open-run", file.name, lambda: data, name or None)


def _unpack(form: str, file: str, data: Callable[[], bytes], name: str | None = None) -> None:
    store = audits.store()

    def work() -> tuple[str, str]:
        run = bundles.unpack(store, data(), name)
        checked = (
            "Every radius was computed again from its votes, and every certificate is of the settings and "
            "networks that the run names."
        )
        return run.name, f"The run {run.name} was opened and checked. {checked}"

    _read(form, file, work)


def _read(form: str, file: str, work: Callable[[], tuple[str, str]]) -> None:
    """Have a form's file read beside the page, which then shows the run and the sentence that came of it."""

    def came(found: tuple[str, str]) -> None:
        if form in UPLOADERS:
            uploads.forget(UPLOADERS[form])
        _show_next(*found)

    files.read(form, "files", file, work, came, partial(notices.notify, form=form, refusal=True))


def _start_form() -> None:
    if not limit("audits", "may_start"):
        st.caption("Audits are started from the command line here: python -m diffsmooth_core audit.")
        return
    try:
        config = url.kept_config()
        usual = spread(config.dataset, SHOWN_PICTURES)
    except InputError as problem:
        error_box(problem)
        return
    st.markdown(f"With the settings of the Certify page: {plain(described(config))}.")
    st.page_link(certify_by_name(), label="Change them there", icon=":material/tune:")
    _estimate(config, usual)
    with st.form("start-audit", border=False):
        left, right = st.columns(2)
        name = left.text_input("Name of the run", max_chars=80, placeholder="diffsmooth-0.5")
        indices = right.text_input(
            "Test pictures", usual, help="START:STOP:STEP, or single numbers with commas."
        )
        if st.form_submit_button("Start", type="primary"):
            notices.attempt(_start, name, indices, config, form="start-audit")
            st.rerun()
    notices.show_with("start-audit")


def _estimate(config: SmoothingConfig, usual: str) -> None:
    """What the usual pictures take here, or a button that times a few votes to know it."""
    if (seconds := certificates.seconds_needed(config)) is None:
        st.button("How long will it take?", on_click=notices.attempt, args=(_time_votes, config, usual))
        return
    pictures = len(parse_indices(usual, config.dataset))
    st.caption(
        f"Each picture takes about {duration(seconds)} and {config.n0 + config.n:,} votes at most: "
        f"{pictures:,} take {duration(pictures * seconds)}{held(peak_memory())} were held at most by this "
        "server until now. An audit can be stopped and go on later."
    )


def _time_votes(config: SmoothingConfig, usual: str) -> None:
    first = parse_indices(usual, config.dataset)[0]
    certificates.time_votes(state.resolved(f"{config.dataset}:{first}", config.dataset), config)
    if certificates.seconds_needed(config) is None:
        raise InputError("votes cannot be timed while another run goes on; ask again once it has ended")


def _start(name: str, indices: str, config: SmoothingConfig) -> None:
    run = audits.start(name, indices, config)
    _show_next(run.name, f"{run.name} is under way.")


def described(config: SmoothingConfig) -> str:
    """The main settings of an audit in a line."""
    method = METHODS[config.method]
    local = f", σ′ = {config.sigma_local:g}, m = {config.m}" if method.smooths_locally else ""
    return (
        f"{method.title}, {config.classifier}, σ = {config.sigma:g}{local}, n₀ = {config.n0:,}, "
        f"n = {config.n:,}, α = {written(config.alpha)}, on {config.dataset}"
    )


@dataclass(frozen=True)
class LogSettings:
    """The settings that a log does not contain. `target` is the radius of a log that only states whether that
    radius was proved."""

    name: str
    dataset: str
    sigma: float
    n: int
    alpha: float
    target: float | None
    training_sigma: float | None


def _import_form() -> None:
    st.caption(
        "A certification log of Cohen's code or of one that writes alike; the content tells its dialect."
    )
    with st.form("import-log", border=False):
        file = uploads.uploader("Log", UPLOADERS["import-log"])
        left, middle, right = st.columns(3)
        name = left.text_input("Name of the run", max_chars=80, placeholder="cohen-0.5")
        dataset = middle.selectbox("Data set", datasets())
        target = right.number_input(
            "Radius asked for", value=None, step=0.25, help="Only for a log that says proved or not."
        )
        sigma = left.number_input("Noise σ", value=0.5, step=0.05)
        n = middle.number_input("Votes n", value=100_000, step=1000)
        alpha = right.number_input("Risk α", value=0.001, step=0.001, format="%g")
        training = left.number_input(
            "Training noise", value=None, step=0.05, help="If it is known: then the paper's row can be found."
        )
        settings = LogSettings(name, dataset, sigma, n, alpha, target, training)
        if st.form_submit_button("Import", type="primary"):
            notices.attempt(_import, file, settings, form="import-log")
            st.rerun()
    notices.show_with("import-log")


def _import(file: Upload | None, settings: LogSettings) -> None:
    if file is None:
        raise InputError("there is no log yet; choose a file first")
    within("Noise σ", settings.sigma, (0.01, 4.0))
    within("Votes n", settings.n, (1, 10_000_000))
    within("Risk α", settings.alpha, (1e-6, 0.5))
    if settings.target is not None:
        within("Radius asked for", settings.target, (0.01, 16.0))
    if settings.training_sigma is not None:
        within("Training noise", settings.training_sigma, (0.0, 4.0))
    data, store = file.getvalue(), audits.store()
    kept = {
        "sigma": settings.sigma,
        "alpha": settings.alpha,
        "file": file.name,
        "training_sigma": settings.training_sigma,
    }

    def work() -> tuple[str, str]:
        log = read_log(data, settings)
        run = logs.add_to_store(store, log, settings.name, settings.dataset, kept | {"n": log.n})
        return run.name, f"{run.name} was imported: {_summary(log)}"

    _read("import-log", file.name, work)


def _summary(log: logs.Log) -> str:
    """What a log holds and what is odd about it, the first remarks alone."""
    said = [f"{len(log.results):,} pictures in {log.dialect}'s dialect."]
    if log.lifted:
        said.append(f"Rounding may have lifted {len(log.lifted)} radii over a threshold of a table.")
    said += [f"{remark[0].upper()}{remark[1:]}." for remark in log.remarks[:REMARKS]]
    if (more := len(log.remarks) - REMARKS) > 0:
        said.append(f"{more:,} more remarks: `import-log` prints them.")
    return " ".join(said)


def read_log(data: bytes, settings: LogSettings) -> logs.Log:
    """The log of an uploaded file. Raises InputError, which does not name where the file lay meanwhile."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "log")
        path.write_bytes(data)
        try:
            return logs.read(path, settings.sigma, settings.n, settings.alpha, settings.target)
        except InputError as problem:
            raise InputError(str(problem).replace(str(path), "the log")) from None


def _show_next(run: str, sentence: str) -> None:
    """Show a sentence about the outcome, and the new run."""
    notices.notify(sentence)
    st.session_state["_next-run"] = run
