"""Nothing runs over the edge of the page or is cut, from the narrowest phone to a desk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from e2e.widths import fits
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("opened", [False, True], ids=["first look", "opened"])
def test_nothing_runs_over_the_edge(new_page: Callable[..., Page], page_server: Callable[..., Any], opened: bool) -> None:
    page = new_page()
    page.goto(page_server("--trouble").url)
    expect(page.locator("#card-earnings .months")).to_be_visible()
    page.locator("#card-events").scroll_into_view_if_needed()
    expect(page.locator("#card-events li").first).to_be_visible()
    if opened:
        for card in ("findings", "health", "reputation", "storage", "earnings", "events", "errors"):
            page.locator(f"#card-{card} details > summary").first.click()
        for detail in ("health", "reputation", "storage", "earnings"):
            expect(page.locator(f"#card-{detail} .detail").first).to_be_visible()
    fits(page)
