"""Who acts and who looks take turns, and so do two who open one case: real requests that wait for a lock."""

import os
import secrets
import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import httpx
import psycopg
import pytest

from ledger.core.typed_messages import message_to_json
from ledger.rows import Action
from tests.api.consortium import Consortium
from tests.api.members import COMMUNITY
from tests.api.offices import DECIDER, OPENER, SUPERVISOR, Act, Offices
from tests.api.test_grants import look, published
from tests.api.test_looks import path_of, refused

pytestmark = pytest.mark.api
PATIENCE_SECONDS = 60
WAITING = "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE NOT granted AND a.datname = %s"


@pytest.fixture
def offices(consortium: Consortium) -> Offices:
    return Offices(consortium)


def wait_for(consortium: Consortium, waiting: int, sent: list[Future[Any]]) -> None:
    """Return once so many requests of this database wait for a lock; fails where one is answered without waiting."""
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    with psycopg.connect(consortium.dsn, autocommit=True) as connection:
        while True:
            row = connection.execute(WAITING, (connection.info.dbname,)).fetchone()
            if row is not None and row[0] >= waiting:
                return
            answered = [request.result() for request in sent if request.done()]
            assert not answered, "answered without waiting"
            assert time.monotonic() < give_up_at, f"fewer than {waiting} requests wait"
            time.sleep(0.01)


def revocation(grant: bytes) -> Action:
    """A revocation as it stands in the database once it was received."""
    message = {"key": DECIDER.address, "grant": grant, "reason": 1, "nonce": secrets.randbits(200), "deadline": 1 << 40}
    kept, digest = message_to_json("RevokeGrant", message), os.urandom(32)
    intent = f"relay:{digest.hex()}"
    place = 1 << 40
    return Action(
        *(digest, COMMUNITY, "AccessLedger", "revoke", intent, place, 1, 301),
        *({}, "RevokeGrant", kept, (b"s",), grant),
    )


@pytest.mark.parametrize("searches", [False, True], ids=["a record", "a page"])
def test_a_look_waits_for_who_acts_on_its_grant_and_knows_what_he_did(offices: Offices, searches: bool) -> None:
    consortium = offices.consortium
    record, grant = published(offices), offices.granted()
    path = "/v1/records" if searches else path_of(record)
    assert look(offices, grant, path).status_code == 200
    with ThreadPoolExecutor(1) as pool:
        with consortium.store.begin() as acting:
            acting.lock_about(grant)
            looking: Future[httpx.Response] = pool.submit(look, offices, grant, path)
            wait_for(consortium, 1, [looking])
            acting.add_action(revocation(grant))
        refused(looking.result(PATIENCE_SECONDS), 7, "grant_not_usable")


def test_who_acts_waits_for_a_look_that_was_first(offices: Offices) -> None:
    consortium, grant = offices.consortium, offices.granted()
    with ThreadPoolExecutor(1) as pool:
        with consortium.store.begin() as looking:
            looking.share_about([grant])
            acting: Future[Act] = pool.submit(offices.act, "RevokeGrant", {"grant": grant, "reason": 1}, DECIDER)
            wait_for(consortium, 1, [acting])
        assert acting.result(PATIENCE_SECONDS).code == "taken"


@pytest.mark.parametrize("supervised", [False, True], ids=["unsigned", "supervised"])
def test_of_two_that_open_a_case_at_once_the_second_needs_a_supervisor(offices: Offices, supervised: bool) -> None:
    consortium, case = offices.consortium, os.urandom(32)
    signers = (OPENER, SUPERVISOR) if supervised else (OPENER,)
    with ThreadPoolExecutor(2) as pool:
        with psycopg.connect(consortium.dsn) as stopping:
            # What was decided cannot be written yet: both have decided, unless one lets the other go first.
            stopping.execute("LOCK TABLE actions IN EXCLUSIVE MODE")
            openings: list[Future[Act]] = [pool.submit(offices.open, *signers, caseRef=case) for _ in range(2)]
            wait_for(consortium, 2, openings)
        codes = sorted(opening.result(PATIENCE_SECONDS).code for opening in openings)
    assert codes == (["taken", "taken"] if supervised else ["co_signature_required", "taken"])
