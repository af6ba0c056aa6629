"""Steps of published records and first deliveries, on a real PostgreSQL."""

import secrets
from collections.abc import Iterator
from dataclasses import astuple, replace

import pytest

from ledger.core.corrections import DisputedRecord
from ledger.core.hexadecimal import to_hex
from ledger.core.steps import Step
from ledger.rows import LookEvidence, NewRecord
from ledger.store.migrate import migrate
from ledger.store.postgres import PostgresStore
from tests.adapters.stored_things import new_entry, new_record, new_submission

pytestmark = pytest.mark.adapters


@pytest.fixture(scope="module")
def store(module_database: str) -> Iterator[PostgresStore]:
    migrate(module_database)
    opened = PostgresStore(module_database)
    yield opened
    opened.close()


def step(subject: bytes, to_step: str, at: int, publisher: int = 7) -> Step:
    return Step(subject, publisher, "request", "", to_step, at, secrets.token_bytes(32))


def test_steps_come_back_by_their_subject_in_order_of_time(store: PostgresStore) -> None:
    subject, other = secrets.token_bytes(32), secrets.token_bytes(32)
    late, early, foreign = step(subject, "delivered", 50), step(subject, "checked", 40), step(other, "checked", 45)
    with store.begin() as tx:
        entry_id = tx.add_submission(new_submission([new_record(), new_record(), new_record()]))
        tx.add_steps(entry_id, [(0, late), (1, early), (2, foreign)])
    with store.begin() as tx:
        assert tx.steps_about([subject]) == [early, late]
        assert tx.steps_about([subject, other]) == [early, foreign, late]
        assert tx.steps_about([]) == tx.steps_about([secrets.token_bytes(32)]) == []


def test_filings_are_found_by_who_published_them(store: PostgresStore) -> None:
    mine, foreign = secrets.token_bytes(32), secrets.token_bytes(32)
    with store.begin() as tx:
        entry_id = tx.add_submission(new_submission([new_record(), new_record(), new_record()]))
        filed = [step(mine, "filed", 1, 21), step(foreign, "filed", 2, 22), step(mine, "done", 3, 21)]
        tx.add_steps(entry_id, list(enumerate(filed)))
    with store.begin() as tx:
        assert tx.filed(21) == [mine]
        assert tx.filed(23) == []
        assert {mine, foreign} <= set(tx.filed())


def test_the_first_look_under_a_grant_that_opened_something_is_its_delivery(store: PostgresStore) -> None:
    grant, unused = secrets.token_bytes(32), secrets.token_bytes(32)

    def look(disclosed_at: int, count: int = 1, authority: int = 2, entry_type: int = 2) -> None:
        about = {"authority": authority, "authorityId": to_hex(grant), "recordCount": count}
        message = {"gateway": 1, **about, "disclosedAt": disclosed_at}
        with store.begin() as tx:
            tx.add_entry(replace(new_entry(entry_type=entry_type), message=message))

    look(10, count=0)
    look(20, authority=3)
    look(30, entry_type=3)
    with store.begin() as tx:
        assert tx.first_deliveries([grant, unused]) == {}
    look(40)
    look(50)
    with store.begin() as tx:
        assert tx.first_deliveries([grant, unused]) == {grant: 40}
        assert tx.first_deliveries([]) == {}


def test_first_openings_are_found_by_grant_or_emergency_and_record(store: PostgresStore) -> None:
    grant, emergency = secrets.token_bytes(32), secrets.token_bytes(32)
    wanted, other = new_record(), new_record()
    newer = replace(wanted, version=70_000)
    with store.begin() as tx:
        tx.add_submission(replace(new_submission([wanted, newer, other]), publisher=21))

    def look(authority_id: bytes, authority: int, at: int, *records: NewRecord) -> None:
        about = {"authority": authority, "authorityId": to_hex(authority_id), "recordCount": len(records)}
        openings = [(one.record_id, one.version, b"\1" * 32, 1 << 255) for one in records]
        entry = replace(new_entry(entry_type=2), message={"gateway": 1, **about, "disclosedAt": at})
        with store.begin() as tx:
            tx.add_entry(entry, LookEvidence(b"x", b"y", openings))

    look(grant, 2, 40, other, wanted)
    look(grant, 2, 50, wanted, newer)
    look(emergency, 3, 70, wanted)
    look(emergency, 4, 60, newer)
    look(grant, 1, 10, wanted)
    found = [
        (grant, wanted.record_id, 1, 21, 40),
        (grant, wanted.record_id, 70_000, 21, 50),
        (emergency, wanted.record_id, 1, 21, 70),
        (emergency, wanted.record_id, 70_000, 21, 60),
    ]
    with store.begin() as tx:
        opened = tx.first_openings([grant, emergency], [wanted.record_id])
        assert sorted(map(astuple, opened)) == sorted(found)
        assert tx.first_openings([emergency], [other.record_id]) == tx.first_openings([], [wanted.record_id]) == []


def test_versions_are_found_with_who_published_them_and_when_they_were_signed(store: PostgresStore) -> None:
    wanted, other = new_record(), new_record()
    newer = replace(wanted, version=2, previous=wanted.record_root)
    for records, signed_at in (([wanted, other], 40), ([newer], 50)):
        submission = replace(new_submission(records), publisher=21)
        entry = replace(submission.entry, message={**submission.entry.message, "signedAt": signed_at})
        with store.begin() as tx:
            tx.add_submission(replace(submission, entry=entry))
    with store.begin() as tx:
        found = tx.versions_signed([wanted.record_id, secrets.token_bytes(32)])
        assert found == [DisputedRecord(wanted.record_id, 21, [(1, 40), (2, 50)])]
        assert tx.versions_signed([]) == []
