"""JSON-RPC to one node through web3's HTTP provider: kept connections, time limits, repeats for reads alone.

Answers stay plain JSON: the follower reads thousands of blocks, which web3's formatters would slow down tenfold.
"""

from collections.abc import Sequence
from typing import Any

import requests
from web3 import HTTPProvider, Web3
from web3.exceptions import Web3Exception
from web3.providers.rpc.utils import ExceptionRetryConfiguration
from web3.types import RPCEndpoint

from ledger.errors import ChainError

TIMEOUT_SECONDS = 10.0
"""For one request; a range of 1,000 blocks takes 0.2 seconds."""
READ_ATTEMPTS = 3
BACK_OFF_SECONDS = 0.1
"""Before the first repeat, doubled before each further one."""
READS = (
    *("eth_chainId", "eth_blockNumber", "eth_getBlockByNumber", "eth_getCode", "eth_call", "eth_estimateGas"),
    *("eth_getTransactionCount", "eth_getTransactionByHash", "eth_getTransactionReceipt", "eth_getLogs"),
    "eth_getProof",
)
"""What may be repeated. A transaction is sent again by the outbox alone, which knows what became of it."""


class RpcRefusal(Exception):
    """The node answered with an error object; it never leaves this room."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(str(error.get("message", "")))
        self.message = str(error.get("message", ""))
        data = error.get("data")
        self.data: str | None = data if isinstance(data, str) and data.startswith("0x") else None


class JsonRpc:
    """One node. Threads may share it."""

    def __init__(self, url: str, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._session = requests.Session()
        # A proxy of the surroundings must not stand between us and our own node.
        self._session.trust_env = False
        retries = ExceptionRetryConfiguration(
            errors=(requests.ConnectionError, requests.Timeout),
            retries=READ_ATTEMPTS,
            backoff_factor=BACK_OFF_SECONDS,
            method_allowlist=READS,
        )
        self.provider = HTTPProvider(
            url,
            request_kwargs={"timeout": timeout_seconds},
            session=self._session,
            exception_retry_configuration=retries,
        )
        self.web3 = Web3(self.provider)

    def call(self, method: str, *parameters: Any) -> Any:
        """Return the result of one method; raises RpcRefusal for an error answer, ChainError for none."""
        try:
            answer: Any = self.provider.make_request(RPCEndpoint(method), list(parameters))
        except (requests.RequestException, Web3Exception, ValueError) as failure:
            raise ChainError(f"the node did not answer {method}: {type(failure).__name__}") from None
        return _result(answer)

    def read(self, method: str, *parameters: Any) -> Any:
        """Return the result of a read that a sound node does not refuse; raises ChainError."""
        try:
            return self.call(method, *parameters)
        except RpcRefusal as refusal:
            raise ChainError(f"the node refused {method}: {refusal.message}") from None

    def read_many(self, method: str, parameters: Sequence[Sequence[Any]]) -> list[Any]:
        """Return the results of one read with each of these parameters, asked in one request; raises ChainError."""
        try:
            answers: Any = self.provider.make_batch_request([(RPCEndpoint(method), list(each)) for each in parameters])
        except (requests.RequestException, Web3Exception, ValueError, KeyError, TypeError) as failure:
            raise ChainError(f"the node did not answer many of {method}: {type(failure).__name__}") from None
        if not isinstance(answers, list) or len(answers) != len(parameters):
            raise ChainError(f"the node refused many of {method} in one request")
        try:
            return [_result(answer) for answer in answers]
        except RpcRefusal as refusal:
            raise ChainError(f"the node refused {method}: {refusal.message}") from None

    def close(self) -> None:
        """Close the kept connections."""
        self._session.close()


def _result(answer: Any) -> Any:
    if not isinstance(answer, dict) or ("result" not in answer and "error" not in answer):
        raise ChainError("the node's answer is no JSON-RPC")
    if answer.get("error") is not None:
        error = answer["error"]
        raise RpcRefusal(error if isinstance(error, dict) else {"message": str(error)})
    return answer["result"]
