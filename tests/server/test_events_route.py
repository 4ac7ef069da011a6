"""The parameters of /api/v1/events: every filter, paging, and every mistake named."""

from __future__ import annotations

import pytest

from storj_monitor.errors import RequestError
from storj_monitor.model.severity import Severity
from storj_monitor.model.stored_events import EventFilter
from storj_monitor.server.events_route import GROUPS, OWN, PAGE, read_filter
from storj_monitor.server.openapi import document


def test_without_parameters_all_pass() -> None:
    assert read_filter([("from", "-1h"), ("node", "a")]) == EventFilter(limit=PAGE)


def test_every_filter() -> None:
    query = [
        ("kind", "panic"),
        ("group", "Orders"),
        ("severity", "critical"),
        ("severity", "warning"),
        ("limit", "5"),
        ("before", "1700.12"),
    ]
    assert read_filter(query) == EventFilter(
        frozenset({"panic", "orders_settled", "orders_failed"}), frozenset({Severity.CRITICAL, Severity.WARNING}), (1700, 12), 5
    )


@pytest.mark.parametrize(
    "query",
    [
        [("kind", "nonsense")], [("group", "nonsense")], [("severity", "loud")], [("limit", "0")], [("limit", "501")], [("limit", "many")],
        [("before", "yesterday")], [("limit", "1"), ("limit", "2")], [("before", "1.1"), ("before", "2.2")],
    ],
)  # fmt: skip
def test_mistakes_name_the_parameter(query: list[tuple[str, str]]) -> None:
    with pytest.raises(RequestError, match=rf"^{query[0][0]}: "):
        read_filter(query)


def test_the_document_has_the_parameters() -> None:
    paths = document("1")["paths"]
    told = paths["/api/v1/events"]["get"]["parameters"]  # type: ignore[index]
    assert {one["name"] for one in told if "name" in one} == OWN
    assert "Garbage collection" in GROUPS
