"""A page's settings and the browser's address, kept in step."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, MutableMapping
from typing import Any, Literal
from urllib.parse import urlencode

import streamlit as st

from diffsmooth_core import InputError, SmoothingConfig
from ui.components.address import complete
from ui.session import notices, state
from ui.session.numbers import configuration
from ui.session.settings import CERTIFY, Settings, first_picture

Address = dict[str, str]  # its parameters
Session = MutableMapping[Any, Any]
TELLING = 60.0  # seconds after its opening in which every run tells the browser a page's settings, at most
BESIDE_SETTINGS = ("picture", "job", "lesson", "present")  # session-state keys that are in the address too


class UrlSync:
    """Where a session stands between its settings and the browser's address.

    States:
        opened: A page was opened: by a link, by Back, by a reload or by the navigation. Every run tells the
            browser the value of every setting: a slow one has drawn nothing of the first run when the second
            comes, and takes a widget's smallest value where it is told none. The address is completed in its
            own place in the browser's history, so that one press of Back leaves the page.
        used: Somebody changed something. Widgets keep their values themselves. Every change writes a new
            address, which is a new entry in the history: Back takes the change back.

    Transitions, when a run begins and `read` learns which address the browser has:
        to opened, settings from the address: it is not one of ours. Ours are none (the navigation brings
            none), the one that the page was opened with, and the last one that was written; where something
            was changed also some earlier ones, as the browser sends a quick change with the address that it
            has. Back changes no setting itself, so it is not taken for such a change.
        to opened, settings as they were kept: another page runs now. Streamlit let go of its widgets' values.
        to used: the session holds something else than was kept, so somebody changed a setting, the picture
            or the lesson, or started a run; or TELLING seconds have gone by.
    """

    def __init__(self) -> None:
        self.state: Literal["opened", "used"] = "opened"
        self.page = ""  # whose settings were read last
        self.kept: dict[str, dict[str, Any]] = {}  # settings' prefix -> name -> value, as of the last address
        self.current: tuple[Address, ...] = ()  # what the browser may have while nothing is changed
        self._usual_with: dict[str, str] = {}  # page -> the data set whose usual settings of its own it has
        self._recent: deque[Address] = deque(maxlen=8)
        self._beside: dict[str, Any] = {}
        self._opened_until = 0.0

    def read(self, page: Settings, session: Session, parameters: Address, now: float) -> bool:
        """Begin a run of `page` at the time `now` in seconds. Returns whether its settings must be read from
        the address; where not, restores the settings that Streamlit dropped from the session."""
        another = page.page != self.page or (not parameters and parameters not in self.current)
        changed = not another and self.changed(page, session, page.defaults)
        ours = ({}, *self.current, *(self._recent if changed else ()))
        self.page = page.page
        if page.prefix not in self.kept or parameters not in ours:
            self._open(parameters, now)
            return True
        if another:
            self._open(parameters, now)
            for name in page.defaults:
                put(session, page.prefix + name, self._kept(page, name))
            if page.prefix and not parameters:
                session[f"{page.prefix}dataset"] = self.dataset_of_opened(page)
            session["lesson"] = parameters.get("lesson", "")
        elif changed or now >= self._opened_until:
            self._use()
        self.recall(page, session, page.defaults)
        if page.own_usual and self._usual_with.get(page.page) != (
            dataset := session[f"{page.prefix}dataset"]
        ):
            session.update({page.prefix + name: value for name, value in page.own_on(dataset).items()})
        return False

    def changed(self, page: Settings, session: Session, names: Iterable[str]) -> bool:
        """Whether a setting in the session differs from what was kept."""
        kept = {page.prefix + name: value for name, value in self._of(page, names)} | self._beside
        return any(session.get(key, value) != value for key, value in kept.items())

    def recall(self, page: Settings, session: Session, names: Iterable[str]) -> None:
        """Restore those of these settings that Streamlit dropped because their widgets were not drawn for a
        while. In the state `opened`, set every one again, which sends its value to the browser."""
        for name, kept in self._of(page, names):
            key = page.prefix + name
            if self.state == "opened" or key not in session:
                session[key] = session.get(key, kept)

    def recall_in_part(self, page: Settings, session: Session, names: Iterable[str]) -> None:
        """`recall` for a part of the page that runs alone, which may be because a setting in it changed."""
        if self.changed(page, session, names):
            self._use()
        self.recall(page, session, names)

    def dataset_of_opened(self, page: Settings) -> str:
        """The data set of a page that the navigation opens: where it has settings of its own, that of the
        page before."""
        return str(self._kept(CERTIFY if page.prefix else page, "dataset"))

    def keep(self, page: Settings, session: Session) -> None:
        """Remember the settings in the session as they are now."""
        self.kept.setdefault(page.prefix, {}).update(page.values(session))
        if page.own_usual:
            self._usual_with[page.page] = session[f"{page.prefix}dataset"]
        self._beside = {key: session.get(key) for key in BESIDE_SETTINGS}

    def write(self, page: Settings, session: Session) -> Address:
        """Remember the settings in the session, and return the address parameters for them. An uploaded
        picture is not included."""
        self.keep(page, session)
        address = {name: str(value) for name, value in page.values(session).items() if str(value)}
        if session["upload"] is None:
            address = {"picture": session["picture"]} | address
        if session["job"] and page.prefix == CERTIFY.prefix:
            address["job"] = session["job"]
        if lesson := session["lesson"]:
            address["lesson"] = lesson
            if (guess := session.get("guesses", {}).get(lesson)) is not None:
                address["guess"] = str(guess)
        if session.get("present"):
            address["present"] = "1"
        if self.state == "used":
            self.current = (address,)
        elif address not in self.current:
            self.current = (*self.current, address)
        if address not in self._recent:
            self._recent.append(address)
        return address

    def _of(self, page: Settings, names: Iterable[str]) -> list[tuple[str, Any]]:
        return [(name, self._kept(page, name)) for name in names]

    def _kept(self, page: Settings, name: str) -> Any:
        return self.kept.get(page.prefix, {}).get(name, page.defaults[name])

    def _open(self, parameters: Address, now: float) -> None:
        self.state, self._opened_until = "opened", now + TELLING
        self.current = (parameters,)
        self._recent.append(parameters)

    def _use(self) -> None:
        self.state = "used"
        self.current = tuple(filter(None, self.current))


def put(session: Session, key: str, value: Any) -> None:
    """Put a value into the session, not as that of a widget that was drawn under this key before: where none
    is drawn now, Streamlit would take what the browser still has of it, or forget it after a while."""
    session[key] = value
    del session[key]  # and with it what Streamlit knows of the widget
    session[key] = value


def sync() -> UrlSync:
    """The UrlSync of this session."""
    found: UrlSync = st.session_state.setdefault("url", UrlSync())
    return found


def read(page: Settings) -> bool:
    """Begin a run of `page` and put its settings into the session. Returns whether they were read from an
    address that this session did not write."""
    session, parameters = st.session_state, st.query_params.to_dict()
    if not sync().read(page, session, parameters, time.monotonic()):
        _choose_dataset(page)
        return False
    dataset = parameters.get("dataset", "") if parameters else sync().dataset_of_opened(page)
    page = page.on(dataset, parameters.get("method", ""))
    for name, default in page.defaults.items():
        put(session, page.prefix + name, default)
        if name in parameters:
            try:
                session[page.prefix + name] = page.parse(name, parameters[name], state.dataset())
            except InputError as error:
                notices.notify(str(error))
    _choose_dataset(page)
    session["lesson"] = parameters.get("lesson", "")
    if parameters.get("present") == "1":
        state.present(True)
    session["job"] = parameters.get("job") if page.prefix == CERTIFY.prefix else session.get("job")
    if parameters or "picture" not in session:
        state.set_picture(first_picture(state.dataset()))
    if "picture" in parameters:
        state.choose_picture(parameters["picture"][:100])  # which is longer than any spec
    sync().keep(page, session)
    return True


def _choose_dataset(page: Settings) -> None:
    """Have the data set of a page that has one of its own also be the session's, that of the picture."""
    if page.prefix:
        st.session_state["dataset"] = st.session_state[f"{page.prefix}dataset"]


def write(page: Settings) -> None:
    """Update the browser's address to the session's settings."""
    address = sync().write(page, st.session_state)
    opened = sync().state == "opened"
    complete(sync().current if opened else (), urlencode(address))
    if not opened:
        _enter(address)


def recall_in_part(page: Settings, names: Iterable[str]) -> None:
    """Bring these settings back before a part of the page that runs alone draws their widgets."""
    sync().recall_in_part(page, st.session_state, names)


def write_in_part(page: Settings) -> None:
    """Write what a part of the page that runs alone has changed."""
    if sync().state == "used":
        _enter(sync().write(page, st.session_state))


def _enter(address: Address) -> None:
    """Make this the browser's address, as a new entry in its history."""
    if address != st.query_params.to_dict():
        st.query_params.from_dict(address)


def kept_config() -> SmoothingConfig:
    """The Certify page's settings as they were left, for another page. Raises InputError."""
    kept = sync().kept.get(CERTIFY.prefix, {})
    return configuration(kept)
