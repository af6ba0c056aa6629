"""A gateway's stream goes from one RecordAnchors to its successor: sealed first, nothing lost, nothing in both."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest

from ledger.chain.artifacts import anchors_code
from ledger.chain.client import Web3Chain
from ledger.core.codes import EntryType, QueryType
from ledger.core.eip712 import ZERO32
from ledger.core.entry import entry_digest
from ledger.core.history import stream_faults
from ledger.core.keccak import keccak256
from ledger.core.statements import StatementDomain, message_to_json, statement_digest
from ledger.core.succession import AnchorsLine
from ledger.rows import NewEntry, StoredBatch
from ledger.services.anchor import anchor_pending
from ledger.services.restore import lost_batches
from tests.adapters.ground import Ground, standing_ground
from tests.contracts.sandbox import NOBODY, Sandbox
from tests.contracts.successor import successor_of

pytestmark = pytest.mark.adapters

SETTLE = 30


class Succeeding:
    """A gateway whose directory may name a successor."""

    def __init__(self, ground: Ground) -> None:
        self.ground, self.sandbox, self.made = ground, ground.sandbox, 0
        first, registry = self.sandbox.addresses["RecordAnchors"], self.sandbox.addresses["AgencyRegistry"]
        self.line = AnchorsLine(self.sandbox.chain_id, first, self.sandbox.governor, registry, anchors_code())
        ground.chain = Web3Chain(self.sandbox.rpc_url, self.sandbox.addresses, line=self.line)
        self.anchoring = replace(ground.anchoring(), line=self.line, settle_seconds=SETTLE)
        self.enter(self.sandbox)

    def enter(self, named: Sandbox) -> None:
        """Let the directory name a RecordAnchors, and follow it."""
        address = named.addresses["RecordAnchors"]
        code = bytes.fromhex(self.sandbox.rpc("eth_getCode", address, "latest")[2:])
        self.sandbox.govern(self.sandbox.directory.set_contract("RecordAnchors", address, keccak256(code)))
        self.ground.follow()

    def answer(self, contract: Sandbox) -> None:
        """Append a statement that is signed for a contract."""
        self.made += 1
        message = {
            "gateway": self.ground.gateway.agency,
            "request": keccak256(b"request %d" % self.made),
            "reader": 7,
            "readerKey": NOBODY,
            "queryType": int(QueryType.EXPORT),
            "item": 0,
            "basis": 3,
            "purpose": 12,
            "resultCount": 0,
            "factsBlock": 1,
            "answeredAt": self.sandbox.now,
            "anchorBy": self.sandbox.now + 300,
        }
        domain = StatementDomain(self.sandbox.chain_id, contract.addresses["RecordAnchors"])
        signer, signature = NOBODY, bytes(65)
        digest = entry_digest(statement_digest(domain, "Query", message), signer, signature)
        said = message_to_json("Query", message)
        times = message["answeredAt"], message["anchorBy"]
        entry = NewEntry(int(EntryType.QUERY), said, signer, signature, ZERO32, digest, 7, *times)
        with self.ground.store.begin() as transaction:
            transaction.add_entry(entry)

    def fix(self, after: int = SETTLE) -> StoredBatch | None:
        """Fix the next batch at a time after the newest block; returns it."""
        number = anchor_pending(self.ground.store, self.anchoring, self.ground.history(), self.sandbox.now + after)
        if number is None:
            return None
        with self.ground.store.begin() as transaction:
            return transaction.newest_batch(self.ground.gateway.agency)

    def target(self, batch: StoredBatch | None) -> str | None:
        """Return the contract that a batch is sent to."""
        assert batch is not None
        return self.ground.row(batch.intent).to

    def anchored(self) -> list[tuple[str, int]]:
        """Return contract and number of entries of each followed batch."""
        history = self.ground.history()
        assert stream_faults(history, self.ground.gateway.agency) == []
        return [(one.contract, one.leaf_count) for one in history.anchors[self.ground.gateway.agency]]


@pytest.fixture
def gateway(database: str, chain_rpc: str) -> Iterator[Succeeding]:
    with standing_ground(database, chain_rpc) as ground, closing(ground.chain):
        yield Succeeding(ground)


def test_the_old_stream_is_sealed_and_the_new_one_goes_on(gateway: Succeeding) -> None:
    old, ground = gateway.sandbox, gateway.ground
    for _ in range(2):
        gateway.answer(old)
    assert gateway.target(gateway.fix()) == old.addresses["RecordAnchors"]
    ground.run()
    new = successor_of(old)
    gateway.enter(new)
    gateway.answer(new)
    gateway.answer(old)
    seal = gateway.fix(after=0)
    assert gateway.target(seal) == old.addresses["RecordAnchors"]
    assert seal is not None
    assert (seal.batch, seal.leaf_count) == (2, 1)
    assert gateway.fix() is None, "the seal is not mined"
    ground.run()
    assert gateway.fix(after=0) is None, "requests under way may still sign for the old contract"
    following = gateway.fix()
    assert gateway.target(following) == new.addresses["RecordAnchors"]
    ground.run()
    assert gateway.anchored() == [("RecordAnchors", 2), ("RecordAnchors", 1), ("RecordAnchors-2", 1)]
    gateway.answer(old)
    assert gateway.fix() is None, "no batch can hold what is signed for a sealed stream"
    gateway.answer(new)
    assert gateway.target(gateway.fix()) == new.addresses["RecordAnchors"]
    ground.run()
    assert gateway.anchored()[-1] == ("RecordAnchors-2", 1)
    with ground.store.begin() as transaction:
        assert transaction.unanchored_batches(ground.gateway.agency) == []
        assert lost_batches(transaction, ground.history(), ground.gateway.agency) == []


def test_a_gateway_that_never_anchored_begins_where_it_signed(gateway: Succeeding) -> None:
    new = successor_of(gateway.sandbox)
    gateway.enter(new)
    gateway.answer(new)
    assert gateway.fix(after=0) is None
    assert gateway.target(gateway.fix()) == new.addresses["RecordAnchors"]
    gateway.ground.run()
    assert gateway.anchored() == [("RecordAnchors-2", 1)]


def test_a_seal_whose_key_was_revoked_is_carried_again_to_the_old_contract(gateway: Succeeding) -> None:
    old, ground = gateway.sandbox, gateway.ground
    gateway.answer(old)
    gateway.fix()
    gateway.enter(successor_of(old))
    old.send(old.relayed("RevokeKey", ground.gateway.admin, key=ground.senders[0], reason=1, suspectFrom=0))
    ground.run()
    gateway.fix()
    carried = ground.row(f"anchor/{ground.gateway.agency}/1#2")
    assert (carried.to, carried.sender) == (old.addresses["RecordAnchors"], ground.senders[1])
    ground.run()
    assert gateway.anchored() == [("RecordAnchors", 1)]


def test_code_that_nobody_knows_takes_nothing(gateway: Succeeding) -> None:
    old = gateway.sandbox
    gateway.answer(old)
    unknown = old.addresses["Catalogue"]
    code = bytes.fromhex(old.rpc("eth_getCode", unknown, "latest")[2:])
    old.govern(old.directory.set_contract("RecordAnchors", unknown, keccak256(code)))
    gateway.ground.follow()
    assert gateway.target(gateway.fix()) == old.addresses["RecordAnchors"]
