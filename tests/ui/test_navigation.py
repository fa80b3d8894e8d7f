"""Every page is called the same wherever its name stands, and its address says what it shows."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from tests.ui.conftest import APP, address
from ui.navigation import PAGES, title


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_headed_by_its_name_in_the_navigation(name: str) -> None:
    page = AppTest.from_file(str(APP), default_timeout=200)
    page.session_state["present"] = True
    page.switch_page(f"pages/{name}.py").run()
    assert not page.exception
    assert [heading.value for heading in page.title] == [title(name)]
    assert address(page)["present"] == "1", "the address says that it is presented"
