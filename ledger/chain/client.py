"""`ledger.ports.Chain` on one node's JSON-RPC."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from web3 import Web3

from ledger.chain.custom_errors import decode
from ledger.chain.json_rpc import TIMEOUT_SECONDS, JsonRpc, RpcRefusal
from ledger.chain.legacy_transaction import sign_legacy
from ledger.chain.log_reading import LogReader
from ledger.core.hexadecimal import to_hex
from ledger.core.history import Block, ChainEvent
from ledger.core.keccak import keccak256
from ledger.core.succession import AnchorsContract, AnchorsLine
from ledger.errors import ChainError, TransactionFailed
from ledger.ports import Signer
from ledger.rows import FollowedBlock, NewTransaction, Receipt

HEADERS_AT_ONCE = 250
"""Headers in one request; nodes take at most 1,000 (geth) or 1,024 (Besu) calls in one."""
EMPTY_STORAGE = "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"
"""Root of a storage without any slot: Keccak-256 of RLP's empty string."""
KNOWN_ALREADY = ("already known", "known transaction", "already imported")
"""What geth, Besu and anvil say when they are sent bytes that they have."""
NONCE_PASSED = ("nonce too low", "nonce is below", "nonce below")
REFUSALS = ("revert", "invalid opcode", "out of gas", "gas required exceeds", "exceeds block gas limit")
"""Words of nodes that refuse a call for what it is, not for what state they are in."""


class Web3Chain:
    """One node of the chain, with our contracts' events known by the addresses of one deployment."""

    def __init__(
        self,
        url: str,
        contracts: Mapping[str, str],
        *,
        line: AnchorsLine | None = None,
        gas_price_wei: int = 0,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        """`contracts`: name to address, may be empty before the deployment. Nothing is asked of the node yet.

        `line` says what may succeed RecordAnchors; without it nothing may.
        """
        self._rpc = JsonRpc(url, timeout_seconds)
        self._logs = LogReader(self._rpc, contracts, line)
        self._gas_price_wei = gas_price_wei
        self._signing_chain_id: int | None = None

    @property
    def web3(self) -> Web3:
        """What the typed contract classes read views through."""
        return self._rpc.web3

    def close(self) -> None:
        """Close the kept connections."""
        self._rpc.close()

    def chain_id(self) -> int:
        """Return the chain id that the node reports."""
        return int(self._rpc.read("eth_chainId"), 16)

    def block(self, number: int) -> Block | None:
        """Return a block's header, or None if the node does not have it."""
        found = self._rpc.read("eth_getBlockByNumber", hex(number), False)
        return None if found is None else _block(found)

    def head(self) -> Block:
        """Return the newest block's header."""
        found = self._rpc.read("eth_getBlockByNumber", "latest", False)
        if found is None:
            raise ChainError("the node has no newest block")
        return _block(found)

    def followed_blocks(self, first: int, last: int) -> Sequence[FollowedBlock]:
        """Return the blocks first … last with their events, oldest first.

        Raises ChainError if the node lacks one of them or the chain changed meanwhile (ask again).
        """
        headers: list[Any] = []
        for start in range(first, last + 1, HEADERS_AT_ONCE):
            numbers = range(start, min(start + HEADERS_AT_ONCE, last + 1))
            headers += self._rpc.read_many("eth_getBlockByNumber", [(hex(number), False) for number in numbers])
        if any(header is None for header in headers):
            raise ChainError(f"the node does not have all blocks from {first} to {last}")
        events = self.events(first, last)
        # A block's hash holds all before it: if the last one still stands, the events are of these very blocks.
        newest = self.block(last)
        if newest is None or newest.hash != headers[-1]["hash"]:
            raise ChainError("the chain changed while it was read")
        return [
            FollowedBlock(block, events.get(block.number, []), header["transactions"])
            for header, block in ((header, _block(header)) for header in headers)
        ]

    def events(self, first: int, last: int) -> dict[int, list[ChainEvent]]:
        """Return the events of our contracts in the blocks first … last by block, each block's in order.

        Also of those that succeed RecordAnchors, from where the directory names them on.
        """
        return self._logs.events(first, last)

    def anchors_line(self) -> Sequence[AnchorsContract]:
        """Return the RecordAnchors that succeeded one another up to now, the one in force last; raises ChainError."""
        return self._logs.line(self.head().number)

    def code_hash(self, address: str) -> bytes:
        """Return Keccak-256 of the runtime code at `address` now."""
        return keccak256(self.code(address))

    def code(self, address: str) -> bytes:
        """Return the runtime code at `address` now; raises ChainError."""
        code = self._rpc.read("eth_getCode", address, "latest")
        return bytes.fromhex(code[2:])

    def is_storage_empty(self, address: str) -> bool:
        """Say whether nothing stands in the storage of the contract at `address` now; raises ChainError."""
        proof = self._rpc.read("eth_getProof", address, [], "latest")
        return bool(proof["storageHash"] == EMPTY_STORAGE)

    def creation(self, tx_hash: str) -> tuple[str, bytes] | None:
        """Return what a mined transaction created and by which data, None where it created nothing; raises ChainError.

        A contract that another contract creates is not told of.
        """
        receipt = self.receipt(tx_hash)
        if receipt is None or not receipt.succeeded or receipt.contract_address is None:
            return None
        sent = self._rpc.read("eth_getTransactionByHash", tx_hash)
        return receipt.contract_address, bytes.fromhex(sent["input"][2:])

    def creations(self, first: int, last: int) -> Iterator[tuple[str, bytes]]:
        """Yield what transactions in the blocks first … last created, as `creation` does; raises ChainError."""
        for start in range(first, last + 1, HEADERS_AT_ONCE):
            numbers = range(start, min(start + HEADERS_AT_ONCE, last + 1))
            for block in self._rpc.read_many("eth_getBlockByNumber", [(hex(number), True) for number in numbers]):
                for sent in block["transactions"] if block else ():
                    created = None if sent.get("to") else self.creation(sent["hash"])
                    if created is not None:
                        yield created

    def simulate(self, transaction: NewTransaction) -> int:
        """Return the gas that the call would use on the newest block's state.

        Raises TransactionFailed with the decoded error, or ChainError.
        """
        call = {"from": transaction.sender, "data": to_hex(transaction.data)}
        if transaction.to is not None:
            call["to"] = transaction.to
        if transaction.gas is not None:
            call["gas"] = hex(transaction.gas)
        try:
            return int(self._rpc.call("eth_estimateGas", call, "latest"), 16)
        except RpcRefusal as refusal:
            if refusal.data is None and not _says(refusal, REFUSALS):
                raise ChainError(f"the node did not simulate the call: {refusal.message}") from None
            told = refusal.data is not None or "revert" in refusal.message.lower()
            data = bytes.fromhex((refusal.data or "0x")[2:])
            raise TransactionFailed(decode(data) if told else refusal.message) from None

    def next_tx_nonce(self, sender: str) -> int:
        """Return the number of transactions of `sender` that are mined."""
        return int(self._rpc.read("eth_getTransactionCount", sender, "latest"), 16)

    def build_raw(self, transaction: NewTransaction, tx_nonce: int, gas: int, signer: Signer) -> tuple[bytes, str]:
        """Return the signed bytes and their 0x hash; the price is the client's `gas_price_wei`."""
        if self._signing_chain_id is None:
            self._signing_chain_id = self.chain_id()
        return sign_legacy(
            tx_nonce=tx_nonce,
            gas_price_wei=self._gas_price_wei,
            gas=gas,
            to=transaction.to,
            data=transaction.data,
            chain_id=self._signing_chain_id,
            signer=signer,
        )

    def broadcast(self, raw: bytes) -> None:
        """Send signed bytes; knowing them already is no error.

        Raises TransactionFailed if their nonce is mined already (perhaps by these very bytes: the receipt tells),
        ChainError for everything that another attempt may cure.
        """
        try:
            self._rpc.call("eth_sendRawTransaction", to_hex(raw))
        except RpcRefusal as refusal:
            if _says(refusal, KNOWN_ALREADY):
                return
            if _says(refusal, NONCE_PASSED):
                raise TransactionFailed(refusal.message) from None
            raise ChainError(f"the node did not take a transaction: {refusal.message}") from None

    def receipt(self, tx_hash: str) -> Receipt | None:
        """Return the receipt of our own transaction, or None while it is not mined."""
        found = self._rpc.read("eth_getTransactionReceipt", tx_hash)
        if found is None:
            return None
        created = found.get("contractAddress")
        return Receipt(
            tx_hash=found["transactionHash"],
            block=int(found["blockNumber"], 16),
            block_hash=found["blockHash"],
            tx_index=int(found["transactionIndex"], 16),
            succeeded=int(found["status"], 16) == 1,
            contract_address=created.lower() if created else None,
            gas_used=int(found["gasUsed"], 16),
        )


def _says(refusal: RpcRefusal, words: Sequence[str]) -> bool:
    message = refusal.message.lower()
    return any(word in message for word in words)


def _block(header: Mapping[str, Any]) -> Block:
    return Block(int(header["number"], 16), header["hash"], header["parentHash"], int(header["timestamp"], 16))
