"""Downloading the published diffusion models, only on request; an interrupted download resumes."""

from __future__ import annotations

import os
from pathlib import Path

from diffsmooth_core.config import InputError
from diffsmooth_core.zoo import cards

_HOME = "https://openaipublic.blob.core.windows.net/diffusion"
ADDRESSES = {
    "cifar10_uncond_50M_500K": f"{_HOME}/march-2021/cifar10_uncond_50M_500K.pt",
    "256x256_diffusion_uncond": f"{_HOME}/jul-2021/256x256_diffusion_uncond.pt",
}
HUB = {"google/ddpm-cifar10-32": "ddpm-cifar10-32"}  # repository -> folder
NAMES = (*ADDRESSES, *HUB)
CHUNK = 1 << 20


def here(dataset: str) -> tuple[str, ...]:
    """The names of the published models for a data set that are on this machine."""
    made_for = {name: "cifar10" if "cifar10" in name else "imagenet" for name in NAMES}
    return tuple(name for name in NAMES if made_for[name] == dataset and _place(name).exists())


def _place(name: str) -> Path:
    return cards.added_folder() / HUB.get(name, f"{name}.pt")


def local(name: str) -> Path:
    """The file or folder of a downloaded model, after comparing its SHA-256 with the one recorded at the
    download. Raises InputError, with the command to download it, where it is missing or has changed."""
    path = _place(name)
    if not path.exists():
        raise InputError(
            f"{name} is not on this machine; run: python -m diffsmooth_core models download {name}, "
            f"or put the {'folder' if name in HUB else 'file'} {path.name} into {path.parent}"
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
    import requests
    from tqdm import tqdm

    path = _place(name)
    if path.exists():
        return local(name)
    if name in HUB:
        return _from_hub(name, path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    have = partial.stat().st_size if partial.is_file() else 0
    headers = {"Range": f"bytes={have}-"} if have else {}
    try:
        with requests.get(address or ADDRESSES[name], headers=headers, stream=True, timeout=30) as answer:
            if answer.status_code == 416:  # no bytes are left to send: the file is complete, or too long
                if answer.headers.get("Content-Range", "").rpartition("/")[2] != str(have):
                    partial.unlink()
                    raise requests.ConnectionError(f"the {have} bytes here are not the file's; removed")
            else:
                answer.raise_for_status()
                resumed = answer.status_code == 206
                total = int(answer.headers.get("Content-Length", 0)) + (have if resumed else 0)
                with (
                    partial.open("ab" if resumed else "wb") as file,
                    tqdm(total=total, initial=have if resumed else 0, unit="B", unit_scale=True) as bar,
                ):
                    for chunk in answer.iter_content(CHUNK):
                        file.write(chunk)
                        bar.update(len(chunk))
                if partial.stat().st_size < total:
                    raise requests.ConnectionError(f"{partial.stat().st_size} of {total} bytes came")
    except OSError as error:  # the request failed, or the disk is full
        raise InputError(
            f"{name} could not be downloaded ({type(error).__name__}: {str(error)[:120]}); run the command "
            f"again to go on, or put the file {name}.pt into {cards.added_folder()}"
        ) from None
    os.replace(partial, path)
    return local(name)


def _from_hub(name: str, folder: Path) -> Path:
    from huggingface_hub import snapshot_download

    partial = folder.with_suffix(".partial")
    wanted = ["config.json", "diffusion_pytorch_model.*"]
    try:
        snapshot_download(name, local_dir=partial, allow_patterns=wanted)
    except Exception as error:  # the Hub's client raises many exception types
        raise InputError(
            f"{name} could not be fetched from the Hub ({type(error).__name__}); run the command again to "
            f"go on, or put the folder {folder.name} into {folder.parent}"
        ) from None
    os.replace(partial, folder)
    return local(name)
