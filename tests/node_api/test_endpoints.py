"""One endpoint with many routes: what one of them gives is not yet what the endpoint gives."""

from __future__ import annotations

from storj_monitor.errors import AnswerNotUnderstood, RouteHangs
from storj_monitor.model.node_answers import ApiState, ApiStatus, Endpoint
from storj_monitor.node_api.discovery import EndpointMonitor

NODE, ONE, TWO = "/api/sno/", "/api/sno/satellite/1", "/api/sno/satellite/2"


def watch() -> tuple[EndpointMonitor, list[ApiState]]:
    told: list[ApiState] = []
    return EndpointMonitor("a", Endpoint.API, "http://a", told.append, 1.0, NODE), told


def test_before_the_node_itself_was_asked_a_route_that_fails_says_nothing_of_the_api() -> None:
    endpoint, told = watch()
    endpoint.failed(ONE, AnswerNotUnderstood(ONE, "$", "HTTP 500"), 2.0)
    assert (endpoint.state.status, endpoint.state.detail) == (ApiStatus.UNKNOWN, "not asked yet")
    endpoint.succeeded(NODE, 3.0)
    assert (endpoint.state.status, endpoint.state.detail) == (ApiStatus.PARTIAL, f"{ONE}: HTTP 500")
    endpoint.succeeded(ONE, 4.0)
    assert [one.status for one in told] == [ApiStatus.UNKNOWN, ApiStatus.PARTIAL, ApiStatus.OK]


def test_what_is_no_api_of_a_node_at_all_is_not_understood() -> None:
    endpoint, _ = watch()
    endpoint.failed(NODE, AnswerNotUnderstood(NODE, "$", "HTTP 500"), 2.0)
    assert endpoint.state.status is ApiStatus.NOT_UNDERSTOOD


def test_a_proxy_that_waits_in_vain_for_one_route_makes_no_node_unreachable() -> None:
    """One route's 504 behind a proxy was an outage of the node."""
    endpoint, _ = watch()
    endpoint.succeeded(NODE, 2.0)
    for at in (3.0, 5.0, 9.0):
        endpoint.failed(ONE, RouteHangs(ONE, "HTTP 504"), at)
        assert endpoint.state.status is ApiStatus.PARTIAL
        endpoint.succeeded(TWO, at + 1)
    endpoint.failed(ONE, RouteHangs(ONE, "HTTP 504"), 20.0)
    endpoint.failed(NODE, RouteHangs(NODE, "HTTP 504"), 21.0)
    assert endpoint.state.status is ApiStatus.UNREACHABLE


def test_many_routes_that_hang_are_not_the_node_while_its_own_route_answers() -> None:
    """All satellites' routes hung: whenever two of them were asked one after the other, the node was called unreachable."""
    endpoint, told = watch()
    endpoint.succeeded(NODE, 2.0)
    for at in (3.0, 18.0, 33.0, 48.0):
        endpoint.failed(ONE, RouteHangs(ONE, "no whole answer within 15 s"), at)
        endpoint.failed(TWO, RouteHangs(TWO, "no whole answer within 15 s"), at + 7)
        assert endpoint.state.status is ApiStatus.PARTIAL
    assert endpoint.state.detail == f"{ONE}: no whole answer within 15 s (and 1 more)"
    assert len(told) == 3  # it answers; one route hangs; another one hangs, too: nothing changes after that
    endpoint.failed(NODE, RouteHangs(NODE, "no whole answer within 15 s"), 60.0)
    assert endpoint.state.status is ApiStatus.UNREACHABLE
