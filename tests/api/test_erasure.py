"""Erasure from the received mark to the tombstone: nothing of the content stays, and every sibling's proof holds."""

import os
from collections.abc import Mapping
from typing import Any

import httpx
import psycopg
import pytest

from ledger.core.canonical import encode
from ledger.core.codes import HOLD_RELEASED, Mark
from ledger.core.export import parse_record_line, parse_tagged_line
from ledger.core.hexadecimal import to_hex
from ledger.core.typed_messages import message_digest, message_to_json
from ledger.core.verify import verify_bundle
from ledger.rows import RecordSubject
from ledger.services.erase import TAG_SECONDS, Erased, erase_due, forget_tags
from ledger.tag_rows import SubjectTag
from tests.api.consortium import Consortium
from tests.api.members import (
    ANCHORS,
    AUDIT_KEY,
    AUDITOR,
    CHAIN_ID,
    COMMUNITY,
    FIRE,
    FIRE_READER,
    PUBLISHER,
    READER_OF_COMMUNITY,
    SCHEMA,
    Draft,
    draft,
    record_content,
)
from tests.api.test_bundles import facts

pytestmark = pytest.mark.api

PLANTED = {
    "nature": "planted nature",
    "reporter__name": "司马植入",
    "reporter__phone": "13912345678",
    "description": "司马植入 13912345678 报警",
    "region": "990101001007",
    "class": "fire/vehicle",
}
TOKEN = bytes(range(100, 132))


def send_mark(
    consortium: Consortium, record_id: bytes, mark: Mark, version: int = 0, reason: int = 1
) -> httpx.Response:
    message: Mapping[str, Any] = {
        "key": PUBLISHER.address,
        "recordId": record_id,
        "version": version,
        "mark": int(mark),
        "reason": reason,
        "nonce": int.from_bytes(os.urandom(24), "big") << 64,
        "deadline": consortium.now + 600,
    }
    signature = PUBLISHER.sign_digest(message_digest("Mark", message, CHAIN_ID, ANCHORS))
    body = encode({"message": message_to_json("Mark", message), "signature": to_hex(signature)})
    return consortium.send(PUBLISHER, "POST", "/v1/marks", body=body)


def mine_mark(
    consortium: Consortium,
    record_id: bytes,
    mark: Mark,
    agency: int = COMMUNITY,
    version: int = 0,
    reason: int = 1,
) -> None:
    args = {"agency": agency, "recordId": to_hex(record_id), "version": version, "mark": int(mark), "reason": reason}
    consortium.add_block([("RecordAnchors", "Marked", args)])


def erase(consortium: Consortium) -> Erased:
    return erase_due(consortium.store, consortium.gateway.facts, consortium.now)


def everything(consortium: Consortium) -> str:
    """Every row of every table as text; bytes in hex."""
    with psycopg.connect(consortium.dsn) as connection:
        tables = [name for (name,) in connection.execute("SELECT relname FROM pg_stat_user_tables").fetchall()]
        assert {"records", "sealed", "subjects", "answers", "evidence", "documents"} <= set(tables)
        return "\n".join(
            row for name in tables for (row,) in connection.execute(f"SELECT t::text FROM {name} t").fetchall()
        )


def traces(consortium: Consortium, given: Draft) -> dict[str, str]:
    """What content leaves in the database, as `everything` would show it: masked values, salts, digests, secrets."""
    made = given.committed[0]
    # A code of a code set also stands in the document of its set, whatever records hold; the column is looked at below.
    open_places = [place for place, slot in enumerate(SCHEMA.slots) if slot.is_stored_open and slot.code_set is None]
    found = {f"value {place}": made.values[place].hex() for place in open_places if len(made.values[place]) > 6}
    found |= {f"salt {place}": salt.hex() for place, salt in enumerate(made.salts)}
    found |= {f"digest {place}": digest.hex() for place, digest in enumerate(made.digests)}
    found |= {name: value for name, value in PLANTED.items() if name in ("region", "class")}
    with psycopg.connect(consortium.dsn) as connection:
        row = connection.execute(
            "SELECT encode(ciphertext, 'hex'), encode(wrapped_key, 'hex') FROM sealed JOIN records"
            " USING (entry_id, position) WHERE record_id = %s",
            (made.record_id,),
        ).fetchone()
    assert row is not None
    return found | {"ciphertext": row[0], "wrapped key": row[1], "token": TOKEN.hex()}


def planted(consortium: Consortium) -> Draft:
    given = consortium.published(**PLANTED)
    with consortium.store.begin() as transaction:
        transaction.add_subjects([RecordSubject(given.committed[0].record_id, TOKEN, 1, COMMUNITY)])
        for period in range(2):
            tag = SubjectTag(os.urandom(32), TOKEN, FIRE, 2, period)
            transaction.add_subject_tag(tag, consortium.now - 2 * TAG_SECONDS)
    return given


def consent_by(consortium: Consortium, tag: bytes, **changes: Any) -> None:
    """Let the chain show a consent with this tag."""
    hashes = {name: to_hex(os.urandom(32)) for name in ("consent", "scopeHash", "textHash", "evidenceHash")}
    args = {"recipient": FIRE, "holder": COMMUNITY, "subjectTag": to_hex(tag), "categories": 2, "purpose": 2}
    signed = {"controller": PUBLISHER.address, "capturedBy": 0, "captureMode": 1}
    until = {"validFrom": consortium.now, "validUntil": consortium.now + 10}
    consortium.add_block([("ConsentRegistry", "ConsentRecorded", hashes | args | signed | until | changes)])


def tags_of_planted(consortium: Consortium) -> list[bytes]:
    with psycopg.connect(consortium.dsn) as connection:
        found = connection.execute("SELECT subject_tag FROM subject_tags WHERE token = %s ORDER BY period", (TOKEN,))
        return [tag for (tag,) in found.fetchall()]


def test_tags_stay_while_a_consent_is_live_and_go_once_no_record_and_no_consent_is_left(consortium: Consortium) -> None:
    given = planted(consortium)
    first, second = tags_of_planted(consortium)
    consent_by(consortium, second)
    mine_mark(consortium, given.committed[0].record_id, Mark.ERASED)
    assert erase(consortium) == Erased(1, 0)
    assert tags_of_planted(consortium) == [second] != [first]

    def forget() -> int:
        with consortium.store.begin() as transaction:
            return forget_tags(transaction, consortium.gateway.facts.history(transaction), consortium.now)

    assert forget() == 0
    consortium.advance(10)
    assert forget() == 1
    assert TOKEN.hex() not in everything(consortium)


def test_a_tag_of_a_withdrawn_consent_goes_and_one_that_waits_for_its_consent_stays(consortium: Consortium) -> None:
    given = planted(consortium)
    _, second = tags_of_planted(consortium)
    young = SubjectTag(os.urandom(32), TOKEN, FIRE, 2, 2)
    with consortium.store.begin() as transaction:
        transaction.add_subject_tag(young, consortium.now)
    consent = to_hex(os.urandom(32))
    consent_by(consortium, second, consent=consent)
    consortium.add_block([("ConsentRegistry", "ConsentWithdrawn", {"consent": consent, "reason": 1})])
    mine_mark(consortium, given.committed[0].record_id, Mark.ERASED)
    assert erase(consortium) == Erased(1, 0)
    assert tags_of_planted(consortium) == [young.tag]


def test_after_erasure_nothing_of_the_content_is_in_any_table(consortium: Consortium) -> None:
    given = planted(consortium)
    record_id = given.committed[0].record_id
    consortium.anchor_all()
    consortium.look(FIRE_READER, f"/v1/records/{to_hex(record_id)}")
    consortium.look(READER_OF_COMMUNITY, f"/v1/records/{to_hex(record_id)}", authority="own")
    left = traces(consortium, given)
    before = everything(consortium)
    stored = {name for name, trace in left.items() if trace in before}
    assert {"ciphertext", "wrapped key", "token", "region", "class"} < stored
    assert any(name.startswith("value") for name in stored)
    assert any(name.startswith("salt") for name in stored)
    assert any(name.startswith("digest") for name in stored)
    assert send_mark(consortium, record_id, Mark.ERASED).status_code == 202
    assert erase(consortium) == Erased(0, 0)
    mine_mark(consortium, record_id, Mark.ERASED)
    assert erase(consortium) == Erased(1, 0)
    after = everything(consortium)
    assert [name for name, trace in left.items() if trace in after] == []
    assert record_id.hex() in after
    assert given.committed[0].record_root.hex() in after
    assert erase(consortium) == Erased(0, 0)


@pytest.mark.parametrize("mark", [Mark.ERASED, Mark.WITHDRAWN])
def test_a_record_is_not_served_from_the_moment_that_its_mark_is_received(consortium: Consortium, mark: Mark) -> None:
    given, other = consortium.published(), consortium.published()
    record_id = given.committed[0].record_id
    path = f"/v1/records/{to_hex(record_id)}"
    assert consortium.look(FIRE_READER, path).status_code == 200
    assert send_mark(consortium, record_id, mark).status_code == 202
    for address in (path, f"{path}/bundle"):
        answer = consortium.look(FIRE_READER, address)
        assert (answer.status_code, answer.json()["reason"]) == (403, 11)
    page = consortium.look(FIRE_READER, "/v1/records").json()
    assert [view["recordId"] for view in page["views"]] == [to_hex(other.committed[0].record_id)]


def test_a_mark_of_one_version_or_of_another_agency_leaves_the_others_served(consortium: Consortium) -> None:
    record_id = consortium.published().committed[0].record_id
    assert send_mark(consortium, record_id, Mark.ERASED, version=2).status_code == 202
    mine_mark(consortium, record_id, Mark.ERASED, agency=FIRE)
    assert erase(consortium) == Erased(0, 0)
    assert consortium.look(FIRE_READER, f"/v1/records/{to_hex(record_id)}").status_code == 200


def test_siblings_of_an_erased_record_verify_and_its_own_bundle_is_refused(consortium: Consortium) -> None:
    given = consortium.published(3)
    consortium.anchor_all()
    first, erased, last = (made.record_id for made in given.committed)
    mine_mark(consortium, erased, Mark.ERASED)
    assert erase(consortium) == Erased(1, 0)
    for sibling in (first, last):
        told = consortium.look(FIRE_READER, f"/v1/records/{to_hex(sibling)}/bundle").json()
        assert verify_bundle(encode(told["bundle"]), facts(consortium)).record_id == sibling
    for authority in ("", "own"):
        caller = READER_OF_COMMUNITY if authority else FIRE_READER
        answer = consortium.look(caller, f"/v1/records/{to_hex(erased)}/bundle", authority=authority)
        assert (answer.status_code, answer.json()["reason"]) == (403, 11)


def test_an_export_holds_the_tombstone_in_the_records_place(consortium: Consortium) -> None:
    given = consortium.published(3)
    consortium.anchor_all()
    made = given.committed[1]
    mine_mark(consortium, made.record_id, Mark.ERASED)
    erase(consortium)
    answer = consortium.look(AUDIT_KEY, "/v1/export", item="", purpose="12")
    lines = [parse_tagged_line(line) for line in answer.text.splitlines()]
    records = [parse_record_line(members) for tag, members in lines if tag == "record"]
    kept = [record for record in records if record.record_id == made.record_id]
    assert [record.position for record in records] == [0, 1, 2]
    assert [(kept[0].members()["recordRoot"], kept[0].version)] == [(to_hex(made.record_root), 1)]


def test_a_restored_copy_of_the_content_is_erased_again(consortium: Consortium) -> None:
    given = planted(consortium)
    record_id = given.committed[0].record_id
    left = traces(consortium, given)
    with psycopg.connect(consortium.dsn) as connection:
        for table in ("records", "sealed", "subjects"):
            connection.execute(f"CREATE TABLE old_{table} AS TABLE {table}")
    mine_mark(consortium, record_id, Mark.ERASED)
    assert erase(consortium) == Erased(1, 0)
    with psycopg.connect(consortium.dsn) as connection:
        for table in ("records", "sealed", "subjects"):
            connection.execute(f"DELETE FROM {table}")
            connection.execute(f"INSERT INTO {table} SELECT * FROM old_{table}")
            connection.execute(f"DROP TABLE old_{table}")
    assert left["ciphertext"] in everything(consortium)
    with consortium.store.begin() as transaction:
        assert transaction.replay_erasures() == 1
    answer = consortium.look(FIRE_READER, f"/v1/records/{to_hex(record_id)}")
    assert (answer.status_code, answer.json()["reason"]) == (403, 11)
    assert erase(consortium) == Erased(1, 0)
    after = everything(consortium)
    assert [name for name, trace in left.items() if trace in after] == []


def test_a_gateway_is_not_ready_while_old_marks_are_not_carried_out(consortium: Consortium) -> None:
    record_id = consortium.published().committed[0].record_id
    mine_mark(consortium, record_id, Mark.ERASED)

    def readiness() -> tuple[int, bool]:
        answer = consortium.send(None, "GET", "/v1/health/ready")
        return answer.status_code, answer.json()["checks"]["erasures_pending"]["ok"]

    assert readiness()[1]
    consortium.advance(61)
    assert readiness() == (503, False)
    erase(consortium)
    assert readiness()[1]


@pytest.mark.parametrize("agency", [COMMUNITY, AUDITOR])
def test_a_legal_hold_refuses_the_mark_and_keeps_content_that_is_marked_all_the_same(
    consortium: Consortium, agency: int
) -> None:
    given = planted(consortium)
    record_id = given.committed[0].record_id
    left = traces(consortium, given)
    mine_mark(consortium, record_id, Mark.HOLD, agency=agency)
    before = consortium.rows()
    answer = send_mark(consortium, record_id, Mark.ERASED)
    assert (answer.status_code, answer.json()["code"]) == (409, "legal_hold")
    assert consortium.rows() == before
    assert consortium.look(FIRE_READER, f"/v1/records/{to_hex(record_id)}").status_code == 200
    mine_mark(consortium, record_id, Mark.ERASED)
    assert erase(consortium) == Erased(0, 1)
    assert erase(consortium) == Erased(0, 0)
    assert left["ciphertext"] in everything(consortium)


def test_what_was_marked_under_a_hold_is_erased_once_it_is_released(consortium: Consortium) -> None:
    given = planted(consortium)
    record_id = given.committed[0].record_id
    left = traces(consortium, given)
    for mark, agency in ((Mark.HOLD, AUDITOR), (Mark.HOLD, COMMUNITY), (Mark.ERASED, COMMUNITY)):
        mine_mark(consortium, record_id, mark, agency=agency)
    assert erase(consortium) == Erased(0, 1)
    mine_mark(consortium, record_id, Mark.HOLD, agency=AUDITOR, reason=HOLD_RELEASED)
    assert erase(consortium) == Erased(0, 1)
    assert left["ciphertext"] in everything(consortium)
    mine_mark(consortium, record_id, Mark.HOLD, reason=HOLD_RELEASED)
    assert erase(consortium) == Erased(1, 0)
    assert left["ciphertext"] not in everything(consortium)


def test_a_release_asks_for_nothing_that_nobody_marked_erased(consortium: Consortium) -> None:
    record_id = consortium.published().committed[0].record_id
    mine_mark(consortium, record_id, Mark.HOLD)
    mine_mark(consortium, record_id, Mark.HOLD, reason=HOLD_RELEASED)
    assert erase(consortium) == Erased(0, 0)
    assert send_mark(consortium, record_id, Mark.ERASED).status_code == 202


def test_a_hold_is_released_where_it_stands_and_may_be_set_again(consortium: Consortium) -> None:
    record_id = consortium.published().committed[0].record_id

    def sent(reason: int, version: int = 0) -> int:
        return send_mark(consortium, record_id, Mark.HOLD, version, reason).status_code

    def waits_for_the_chain() -> bool:
        answer = send_mark(consortium, record_id, Mark.ERASED)
        return (answer.status_code, answer.json().get("code")) == (409, "legal_hold")

    assert sent(HOLD_RELEASED) == 409
    mine_mark(consortium, record_id, Mark.HOLD)
    assert [sent(5), sent(HOLD_RELEASED, version=1)] == [409, 409]
    assert [sent(HOLD_RELEASED), sent(HOLD_RELEASED)] == [202, 409]
    assert waits_for_the_chain()
    assert [sent(5), sent(5)] == [202, 409]
    assert waits_for_the_chain()


def test_a_hold_that_was_received_blocks_before_it_is_mined(consortium: Consortium) -> None:
    record_id = consortium.published().committed[0].record_id
    assert send_mark(consortium, record_id, Mark.HOLD, version=2).status_code == 202
    assert send_mark(consortium, record_id, Mark.ERASED, version=1).status_code == 202
    answer = send_mark(consortium, record_id, Mark.ERASED)
    assert (answer.status_code, answer.json()["code"]) == (409, "legal_hold")


def test_a_hold_of_an_agency_that_may_not_hold_blocks_nothing(consortium: Consortium) -> None:
    record_id = consortium.published().committed[0].record_id
    mine_mark(consortium, record_id, Mark.HOLD, agency=FIRE)
    assert send_mark(consortium, record_id, Mark.ERASED).status_code == 202


def test_an_auditor_is_refused_an_erased_record_like_anybody(consortium: Consortium) -> None:
    record_id = consortium.published().committed[0].record_id
    mine_mark(consortium, record_id, Mark.ERASED)
    erase(consortium)
    answer = consortium.look(AUDIT_KEY, f"/v1/records/{to_hex(record_id)}", authority="audit", purpose="12")
    assert (answer.status_code, answer.json()["reason"]) == (403, 11)


def test_a_version_that_is_published_after_the_mark_is_erased_too(consortium: Consortium) -> None:
    first = consortium.published().committed[0]
    mine_mark(consortium, first.record_id, Mark.ERASED)
    erase(consortium)
    later = draft([record_content(2, first.record_root, first.record_id)], consortium.now)
    assert consortium.publish(later).status_code == 202
    assert consortium.look(FIRE_READER, f"/v1/records/{to_hex(first.record_id)}").status_code == 403
    assert erase(consortium) == Erased(1, 0)
