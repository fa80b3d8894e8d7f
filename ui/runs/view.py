"""The right side of the Runs page: a run's progress and results, and the comparison of two runs."""

from __future__ import annotations

from collections import Counter

import pandas as pd
import streamlit as st

from diffsmooth_core import ABSTAIN
from diffsmooth_core.analysis import browsing
from diffsmooth_core.analysis.comparing import CHANGES, mcnemar
from diffsmooth_core.analysis.diagnosis import REASONS
from diffsmooth_core.figures import BAND, bounds, certified_accuracy, line_of
from diffsmooth_core.runs.batch import Status
from diffsmooth_core.runs.commands import audit
from diffsmooth_core.runs.records import Run
from diffsmooth_core.runs.results import summary
from diffsmooth_core.statistics import Proportion
from diffsmooth_core.wording import duration
from ui import commands
from ui.colours import outcome_colour
from ui.components import figure
from ui.jobs import audits
from ui.jobs.cancelling import cancel_button
from ui.jobs.polling import failure, is_waiting, poll, show_queue_position
from ui.runs.controls import Selection, clear
from ui.session import notices
from ui.text import plain

SUMMARY, PICTURES = "Summary", "Pictures"
SMALL = 20  # classes that fit into a confusion matrix
LONGEST_COMMAND = 100_000  # characters; a shell takes an argument of 131,071
POLL_SECONDS = 1.0  # between two drawings of a run: its store is written every second


def progress(run: Run) -> None:
    """How far a run of ours is, while it is not at its end."""
    job = audits.latest(run, "audit")
    left = audits.left(run, len(audits.rows(run)))
    if left or (job and not job.finished):
        poll(lambda: [audits.latest(run, "audit")], lambda: _progress(run), POLL_SECONDS)


def _progress(run: Run) -> None:
    job = audits.latest(run, "audit")
    done = len(audits.rows(run))
    total = done + audits.left(run, done)
    certified = f"{done:,} of {total:,} pictures"
    with st.container(border=True):
        words, action = st.columns([5, 1], vertical_alignment="center")
        with words:
            if job is None or job.finished:
                stopped = f" {failure(job)}" if job and job.error else ""
                st.markdown(f"**Not finished:** {certified} are certified. Nothing counted is lost.{stopped}")
            elif is_waiting(job):
                show_queue_position(
                    lambda: audits.latest(run, "audit"), lambda _: f"; {certified} are certified"
                )
            else:
                st.markdown(f"**Certifying:** {certified}{_pace(job.progress)}")
        with action:
            if job is None or job.finished:
                st.button(
                    "Go on",
                    on_click=notices.attempt,
                    args=(audits.resume, run, job),
                    type="primary",
                    width="stretch",
                )
            else:
                cancel_button(job, "stop-audit", "Stop")
        st.progress(done / total)


def _pace(status: Status | None) -> str:
    """How fast a run is and what it found. Pictures that need fewer votes finish first, so that these need
    not be like the rest."""
    if status is None:
        return ""
    left = f" · {duration(status.seconds_left)} left" if status.seconds_left else ""
    return (
        f" · {status.votes_per_second:.0f} votes a second · {100 * status.certified_accuracy:.1f} % of those "
        f"finished are right{left}"
    )


def again(run: Run) -> None:
    """Show the command that repeats a run of this program, unless it names too many pictures one by one."""
    if run.origin == "audit" and len(command := audit(run)) <= LONGEST_COMMAND:
        commands.show(command)


def figures(selection: Selection) -> None:
    """A run's results in five numbers."""
    results = [row.result for row in selection.every]
    found = summary(results)
    right = Proportion.of(sum(r.correct for r in results), len(results))
    with st.container(horizontal=True, key="figures-run"):
        st.metric("Pictures", f"{found.images:,}", width=110)
        st.metric(
            "Certified and right",
            _percent(right),
            width=190,
            help=f"At radius 0; 95 % interval {100 * right.low:.1f} to {100 * right.high:.1f} %.",
        )
        if benign := browsing.benign(selection.every):
            st.metric(
                "Benign accuracy",
                _percent(benign),
                width=160,
                help="The class with the most votes is right, whether or not it is certified; 95 % interval "
                f"{100 * benign.low:.1f} to {100 * benign.high:.1f} %.",
            )
        st.metric(
            "ACR",
            f"{found.acr:.3f}",
            width=110,
            help="Average certified radius; a wrong answer or an abstention counts 0.",
        )
        st.metric("Abstains", _percent(Proportion.of(found.abstained, len(results))), width=130)
        st.metric("Certified but wrong", _percent(Proportion.of(found.wrong, len(results))), width=190)


def view() -> str:
    """Which half of the page is shown."""
    return str(
        st.segmented_control(
            "View",
            [SUMMARY, PICTURES],
            default=PICTURES if "image" in st.query_params else SUMMARY,
            required=True,
            key="view-of-run",
            label_visibility="collapsed",
        )
    )


def charts(selection: Selection) -> None:
    """The curve, the bounds and the confusion matrix; what is shown beside the whole."""
    results = [row.result for row in selection.every]
    shown = [row.result for row in selection.shown]
    lines = [line_of(selection.run.name, results)]
    if selection.filtered and shown:
        lines.append(line_of("shown pictures", shown))
    if selection.other:
        beside = [row.result for row in audits.rows(selection.other)]
        lines.append(line_of(selection.other.name, beside))
    with st.container(key="charts-run"):
        left, right = st.columns(2, gap="medium")
    with left:
        st.markdown(
            "**Certified accuracy** over the radius, with a simultaneous band of 95 % confidence", help=BAND
        )
        figure.show(certified_accuracy(lines), "curve", "Certified accuracy in percent over the radius")
    with right:
        st.markdown("**Lower bounds** of the classes' shares: above ½ is certified")
        if any(r.p_a_lower is not None for r in shown):
            figure.show(bounds(shown), "bounds", "Pictures by their lower bound")
        else:
            st.caption("No bound is known of these pictures.")
    _answers(selection)


def _percent(share: Proportion) -> str:
    return f"{100 * share.share:.1f} %"


def _answers(selection: Selection) -> None:
    """The confusion matrix; a cell shows its pictures."""
    names = selection.names
    if len(names) > SMALL:
        st.markdown("**Most frequent mistakes**")
        pairs = Counter(
            (names[r.label], names[r.predict])
            for r in (row.result for row in selection.every)
            if r.outcome == "wrong" and r.label is not None
        )
        rows = [{"True class": a, "Answer": b, "Pictures": n} for (a, b), n in pairs.most_common(12)]
        st.dataframe(pd.DataFrame(rows), hide_index=True)
        return
    st.markdown("**True class against answer**; choose a cell to see its pictures")
    matrix = browsing.confusion(selection.every, len(names))
    table = pd.DataFrame(matrix, index=list(names), columns=[*names, "abstains"])
    st.dataframe(
        table.style.apply(_shaded, axis=None).format(lambda n: str(n) if n else "·"),
        key="confusion",
        on_select=lambda: _cell(names),
        selection_mode="single-cell",
        row_height=30,
        height=30 * len(names) + 39,
        column_config={"_index": st.column_config.Column("True class", width=96)}
        | {name: st.column_config.Column(width=84) for name in table.columns},
    )
    unknown = sum(row.result.label is None for row in selection.every)
    if unknown:
        st.caption(f"{unknown} pictures whose class is not known are in no row.")


def _shaded(table: pd.DataFrame) -> pd.DataFrame:
    """A cell's share of its row as a tint in the colour of its outcome."""
    shades = pd.DataFrame("", index=table.index, columns=table.columns)
    for i, (_, row) in enumerate(table.iterrows()):
        for k, count in enumerate(row):
            if count:
                outcome = "right" if k == i else "abstained" if k == len(row) - 1 else "wrong"
                tint = round(25 + 150 * count / row.sum())
                shades.iloc[i, k] = f"background-color: {outcome_colour(outcome)}{tint:02x}"
    return shades


def _cell(names: tuple[str, ...]) -> None:
    cells = st.session_state["confusion"].selection.cells
    if cells:
        row, column = cells[0]
        clear()
        st.session_state["view-of-run"] = PICTURES
        st.session_state["class"] = str(row)
        st.session_state["answer"] = str(names.index(column)) if column in names else str(ABSTAIN)


def reasons(selection: Selection) -> None:
    """Why the run abstains, by reason; a row shows its pictures."""
    abstained = [row for row in selection.every if row.result.predict == ABSTAIN and row.reason]
    if not abstained:
        return
    times = Counter(row.reason for row in abstained).most_common()
    st.subheader("Why it abstains", anchor=False)
    st.dataframe(
        pd.DataFrame({"Reason": REASONS[reason], "Pictures": count} for reason, count in times),
        hide_index=True,
        width=440,
        key="reasons",
        selection_mode="single-row",
        on_select=lambda: _reason([reason for reason, _ in times]),
    )
    if unclear := len(audits.unclear(abstained)):
        run = selection.run
        poll(lambda: [audits.latest(run, "explain")], lambda: _explaining(run, unclear))


def _reason(titles: list[str]) -> None:
    if rows := st.session_state["reasons"].selection.rows:
        clear()
        st.session_state["view-of-run"] = PICTURES
        st.session_state["reason"] = titles[rows[0]]


def _explaining(run: Run, unclear: int) -> None:
    job = audits.latest(run, "explain")
    if job and not job.finished:
        done, total = (job.progress.done, job.progress.total) if job.progress else (0, unclear)
        if is_waiting(job):
            show_queue_position(lambda: audits.latest(run, "explain"))
        st.progress(done / total, f"{done} of {total} taken apart")
        cancel_button(job, "stop-explaining", "Stop", wide=False)
        return
    if job and job.error:
        st.error(failure(job))
    st.caption(f"The counts alone do not say why the votes of {unclear:,} pictures scatter.")
    st.button(
        "Take their votes apart",
        on_click=notices.attempt,
        args=(audits.explain, run, job),
        icon=":material/troubleshoot:",
    )


def comparison(selection: Selection) -> None:
    """What changed from the other run to this one."""
    if selection.other is None:
        return
    changes = list(selection.changes.values())
    st.subheader(f"Against {plain(selection.other.name)}", anchor=False)
    if not changes:
        st.caption("The two runs have no picture in common.")
        return
    times = Counter(change.kind for change in changes)
    with st.container(horizontal=True):
        for kind, title in CHANGES.items():
            st.metric(title, f"{times[kind]:,}", width=150)
    st.caption(
        f"Of {len(changes):,} pictures in both runs, {times['gained']} were gained and {times['lost']} lost. "
        "Were the runs equally good, a split at least as uneven would have probability "
        f"{mcnemar(changes):.2g} (McNemar's exact test)."
    )
