"""Requests to other hosts and from other pages are refused before Streamlit sees them."""

from __future__ import annotations

import asyncio
import tomllib
from typing import Any

import pytest
from streamlit import config

from diffsmooth_core import InputError
from diffsmooth_core.paths import ROOT
from ui.doors import POLICY, Doors, headers, is_host_allowed

HOST = "127.0.0.1:8501"


def asked(
    kind: str, host: str | None, origin: str | None = None
) -> tuple[list[bytes | None], list[dict[str, Any]]]:
    """The origins that the app sees, one if it is asked, and what the door or the app answers."""
    reached, sent = list[bytes | None](), list[dict[str, Any]]()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        reached.append(dict(scope["headers"]).get(b"origin"))
        await send(
            {"type": "http.response.start", "status": 200, "headers": [(b"x-frame-options", b"ALLOW")]}
        )

    async def receive() -> dict[str, Any]:
        return {"type": f"{kind}.connect" if kind == "websocket" else "http.request"}

    async def send(message: Any) -> None:
        sent.append(message)

    given = {"host": host, "origin": origin}
    headers = [(name.encode(), value.encode()) for name, value in given.items() if value is not None]
    scope = {"type": kind, "method": "GET", "path": "/", "headers": headers}
    before = config.get_option("server.allowedHosts")
    config.set_option("server.allowedHosts", ["127.0.0.1", "class.example"])
    try:
        asyncio.run(Doors(app)(scope, receive, send))
    finally:
        config.set_option("server.allowedHosts", before)
    return reached, sent


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize(
    ("host", "origin", "comes_in"),
    [
        (HOST, None, True),
        (HOST, f"http://{HOST}", True),
        ("class.example", "https://class.example", True),  # behind a proxy with TLS
        (HOST, "http://127.0.0.1:9999", False),
        (HOST, "http://localhost:8501", False),
        (HOST, "https://elsewhere.example", False),
        (HOST, "null", False),
        (HOST, "http://[half", False),
        ("elsewhere.example", None, False),
        ("elsewhere.example", "http://elsewhere.example", False),
        (None, None, False),
    ],
)
def test_who_comes_in(kind: str, host: str | None, origin: str | None, comes_in: bool) -> None:
    reached, sent = asked(kind, host, origin)
    assert bool(reached) == comes_in
    if not comes_in and kind == "websocket":
        assert [(m["type"], m["code"]) for m in sent] == [("websocket.close", 1008)]
    elif not comes_in:
        assert sent[0]["status"] == 403


def test_this_machine_answers_to_all_of_its_own_names() -> None:
    given = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())["server"]["allowedHosts"]
    before = config.get_option("server.allowedHosts")
    config.set_option("server.allowedHosts", given)
    try:
        found = {host: is_host_allowed(host) for host in ("localhost:1", "127.0.0.1:1", "[::1]:1", "[::2]:1")}
    finally:
        config.set_option("server.allowedHosts", before)
    assert found == {"localhost:1": True, "127.0.0.1:1": True, "[::1]:1": True, "[::2]:1": False}


def test_streamlit_has_no_origin_to_look_up_on_the_internet() -> None:
    assert asked("http", "class.example", "https://class.example")[0] == [None]
    assert asked("websocket", "class.example", "https://class.example")[0] == [b"https://class.example"]


def test_every_answer_carries_the_headers_in_the_place_of_others() -> None:
    _, sent = asked("http", HOST)
    given = [(name.decode(), value.decode()) for name, value in sent[0]["headers"]]
    assert sorted(given) == sorted((name.lower(), value) for name, value in headers([]).items())


def test_the_app_is_shown_in_frames_of_pages_that_the_operator_names() -> None:
    assert "frame-ancestors 'none'" in headers([])["Content-Security-Policy"]
    assert headers([])["X-Frame-Options"] == "DENY"
    named = headers(["https://moodle.example", "https://*.example.org:8443"])
    assert named["Content-Security-Policy"].endswith(
        "frame-ancestors https://moodle.example https://*.example.org:8443"
    )
    assert "X-Frame-Options" not in named
    for wrong in ("moodle.example", "https://a.example; script-src *", "https://a.example/page", "*"):
        with pytest.raises(InputError, match="an origin is written as"):
            headers([wrong])


def test_the_policy_names_no_other_machine_and_lets_no_text_run() -> None:
    assert not any(word in sources for sources in POLICY.values() for word in ("http", "*", "unsafe-eval"))
    assert "unsafe-inline" not in POLICY["script-src"]
    assert POLICY["script-src"].count("sha256-") == 1, "Streamlit's own page has one script within it"
