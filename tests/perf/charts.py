"""Small hand-made SVG charts for reports: lines over time, and pairs of bars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 640, 260, 56, 40, 34
COLOURS = ("#8a8f98", "#1f6feb", "#2da44e", "#bf8700", "#cf222e", "#8250df")


def line_chart(title: str, unit: str, series: Mapping[str, Sequence[tuple[float, float]]]) -> str:
    """Series of (x seconds, y) as one SVG document."""
    points = [p for values in series.values() for p in values]
    x_max = max((x for x, _ in points), default=1) or 1
    y_max = _round_up(max((y for _, y in points), default=1))
    parts = [_frame(title, unit, y_max), text(WIDTH - 8, HEIGHT - 8, f"{x_max:.0f} s", "end")]
    for i, (name, values) in enumerate(series.items()):
        colour = COLOURS[i % len(COLOURS)]
        path = " ".join(f"{LEFT + x / x_max * (WIDTH - LEFT - 10):.1f},{_y(y, y_max):.1f}" for x, y in values)
        parts.append(f'<polyline fill="none" stroke="{colour}" stroke-width="1.5" points="{path}"/>')
        parts.append(legend(i, name, colour))
    return document(parts)


def bar_chart(title: str, unit: str, groups: Sequence[tuple[str, Sequence[float | None]]], names: Sequence[str]) -> str:
    """Groups of bars (one for each name) as one SVG document; None leaves a gap."""
    y_max = _round_up(max((v for _, values in groups for v in values if v is not None), default=1))
    parts = [_frame(title, unit, y_max)]
    step = (WIDTH - LEFT - 10) / max(1, len(groups))
    bar = step * 0.8 / max(1, len(names))
    for g, (label, values) in enumerate(groups):
        x = LEFT + g * step + step * 0.1
        for i, value in enumerate(values):
            if value is None:
                continue
            y = _y(value, y_max)
            parts.append(
                f'<rect x="{x + i * bar:.1f}" y="{y:.1f}" width="{bar:.1f}" height="{HEIGHT - BOTTOM - y:.1f}" '
                f'fill="{COLOURS[i % len(COLOURS)]}"><title>{escape(label)}: {value:g} {escape(unit)}</title></rect>'
            )
            parts.append(text(x + (i + 0.5) * bar, y - 3, f"{value:.3g}", "middle", 9))
        parts.append(text(x + step * 0.4, HEIGHT - BOTTOM + 13, label, "middle", 9 if step > 70 else 7))
    parts += [legend(i, name, COLOURS[i % len(COLOURS)]) for i, name in enumerate(names)]
    return document(parts)


def _y(value: float, y_max: float) -> float:
    return TOP + (1 - value / y_max) * (HEIGHT - BOTTOM - TOP)


def _round_up(value: float) -> float:
    """The next of 1, 2, 5 times a power of ten."""
    if value <= 0:
        return 1.0
    size = 10.0 ** (len(f"{value:.0f}") - 1) if value >= 1 else 0.01
    while True:
        for factor in (1, 2, 5):
            if size * factor >= value:
                return size * factor
        size *= 10


def _frame(title: str, unit: str, y_max: float) -> str:
    lines = [text(LEFT, 14, title, "start", 12)]
    for i in range(5):
        y = _y(y_max * i / 4, y_max)
        lines.append(f'<line x1="{LEFT}" x2="{WIDTH - 10}" y1="{y:.1f}" y2="{y:.1f}" stroke="#d0d7de" stroke-width="0.6"/>')
        lines.append(text(LEFT - 5, y + 3, f"{y_max * i / 4:g}", "end", 9))
    lines.append(text(LEFT - 5, TOP - 8, unit, "end", 9))
    return "".join(lines)


def legend(number: int, name: str, colour: str) -> str:
    """The `number`th entry of the legend."""
    x = LEFT + number * 180
    return f'<rect x="{x}" y="20" width="9" height="9" fill="{colour}"/>' + text(x + 13, 28, name, "start", 10)


def text(x: float, y: float, text: str, anchor: str, size: int = 10) -> str:
    """A text element; `anchor` is start, middle or end."""
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}">{escape(text)}</text>'


def document(parts: Sequence[str]) -> str:
    """The elements as one SVG document."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" fill="#24292f">'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>' + "".join(parts) + "</svg>\n"
    )
