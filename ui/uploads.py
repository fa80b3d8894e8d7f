"""Files that came from a browser."""

from __future__ import annotations

from typing import Protocol


class Upload(Protocol):
    """What `st.file_uploader` gives, as far as it is used."""

    name: str

    def getvalue(self) -> bytes:
        """The whole content."""
