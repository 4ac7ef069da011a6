"""How long the tasks of a page's main thread are, in time of the processor: what else the machine does takes no part in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Page

CATEGORIES = ["toplevel", "devtools.timeline"]
TASK = "ThreadControllerImpl::RunTask"
REFERENCE_TASK = """() => {
    const table = document.createElement("table");
    for (let row = 0; row < 1500; row++) {
        const line = table.insertRow();
        for (let column = 0; column < 4; column++) line.insertCell().textContent = `${row} of ${column / 7}`;
    }
    document.body.append(table);
    const height = table.offsetHeight;
    table.remove();
    return height;
}"""
"""Work of known length, all in one task: how quick this machine is now at what pages are made of (elements, text, layout)."""


class Trace:
    """What the browser tells of all its processes while it is watched."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.complete = False

    def task_ms(self, address: str) -> list[float]:
        """The tasks of the main thread of the page at `address`, longest first, each in milliseconds of processor time."""
        main = {
            (event["pid"], event["tid"])
            for event in self.events
            if event["name"] == "thread_name" and event["args"]["name"] == "CrRendererMain"
        }
        of_page = {event["pid"] for event in self.events if event["name"] == "CommitLoad" and address in str(event["args"])}
        tasks = [
            event["tdur"] / 1000
            for event in self.events
            if event["name"] == TASK and "tdur" in event and event["pid"] in of_page and (event["pid"], event["tid"]) in main
        ]
        return sorted(tasks, reverse=True)


@contextmanager
def traced(page: Page) -> Iterator[Trace]:
    """Watches the browser of `page`; the trace is complete when this ends."""
    browser = page.context.browser
    assert browser is not None
    session = browser.new_browser_cdp_session()
    trace = Trace()

    def ended(_event: dict[str, Any]) -> None:
        trace.complete = True

    session.on("Tracing.dataCollected", lambda event: trace.events.extend(event["value"]))
    session.on("Tracing.tracingComplete", ended)
    session.send("Tracing.start", {"transferMode": "ReportEvents", "traceConfig": {"includedCategories": CATEGORIES}})
    try:
        yield trace
    finally:
        session.send("Tracing.end")
        while not trace.complete:
            page.wait_for_timeout(20)
        session.detach()
