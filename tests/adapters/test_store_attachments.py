"""Attachments on a real PostgreSQL: who binds, counts and removes at the same moment, and what erasure takes."""

import secrets
from collections.abc import Iterator

import psycopg
import pytest

from ledger.attachment_rows import StagedAttachment
from ledger.services.work import Worker
from ledger.store.locks import UPLOADS_LOCK
from ledger.store.migrate import migrate
from ledger.store.postgres import PostgresStore
from ledger.tag_rows import SubjectTag
from tests.adapters.ground import Ground, standing_ground
from tests.adapters.stored_things import new_attachment, new_record, new_submission

pytestmark = pytest.mark.adapters


@pytest.fixture
def store(database: str) -> Iterator[PostgresStore]:
    migrate(database)
    opened = PostgresStore(database)
    yield opened
    opened.close()


def test_an_upload_is_kept_counted_replaced_and_bound_for_good(store: PostgresStore) -> None:
    file, other = new_attachment(), new_attachment(length=300)
    record_id = secrets.token_bytes(32)
    with store.begin() as tx:
        assert tx.attachment_state(7, file.digest) is None
        assert tx.stage_attachment(file, 1_000)
        assert tx.stage_attachment(other, 1_001)
        assert tx.attachment_state(7, file.digest) == StagedAttachment(1_000, bound=False)
        assert (tx.staged_bytes(7, bytes(32)), tx.staged_bytes(7, file.digest), tx.staged_bytes(8, bytes(32))) == (
            *(5_300, 300, 0),
        )
        corrected = new_attachment(digest=file.digest, length=700)
        assert tx.stage_attachment(corrected, 1_002)
        assert tx.staged_attachment(7, file.digest) == corrected
        assert tx.staged_attachment(8, file.digest) is None
        assert not tx.bind_attachment(8, file.digest, record_id, 1, 4)
        assert tx.bind_attachment(7, file.digest, record_id, 1, 4)
    with store.begin() as tx:
        assert tx.attachment_state(7, file.digest) == StagedAttachment(1_002, bound=True)
        assert tx.attachment(record_id, 1, 4) == corrected
        assert (tx.attachment(record_id, 2, 4), tx.attachment(record_id, 1, 5)) == (None, None)
        assert not tx.stage_attachment(file, 1_003)
        assert tx.staged_attachment(7, file.digest) is None
        assert not tx.bind_attachment(7, file.digest, record_id, 2, 4)
        assert tx.attachment(record_id, 1, 4) == corrected
        assert tx.staged_bytes(7, bytes(32)) == 300


def test_uploads_of_an_agency_are_counted_one_after_the_other(store: PostgresStore, database: str) -> None:
    question = "SELECT pg_try_advisory_xact_lock(%s + %s)"
    with psycopg.connect(database, autocommit=True) as other:
        with store.begin() as tx:
            tx.staged_bytes(7, bytes(32))
            assert other.execute(question, (UPLOADS_LOCK << 8, 7)).fetchone() == (False,)
            assert other.execute(question, (UPLOADS_LOCK << 8, 8)).fetchone() == (True,)
        assert other.execute(question, (UPLOADS_LOCK << 8, 7)).fetchone() == (True,)


def test_what_a_submission_is_about_to_bind_is_not_removed_under_it(store: PostgresStore) -> None:
    taken, left = new_attachment(), new_attachment()
    with store.begin() as tx:
        for file in (taken, left):
            tx.stage_attachment(file, 1_000)
    with store.begin() as tx, store.begin() as sweeping:
        assert tx.staged_attachment(7, taken.digest) == taken
        assert sweeping.forget_attachments(1_000, 10) == 0
        assert sweeping.forget_attachments(1_001, 10) == 1
    with store.begin() as tx:
        assert tx.attachment_state(7, taken.digest) is not None
        assert tx.attachment_state(7, left.digest) is None
        assert tx.forget_attachments(1_001, 10) == 1


def test_erasure_takes_the_files_of_that_version_and_no_other(store: PostgresStore) -> None:
    record_id = secrets.token_bytes(32)
    files = [new_attachment() for _ in range(3)]
    with store.begin() as tx:
        for version in (1, 2):
            tx.add_submission(new_submission([new_record(record_id=record_id, version=version)]))
        for file, version, slot in zip(files, (1, 1, 2), (4, 5, 4), strict=True):
            tx.stage_attachment(file, 1_000)
            assert tx.bind_attachment(7, file.digest, record_id, version, slot)
    with store.begin() as tx:
        assert tx.erase(record_id, 1, 2_000)
    with store.begin() as tx:
        assert (tx.attachment(record_id, 1, 4), tx.attachment(record_id, 1, 5)) == (None, None)
        assert tx.attachment(record_id, 2, 4) == files[2]
        tx.stage_attachment(files[0], 1_000)
        tx.bind_attachment(7, files[0].digest, record_id, 1, 4)
    with store.begin() as tx:
        tx.replay_erasures()
        assert tx.attachment(record_id, 1, 4) is None
        assert tx.attachment(record_id, 2, 4) == files[2]


@pytest.fixture
def ground(database: str, chain_rpc: str) -> Iterator[Ground]:
    with standing_ground(database, chain_rpc) as made:
        yield made


def test_the_worker_forgets_tags_of_nobody_who_has_a_record(ground: Ground) -> None:
    now, token = 1_000_000.0, bytes(range(32))
    old, fresh = (SubjectTag(bytes([period] * 32), token, 8, 7, period) for period in (1, 2))
    with ground.store.begin() as tx:
        tx.add_subject_tag(old, int(now) - 30 * 86_400 - 1)
        tx.add_subject_tag(fresh, int(now) - 30 * 86_400)
    Worker(ground.store, ground.chain, {}, ground.anchoring(oldest_seconds=1e9), clock=lambda: now).work_once()
    with ground.store.begin() as tx:
        assert (tx.subject_tag(old.tag), tx.subject_tag(fresh.tag)) == (None, fresh)


def test_the_worker_removes_uploads_that_waited_too_long(ground: Ground) -> None:
    old, fresh = new_attachment(), new_attachment()
    with ground.store.begin() as tx:
        tx.stage_attachment(old, 96_399)
        tx.stage_attachment(fresh, 96_400)
    Worker(
        ground.store,
        ground.chain,
        {},
        ground.anchoring(oldest_seconds=1e9),
        clock=lambda: 100_000.0,
        staged_seconds=3_600,
    ).work_once()
    with ground.store.begin() as tx:
        assert tx.attachment_state(7, old.digest) is None
        assert tx.attachment_state(7, fresh.digest) == StagedAttachment(96_400, bound=False)
