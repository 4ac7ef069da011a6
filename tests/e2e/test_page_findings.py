"""Findings on the page: worst first with their evidence, the badge, what ended, and what is learned."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from e2e.test_page import complaints, open_everything, open_page
from playwright.sync_api import Page, Route, expect

pytestmark = pytest.mark.browser


def test_findings_that_stand_worst_first(new_page: Callable[..., Page], page_server: Callable[..., Any]) -> None:
    page = new_page()
    heard = complaints(page)
    open_page(page, page_server().url)
    card = page.locator("#card-findings")
    rows = card.locator(".rows > li")
    assert rows.evaluate_all("(rows) => rows.map((row) => row.dataset.severity)") == ["critical", "warning", "warning", "info"]
    badge = page.get_by_role("navigation", name="Sections").get_by_role("link", name=re.compile("Findings")).locator(".badge")
    expect(badge).to_have_text(re.compile(r"^4\s*open$"))
    expect(badge).to_have_class(re.compile(r"\bbad\b"))

    worst = rows.first
    expect(worst).to_contain_text("success of uploads from us1 fell from 99.1 % to 93.1 %")
    expect(worst).to_contain_text(re.compile(r"since .*\(2.h ago\), right after v1\.162\.3 started"))
    expect(worst).to_contain_text(re.compile(r"normal 98\.6–99\.4.%"))
    expect(worst.locator(".detail")).to_have_count(0)
    worst.locator("summary").click()
    expect(worst.locator(".evidence li")).to_have_count(3)
    expect(worst.locator(".evidence li").first).to_contain_text(re.compile(r"connection reset.*40 of 50.*80\.0.%", re.DOTALL))
    expect(worst.locator(".advice")).to_contain_text("Look at the disk")
    expect(rows.nth(1)).to_contain_text(re.compile(r"Full in\s*21.days\s*forecast, at least 16.days"))

    page.get_by_role("button", name="Nodes shown").click()
    page.get_by_role("button", name="Only cellar", exact=True).click()
    expect(rows).to_have_count(1)
    expect(badge).to_have_text(re.compile("^1"))
    expect(badge).not_to_have_class(re.compile(r"\b(bad|warn)\b"))
    page.get_by_role("button", name="Only office", exact=True).click()
    expect(card.locator("[data-calm=known]")).to_contain_text("Nothing unusual")
    expect(badge).to_have_count(0)
    assert heard == []


def test_what_ended_and_what_is_learned(new_page: Callable[..., Page], page_server: Callable[..., Any]) -> None:
    page = new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/api/v1/findings" in request.url else None)
    open_page(page, page_server().url)
    ended = page.locator("#card-findings [data-fold=ended]")
    expect(ended.locator("summary")).to_contain_text("1 in the last 24 hours")
    assert asked == [], "nobody has asked for the past yet"
    ended.locator("summary").click()
    expect(ended.locator("li")).to_have_count(2)
    expect(ended.locator("li").first).to_contain_text(re.compile(r"for 50.min; back to normal"))
    expect(ended).to_contain_text(re.compile(r"2.older ones not listed"))
    learned = page.locator("#card-findings [data-fold=learned]")
    expect(learned.locator("summary")).to_contain_text(re.compile(r"53 to 672 of 672.hours"))
    learned.locator("summary").click()
    expect(learned.locator("[data-node=attic]")).to_contain_text("the same hour of other weeks")


def test_a_young_monitor_says_that_it_learns(new_page: Callable[..., Page], page_server: Callable[..., Any]) -> None:
    page = open_page(new_page(), page_server("--young").url)
    expect(page.locator("#card-findings [data-calm=learning]")).to_contain_text("still being learned")
    expect(page.locator("#card-findings")).to_contain_text(re.compile(r"2 of 672.hours"))


def test_a_past_that_cannot_be_asked_for_is_said(new_page: Callable[..., Page], page_server: Callable[..., Any]) -> None:
    page = new_page()
    failing = True

    def answer(route: Route) -> None:
        if failing:
            route.fulfill(status=503, json={"error": {"code": "unavailable", "message": "the database is busy"}})
        else:
            route.continue_()

    page.route("**/api/v1/findings*", answer)
    open_page(page, page_server().url)
    ended = page.locator("#card-findings [data-fold=ended]")
    ended.locator("summary").click()
    expect(ended.get_by_role("alert")).to_contain_text("the database is busy")
    expect(ended.locator("li")).to_have_count(1)
    failing = False
    ended.get_by_role("button", name="Try again").click()
    expect(ended.locator("li")).to_have_count(2)


def test_text_of_findings_stays_text(new_page: Callable[..., Page], page_server: Callable[..., Any]) -> None:
    page = new_page()
    heard = complaints(page)
    open_page(page, page_server("--hostile").url)
    open_everything(page)
    expect(page.locator("#card-findings .evidence").first).to_contain_text("<script>window.pwned=1</script>")
    assert page.evaluate("window.pwned") is None
    assert page.locator("main img, main script").count() == 0
    assert heard == []
