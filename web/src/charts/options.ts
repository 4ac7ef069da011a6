/** uPlot options for figures over time; colours come from the theme at the moment of making. */
import type uPlot from "uplot";

/** A line of a chart; `color` and `soft` (the area below it) name properties of the theme. */
export interface Line {
  name: string;
  color: string;
  soft?: string;
  dash?: readonly number[];
}

export interface Palette {
  lines: { stroke: string; fill: string | null }[];
  grid: string;
  text: string;
}

export function palette(lines: readonly Line[]): Palette {
  const style = getComputedStyle(document.documentElement);
  const color = (name: string): string => style.getPropertyValue(name).trim();
  return {
    lines: lines.map((line) => ({ stroke: color(line.color), fill: line.soft === undefined ? null : color(line.soft) })),
    grid: color("--line"),
    text: color("--muted"),
  };
}

/** Top of the axis: a round number a little above the highest value, never below 1 kB/s. */
export function niceMax(highest: number): number {
  const wanted = Math.max(1000, highest * 1.08);
  const power = 10 ** Math.floor(Math.log10(wanted));
  const step = [1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].find((factor) => factor * power >= wanted) ?? 10;
  return step * power;
}

/** `tick` labels: time of day for short ranges, the date where a day begins. */
export function timeTicks(span: number): (self: uPlot, splits: number[]) => string[] {
  const two = (value: number): string => String(value).padStart(2, "0");
  return (_self, splits) =>
    splits.map((second) => {
      const date = new Date(second * 1000);
      if (span > 2 * 86400 || (span > 3600 && date.getHours() === 0 && date.getMinutes() === 0)) {
        return date.toLocaleDateString("en-GB", { day: "numeric", month: "short" });
      }
      return `${two(date.getHours())}:${two(date.getMinutes())}`;
    });
}

/** Distances of time ticks that a person reads easily, in seconds. */
const TIME_STEPS = [60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 432_000, 604_800];

export interface ChartShape {
  width: number;
  height: number;
  span: number;
  colors: Palette;
  lines: readonly Line[];
  axis: (value: number) => string;
  onCursor: (index: number | null) => void;
}

export function chartOptions({ width, height, span, colors, lines, axis: tick, onCursor }: ChartShape): uPlot.Options {
  const font = '12px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';
  const axis = { stroke: colors.text, font, ticks: { show: false }, grid: { stroke: colors.grid, width: 1 } };
  return {
    width,
    height,
    legend: { show: false },
    padding: [8, 20, 0, 0],
    cursor: {
      y: false,
      drag: { x: false, y: false },
      points: { size: 7 },
    },
    scales: { x: { time: true }, y: { range: (_self, _min, max) => [0, niceMax(max ?? 0)] } },
    axes: [
      { ...axis, grid: { show: false }, incrs: TIME_STEPS, space: 72, values: timeTicks(span), size: 28, gap: 6 },
      { ...axis, size: 76, gap: 8, space: 44, values: (_self, splits) => splits.map(tick) },
    ],
    series: [
      {},
      ...lines.map((line, place) => {
        const { stroke, fill } = colors.lines[place] ?? { stroke: colors.text, fill: null };
        return { label: line.name, stroke, width: 1.75, points: { show: false }, ...(fill === null ? {} : { fill }), ...(line.dash === undefined ? {} : { dash: [...line.dash] }) };
      }),
    ],
    hooks: {
      setCursor: [
        (self) => {
          onCursor(self.cursor.idx ?? null);
        },
      ],
    },
  };
}
