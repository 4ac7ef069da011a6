"""The one state of a node on the page, in a real browser: everywhere the same, the dead first."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from e2e.made_up_states import AT_RISK, DOWN
from e2e.test_page import complaints, open_page
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", [1280, 375])
def test_a_dead_node_is_the_first_that_is_seen(new_page: Callable[..., Page], page_server: Callable[..., Any], width: int) -> None:
    page = new_page(viewport={"width": width, "height": 900})
    heard = complaints(page)
    open_page(page, page_server("--trouble").url)
    badge = page.locator("[data-status=Down]")
    expect(badge).to_have_attribute("data-node-state", "down")
    expect(page).to_have_title("1 down · Storj Monitor")
    expect(page.locator('link[rel="icon"]')).to_have_attribute("href", re.compile("favicon-bad"))

    page.locator(".picker .opener").click()
    names = page.locator(".picker .line .name")
    expect(names).to_have_text(["cellar", "office", "attic", "garage-8tb"])
    expect(page.locator(".picker .line .chip")).to_have_text(["down", "at risk", "ok", "ok"])
    page.keyboard.press("Escape")

    first = page.locator("#card-health li[data-node]").first
    expect(first).to_have_attribute("data-node", "cellar")
    expect(first.locator(".who .chip")).to_have_text("down")
    expect(first.locator("[data-reason=stopped]")).to_contain_text(DOWN)
    expect(first.locator("[data-reason=stopped]")).to_contain_text("11 min ago")

    findings = page.get_by_role("list", name="Findings that stand").locator("li")
    expect(findings.nth(0)).to_contain_text(f"cellar: {DOWN}".removesuffix("."))
    expect(findings.nth(1)).to_contain_text(f"office: {AT_RISK.rstrip('.')}")
    expect(findings.nth(2)).to_contain_text("attic: success of uploads")
    findings.nth(0).locator("summary").click()
    expect(findings.nth(0)).to_contain_text("known, not compared")
    expect(findings.nth(0)).to_contain_text("Read its last words")
    assert heard == []


def test_only_the_chosen_nodes_are_judged(new_page: Callable[..., Page], page_server: Callable[..., Any]) -> None:
    page = new_page()
    open_page(page, page_server("--trouble").url + "?node=attic")
    expect(page.locator("[data-status=Live]")).to_have_attribute("data-node-state", "ok")
    expect(page).to_have_title("Storj Monitor")
