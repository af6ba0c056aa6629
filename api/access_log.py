"""One line per request: id, method, route template, status, milliseconds, agency. Never a path with an id, a body or a
value; never a header.
"""

import secrets
import time
import traceback
from collections.abc import MutableMapping
from typing import Any

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.auth import AGENCY_KEY
from api.metrics import Metrics
from api.problems import problem_response
from ledger.errors import GongzhiError

UNMATCHED = "unmatched"
REQUEST_ID_HEADER = b"x-request-id"


class AccessLog:
    """ASGI middleware: counts and logs what was answered, and answers 500 to what nobody else caught."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics
        self._log = structlog.get_logger("api")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and note how it was answered."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id, began, status = secrets.token_hex(8), time.perf_counter(), 0

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (REQUEST_ID_HEADER, request_id.encode())]
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except Exception as failure:  # noqa: BLE001 (the outermost place: what arrives here is a defect of ours)
            self._log.error("defect", request=request_id, error=type(failure).__name__, at=_where(failure))
            if not status:
                await problem_response(GongzhiError())(scope, receive, noting)
        self._note(scope, request_id, status, time.perf_counter() - began)

    def _note(self, scope: MutableMapping[str, Any], request_id: str, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", UNMATCHED)
        method = scope["method"] if route != UNMATCHED else "ANY"
        self._metrics.count_request(method, route, status, seconds)
        self._log.info(
            "request",
            request=request_id,
            method=method,
            route=route,
            status=status,
            milliseconds=round(seconds * 1000, 1),
            agency=scope.get(AGENCY_KEY),
        )


def _where(failure: BaseException) -> list[str]:
    # Places only: the message of an unforeseen error may quote what it stumbled over.
    frames = traceback.extract_tb(failure.__traceback__)
    return [f"{frame.name}:{frame.lineno}" for frame in frames[-6:]]
