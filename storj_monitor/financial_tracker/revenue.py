"""What a TB brings, and what lies on the disk that nobody pays for."""

from __future__ import annotations

from collections.abc import Iterable

from storj_monitor.model.estimates import TB_BYTES, MonthEstimate, Revenue, SatelliteEstimate, UnpaidData


def revenue_per_tb(estimate: MonthEstimate) -> Revenue:
    """Gross revenue per TB-month stored and per TB sent (egress, repair and audit). A month so far counts the TB-months so far."""
    usage = estimate.usage
    sent_bytes = usage.egress_bytes + usage.repair_bytes + usage.audit_bytes
    return Revenue(
        storage_usd_micros_per_tb_month=_per_tb(estimate.storage_usd_micros, usage.storage_byte_months),
        egress_usd_micros_per_tb=_per_tb(estimate.egress_usd_micros + estimate.repair_usd_micros + estimate.audit_usd_micros, sent_bytes),
        all_usd_micros_per_tb_month=_per_tb(estimate.gross_usd_micros, usage.storage_byte_months),
    )


def _per_tb(usd_micros: int, amount: float) -> int | None:
    return round(usd_micros / (amount / TB_BYTES)) if amount > 0 else None


def storage_price_usd_micros(satellites: Iterable[SatelliteEstimate]) -> int:
    """One storage price for a node: the satellites' prices weighted by what they store, plain mean when they store nothing; 0 for none."""
    rows = [one for one in satellites if one.disqualified_ms is None]
    weights = [one.now.usage.storage_byte_months for one in rows]
    total = sum(weights)
    prices = [one.prices.storage_usd_micros_per_tb_month for one in rows]
    if not rows:
        return 0
    if total <= 0:
        return round(sum(prices) / len(prices))
    return round(sum(price * weight for price, weight in zip(prices, weights, strict=True)) / total)


def unpaid_data(trash_bytes: int, reclaimable_bytes: int, uncollected_bytes: int, storage_usd_micros_per_tb_month: int) -> UnpaidData:
    """Trash waits to be deleted, reclaimable bytes for compaction; uncollected pieces are on the disk but in no satellite's tally.

    Negative figures (two sources that do not quite agree) count as 0.
    """

    def worth(size_bytes: int) -> int:
        return size_bytes * storage_usd_micros_per_tb_month // TB_BYTES

    trash, reclaimable, uncollected = (max(0, size) for size in (trash_bytes, reclaimable_bytes, uncollected_bytes))
    return UnpaidData(
        trash_bytes=trash,
        reclaimable_bytes=reclaimable,
        uncollected_bytes=uncollected,
        trash_usd_micros_per_month=worth(trash),
        reclaimable_usd_micros_per_month=worth(reclaimable),
        uncollected_usd_micros_per_month=worth(uncollected),
    )


def sum_unpaid(parts: Iterable[UnpaidData | None]) -> UnpaidData | None:
    """Unpaid data of all nodes that tell it; None for none."""
    known = [one for one in parts if one is not None]
    if not known:
        return None
    return UnpaidData(**{name: sum(getattr(one, name) for one in known) for name in UnpaidData.__struct_fields__})
