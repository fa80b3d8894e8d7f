"""Downloads from a local stand-in: once, resumed where they broke off, and checked ever after."""

from __future__ import annotations

import hashlib

import pytest

from diffsmooth_core import load_denoiser
from diffsmooth_core.config import InputError
from diffsmooth_core.zoo import cards, download
from tests.downloads import CONTENT, NAME, Server, address


def test_a_model_is_fetched_once(server: Server) -> None:
    path = download.fetch(NAME, address(server))
    assert path.read_bytes() == CONTENT
    assert download.fetch(NAME, address(server)) == path
    assert server.asked == [None]


def test_a_broken_download_goes_on_where_it_stopped(server: Server) -> None:
    server.cut = 3_000_000
    with pytest.raises(InputError, match="ask again to go on where it stopped"):
        download.fetch(NAME, address(server))
    server.cut = None
    assert download.fetch(NAME, address(server)).read_bytes() == CONTENT
    assert server.asked[0] is None
    assert server.asked[1] is not None
    assert server.asked[1].startswith("bytes=")
    assert server.asked[1] != "bytes=0-"


def test_a_server_that_sends_all_again_is_not_added_to_what_is_here(server: Server) -> None:
    cards.added_folder().mkdir()
    (cards.added_folder() / f"{NAME}.partial").write_bytes(b"of another file" * 100)
    server.resumes = False
    assert download.fetch(NAME, address(server)).read_bytes() == CONTENT
    assert server.asked == ["bytes=1500-"]


def test_a_file_that_somebody_else_writes_to_meanwhile_is_not_taken(server: Server) -> None:
    def disturbed() -> None:
        for _ in download.fetch_stream(NAME, address(server)):
            with (cards.added_folder() / f"{NAME}.partial").open("ab") as file:
                file.write(b"x")

    with pytest.raises(InputError, match=f"{len(CONTENT) + 1} of {len(CONTENT)} bytes came"):
        disturbed()
    assert download.here("cifar10") == ()


def test_a_download_tells_what_is_here_of_how_much_from_where_it_goes_on(server: Server) -> None:
    begun = download.fetch_stream(NAME, address(server))
    first, _ = next(begun)
    begun.close()
    told = list(download.fetch_stream(NAME, address(server)))
    assert 0 < first < told[0][0]
    assert told == sorted(told)
    assert told[-1] == (len(CONTENT), len(CONTENT))
    assert {total for _, total in told} == {len(CONTENT)}
    record = (cards.added_folder() / f"{NAME}.sha256").read_text()
    assert record.strip() == hashlib.sha256(CONTENT).hexdigest(), "so that a change is found ever after"


@pytest.mark.parametrize("surplus", [b"", b"x"])
def test_what_came_whole_is_taken_and_what_is_too_much_is_not(server: Server, surplus: bytes) -> None:
    cards.added_folder().mkdir()
    (cards.added_folder() / f"{NAME}.partial").write_bytes(CONTENT + surplus)
    if surplus:
        with pytest.raises(InputError, match="ask again to go on"):
            download.fetch(NAME, address(server))
    assert download.fetch(NAME, address(server)).read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("length", "said"),
    [
        (f"{400 * 10**6}", "400,000,000 bytes are offered, and 210 MB were said"),
        (None, "does not say how many bytes there are"),
    ],
)
def test_what_is_far_larger_than_published_or_of_no_length_is_not_fetched(
    server: Server, length: str | None, said: str
) -> None:
    server.length = length
    with pytest.raises(InputError, match=said):
        download.fetch(NAME, address(server))
    assert not [*cards.added_folder().iterdir()]


def test_a_changed_file_is_refused_ever_after(server: Server) -> None:
    path = download.fetch(NAME, address(server))
    path.write_bytes(CONTENT[:-1] + b"x")
    with pytest.raises(InputError, match="has changed since it came"):
        download.local(NAME)


@pytest.mark.parametrize("asked", [NAME, f"{NAME}.pt"])
def test_what_is_not_here_says_how_to_get_it(server: Server, asked: str) -> None:
    with pytest.raises(InputError, match=f"models download {NAME}.*put the file {NAME}.pt into"):
        load_denoiser(asked, "cpu")
    assert server.asked == [], "loading must not fetch"


def test_no_network_says_where_to_put_the_file(server: Server) -> None:
    with pytest.raises(InputError, match="put the file") as raised:
        download.fetch(NAME, "http://127.0.0.1:9/nothing.pt")
    assert str(cards.added_folder()) in str(raised.value)
