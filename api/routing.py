"""Routes: what their handlers take is found once, when a route is built, and not anew for each request.

The framework goes through the tree of a handler's dependencies on every request, with parameters, headers and cookies
at each node. Ours have none below the first level: a context, a received request, and documented parameters.
"""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from inspect import iscoroutinefunction, signature
from typing import Any

from fastapi import APIRouter, Request
from fastapi._compat import ModelField
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response


@dataclass(frozen=True, slots=True)
class _Parameter:
    """A documented parameter: the name that its handler gives it, where its text is, and how it is read."""

    name: str
    loc: tuple[str, str]
    is_required: bool
    default: Any
    field: ModelField

    def value(self, texts: Mapping[str, Any], wrong: list[Any]) -> Any:
        """Return the value among these texts, its default if left out; adds to `wrong` what is not as documented."""
        text = texts.get(self.loc[1])
        if text is None:
            if self.is_required:
                wrong.append({"type": "missing", "loc": self.loc, "msg": "", "input": None})
            return self.default
        value, errors = self.field.validate(text, {}, loc=self.loc)
        wrong.extend(errors)
        return value


def _parameters(place: str, fields: Sequence[ModelField]) -> list[_Parameter]:
    return [
        _Parameter(field.name, _loc(place, field), field.field_info.is_required(), field.default, field)
        for field in fields
    ]


def _loc(place: str, field: ModelField) -> tuple[str, str]:
    return place, field.validation_alias or field.alias


class FlatRoute(APIRoute):
    """A route whose handler takes what is made of the request alone, and parameters; a plain one runs in a thread."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler of a request; raises AssertionError for a handler that takes anything else."""
        needs, endpoint = self.dependant, self.endpoint
        makers = [(one.name, one.call) for one in needs.dependencies if one.name is not None and one.call is not None]
        in_path, in_query = _parameters("path", needs.path_params), _parameters("query", needs.query_params)
        taken = {name for name, _ in makers} | {parameter.name for parameter in (*in_path, *in_query)}
        if taken != set(signature(endpoint).parameters):
            raise AssertionError(f"{self.path}: a handler takes context, request, parameters of path and query")
        answered = endpoint if iscoroutinefunction(endpoint) else partial(run_in_threadpool, endpoint)

        async def handle(request: Request) -> Response:
            values: dict[str, Any] = {name: await make(request) for name, make in makers}
            wrong: list[Any] = []
            for parameters, texts in ((in_path, request.path_params), (in_query, request.query_params)):
                for parameter in parameters:
                    values[parameter.name] = parameter.value(texts, wrong)
            if wrong:
                raise RequestValidationError(wrong)
            response: Response = await answered(**values)
            return response

        return handle


def routes(tag: str) -> APIRouter:
    """Return an empty router for the routes of one noun."""
    return APIRouter(tags=[tag], route_class=FlatRoute)
