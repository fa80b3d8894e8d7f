"""A new run: an audit with the Certify page's settings, or a log from elsewhere."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import streamlit as st

from diffsmooth_core import InputError, SmoothingConfig
from diffsmooth_core.config import METHODS
from diffsmooth_core.datasets import datasets
from diffsmooth_core.exchange import bundles, logs
from diffsmooth_core.paths import ASSETS
from ui.jobs import audits
from ui.session import state
from ui.session.limits import limit
from ui.text import plain

EXAMPLE = ASSETS / "runs" / "diffsmooth.json.gz"


def show() -> None:
    """Forms to start an audit, to import a log, and to open a run from elsewhere."""
    start, imported, opened = st.tabs(["Start an audit", "Import a log", "Open a run"])
    with start:
        _start()
    with imported:
        _import()
    with opened:
        _open()


def example() -> None:
    """A recorded audit, to look around in."""
    st.button(
        "Open a recorded audit of 200 pictures",
        on_click=_opened,
        args=(EXAMPLE.read_bytes(),),
        type="primary",
        icon=":material/folder_open:",
    )


def _open() -> None:
    st.caption(
        "A run that was downloaded whole, here or elsewhere. Its certificates are checked from their counts."
    )
    with st.form("open-run", border=False):
        most = limit("uploads", "megabytes")
        file = st.file_uploader("Run", type=["gz"], key="run-file", max_upload_size=most)
        name = st.text_input("Name it", max_chars=80, placeholder="as it was called")
        if st.form_submit_button("Open", type="primary"):
            if file is None:
                st.error("There is no run yet; choose a file first.")
            else:
                _opened(file.getvalue(), name or None)
                st.rerun()


def _opened(data: bytes, name: str | None = None) -> None:
    try:
        run = bundles.unpack(audits.store(), data, name)
    except InputError as problem:
        state.notify(str(problem))
    else:
        _added(f"The run {run.name} was opened. Every certificate was checked from its votes.", run.name)


def _start() -> None:
    if not limit("audits", "may_start"):
        st.caption("Audits are started from the command line here: python -m diffsmooth_core audit.")
        return
    try:
        config = state.kept()
    except InputError as problem:
        st.error(plain(str(problem)))
        return
    st.markdown(f"With the settings of the Certify page: {plain(_described(config))}.")
    st.page_link("pages/certify.py", label="Change them there", icon=":material/tune:")
    with st.form("start-audit", border=False):
        left, right = st.columns(2)
        name = left.text_input("Name of the run", max_chars=80, placeholder="diffsmooth-0.5")
        indices = right.text_input(
            "Test pictures", "0:10000:50", help="START:STOP:STEP, or single numbers with commas."
        )
        if st.form_submit_button("Start", type="primary"):
            try:
                run = audits.start(name, indices, config)
            except InputError as problem:
                st.error(plain(str(problem)))
            else:
                _added(f"{run.name} is under way.", run.name)
                st.rerun()


def _described(config: SmoothingConfig) -> str:
    method = METHODS[config.method]
    local = f", σ′ = {config.sigma_local:g}, m = {config.m}" if method.smooths_locally else ""
    return (
        f"{method.title}, {config.classifier}, σ = {config.sigma:g}{local}, n₀ = {config.n0:,}, "
        f"n = {config.n:,}, α = {config.alpha:g}, on {config.dataset}"
    )


def _import() -> None:
    st.caption(
        "A certification log of Cohen's code or of one that writes alike; the content tells its dialect."
    )
    with st.form("import-log", border=False):
        file = st.file_uploader("Log", key="log-file", max_upload_size=limit("uploads", "megabytes"))
        left, middle, right = st.columns(3)
        name = left.text_input("Name of the run", max_chars=80, placeholder="cohen-0.5")
        dataset = middle.selectbox("Data set", datasets())
        target = right.number_input(
            "Radius asked for", 0.01, 16.0, None, 0.25, help="Only for a log that says proved or not."
        )
        sigma = left.number_input("Noise σ", 0.01, 4.0, 0.5, 0.05)
        n = middle.number_input("Votes n", 1, 10_000_000, 100_000, 1000)
        alpha = right.number_input("Risk α", 1e-6, 0.5, 0.001, 0.001, format="%g")
        training = left.number_input(
            "Training noise", 0.0, 4.0, None, 0.05, help="If it is known: then the paper's row can be found."
        )
        if st.form_submit_button("Import", type="primary"):
            if file is None:
                st.error("There is no log yet; choose a file first.")
                return
            try:
                log = _read(file.getvalue(), sigma, n, alpha, target)
                settings = {
                    "sigma": sigma,
                    "n": n,
                    "alpha": alpha,
                    "file": file.name,
                    "training_sigma": training,
                }
                run = logs.keep(audits.store(), log, name, dataset, settings)
            except InputError as problem:
                st.error(plain(str(problem)))
            else:
                said = f"{run.name} was imported: {len(log.results):,} pictures in {log.dialect}'s dialect."
                if log.lifted:
                    said += f" Rounding may have lifted {len(log.lifted)} radii over a threshold of a table."
                _added(said, run.name)
                st.rerun()


def _read(data: bytes, sigma: float, n: int, alpha: float, target: float | None) -> logs.Log:
    with TemporaryDirectory() as folder:
        path = Path(folder, "log")
        path.write_bytes(data)
        try:
            return logs.read(path, sigma, n, alpha, target)
        except InputError as problem:
            raise InputError(str(problem).replace(str(path), "the log")) from None


def _added(sentence: str, run: str) -> None:
    """Say so and show the new run."""
    state.notify(sentence)
    st.session_state["_next-run"] = run
