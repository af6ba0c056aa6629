"""Received actions by what they bear on, the locks that order them, and uses of grants."""

import secrets
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from ledger.errors import Conflict, StoreError
from ledger.look_rows import LookRest
from ledger.rows import Action, NewTransaction, Receipt
from ledger.store.migrate import migrate
from ledger.store.postgres import PostgresStore
from tests.adapters.stored_things import ADDRESS, new_record, new_submission

pytestmark = pytest.mark.adapters


@pytest.fixture
def store(database: str) -> Iterator[PostgresStore]:
    migrate(database)
    opened = PostgresStore(database)
    yield opened
    opened.close()


def new_action(entry_id: int, about: bytes, **changes: Any) -> Action:
    digest = secrets.token_bytes(32)
    name: str = changes.pop("name", "RevokeGrant")
    message = {"key": ADDRESS, "nonce": str(secrets.randbits(256)), **changes}
    intent = f"relay:{digest.hex()}"
    return Action(digest, 7, "AccessLedger", "revoke", intent, entry_id, 10, 310, {}, name, message, (b"s", b""), about)


def test_actions_are_found_by_what_they_bear_on_in_the_order_of_their_entries(store: PostgresStore) -> None:
    one, two = secrets.token_bytes(32), secrets.token_bytes(32)
    later, other, earlier = new_action(3, one, name="CloseGrant"), new_action(2, two), new_action(1, one)
    with store.begin() as tx:
        for action in (later, other, earlier):
            tx.add_action(action)
    with store.begin() as tx:
        assert tx.actions_about([one]) == [earlier, later]
        assert tx.actions_about([two, one]) == [earlier, other, later]
        assert tx.actions_about([two, one], ["CloseGrant", "EndEmergency"]) == [later]
        assert tx.actions_about([one], []) == tx.actions_about([], ["CloseGrant"]) == []
        assert tx.actions_about([]) == tx.actions_about([bytes(32)]) == []
        assert tx.actions_of_entries([2, 3, 4]) == {2: other, 3: later}


def test_a_nonce_of_a_key_stands_once_in_each_contract(store: PostgresStore) -> None:
    action = new_action(1, bytes(32), nonce="5")
    with store.begin() as tx:
        tx.add_action(action)
    with store.begin() as tx:
        assert tx.action_with_nonce("AccessLedger", ADDRESS, 5) == action
        assert tx.action_with_nonce("EmergencyAccess", ADDRESS, 5) is None
        assert tx.action_with_nonce("AccessLedger", ADDRESS, 6) is None
    with pytest.raises(Conflict, match="nonce"), store.begin() as tx:
        tx.add_action(new_action(2, bytes(32), nonce="5"))


def test_what_failed_or_is_seen_on_chain_is_under_way_no_more(store: PostgresStore) -> None:
    actions = [new_action(place, bytes(32), name="OpenEmergency") for place in range(3)]
    with store.begin() as tx:
        for action in actions:
            tx.add_action(action)
            tx.add_transaction(NewTransaction(action.intent, ADDRESS, ADDRESS, b""), 10)
    with store.begin() as tx:
        assert [found.digest for found in tx.actions_under_way("OpenEmergency", 9)] == [a.digest for a in actions]
        assert tx.actions_under_way("RecordConsent", 9) == []
        rows = [tx.transaction(action.intent) for action in actions]
        assert rows[0] is not None
        assert rows[1] is not None
        tx.quarantine(rows[0].outbox_id, "refused", 11)
        tx_hash = "0x" + secrets.token_hex(32)
        tx.sign_transaction(rows[1].outbox_id, 0, 1, b"raw", tx_hash)
        tx.settle(rows[1].outbox_id, Receipt(tx_hash, 9, tx_hash, 0, True, None, 1), 12)
    with store.begin() as tx:
        assert tx.actions_under_way("OpenEmergency", 9) == actions[2:]
        assert tx.actions_under_way("OpenEmergency", 8) == actions[1:]


def test_who_acts_waits_for_who_looks_and_looks_do_not_wait_for_each_other(store: PostgresStore) -> None:
    about, acted = secrets.token_bytes(32), threading.Event()

    def act() -> None:
        with store.begin() as tx:
            tx.lock_about(about)
            acted.set()

    with ThreadPoolExecutor(1) as pool:
        with store.begin() as looking, store.begin() as other:
            looking.share_about([secrets.token_bytes(32), about])
            other.share_about([about])
            acting = pool.submit(act)
            assert not acted.wait(0.3)
        acting.result(10)
    assert acted.is_set()


def test_a_look_holds_all_that_it_rests_on_and_only_until_its_end(store: PostgresStore) -> None:
    abouts = [secrets.token_bytes(32) for _ in range(3)]

    def may_act(about: bytes) -> bool:
        try:
            with store.begin() as tx:
                tx._run("SET LOCAL lock_timeout = '1ms'")
                tx.lock_about(about)
        except StoreError:
            return False
        return True

    with store.begin() as looking:
        looking.share_about(abouts[:2])
        assert [may_act(about) for about in abouts] == [False, False, True]
    assert all(map(may_act, abouts))
    record = new_record()
    with store.begin() as publishing:
        publishing.add_submission(new_submission([record]))
        publishing.add_document(b"here", "application/json", b"{}", 1_000)
    rest = LookRest(None, tuple(abouts[:2]), (b"here", b"elsewhere"))
    with store.begin() as looking:
        assert looking.record_of_look(secrets.token_bytes(32), None, rest) is None
        assert all(map(may_act, abouts))
        found = looking.record_of_look(record.record_id, 1, rest)
        stored = looking.record(record.record_id)
        assert stored is not None
        assert found == (stored, False, {b"here": b"{}", b"elsewhere": None})
        assert [may_act(about) for about in abouts] == [False, False, True]
        looking.share_about(abouts)
        assert not any(map(may_act, abouts))
    assert all(map(may_act, abouts))


def test_a_grant_is_used_as_often_as_it_allows_and_no_more(store: PostgresStore) -> None:
    grant = secrets.token_bytes(32)

    def use(_: int) -> bool:
        with store.begin() as tx:
            return tx.use_grant(grant, 3)

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(use, range(8))) == [False] * 5 + [True] * 3
