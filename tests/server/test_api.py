"""/api/v1, /metrics, /healthz and the OpenAPI document, against the answers of a running server."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import jsonschema
import pytest
from server.server_fakes import BROKEN, REFUSED, Serve

from storj_monitor.server import openapi


def resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """A schema of the document with its references still working."""
    return {**schema, "components": document["components"]}


async def test_every_path_of_the_document_answers_as_it_says(serve: Serve) -> None:
    one = await serve()
    async with one.http.get(one.url + "/api/v1/openapi.json") as response:
        assert response.content_type == "application/json"
        document = await response.json()
    assert document["openapi"].startswith("3.1") and document["info"]["version"] == "9.9.9"
    assert len(document["paths"]) == 14
    assert document["paths"].pop("/api/v1/load")  # no question about the past: see test_server_load.py
    assert document["paths"].pop("/api/v1/store")  # nor this: see test_server_store.py
    for path, item in document["paths"].items():
        async with one.http.get(one.url + path, params={"from": "-24h", "bucket": "hour", "node": "b"}) as response:
            assert response.status == 200, path
            assert response.headers["Cache-Control"] == "no-store"
            answer = await response.json()
        schema = item["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        jsonschema.Draft202012Validator(resolved(document, schema)).validate(answer)
        assert answer["nodes"] == ["b"]
        assert (answer["from"] % 3600, answer["to"] % 3600) == (0, 0)
        name, window = one.questions.asked[-1]
        assert path == f"/api/v1/{name}"
        assert (window.from_s, window.to_s, window.bucket_s, window.nodes) == (answer["from"], answer["to"], 3600, ("b",))


def test_the_document_is_sound() -> None:
    document: Any = openapi.document("1.0")
    for schema in document["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)
    names = {parameter["name"] for parameter in document["components"]["parameters"].values()}
    assert names == {"from", "to", "bucket", "node"}


def test_the_schemas_are_strict_enough_to_fail() -> None:
    schema = openapi.answer_schema("countries")
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"from": 1, "to": 2, "as_of": 1, "nodes": [], "rows": [{"country": "DE"}]}, schema)


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/api/v1/traffic?from=yesterday", 400, "bad_parameter"),
        ("/api/v1/traffic?from=-30d&bucket=minute", 400, "bad_parameter"),
        ("/api/v1/actions?nodes=a", 400, "bad_parameter"),
        ("/api/v1/actions?node=zz", 404, "unknown_node"),
        ("/api/v1/nothing", 404, "unknown_path"),
        ("/api/v2", 404, "unknown_path"),
        ("/api/", 404, "unknown_path"),
        ("/ws", 426, "bad_parameter"),
    ],
)
async def test_errors_have_one_shape(serve: Serve, path: str, status: int, code: str) -> None:
    one = await serve()
    async with one.http.get(one.url + path) as response:
        assert response.status == status
        body = await response.json()
    jsonschema.validate(body, openapi.error_schema())
    assert body["error"]["code"] == code


async def test_other_methods_and_big_requests(serve: Serve) -> None:
    one = await serve()
    async with one.http.post(one.url + "/api/v1/traffic", json={}) as response:
        assert (response.status, (await response.json())["error"]["code"]) == (405, "bad_method")
        assert "GET" in response.headers["Allow"]
    form = {"password": "x" * 40_000}
    async with one.http.post(one.url + "/login", data=form) as response:
        assert (response.status, (await response.json())["error"]["code"]) == (413, "bad_parameter")
    async with one.http.get(one.url + "/api/v1/actions", params={"from": "9" * 9000}) as response:
        assert response.status == 400


@pytest.mark.parametrize(
    ("failure", "status", "code"),
    [(BROKEN, 503, "unavailable"), (REFUSED, 400, "bad_parameter"), (TimeoutError(), 503, "unavailable")],
)
async def test_a_question_that_fails(serve: Serve, failure: Exception, status: int, code: str) -> None:
    one = await serve()
    one.questions.failure = failure
    async with one.http.get(one.url + "/api/v1/sizes") as response:
        assert (response.status, (await response.json())["error"]["code"]) == (status, code)


async def test_a_bug_behind_a_question_is_an_error_of_the_same_shape_and_logged(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    one = await serve()
    one.questions.failure = ZeroDivisionError("secret detail")
    async with one.http.get(one.url + "/api/v1/sizes") as response:
        body = await response.text()
    assert response.status == 500 and "unavailable" in body and "secret" not in body
    assert "/api/v1/sizes failed" in caplog.text


async def test_a_csv_file_that_cannot_be_made_is_an_error_of_the_same_shape(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    class Broken:
        """Has all questions, and no answer to any."""

        failure: Exception

        def __getattr__(self, name: str) -> Callable[..., Awaitable[str]]:
            async def fail(*_: object) -> str:
                raise self.failure

            return fail

    node_queries = Broken()
    one = await serve(node_queries=node_queries)
    for failure, status in ((BROKEN, 503), (REFUSED, 400), (TimeoutError(), 503), (ZeroDivisionError("secret detail"), 500)):
        node_queries.failure = failure
        async with one.http.get(one.url + "/api/v1/earnings.csv") as response:
            body = await response.json()
        assert response.status == status and "secret" not in str(body)
        jsonschema.validate(body, openapi.error_schema())
    assert "/api/v1/earnings.csv failed" in caplog.text


async def test_auto_takes_the_finest_bucket_that_fits(serve: Serve) -> None:
    one = await serve()
    async with one.http.get(one.url + "/api/v1/traffic?from=-30d") as response:
        answer = await response.json()
    assert answer["bucket_s"] == 21600 and len(answer["times"]) <= 300
    assert answer["times"][0] == answer["from"] and answer["times"][-1] + 21600 == answer["to"]


async def test_healthz_and_metrics(serve: Serve) -> None:
    one = await serve()
    async with one.http.get(one.url + "/healthz") as response:
        assert (response.status, await response.text()) == (200, "ok")
    async with one.http.get(one.url + "/metrics") as response:
        text = await response.text()
        assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert 'storj_monitor_lag_bytes{node="a\\" …' in text  # a line end is shown as a space: see test_metrics_text.py
    assert 'storj_monitor_lines_total{kind="ignored",node="a"} 3.0' in text
    assert "storj_monitor_ws_clients 0.0" in text
    assert "# TYPE storj_monitor_ws_frames_total counter" in text


async def test_many_questions_at_once_are_all_answered(serve: Serve) -> None:
    one = await serve()

    async def ask() -> int:
        async with one.http.get(one.url + "/api/v1/nodes") as response:
            return response.status

    assert set(await asyncio.gather(*(ask() for _ in range(40)))) == {200}
