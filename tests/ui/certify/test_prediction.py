"""The class alone on the Certify page: its answer is that of the command beside it."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from diffsmooth_core.certification.prediction import PredictProgress
from tests.commands import run
from ui.certify.prediction import answer
from ui.jobs import predictions
from ui.jobs.registry import jobs
from ui.session import settings, state

Visit = Callable[..., AppTest]
NAMES = ("cat", "dog", "a *frog*")


def words(page: AppTest) -> str:
    return " ".join(m.value for m in page.markdown)


def finish(page: AppTest) -> None:
    """Press Predict and wait for the answer."""
    page.button(key="Predict").click().run()
    *_, job = [
        job for job in jobs().snapshots("certificates") if isinstance(job.subject, predictions.PredictionTask)
    ]
    jobs().wait(job.id, 100)
    page.run()
    assert not page.exception


def test_a_prediction_is_that_of_its_command(visit: Visit, capsys: pytest.CaptureFixture[str]) -> None:
    page = visit(method="plain", n="300", sigma="0.25", alpha="0.01")
    finish(page)
    (command,) = [code.value for code in page.code if " predict " in code.value]
    assert "--n 100 " in command.replace("\\\n", "")
    assert run(*shlex.split(command.replace("\\\n", ""))[3:]) == 0
    found = json.loads(capsys.readouterr().out)
    assert f"**{found['class']}**, with 99 % confidence: {max(found['counts'])} of 100 votes" in words(page)
    assert page.button(key="Predict").disabled, "asked again, the same votes give the same answer"


def test_a_prediction_is_asked_for_within_the_operators_limits(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ui.session import limits

    monkeypatch.setitem(limits._limits()["runs"], "n", 90)
    page = visit(method="plain", n="50")
    offered = next(control for control in page.button_group if control.label == "Votes")
    assert offered.options == ["90"]


@pytest.mark.parametrize(
    ("counts", "label", "said"),
    [
        ((90, 10, 0), 0, "**cat**, with 99.9 % confidence: 90 of 100 votes, 10 for dog. That is right."),
        ((0, 100, 0), 0, "**dog**, with 99.9 % confidence: 100 of 100 votes. The picture is of class cat."),
        ((55, 45, 0), 0, "**Abstains:** 55 of 100 votes for cat and 45 for dog do not tell the two apart"),
        ((0, 0, 100), None, r"**a \*frog\***, with 99.9 % confidence: 100 of 100 votes."),
    ],
)
def test_what_a_prediction_says(counts: tuple[int, ...], label: int | None, said: str) -> None:
    picture = replace(state.resolved(settings.FIRST_PICTURE), label=label)
    assert said in answer(PredictProgress(counts, 100, 0.001), picture, NAMES)
