"""Routes: what a handler takes is found when its route is built; a handler that takes anything else is refused then."""

from collections.abc import Callable

import pytest
from fastapi import Request
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.responses import Response

from api.app import routed_app
from api.context import Context
from api.routing import FlatRoute, routes
from tests.api.consortium import Consortium

pytestmark = pytest.mark.api


def test_every_route_that_is_documented_is_flat() -> None:
    app = routed_app()
    found = [one.original_route for one in iter_route_contexts(app.routes)]
    ours = [route for route in found if isinstance(route, APIRoute)]
    assert len(ours) >= len(app.openapi()["paths"])
    assert [route.path for route in ours if not isinstance(route, FlatRoute)] == []


def of_the_request(request: Request) -> Response:
    return Response(request.method)


def of_a_body(context: Context, body: dict[str, int]) -> Response:
    return Response(str(body), context.settings.threads)


async def that_waits_for_a_body(context: Context, body: dict[str, int]) -> Response:
    return Response(str(body), context.settings.threads)


@pytest.mark.parametrize("handler", [of_the_request, of_a_body, that_waits_for_a_body])
def test_a_handler_that_takes_anything_else_is_refused_when_it_is_built(handler: Callable[..., Response]) -> None:
    with pytest.raises(AssertionError, match="a handler takes"):
        routes("records").get("/things")(handler)


@pytest.mark.parametrize("query", ["version=0", "version=x", "version=", "version=1&version=x", "version=%00"])
def test_a_parameter_that_is_not_as_documented_is_named_without_its_value(shared: Consortium, query: str) -> None:
    answer = shared.client.get(f"/v1/records/0x{'0' * 64}?{query}")
    assert (answer.status_code, answer.json()["detail"]) == (400, "parameters not as documented: query.version")


def test_a_body_that_is_too_large_is_said_before_a_parameter_is_read(shared: Consortium) -> None:
    answer = shared.client.post("/v1/submissions?wait=x", content=bytes(9 * 2**20))
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
