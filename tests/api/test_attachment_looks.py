"""Attachments are read by looks: the same decision, one slot opened, a signed disclosure; erased with their record."""

import base64
import json
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from ledger.core.attachment import attachment_digest
from ledger.core.canonical import encode
from ledger.core.codes import Mark
from ledger.core.hexadecimal import from_hex, to_hex
from ledger.core.verdict import Verdict
from tests.api.attaching import (
    CONDITIONAL,
    GRANTED,
    JPEG,
    PAPER,
    PDF,
    PHOTO,
    PLAN,
    SCHEMA,
    UNCONDITIONAL,
    Noted,
    document,
    look_at,
    noted,
    picture,
    published,
    share_evidence,
    submission,
    upload,
)
from tests.api.consortium import Consortium
from tests.api.members import COMMUNITY, FIRE_READER, READER_OF_COMMUNITY
from tests.api.offices import DECIDER, Offices
from tests.api.test_audited import audited, passed
from tests.api.test_erasure import erase, mine_mark, send_mark

pytestmark = pytest.mark.api
PHOTO_BIT = 1 << SCHEMA.index[(PHOTO, "o")]


@pytest.fixture
def evidence(consortium: Consortium) -> Consortium:
    share_evidence(consortium)
    return consortium


def with_files(**changes: Any) -> Noted:
    return noted({PHOTO: (JPEG, picture()), PAPER: (PDF, document()), PLAN: (PDF, document())}, **changes)


def refused(answer: httpx.Response, number: int, name: str) -> None:
    assert answer.status_code == 403, answer.text
    assert (answer.json()["reason"], answer.json()["name"]) == (number, name)
    assert answer.json()["refusal"]["message"]["reason"] == number


def test_a_look_opens_the_file_s_slot_and_nothing_else(evidence: Consortium) -> None:
    given = with_files()
    published(evidence, given)
    answer = look_at(evidence, FIRE_READER, given)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    value, content = given.files[PHOTO]
    assert base64.b64decode(found["content"], validate=True) == content
    [view] = found["views"]
    [opened] = [slot for slot in view["slots"] if "value" in slot]
    assert (opened["path"], json.loads(opened["value"])) == (PHOTO, value.json)
    assert attachment_digest(from_hex(opened["salt"], 32), content) == value.digest
    root = to_hex(given.committed.record_root)
    assert found["openings"] == [[to_hex(given.record_id), 1, root, to_hex(PHOTO_BIT.to_bytes(32, "big"))]]
    message = found["disclosure"]["message"]
    assert (message["recordCount"], message["item"], message["authority"]) == (1, UNCONDITIONAL, 1)
    # The page itself opens what the profile opens, as before.
    page = evidence.look(FIRE_READER, given.path.removesuffix("/attachment"), item=str(UNCONDITIONAL)).json()
    assert {slot["path"] for slot in page["views"][0]["slots"] if "value" in slot} == {"/region", "/occurredAt", PHOTO}


@pytest.mark.parametrize("path", [PAPER, PLAN])
def test_a_file_that_the_profile_closes_is_refused_and_the_refusal_kept(evidence: Consortium, path: str) -> None:
    given = with_files()
    published(evidence, given)
    before = evidence.rows()["entries"]
    refused(look_at(evidence, FIRE_READER, given, path), 12, "profile_too_wide")
    assert evidence.rows()["entries"] == before + 1


def test_a_narrower_profile_that_closes_the_file_refuses_it(evidence: Consortium) -> None:
    given = with_files()
    published(evidence, given)
    with evidence.store.begin() as opened:
        document_of = {**GRANTED.document, "item": UNCONDITIONAL, "open": [["/region", "o"]]}
        narrow = encode(document_of)
        from ledger.core.documents import parse_profile

        profile = parse_profile(document_of)
        opened.add_document(profile.hash, "application/json", narrow, evidence.now)
    refused(look_at(evidence, FIRE_READER, given, profile=to_hex(profile.hash)), 12, "profile_too_wide")


def test_its_publisher_reads_everything_it_attached(evidence: Consortium) -> None:
    given = with_files()
    published(evidence, given)
    for path, (_, content) in given.files.items():
        answer = look_at(evidence, READER_OF_COMMUNITY, given, path, authority="own")
        assert base64.b64decode(answer.json()["content"]) == content


def test_a_slot_without_a_file_is_disclosed_as_null(evidence: Consortium) -> None:
    given = noted({PAPER: (PDF, document())})
    published(evidence, given)
    answer = look_at(evidence, FIRE_READER, given).json()
    assert answer["content"] is None
    assert answer["disclosure"]["message"]["recordCount"] == 1


@pytest.mark.parametrize("path", ["/region", "/nowhere", ""])
def test_where_no_file_can_stand_there_is_nothing_and_no_entry(evidence: Consortium, path: str) -> None:
    given = with_files()
    published(evidence, given)
    before = evidence.rows()
    answer = look_at(evidence, FIRE_READER, given, path)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert evidence.rows() == before


def test_who_may_not_look_learns_nothing_of_a_path(evidence: Consortium) -> None:
    given = with_files()
    published(evidence, given)
    for path in (PHOTO, "/nowhere"):
        refused(look_at(evidence, FIRE_READER, given, path, purpose="9"), 3, "purpose_not_allowed")
    unknown = with_files()
    refused(look_at(evidence, FIRE_READER, unknown), 2, "item_unknown")


def test_an_older_version_keeps_its_files_and_the_newer_has_its_own(evidence: Consortium) -> None:
    first = with_files()
    published(evidence, first)
    root = first.committed.record_root
    second = with_files(record_id=first.record_id, version=2, previous=root)
    published(evidence, second)
    for given, version in ((first, 1), (second, 2), (second, None)):
        query = {"path": PHOTO} | ({} if version is None else {"version": version})
        answer = evidence.look(FIRE_READER, given.path, query, item=str(UNCONDITIONAL))
        assert base64.b64decode(answer.json()["content"]) == given.files[PHOTO][1]


def test_looks_at_attachments_count_as_uses_of_a_grant_and_end_with_it(evidence: Consortium, tmp_path: Path) -> None:
    offices = Offices(evidence)
    given = with_files()
    published(evidence, given, item=CONDITIONAL)
    evidence.anchor_all()
    asked = {"item": CONDITIONAL, "profile": GRANTED.hash}
    request = offices.mine(offices.request(**asked))
    grant = offices.mine(offices.decide(request, profile=GRANTED.hash, uses=3))

    def look(path: str = PHOTO, under: bytes = grant) -> httpx.Response:
        return look_at(evidence, FIRE_READER, given, path, CONDITIONAL, authority="grant", grant=to_hex(under))

    assert base64.b64decode(look().json()["content"]) == given.files[PHOTO][1]
    refused(look(PAPER), 12, "profile_too_wide")
    assert look("/nowhere").status_code == 404
    page = {"item": str(CONDITIONAL), "authority": "grant", "grant": to_hex(grant)}
    assert evidence.look(FIRE_READER, given.path.removesuffix("/attachment"), **page).status_code == 200
    assert look().status_code == 200
    refused(look(), 13, "quota_exhausted")
    other = offices.mine(offices.decide(offices.mine(offices.request(**asked)), profile=GRANTED.hash))
    assert look(under=other).status_code == 200
    revocation = offices.act("RevokeGrant", {"grant": other, "reason": 1}, DECIDER)
    refused(look(under=other), 7, "grant_not_usable")
    offices.mine(revocation)
    report = audited(evidence, tmp_path / "export")
    assert (report.verdict, report.failures) == (Verdict.VERIFIED, ())
    assert passed(report, "look.uses") == 4


def test_an_emergency_opens_what_its_profile_opens_and_an_auditor_agrees(evidence: Consortium, tmp_path: Path) -> None:
    offices = Offices(evidence)
    given = with_files()
    published(evidence, given, item=CONDITIONAL)
    case = "0x" + "33" * 32
    emergency = offices.mine(offices.open(items=(CONDITIONAL,), caseRef=from_hex(case)))
    urgent = {"authority": "emergency", "emergency": to_hex(emergency), "basis": "4", "case": case}
    answer = look_at(evidence, FIRE_READER, given, PAPER, CONDITIONAL, **urgent)
    assert base64.b64decode(answer.json()["content"]) == given.files[PAPER][1]
    refused(look_at(evidence, FIRE_READER, given, PLAN, CONDITIONAL, **urgent), 12, "profile_too_wide")
    report = audited(evidence, tmp_path / "export")
    assert (report.verdict, report.failures) == (Verdict.VERIFIED, ())


def test_content_that_was_changed_or_is_gone_is_not_disclosed(evidence: Consortium) -> None:
    given, moved = with_files(), with_files()
    published(evidence, given)
    published(evidence, moved)
    statements = (
        "UPDATE attachments SET ciphertext = set_byte(ciphertext, 40, get_byte(ciphertext, 40) # 1)",
        "UPDATE attachments SET record_id = NULL, version = NULL, slot = NULL",
    )
    for statement in statements:
        with psycopg.connect(evidence.dsn) as connection:
            connection.execute(statement)
        before = evidence.rows()
        answer = look_at(evidence, FIRE_READER, given)
        assert (answer.status_code, answer.json()["code"]) == (500, "unsealing_failed")
        assert evidence.rows() == before


def test_erasure_leaves_nothing_of_an_attachment(evidence: Consortium) -> None:
    given, sibling = with_files(), with_files()
    for one in (given, sibling):
        for value, content in one.files.values():
            assert upload(evidence, value, content).status_code == 200
    assert evidence.publish(submission([given, sibling], evidence.now)).status_code == 202
    evidence.anchor_all()
    with psycopg.connect(evidence.dsn) as connection:
        sealed = connection.execute(
            "SELECT encode(ciphertext, 'hex'), encode(wrapped_key, 'hex'), encode(digest, 'hex') FROM attachments"
            " WHERE record_id = %s",
            (given.record_id,),
        ).fetchall()
    assert len(sealed) == 3
    assert send_mark(evidence, given.record_id, Mark.ERASED).status_code == 202
    refused(look_at(evidence, FIRE_READER, given), 11, "record_withdrawn")
    mine_mark(evidence, given.record_id, Mark.ERASED)
    assert erase(evidence).erased == 1
    with psycopg.connect(evidence.dsn) as connection:
        tables = [name for (name,) in connection.execute("SELECT relname FROM pg_stat_user_tables").fetchall()]
        everything = "\n".join(
            row for name in tables for (row,) in connection.execute(f"SELECT t::text FROM {name} t").fetchall()
        )
    assert [name for row in sealed for name in row if name in everything] == []
    refused(look_at(evidence, FIRE_READER, given), 11, "record_withdrawn")
    refused(look_at(evidence, READER_OF_COMMUNITY, given, authority="own"), 11, "record_withdrawn")
    assert base64.b64decode(look_at(evidence, FIRE_READER, sibling).json()["content"]) == sibling.files[PHOTO][1]


def test_attachments_that_an_older_copy_brought_back_beside_a_tombstone_go_at_once(evidence: Consortium) -> None:
    given = with_files()
    published(evidence, given)
    with psycopg.connect(evidence.dsn) as connection:
        connection.execute("CREATE TABLE older AS SELECT * FROM attachments")
    mine_mark(evidence, given.record_id, Mark.ERASED, COMMUNITY)
    erase(evidence)
    with psycopg.connect(evidence.dsn) as connection:
        connection.execute("INSERT INTO attachments SELECT * FROM older")
        connection.execute("DROP TABLE older")
    with evidence.store.begin() as transaction:
        transaction.replay_erasures()
    with psycopg.connect(evidence.dsn) as connection:
        assert connection.execute("SELECT count(*) FROM attachments").fetchone() == (0,)
