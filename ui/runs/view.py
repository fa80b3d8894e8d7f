"""The right side of the Runs page: a run's progress and results, and the comparison of two runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pandas as pd
import streamlit as st

from diffsmooth_core import ABSTAIN
from diffsmooth_core.analysis import browsing
from diffsmooth_core.analysis.browsing import RunRow
from diffsmooth_core.analysis.comparing import CHANGES, mcnemar
from diffsmooth_core.analysis.diagnosis import REASONS
from diffsmooth_core.figures import BAND, bounds, certified_accuracy, line_of
from diffsmooth_core.runs.batch import Status
from diffsmooth_core.runs.commands import audit
from diffsmooth_core.runs.records import Run
from diffsmooth_core.runs.results import Result, summary
from diffsmooth_core.statistics import Proportion
from diffsmooth_core.wording import duration, written
from ui import commands
from ui.colours import outcome_colour
from ui.components import figure
from ui.jobs import audits
from ui.jobs.cancelling import cancel_button
from ui.jobs.polling import failure, is_waiting, poll, show_queue_position
from ui.runs import grid
from ui.runs.controls import HALVES, PICTURES, SUMMARY, Selection, class_titles, clear, show_pictures
from ui.session import notices
from ui.session.parameters import bind
from ui.text import plain
from ui.titles import dataset_title

SMALL = 20  # classes that fit into a confusion matrix
LONGEST_COMMAND = 100_000  # characters; a shell takes an argument of 131,071
CERTIFIED = "The share of pictures that are right and certified with at least this radius."
LOWER = (
    "The share of noisy copies of a picture that are taken for its class is at least this bound, but for the "
    "risk α. A class with more than half of them is certified."
)
POLL_SECONDS = 1.0  # between two drawings of a run: its store is written every second


def findings(run: Run) -> None:
    """What a run came to; of one that is not at its end how far it is and what it found so far, with its
    pictures as they arrive."""
    job = audits.latest(run, "audit")
    rows = audits.rows(run)
    if not audits.left(run, len(rows)) and (job is None or job.finished):
        _findings(run, rows)
        return
    image = st.query_params.get("image")

    def draw() -> None:
        if st.query_params.get("image") != image:  # one was chosen, which the rest of the page shows
            st.rerun()
        _progress(run)
        rows = audits.rows(run)
        _findings(run, rows)
        grid.latest(run, rows, class_titles(run.dataset, rows))

    poll(lambda: [audits.latest(run, "audit")], draw, POLL_SECONDS)


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


def _findings(run: Run, rows: Sequence[RunRow]) -> None:
    """A run's results in two sentences and six numbers."""
    if not rows:
        return
    results = [row.result for row in rows]
    st.markdown(in_words(run, results))
    found = summary(results)
    right = Proportion.of(sum(r.correct for r in results), len(results))
    with st.container(horizontal=True, key="figures-run"):
        st.metric("Pictures", f"{found.images:,}")
        st.metric(
            "Certified and right",
            _percent(right),
            help=f"At radius 0; 95 % interval {100 * right.low:.1f} to {100 * right.high:.1f} %.",
        )
        st.metric("Certified but wrong", _percent(Proportion.of(found.wrong, len(results))))
        st.metric("Abstains", _percent(Proportion.of(found.abstained, len(results))))
        if benign := browsing.benign(rows):
            st.metric(
                "Benign accuracy",
                _percent(benign),
                help="The class with the most votes is right, whether or not it is certified; 95 % interval "
                f"{100 * benign.low:.1f} to {100 * benign.high:.1f} %.",
            )
        st.metric(
            "ACR",
            f"{found.acr:.3f}",
            help="Average certified radius; a wrong answer or an abstention counts 0.",
        )


def in_words(run: Run, results: Sequence[Result]) -> str:
    """What came out, for somebody who has never seen a run."""
    times = Counter(result.outcome for result in results)
    said = {
        "right": "are certified and right",
        "wrong": "are certified but wrong",
        "certified": "are certified, of which nobody knows whether they are right",
        "abstained": "get no answer, since their votes settle on no class (the method abstains)",
    }
    *most, last = [f"**{times[outcome]:,}** {words}" for outcome, words in said.items() if times[outcome]]
    found = f"{', '.join(most)} and {last}" if most else last
    return (
        f"Of {len(results):,} pictures of {plain(dataset_title(run.dataset))}, {found}. Certified means: no "
        "change shorter than the picture’s radius changes the answer. Each certificate is wrong with a "
        f"probability of at most α = {written(run.config['alpha'])}."
    )


def view() -> str:
    """Which half of the page is shown."""
    return str(
        st.segmented_control(
            "View",
            list(HALVES),
            required=True,
            format_func=HALVES.__getitem__,
            label_visibility="collapsed",
            **bind("view", list(HALVES), PICTURES if "image" in st.query_params else SUMMARY),
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
        st.markdown("**Certified accuracy** over the radius", help=f"{CERTIFIED} {BAND}")
        figure.show(certified_accuracy(lines), "curve", "Certified accuracy in percent over the radius")
    with right:
        st.markdown("**Lower bounds**: above ½ is certified", help=LOWER)
        if any(r.p_a_lower is not None for r in shown):
            figure.show(bounds(shown), "bounds", "Pictures by their lower bound")
        else:
            st.caption("No bound is known of these pictures.")


def _percent(share: Proportion) -> str:
    return f"{100 * share.share:.1f} %"


def answers(selection: Selection) -> None:
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
        show_pictures()
        st.session_state["class"] = str(row)
        st.session_state["answer"] = str(names.index(column)) if column in names else str(ABSTAIN)


def reasons(selection: Selection) -> None:
    """Why the run abstains, by reason; a row shows its pictures."""
    st.subheader("Why it abstains", anchor=False)
    abstained = [row for row in selection.every if row.result.predict == ABSTAIN]
    if not abstained:
        st.caption("It abstains on no picture.")
        return
    abstained = [row for row in abstained if row.reason]
    if not abstained:
        st.caption("An imported log keeps no votes that would say why.")
        return
    times = Counter(row.reason for row in abstained).most_common()
    st.dataframe(
        pd.DataFrame({"Reason": REASONS[reason], "Pictures": count} for reason, count in times),
        hide_index=True,
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
        show_pictures()
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
        f"{written(mcnemar(changes), 2)} (McNemar's exact test)."
    )
