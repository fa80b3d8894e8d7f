"""Draw your own attack: a board, the votes on what is drawn, and the shortest change that flips the class."""

from __future__ import annotations

from typing import Any

import streamlit as st

from diffsmooth_core import Certificate
from diffsmooth_core.attacks import AttackProgress
from diffsmooth_core.datasets import drawn
from diffsmooth_core.datasets.sources import class_names
from diffsmooth_core.statistics import guaranteed_share
from diffsmooth_core.wording import down, length, percent, written
from ui import charts, commands, tours
from ui.attack import controls, drawing
from ui.attack.charts import shares
from ui.attack.drawing import Drawing, Try
from ui.attack.drawn_outcome import verdict
from ui.colours import class_colour
from ui.components import drawing_board, figure, strip
from ui.components.drawing_board import Board, Mark
from ui.images import data_url
from ui.jobs import attacks
from ui.jobs.cancelling import cancel_button
from ui.jobs.certificates import Certification
from ui.jobs.polling import is_waiting, poll, show_queue_position
from ui.page import problem_line
from ui.session import notices, url
from ui.session.draft import Draft
from ui.text import plain

RADIUS, YOURS, COMPUTED = "#0b8a5f", "#2f75c0", "#8b6f00"  # of the marks on the gauge
CHART = 260  # pixels


def show(certified: Certification) -> None:
    """Draw the board for a certified picture, and beside it what is said of the change."""
    now = drawing.current(certified)

    def draw() -> None:
        if drawing.current(certified).attempts != now.attempts:  # which the rest of the page has not seen
            st.rerun()
        _answer(certified)

    left, right = st.columns([1, 1.25], gap="large")
    with left, st.container(key="drawing-board"):
        _board(certified, now)
    with right:
        poll(lambda: drawing.running(drawing.current(certified)), draw)
    _challenge(certified)
    if (tour := tours.current()) and tour.drawing:
        _reveal(certified, now)


def _board(certified: Certification, now: Drawing) -> None:
    certificate, picture = attacks.certificate_of(certified), now.original
    board = Board(
        revision=f"{picture.sha256}/{now.revision}",
        side=picture.pixels.shape[0],
        picture=drawn.values(picture),
        drawn=drawn.values(now.changed),
        radius=certificate.radius,
        marks=tuple(_marks(certified, now)),
        inside="Inside: no change this short flips the class.",
        outside="Outside: nothing is promised.",
        none="Nothing is drawn yet: paint on the picture.",
    )
    drawing_board.show(board, "board", lambda told: drawing.draw(certified, told))


def _marks(certified: Certification, now: Drawing) -> list[Mark]:
    """The certified radius, the visitor's shortest flip, and that of the page's own attack."""
    radius, found = attacks.certificate_of(certified).radius, attacks.latest(certified)
    marks = [Mark(f"certified {length(radius)}", radius, RADIUS)] if radius else []
    if now.best and now.best.attempt:
        far = now.best.attempt.length
        marks.append(Mark(f"your shortest flip {down(far, 3)}", far, YOURS))
    progress: AttackProgress | None = found.progress if found else None
    if progress and progress.smallest:
        far = progress.smallest.length
        marks.append(Mark(f"the attack’s {down(far, 3)}", far, COMPUTED))
    return marks


def _answer(certified: Certification) -> None:
    """What is said of the change, and the votes on it."""
    now, certificate = drawing.current(certified), attacks.certificate_of(certified)
    names, far, last = class_names(certificate.config.dataset), now.length, now.last
    job, jobs = drawing.job(last), drawing.running(now)
    attempt = last.attempt if last else None
    said = verdict(certificate, now.original, far, attempt, job, names)
    with st.container(border=True, key=f"answer-{said.mood}"):
        st.subheader(f"{said.mark} {said.word}: {said.headline}", anchor=False)
        st.markdown(said.sentence)
        if any(map(is_waiting, jobs)):  # of the last try, also where the board shows another change by now
            show_queue_position(lambda: drawing.job(now.tries[-1]))
        counts = attempt.counts if attempt else job.progress.counts if job and job.progress else ()
        _figures(certificate, far, counts, final=attempt is not None)
        _vote(certified, now, jobs)
    _votes(certificate, counts, last, names)


def _figures(certificate: Certificate, far: float, counts: tuple[int, ...], *, final: bool) -> None:
    share = percent(counts[certificate.candidate] / sum(counts), 0) if sum(counts) else "–"
    least = guaranteed_share(certificate.p_a_lower, certificate.config.sigma, far)
    with st.container(horizontal=True, key="figures-final" if final else "figures-provisional"):
        st.metric(
            "Length (L2)",
            down(far, 3),
            width=150,
            help="Of the change, as the network is given it: computed here.",
        )
        st.metric("Share", share, width=110, help="Of the votes on the changed picture: those for its class.")
        st.metric(
            "Guaranteed",
            f"{down(100 * least, 0)} %" if certificate.radius else "–",
            width=150,
            help="No change of this length brings the class’s true share lower. Above ½ the class stays.",
        )


def _vote(certified: Certification, now: Drawing, jobs: Any) -> None:
    """How many votes, and the button that casts them or stops them."""
    under_way = next((job for job in jobs if job and not job.finished), None)
    url.recall_in_part(controls.SETTINGS, ["attack-n"])
    with st.container(horizontal=True, vertical_alignment="bottom"):
        n = Draft.of(lambda: controls.votes(under_way is not None))
        url.write_in_part(controls.SETTINGS)
        if under_way:
            cancel_button(under_way, "drawing-stop", wide=False)
        else:
            st.button(
                "Put it to the vote",
                key="drawing-vote",
                type="primary",
                disabled=n.values is None or not now.length,
                on_click=lambda: notices.attempt(drawing.vote, certified, n.values, form="drawing-vote"),
            )
    problem_line(n.problem)
    notices.show_with("drawing-vote")


def _votes(
    certificate: Certificate, counts: tuple[int, ...], last: Try | None, names: tuple[str, ...]
) -> None:
    before = ("Votes as it is", f"{certificate.n:,} of {certificate.n:,}", certificate.counts, certificate.n)
    n = last.config.n if last else 0
    cast = f"{sum(counts):,} of {n:,}" if n else "none yet"
    after = ("Votes after the change", cast, counts or (0,) * len(names), n or 1)
    alt = "Votes for each class before and after the change"
    spec, every = charts.tallies((before, after), names), charts.tallies((before, after), names, len(names))
    figure.show(spec, "drawing-votes", alt, charts.HEIGHT, saved=every)


def _challenge(certified: Certification) -> None:
    """The class's challenge: the shortest change that flips it, the best so far, and how to take it along."""
    now, certificate = drawing.current(certified), attacks.certificate_of(certified)
    names, best = class_names(certificate.config.dataset), now.best
    st.subheader("The challenge: the shortest change that flips it", anchor=False)
    st.markdown(
        "A flip is a statement, not a guess: the votes have to pass PREDICT’s test for another class. All "
        f"your tries here share the risk α = {written(certificate.config.alpha)}: the k-th has α/(k(k + 1)), "
        "so that trying often finds no flip by chance. An abstention is no flip."
    )
    left, right = st.columns([1, 1.25], gap="large")
    with left:
        st.markdown(_tries(now))
        if best is not None:
            _best(now, best, names)
        with st.container(horizontal=True):
            st.button(
                "Take it back onto the board",
                key="drawing-back",
                disabled=best is None,
                on_click=drawing.put_on_board,
                args=(certified, best.changed if best else now.changed),
            )
            st.download_button(
                "Save the board as PNG",
                drawn.file(now.changed),
                drawn.FILE,
                "image/png",
                icon=":material/download:",
                on_click="ignore",
                disabled=not now.length,
            )
    with right:
        reach = max((one.length for one in now.attempts), default=2 * certificate.radius)
        spec = shares(certificate, certificate.candidate, now.attempts, reach)
        figure.show(spec, "drawing-shares", "Share of votes over the length of the tries", CHART)
    if last := now.last:
        commands.show(
            commands.predict(last.config, last.changed),
            commands.certify(certificate.config, last.changed),
            note=f"With the board saved as {drawn.FILE}, whose pixels are the same: the votes of this try "
            "again, and a certificate of the changed picture.",
        )


def _tries(now: Drawing) -> str:
    made, best = len(now.tries), now.best
    tries = f"{made} {'try' if made == 1 else 'tries'} so far" if made else "No try so far"
    if best is None or best.attempt is None:
        return f"{tries}; no change of yours has flipped it yet."
    return f"{tries}; your shortest flip has the length **{down(best.attempt.length, 3)}**."


def _best(now: Drawing, best: Try, names: tuple[str, ...]) -> None:
    attempt = best.attempt
    assert attempt is not None
    said = f"{attempt.counts[attempt.predicted]:,} of {sum(attempt.counts):,} votes"
    changed = strip.Frame(
        "Your shortest flip", "the picture as you changed it", (data_url(best.changed.pixels),)
    )
    word, colour = names[attempt.predicted], class_colour(attempt.predicted)
    strip.show([changed, strip.Frame("Its votes", said, word=word, colour=colour)], key="drawing-best")


def _reveal(certified: Certification, now: Drawing) -> None:
    """Have the lesson say what its own drawing came to."""
    tour, given = tours.current(), drawing.first(now.original).sha256
    first = next((one for one in now.tries if one.changed.sha256 == given), None)
    if tour is None or first is None or first.attempt is None:
        return
    certificate = attacks.certificate_of(certified)
    names = class_names(certificate.config.dataset)
    tours.came_out(tour, outcome(certificate, first, names))


def outcome(certificate: Certificate, one: Try, names: tuple[str, ...]) -> str:
    """What a try came to, in the words of a lesson's guesses."""
    assert one.attempt is not None
    return {
        "held": f"still a {plain(names[certificate.candidate])}",
        "broken": "it flips",
        "abstained": "too close to call",
    }[one.attempt.outcome]
