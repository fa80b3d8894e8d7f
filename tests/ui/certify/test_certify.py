"""What the Certify page says of a run, in every state."""

from __future__ import annotations

import json
import re
import shlex
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from diffsmooth_core import InputError, Progress, SmoothingConfig, certify_stream
from diffsmooth_core.certification.illustration import perturbation
from diffsmooth_core.classifiers.execution import MODES
from diffsmooth_core.config import ANYTIME, METHODS, STOPPING
from tests.ui.conftest import address, progress, turn
from ui.certify import view
from ui.commands import certify as command
from ui.jobs import recordings
from ui.jobs.certificates import CertificationTask, with_history
from ui.jobs.networks import base_classifier
from ui.jobs.registry import Snapshot, jobs
from ui.session import settings, state

Visit = Callable[..., AppTest]
Finish = Callable[..., str]
CAT, DOG = 3, 5


def text(page: AppTest) -> str:
    return " ".join(m.value.replace("\\", "") for m in (*page.subheader, *page.markdown, *page.caption))


def figures(page: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in page.metric}


def shown_by_the_machine(page: AppTest) -> dict[str, Any]:
    components = (element.proto for element in page.get("bidi_component"))
    (told,) = (proto.json for proto in components if proto.component_name == "diffsmooth_machine")
    return dict(json.loads(told))


def wait(page: AppTest) -> Snapshot:
    snapshot = jobs().wait(address(page)["job"], 100)
    assert snapshot is not None
    return snapshot


def test_a_classs_name_is_text_in_figures_and_evidence(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    """The recorded run, as a data set of somebody's own would name its class."""
    monkeypatch.setattr(view, "class_names", lambda _: ("*a*",) * 10)
    page = visit()
    assert figures(page)["Class"] == r"\*a\*"
    assert r"votes for \*a\*" in page.table[-1].value.to_string()


def test_a_bound_is_called_provisional_but_for_one_that_always_holds() -> None:
    said = {stopping: view._validity(SmoothingConfig(n=500, stopping=stopping)) for stopping in STOPPING}  # type: ignore[arg-type]
    assert "once all 500 votes are in" in said["fixed"]
    assert "at the end of a round" in said["adaptive"]
    assert "no bound until it is shown" in said["sequential"]
    assert {name for name in STOPPING if "hold at every moment" in said[name]} == set(ANYTIME)


def test_certify_runs_to_a_verdict(visit: Visit) -> None:
    page = visit(n0="10", n="10", m="1")
    page.button(key="Certify").click().run()
    assert not page.exception
    wait(page)
    page.run()
    assert not page.exception
    evidence = page.table[0].value.to_string()
    assert "of n = 10 votes" in evidence
    assert re.search(f"networks ({'|'.join(MODES)})", evidence), "how they were run"
    assert figures(page)["Share p̂"] != "–"
    assert page.button(key="Certify").label == "Certify again"


@pytest.mark.parametrize(
    ("spec", "label", "word"),
    [
        ("photo:cat", CAT, "Certified and right"),
        ("photo:cat", DOG, "Certified but wrong"),
        ("photo:coffee", CAT, "Certified:"),
    ],
)
def test_a_certificate_names_class_radius_and_whether_it_is_right(
    visit: Visit, finished_run: Finish, spec: str, label: int, word: str
) -> None:
    page = visit(picture=spec, job=finished_run(spec, [(label, 100)], [(label, 1000)]))
    assert word in text(page)
    assert figures(page)["Radius (L2)"] == "1.23"  # 0.5 · Φ⁻¹(0.001^(1/1000))
    assert figures(page)["Class"] == ("cat" if label == CAT else "dog")
    assert "With 99.9 % confidence, every change of the picture shorter than 1.23" in text(page)
    assert [heading.value for heading in page.subheader[1:]] == ["What this radius means", "Evidence"]


def test_a_certificate_without_a_known_class_does_not_claim_to_be_right(
    visit: Visit, finished_run: Finish
) -> None:
    page = visit(picture="photo:coffee", job=finished_run("photo:coffee", [(CAT, 100)], [(CAT, 1000)]))
    assert "a certificate promises that it stays the same" in text(page)
    assert "Certified and right" not in text(page)
    assert "is of none of the classes" in text(page)


@pytest.mark.parametrize(
    ("votes", "reason"),
    [
        ([(CAT, 400), (DOG, 300), (0, 300)], "not a majority"),
        ([(CAT, 520), (DOG, 480)], "would certify with probability 90 %"),
    ],
)
def test_an_abstention_gives_its_reason(
    visit: Visit, finished_run: Finish, votes: list[tuple[int, int]], reason: str
) -> None:
    page = visit(job=finished_run("photo:cat", [(CAT, 60), (DOG, 40)], votes))
    assert "Abstains" in text(page)
    assert reason in text(page)
    assert figures(page)["Radius (L2)"] == "–"
    assert [heading.value for heading in page.subheader[1:]] == ["Evidence"]


def test_a_failure_is_a_sentence(visit: Visit) -> None:
    def stream() -> Iterator[Progress]:
        raise InputError("sigma 9 is beyond the schedule; use *less*")
        yield

    task = CertificationTask(state.resolved(settings.FIRST_PICTURE), settings.DEFAULTS)
    job = jobs().submit("certificates", stream, subject=task)
    jobs().wait(job, 100)
    page = visit(job=job)
    assert "sigma 9 is beyond the schedule; use *less*" in text(page)
    assert page.button(key="Certify").label == "Certify again"


def test_a_cancelled_run_keeps_its_counts_and_resumes(visit: Visit) -> None:
    config = replace(settings.DEFAULTS, n0=20, n=60, m=1)
    picture = state.resolved("photo:cat")
    base = base_classifier(config)
    whole = list(certify_stream(base, picture.tensor, config, batch=10))
    cut = whole[4]  # in the middle of the estimation

    counting, go_on = threading.Event(), threading.Event()

    def stream() -> Iterator[Progress]:
        yield cut
        counting.set()
        go_on.wait(100)
        yield cut

    task = CertificationTask(picture, config)
    job = jobs().submit("certificates", lambda: with_history(stream()), subject=task)
    assert counting.wait(100)
    jobs().cancel(job)
    go_on.set()
    jobs().wait(job, 100)
    page = visit(job=job, n0="20", n="60", m="1")
    counted = sum(cut.counts0) + sum(cut.counts)
    assert f"Cancelled after {counted} of 80 votes" in text(page).replace("*", "")
    assert "Nothing is certified" in text(page)
    page.button(key="Resume").click().run()
    resumed = wait(page)
    assert resumed.progress is not None
    assert resumed.progress.certificate is not None
    assert resumed.progress.counts == whole[-1].counts
    assert next(n for n, *_ in resumed.progress.trace) == cut.n_done


def test_a_challenge_is_certified_under_and_what_is_none_is_said(visit: Visit) -> None:
    """Its commitment is on the page before the first vote, and the certificate names both."""
    nonce = "0123456789abcdef" * 2
    page = visit(picture="photo:cat", n0="10", n="20", m="1", challenge=nonce)
    page.toggle[0].set_value(True).run()
    commitment = page.sidebar.code[0].value
    page.button(key="Certify").click().run()
    certificate = wait(page).progress.certificate  # type: ignore[union-attr]
    assert (certificate.commitment, certificate.nonce) == (commitment, nonce)
    page.run()
    assert "chosen by the verifier" in page.table[0].value.to_string()
    assert any(code.value.endswith(f"--challenge {nonce}") for code in page.code)
    page.text_input(key="challenge").set_value("my own").run()
    page.button(key="Certify").click().run()
    assert "32 hex digits" in text(page)


def test_a_run_that_the_server_forgot_is_said_and_dropped(visit: Visit) -> None:
    page = visit(job="nosuchjob", seed="4")
    assert "no longer on this server" in text(page)
    assert "job" not in address(page)
    assert page.number_input(key="seed").value == 4


def test_a_changed_setting_keeps_the_result_and_says_what_it_was_for(
    visit: Visit, finished_run: Finish
) -> None:
    page = visit(picture="photo:cat", job=finished_run("photo:cat", [(CAT, 100)], [(CAT, 1000)]))
    assert "This run was started with" not in text(page)
    turn(page, sigma=0.25)
    page.selectbox(key="method").set_value("plain").run()
    assert "This run was started with method DiffSmooth, noise σ = 0.5." in text(page)
    assert figures(page)["Radius (L2)"] == "1.23"
    assert page.button(key="Certify").label == "Certify with these settings"


def test_a_run_whose_picture_was_left_meanwhile_stays_until_another_is_picked(
    visit: Visit, finished_run: Finish
) -> None:
    job = finished_run("photo:cat", [(CAT, 100)], [(CAT, 1000)])
    page = visit(picture="photo:horse", job=job)
    page.run()
    assert figures(page)["Radius (L2)"] == "1.23"
    assert "This run was started with the picture Chelsea the cat." in text(page)
    assert page.button(key="Certify").label == "Certify the chosen picture"
    page.session_state["picture"] = "photo:cat"
    page.run()
    assert figures(page)["Radius (L2)"] == "1.23"
    page.session_state["picture"] = "photo:rocket"
    page.run()
    assert set(figures(page).values()) == {"–"}
    assert "job" not in address(page)


def test_the_time_that_a_run_takes_is_said_before_it_for_settings_that_are_changed_too(visit: Visit) -> None:
    def minutes(page: AppTest) -> list[str]:
        return [
            caption.value for caption in page.caption if re.fullmatch(r"about \d+ (s|min)", caption.value)
        ]

    page = visit(seed="5", n="100000")
    (hundred_thousand,) = minutes(page)
    turn(page, n=10)
    assert minutes(page) != [hundred_thousand]
    turn(page, m=2)
    assert len(minutes(page)) == 1, "votes that cost something else are timed again"
    page.selectbox(key="stopping").set_value("decided").run()
    turn(page, n=1000)
    assert "at most about" in text(page)


@pytest.mark.parametrize(
    ("votes", "offered"), [([(CAT, 480), (DOG, 260), (0, 260)], True), ([(CAT, 900), (DOG, 100)], False)]
)
def test_the_bound_against_the_runner_up_is_offered_where_it_certifies_more(
    visit: Visit, finished_run: Finish, votes: list[tuple[int, int]], offered: bool
) -> None:
    page = visit(job=finished_run("photo:cat", [(CAT, 100)], votes))
    assert ("Against the runner-up alone such votes would certify 0.0" in text(page)) == offered


def test_a_noise_that_the_networks_cannot_stand_is_said_before_a_run_and_after_it(
    visit: Visit, finished_run: Finish
) -> None:
    cannot = "At σ = 1 these networks had about 12 of 100 test pictures right"
    assert cannot in text(visit(method="plain", sigma="1.0"))
    job = finished_run("photo:cat", [(CAT, 100)], [(CAT, 400), (DOG, 600)], method="plain", sigma=1.0)
    assert cannot in text(visit(job=job))
    assert "these networks had" not in text(visit(method="plain", sigma="0.25"))


def test_the_share_is_that_of_the_estimation_alone(visit: Visit, finished_run: Finish) -> None:
    job = finished_run(settings.FIRST_PICTURE, [(CAT, 80), (DOG, 20)], [], finished=False)
    assert figures(visit(job=job))["Share p̂"] == "–"


def test_a_small_radius_is_not_shown_as_none(visit: Visit, finished_run: Finish) -> None:
    page = visit(job=finished_run(settings.FIRST_PICTURE, [(CAT, 100)], [(CAT, 553), (DOG, 447)]))
    assert figures(page)["Radius (L2)"] == "0.0046"
    assert "certified radius **0.0046**" in text(page)


def test_a_run_that_was_asked_to_stop_says_so_until_it_does(visit: Visit) -> None:
    go_on = threading.Event()

    def stream() -> Iterator[Progress]:
        go_on.wait(100)
        yield progress(config, [(CAT, 100)], [(CAT, 10)], finished=False)

    config = settings.DEFAULTS
    task = CertificationTask(state.resolved(settings.FIRST_PICTURE), config)
    job = jobs().submit("certificates", lambda: with_history(stream()), subject=task)
    page = visit(job=job)
    page.button(key="Cancel").click().run()
    assert page.button(key="Cancel").label == "Cancelling…"
    assert page.button(key="Cancel").disabled
    assert "Cancelling:" in text(page).replace("*", "")
    go_on.set()
    jobs().wait(job, 100)
    page.run()
    assert "Cancelled after 110 of 1,100 votes" in text(page).replace("*", "")


@pytest.mark.parametrize("method", METHODS)
def test_the_command_asks_for_the_same_certificate(method: str) -> None:
    config = SmoothingConfig(
        method=method,
        n=200,
        seed=7,
        noise="reference",
        sigma=0.1234567891,
        alpha=0.00123456789,
        m=6,
        purifications=7,
        reverse_steps=8,
    )
    certificate = progress(config, [(CAT, 100)], [(CAT, 200)]).certificate
    assert certificate is not None
    words = shlex.split(command(certificate.config, state.resolved("photo:cat")).replace("\\\n", " "))
    assert words[:5] == ["python", "-m", "diffsmooth_core", "certify", "photo:cat"]
    options = dict(zip(words[5::2], words[6::2], strict=False))
    assert config.unused >= {"rounds", "target_radius"}
    default = SmoothingConfig()
    for name in settings.CONFIG_FIELDS:  # noise is tied to every setting, looked at or not
        value = getattr(config, name)
        unsaid = name in config.unused and value == getattr(default, name)
        assert options.get("--" + name.replace("_", "-")) == (None if unsaid else str(value))


def test_the_command_does_not_know_where_an_upload_lies() -> None:
    certificate = progress(SmoothingConfig(), [(CAT, 100)], [(CAT, 1000)]).certificate
    assert certificate is not None
    picture = replace(state.resolved("photo:cat"), source="upload:$(ls).png")
    assert "certify PATH/TO/YOUR/PICTURE " in command(certificate.config, picture)
    assert "ls" not in command(certificate.config, picture)


def test_the_perturbation_shown_has_the_radius_as_its_length() -> None:
    shape = state.resolved("photo:cat").pixels.shape
    change = perturbation(shape, 0.64, seed=1)
    assert float(np.linalg.norm(change)) == pytest.approx(0.64, rel=1e-6)
    assert change.shape == shape


@pytest.mark.parametrize(("dataset", "label"), [("cifar10", "ship"), ("imagenet", "beacon")])
def test_a_first_visit_shows_a_recording_that_plays_and_can_be_run(
    visit: Visit, dataset: str, label: str
) -> None:
    recording = recordings.bundled(dataset)
    assert recording is not None
    page = visit(dataset=dataset)
    picture = state.resolved(settings.first_picture(dataset), dataset)
    ended = recordings.recorded(picture, settings.default_config(dataset))
    assert ended is not None
    assert ended.id == f"recorded-{dataset}", "an attack on one is none on the other"
    assert "This is a recording of 20" in text(page)
    assert figures(page)["Class"] == label
    told = shown_by_the_machine(page)
    assert told["plays"]
    assert told["steps"][-1]["radius_words"] == figures(page)["Radius (L2)"]
    assert page.button(key="Certify").label == "Certify"
    turn(page, n=500)
    assert page.button(key="Certify").label == "Certify"
    assert "Not certified yet" in text(page)
