"""Browsing a run: each result with its remarks and diagnosis, filters over them, the confusion matrix."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from diffsmooth_core.analysis.diagnosis import REASONS
from diffsmooth_core.analysis.explaining import reason_from_counts
from diffsmooth_core.certification.reading import parsed
from diffsmooth_core.config import ABSTAIN, InputError, check_choice
from diffsmooth_core.runs.reading import with_readable_certificate
from diffsmooth_core.runs.records import Remark, Run
from diffsmooth_core.runs.results import OUTCOMES, Result
from diffsmooth_core.runs.store import Store
from diffsmooth_core.statistics import Proportion

REVIEWS = {"": "Not reviewed", "accepted": "Accepted", "disputed": "Disputed"}
Range = tuple[float, float]


@dataclass(frozen=True)
class RunRow:
    """A result with its notes, tags, review state and the reason that the diagnosis gave. Where there was no
    diagnosis, the reason is the one that the vote counts alone give."""

    result: Result
    leader: int | None = None  # the class with the most votes, also where it abstains; None if not known
    reason: str = ""
    diagnosed: bool = False
    tags: tuple[str, ...] = ()
    notes: tuple[Remark, ...] = ()
    review: str = ""

    @property
    def margin(self) -> float | None:
        """Share of the selected class's votes over ½ (negative below); None where it is not known."""
        result = self.result
        if result.n is None or result.n_a_low is None or result.n_a_high is None:
            return None
        return (result.n_a_low + result.n_a_high) / (2 * result.n) - 0.5


def rows(store: Store, run: Run) -> list[RunRow]:
    """Every result of a run, ordered by index. An abstention without a stored diagnosis gets the reason that
    its vote counts alone give."""
    abstained = {r.idx: r for r in store.results(run, certificates=True, predict=ABSTAIN)}
    return rows_of([abstained.get(r.idx, r) for r in store.results(run)], store.remarks(run))


def rows_of(results: Iterable[Result], remarks: Iterable[Remark]) -> list[RunRow]:
    """These results with what these remarks, the oldest first, say of each; abstentions need their
    certificates."""
    said: dict[int, list[Remark]] = {}
    for remark in remarks:
        if remark.idx is not None:
            said.setdefault(remark.idx, []).append(remark)
    return [_row(result, said.get(result.idx, [])) for result in results]


def _row(result: Result, remarks: Sequence[Remark]) -> RunRow:
    tags: dict[str, None] = {}
    review = reason = ""
    for remark in remarks:
        if remark.kind == "tag":
            tags[remark.text] = None
        elif remark.kind == "untag":
            tags.pop(remark.text, None)
        elif remark.kind == "review" and remark.text in REVIEWS:
            review = remark.text
        elif remark.kind == "reason" and remark.text in REASONS:
            reason = remark.text
    notes = tuple(remark for remark in remarks if remark.kind == "note")
    result = with_readable_certificate(result)
    leader: int | None = result.predict
    if result.predict == ABSTAIN:
        leader = int(np.argmax(result.certificate["counts"])) if result.certificate else None
    bare = replace(result, certificate=None) if result.certificate else result
    return RunRow(
        bare, leader, reason or reason_from_counts(result), bool(reason), tuple(tags), notes, review
    )


def benign(every: Sequence[RunRow]) -> Proportion | None:
    """Benign accuracy: the share of pictures whose true class has the most votes, certified or not. None
    where the votes of abstentions are not known, as in an imported log."""
    labelled = [row for row in every if row.result.label is not None]
    if not labelled or any(row.leader is None for row in labelled):
        return None
    return Proportion.of(sum(row.leader == row.result.label for row in labelled), len(labelled))


@dataclass(frozen=True)
class RowFilter:
    """Which rows of a run are shown; a field that is empty or None excludes no row.

    outcome is one of OUTCOMES, reason one of REASONS, review one of REVIEWS; label and predict are class ids
    (predict may be ABSTAIN); radius and margin are closed ranges. Raises InputError for anything else.
    """

    outcome: str = ""
    label: int | None = None
    predict: int | None = None
    reason: str = ""
    tag: str = ""
    review: str = ""
    noted: bool = False
    radius: Range | None = None
    margin: Range | None = None

    def __post_init__(self) -> None:
        for name, known in (("outcome", OUTCOMES), ("reason", REASONS), ("review", REVIEWS)):
            if value := getattr(self, name):
                check_choice(name, value, list(filter(None, known)))
        for name, kind in (("tag", str), ("noted", bool)):
            if not isinstance(value := getattr(self, name), kind):
                raise InputError(f"{name} {str(value)[:40]!r} is no {kind.__name__}; save the view again")
        for name in ("label", "predict"):
            value = getattr(self, name)
            if value is not None and not isinstance(value, int):
                raise InputError(f"{name} {str(value)[:40]!r} is no class id; give a whole number")
        for name in ("radius", "margin"):
            if (span := getattr(self, name)) is not None:
                object.__setattr__(self, name, _range(name, span))

    def __call__(self, row: RunRow) -> bool:
        result = row.result
        return (
            (not self.outcome or result.outcome == self.outcome)
            and (self.label is None or result.label == self.label)
            and (self.predict is None or result.predict == self.predict)
            and (not self.reason or row.reason == self.reason)
            and (not self.tag or self.tag in row.tags)
            and (not self.review or row.review == self.review)
            and (not self.noted or bool(row.notes))
            and (self.radius is None or self.radius[0] <= result.radius <= self.radius[1])
            and (
                self.margin is None
                or (row.margin is not None and self.margin[0] <= row.margin <= self.margin[1])
            )
        )

    def as_dict(self) -> dict[str, Any]:
        """The fields that are set, as a document that `from_dict` reads."""
        return {name: value for name, value in asdict(self).items() if value != getattr(RowFilter(), name)}

    @classmethod
    def from_dict(cls, values: Any) -> RowFilter:
        """The filter that `as_dict` wrote. Raises InputError for any other document."""
        if not isinstance(values, dict) or not set(values) <= {field.name for field in fields(cls)}:
            raise InputError(f"{str(values)[:80]!r} is no filter for rows; save the view again")
        return cls(**values)


def _range(name: str, span: Any) -> Range:
    try:
        low, high = map(float, span)
    except (TypeError, ValueError, OverflowError):
        raise InputError(f"{name} {str(span)[:40]!r} is no range; give a lower and an upper end") from None
    return low, high


ORDERS: dict[str, tuple[str, Callable[[RunRow], Any]]] = {
    "index": ("Index", lambda row: row.result.idx),
    "radius": ("Largest radius", lambda row: (-row.result.radius, row.result.idx)),
    "small": ("Smallest radius", lambda row: (row.result.radius, row.result.idx)),
    "close": ("Closest to ½", lambda row: (abs(row.margin) if row.margin is not None else 1, row.result.idx)),
    "label": ("Class", lambda row: (-1 if row.result.label is None else row.result.label, row.result.idx)),
}


def chosen(every: Sequence[RunRow], row_filter: RowFilter, order: str = "index") -> list[RunRow]:
    """The rows that pass a filter, sorted by one of ORDERS."""
    return sorted(filter(row_filter, every), key=ORDERS[order][1])


def following(
    shown: Sequence[RunRow], idx: int | None, wanted: Callable[[RunRow], bool], step: int = 1
) -> int | None:
    """The index of the next (step 1) or previous (step -1) row for which `wanted` is true, seen from picture
    `idx`; after the last row the search goes on at the first. None where there is no such row."""
    places = [row.result.idx for row in shown]
    at = places.index(idx) if idx in places else -1 if step > 0 else 0
    turned = [shown[(at + step * i) % len(shown)] for i in range(1, len(shown) + 1)]
    return next((row.result.idx for row in turned if wanted(row)), None)


def confusion(every: Sequence[RunRow], classes: int) -> npt.NDArray[np.int64]:
    """The confusion matrix (classes, classes + 1): counts by true class and predicted class, abstentions in
    the last column. Rows whose true class is not known are left out."""
    matrix = np.zeros((classes, classes + 1), np.int64)
    for row in every:
        if row.result.label is not None:
            matrix[row.result.label, row.result.predict if row.result.predict != ABSTAIN else classes] += 1
    return matrix


def save_view(store: Store, run: Run, name: str, row_filter: RowFilter, order: str) -> None:
    """Save a filter and an order under a name, in place of any view of that name. Raises InputError where
    the store cannot be written."""
    if not 1 <= len(name.strip()) <= 60:
        raise InputError(f"a view's name has 1 to 60 characters, got {name[:70]!r}")
    store.remark(
        run, None, "view", json.dumps({"name": name.strip(), "rule": row_filter.as_dict(), "order": order})
    )


def views(store: Store, run: Run) -> dict[str, tuple[RowFilter, str]]:
    """The saved views of a run: name to filter and order. What cannot be read as a view is left out."""
    found = {}
    for remark in store.remarks(run):
        if remark.kind == "view":
            with suppress(InputError):
                name, row_filter, order = _view(remark.text)
                found[name] = (row_filter, order)
    return found


def _view(text: str) -> tuple[str, RowFilter, str]:
    """The name, filter and order that `save_view` wrote. Raises InputError for any other text."""
    view = parsed(text, "the view")
    name, order = view.get("name"), str(view.get("order"))
    if not isinstance(name, str):
        raise InputError(f"a view's name is {str(name)[:40]!r}; save the view again")
    check_choice("order", order, ORDERS)
    return name, RowFilter.from_dict(view.get("rule")), order
