"""The transaction of a look at one record: nothing is begun before it writes, and nobody acts in between unnoticed."""

import secrets
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg
import pytest

from ledger.core.received import AT_ONCE
from ledger.errors import Conflict, RequestError, StoreError
from ledger.look_rows import ActedMeanwhile, ForeseenLook, LookRest
from ledger.ports import Transaction
from ledger.rows import LookEvidence, NewEntry
from ledger.store.migrate import migrate
from ledger.store.postgres import PostgresStore
from tests.adapters.stored_things import ADDRESS, new_entry, new_record, new_submission
from tests.adapters.test_store_actions import new_action

pytestmark = pytest.mark.adapters
EVIDENCE = LookEvidence(b"base", b"signature", ())


@pytest.fixture
def store(database: str) -> Iterator[PostgresStore]:
    migrate(database)
    store = PostgresStore(database)
    yield store
    store.close()


@pytest.fixture
def record_id(store: PostgresStore) -> bytes:
    record = new_record()
    with store.begin() as publishing:
        publishing.add_submission(new_submission([record]))
        publishing.add_document(b"here", "application/json", b"{}", 1_000)
    return record.record_id


def foreseen(record_id: bytes, *abouts: bytes, documents: tuple[bytes, ...] = ()) -> ForeseenLook:
    return ForeseenLook(record_id, None, LookRest(None, abouts, documents), (ADDRESS, secrets.token_hex(8), 2_000))


def is_kept(store: PostgresStore, entry: NewEntry, look: ForeseenLook) -> tuple[bool, bool]:
    """Say whether an entry was written, and whether the look's nonce was consumed (it is by this question)."""
    with store.begin() as asking:
        return asking.entry(entry.digest) is not None, not asking.consume_nonce(*look.nonce)


@contextmanager
def acting(store: PostgresStore, about: bytes, name: str) -> Iterator[Callable[[], None]]:
    """Somebody who holds the lock of an id in a transaction of his own; what it gives adds his action."""
    with store.begin() as tx:
        tx.lock_about(about)
        yield lambda: tx.add_action(new_action(0, about, name=name))


def answered(store: PostgresStore, look: ForeseenLook, *steps: Callable[[Transaction], object]) -> None:
    """Take these steps in the transaction of a look."""
    with store.look(look) as looking:
        for step in steps:
            step(looking)


def writing(entry: NewEntry) -> Callable[[Transaction], object]:
    return lambda looking: looking.add_entry(entry, EVIDENCE)


def using(grant: bytes) -> Callable[[Transaction], object]:
    return lambda looking: looking.use_grant(grant, 1)


def sharing(*abouts: bytes) -> Callable[[Transaction], object]:
    return lambda looking: looking.share_about(abouts)


def statements(store: PostgresStore, look: ForeseenLook, then: Callable[[Transaction], object]) -> list[str]:
    """Return the first words of what a look sends to the database."""
    sent: list[str] = []
    execute = psycopg.Cursor.execute

    def noting(cursor: psycopg.Cursor[object], query: str, *args: object, **named: object) -> object:
        sent.append(query.split()[0])
        return execute(cursor, query, *args, **named)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(psycopg.Cursor, "execute", noting)
        with store.look(look) as transaction:
            then(transaction)
    return sent


def test_a_look_reads_by_one_statement_and_writes_by_another(store: PostgresStore, record_id: bytes) -> None:
    grant, entry = secrets.token_bytes(32), new_entry()
    look = foreseen(record_id, grant, documents=(b"here", b"elsewhere"))

    def answer(looking: Transaction) -> None:
        found = looking.record_of_look(record_id, None, LookRest(None, (grant,), (b"here",)))
        assert found is not None
        assert (found[0].record_id, found[1], found[2]) == (record_id, False, {b"here": b"{}", b"elsewhere": None})
        assert looking.record(record_id) == found[0]
        assert looking.seen_state().newest_block is None
        looking.share_about([grant])
        assert looking.actions_about([grant], AT_ONCE) == ()
        looking.add_entry(entry, EVIDENCE)

    assert statements(store, look, answer) == ["SELECT", "WITH"]
    assert is_kept(store, entry, look) == (True, True)


def test_what_is_foreseen_is_what_a_transaction_reads(store: PostgresStore, record_id: bytes) -> None:
    rest = LookRest(None, (secrets.token_bytes(32),), (b"here",))
    for version in (None, 1, 2):
        with store.begin() as transaction:
            expected = transaction.record_of_look(record_id, version, rest)
        with store.look(ForeseenLook(record_id, version, rest, foreseen(record_id).nonce)) as looking:
            assert looking.record_of_look(record_id, version, rest) == expected
            assert (looking.record(record_id, version) is None) == (expected is None)
    other = secrets.token_bytes(32)
    with store.look(foreseen(other)) as looking:
        assert looking.record_of_look(other, None, LookRest()) is None
        assert looking.record_of_look(record_id, 1, rest) is not None


@pytest.mark.parametrize("name", AT_ONCE)
def test_who_acted_after_the_read_is_noticed_and_nothing_is_written(
    store: PostgresStore, record_id: bytes, name: str
) -> None:
    grant, consent, entry = secrets.token_bytes(32), secrets.token_bytes(32), new_entry()
    look = foreseen(record_id, grant, consent)

    def revoked(looking: Transaction) -> None:
        assert looking.actions_about([grant, consent], AT_ONCE) == ()
        with acting(store, consent, name) as act:
            act()

    with pytest.raises(ActedMeanwhile):
        answered(store, look, sharing(grant, consent), revoked, writing(entry))
    assert is_kept(store, entry, look) == (False, False)


@pytest.mark.parametrize("begins", [False, True], ids=["at the entry", "at another write"])
def test_a_look_waits_for_who_is_acting_and_sees_what_he_did(
    store: PostgresStore, record_id: bytes, begins: bool
) -> None:
    grant, entry = secrets.token_bytes(32), new_entry()
    look, written = foreseen(record_id, grant), threading.Event()

    writes = [using(grant), writing(entry)] if begins else [writing(entry)]
    with ThreadPoolExecutor(1) as pool:
        with acting(store, grant, "RevokeGrant") as act:
            answering = pool.submit(answered, store, look, sharing(grant), *writes, lambda _: written.set())
            assert not written.wait(0.3)
            act()
        with pytest.raises(ActedMeanwhile):
            answering.result(10)
    assert is_kept(store, entry, look) == (False, False)
    with store.begin() as asking:
        assert asking.use_grant(grant, 1)


def test_what_nobody_relies_on_and_what_counts_later_stops_no_look(store: PostgresStore, record_id: bytes) -> None:
    grant, other, entry = secrets.token_bytes(32), secrets.token_bytes(32), new_entry()
    look = foreseen(record_id, grant, other)
    with store.look(look) as looking:
        looking.share_about([grant])
        for about, name in ((other, "RevokeGrant"), (grant, "RequestAccess")):
            with acting(store, about, name) as act:
                act()
        looking.add_entry(entry, EVIDENCE)
    assert is_kept(store, entry, look) == (True, True)


def test_who_acted_before_the_read_is_read_under_the_lock(store: PostgresStore, record_id: bytes) -> None:
    grant, entry = secrets.token_bytes(32), new_entry()
    with acting(store, grant, "RevokeGrant") as act:
        act()
    look = foreseen(record_id, grant)

    def act_again() -> None:
        with store.begin() as tx:
            tx._run("SET LOCAL lock_timeout = '1ms'")
            tx.lock_about(grant)

    with store.look(look) as looking:
        looking.share_about([grant])
        assert [action.name for action in looking.actions_about([grant], AT_ONCE)] == ["RevokeGrant"]
        with pytest.raises(StoreError, match="55P03"):
            act_again()
        looking.add_entry(entry, EVIDENCE)
    assert is_kept(store, entry, look) == (True, True)


def test_a_request_counts_once_whatever_it_writes(store: PostgresStore, record_id: bytes) -> None:
    entry, grant = new_entry(), secrets.token_bytes(32)
    look = foreseen(record_id)
    answered(store, look)
    for steps in ([], [writing(entry)], [using(grant)], [using(grant), writing(entry)]):
        with pytest.raises(RequestError, match="received before"):
            answered(store, look, *steps)
    assert is_kept(store, entry, look) == (False, True)
    with store.begin() as asking:
        assert asking.use_grant(grant, 1)


def test_an_entry_is_the_last_that_a_look_writes(store: PostgresStore, record_id: bytes) -> None:
    entry = new_entry()
    look = foreseen(record_id)
    with pytest.raises(AssertionError, match="last"):
        answered(store, look, writing(entry), using(secrets.token_bytes(32)))
    assert is_kept(store, entry, look) == (True, True)


def test_an_entry_that_is_there_already_consumes_no_nonce(store: PostgresStore, record_id: bytes) -> None:
    entry = new_entry()
    with store.begin() as tx:
        tx.add_entry(entry)
    look = foreseen(record_id)
    with pytest.raises(Conflict, match="stream already"):
        answered(store, look, writing(entry))
    assert is_kept(store, entry, look) == (True, False)


def test_what_a_look_wrote_is_undone_when_it_fails_before_its_entry(store: PostgresStore, record_id: bytes) -> None:
    grant, look = secrets.token_bytes(32), foreseen(record_id)
    with pytest.raises(ZeroDivisionError):
        answered(store, look, using(grant), lambda _: 1 // 0)
    assert is_kept(store, new_entry(), look) == (False, False)
    with store.begin() as asking:
        assert asking.use_grant(grant, 1)


def test_what_is_begun_meanwhile_is_read_anew(store: PostgresStore, record_id: bytes) -> None:
    with store.look(foreseen(record_id)) as looking:
        before = looking.record(record_id)
        assert before is not None
        with store.begin() as tx:
            assert tx.withhold(record_id, before.publisher, 0) == 1
        looking.followed_state()
        after, found = looking.record(record_id), looking.record_of_look(record_id, None, LookRest())
    assert after is not None
    assert found is not None
    assert (before.hidden, after.hidden, found[0].hidden) == (False, True, True)


def test_of_two_that_are_sent_the_same_request_the_second_waits_and_counts_nothing(
    store: PostgresStore, record_id: bytes
) -> None:
    grant, look, used = secrets.token_bytes(32), foreseen(record_id), threading.Event()
    with ThreadPoolExecutor(1) as pool:
        with store.begin() as first:
            assert first.consume_nonce(*look.nonce)
            second = pool.submit(answered, store, look, using(grant), lambda _: used.set())
            assert not used.wait(0.3)
            assert first.use_grant(grant, 1)
        with pytest.raises(RequestError, match="received before"):
            second.result(10)


BROKEN = """
    ALTER TABLE following RENAME TO kept;
    CREATE FUNCTION fails() RETURNS boolean LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'no memory' USING ERRCODE = '{state}'; END $$;
    CREATE VIEW following AS SELECT * FROM kept WHERE fails()"""


@pytest.mark.parametrize("state", ["53200", "58030", "57P01"], ids=["memory", "disk", "shutting down"])
def test_a_database_that_always_fails_is_not_asked_for_ever(
    store: PostgresStore, database: str, record_id: bytes, state: str
) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(BROKEN.format(state=state))
    with pytest.raises(StoreError):
        answered(store, foreseen(record_id))


def test_a_look_that_cannot_begin_gives_its_connection_back(database: str, store: PostgresStore) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("DELETE FROM following")
    small, failures = PostgresStore(database, connections=1, wait_seconds=0.3), []
    for _ in range(3):
        with pytest.raises(StoreError, match="lacks a row") as raised:
            answered(small, foreseen(secrets.token_bytes(32)))
        failures.append(raised)
    small.close()
