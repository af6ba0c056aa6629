"""Plain JSON-RPC to the embedded chain, over one kept connection."""

import ssl
from types import TracebackType
from typing import Any

import httpx

from ledger.errors import EngineError

TIMEOUT_SECONDS = 120.0
"""The longest call is a dump of some hundred thousand blocks."""


def loopback_client(url: str, timeout_seconds: float) -> httpx.Client:
    """A client for our own processes on this machine.

    No proxy of the surroundings stands between us and them, and no certificates are loaded, which takes 0.02 seconds
    each time.
    """
    without_certificates = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return httpx.Client(base_url=url, timeout=timeout_seconds, trust_env=False, verify=without_certificates)


class NoAnswer(EngineError):
    """The engine cannot be reached; used while one waits for its start."""


class Rpc:
    """A connection to one node; use it in a `with` statement."""

    def __init__(self, url: str, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._http = loopback_client(url, timeout_seconds)

    def __enter__(self) -> "Rpc":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def call(self, method: str, *parameters: object) -> Any:
        """The result of one method.

        One call per request: anvil carries out the calls of a batch in no fixed order.
        Raises NoAnswer, or EngineError with the node's own message.
        """
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(parameters)}
        try:
            response = self._http.post("", json=body)
            response.raise_for_status()
            answer = response.json()
        except (httpx.HTTPError, ValueError) as error:
            raise NoAnswer(f"the embedded chain does not answer: {type(error).__name__}") from error
        if "error" in answer:
            raise EngineError(f"{method}: {answer['error'].get('message', 'error without a message')}")
        return answer.get("result")
