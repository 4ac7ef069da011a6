"""How a typed event is put together: a class, and for each of its fields where in the line it comes from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from storj_monitor.log_processor.fields import MAX_TEXT, FieldNames, Fields
from storj_monitor.model.events import NodeEvent
from storj_monitor.model.hashstore_events import UNKNOWN_NUMBER, StoreStats
from storj_monitor.model.versions import MOST_VERSION
from storj_monitor.units import plain_text


class Said(NamedTuple):
    """One line, ready to be made into an event; `logger` and `message` as the node wrote them."""

    time_ms: int
    level: str
    logger: str
    message: str
    fields: Fields


Maker = Callable[[Said], NodeEvent]
Getter = Callable[[Said], Any]


def event(cls: type[NodeEvent], **getters: Getter) -> Maker:
    """A maker of `cls`; time, level and satellite are always the line's. The tests make every event once."""
    pairs = tuple(getters.items())

    def make(said: Said) -> NodeEvent:
        values = {name: get(said) for name, get in pairs}
        return cls(time_ms=said.time_ms, level=said.level, satellite=plain_text(said.fields.satellite()[:MAX_TEXT], MAX_TEXT), **values)

    return make


def always(value: object) -> Getter:
    return lambda said: value


def message(said: Said) -> str:
    return plain_text(said.message[:200], 200)


def text(name: str) -> Getter:
    return lambda said: said.fields.short(name)


def number(*names: str) -> Getter:
    """The first of several names that the line has: versions differ."""
    return lambda said: next((value for name in names if (value := said.fields.number(name)) >= 0), UNKNOWN_NUMBER)


def ratio(name: str, default: float = 0.0) -> Getter:
    return lambda said: said.fields.ratio(name, default)


def positive_ratio(name: str) -> Getter:
    return lambda said: said.fields.ratio_or_none(name)


def truth(name: str) -> Getter:
    return lambda said: said.fields.truth(name)


def length(name: str) -> Getter:
    return lambda said: said.fields.length(name)


def duration(name: str) -> Getter:
    return lambda said: said.fields.duration_ms(name)


def moment(name: str) -> Getter:
    return lambda said: said.fields.time_ms(name)


def amount(name: str) -> Getter:
    return lambda said: said.fields.amount(name)


def version(name: str) -> Getter:
    """Log fields have had a leading v since v1.151; the rest of the world has not."""
    return lambda said: said.fields.short(name).removeprefix("v")[:MOST_VERSION]


def store_stats(said: Said) -> StoreStats | None:
    """The `stats` object of a compaction; None when the line has none. Its names are Go's at every version."""
    raw = said.fields.nested("stats")
    if raw is None:
        return None
    names = FieldNames()
    stats = names(raw)
    table = names(stats.nested("table") or {})
    return StoreStats(
        logs=stats.number("num_logs"),
        log_amount=stats.amount("len_logs"),
        set_fraction=stats.ratio("set_percent"),
        trash_fraction=stats.ratio("trash_percent"),
        ttl_fraction=stats.ratio("ttl_percent"),
        compactions=stats.number("compactions"),
        logs_rewritten=stats.number("logs_rewritten"),
        rewritten=stats.amount("data_rewritten"),
        reclaimed=stats.amount("data_reclaimed"),
        reclaimable=stats.amount("data_reclaimable"),
        free_required=stats.amount("free_required"),
        records_set=table.number("num_set"),
        set_amount=table.amount("len_set"),
        records_trash=table.number("num_trash"),
        trash_amount=table.amount("len_trash"),
        records_ttl=table.number("num_ttl"),
        ttl_amount=table.amount("len_ttl"),
        table_amount=table.amount("table_size"),
        table_load=table.ratio("load"),
    )
