"""The HTTP surface of a gateway: one application per process, one file per noun under `routes/`."""

from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio.to_thread
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.types import Lifespan

from api.access_log import AccessLog
from api.context import make_context
from api.problems import install_problems
from api.routes import ROUTERS
from api.settings import ApiSettings
from ledger.services.gateway import Gateway
from ledger.services.relay import Relay

DESCRIPTION = """Agencies publish records with commitments, and read desensitized views with proofs.

Requests marked *signed* carry an RFC 9421 signature by the caller's Ethereum key (draft ERC-8128). Errors are problem
bodies (RFC 9457) with a stable `code`. Every look leaves an entry, which is anchored on chain."""


def create_app(gateway: Gateway, settings: ApiSettings, relay: Relay | None = None) -> FastAPI:
    """Return the application of a gateway; without a `relay` it takes no marks."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = settings.threads
        yield

    app = routed_app(lifespan)
    app.state.context = make_context(gateway, settings, relay)
    install_problems(app)
    app.add_middleware(AccessLog, metrics=app.state.context.metrics)
    return app


def routed_app(lifespan: Lifespan[FastAPI] | None = None) -> FastAPI:
    """Return an application with every route and no gateway behind it: what its OpenAPI document is made of.

    All routes are built here. FastAPI would build those of a router at the first request that meets it, with Python's
    warning filters changed meanwhile; these are the whole process's, so other threads must not be at it then.
    """
    app = FastAPI(
        title="Gongzhi gateway",
        version="1",
        description=DESCRIPTION,
        openapi_url="/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    for router in ROUTERS:
        app.include_router(router)
    deque(iter_route_contexts(app.routes), maxlen=0)
    return app
