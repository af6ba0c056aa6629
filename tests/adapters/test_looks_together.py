"""Looks that are answered together: read at once, written at once, and each left out for its own reasons alone."""

import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg
import pytest

from ledger.core.received import AT_ONCE
from ledger.errors import StoreError
from ledger.look_rows import ForeseenLook, LookRest, NotTogether
from ledger.ports import LooksTogether, Transaction
from ledger.rows import LookEvidence, NewEntry, RecordSubject
from ledger.store.actions import lock_of
from ledger.store.migrate import migrate
from ledger.store.postgres import PostgresStore
from ledger.tag_rows import SubjectTag, TagUse
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
    return published(store)


def published(store: PostgresStore, versions: int = 1) -> bytes:
    """Publish so many versions of a record, with a document beside it; returns its id."""
    record_id = secrets.token_bytes(32)
    for version in range(1, versions + 1):
        with store.begin() as publishing:
            publishing.add_submission(new_submission([new_record(record_id=record_id, version=version)]))
    return record_id


def foreseen(record_id: bytes, *abouts: bytes, documents: tuple[bytes, ...] = ()) -> ForeseenLook:
    return ForeseenLook(record_id, None, LookRest(None, abouts, documents), (ADDRESS, secrets.token_hex(8), 2_000))


def evidence(record_id: bytes, version: int = 1) -> LookEvidence:
    return LookEvidence(b"base " + record_id, b"signature", ((record_id, version, b"\x01" * 32, 5),))


def is_kept(store: PostgresStore, entry: NewEntry, look: ForeseenLook) -> tuple[bool, bool]:
    """Say whether an entry was written, and whether the look's nonce was consumed (it is by this question)."""
    with store.begin() as asking:
        return asking.entry(entry.digest) is not None, not asking.consume_nonce(*look.nonce)


@contextmanager
def acting(store: PostgresStore, about: bytes, name: str = "RevokeGrant") -> Iterator[None]:
    """Somebody who holds the lock of an id meanwhile, and has acted on it at the end."""
    with store.begin() as tx:
        tx.lock_about(about)
        yield
        tx.add_action(new_action(0, about, name=name))


def added(together: LooksTogether, entries: Sequence[NewEntry]) -> None:
    """Let each look rely on what it rests on, and add its entry."""
    for entry, looking in zip(entries, together.transactions, strict=True):
        looking.add_entry(entry, EVIDENCE)


def rely(looking: Transaction, *abouts: bytes) -> None:
    looking.share_about(abouts)
    assert looking.actions_about(abouts, AT_ONCE) == ()


@contextmanager
def statements_counted() -> Iterator[list[str]]:
    """Give the first words of what is sent to a database meanwhile."""
    sent: list[str] = []
    execute = psycopg.Cursor.execute

    def noting(cursor: psycopg.Cursor[object], query: str, *args: object, **named: object) -> object:
        sent.append(query.split()[0])
        return execute(cursor, query, *args, **named)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(psycopg.Cursor, "execute", noting)
        yield sent


@pytest.mark.parametrize("count", [1, 2, 12])
def test_looks_are_read_by_one_statement_and_written_by_another(store: PostgresStore, count: int) -> None:
    records = [published(store) for _ in range(count)]
    grants = [secrets.token_bytes(32) for _ in records]
    looks = [foreseen(record, grant) for record, grant in zip(records, grants, strict=True)]
    entries = [new_entry() for _ in records]
    with statements_counted() as sent, store.looks(looks) as together:
        for place, looking in enumerate(together.transactions):
            found = looking.record_of_look(records[place], None, LookRest(None, (grants[place],)))
            assert found is not None
            assert looking.record(records[place]) == found[0]
            assert (found[0].record_id, found[1], found[2]) == (records[place], False, {})
            assert looking.seen_state().newest_block is None
            rely(looking, grants[place])
            assert looking.add_entry(entries[place], evidence(records[place])) == 0
        assert sorted(together.write(range(count))) == [*range(count)]
    assert sent == ["SELECT", "WITH"]
    for place, entry in enumerate(entries):
        with store.begin() as asking:
            stored = asking.entry(entry.digest)
            assert stored is not None
            assert stored.entry == entry
            assert asking.evidence([stored.entry_id]) == {stored.entry_id: evidence(records[place])}
        assert is_kept(store, entry, looks[place]) == (True, True)
    with store.begin() as asking:
        kept = asking._rows("SELECT key, request_nonce, expires_at FROM nonces")
    assert set(kept) == {look.nonce for look in looks}


def test_a_connection_for_looks_waits_for_no_lock_and_keeps_plans_by_indexes(store: PostgresStore) -> None:
    names = ("lock_timeout", "plan_cache_mode", "enable_seqscan", "jit", "statement_timeout")
    with store.looks([foreseen(b"nothing")]) as together:
        looking = together.transactions[0]
        shown = [looking._reads._value(f"SHOW {name}") for name in names]  # type: ignore[attr-defined]
    assert shown == ["50ms", "force_generic_plan", "off", "off", "1min"]


def test_what_is_foreseen_is_what_a_transaction_reads(store: PostgresStore) -> None:
    record_id, token, tag = published(store, 2), secrets.token_bytes(32), secrets.token_bytes(32)
    use = TagUse(tag, 7, 3)
    with store.begin() as tx:
        tx.add_document(b"here", "application/json", b"{}", 1_000)
        tx.add_subjects([RecordSubject(record_id, token, 1, 7, 2)])
        tx.add_subject_tag(SubjectTag(use.tag, token, use.recipient, use.purpose, 1), 1_000)
    rests = [
        LookRest(used, (secrets.token_bytes(32),) * ids, documents)
        for used in (None, use, TagUse(tag, 8, 3), TagUse(tag, 7, 4), TagUse(b"another", 7, 3))
        for ids in (0, 1, 2)
        for documents in ((), (b"here",), (b"elsewhere", b"here", b"nowhere", b"never"))
    ]
    looks = [
        ForeseenLook(record, version, rest, foreseen(record).nonce)
        for record in (record_id, secrets.token_bytes(32))
        for version in (None, 1, 2, 3, 2**40)
        for rest in rests
    ]
    about: set[bool | None] = set()
    with store.looks(looks) as together:
        for look, looking in zip(looks, together.transactions, strict=True):
            with store.begin() as alone:
                expected = alone.record_of_look(look.record_id, look.version, look.rest)
                assert looking.record_of_look(look.record_id, look.version, look.rest) == expected
                assert looking.record(look.record_id, look.version) == alone.record(look.record_id, look.version)
                about.add(None if expected is None else expected[1])
    assert about == {None, True, False}


@pytest.mark.parametrize("name", AT_ONCE)
def test_a_look_is_left_out_if_somebody_acted_after_it_was_read(
    store: PostgresStore, record_id: bytes, name: str
) -> None:
    grant, consent, entries = secrets.token_bytes(32), secrets.token_bytes(32), [new_entry() for _ in range(3)]
    looks = [foreseen(record_id, grant), foreseen(record_id, secrets.token_bytes(32), consent), foreseen(record_id)]
    with store.looks(looks) as together:
        for look, looking in zip(looks, together.transactions, strict=True):
            rely(looking, *look.rest.abouts)
        added(together, entries)
        with acting(store, consent, name):
            pass
        assert sorted(together.write([0, 1, 2])) == [0, 2]
    kept = [is_kept(store, entry, look) for entry, look in zip(entries, looks, strict=True)]
    assert kept == [(True, True), (False, False), (True, True)]


def test_a_look_is_left_out_and_nobody_waits_while_somebody_acts(store: PostgresStore, record_id: bytes) -> None:
    grant, entries = secrets.token_bytes(32), [new_entry(), new_entry()]
    looks = [foreseen(record_id, grant), foreseen(record_id, secrets.token_bytes(32))]
    with acting(store, grant), store.looks(looks) as together:
        for look, looking in zip(looks, together.transactions, strict=True):
            rely(looking, *look.rest.abouts)
        added(together, entries)
        assert list(together.write([0, 1])) == [1]
    assert is_kept(store, entries[0], looks[0]) == (False, False)


def test_what_nobody_relies_on_and_what_counts_later_stops_no_look(store: PostgresStore, record_id: bytes) -> None:
    grant, other, entry = secrets.token_bytes(32), secrets.token_bytes(32), new_entry()
    with store.looks([foreseen(record_id, grant, other)]) as together:
        rely(together.transactions[0], grant)
        added(together, [entry])
        with acting(store, other), acting(store, grant, "RequestAccess"):
            pass
        assert list(together.write([0])) == [0]


def test_what_was_done_after_the_statement_began_is_seen_once_the_lock_is_free(
    store: PostgresStore, record_id: bytes, database: str
) -> None:
    """An action that is committed between the snapshot of the entries' statement and their locks disturbs the look."""
    grant = secrets.token_bytes(32)
    asked = "SELECT pg_advisory_xact_lock(%s, %s), disturbed(%s::bytea[], %s::int4[], %s::int4[], %s)"
    first, second = lock_of(grant)
    values = (*lock_of(b"gate"), [grant], [first], [second], list(AT_ONCE))
    with psycopg.connect(database, autocommit=True) as connection, ThreadPoolExecutor(1) as pool:
        with store.begin() as tx:
            tx.lock_about(b"gate")
            asking = pool.submit(lambda: connection.execute(asked, values).fetchone())
            _wait_for_lock(store, connection.info.backend_pid)
            tx.add_action(new_action(0, grant, name="RevokeGrant"))
        answered = asking.result(30)
    assert answered is not None
    assert answered[1] == [grant]


def _wait_for_lock(store: PostgresStore, pid: int) -> None:
    waiting, until = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pid = %s", time.monotonic() + 30
    while True:
        with store.begin() as tx:
            if tx._value(waiting, (pid,)):
                return
        assert time.monotonic() < until
        time.sleep(0.01)


def test_who_acted_before_is_known_and_the_look_is_not_answered_together(
    store: PostgresStore, record_id: bytes
) -> None:
    grant, other = secrets.token_bytes(32), secrets.token_bytes(32)
    with acting(store, grant):
        pass
    looks = [foreseen(record_id, grant), foreseen(record_id, other, grant), foreseen(record_id, other)]
    with store.looks(looks) as together:
        *acted, quiet = together.transactions
        for looking in acted:
            with pytest.raises(NotTogether):
                looking.share_about([grant])
        rely(quiet, other)


def test_a_request_counts_once(store: PostgresStore, record_id: bytes) -> None:
    looks, entries = [foreseen(record_id) for _ in range(3)], [new_entry() for _ in range(3)]
    with store.begin() as tx:
        assert tx.consume_nonce(*looks[0].nonce)
    with store.looks(looks) as together:
        with pytest.raises(NotTogether):
            together.transactions[0].seen_state()
        added(together, entries)
        with store.begin() as tx:
            assert tx.consume_nonce(*looks[1].nonce)
        assert list(together.write([0, 1, 2])) == [2]
    assert [is_kept(store, *kept) for kept in zip(entries, looks, strict=True)] == [
        (False, True),
        (False, True),
        (True, True),
    ]


def test_a_nonce_that_another_request_is_consuming_keeps_nobody_waiting_for_long(
    store: PostgresStore, record_id: bytes
) -> None:
    looks, entries = [foreseen(record_id), foreseen(record_id)], [new_entry(), new_entry()]
    with store.begin() as tx:
        assert tx.consume_nonce(*looks[0].nonce)
        with store.looks(looks) as together:
            added(together, entries)
            assert list(together.write([0, 1])) == []
    with store.looks([looks[1]]) as together:
        added(together, entries[1:])
        assert list(together.write([0])) == [0]


def test_what_is_not_answered_is_not_written(store: PostgresStore, record_id: bytes) -> None:
    looks, entries = [foreseen(record_id), foreseen(record_id)], [new_entry(), new_entry()]
    with store.looks(looks) as together:
        added(together, entries)
        with statements_counted() as sent:
            assert list(together.write([])) == []
        assert sent == []
        assert list(together.write([1])) == [1]
    assert is_kept(store, entries[0], looks[0]) == (False, False)
    with store.looks(looks[:1]) as together:
        assert list(together.write([0])) == []


def test_an_entry_that_is_there_already_leaves_all_out_and_consumes_nothing(
    store: PostgresStore, record_id: bytes
) -> None:
    looks, entries = [foreseen(record_id), foreseen(record_id)], [new_entry(), new_entry()]
    with store.begin() as tx:
        tx.add_entry(entries[0])
    with store.looks(looks) as together:
        added(together, entries)
        assert list(together.write([0, 1])) == []
        assert list(together.write([1])) == [1]
    assert is_kept(store, entries[0], looks[0]) == (True, False)


BEYOND: list[Callable[[Transaction, bytes], object]] = [
    lambda looking, _: looking.use_grant(b"grant", 1),
    lambda looking, _: looking.consume_nonce(ADDRESS, "another", 2_000),
    lambda looking, _: looking.followed_state(),
    lambda looking, _: looking.record(b"another"),
    lambda looking, record_id: looking.record(record_id, 1),
    lambda looking, record_id: looking.record_of_look(record_id, 1, LookRest()),
    lambda looking, record_id: looking.record_of_look(record_id, None, LookRest(None, (b"id",))),
    lambda looking, _: looking.share_about([b"id"]),
    lambda looking, _: looking.actions_about([b"id"], AT_ONCE),
    lambda looking, _: looking.actions_about([], ["RevokeGrant"]),
    lambda looking, _: looking.add_entry(new_entry()),
    lambda looking, record_id: looking.add_entry(
        new_entry(), LookEvidence(b"base", b"signature", [*evidence(record_id).openings] * 2)
    ),
]


@pytest.mark.parametrize("asked", BEYOND, ids=[str(number) for number in range(len(BEYOND))])
def test_whatever_was_not_foreseen_is_for_a_transaction(
    store: PostgresStore, record_id: bytes, asked: Callable[[Transaction, bytes], object]
) -> None:
    with store.looks([foreseen(record_id)]) as together:
        with statements_counted() as sent, pytest.raises(NotTogether):
            asked(together.transactions[0], record_id)
        assert sent == []
        added(together, [new_entry()])
        with pytest.raises(NotTogether):
            added(together, [new_entry()])


def test_who_was_opened_is_kept_for_records_about_somebody(store: PostgresStore) -> None:
    of_somebody, of_nobody, untold = published(store), published(store), published(store)
    with store.begin() as tx:
        tx.add_subjects([RecordSubject(record, b"token", 1, 7) for record in (of_somebody, untold)])
    records = [of_somebody, of_nobody, untold]
    with store.looks([foreseen(record) for record in records]) as together:
        for record, looking in zip(records, together.transactions, strict=True):
            looking.add_entry(new_entry(), evidence(record), of_persons=record != untold)
        assert len(together.write(range(3))) == 3
    with store.begin() as tx:
        kept = tx._rows("SELECT record_id, version, opened FROM opened_records")
    assert kept == [(of_somebody, 1, (5).to_bytes(32, "big"))]


def test_nobody_knows_what_was_written_when_the_connection_is_lost(store: PostgresStore, record_id: bytes) -> None:
    ended = """
        SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()"""
    with store.looks([foreseen(record_id)]) as together:
        added(together, [new_entry()])
        with store.begin() as tx:
            tx._rows(ended)
        with pytest.raises(StoreError):
            together.write([0])
    with store.looks([foreseen(record_id)]) as together:
        assert together.transactions[0].record(record_id) is not None


def test_more_at_a_time_than_there_are_connections_wait_for_each_other(store: PostgresStore, record_id: bytes) -> None:
    def answered(_: int) -> int:
        with store.looks([foreseen(record_id)]) as together:
            added(together, [new_entry()])
            return len(together.write([0]))

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(answered, range(60))) == 60


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
    with pytest.raises(StoreError), store.looks([foreseen(record_id)]):
        pass


def test_looks_that_cannot_begin_give_their_connection_back(database: str, store: PostgresStore) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("DELETE FROM following")
    small = PostgresStore(database, connections=1, wait_seconds=0.3)
    for _ in range(3):
        with pytest.raises(StoreError, match="lacks a row"), small.looks([foreseen(secrets.token_bytes(32))]):
            pass
    small.close()
