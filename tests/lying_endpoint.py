"""A JSON-RPC endpoint before a real node that hands its answers on, altered where a test wants a lie."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from ledger.embedded.rpc import loopback_client

Alter = Callable[[str, list[Any], Any], Any]
"""(method, parameters, the node's result) → the result that is told."""
NODE_TIMEOUT_SECONDS = 30.0


def honest(_method: str, _parameters: list[Any], result: Any) -> Any:
    """Tell what the node tells."""
    return result


@contextmanager
def endpoint(node: str, alter: Alter = honest) -> Iterator[str]:
    """Serve an endpoint on a free port of this machine; yields its URL."""
    http = loopback_client(node, NODE_TIMEOUT_SECONDS)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            answered = http.post(node, json=asked).json()
            calls = {call["id"]: call for call in (asked if isinstance(asked, list) else [asked])}
            for answer in answered if isinstance(answered, list) else [answered]:
                call = calls[answer["id"]]
                answer["result"] = alter(call["method"], call["params"], answer["result"])
            body = json.dumps(answered).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        http.close()
