"""Grows a chain the way a gateway does, for tests: signed transactions at various times, followed blocks."""

import os
import time
from signal import SIGKILL

from eth_account import Account
from eth_account.signers.local import LocalAccount

from ledger.embedded import chain, processes
from ledger.embedded.data_folder import DataFolder
from ledger.embedded.replay import ReplayBlock
from ledger.embedded.rpc import Rpc

# Stores its first 32 bytes of input under the block number and emits one log without topics.
RUNTIME = bytes.fromhex("600035435560006000a0")
DEPLOYMENT = bytes.fromhex("600a600c600039600a6000f3") + RUNTIME


class Sender:
    """Signs and sends the way the outbox does, and follows the way the follower does."""

    def __init__(self, endpoint: chain.ChainEndpoint, senders: int = 3) -> None:
        self.chain_id = endpoint.chain_id
        self.accounts: list[LocalAccount] = [Account.create() for _ in range(senders)]
        self.tx_nonces = [0] * senders
        self.raw: dict[str, bytes] = {}
        self.contract = ""

    def sign(self, sender: int) -> bytes:
        transaction = {
            "nonce": self.tx_nonces[sender],
            "gasPrice": 0,
            "gas": 500_000,
            "chainId": self.chain_id,
            "value": 0,
            "data": os.urandom(100) if self.contract else DEPLOYMENT,
        }
        if self.contract:
            transaction["to"] = bytes.fromhex(self.contract[2:])
        signed = self.accounts[sender].sign_transaction(transaction)
        self.tx_nonces[sender] += 1
        self.raw["0x" + signed.hash.hex().removeprefix("0x")] = bytes(signed.raw_transaction)
        return bytes(signed.raw_transaction)

    def send(self, rpc: Rpc, sender: int) -> str:
        return str(rpc.call("eth_sendRawTransaction", "0x" + self.sign(sender).hex()))

    def deploy(self, rpc: Rpc) -> None:
        self.contract = receipt(rpc, self.send(rpc, 0))["contractAddress"]

    def follow(self, rpc: Rpc) -> list[ReplayBlock]:
        head = int(rpc.call("eth_blockNumber"), 16)
        found = [rpc.call("eth_getBlockByNumber", hex(number), False) for number in range(1, head + 1)]
        return [
            ReplayBlock(
                int(block["number"], 16),
                block["hash"],
                int(block["timestamp"], 16),
                [self.raw[transaction] for transaction in block["transactions"]],
            )
            for block in found
        ]


def receipt(rpc: Rpc, transaction: str) -> dict[str, str]:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        found = rpc.call("eth_getTransactionReceipt", transaction)
        if found is not None:
            return dict(found)
        time.sleep(0.002)
    raise AssertionError("no receipt within 10 seconds")


def grow(rpc: Rpc, sender: Sender, blocks: int) -> None:
    """Mine `blocks` blocks: singly at the time of day, at later times, with several senders, and empty ones."""
    for number in range(blocks):
        shape = number % 4
        if shape == 0:
            receipt(rpc, sender.send(rpc, 0))
        elif shape == 1:
            rpc.call("evm_increaseTime", 7)
            receipt(rpc, sender.send(rpc, 1))
        elif shape == 2:
            rpc.call("evm_setAutomine", False)
            for who in (2, 0, 1, 0, 2, 1):
                sender.send(rpc, who)
            rpc.call("evm_mine")
            rpc.call("evm_setAutomine", True)
        else:
            rpc.call("evm_mine")


def kill(folder: DataFolder, name: str = chain.NAME) -> None:
    """Kill process `name` of the stack, without a warning."""
    record = processes.find(folder, name)
    assert record is not None
    os.kill(record.pid, SIGKILL)


def everything(rpc: Rpc) -> tuple[object, object, object]:
    """All block hashes, all logs and the receipts that a follower could ask for again."""
    head = int(rpc.call("eth_blockNumber"), 16)
    blocks = [rpc.call("eth_getBlockByNumber", hex(number), True) for number in range(head + 1)]
    logs = rpc.call("eth_getLogs", {"fromBlock": "0x0", "toBlock": "latest"})
    receipts = [
        rpc.call("eth_getTransactionReceipt", transaction["hash"])
        for block in blocks
        for transaction in block["transactions"]
    ]
    return blocks, logs, receipts
