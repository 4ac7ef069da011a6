"""What happened to the database: at `/api/v1/store`, and told to pages that are open."""

from __future__ import annotations

import jsonschema
from patience import PATIENCE_S
from server.server_fakes import Serve


async def test_the_api_says_what_is_wrong_as_its_document_promises(serve: Serve) -> None:
    one = await serve()
    one.feeds.problem, one.feeds.notices = "disk I/O error", ["it was deleted"]
    async with one.http.get(one.url + "/api/v1/openapi.json") as response:
        document = await response.json()
    async with one.http.get(one.url + "/api/v1/store") as response:
        assert (response.status, response.headers["Cache-Control"]) == (200, "no-store")
        answer = await response.json()
    schema = document["paths"]["/api/v1/store"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    jsonschema.Draft202012Validator({**schema, "components": document["components"]}).validate(answer)
    assert (answer["problem"], answer["notices"]) == ("disk I/O error", ["it was deleted"])


async def test_a_page_that_is_open_is_told(serve: Serve) -> None:
    one = await serve()
    ws = await one.ws()
    assert (await ws.receive_json())["store"] == {"notices": []}
    one.feeds.notices = ["it was deleted"]
    while (message := await ws.receive_json(timeout=PATIENCE_S))["k"] != "hello":
        pass
    assert message["store"] == {"notices": ["it was deleted"]}
