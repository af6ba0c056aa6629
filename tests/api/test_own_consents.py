"""What a resident sees: his own consents, each with the words that were shown, and nobody else's."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from ledger.client.consent_receipts import receipt_told
from ledger.client.own_consents import own_consents
from ledger.client.rights import resident_s_grounds
from ledger.client.transport import Transport
from ledger.core.canonical import encode
from ledger.core.codes import CaptureMode, EntryType, GuardianRelation, QueryType, Role
from ledger.core.consent_documents import Evidence, SecondWitness
from ledger.core.hexadecimal import from_hex, to_hex
from ledger.core.keccak import keccak256
from ledger.core.received import consent_id
from ledger.core.scope import Scope
from ledger.core.subjects import SubjectOpening, canonical_id
from ledger.core.verdict import Verdict
from ledger.errors import PromiseBroken
from tests.api.consortium import Consortium, bound
from tests.api.members import (
    AUDIT_KEY,
    AUTHORITY,
    BEGINNING,
    CHAIN_ID,
    COMMUNITY,
    FIRE,
    FIRE_READER,
    OTHER,
    PROPERTY_KEY,
    PUBLISHER,
    READER_OF_COMMUNITY,
    Key,
    key,
)
from tests.api.offices import DAY, NOBODY, REQUESTER, Act, Offices
from tests.api.persons import CARE, OTHER_ID, PLANTED, ask, entries_of, opening, traces
from tests.api.test_audited import audited
from tests.api.test_client_asks_about_persons import Altering
from tests.api.test_client_at_the_api import Desks
from tests.api.test_consent_attacks import record_of_a_person
from tests.api.test_grants import CARE_TEXT, care_consent, care_look, caring, granted_by_consent, offices
from tests.api.test_looks import path_of
from tests.api.test_who_looked import as_resident, subject_of

pytestmark = pytest.mark.api
__all__ = ["caring", "offices"]
PERSON, LATER = key("a resident", 0), key("a resident, later", 0)
PATH = "/v1/subject-consents"
SCOPE = Scope(b"\x5c" * 32, ("990101",))


def told_to(consortium: Consortium, about: SubjectOpening, caller: Key = READER_OF_COMMUNITY, **more: Any) -> Any:
    """Ask what the person of an opening consented to, through a member."""
    answer = as_resident(consortium, PATH, about, caller, **more)
    assert answer.status_code == 200, answer.text
    return answer.json()


def tag_of(offices: Offices, identity: str) -> str:
    made = ask(offices.consortium, PUBLISHER, "/v1/subject-tags", opening(identity), more={"recipient": FIRE}, item="")
    tag: str = made.json()["subjectTag"]
    return tag


def consented(offices: Offices, person: Key = PERSON, identity: str = PLANTED, **changes: Any) -> bytes:
    """Record a consent to care records of the person with this id; returns its id."""
    return offices.mine(taken(offices, person, identity, **changes))


def taken(offices: Offices, person: Key = PERSON, identity: str = PLANTED, **changes: Any) -> Act:
    act = care_consent(offices, person, tag=tag_of(offices, identity), **changes)
    assert act.code == "taken", act.answer.text
    return act


def withdrawn(offices: Offices, consent: bytes, person: Key = PERSON) -> Act:
    return offices.act("WithdrawConsent", {"consent": consent, "reason": 3}, person, caller=REQUESTER)


def test_a_resident_without_any_consent_gets_an_empty_list(caring: Offices) -> None:
    consented(caring, identity=OTHER_ID)
    told = told_to(caring.consortium, opening())
    assert (told["consents"], told["documents"], told["next"]) == ([], [], None)
    said = entries_of(caring.consortium, EntryType.QUERY)[-1]
    assert (said["queryType"], said["item"], said["purpose"], said["resultCount"]) == (QueryType.MATCH, 0, 12, 0)


def test_a_consent_is_told_with_the_words_that_were_shown(caring: Offices) -> None:
    act = taken(caring)
    consent = caring.mine(act)
    told = told_to(caring.consortium, opening())
    (one,) = told["consents"]
    expected = {
        "consent": to_hex(consent),
        "state": "live",
        "stands": "final",
        "recipient": FIRE,
        "holder": COMMUNITY,
        "categories": 6,
        "purpose": 7,
        "captureMode": 1,
        "capturedBy": 0,
        "validUntil": BEGINNING + 60 * DAY,
        "withdrawnAt": None,
        "withdrawReason": None,
        "supersededBy": None,
        "sound": True,
    }
    assert expected.items() <= one.items()
    assert [action["digest"] for action in one["actions"]] == [to_hex(act.digest)]
    documents = {to_hex(keccak256(encode(document))): document for document in told["documents"]}
    assert documents.keys() == {one["textHash"], one["evidenceHash"], one["scopeHash"]}
    assert documents[one["textHash"]]["text"] == CARE_TEXT.text
    assert entries_of(caring.consortium, EntryType.QUERY)[-1]["resultCount"] == 1


def test_somebody_elses_consents_are_never_listed(caring: Offices) -> None:
    mine, of_another = consented(caring), consented(caring, LATER, OTHER_ID)
    for identity, own, foreign in ((PLANTED, mine, of_another), (OTHER_ID, of_another, mine)):
        answer = as_resident(caring.consortium, PATH, opening(identity))
        assert [one["consent"] for one in answer.json()["consents"]] == [to_hex(own)]
        assert to_hex(foreign) not in answer.text
        assert to_hex(caring.consortium.gateway_history().consents[foreign].subject_tag) not in answer.text


def test_consents_of_one_person_are_joined_in_no_answer_to_others_and_nowhere_on_chain(caring: Offices) -> None:
    consortium = caring.consortium
    ids = [consented(caring), consented(caring, LATER, scope=Scope(os.urandom(32), ("990101",)))]
    other = consented(caring, key("another resident", 0), OTHER_ID)
    own = told_to(consortium, opening())["consents"]
    assert [(one["consent"], one["state"]) for one in own] == [
        (to_hex(ids[1]), "live"),
        (to_hex(ids[0]), "superseded"),
    ]
    for caller in (FIRE_READER, PUBLISHER, AUDIT_KEY):
        agency = {} if caller is not AUDIT_KEY else {"agency": FIRE}
        listed = consortium.send(caller, "GET", "/v1/consents", query=agency).json()["consents"]
        assert {one["consent"] for one in listed} == {to_hex(one) for one in (*ids, other)}
        assert {one["state"] for one in listed} == {"live"}
        assert not [one for one in listed if "supersededBy" in one]
        for name in ("subjectTag", "controller", "scopeHash", "evidenceHash"):
            assert len({one[name] for one in listed}) == 3
    shown = {name for one in entries_of(consortium, EntryType.QUERY) for name in one}
    assert not shown & {"consent", "subjectTag", "supersededBy"}
    tags = {consortium.gateway_history().consents[one].subject_tag for one in (*ids, other)}
    stream = repr([entries_of(consortium, entry_type) for entry_type in (EntryType.QUERY, EntryType.REFUSAL)])
    assert len(tags) == 3
    assert not [tag for tag in (*tags, *ids, other) if to_hex(tag)[2:] in stream]


def test_a_consent_that_a_later_one_replaces_is_shown_as_superseded_while_that_is_live(caring: Offices) -> None:
    consortium = caring.consortium
    old = consented(caring, scope=SCOPE)
    renewed = Scope(os.urandom(32), SCOPE.regions)
    new = consented(caring, LATER, scope=renewed, validUntil=BEGINNING + 90 * DAY)
    told = told_to(consortium, opening())["consents"]
    assert [(one["consent"], one["state"], one["supersededBy"]) for one in told] == [
        (to_hex(new), "live", None),
        (to_hex(old), "superseded", to_hex(new)),
    ]
    assert withdrawn(caring, new, LATER).code == "taken"
    told = told_to(consortium, opening())["consents"]
    assert [(one["state"], one["supersededBy"]) for one in told] == [("withdrawn", None), ("live", None)]


def test_a_consent_of_another_person_supersedes_nothing(caring: Offices) -> None:
    consented(caring, scope=SCOPE)
    other_scope = Scope(os.urandom(32), SCOPE.regions)
    consented(caring, LATER, OTHER_ID, scope=other_scope, validUntil=BEGINNING + 90 * DAY)
    (one,) = told_to(caring.consortium, opening())["consents"]
    assert (one["state"], one["supersededBy"]) == ("live", None)


def test_a_withdrawal_is_told_with_reason_and_time_as_soon_as_it_is_received(caring: Offices) -> None:
    consortium, consent = caring.consortium, consented(caring)
    consortium.advance(60)
    act, at = withdrawn(caring, consent), consortium.now
    for _ in range(2):
        (one,) = told_to(consortium, opening())["consents"]
        assert (one["state"], one["withdrawnAt"], one["withdrawReason"]) == ("withdrawn", at, 3)
        if not caring.consortium.gateway_history().consents[consent].withdrawn:
            consortium.advance(60)
            caring.mine(act)


def test_a_consent_on_its_way_has_not_begun_and_has_ended_is_told_so(caring: Offices) -> None:
    consortium = caring.consortium
    later = consented(caring, validFrom=consortium.now + DAY, validUntil=consortium.now + 2 * DAY)
    act = taken(caring, LATER)
    on_its_way, not_begun = told_to(consortium, opening())["consents"]
    assert (on_its_way["consent"], on_its_way["state"]) == (to_hex(consent_id(act.message)), "received")
    assert (on_its_way["stands"], on_its_way["recordedAt"]) == ("received", None)
    assert (not_begun["consent"], not_begun["state"]) == (to_hex(later), "not_begun")
    caring.mine(act)
    consortium.advance(2 * DAY)
    consortium.add_block()
    assert [one["state"] for one in told_to(consortium, opening())["consents"]] == ["live", "expired"]


def test_a_consent_past_the_gateway_under_a_tag_for_another_use_is_told_as_unsound(caring: Offices) -> None:
    consent, tag = os.urandom(32), tag_of(caring, PLANTED)
    args = {
        "consent": to_hex(consent),
        "subjectTag": tag,
        "recipient": FIRE,
        "holder": COMMUNITY,
        "categories": 2,
        "purpose": 2,
        **{name: to_hex(os.urandom(32)) for name in ("scopeHash", "textHash", "evidenceHash")},
        "controller": PERSON.address,
        "capturedBy": 0,
        "captureMode": 1,
        "validFrom": BEGINNING,
        "validUntil": BEGINNING + DAY,
    }
    caring.consortium.add_block([("ConsentRegistry", "ConsentRecorded", args)])
    told = told_to(caring.consortium, opening())
    assert [(one["consent"], one["sound"]) for one in told["consents"]] == [(to_hex(consent), False)]
    assert told["documents"] == []


def test_a_guardian_and_witnesses_are_told_by_relation_and_agency(caring: Offices) -> None:
    witness = key("street witness", OTHER, Role.READ)
    caring.consortium.add_block([("AgencyRegistry", "KeyBound", bound(witness))])
    guarded = consented(caring, captureMode=2)
    tag = tag_of(caring, PLANTED)
    evidence = Evidence(os.urandom(32), CaptureMode.ASSISTED, from_hex(tag, 32), CARE_TEXT.hash)
    signature = witness.sign_digest(evidence.witnessed_digest)
    evidence = replace(evidence, witness=SecondWitness(OTHER, witness.address, signature))
    said = {"captureMode": 4, "capturedBy": COMMUNITY, "controller": NOBODY, "nonce": 1 << 70}
    assisted = caring.mine(care_consent(caring, PUBLISHER, tag=tag, evidence=evidence, **said))
    told = told_to(caring.consortium, opening())
    documents = {to_hex(keccak256(encode(document))): document for document in told["documents"]}
    by_id = {one["consent"]: documents[one["evidenceHash"]] for one in told["consents"]}
    assert by_id[to_hex(guarded)]["relation"] == GuardianRelation.PARENT
    assert by_id[to_hex(assisted)]["witness"]["agency"] == OTHER
    assert {one["sound"] for one in told["consents"]} == {True}


def test_a_consent_whose_tag_is_forgotten_is_told_to_nobody(caring: Offices) -> None:
    consented(caring)
    assert told_to(caring.consortium, opening())["consents"]
    with psycopg.connect(caring.consortium.dsn) as connection:
        connection.execute("DELETE FROM subject_tags")
    assert told_to(caring.consortium, opening())["consents"] == []


def test_pages_follow_each_other_and_each_is_a_query(caring: Offices) -> None:
    ids = [consented(caring, key(f"a resident {number}", 0)) for number in range(5)]
    before = len(entries_of(caring.consortium, EntryType.QUERY))
    found, cursor = [], None
    while True:
        page = told_to(caring.consortium, opening(), query={"limit": 2} | ({"cursor": cursor} if cursor else {}))
        found += [one["consent"] for one in page["consents"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert found == [to_hex(one) for one in ids[::-1]]
    counts = [said["resultCount"] for said in entries_of(caring.consortium, EntryType.QUERY)[before:]]
    assert counts == [2, 2, 1]


@pytest.mark.parametrize(
    ("caller", "said", "reason"),
    [
        (PUBLISHER, {}, "key_not_entitled"),
        (READER_OF_COMMUNITY, {"purpose": "7"}, "purpose_not_allowed"),
        (READER_OF_COMMUNITY, {"item": str(CARE)}, "item_unknown"),
        (READER_OF_COMMUNITY, {"basis-ref": ""}, "basis_incomplete"),
    ],
)
def test_who_may_not_ask_is_refused_by_a_signed_entry(
    caring: Offices, caller: Key, said: dict[str, str], reason: str
) -> None:
    before = len(entries_of(caring.consortium, EntryType.REFUSAL))
    refused = as_resident(caring.consortium, PATH, opening(), caller, **said)
    assert (refused.status_code, refused.json()["name"]) == (403, reason)
    assert len(entries_of(caring.consortium, EntryType.REFUSAL)) == before + 1


def test_only_the_resident_himself_is_told(caring: Offices) -> None:
    consented(caring)
    nobody = as_resident(caring.consortium, PATH, opening(), authority="", subject="")
    assert (nobody.status_code, nobody.json()["code"]) == (400, "format_invalid")
    wrong = as_resident(caring.consortium, PATH, opening(), subject=to_hex(os.urandom(32)))
    assert (wrong.status_code, wrong.json()["code"]) == (422, "opening_mismatch")
    assert told_to(caring.consortium, opening(), PROPERTY_KEY)["consents"]


def test_an_opening_is_left_nowhere(caring: Offices) -> None:
    consented(caring)
    person = opening()
    answer = as_resident(caring.consortium, PATH, person)
    assert len(answer.json()["consents"]) == 1
    with psycopg.connect(caring.consortium.dsn) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        rows = [connection.execute(f'SELECT "{name}"::text FROM "{name}"').fetchall() for (name,) in tables]
    kept = answer.text + repr(rows)
    assert subject_of(caring.consortium, person)[2:] not in answer.text
    for trace in traces(PLANTED, person):
        assert trace.lower() not in kept.lower()


def test_what_was_told_is_verified_by_an_audit(caring: Offices, tmp_path: Path) -> None:
    consortium = caring.consortium
    record = record_of_a_person(caring)
    _, grant = granted_by_consent(caring, PERSON)
    assert care_look(caring, grant, path_of(record)).status_code == 200
    assert told_to(consortium, opening())["consents"]
    assert as_resident(consortium, PATH, opening(), purpose="7").status_code == 403
    report = audited(consortium, tmp_path / "export")
    assert (report.verdict, report.failures) == (Verdict.VERIFIED, ())


@pytest.fixture
def desks(caring: Offices, tmp_path: Path) -> Iterator[Desks]:
    with ExitStack() as stack:
        yield Desks(caring.consortium, tmp_path / "desks", stack)


def test_a_desk_tells_the_resident_what_it_checked_and_makes_his_receipt(
    caring: Offices, desks: Desks, tmp_path: Path
) -> None:
    person = canonical_id("resident-id", PLANTED)
    act = taken(caring)
    consent = caring.mine(act)
    office = desks.open(READER_OF_COMMUNITY)
    (found,) = own_consents(office.desk, resident_s_grounds(0, person))
    assert (found.id, found.text, found.told["state"]) == (consent, CARE_TEXT, "live")
    assert found.scope is not None
    assert found.evidence is not None
    names = {COMMUNITY: "Community 2", FIRE: "Fire brigade"}
    receipt: Any = receipt_told(office.desk, found, names, "en")
    assert (receipt["record_id"], receipt["receipt_id"]) == (to_hex(consent), to_hex(act.digest))
    assert {one.kind for one in office.desk.receipts.receipts()} == {"query"}
    files = [path.read_text("utf-8") + str(path) for path in tmp_path.rglob("*") if path.is_file()]
    for trace in traces(PLANTED):
        assert not [text for text in files if trace.lower() in text.lower()]


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ('"consents":[{', '"consents":[],"left":[{', "lists other consents"),
        (
            f'"recipient":{FIRE},"holder"',
            f'"recipient":{COMMUNITY},"holder"',
            "something else|not the one that has its id",
        ),
        ('"validUntil":', '"validUntil":9', "something else"),
        ('"state":"live"', '"state":"superseded"', "superseded by none"),
        ('"state":"live"', '"state":"withdrawn"', "withdrawn at no time"),
        ('"state":"live"', '"state":"good"', "none"),
        ('"text":{"en":"text"', '"text":{"en":"other"', "not here"),
        ('"sound":true', '"sound":1', "neither sound"),
        ('"purpose":12', '"purpose":7', "not signed by the key"),
    ],
)
def test_an_altered_list_is_a_broken_promise(caring: Offices, desks: Desks, old: str, new: str, found: str) -> None:
    consented(caring)
    office = desks.open(READER_OF_COMMUNITY)
    http = httpx.Client(transport=Altering(caring.consortium.client, old, new))
    options: Any = {"clock": lambda: caring.consortium.now, "sleep": lambda _: None, "http": http}
    office.desk.transport = Transport(f"https://{AUTHORITY}", READER_OF_COMMUNITY, CHAIN_ID, **options)
    with pytest.raises(PromiseBroken, match=found):
        own_consents(office.desk, resident_s_grounds(0, canonical_id("resident-id", PLANTED)))
