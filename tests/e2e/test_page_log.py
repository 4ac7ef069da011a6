"""The section of the page about the log, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from e2e.test_page import complaints, open_page
from playwright.sync_api import Page, expect

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


def test_events_with_their_filters_and_pages(new_page: Callable[..., Page], page_server: Callable[..., Any]) -> None:
    page = new_page()
    heard = complaints(page)
    open_page(page, page_server().url)
    page.get_by_role("navigation", name="Sections").get_by_role("link", name="Events").click()
    card = page.locator("#card-events")
    rows = card.get_by_role("list", name="Events").locator("li")
    expect(rows).to_have_count(50)
    expect(rows.first).to_contain_text("An upload was refused: 11 at once, the node's own limit is 10.")
    expect(rows.first.locator(".times")).to_have_text("40×")
    card.get_by_role("button", name="Older events").click()
    expect(rows).to_have_count(100)
    card.get_by_role("button", name="Older events").click()
    expect(rows).to_have_count(125)
    expect(card.get_by_role("button", name="Older events")).to_have_count(0)

    card.get_by_label("Severity").select_option("critical only")
    expect(rows).to_have_count(1)
    expect(rows.first).to_contain_text("A bloom filter could not be stored")
    card.get_by_label("Severity").select_option("warnings and worse")
    expect(rows).to_have_count(3)
    card.get_by_label("Severity").select_option("all severities")
    card.get_by_label("Kind").select_option("Garbage collection: all")
    expect(rows).to_have_count(2)
    card.get_by_label("Kind").select_option("Compaction finished")
    expect(rows).to_have_count(1)
    expect(rows.first).to_contain_text("Compaction of s0 at us1 finished in 3 min 17 s.")
    card.get_by_label("Node", exact=True).select_option(index=1)
    expect(card).to_contain_text(re.compile("No such event|Compaction of s0"))
    with page.expect_request(lambda request: "/api/v1/events?from=-30d" in request.url):
        card.get_by_role("button", name="30 d").click()
    card.locator("summary", has_text="Garbage collection").click()
    expect(card.locator("[data-fold=garbage] li")).to_contain_text("812 of 31,000,000 pieces moved to the trash in 6 h 51 min")
    card.locator("summary", has_text="/metrics").click()
    expect(card.locator("[data-fold=figures] li")).to_contain_text("Migration at us1 runs")
    assert heard == []


def test_events_on_a_phone_and_text_that_stays_text(new_page: Callable[..., Page], page_server: Callable[..., Any]) -> None:
    page = open_page(new_page(viewport={"width": 375, "height": 812}, is_mobile=True, has_touch=True), page_server("--hostile").url)
    card = page.locator("#card-events")
    card.scroll_into_view_if_needed()
    expect(card).to_contain_text('<img src=x onerror="window.pwned=1">')
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    assert page.evaluate("window.pwned") is None
