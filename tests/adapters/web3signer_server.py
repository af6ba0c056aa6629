"""A web3signer on a loopback port: its documented ETH1 API over real keys, which a test may tell to misbehave.

Written after the published API (`openapi-specs/eth1/web3signer.yaml`) and the program's own behaviour: public keys are
listed as 0x hex of 64 bytes; an identifier counts in any case, with or without 0x; `data` is 0x hex of any length and
is hashed with Keccak-256 without a prefix; the answer is r‖s‖v as 0x hex in plain text; unknown keys are 404, bodies
that are not as documented 400.
"""

import json
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from coincurve import PrivateKey

from ledger.core.keccak import keccak256
from ledger.core.signature import sign_digest

Answer = tuple[int, str, bytes]
"""Status, content type, body."""
SIGN_PATH = "/api/v1/eth1/sign/"
NEVER_AGAIN = 1_000_000
LIST_PATH = "/api/v1/eth1/publicKeys"


def public_key(private_key: bytes) -> str:
    """Return the 64 bytes of a public key as web3signer lists them."""
    return "0x" + PrivateKey(private_key).public_key.format(compressed=False)[1:].hex()


@dataclass
class Web3SignerServer:
    """The signer. `instead` gets what it would answer to (method, path) and returns what it answers."""

    keys: Sequence[bytes]
    port: int
    scheme: str = "http"
    instead: Callable[[str, str, Answer], Answer] = lambda _method, _path, answer: answer
    hold: threading.Event | None = None
    """If set: no answer before this event."""
    hang_up: int = 0
    """How many of the next requests are answered by closing the connection."""
    asked: list[tuple[str, str, bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def respond(self, method: str, path: str, body: bytes) -> Answer:
        self.asked.append((method, path, body))
        return self.instead(method, path, self._documented(method, path, body))

    def _documented(self, method: str, path: str, body: bytes) -> Answer:
        held = {public_key(key): key for key in self.keys}
        if (method, path) == ("GET", LIST_PATH):
            return 200, "application/json; charset=utf-8", json.dumps(list(held)).encode()
        if method != "POST" or not path.startswith(SIGN_PATH):
            return 404, "text/html", b"<html><body><h1>Resource not found</h1></body></html>"
        try:
            data = bytes.fromhex(json.loads(body)["data"].removeprefix("0x"))
        except (ValueError, KeyError, TypeError, AttributeError):
            return 400, "text/plain", b"Bad Request"
        key = held.get("0x" + path.removeprefix(SIGN_PATH).lower().removeprefix("0x"))
        if key is None:
            return 404, "text/plain", b"Not Found"
        return 200, "text/plain; charset=utf-8", b"0x" + sign_digest(keccak256(data), key).hex().encode()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Any

    def do_GET(self) -> None:
        self._answer("GET")

    def do_POST(self) -> None:
        self._answer("POST")

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def handle(self) -> None:
        """Serve a connection, which may end at any moment."""
        with suppress(ConnectionError, ssl.SSLError):
            super().handle()

    def _answer(self, method: str) -> None:
        made: Web3SignerServer = self.server.made
        content = self.rfile.read(int(self.headers.get("content-length", 0)))
        if made.hang_up:
            made.hang_up -= 1
            self.close_connection = True
            return
        if made.hold is not None:
            made.hold.wait(60)
        status, kind, body = made.respond(method, self.path, content)
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Callers that go away, or whose certificate does not check, are what some tests are about."""


@contextmanager
def signing_server(*keys: bytes, tls: ssl.SSLContext | None = None) -> Iterator[Web3SignerServer]:
    """Run a signer with these private keys, over TLS if a context is given."""
    server = Server(("127.0.0.1", 0), Handler)
    made = Web3SignerServer(keys, server.server_address[1], "http" if tls is None else "https")
    server.made = made  # type: ignore[attr-defined]
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        made.hang_up = NEVER_AGAIN
        server.shutdown()
        thread.join()
        server.server_close()
