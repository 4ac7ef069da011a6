"""Pairs of measurements: the median difference and an interval for it that assumes nothing about how the noise is spread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb
from statistics import median

WISHED_CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Difference:
    """Of pairs (off, on): medians, the median of on - off, as a share of off too, and [low, high] around it.

    confidence -- that the true median lies in [low, high] (order statistics of the sign test); with 5 pairs 0.9375 is all there is
    """

    pairs: int
    off: float
    on: float
    median: float
    low: float
    high: float
    confidence: float
    share: float | None
    share_low: float | None
    share_high: float | None

    @property
    def verdict(self) -> str:
        """Whether the pairs show a difference at all."""
        if self.pairs < 5:
            return "too few pairs"
        return "less" if self.high < 0 else "more" if self.low > 0 else "no difference shown"


def compare_pairs(pairs: Sequence[tuple[float, float]]) -> Difference | None:
    """None without pairs."""
    if not pairs:
        return None
    low, high, confidence = interval([on - off for off, on in pairs])
    shares = [(on - off) / off for off, on in pairs if off > 0]
    share_low, share_high = interval(shares)[:2] if len(shares) == len(pairs) else (None, None)
    return Difference(
        len(pairs),
        median(off for off, _ in pairs),
        median(on for _, on in pairs),
        median(on - off for off, on in pairs),
        low,
        high,
        confidence,
        median(shares) if len(shares) == len(pairs) else None,
        share_low,
        share_high,
    )


def interval(values: Sequence[float]) -> tuple[float, float, float]:
    """The narrowest interval of order statistics that holds the median with the wished confidence (else the widest), and its confidence.

    P(the median lies below the k-th smallest of n) is the sum of C(n, i) / 2^n for i < k.
    """
    ordered = sorted(values)
    n = len(ordered)
    best = (ordered[0], ordered[-1], 1 - 2 / 2**n if n > 1 else 0.0)
    outside = 0.0
    for k in range(n // 2):
        outside += comb(n, k) / 2**n
        if 1 - 2 * outside < WISHED_CONFIDENCE:
            break
        best = (ordered[k], ordered[n - 1 - k], 1 - 2 * outside)
    return best
