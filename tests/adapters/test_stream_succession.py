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
from ledger.services.succeed import COMPARED_SECONDS, ChangeOver
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
        self.anchoring = replace(ground.anchoring(), line=self.line, change_over=ChangeOver(SETTLE))
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
        times = int(self.sandbox.now), int(self.sandbox.now) + 300
        entry = NewEntry(int(EntryType.QUERY), said, signer, signature, ZERO32, digest, 7, *times)
        with self.ground.store.begin() as transaction:
            transaction.add_entry(entry)

    def fix(self, after: float = SETTLE) -> StoredBatch | None:
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


def until_settled(gateway: Succeeding) -> StoredBatch | None:
    """Let the worker see the line, and fix the next batch half a minute later."""
    gateway.fix(after=0)
    gateway.ground.run()
    return gateway.fix()


def test_an_old_entry_behind_full_batches_of_new_ones_is_sealed(gateway: Succeeding) -> None:
    old, ground = gateway.sandbox, gateway.ground
    gateway.anchoring = replace(gateway.anchoring, most_entries=2)
    gateway.answer(old)
    gateway.fix()
    ground.run()
    new = successor_of(old)
    gateway.enter(new)
    for contract in (new, new, new, old):
        gateway.answer(contract)
    for _ in range(3):
        until_settled(gateway)
        ground.run()
    assert gateway.anchored()[1:] == [("RecordAnchors", 1), ("RecordAnchors-2", 2), ("RecordAnchors-2", 1)]


def test_entries_that_no_batch_can_hold_hold_up_nothing(gateway: Succeeding) -> None:
    old, ground = gateway.sandbox, gateway.ground
    gateway.anchoring = replace(gateway.anchoring, most_entries=2, oldest_seconds=3_600.0)
    new = successor_of(old)
    gateway.enter(new)
    for _ in range(2):
        gateway.answer(new)
    until_settled(gateway)
    ground.run()
    for _ in range(3):
        gateway.answer(old)
    gateway.answer(new)
    gateway.anchoring = replace(gateway.anchoring, change_over=ChangeOver(SETTLE))
    assert until_settled(gateway) is None, "one entry fills no batch, and none of the old ones counts"
    gateway.answer(new)
    assert gateway.target(gateway.fix()) == new.addresses["RecordAnchors"]
    ground.run()
    assert gateway.anchored() == [("RecordAnchors-2", 2), ("RecordAnchors-2", 2)]


def test_a_worker_that_hears_late_of_a_successor_waits_from_then_on(gateway: Succeeding) -> None:
    old, ground = gateway.sandbox, gateway.ground
    gateway.answer(old)
    gateway.fix()
    ground.run()
    new = successor_of(old)
    gateway.enter(new)
    gateway.answer(new)
    assert gateway.fix(after=6_000) is None
    gateway.answer(old)
    assert gateway.target(gateway.fix(after=6_001)) == old.addresses["RecordAnchors"]
    ground.run()
    assert gateway.target(gateway.fix(after=6_000 + SETTLE)) == new.addresses["RecordAnchors"]


def test_a_request_that_takes_longer_is_waited_for(gateway: Succeeding) -> None:
    old, ground = gateway.sandbox, gateway.ground
    new = successor_of(old)
    gateway.enter(new)
    gateway.answer(new)
    gateway.fix(after=0)
    with ground.store.begin() as under_way:
        under_way.consume_nonce(NOBODY, "of a slow request", old.now + 9_999)
        assert gateway.fix(after=400) is None
    assert gateway.target(gateway.fix(after=400)) == new.addresses["RecordAnchors"]


def test_after_some_minutes_entries_are_not_compared_any_more(gateway: Succeeding) -> None:
    old, ground = gateway.sandbox, gateway.ground
    new = successor_of(old)
    gateway.enter(new)
    gateway.answer(new)
    until_settled(gateway)
    ground.run()
    gateway.answer(old)
    assert gateway.fix(after=COMPARED_SECONDS - SETTLE) is None
    assert gateway.fix(after=COMPARED_SECONDS + SETTLE) is None
    gateway.answer(new)
    assert gateway.anchoring.change_over.compared_through is not None
    batch = gateway.fix()
    assert batch is not None
    assert batch.leaf_count == 1


def test_a_stream_moves_through_two_successions_and_never_back(gateway: Succeeding) -> None:
    old, ground = gateway.sandbox, gateway.ground
    gateway.answer(old)
    gateway.fix()
    ground.run()
    second = successor_of(old)
    gateway.enter(second)
    gateway.answer(second)
    third = successor_of(second)
    gateway.enter(third)
    gateway.answer(third)
    assert gateway.fix(after=0) is None, "requests under way may still sign for the first one"
    gateway.answer(old)
    assert gateway.target(gateway.fix(after=1)) == old.addresses["RecordAnchors"]
    assert gateway.fix() is None, "the seal is not mined"
    ground.run()
    assert gateway.target(gateway.fix()) == second.addresses["RecordAnchors"]
    gateway.answer(old)
    assert gateway.fix() is None, "neither is the seal of the second one"
    ground.run()
    assert gateway.target(gateway.fix()) == third.addresses["RecordAnchors"]
    ground.run()
    assert [name for name, _ in gateway.anchored()] == [
        *("RecordAnchors", "RecordAnchors", "RecordAnchors-2", "RecordAnchors-3")
    ]


def test_a_contract_in_which_a_gateway_never_anchored_is_passed_over(gateway: Succeeding) -> None:
    old, ground = gateway.sandbox, gateway.ground
    gateway.answer(old)
    gateway.fix()
    ground.run()
    second = successor_of(old)
    gateway.enter(second)
    third = successor_of(second)
    gateway.enter(third)
    gateway.answer(third)
    until_settled(gateway)
    ground.run()
    assert gateway.anchored() == [("RecordAnchors", 1), ("RecordAnchors-3", 1)]


def test_what_was_signed_for_a_contract_that_a_reorganisation_unnamed_is_held(gateway: Succeeding) -> None:
    old, ground = gateway.sandbox, gateway.ground
    gateway.answer(old)
    gateway.fix()
    ground.run()
    new = successor_of(old)
    before = old.rpc("evm_snapshot")
    gateway.enter(new)
    gateway.answer(new)
    old.rpc("evm_revert", before)
    old.rpc("anvil_mine", "0x3")
    ground.follow()
    gateway.answer(old)
    seal = gateway.fix()
    assert gateway.target(seal) == old.addresses["RecordAnchors"]
    assert seal is not None
    assert seal.leaf_count == 1
    ground.run()
    assert gateway.fix() is None
    gateway.enter(new)
    assert until_settled(gateway) is not None
    ground.run()
    assert gateway.anchored() == [("RecordAnchors", 1), ("RecordAnchors", 1), ("RecordAnchors-2", 1)]


def test_a_stream_whose_contract_was_unnamed_waits(gateway: Succeeding) -> None:
    old, ground = gateway.sandbox, gateway.ground
    new = successor_of(old)
    before = old.rpc("evm_snapshot")
    gateway.enter(new)
    gateway.answer(new)
    gateway.fix(after=0)
    assert gateway.target(gateway.fix()) == new.addresses["RecordAnchors"]
    ground.run()
    old.rpc("evm_revert", before)
    old.rpc("anvil_mine", "0x3")
    ground.follow()
    gateway.answer(old)
    assert gateway.fix() is None
