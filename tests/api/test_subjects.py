"""Queries about persons on the real surface: answers, entries, refusals, and an id that is nowhere afterwards."""

import base64
import hashlib
import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import httpx
import psycopg
import pytest

from api.app import create_app
from ledger.core.canonical import encode
from ledger.core.codes import AgencyKind, EntryType, Purpose, QueryType, Refusal
from ledger.core.commitment import RecordContent, commit
from ledger.core.hexadecimal import from_hex, to_hex
from ledger.core.merkle import MerkleTree, record_leaf
from ledger.core.subjects import SubjectOpening, canonical_id, epoch_at
from ledger.services.catalogue_documents import ItemDocuments, item_documents
from ledger.services.gateway import SubjectRules
from ledger.services.subjects import same_subject, token_of_opening
from tests.api.consortium import Consortium, published_args
from tests.api.members import (
    BEGINNING,
    COMMUNITY,
    DATA,
    FIRE,
    FIRE_READER,
    GATEWAY,
    OTHER_PUBLISHER,
    PROPERTY_KEY,
    PUBLISHER,
    READER_OF_COMMUNITY,
    STRANGER,
    Draft,
    Key,
    record_json,
)
from tests.api.serving import served
from tests.api.test_serving import log_lines

pytestmark = pytest.mark.api
__all__ = ["log_lines"]

PLANTED = "99010119900307004X"
OTHER_ID = "990101195501010017"
CARE, FLAG = 3, 6
GROUNDS = {
    "gongzhi-item": str(CARE),
    "gongzhi-purpose": str(int(Purpose.CARE)),
    "gongzhi-basis": "3",
    "gongzhi-basis-ref": "0x" + "11" * 32,
}


def documents_of(name: str) -> ItemDocuments:
    entry = json.loads((DATA / "catalogue" / f"{name}.json").read_text("utf-8"))
    return item_documents(entry, GATEWAY, lambda file: json.loads((DATA / file).read_text("utf-8")))


CARE_DOCUMENTS, FLAG_DOCUMENTS = documents_of("care-record"), documents_of("service-flag")


def args_of(documents: ItemDocuments, **changes: Any) -> dict[str, Any]:
    item = documents.item
    return published_args(
        item=item.item,
        shareClass=int(item.share_class),
        schemaHash=to_hex(item.schema_hash),
        publisherKinds=item.publisher_bitmap,
        readerKinds=item.reader_bitmap,
        purposes=item.purpose_bitmap,
        maskPolicyHash=to_hex(item.mask_policy_hash or bytes(32)),
        class1Profile=to_hex(bytes(32)),
        documentHash=to_hex(item.hash),
        **changes,
    )


@pytest.fixture
def caring(consortium: Consortium) -> Consortium:
    """A consortium that shares care records, and keeps service flags that are never shared."""
    with consortium.store.begin() as opened:
        for documents in (CARE_DOCUMENTS, FLAG_DOCUMENTS):
            for document_hash, content in documents.documents.items():
                opened.add_document(document_hash, "application/json", content, BEGINNING)
    flag_kinds = AgencyKind.FIRE.bit | AgencyKind.COMMUNITY.bit
    flag = args_of(FLAG_DOCUMENTS) | {"readerKinds": flag_kinds, "publisherKinds": flag_kinds}
    consortium.add_block(
        [("Catalogue", "ItemPublished", args_of(CARE_DOCUMENTS)), ("Catalogue", "ItemPublished", flag)]
    )
    return consortium


def opening(identity: str = PLANTED, blind: bytes | None = None) -> SubjectOpening:
    return SubjectOpening(blind or os.urandom(32), canonical_id("resident-id", identity))


def ask(
    consortium: Consortium,
    caller: Key,
    path: str,
    about: SubjectOpening | None = None,
    *,
    spoil: dict[str, str] | None = None,
    more: dict[str, Any] | None = None,
    **headers: str,
) -> httpx.Response:
    """Ask about a person; `headers` by name without `gongzhi-`, empty to leave one out."""
    given = about or opening()
    body = encode({"subjectCommitment": to_hex(given.commitment)} | (more or {}))
    changed = {f"gongzhi-{name.replace('_', '-')}": value for name, value in headers.items()}
    sent = {name: value for name, value in (GROUNDS | changed).items() if value}
    carried = {"gongzhi-opening": given.header} | (spoil or {})
    return consortium.send(
        caller, "POST", path, headers=sent, body=body, spoil={name: text for name, text in carried.items() if text}
    )


def publish_care(consortium: Consortium, subject: str, recorded_at: int = BEGINNING - 3_000) -> bytes:
    """Publish one care record about the person with this internal token; returns its id."""
    originals = dict.fromkeys(CARE_DOCUMENTS.schema.original_paths) | {
        "/region": "990101001003",
        "/occurredAt": recorded_at - 60,
        "/recordedAt": recorded_at,
        "/class": "visit/elderly",
        "/subject": subject,
        "/person/name": "欧阳测试",
        "/synthetic": True,
    }
    content = RecordContent(os.urandom(32), 1, bytes(32), os.urandom(32), originals)
    made = commit(CARE_DOCUMENTS.schema, content)
    message = {
        "submissionId": os.urandom(32),
        "gateway": GATEWAY,
        "publisher": COMMUNITY,
        "item": CARE,
        "itemVersion": 1,
        "schemaHash": CARE_DOCUMENTS.schema.hash,
        "recordCount": 1,
        "recordsRoot": MerkleTree([record_leaf(made.record_id, 1, made.record_root)]).root,
        "signedAt": consortium.now,
    }
    answer = consortium.publish(Draft([record_json(content)], message, [made]))
    assert answer.status_code == 202, answer.text
    return made.record_id


def entries_of(consortium: Consortium, entry_type: EntryType) -> list[dict[str, Any]]:
    with psycopg.connect(consortium.dsn) as connection:
        rows = connection.execute("SELECT message FROM entries WHERE entry_type = %s ORDER BY entry_id", (entry_type,))
        return [row[0] for row in rows.fetchall()]


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
        assert tx.subject_of(record_id) == from_hex(subject)
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
        assert same_subject(tx, first, record_id)
        assert same_subject(tx, second, record_id)
        assert not same_subject(tx, stranger, record_id)
        assert not same_subject(tx, os.urandom(32), record_id)
        kept = tx.subject_tag(first)
    assert kept is not None
    assert (to_hex(kept.token), kept.recipient, kept.purpose) == (subject, FIRE, Purpose.CARE)
    unknown = ask(caring, PUBLISHER, "/v1/subject-tags", more={"recipient": 4_000}, item="")
    assert (unknown.status_code, unknown.json()["code"]) == (400, "format_invalid")


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


@pytest.mark.parametrize(
    ("reason", "caller", "path", "headers"),
    [
        (Refusal.KEY_NOT_ENTITLED, PUBLISHER, "/v1/coverage", {}),
        (Refusal.KEY_NOT_ENTITLED, FIRE_READER, "/v1/subjects", {}),
        (Refusal.ITEM_UNKNOWN, FIRE_READER, "/v1/coverage", {"item": ""}),
        (Refusal.ITEM_UNKNOWN, FIRE_READER, "/v1/subject-tokens", {"item": "77"}),
        (Refusal.PURPOSE_NOT_ALLOWED, FIRE_READER, "/v1/coverage", {"purpose": "8"}),
        (Refusal.PURPOSE_NOT_ALLOWED, PROPERTY_KEY, "/v1/coverage", {}),
        (Refusal.ITEM_NOT_SHARED, FIRE_READER, "/v1/coverage", {"item": str(FLAG)}),
    ],
)
def test_a_refused_query_is_a_signed_refusal(
    caring: Consortium, reason: Refusal, caller: Key, path: str, headers: dict[str, str]
) -> None:
    answer = ask(caring, caller, path, **headers)
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["reason"]) == (403, "look_refused", int(reason))
    (message,) = entries_of(caring, EntryType.REFUSAL)
    assert problem["refusal"]["message"] == message
    assert (message["reason"], message["reader"], message["authority"]) == (reason, caller.agency, 1)
    assert entries_of(caring, EntryType.QUERY) == []


def test_a_publisher_of_what_is_never_shared_gets_its_token(caring: Consortium) -> None:
    assert ask(caring, PUBLISHER, "/v1/subjects", item=str(FLAG)).status_code == 200


def test_stale_facts_answer_nothing(caring: Consortium) -> None:
    caring.clock.now += 100
    problem = ask(caring, FIRE_READER, "/v1/coverage").json()
    assert problem["reason"] == Refusal.FACTS_STALE


@pytest.fixture
def thrifty(caring: Consortium) -> Iterator[Consortium]:
    """The same consortium at a gateway that answers two queries a day."""
    gateway = replace(caring.gateway, subject_rules=SubjectRules(queries_per_day=2))
    with served(create_app(gateway, caring.settings)) as client:
        yield replace(caring, gateway=gateway, client=client)


def test_over_the_quota_of_a_day_queries_are_refused_and_anchored(thrifty: Consortium) -> None:
    assert ask(thrifty, FIRE_READER, "/v1/coverage", purpose="8").json()["reason"] == Refusal.PURPOSE_NOT_ALLOWED
    statuses = [ask(thrifty, FIRE_READER, path).status_code for path in ("/v1/coverage", "/v1/subject-tokens")]
    assert statuses == [200, 200]
    over = ask(thrifty, FIRE_READER, "/v1/coverage")
    assert (over.status_code, over.json()["name"]) == (403, "quota_exhausted")
    assert [message["reason"] for message in entries_of(thrifty, EntryType.REFUSAL)] == [3, 13]
    assert ask(thrifty, READER_OF_COMMUNITY, "/v1/coverage").status_code == 200
    thrifty.clock.now += 86_400
    thrifty.add_block()
    assert ask(thrifty, FIRE_READER, "/v1/coverage").status_code == 200


@pytest.mark.parametrize(
    ("spoil", "status", "code"),
    [
        ({"gongzhi-opening": ""}, 400, "opening_invalid"),
        ({"gongzhi-opening": "one.two.three"}, 400, "opening_invalid"),
        ({"gongzhi-opening": opening(OTHER_ID).header}, 422, "opening_mismatch"),
        ({"gongzhi-opening": opening(PLANTED).header}, 422, "opening_mismatch"),
    ],
)
def test_an_opening_that_does_not_open_is_told_apart_and_costs_nothing(
    caring: Consortium, spoil: dict[str, str], status: int, code: str
) -> None:
    before = caring.rows()
    answer = ask(caring, FIRE_READER, "/v1/coverage", spoil=spoil)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert caring.rows() == before
    for part in spoil["gongzhi-opening"].split("."):
        assert len(part) < 12 or part not in answer.text


def test_an_opening_that_stands_twice_is_none(caring: Consortium) -> None:
    given = opening()
    body = encode({"subjectCommitment": to_hex(given.commitment)})
    made: dict[str, Any] = {}

    class Keeping(httpx.Client):
        def request(self, method: str, url: Any, **options: Any) -> httpx.Response:  # type: ignore[override]
            lines = [*options.pop("headers").items(), *[("gongzhi-opening", given.header)] * 2]
            made["answer"] = super().request(method, url, headers=lines, **options)
            return made["answer"]

    with Keeping(base_url=caring.client.base_url) as client:
        answer = replace(caring, client=client).send(FIRE_READER, "POST", "/v1/coverage", headers=GROUNDS, body=body)
    assert answer.json()["code"] == "opening_invalid"


def test_an_opening_is_never_under_the_signature(caring: Consortium) -> None:
    answer = ask(caring, FIRE_READER, "/v1/coverage")
    assert answer.status_code == 200
    with psycopg.connect(caring.dsn) as connection:
        (base,) = connection.execute("SELECT request_base FROM evidence").fetchone() or (b"",)
    assert b"gongzhi-purpose" in bytes(base)
    assert b"gongzhi-opening" not in bytes(base)


def test_bodies_have_exactly_their_members(caring: Consortium) -> None:
    assert ask(caring, FIRE_READER, "/v1/coverage", more={"recipient": 3}).json()["code"] == "format_invalid"
    assert ask(caring, PUBLISHER, "/v1/subject-tags").json()["code"] == "format_invalid"


def traces(identity: str, *openings: SubjectOpening) -> list[str]:
    """The spellings in which an id or its blind might have been left somewhere."""
    clear = [identity, base64.b64encode(identity.encode()).decode().rstrip("="), identity.encode().hex()]
    blinds = [blind for given in openings for blind in (given.blind.hex(), given.header.split(".")[0])]
    hashes = [
        hashlib.sha256(identity.encode()).hexdigest(),
        hashlib.sha256(f"resident-id:{identity}".encode()).hexdigest(),
    ]
    return [*clear, *blinds, *hashes]


def test_an_identity_number_is_nowhere_after_it_was_asked_about(caring: Consortium, log_lines: Any) -> None:
    given = [opening() for _ in range(6)]
    spoiled = SubjectOpening(os.urandom(32), given[0].subject)
    answers = [
        ask(caring, FIRE_READER, "/v1/coverage", given[0]),
        ask(caring, FIRE_READER, "/v1/subject-tokens", given[1]),
        ask(caring, PUBLISHER, "/v1/subjects", given[2]),
        ask(caring, PUBLISHER, "/v1/subject-tags", given[3], more={"recipient": FIRE}),
        ask(caring, FIRE_READER, "/v1/coverage", given[4], purpose="8"),
        ask(caring, STRANGER, "/v1/coverage", given[5]),
        ask(caring, FIRE_READER, "/v1/coverage", given[5], spoil={"gongzhi-opening": spoiled.header}),
        ask(caring, FIRE_READER, "/v1/coverage", given[5], spoil={"gongzhi-opening": f"x{spoiled.header}"}),
        ask(caring, FIRE_READER, "/v1/coverage", given[5], spoil={"gongzhi-opening": PLANTED}),
        ask(caring, FIRE_READER, "/v1/nowhere", given[5]),
        caring.send(None, "GET", "/metrics"),
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 403, 403, 422, 400, 400, 404, 200]
    publish_care(caring, answers[2].json()["subject"])
    caring.anchor_all()
    texts = [answer.text + str(answer.headers) for answer in answers] + [log_lines.getvalue()]
    assert "coverage" in texts[-1]
    with psycopg.connect(caring.dsn) as connection:
        tables = connection.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
        for (table,) in tables.fetchall():
            texts += [row[0] for row in connection.execute(f'SELECT t::text FROM "{table}" t').fetchall()]
    for trace in traces(PLANTED, *given, spoiled):
        assert not [text for text in texts if trace.lower() in text.lower()], trace
