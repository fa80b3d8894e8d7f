"""What the running server answers to requests for other hosts and from other pages, and its headers."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

from playwright.sync_api import Page, expect

from ui.doors import headers


def test_the_policy_lets_every_page_work_and_the_doors_are_shut(app: str, page: Page) -> None:
    answer = page.goto(f"{app}/results")
    assert answer is not None
    assert {name: answer.headers[name.lower()] for name in headers([])} == headers([])
    expect(page.get_by_role("heading", name="Results")).to_be_visible()
    expect(page.locator(".js-plotly-plot, canvas, svg").first).to_be_visible()
    host = urlsplit(app).netloc
    for path in ("/", "/_stcore/health", "/_stcore/metrics", "/_stcore/stream"):
        assert " 403 " in answered(host, path, "Host: elsewhere.example"), "another host"
        assert " 403 " in answered(host, path, f"Host: {host}", "Origin: http://127.0.0.1:1"), "another port"
    assert " 200 " in answered(host, "/_stcore/health", f"Host: {host}", f"Origin: http://{host}")


def answered(address: str, path: str, *headers: str) -> str:
    """The first line of the server's answer; a WebSocket is asked for where the path is one's."""
    upgrade = (
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    )
    lines = (
        f"GET {path} HTTP/1.1",
        *headers,
        *(upgrade if path.endswith("stream") else ("Connection: close",)),
    )
    name, port = address.split(":")
    with socket.create_connection((name, int(port)), timeout=60) as connection:
        connection.sendall("\r\n".join((*lines, "", "")).encode())
        return connection.recv(1000).decode(errors="replace").splitlines()[0]
