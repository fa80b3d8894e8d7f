"""The doors of the server: which requests come in, and what every answer says to the browser.

Streamlit itself checks the host of a WebSocket alone, and lets any port of this machine be its origin. Here
every request has to be to an allowed host and, where a browser says whose page sent it, from the app's.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import streamlit
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.web.server.starlette.starlette_websocket import is_host_allowed

from diffsmooth_core.config import InputError
from ui.session.limits import limit


def _inline_scripts() -> str:
    """The scripts within Streamlit's own page, as sources of a policy: by their hashes."""
    page = Path(streamlit.__file__).with_name("static") / "index.html"
    scripts = re.findall(r"<script>(.*?)</script>", page.read_text(encoding="utf-8"), re.DOTALL)
    hashes = (b64encode(sha256(script.encode()).digest()).decode() for script in scripts)
    return " ".join(f"'sha256-{found}'" for found in hashes)


# Nothing is loaded from elsewhere, and no text of a person can be a script. Streamlit builds its styles in
# place, and makes a module of each component's JavaScript.
POLICY = {
    "default-src": "'self'",
    "script-src": f"'self' blob: {_inline_scripts()}",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "font-src": "'self' data:",
    "worker-src": "'self' blob:",
    "object-src": "'none'",
    "base-uri": "'self'",
    "form-action": "'self'",
}
ORIGIN = re.compile(r"https?://(\*\.)?[a-zA-Z0-9.-]+(:\d+)?")


def headers(frames: Sequence[str]) -> dict[str, str]:
    """What every answer carries, where pages of the origins `frames` may show the app in a frame. Raises
    InputError for one that is no origin."""
    for origin in frames:
        if not ORIGIN.fullmatch(origin):
            raise InputError(f"pages.frames lists {origin!r}; an origin is written as https://moodle.example")
    policy = POLICY | {"frame-ancestors": " ".join(frames) or "'none'"}
    always = {
        "Content-Security-Policy": "; ".join(f"{name} {sources}" for name, sources in policy.items()),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",  # the link of a run is nobody else's
        "Cross-Origin-Opener-Policy": "same-origin",
    }
    return always if frames else always | {"X-Frame-Options": "DENY"}  # which knows no origins


def _without_origin(scope: Scope) -> Scope:
    """A request as Streamlit gets it. To judge an origin it would look at this machine's addresses, and ask a
    server on the internet for one of them. That of a WebSocket it needs."""
    if scope["type"] == "websocket":
        return scope
    left = [(name, value) for name, value in scope["headers"] if name != b"origin"]
    return {**scope, "headers": left}


class Doors:
    """ASGI middleware that refuses requests for other hosts and from other pages, and adds `headers`."""

    def __init__(self, app: ASGIApp) -> None:
        self._app, self._headers = app, headers(limit("pages", "frames"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):  # the server's start and end
            await self._app(scope, receive, send)
            return
        asked = Headers(scope=scope)
        host, origin = asked.get("host"), asked.get("origin")
        if not is_host_allowed(host):
            refusal = "This host is not in server.allowedHosts."
        elif origin is not None and origin.partition("://")[2] != host:
            refusal = "Requests from other pages are refused."
        else:
            await self._app(_without_origin(scope), receive, self._with_headers(send))
            return
        if scope["type"] == "websocket":
            await receive()  # the request to connect
            await send({"type": "websocket.close", "code": 1008, "reason": refusal})
        else:
            await PlainTextResponse(refusal, 403)(scope, receive, send)

    def _with_headers(self, send: Send) -> Send:
        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self._headers)
            await send(message)

        return sent
