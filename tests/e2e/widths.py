"""Whether a page keeps within its width, from the narrowest phone to a desk."""

from __future__ import annotations

from playwright.sync_api import Page

WIDTHS = (320, 375, 768, 1280)
OVER_THE_EDGE = """() => {
    const width = document.documentElement.clientWidth;
    const found = document.documentElement.scrollWidth > width ? [`the page is ${document.documentElement.scrollWidth} wide`] : [];
    const moves = (element) => {
        for (let above = element.parentElement; above !== null; above = above.parentElement) {
            if (["auto", "scroll"].includes(getComputedStyle(above).overflowX)) return true;
        }
        return false;
    };
    const words = (element) => `${element.tagName} ${element.className} ${element.textContent.trim().slice(0, 40)}`;
    const pen = document.createElement("canvas").getContext("2d");
    for (const element of document.querySelectorAll("body *")) {
        if (!element.checkVisibility({ visibilityProperty: true }) || element.closest(".visually-hidden") !== null) continue;
        const style = getComputedStyle(element);
        const box = element.getBoundingClientRect();
        if ((box.right > width + 1 || box.left < -1) && !moves(element)) found.push(`over the edge: ${words(element)}`);
        const cut = ["hidden", "clip"].includes(style.overflowX) && element.scrollWidth > element.clientWidth + 1;
        if (cut && style.textOverflow !== "ellipsis") found.push(`cut: ${words(element)}`);
        if (element.tagName === "SELECT") {
            pen.font = style.font;
            const arrow = 20;
            const needed = pen.measureText(element.selectedOptions[0].textContent).width + parseFloat(style.paddingLeft) + arrow;
            if (needed > box.width) found.push(`cut: ${words(element.selectedOptions[0])}`);
        }
    }
    return [...new Set(found)];
}"""


def fits(page: Page) -> None:
    """Nothing runs over the edge, and no word is cut but where dots say so."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.evaluate("() => new Promise((drawn) => { requestAnimationFrame(() => requestAnimationFrame(drawn)); })")
        assert page.evaluate(OVER_THE_EDGE) == [], f"{width} px wide"
