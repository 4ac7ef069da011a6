"""The section of the page about the log, in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from test_page import open_page

pytestmark = pytest.mark.browser


def test_a_severe_error_that_came_once_is_before_those_that_came_often(
    new_page: Callable[..., Page], page_server: Callable[..., Any]
) -> None:
    page = new_page()
    open_page(page, page_server().url)
    rows = page.locator("#card-errors li")
    full = rows.filter(has_text="no space left on device")
    expect(full).to_contain_text("data or disk")
    # beside it only one more of its class; what came 1,312 times stands below
    assert any("no space left on device" in text for text in rows.all_inner_texts()[:2])
    full.locator("summary").click()
    expect(full.locator("dl")).to_contain_text("Nodes")
