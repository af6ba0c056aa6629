"""An application behind a real HTTP server on a free loopback port, in a thread of the test's process."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import uvicorn
from starlette.types import ASGIApp

from ledger.embedded.rpc import loopback_client

START_TIMEOUT_SECONDS = 10
CLIENT_TIMEOUT_SECONDS = 60.0


@contextmanager
def served(app: ASGIApp) -> Iterator[httpx.Client]:
    """Give a client of `app`."""
    server = uvicorn.Server(
        uvicorn.Config(app, port=0, log_level="error", access_log=False, lifespan="on", http="httptools")
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + START_TIMEOUT_SECONDS
    while not server.started:
        assert thread.is_alive()
        assert time.monotonic() < until
        time.sleep(0.005)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        with loopback_client(f"http://127.0.0.1:{port}", CLIENT_TIMEOUT_SECONDS) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join(START_TIMEOUT_SECONDS)
