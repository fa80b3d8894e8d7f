"""Published networks that are not bundled, and downloading them, only on request; an interrupted download
resumes."""

from __future__ import annotations

import os
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

from diffsmooth_core.config import InputError
from diffsmooth_core.zoo import cards


@dataclass(frozen=True)
class Published:
    """What is to be known of a published network before one downloads it: how many bytes that takes (about
    four a parameter), from where, and what its makers say that they allow: OpenAI's two repositories have
    an MIT licence, and neither says that it is one of the weights too (guided-diffusion's issue 70 asks).
    `address` is that of its file, or the Hub."""

    dataset: str
    title: str
    megabytes: int
    address: str
    made_by: str
    licence: str


HUB = "huggingface.co"
_HOME = "https://openaipublic.blob.core.windows.net/diffusion"
PUBLISHED = {
    "cifar10_uncond_50M_500K": Published(
        "cifar10",
        "The paper’s diffusion model for CIFAR-10",
        210,
        f"{_HOME}/march-2021/cifar10_uncond_50M_500K.pt",
        "OpenAI (improved-diffusion)",
        "MIT for its code; none is stated for the weights",
    ),
    "256x256_diffusion_uncond": Published(
        "imagenet",
        "The paper’s diffusion model for ImageNet",
        2211,
        f"{_HOME}/jul-2021/256x256_diffusion_uncond.pt",
        "OpenAI (guided-diffusion)",
        "MIT for its code; none is stated for the weights, which its model card means for research only and "
        "not for commercial use",
    ),
    "google/ddpm-cifar10-32": Published(
        "cifar10", "The first DDPM for CIFAR-10", 143, HUB, "Google (google/ddpm-cifar10-32)", "Apache-2.0"
    ),
}
NAMES = tuple(PUBLISHED)
CHUNK = 1 << 20
MOST = 1.5  # times its published size that a file may have


def here(dataset: str) -> tuple[str, ...]:
    """The names of the published models for a data set that are on this machine."""
    return tuple(
        name for name, model in PUBLISHED.items() if model.dataset == dataset and _place(name).exists()
    )


def _place(name: str) -> Path:
    """A file, or a folder for a repository of the Hub."""
    in_hub = PUBLISHED[name].address == HUB
    return cards.added_folder() / (name.rpartition("/")[2] if in_hub else f"{name}.pt")


def local(name: str) -> Path:
    """The file or folder of a downloaded model, after comparing its SHA-256 with the one recorded at the
    download. Raises InputError, with the command to download it, where it is missing or has changed."""
    path = _place(name)
    if not path.exists():
        raise InputError(
            f"{name} is not on this machine; run: python -m diffsmooth_core models download {name}, "
            f"or put the {'file' if path.suffix == '.pt' else 'folder'} {path.name} into {path.parent}"
        )
    weights = max(path.iterdir(), key=lambda file: file.stat().st_size) if path.is_dir() else path
    record, found = path.with_suffix(".sha256"), cards.file_sha256(weights)
    if not record.is_file():
        record.write_text(found + "\n", encoding="utf-8")
    if (recorded := record.read_text(encoding="utf-8").strip()) != found:
        raise InputError(
            f"{path} has changed since it came (SHA-256 {found[:12]}..., recorded {recorded[:12]}...); "
            "delete it and download it again"
        )
    return path


def fetch(name: str, address: str | None = None) -> Path:
    """Download a published model, resuming an interrupted download, record its SHA-256 and return its path.
    Raises InputError where the download fails."""
    from tqdm import tqdm

    with tqdm(unit="B", unit_scale=True) as bar:
        for done, bar.total in fetch_stream(name, address):
            bar.update(done - bar.n)
    return local(name)


def fetch_stream(name: str, address: str | None = None) -> Generator[tuple[int, int]]:
    """`fetch`, piece by piece: how many bytes are here, and how many there are. Whoever stops early goes on
    there the next time. A repository of the Hub comes as one piece, of which nothing is told."""
    import requests

    path = _place(name)
    if path.exists():
        return
    if PUBLISHED[name].address == HUB:
        _from_hub(name, path)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    have = partial.stat().st_size if partial.is_file() else 0
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    try:
        with requests.get(
            address or PUBLISHED[name].address, headers=headers, stream=True, timeout=30
        ) as answer:
            if answer.status_code == 416:  # no bytes are left to send: the file is complete, or too long
                if answer.headers.get("Content-Range", "").rpartition("/")[2] != str(have):
                    partial.unlink()
                    raise requests.ConnectionError(f"the {have} bytes here are not the file's; removed")
            else:
                answer.raise_for_status()
                resumed = answer.status_code == 206
                total = (have if resumed else 0) + _bytes(answer.headers.get("Content-Length"))
                if total > MOST * PUBLISHED[name].megabytes * 1e6:
                    raise OSError(
                        f"{total:,} bytes are offered, and {PUBLISHED[name].megabytes:,} MB were said"
                    )
                with partial.open("ab" if resumed else "wb") as file:
                    for chunk in answer.iter_content(CHUNK):
                        file.write(chunk)
                        yield file.tell(), total
                if partial.stat().st_size != total:
                    raise requests.ConnectionError(f"{partial.stat().st_size} of {total} bytes came")
    except OSError as error:  # the request failed, or the disk is full
        raise InputError(
            f"{name} could not be downloaded ({type(error).__name__}: {str(error)[:120]}); ask again to go "
            f"on where it stopped, or put the file {name}.pt into {cards.added_folder()}"
        ) from None
    os.replace(partial, path)
    local(name)  # records its SHA-256


def _bytes(length: str | None) -> int:
    """The bytes of an answer. Raises OSError where it does not say: nobody could tell whether all came."""
    if not (length or "").isdecimal():
        raise OSError("the server does not say how many bytes there are")
    return int(length or 0)


def _from_hub(name: str, folder: Path) -> None:
    from huggingface_hub import snapshot_download

    partial = folder.with_suffix(".partial")
    wanted = ["config.json", "diffusion_pytorch_model.*"]
    try:
        snapshot_download(name, local_dir=partial, allow_patterns=wanted)
    except Exception as error:  # the Hub's client raises many exception types
        raise InputError(
            f"{name} could not be fetched from the Hub ({type(error).__name__}); ask again to go on where it "
            f"stopped, or put the folder {folder.name} into {folder.parent}"
        ) from None
    os.replace(partial, folder)
    local(name)
