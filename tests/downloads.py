"""A server on this machine that stands in for those of published networks; the fixture is everywhere."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

NAME = "cifar10_uncond_50M_500K"
CONTENT = bytes(range(256)) * 20_000  # 5 MB


class Server(http.server.ThreadingHTTPServer):
    cut: int | None = None  # after how many bytes an answer breaks off
    length: str | None = ""  # that it claims to have, in the place of its own; None: it says nothing
    resumes: bool = True  # otherwise every answer is the whole file
    asked: list[str | None]


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.asked.append(self.headers.get("Range"))
        wanted = self.headers.get("Range") if self.server.resumes else None
        start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted else 0
        if start >= len(CONTENT):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(CONTENT)}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(206 if wanted else 200)
        if self.server.length is not None:
            self.send_header("Content-Length", self.server.length or str(len(CONTENT) - start))
        self.end_headers()
        self.wfile.write(CONTENT[start : start + self.server.cut if self.server.cut else None])

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("DIFFSMOOTH_MODELS", str(tmp_path / "models"))
    server = Server(("127.0.0.1", 0), Handler)
    server.asked = []
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def address(server: Server) -> str:
    return f"http://127.0.0.1:{server.server_port}/model.pt"
