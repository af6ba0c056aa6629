"""The outbox on a real PostgreSQL and a real chain: whatever crashes, an intent is mined once."""

import threading
from collections.abc import Iterator
from typing import Any, cast

import pytest

from ledger.core.hexadecimal import to_hex
from ledger.errors import ChainBehind, ChainError
from ledger.ports import Chain, Store
from ledger.rows import NewTransaction
from ledger.services.follow import follow_once, rewind_to_head
from ledger.services.send import (
    FOREIGN_NONCE_SECONDS,
    RESEND_SECONDS,
    restore_lost,
    send_and_wait,
    send_pending,
)
from tests.adapters.ground import Crash, DeafChain, FragileChain, FragileStore, Ground, Tripwire, standing_ground

pytestmark = pytest.mark.adapters


@pytest.fixture
def ground(database: str, chain_rpc: str) -> Iterator[Ground]:
    with standing_ground(database, chain_rpc) as standing:
        yield standing


def test_a_crash_at_any_step_leaves_one_mined_transaction_of_each_intent(ground: Ground) -> None:
    counted = Tripwire()
    run_fragile(ground, "uninterrupted", counted)
    assert ground.row("uninterrupted").state == "final"
    assert counted.steps > 20
    for fatal in range(1, counted.steps + 1):
        intent = f"crash at {fatal}"
        with pytest.raises(Crash):
            run_fragile(ground, intent, Tripwire(fatal))
        ground.run(now=3_000)
        assert ground.row(intent).state == "final"
        assert ground.mined_of() == fatal + 1


def run_fragile(ground: Ground, intent: str, wire: Tripwire) -> None:
    """Send an intent and settle it in passes that go over the wire."""
    ground.intend(intent)
    fragile = cast("Chain", FragileChain(ground.chain, wire)), cast("Store", FragileStore(ground.store, wire))
    ground.run(chain=fragile[0], store=fragile[1])


def test_a_node_that_takes_a_transaction_and_then_seems_dead_mines_it_once(ground: Ground) -> None:
    ground.intend("a")
    deaf = DeafChain(ground.chain, {"broadcast": ChainError("no answer in time")})
    report = send_pending(ground.store, cast("Chain", deaf), ground.signers, 2_000, 10**6)
    assert report.postponed == ["a"]
    row = ground.row("a")
    assert (row.state, row.error, row.retry_at) == ("received", "no answer in time", 2_001)
    assert row.raw is not None
    ground.run()
    assert ground.row("a").state == "final"
    assert ground.row("a").raw == row.raw
    assert ground.mined_of() == 1


def test_two_submitters_of_one_key_take_every_nonce_once(ground: Ground) -> None:
    intents = [f"intent {number}" for number in range(24)]
    ground.intend(*intents)
    failures: list[BaseException] = []

    def submit() -> None:
        try:
            for _ in range(12):
                send_pending(ground.store, ground.chain, ground.signers, 2_000, 10**6)
        except BaseException as failure:  # noqa: BLE001 (told to the test)
            failures.append(failure)

    threads = [threading.Thread(target=submit) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    ground.run(now=2_100)
    assert {row.error for row in map(ground.row, intents) if row.state != "final"} == set()
    assert sorted(ground.row(intent).tx_nonce or 0 for intent in intents) == list(range(24))
    assert {ground.row(intent).state for intent in intents} == {"final"}
    assert ground.mined_of() == 24


def test_a_call_that_the_contract_refuses_is_shown_with_its_reason_and_takes_no_nonce(ground: Ground) -> None:
    to, data = ground.encode_anchor(b"\x01" * 32, 1, 5)
    ground.intend("refused", to=to, data=data)
    ground.intend("fine")
    ground.run()
    row = ground.row("refused")
    assert (row.state, row.error, row.tx_nonce) == ("failed", "SequenceNotNext(firstSequence=5, nextSequence=1)", None)
    assert (ground.row("fine").state, ground.row("fine").tx_nonce) == ("final", 0)


def test_a_call_that_waits_for_an_earlier_one_is_not_given_up(ground: Ground) -> None:
    for number, first in ((1, 1), (2, 4)):
        to, data = ground.encode_anchor(bytes([number]) * 32, 3, first)
        ground.intend(f"batch {number}", to=to, data=data)
    ground.sandbox.rpc("evm_setAutomine", False)
    ground.run(passes=2)
    assert ground.row("batch 1").state == "submitted"
    waiting = ground.row("batch 2")
    assert (waiting.state, waiting.raw) == ("received", None)
    assert "SequenceNotNext" in (waiting.error or "")
    ground.sandbox.rpc("evm_setAutomine", True)
    ground.sandbox.rpc("evm_mine")
    ground.run()
    assert ground.row("batch 1").state == ground.row("batch 2").state == "final"


def test_a_call_that_waits_for_one_which_the_node_did_not_answer_for_is_not_given_up(ground: Ground) -> None:
    for number, first in ((1, 1), (2, 4)):
        to, data = ground.encode_anchor(bytes([number]) * 32, 3, first)
        ground.intend(f"batch {number}", to=to, data=data)
    deaf = DeafChain(ground.chain, {"simulate": ChainError("no answer in time")})
    report = send_pending(ground.store, cast("Chain", deaf), ground.signers, 2_000, 10**6)
    assert report.postponed == ["batch 1", "batch 2"]
    ground.run(now=2_010)
    assert ground.row("batch 1").state == ground.row("batch 2").state == "final"


def test_a_transaction_that_reverts_when_it_is_mined_has_failed(ground: Ground) -> None:
    to, data = ground.encode_anchor(b"\x01" * 32, 3, 1)
    first, second = ground.senders
    ground.sandbox.rpc("evm_setAutomine", False)
    ground.intend("wins", sender=first, to=to, data=data)
    ground.intend("loses", sender=second, to=to, data=data)
    ground.run(passes=2)
    assert ground.row("wins").state == ground.row("loses").state == "submitted"
    ground.sandbox.rpc("evm_setAutomine", True)
    ground.sandbox.rpc("evm_mine")
    ground.run()
    assert [ground.row("wins").state, ground.row("loses").state] == ["final", "failed"]
    assert ground.row("loses").block == ground.row("wins").block


def test_a_chain_that_was_set_back_gets_the_same_bytes_again(ground: Ground) -> None:
    snapshot = ground.sandbox.rpc("evm_snapshot")
    ground.intend("a", "b", "c")
    ground.run()
    before = [ground.row(intent) for intent in "abc"]
    assert ground.sandbox.rpc("evm_revert", snapshot)
    assert ground.mined_of() == 0
    with pytest.raises(ChainBehind):
        ground.follow()
    assert [ground.row(intent) for intent in "abc"] == before
    rewind_to_head(ground.store, ground.chain)
    assert {ground.row(intent).state for intent in "abc"} == {"submitted"}
    ground.run()
    after = [ground.row(intent) for intent in "abc"]
    assert [row.state for row in after] == ["final"] * 3
    assert [row.raw for row in after] == [row.raw for row in before]
    assert [row.submitted_at for row in after] == [row.submitted_at for row in before]
    assert ground.mined_of() == 3


def test_what_the_chain_lost_before_anybody_followed_it_is_sent_again(ground: Ground) -> None:
    signer = ground.signers[ground.senders[0]]
    snapshot = ground.sandbox.rpc("evm_snapshot")
    new = NewTransaction("deploy", signer.address, None, bytes.fromhex("600a600c600039600a6000f3600035435560006000a0"))
    row = send_and_wait(ground.store, ground.chain, signer, new, 20)
    assert row.state == "final"
    assert row.contract_address is not None
    assert ground.sandbox.rpc("evm_revert", snapshot)
    again = send_and_wait(ground.store, ground.chain, signer, new, 20)
    assert (again.tx_hash, ground.mined_of()) == (row.tx_hash, 0)
    assert restore_lost(ground.store, ground.chain) == 1
    ground.run()
    assert ground.row("deploy").state == "final"
    assert (ground.row("deploy").tx_hash, ground.row("deploy").contract_address) == (row.tx_hash, row.contract_address)
    assert restore_lost(ground.store, ground.chain) == 0


def test_a_row_behind_lost_ones_brings_them_back(ground: Ground) -> None:
    signer = ground.signers[ground.senders[0]]
    snapshot = ground.sandbox.rpc("evm_snapshot")
    send_and_wait(ground.store, ground.chain, signer, NewTransaction("lost", signer.address, None, b""), 20)
    ground.sandbox.rpc("evm_setAutomine", False)
    ground.intend("behind")
    send_pending(ground.store, ground.chain, ground.signers, 2_000, 0)
    assert ground.sandbox.rpc("evm_revert", snapshot)
    ground.sandbox.rpc("evm_setAutomine", True)
    ground.run(now=3_000, passes=4)
    # anvil had kept the second one in its pool, and does not mine by itself what it knew before.
    ground.sandbox.rpc("evm_mine")
    ground.run(now=3_000)
    assert [ground.row(intent).state for intent in ("lost", "behind")] == ["final", "final"]
    assert ground.mined_of() == 2


def test_bytes_that_a_node_forgot_are_sent_again(ground: Ground) -> None:
    ground.sandbox.rpc("evm_setAutomine", False)
    ground.intend("a")
    ground.run(now=2_000, passes=1)
    row = ground.row("a")
    assert row.state == "submitted"
    ground.sandbox.rpc("anvil_dropTransaction", row.tx_hash)
    ground.sandbox.rpc("evm_mine")
    ground.run(now=2_000 + RESEND_SECONDS - 1, passes=1)
    assert ground.row("a") == row
    ground.sandbox.rpc("evm_setAutomine", True)
    ground.run(now=2_000 + RESEND_SECONDS)
    assert (ground.row("a").state, ground.row("a").raw, ground.row("a").submitted_at) == ("final", row.raw, 2_000)


def test_a_nonce_that_somebody_else_used_is_told_after_a_while(ground: Ground) -> None:
    ground.sandbox.rpc("evm_setAutomine", False)
    ground.intend("a")
    ground.run(now=2_000, passes=1)
    ground.sandbox.rpc("anvil_dropTransaction", ground.row("a").tx_hash)
    ground.sandbox.rpc("evm_setAutomine", True)
    foreign = {"from": ground.senders[0], "to": "0x" + "99" * 20, "gas": hex(50_000), "gasPrice": "0x0"}
    ground.sandbox.mine(foreign)
    ground.run(now=2_000 + FOREIGN_NONCE_SECONDS - 1, passes=2)
    assert ground.row("a").state == "submitted"
    ground.run(now=2_000 + FOREIGN_NONCE_SECONDS)
    assert ground.row("a").state == "failed"
    ground.intend("b")
    ground.run(now=3_000)
    assert (ground.row("b").state, ground.row("b").tx_nonce) == ("final", 1)


def test_a_settled_row_stands_in_a_followed_block(ground: Ground) -> None:
    ground.follow()
    ground.intend("a")
    with ground.store.begin() as transaction:
        newest = transaction.followed_state().newest_block
    assert newest is not None
    for _ in range(3):
        send_pending(ground.store, ground.chain, ground.signers, 2_000, newest)
    assert ground.row("a").state == "submitted"
    follow_once(ground.store, ground.chain, 0, 2_000)
    send_pending(ground.store, ground.chain, ground.signers, 2_001, newest + 1)
    assert (ground.row("a").state, ground.row("a").block) == ("final", newest + 1)


def test_waiting_ends_and_the_intent_stays(ground: Ground) -> None:
    signer = ground.signers[ground.senders[0]]
    ground.sandbox.rpc("evm_setAutomine", False)
    new = NewTransaction("slow", signer.address, None, b"")
    with pytest.raises(ChainError, match="slow is not settled yet"):
        send_and_wait(ground.store, ground.chain, signer, new, 0.2)
    ground.sandbox.rpc("evm_setAutomine", True)
    ground.sandbox.rpc("evm_mine")
    assert send_and_wait(ground.store, ground.chain, signer, new, 20).state == "final"
    assert ground.mined_of() == 1


def test_an_unreachable_node_changes_nothing_and_says_so(ground: Ground) -> None:
    from ledger.chain.client import Web3Chain

    ground.intend("a")
    nowhere = Web3Chain("http://127.0.0.1:9", ground.sandbox.addresses, timeout_seconds=0.5)
    with pytest.raises(ChainError, match="did not answer"):
        follow_once(ground.store, nowhere, 0, 2_000)
    send_pending(ground.store, nowhere, ground.signers, 2_000, 0)
    row = ground.row("a")
    assert (row.state, row.raw, row.attempts) == ("received", None, 1)
    assert "did not answer" in (row.error or "")
    nowhere.close()


def test_transactions_are_of_the_old_type_with_the_chain_id_in_their_signature(ground: Ground) -> None:
    ground.intend("a", data=b"\x01\x02")
    ground.run()
    found: dict[str, Any] = ground.sandbox.rpc("eth_getTransactionByHash", ground.row("a").tx_hash)
    assert (found["type"], int(found["gasPrice"], 16), found["input"]) == ("0x0", 0, to_hex(b"\x01\x02"))
    assert int(found["v"], 16) in (35 + 2 * ground.sandbox.chain_id, 36 + 2 * ground.sandbox.chain_id)
