"""The QR code that a phone scans, and which addresses no phone can open."""

from __future__ import annotations

import pytest

from ui.classroom import joining


@pytest.mark.parametrize(
    ("url", "alone"),
    [
        ("http://localhost:8501/classroom", True),
        ("http://127.0.0.1:8501", True),
        ("http://127.1.2.3:8501", True),
        ("http://[::1]:8501/classroom", True),
        ("http://0.0.0.0:8501/classroom", True),
        ("http://[::]:8501", True),
        ("http://app.localhost/classroom", True),
        ("http://192.168.1.20:8501/classroom", False),
        ("http://[2001:db8::1]:8501/classroom", False),
        ("https://smoothing.school.example/classroom", False),
        ("http://localhost.school.example/classroom", False),
        ("", False),
    ],
)
def test_an_address_of_this_machine_alone_is_known_as_one(url: str, alone: bool) -> None:
    assert joining.only_here(url) is alone
