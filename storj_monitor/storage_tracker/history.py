"""History of space: what is stored of a picture, and what is kept of it by age, so that a year of ten nodes stays a few thousand rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from storj_monitor.model.figures import Figure, Source
from storj_monitor.model.space import SpacePoint
from storj_monitor.storage_tracker.picture import SpacePicture

HOUR_S = 3600.0
DAY_S = 86_400.0

SNAPSHOT_S = 600.0
"""Store a point this often, and at once when the allocation changes."""

TIERS = ((26 * HOUR_S, SNAPSHOT_S), (40 * DAY_S, 4 * HOUR_S), (float("inf"), DAY_S))
"""(up to this age, one point a ...): 24 hours are 144 rows a node, 30 days 330, a year 720."""


def point_of(picture: SpacePicture) -> SpacePoint | None:
    """The picture as a row; None when it has neither used nor free space."""
    told = [f for f in (picture.used, picture.free, picture.allocated, picture.pieces) if f is not None]
    if picture.used is None and picture.free is None:
        return None
    source = next((f.source for f in told if f.source is not Source.COMPUTED), Source.COMPUTED)
    return SpacePoint(
        at=picture.taken_at,
        allocated=_value(picture.allocated),
        used=_value(picture.used),
        pieces=_value(picture.pieces),
        trash=_value(picture.trash),
        reclaimable=_value(picture.reclaimable),
        overhead=_value(picture.overhead),
        free=_value(picture.free),
        disk_free=_value(picture.file_system_free),
        reported=_value(picture.reported),
        source=source,
    )


def is_due(last: SpacePoint | None, point: SpacePoint) -> bool:
    """Whether the point is worth a row after the newest one that is stored."""
    if last is None or point.at >= last.at + SNAPSHOT_S:
        return True
    return point.at > last.at and point.allocated != last.allocated


def merge_points(known: Iterable[SpacePoint], more: Iterable[SpacePoint]) -> tuple[SpacePoint, ...]:
    """Both, oldest first, one for each moment; where two tell of the same moment the one that says more stays."""
    best: dict[float, SpacePoint] = {}
    for point in (*known, *more):
        old = best.get(point.at)
        if old is None or _weight(point) > _weight(old):
            best[point.at] = point
    return tuple(best[at] for at in sorted(best))


def thin(points: Sequence[SpacePoint], now: float) -> tuple[SpacePoint, ...]:
    """The last point of every bucket of its age (see TIERS). Thinning again changes nothing."""
    last: dict[tuple[float, int], SpacePoint] = {}
    for point in points:
        width = next(width for age, width in TIERS if now - point.at <= age)
        last[width, int(point.at // width)] = point
    return tuple(sorted(last.values(), key=lambda p: p.at))


def _value(figure: Figure[int] | None) -> int | None:
    return None if figure is None else figure.value


def _weight(point: SpacePoint) -> tuple[int, str]:
    return sum(v is not None for v in point), repr(point)
