"""What nodes say about themselves, on the page: reputation, storage, earnings and node health in every state."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from e2e.test_page import complaints, drawn, open_everything, open_page
from patience import PATIENCE_S
from playwright.sync_api import Locator, Page, Route, WebSocketRoute, expect

pytestmark = pytest.mark.browser

NODE_CARDS = ("findings", "health", "reputation", "storage", "earnings")
US1 = "12EayRS2V1kEsWESU9QMRseFhdxYxKicsiFmxrsLZHeLUtdps3S"
EU1 = "12L9ZFwhzVpuEKMUNUqkaTLGzwY9G24tbiigLiXpmZWKwmcNDDs"
AP1 = "121RTSDpyNZVcEU84Ticf2L1ntiuUimbWgfATz21tuvgk3vzoA6"
LOW_CONTRAST = """() => {
    const parse = (text) => (text.match(/[\\d.]+/g) ?? []).map(Number);
    const over = ([r, g, b, a = 1], [x, y, z]) => [r * a + x * (1 - a), g * a + y * (1 - a), b * a + z * (1 - a)];
    const behind = (element) => {
        if (element === null) return [255, 255, 255];
        const own = parse(getComputedStyle(element).backgroundColor);
        return (own[3] ?? 1) === 1 ? own : over(own, behind(element.parentElement));
    };
    const light = (color) => color.map((value) => value / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
        .reduce((sum, value, place) => sum + value * [0.2126, 0.7152, 0.0722][place], 0);
    const found = new Set();
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const element = walker.currentNode.parentElement;
        if (walker.currentNode.textContent.trim() === "" || !element.checkVisibility({ visibilityProperty: true })) continue;
        if (element.closest(".visually-hidden, noscript, option, .skip") !== null) continue;
        const ground = behind(element);
        const [one, other] = [light(over(parse(getComputedStyle(element).color), ground)), light(ground)].sort((a, b) => b - a);
        const ratio = (one + 0.05) / (other + 0.05);
        if (ratio < 4.5) found.add(`${walker.currentNode.textContent.trim().slice(0, 40)}: ${ratio.toFixed(2)}`);
    }
    return [...found];
}"""
UNNAMED = """() => {
    const name = (element) => element.getAttribute("aria-label") ?? element.labels?.[0]?.innerText ?? element.innerText;
    const ids = Array.from(document.querySelectorAll("[id]")).map((element) => element.id);
    return [
        ...Array.from(document.querySelectorAll("button, a[href], select, input, summary, [role=img], [role=region], nav, section, table"))
            .filter((element) => element.checkVisibility())
            .filter((element) => !name(element)?.trim() && !element.getAttribute("aria-labelledby") && !element.caption)
            .map((element) => element.outerHTML.slice(0, 80)),
        ...Array.from(document.querySelectorAll("svg:not([aria-hidden=true]):not([role=img])"))
            .map((element) => element.outerHTML.slice(0, 80)),
        ...ids.filter((id, place) => ids.indexOf(id) !== place).map((id) => `twice: ${id}`),
        ...Array.from(document.querySelectorAll("[aria-controls], [aria-labelledby]"))
            .flatMap((element) => [element.getAttribute("aria-controls"), element.getAttribute("aria-labelledby")])
            .filter((id) => id !== null && document.getElementById(id) === null),
    ];
}"""


def show(page: Page, card: str, key: str) -> Locator:
    """The row of a card, opened."""
    row = page.locator(f'#card-{card} .rows > li[data-row="{key}"], #card-{card} .rows > li[data-node="{key}"]')
    row.locator("summary").first.click()
    return row


def fact(row: Locator, name: str) -> Locator:
    return row.locator(f"[data-fact={name}]").first


def test_reputation_shows_the_worst_first(new_page: Callable[..., Page], page_server: Callable[..., Any]) -> None:
    page = new_page()
    heard = complaints(page)
    open_page(page, page_server().url)
    rows = page.locator("#card-reputation .rows > li")
    standings = rows.evaluate_all("(rows) => rows.map((row) => row.dataset.standing)")
    assert standings[:3] == ["disqualified", "at_risk", "unknown"]
    assert standings[-1] == "healthy"
    expect(page.locator("#card-reputation [aria-label=Standings]")).to_contain_text("1 disqualified")

    lost = rows.first
    expect(lost).to_contain_text(re.compile(r"disqualified since \d{4}-\d\d-\d\d"))
    expect(lost.locator("[data-score=audit]")).to_contain_text("1")
    expect(lost.locator("[data-score=audit] rect.fill")).to_have_attribute("width", "0")
    expect(lost).to_contain_text("no longer count")
    expect(lost).not_to_contain_text("40")

    risky = show(page, "reputation", f"garage-8tb/{US1}")
    expect(risky.locator("[data-score=audit]")).to_contain_text("0.9711")
    expect(risky.locator("[data-score=audit]")).to_contain_text("limit 0.96")
    expect(risky).to_contain_text(re.compile(r"11.*in a row, falling, at 0\.96 in 61.h", re.DOTALL))
    expect(fact(risky, "audit_score")).to_contain_text("node /metrics")
    expect(fact(risky, "audit_score")).to_contain_text("ago")
    fact(risky, "audit_score").locator("summary").click()
    expect(fact(risky, "audit_score")).to_contain_text("About audit_score.")
    expect(risky.get_by_role("img", name="Audit score of the last 30 days: lowest 0.9711, 2 changes")).to_be_visible()
    piece = risky.locator("[data-piece]").first
    expect(piece).to_contain_text("the piece is not on the disk")
    piece.locator("summary").click()
    expect(piece).to_contain_text("hashstore: file does not exist")
    expect(risky).to_contain_text("4 more pieces not listed.")
    expect(risky.get_by_role("img", name=re.compile("Audit history, windows of twelve hours: 60"))).to_be_visible()

    expect(page.locator(f'#card-reputation li[data-row="garage-8tb/{EU1}"]')).to_contain_text(re.compile(r"62 of 100 audits, 311 of 504.h"))
    expect(page.locator(f'#card-reputation li[data-row="office/{AP1}"]')).to_contain_text("No audit score is known yet.")
    expect(show(page, "reputation", f"office/{AP1}")).to_contain_text("No history yet: it begins with the monitor.")
    assert heard == []


def test_storage_bars_history_and_forecast(new_page: Callable[..., Page], page_server: Callable[..., Any]) -> None:
    page = new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/api/v1/storage" in request.url else None)
    open_page(page, page_server().url)
    card = page.locator("#card-storage")
    fleet = card.locator('li[data-row=""]')
    expect(fleet).to_contain_text("All nodes")
    expect(fleet).to_contain_text("computed from 3 nodes, without office")
    attic = show(page, "storage", "attic")
    expect(attic.get_by_role("list", name="Space of attic").locator("[data-part=pieces]")).to_contain_text(
        re.compile(r"pieces\s*4\.96.TB\s*62\.0.%")
    )
    expect(attic).to_contain_text("full in 7 months")
    expect(attic).to_contain_text("5 months to 9 months")
    expect(attic).to_contain_text(re.compile(r"Other files \+200.GB"))
    expect(attic.locator("tr[data-window='90']")).to_contain_text("or never")
    expect(fact(attic, "file_system_free")).to_contain_text("file system, ")
    expect(fact(attic, "unpaid")).to_contain_text("computed, 11")
    office = show(page, "storage", "office")
    expect(office.locator(".cell").first).to_contain_text("unknown")
    expect(office).to_contain_text("5 points over 0.3 days; needs 8 over 3.5 days")
    expect(fact(office, "used")).to_contain_text("unknown")
    expect(office.locator("[data-problem]")).to_have_text("Storage /mnt/gone: there is no such folder.")

    chart = card.get_by_role("img", name=re.compile("Space of"))
    expect(chart).to_have_attribute("aria-label", re.compile(r"Space of all nodes, last 30 days\. Used 16\.\d.TB, change \+"))
    card.get_by_role("button", name="1 y", exact=True).click()
    expect(chart).to_have_attribute("aria-label", re.compile("last year"))
    card.get_by_label("History of").select_option("attic")
    page.wait_for_timeout(1200)  # new rows come twice a second
    expect(chart).to_have_attribute("aria-label", re.compile(r"Space of attic, last year\. Used 5\.\d+.TB"))
    assert re.findall(r"from=(-\d+d)", " ".join(asked)) == ["-30d", "-365d"]


def test_a_late_answer_puts_no_older_row_in_the_place_of_a_newer_one(
    new_page: Callable[..., Page], page_server: Callable[..., Any]
) -> None:
    """A row that is open is asked for again when it changes, though the answer before has not come."""
    page, asked, held, sockets, snaps = new_page(), list[str](), list[Route](), list[WebSocketRoute](), list[Any]()

    def watch(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        sockets.append(socket)

        def pass_on(text: str | bytes) -> None:
            message = json.loads(text)
            if message["k"] == "snap":
                snaps.append(message)
            socket.send(text)

        server.on_message(pass_on)

    def between(route: Route) -> None:
        asked.append(route.request.url)
        held.append(route)

    def answer(route: Route, version: str) -> None:
        body = route.fetch().json()
        body["rows"][0]["version"]["value"] = version
        route.fulfill(json=body)

    page.route_web_socket(re.compile(r"/ws\?protocol=\d+$"), watch)
    page.route(re.compile(r"/api/v1/health\?.*part=rows"), between)
    open_page(page, page_server().url)
    row = show(page, "health", "attic")
    expect(row.locator("[role=status]")).to_be_visible()
    topic = snaps[-1]["topics"]["health"]
    changed = {**topic["rows"]["attic"], "down_hours_30d": 5.0}
    told = {"health": {"n": topic["n"] + 1, "as_of": topic["as_of"], "set": {"attic": changed}, "del": []}}
    sockets[-1].send(json.dumps({"k": "delta", "now": snaps[-1]["now"], "topics": told}))
    expect(row).to_contain_text(re.compile(r"5\sh\w* down in 30 d"))
    end = time.monotonic() + PATIENCE_S
    while len(held) < 2:
        assert time.monotonic() < end, "it is asked again"
        page.wait_for_timeout(50)
    answer(held[1], "0.0.2")
    expect(fact(row, "version")).to_contain_text("0.0.2")
    with page.expect_event("requestfinished"):
        answer(held[0], "0.0.1")
    drawn(page)
    assert "0.0.2" in fact(row, "version").inner_text()


def test_a_forecast_that_is_not_known(new_page: Callable[..., Page], page_server: Callable[..., Any]) -> None:
    page = open_page(new_page(), page_server("--young").url)
    rows = page.locator("#card-storage .rows > li")
    for row in rows.all():
        expect(row.locator("summary")).to_contain_text("unknown")
        expect(row.locator("summary")).to_contain_text("too little data")


def test_earnings_of_the_month_and_the_past(new_page: Callable[..., Page], page_server: Callable[..., Any]) -> None:
    server = page_server()
    page = open_page(new_page(), server.url)
    card = page.locator("#card-earnings")
    expect(card.locator("[data-tile=now]")).to_contain_text("$7.67")
    expect(card.locator("[data-tile=expected]")).to_contain_text("$10.04")
    expect(card.locator("[data-tile=theirs]")).to_contain_text("Ours is $0.13 less. See garage-8tb.")
    expect(card.locator("[data-tile=undistributed]")).to_contain_text("$15.84")
    expect(card.locator("[data-tile=expected]")).to_contain_text("$9.00 to $11.00, 90 % likely")
    expect(card.locator("[data-tile=expected]")).to_contain_text(re.compile(r"5\.02.EUR"))
    expect(card.locator("[data-tile=profit]")).to_contain_text(re.compile(r"−\$2\.50.*after \$12\.50 of power, \$0\.00 fixed; without"))
    expect(card.get_by_role("img", name=re.compile("Aug 2026: .* expected by its end, .*, 90 % likely"))).to_be_visible()
    expect(card.locator("[data-unpaid]")).to_contain_text("$0.53")
    expect(card.locator("[data-category=held]")).to_contain_text("−$2.56")
    expect(card.locator("[data-category=egress]")).to_contain_text(re.compile(r"1\.23.TB"))
    expect(card).to_contain_text("Without figures of this month: office.")
    row = show(page, "earnings", "garage-8tb")
    expect(row.get_by_role("list", name="Why ours differs")).to_contain_text("asked at different moments")
    expect(row.locator(f'tr[data-satellite="{US1}"]')).to_contain_text("$0.80")
    expect(row).to_contain_text(re.compile(r"25 % is held now · 0 % from Oct 2026 · \$0\.75 comes back in Apr 2027"))
    expect(show(page, "earnings", "cellar")).to_contain_text(re.compile(r"disqualified \d{4}-"))

    expect(card.get_by_role("img", name=re.compile("Paid by month, Mar 2025 to Jul 2026"))).to_be_visible()
    card.get_by_text("As a table").click()
    table = card.get_by_role("region", name="Paid by month, table")
    expect(table.get_by_role("row", name=re.compile("Jul 2026"))).to_contain_text("$7.40")
    card.get_by_text("Single paystubs").click()
    stubs = card.get_by_role("region", name="Single paystubs, table")
    expect(stubs.get_by_role("row", name=re.compile("Jun 2026")).get_by_role("link")).to_have_attribute(
        "href", re.compile("^https://explorer")
    )
    expect(stubs.get_by_role("link")).to_have_count(1)
    expect(stubs.get_by_role("row", name=re.compile("May 2026"))).to_contain_text("part is held back")
    expect(card.get_by_role("link", name="Profit as CSV")).to_be_visible()
    expect(card.get_by_role("link", name="Paystubs as CSV")).to_have_attribute("href", server.url + "api/v1/earnings.csv?kind=paystubs")
    page.get_by_role("button", name="Nodes shown").click()
    page.get_by_role("button", name="Only attic", exact=True).click()
    expect(card.get_by_role("link", name="Estimates as CSV")).to_have_attribute("href", re.compile(r"kind=estimates&node=attic$"))
    expect(card.locator("[data-tile=theirs]")).to_contain_text("Agrees with ours to the cent.")


def test_health_of_nodes_with_and_without_an_api(new_page: Callable[..., Page], page_server: Callable[..., Any]) -> None:
    page = open_page(new_page(), page_server().url)
    nodes = page.locator("#card-health .rows > li").evaluate_all("(rows) => rows.map((row) => row.dataset.node)")
    assert nodes[:2] == ["cellar", "office"], "trouble first"
    cellar = show(page, "health", "cellar")
    expect(cellar).to_contain_text(re.compile(r"v1\.104\.5\s*too old, minimum v1\.120\.4"))
    expect(cellar).to_contain_text("Misconfigured")
    expect(cellar).to_contain_text("not healthy")
    expect(fact(cellar, "wallet")).to_contain_text("0x71C7656EC7ab88b098defB751B7401B5f6d8976F")
    expect(cellar.get_by_role("region", name="Transfers of cellar, table")).to_contain_text("180,211")
    office = show(page, "health", "office")
    expect(office.locator("[data-endpoint=api]")).to_contain_text(re.compile(r"API unreachable for 1.h"))
    expect(office).to_contain_text("connection refused")
    expect(office).to_contain_text("found on this machine, not from the settings")
    expect(office).to_contain_text("away now")
    expect(fact(office, "version")).to_contain_text(re.compile(r"v1\.145\.3\s*log, 2.h ago"))
    expect(fact(office, "quic")).to_contain_text("unknown")
    page.get_by_role("button", name="Help: Node health").click()
    expect(page.locator("#health-help")).to_contain_text("About wallet.")


def test_the_last_words_of_a_node_that_is_down_are_seen_first(new_page: Callable[..., Page], page_server: Callable[..., Any]) -> None:
    page = open_page(new_page(), page_server().url)
    office = page.locator('#card-health li[data-node="office"]')
    expect(office.locator("[data-uptime=down]")).to_contain_text(re.compile(r"^down 1\d.min"))
    words = office.locator("summary .last-words")
    expect(words).to_contain_text("Last words, 4 failed starts")
    expect(words.locator(".word").first).to_contain_text("logSlots calculation mismatch")
    expect(words.locator(".word.cause")).to_have_count(1)
    expect(show(page, "health", "office")).to_contain_text("Does not start: 4 starts failed.")
    expect(page.locator('#card-health li[data-node="attic"] .last-words')).to_have_count(0)


def test_a_server_that_does_not_know_these_topics(new_page: Callable[..., Page], page_server: Callable[..., Any]) -> None:
    page = new_page()
    heard = complaints(page)
    open_page(page, page_server("--old").url)
    for card in NODE_CARDS:
        expect(page.locator(f"#card-{card}")).to_have_attribute("data-state", "empty")
        expect(page.locator(f"#card-{card}")).to_contain_text("older than this page")
    expect(page.locator("#card-satellites")).to_have_attribute("data-state", "ready")
    assert heard == []


def test_empty_loading_and_stale(new_page: Callable[..., Page], page_server: Callable[..., Any]) -> None:
    page = new_page()
    page.route_web_socket(re.compile(r"/ws\?protocol=\d+$"), lambda socket: None)
    server = page_server("--empty")
    page.goto(server.url)
    for card in NODE_CARDS:
        expect(page.locator(f"#card-{card}")).to_have_attribute("data-state", "loading")

    page = open_page(new_page(), server.url)
    for card in NODE_CARDS:
        expect(page.locator(f"#card-{card}")).to_have_attribute("data-state", "empty")
    server.stop()
    for card in NODE_CARDS:
        expect(page.locator(f"#card-{card}")).to_have_attribute("data-state", "stale")
        expect(page.locator(f"#card-{card}")).to_contain_text("as of")


def test_a_question_that_fails_is_said(new_page: Callable[..., Page], page_server: Callable[..., Any]) -> None:
    page = new_page()
    answers = {"broken": True}

    def between(route: Any) -> None:
        if answers["broken"]:
            route.fulfill(status=503, json={"error": {"code": "unavailable", "message": "The database is busy."}})
        else:
            route.continue_()

    page.route(re.compile("/api/v1/(storage|earnings)"), between)
    open_page(page, page_server().url)
    for card in ("storage", "earnings"):
        expect(page.locator(f"#card-{card} [role=alert]")).to_contain_text("The database is busy.")
    answers["broken"] = False
    for card in ("storage", "earnings"):
        page.locator(f"#card-{card}").get_by_role("button", name="Try again").click()
        expect(page.locator(f"#card-{card} [role=alert]")).to_have_count(0)
    expect(page.locator("#card-storage").get_by_role("img", name=re.compile("Space of"))).to_be_visible()


def test_text_of_nodes_stays_text(new_page: Callable[..., Page], page_server: Callable[..., Any]) -> None:
    page = new_page()
    heard = complaints(page)
    open_page(page, page_server("--hostile").url)
    open_everything(page)
    for card in NODE_CARDS:
        expect(page.locator(f"#card-{card}")).to_contain_text("<script>window.pwned=1</script>")
    assert page.evaluate("window.pwned") is None
    assert page.locator("main img:not([role]), main script").count() == 0
    assert page.evaluate("window.violations") == []
    assert heard == []


def test_sections_by_keyboard_and_address(new_page: Callable[..., Page], page_server: Callable[..., Any]) -> None:
    server = page_server()
    page = open_page(new_page(), server.url)
    links = page.get_by_role("navigation", name="Sections").get_by_role("link")
    names = [name.split("\n")[0] for name in links.all_inner_texts()]
    assert [name.rstrip("0123456789") for name in names] == [
        "Now",
        "Findings",
        "Nodes",
        "Reputation",
        "Storage",
        "Earnings",
        "Traffic",
        "Events",
        "Log",
    ]
    expect(links.nth(0)).to_have_attribute("aria-current", "location")
    earnings = links.filter(has_text="Earnings")
    earnings.focus()
    page.keyboard.press("Enter")
    expect(earnings).to_have_attribute("aria-current", "location")
    expect(page).to_have_url(re.compile("#earnings$"))
    top = page.locator("#card-earnings").bounding_box()
    bar = page.get_by_role("navigation", name="Sections").bounding_box()
    assert top is not None
    assert bar is not None
    assert bar["y"] + bar["height"] <= top["y"] <= bar["y"] + bar["height"] + 60, "not hidden below the bar"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('#earnings') !== null"), "the keyboard goes on in the section"

    links.nth(8).click()
    expect(links.nth(8)).to_have_attribute("aria-current", "location")
    page = open_page(new_page(), server.url + "#storage")
    expect(page.get_by_role("link", name="Storage")).to_have_attribute("aria-current", "location")
    expect(page.locator("#card-storage")).to_be_in_viewport()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_names_and_contrast(new_page: Callable[..., Page], page_server: Callable[..., Any], scheme: str) -> None:
    page = open_page(new_page(color_scheme=scheme, reduced_motion="reduce"), page_server().url)
    open_everything(page)
    assert page.evaluate(UNNAMED) == []
    assert page.evaluate(LOW_CONTRAST) == []


def test_opened_on_a_phone(new_page: Callable[..., Page], page_server: Callable[..., Any]) -> None:
    page = open_page(new_page(viewport={"width": 375, "height": 812}, is_mobile=True, has_touch=True), page_server("--hostile").url)
    open_everything(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    assert page.evaluate("Array.from(document.querySelectorAll('.card')).every((card) => card.getBoundingClientRect().right <= 375)")
    links = page.get_by_role("navigation", name="Sections").get_by_role("link")
    links.nth(5).click()
    expect(links.nth(5)).to_be_in_viewport()
