"""A simulated gateway on a real loopback port, with the files that a command needs to talk to it.

Every third submission is answered by closing the connection, if it is told to be `deaf`; after `calls_to_go` requests
it calls `when_called`, once the request was handled and before it is answered.
"""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from ledger.core.canonical import encode
from ledger.core.chainfile import ContractPin, trust_document
from ledger.core.signature import address_of
from ledger.keys.keystore import create_keystore
from tests.unit.client.simulated_gateway import (
    API_KEY,
    DESK_KEY,
    DOMAIN,
    GATEWAY,
    GENESIS,
    OTHER_KEY,
    PUBLISHER,
    SimulatedGateway,
)

PASSWORD = "a password of this test only"
CHEAP_SCRYPT = 2
ACTED_ON = ("ConsentRegistry", "AccessLedger", "EmergencyAccess")
DESK_ROLES = ("SUBMIT", "REQUEST", "READ", "DECIDE", "EMERGENCY", "REVIEW")


@dataclass
class GatewayServer:
    """The gateway behind the port, and the options that reach it."""

    gateway: SimulatedGateway
    profile: Path
    deaf: bool = False
    posts: int = 0
    calls_to_go: int = 0
    when_called: Callable[[], None] = lambda: None

    @property
    def options(self) -> list[str]:
        """Options of a command that talks to it as the publisher."""
        return ["--profile", str(self.profile), "--as", "community", "--gateway-key", address_of(API_KEY)]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Any

    def do_GET(self) -> None:
        self._answer("GET")

    def do_POST(self) -> None:
        self._answer("POST")

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _answer(self, method: str) -> None:
        made: GatewayServer = self.server.made
        content = self.rfile.read(int(self.headers.get("content-length", 0)))
        with self.server.lock:
            made.gateway.now = int(time.time())
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, body = made.gateway.handle(method, self.path, headers, content)
            made.calls_to_go -= 1
            if made.calls_to_go == 0:
                made.when_called()
            made.posts += self.path.startswith("/v1/submissions") and method == "POST"
            if made.deaf and method == "POST" and made.posts % 3 == 0:
                self.close_connection = True
                return
        with suppress(ConnectionError):
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    def handle(self) -> None:
        """Serve a connection, which may end at any moment."""
        with suppress(ConnectionError):
            super().handle()


@contextmanager
def serving(folder: Path, gateway: SimulatedGateway | None = None) -> Iterator[GatewayServer]:
    """Serve a gateway (of incidents, if none is given) on a free port; its files are written to `folder`."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    profile = write_files(folder, f"http://127.0.0.1:{server.server_address[1]}")
    made = GatewayServer(gateway or SimulatedGateway(now=int(time.time())), profile)
    server.made, server.lock = made, threading.Lock()  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def write_files(folder: Path, api: str) -> Path:
    """Write keystore, password, trust file and profile; returns the profile's path."""
    create_keystore(folder / "desk.json", DESK_KEY, PASSWORD, scrypt_cost=CHEAP_SCRYPT)
    password = folder / "desk.password"
    password.write_text(PASSWORD)
    password.chmod(0o600)
    names = ("AgencyRegistry", "Catalogue", "Parameters", "RecordAnchors", *ACTED_ON)
    pins = {name: ContractPin(DOMAIN.record_anchors, GENESIS) for name in names}
    (folder / "trust.json").write_bytes(encode(trust_document(DOMAIN.chain_id, GENESIS, pins, "anvil")))
    create_keystore(folder / "supervise.json", OTHER_KEY, PASSWORD, scrypt_cost=CHEAP_SCRYPT)
    desk, supervise = (
        {"keystore": str(folder / f"{name}.json"), "passwordFile": str(password)} for name in ("desk", "supervise")
    )
    keys = {"desk": {"roles": DESK_ROLES, **desk}, "supervise": {"roles": ["SUPERVISE"], **supervise}}
    members = {
        "api": api,
        "gateway": GATEWAY,
        "trust": str(folder / "trust.json"),
        "agencies": [{"id": PUBLISHER, "name": "community", "title": "Community 7", **desk, "keys": keys}],
    }
    profile = folder / "profile.json"
    profile.write_text(json.dumps(members))
    return profile
