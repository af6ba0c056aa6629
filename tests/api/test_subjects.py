"""Queries about persons on the real surface: tokens, tags, and what is there already."""

import os
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from ledger.core.codes import EntryType, Purpose, QueryType
from ledger.core.hexadecimal import from_hex, to_hex
from ledger.core.subjects import SubjectOpening, epoch_at
from ledger.look_rows import LookRest
from ledger.services.subjects import token_of_opening
from ledger.tag_rows import TagUse
from tests.api.consortium import Consortium
from tests.api.members import (
    BEGINNING,
    COMMUNITY,
    FIRE,
    FIRE_READER,
    OTHER_PUBLISHER,
    PUBLISHER,
    READER_OF_COMMUNITY,
    Key,
)
from tests.api.persons import CARE, OTHER_ID, ask, caring, entries_of, opening, publish_care

pytestmark = pytest.mark.api
__all__ = ["caring"]


def test_nobody_asks_a_resident_again_for_what_is_there(caring: Consortium) -> None:
    nothing = ask(caring, FIRE_READER, "/v1/coverage").json()
    assert (nothing["exists"], nothing["count"], nothing["newest"]) == (False, 0, None)
    subject = ask(caring, PUBLISHER, "/v1/subjects").json()["subject"]
    publish_care(caring, subject)
    record_id = publish_care(caring, subject, BEGINNING - 100)
    answer = ask(caring, FIRE_READER, "/v1/coverage")
    found = answer.json()
    assert (found["exists"], found["count"]) == (True, 2)
    assert found["newest"] == {"recordedAt": BEGINNING - 100, "publisher": COMMUNITY}
    assert subject[2:] not in answer.text
    assert record_id.hex() not in answer.text
    assert ask(caring, FIRE_READER, "/v1/coverage", opening(OTHER_ID)).json()["exists"] is False
    message = found["query"]["message"]
    assert message == entries_of(caring, EntryType.QUERY)[-2]
    expected = {
        "reader": FIRE,
        "queryType": QueryType.COVERAGE,
        "item": CARE,
        "purpose": Purpose.CARE,
        "resultCount": 2,
    }
    assert expected.items() <= message.items()


def test_a_publishers_token_is_the_persons_and_the_slot_is_sealed(caring: Consortium) -> None:
    subject = ask(caring, PUBLISHER, "/v1/subjects").json()["subject"]
    assert subject == ask(caring, OTHER_PUBLISHER, "/v1/subjects").json()["subject"]
    assert subject == to_hex(token_of_opening(caring.gateway, opening()))
    assert subject != ask(caring, PUBLISHER, "/v1/subjects", opening(OTHER_ID)).json()["subject"]
    record_id = publish_care(caring, subject)
    with caring.store.begin() as tx:
        assert tx.records_about(from_hex(subject), {record_id: 1}) == {record_id}
        record = tx.record(record_id)
    assert record is not None
    assert subject.encode() not in record.slots.open_values
    path = f"/v1/records/{to_hex(record_id)}"
    own = caring.look(READER_OF_COMMUNITY, path, item=str(CARE), purpose="7", authority="own")
    assert own.status_code == 200
    assert subject in own.text
    assert caring.look(FIRE_READER, path, item=str(CARE), purpose="7").status_code == 403


def test_a_record_of_nobody_known_is_not_noted(caring: Consortium) -> None:
    caring.published()
    with psycopg.connect(caring.dsn) as connection:
        assert connection.execute("SELECT count(*) FROM subjects").fetchone() == (0,)


def test_a_readers_token_is_his_own_and_changes_with_the_epoch(caring: Consortium) -> None:
    def token(caller: Key = FIRE_READER, **headers: str) -> str:
        answer = ask(caring, caller, "/v1/subject-tokens", **headers)
        assert answer.status_code == 200, answer.text
        text: str = answer.json()["token"]
        return text

    first = token()
    assert first == token() == token(item="")
    assert len({first, token(READER_OF_COMMUNITY), token(purpose="2")}) == 3
    epoch, ends_at = epoch_at(caring.now, 90)
    answer = ask(caring, FIRE_READER, "/v1/subject-tokens").json()
    assert (answer["epoch"], answer["endsAt"]) == (epoch, ends_at)
    assert first.startswith(f"e{epoch}.")
    caring.clock.now = ends_at
    caring.add_block()
    rotated = token()
    assert rotated.startswith(f"e{epoch + 1}.")
    assert rotated.split(".")[1] != first.split(".")[1]


def test_a_tag_is_fresh_and_leads_to_the_persons_records(caring: Consortium) -> None:
    def tag(about: SubjectOpening | None = None) -> tuple[bytes, int]:
        answer = ask(caring, PUBLISHER, "/v1/subject-tags", about, more={"recipient": FIRE}, item="")
        assert answer.status_code == 200, answer.text
        return from_hex(answer.json()["subjectTag"]), answer.json()["period"]

    (first, period), (second, later) = tag(), tag()
    assert (period, later) == (0, 1)
    assert first != second
    subject = ask(caring, PUBLISHER, "/v1/subjects").json()["subject"]
    record_id = publish_care(caring, subject)
    stranger, _ = tag(opening(OTHER_ID))
    with caring.store.begin() as tx:
        for made, is_about in ((first, True), (second, True), (stranger, False), (os.urandom(32), False)):
            found = tx.record_of_look(record_id, None, LookRest(TagUse(made, FIRE, Purpose.CARE)))
            assert found is not None
            assert found[1] == is_about
        kept = tx.subject_tag(first)
    assert kept is not None
    assert (to_hex(kept.token), kept.recipient, kept.purpose) == (subject, FIRE, Purpose.CARE)
    unknown = ask(caring, PUBLISHER, "/v1/subject-tags", more={"recipient": 4_000}, item="")
    assert (unknown.status_code, unknown.json()["code"]) == (400, "format_invalid")


def test_no_agency_takes_a_consent_to_itself(caring: Consortium) -> None:
    refused = ask(caring, PUBLISHER, "/v1/subject-tags", more={"recipient": COMMUNITY})
    assert (refused.status_code, refused.json()["code"]) == (403, "self_consent")
    with psycopg.connect(caring.dsn) as connection:
        assert connection.execute("SELECT count(*) FROM subject_tags").fetchone() == (0,)


def test_a_tag_that_a_consent_carries_on_chain_is_passed_over(caring: Consortium) -> None:
    made = ask(caring, PUBLISHER, "/v1/subject-tags", more={"recipient": FIRE}).json()
    hashes = {name: to_hex(os.urandom(32)) for name in ("scopeHash", "textHash", "evidenceHash", "consent")}
    consent = hashes | {
        "recipient": FIRE,
        "holder": COMMUNITY,
        "subjectTag": made["subjectTag"],
        "categories": 2,
        "purpose": 7,
        "controller": "0x" + "00" * 20,
        "capturedBy": COMMUNITY,
        "captureMode": 3,
        "validFrom": caring.now,
        "validUntil": caring.now + 1_000,
    }
    caring.add_block([("ConsentRegistry", "ConsentRecorded", consent)])
    with psycopg.connect(caring.dsn) as connection:
        connection.execute("DELETE FROM subject_tags")
    again = ask(caring, PUBLISHER, "/v1/subject-tags", more={"recipient": FIRE}).json()
    assert again["period"] == 1
    assert again["subjectTag"] != made["subjectTag"]


def test_tags_asked_for_at_once_are_all_different(caring: Consortium) -> None:
    def tag(_: int) -> str:
        text: str = ask(caring, PUBLISHER, "/v1/subject-tags", more={"recipient": FIRE}).json()["subjectTag"]
        return text

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(tag, range(8)))) == 8
