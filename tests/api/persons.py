"""What tests of queries about persons have in common: whom they ask about, how they ask, what is there to be found."""

import base64
import hashlib
import json
import os
from typing import Any

import httpx
import psycopg
import pytest

from ledger.core.canonical import encode
from ledger.core.codes import AgencyKind, EntryType, Purpose
from ledger.core.commitment import RecordContent, commit
from ledger.core.hexadecimal import to_hex
from ledger.core.merkle import MerkleTree, record_leaf
from ledger.core.subjects import SubjectOpening, canonical_id
from ledger.services.catalogue_documents import ItemDocuments, item_documents
from tests.api.consortium import Consortium, published_args
from tests.api.members import (
    BEGINNING,
    COMMUNITY,
    DATA,
    GATEWAY,
    Draft,
    Key,
    record_json,
)

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


def care_content(
    subject: str, recorded_at: int = BEGINNING - 3_000, region: str = "990101001003", record_class: str = "visit"
) -> RecordContent:
    """A new care record about the person with this internal token."""
    originals = dict.fromkeys(CARE_DOCUMENTS.schema.original_paths) | {
        "/region": region,
        "/occurredAt": recorded_at - 60,
        "/recordedAt": recorded_at,
        "/class": record_class,
        "/subject": subject,
        "/person/name": "欧阳测试",
        "/synthetic": True,
    }
    return RecordContent(os.urandom(32), 1, bytes(32), os.urandom(32), originals)


def care_draft(consortium: Consortium, *contents: RecordContent, publisher: int = COMMUNITY) -> Draft:
    """A submission of care records."""
    committed = [commit(CARE_DOCUMENTS.schema, content) for content in contents]
    leaves = [record_leaf(made.record_id, made.version, made.record_root) for made in committed]
    message = {
        "submissionId": os.urandom(32),
        "gateway": GATEWAY,
        "publisher": publisher,
        "item": CARE,
        "itemVersion": 1,
        "schemaHash": CARE_DOCUMENTS.schema.hash,
        "recordCount": len(contents),
        "recordsRoot": MerkleTree(leaves).root,
        "signedAt": consortium.now,
    }
    return Draft([record_json(content) for content in contents], message, committed)


def publish_care(
    consortium: Consortium, subject: str, recorded_at: int = BEGINNING - 3_000, region: str = "990101001003"
) -> bytes:
    """Publish one care record about the person with this internal token; returns its id."""
    content = care_content(subject, recorded_at, region)
    answer = consortium.publish(care_draft(consortium, content))
    assert answer.status_code == 202, answer.text
    return content.record_id


def entries_of(consortium: Consortium, entry_type: EntryType) -> list[dict[str, Any]]:
    with psycopg.connect(consortium.dsn) as connection:
        rows = connection.execute("SELECT message FROM entries WHERE entry_type = %s ORDER BY entry_id", (entry_type,))
        return [row[0] for row in rows.fetchall()]


def traces(identity: str, *openings: SubjectOpening) -> list[str]:
    """The spellings in which an id or its blind might have been left somewhere."""
    clear = [identity, base64.b64encode(identity.encode()).decode().rstrip("="), identity.encode().hex()]
    blinds = [blind for given in openings for blind in (given.blind.hex(), given.header.split(".")[0])]
    hashes = [
        hashlib.sha256(identity.encode()).hexdigest(),
        hashlib.sha256(f"resident-id:{identity}".encode()).hexdigest(),
    ]
    return [*clear, *blinds, *hashes]
