"""What a resident sees: every look at records about himself, and nothing about anybody else."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from ledger.client.rights import resident_s_grounds
from ledger.client.transport import Transport
from ledger.core.codes import Authority, EntryType, QueryType
from ledger.core.hexadecimal import from_hex, to_hex
from ledger.core.subjects import SubjectOpening, canonical_id
from ledger.core.verdict import Verdict
from ledger.errors import LookRefused, PromiseBroken
from tests.api.consortium import Consortium
from tests.api.members import (
    AUDIT_KEY,
    AUDITOR,
    AUTHORITY,
    CHAIN_ID,
    COMMUNITY,
    FIRE,
    FIRE_READER,
    PROPERTY_KEY,
    PUBLISHER,
    READER_OF_COMMUNITY,
    Key,
    key,
)
from tests.api.offices import Offices
from tests.api.persons import CARE, OTHER_ID, PLANTED, ask, entries_of, opening, publish_care, traces
from tests.api.test_audited import audited
from tests.api.test_client_asks_about_persons import Altering
from tests.api.test_client_at_the_api import Desks
from tests.api.test_grants import care_look, caring, granted_by_consent
from tests.api.test_looks import path_of

pytestmark = pytest.mark.api
__all__ = ["caring"]
CASE, OFFICER = "0x" + "5a" * 32, "0x" + "6b" * 32


@pytest.fixture
def offices(consortium: Consortium) -> Offices:
    return Offices(consortium)


def subject_of(consortium: Consortium, about: SubjectOpening) -> str:
    token: str = ask(consortium, PUBLISHER, "/v1/subjects", about).json()["subject"]
    return token


def who_looked(
    consortium: Consortium, about: SubjectOpening, caller: Key = READER_OF_COMMUNITY, *, query: Any = None, **said: str
) -> httpx.Response:
    """Ask who looked, as the person of an opening does through a member."""
    return as_resident(consortium, "/v1/looks", about, caller, query=query, **said)


def as_resident(
    consortium: Consortium,
    path: str,
    about: SubjectOpening,
    caller: Key = READER_OF_COMMUNITY,
    *,
    query: Any = None,
    **said: str,
) -> httpx.Response:
    """Send what a person asks through a member that serves him; `said` changes headers, empty leaves one out."""
    headers = {
        "item": "",
        "purpose": "12",
        "basis": "3",
        "basis-ref": CASE,
        "authority": "self",
        "subject": to_hex(about.commitment),
    }
    changed = {f"gongzhi-{name}": text for name, text in (headers | said).items() if text}
    spoil = {"gongzhi-opening": about.header}
    return consortium.send(caller, "GET", path, query=query, headers=changed, spoil=spoil)


def own_look(consortium: Consortium, path: str) -> httpx.Response:
    return consortium.look(READER_OF_COMMUNITY, path, item=str(CARE), purpose="7", authority="own")


def audit_page(consortium: Consortium) -> httpx.Response:
    """Look at a page of everybody's records, as an auditor does."""
    return consortium.look(AUDIT_KEY, "/v1/records", item=str(CARE), purpose="12", authority="audit")


def test_a_resident_is_told_of_every_look_at_his_records_and_of_no_other(caring: Offices) -> None:
    consortium, person, other = caring.consortium, opening(), opening(OTHER_ID)
    mine, of_another = (publish_care(consortium, subject_of(consortium, about)) for about in (person, other))
    assert who_looked(consortium, person).json()["looks"] == []
    _, grant = granted_by_consent(caring, key("a resident", 0))
    assert care_look(caring, grant, path_of(mine), officer=OFFICER, case=CASE).status_code == 200
    assert own_look(consortium, path_of(mine)).status_code == 200
    assert audit_page(consortium).json()["disclosure"]["message"]["recordCount"] == 2
    assert own_look(consortium, path_of(of_another)).status_code == 200
    consortium.advance(2)
    consortium.anchor_all()
    assert as_resident(consortium, "/v1/records", opening(), item=str(CARE)).status_code == 200
    answer = who_looked(consortium, person)
    found = answer.json()
    himself, auditor, publisher, granted = found["looks"]
    assert [look["authority"] for look in found["looks"]] == [
        Authority.SELF,
        Authority.AUDIT,
        Authority.OWN,
        Authority.GRANT,
    ]
    assert {look["recordId"] for look in found["looks"]} == {to_hex(mine)}
    assert CARE in found["items"]
    expected = {
        "reader": FIRE,
        "item": CARE,
        "purpose": 7,
        "basis": 1,
        "authorityId": to_hex(grant),
        "officer": OFFICER,
        "caseRef": CASE,
        "version": 1,
        "publisher": COMMUNITY,
    }
    assert expected.items() <= granted.items()
    titles = [slot["title"]["en"] for slot in granted["opened"]]
    assert "region" in titles
    assert len(titles) < len(publisher["opened"])
    assert (publisher["tier"], auditor["reader"]) == (0, AUDITOR)
    with consortium.store.begin() as tx:
        entry = tx.entry(from_hex(granted["entry"], 32))
    assert entry is not None
    assert entry.entry.message["disclosedAt"] == granted["disclosedAt"]
    assert (granted["anchoredAt"], himself["anchoredAt"]) == (entry.anchored_at, None)
    assert entry.anchored_at is not None
    said = entries_of(consortium, EntryType.QUERY)[-1]
    assert (said["queryType"], said["item"], said["resultCount"]) == (QueryType.MATCH, 0, 4)
    assert to_hex(of_another) not in answer.text
    theirs = who_looked(consortium, other).json()["looks"]
    assert [look["recordId"] for look in theirs] == [to_hex(of_another)] * 2


def test_pages_follow_each_other_and_each_is_a_query(caring: Offices) -> None:
    consortium, person = caring.consortium, opening()
    subject = subject_of(consortium, person)
    ids = {to_hex(publish_care(consortium, subject)) for _ in range(2)}
    for _ in range(3):
        assert audit_page(consortium).status_code == 200
    before = len(entries_of(consortium, EntryType.QUERY))
    looks, cursor = [], None
    while True:
        query = {"limit": 4} | ({} if cursor is None else {"cursor": cursor})
        page = who_looked(consortium, person, query=query).json()
        looks += page["looks"]
        cursor = page["next"]
        if cursor is None:
            break
    assert len(entries_of(consortium, EntryType.QUERY)) == before + 2
    assert len({(look["entry"], look["recordId"]) for look in looks}) == 6
    assert {look["recordId"] for look in looks} == ids


def test_a_record_that_named_somebody_else_before_tells_nothing_of_that_time(caring: Offices) -> None:
    consortium, person, other = caring.consortium, opening(), opening(OTHER_ID)
    record = publish_care(consortium, subject_of(consortium, other))
    own_look(consortium, path_of(record))
    assert len(who_looked(consortium, other).json()["looks"]) == 1
    with psycopg.connect(consortium.dsn) as connection:
        token = from_hex(subject_of(consortium, person), 32)
        connection.execute("UPDATE subjects SET token = %s, since_version = 2", (token,))
    assert who_looked(consortium, person).json()["looks"] == []


def test_class_1_looks_at_what_is_about_nobody_are_kept_in_no_list(caring: Offices) -> None:
    consortium = caring.consortium
    consortium.published()
    assert consortium.look(FIRE_READER, "/v1/records").status_code == 200
    with psycopg.connect(consortium.dsn) as connection:
        assert connection.execute("SELECT count(*) FROM opened_records").fetchone() == (0,)


@pytest.mark.parametrize(
    ("caller", "said", "reason"),
    [
        (PUBLISHER, {}, "key_not_entitled"),
        (READER_OF_COMMUNITY, {"purpose": "7"}, "purpose_not_allowed"),
        (READER_OF_COMMUNITY, {"item": "77"}, "item_unknown"),
        (PROPERTY_KEY, {"item": str(CARE)}, "purpose_not_allowed"),
    ],
)
def test_who_may_not_ask_is_refused_by_a_signed_entry(
    caring: Offices, caller: Key, said: dict[str, str], reason: str
) -> None:
    before = len(entries_of(caring.consortium, EntryType.REFUSAL))
    refused = who_looked(caring.consortium, opening(), caller, **said)
    assert (refused.status_code, refused.json()["name"]) == (403, reason)
    assert len(entries_of(caring.consortium, EntryType.REFUSAL)) == before + 1


def test_only_the_resident_himself_is_told(caring: Offices) -> None:
    consortium, person = caring.consortium, opening()
    nobody = who_looked(consortium, person, authority="", subject="")
    assert (nobody.status_code, nobody.json()["code"]) == (400, "format_invalid")
    wrong = who_looked(consortium, person, subject=to_hex(os.urandom(32)))
    assert (wrong.status_code, wrong.json()["code"]) == (422, "opening_mismatch")
    for trace in traces(PLANTED, person):
        assert trace not in nobody.text + wrong.text


def test_an_opening_is_left_nowhere(caring: Offices) -> None:
    consortium, person = caring.consortium, opening()
    own_look(consortium, path_of(publish_care(consortium, subject_of(consortium, person))))
    answer = who_looked(consortium, person)
    assert len(answer.json()["looks"]) == 1
    with psycopg.connect(consortium.dsn) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        rows = [connection.execute(f'SELECT "{name}"::text FROM "{name}"').fetchall() for (name,) in tables]
    kept = answer.text + repr(rows)
    assert person.commitment.hex() not in answer.text
    for trace in traces(PLANTED, person):
        assert trace.lower() not in kept.lower()


def test_what_was_told_is_verified_by_an_audit(caring: Offices, tmp_path: Path) -> None:
    consortium, person = caring.consortium, opening()
    own_look(consortium, path_of(publish_care(consortium, subject_of(consortium, person))))
    assert who_looked(consortium, person).status_code == 200
    assert who_looked(consortium, person, item=str(CARE)).status_code == 200
    assert who_looked(consortium, person, purpose="7").status_code == 403
    report = audited(consortium, tmp_path / "export")
    assert (report.verdict, report.failures) == (Verdict.VERIFIED, ())


@pytest.fixture
def desks(caring: Offices, tmp_path: Path) -> Iterator[Desks]:
    with ExitStack() as stack:
        yield Desks(caring.consortium, tmp_path / "desks", stack)


def test_a_desk_tells_the_resident_and_keeps_a_checked_query(desks: Desks, tmp_path: Path) -> None:
    consortium, person = desks.consortium, canonical_id("resident-id", PLANTED)
    record = publish_care(consortium, subject_of(consortium, opening()))
    own_look(consortium, path_of(record))
    office = desks.open(READER_OF_COMMUNITY)
    found = office.subjects.looks(resident_s_grounds(0, person))
    assert [look["recordId"] for look in found.looks] == [to_hex(record)]
    assert CARE in found.items
    assert {receipt.kind for receipt in office.desk.receipts.receipts()} == {"query"}
    with pytest.raises(LookRefused):
        office.subjects.looks(resident_s_grounds(77, person))
    files = [path.read_text("utf-8") + str(path) for path in tmp_path.rglob("*") if path.is_file()]
    for trace in traces(PLANTED):
        assert not [text for text in files if trace.lower() in text.lower()]


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ('"looks":[{', '"looks":[],"left":[{', "lists other looks"),
        ('"reader":2', '"reader":-2', "unsigned"),
        ('"entry":"0x', '"entry":"0X', "lowercase"),
        ('"title":{"en"', '"title":{"de"', "is missing"),
        ('"purpose":12', '"purpose":7', "not signed by the key"),
    ],
)
def test_an_altered_list_is_a_broken_promise(desks: Desks, old: str, new: str, found: str) -> None:
    consortium, office = desks.consortium, desks.open(READER_OF_COMMUNITY)
    own_look(consortium, path_of(publish_care(consortium, subject_of(consortium, opening()))))
    http = httpx.Client(transport=Altering(consortium.client, old, new))
    options: Any = {"clock": lambda: consortium.now, "sleep": lambda _: None, "http": http}
    office.desk.transport = Transport(f"https://{AUTHORITY}", READER_OF_COMMUNITY, CHAIN_ID, **options)
    with pytest.raises(PromiseBroken, match=found):
        office.subjects.looks(resident_s_grounds(0, canonical_id("resident-id", PLANTED)))
