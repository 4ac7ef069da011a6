import { describe, expect, it } from "vitest";
import { age, ago, axisRate, bytes, clockTime, count, country, duration, lasting, percent, plural, shortId, since, sizeClass, span, splitBytes } from "../src/format";

const plain = (text: string): string => text.replaceAll("\u00a0", " ");

describe("sizes are decimal with three digits", () => {
  it.each([
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1.00 kB"],
    [1024, "1.02 kB"],
    [9_994, "9.99 kB"],
    [9_996, "10.0 kB"],
    [99_960, "100 kB"],
    [999_499, "999 kB"],
    [999_500, "1.00 MB"],
    [2_319_360, "2.32 MB"],
    [4_398_046_511_104, "4.40 TB"],
    [1e21, "1,000 EB"],
    [-5, "0 B"],
  ])("%d → %s", (value, text) => {
    expect(plain(bytes(value))).toBe(text);
  });

  it("says that it does not know rather than NaN", () => {
    expect(splitBytes(Number.NaN).value).toBe("–");
    expect(count(Number.NaN)).toBe("–");
  });

  it("labels ticks without trailing zeros", () => {
    expect(plain(axisRate(0))).toBe("0");
    expect(plain(axisRate(1_500_000))).toBe("1.5 MB/s");
    expect(plain(axisRate(20_000_000))).toBe("20 MB/s");
    expect(plain(axisRate(200_000))).toBe("200 kB/s");
  });
});

describe("shares are never rounded to all or nothing", () => {
  it.each([
    [0, 0, "–"],
    [0, 10, "0 %"],
    [10, 10, "100 %"],
    [99_999, 100_000, "> 99.9 %"],
    [1, 100_000, "< 0.1 %"],
    [1, 3, "33.3 %"],
  ])("%d of %d → %s", (part, whole, text) => {
    expect(plain(percent(part, whole))).toBe(text);
  });
});

describe("counts", () => {
  it.each([
    [0, "0"],
    [999_999, "999,999"],
    [1_000_000, "1.00 M"],
    [17_280_000, "17.3 M"],
    [2_500_000_000, "2.50 G"],
  ])("%d → %s", (value, text) => {
    expect(plain(count(value))).toBe(text);
  });

  it("knows one from many", () => {
    expect(plain(plural(1, "kind"))).toBe("1 kind");
    expect(plain(plural(2, "kind"))).toBe("2 kinds");
  });
});

describe("durations are no finer than they were measured", () => {
  it.each([
    [null, 1000, "–"],
    [-1, 1000, "–"],
    [5, null, "–"],
    [0, 1000, "≤ 1 s"],
    [1000, 1000, "≤ 1 s"],
    [1013, 1000, "≤ 1 s"],
    [4000, 1000, "≈ 4 s"],
    [125_000, 1000, "≈ 2 min 5 s"],
    [0, 1, "0 ms"],
    [412, 1, "412 ms"],
    [1412, 1, "1.4 s"],
  ])("%s ms at %d ms → %s", (value, resolution, text) => {
    expect(plain(duration(value, resolution))).toBe(text);
  });
});

describe("ages and spans", () => {
  it.each([
    [0, "now"],
    [12, "12 s ago"],
    [89, "89 s ago"],
    [90, "1 min ago"],
    [7200, "2 h ago"],
    [172_800, "2 d ago"],
  ])("%d → %s", (value, text) => {
    expect(plain(ago(value))).toBe(text);
  });

  it("has no age for what never was", () => {
    expect(age(Number.POSITIVE_INFINITY)).toBe("–");
  });

  it.each([
    [7, "7 s"],
    [108, "1 min 48 s"],
    [9511, "2 h 38 min"],
  ])("span %d → %s", (value, text) => {
    expect(plain(span(value))).toBe(text);
  });
});

describe("names", () => {
  it("shortens ids only when that helps", () => {
    expect(shortId("12EayRS2V1kEsWESU9QMRseFhdxYxKicsiFmxrsLZHeLUtdps3S")).toBe("12Eay…ps3S");
    expect(shortId("short")).toBe("short");
  });

  it("names countries and survives what is no country", () => {
    expect(country("DE")).toBe("Germany");
    expect(country("")).toBe("Unknown or private");
    expect(country("<b>")).toBe("<b>");
  });

  it("names size classes", () => {
    expect(sizeClass(0)).toBe("< 1 KiB");
    expect(sizeClass(9)).toBe("9");
  });
});

describe("since", () => {
  it("says an hour only when it is one", () => {
    expect(since(null)).toBe("last 60 min");
    expect(since({ asOf: 7200, from: 3600 })).toBe("last 60 min");
    expect(since({ asOf: 7200, from: 6000 })).toBe(`since ${clockTime(6000)}`);
    expect(since({ asOf: 0, from: 6000 })).toBe("last 60 min");
  });
});

it("says how long something lasted", () => {
  expect([0, 45, 3000, 7200, 3 * 86400].map((seconds) => plain(lasting(seconds)))).toEqual(["a moment", "45 s", "50 min", "2 h", "3 d"]);
});
