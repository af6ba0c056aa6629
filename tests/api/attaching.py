"""Two items whose records name files, and what is attached to them in tests.

Item 61 is unconditional: its class-1 profile opens the photo and not the paper. Item 62 is conditional, for grants.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import httpx
from PIL import Image

from ledger.core.attachment import FileValue, file_value
from ledger.core.canonical import encode
from ledger.core.commitment import CommittedRecord, RecordContent, commit, salt
from ledger.core.documents import MaskProfile
from ledger.core.hexadecimal import to_hex
from ledger.core.merkle import MerkleTree, record_leaf
from ledger.core.schema import Schema
from ledger.services.catalogue_documents import ItemDocuments, item_documents
from tests.api.consortium import Consortium, published_args
from tests.api.members import BEGINNING, COMMUNITY, GATEWAY, PUBLISHER, Draft, Key, record_json

UNCONDITIONAL, CONDITIONAL = 61, 62
PHOTO, PAPER, PLAN = "/evidence/photo", "/evidence/paper", "/evidence/plan"
FILES = (PHOTO, PAPER, PLAN, *[f"/evidence/more{number}" for number in range(6)])
TITLE = {"zh": "证据", "en": "evidence"}
OPEN = [["/region", "o"], ["/occurredAt", "o"], [PHOTO, "o"]]


def _slot(path: str, slot_type: str, data_class: str, nullable: bool = False) -> dict[str, Any]:
    return {"path": path, "kind": "o", "type": slot_type, "nullable": nullable, "class": data_class}


SCHEMA_DOCUMENT = {
    "format": "gongzhi-schema/1",
    "schema": "evidence_note",
    "version": 1,
    "title": TITLE,
    "slots": [
        _slot("/region", "region", "O"),
        _slot("/occurredAt", "time", "O"),
        *[_slot(path, "file", "O" if path == PLAN else "S", nullable=True) for path in FILES],
        _slot("/note", "string", "G", nullable=True),
    ],
}


def _documents(item: int, share_class: int) -> ItemDocuments:
    entry = {
        "item": item,
        "version": 1,
        "name": TITLE,
        "schema": "schema",
        "maskPolicy": None if share_class == 1 else "policy",
        "class1Profile": "class1" if share_class == 1 else None,
        "shareClass": share_class,
        "legalGround": TITLE,
        "publisherKinds": [22],
        "readerKinds": [8, 22],
        "purposes": [2],
        "updateEverySeconds": 0,
        "days": {"check": 2, "answer": 10, "deliver": 20},
    }
    profile = {"note": TITLE, "tier": 7, "purpose": 0, "open": OPEN}
    urgent = {"note": TITLE, "tier": 9, "purpose": 0, "open": [*OPEN, [PAPER, "o"]]}
    policy = {"profiles": [profile, urgent]}
    files: Mapping[str, Any] = {"schema": SCHEMA_DOCUMENT, "policy": policy, "class1": profile}
    return item_documents(entry, GATEWAY, lambda name: files[name])


DOCUMENTS = {UNCONDITIONAL: _documents(UNCONDITIONAL, 1), CONDITIONAL: _documents(CONDITIONAL, 2)}
SCHEMA: Schema = DOCUMENTS[UNCONDITIONAL].schema
GRANTED: MaskProfile = DOCUMENTS[CONDITIONAL].profiles[0]


def share_evidence(consortium: Consortium) -> None:
    """Publish both items in the catalogue."""
    with consortium.store.begin() as opened:
        for documents in DOCUMENTS.values():
            for document_hash, content in documents.documents.items():
                opened.add_document(document_hash, "application/json", content, BEGINNING)
    consortium.add_block([("Catalogue", "ItemPublished", _args(documents)) for documents in DOCUMENTS.values()])


def _args(documents: ItemDocuments) -> dict[str, Any]:
    item = documents.item
    return published_args(
        item=item.item,
        shareClass=int(item.share_class),
        schemaHash=to_hex(item.schema_hash),
        publisherKinds=item.publisher_bitmap,
        readerKinds=item.reader_bitmap,
        purposes=item.purpose_bitmap,
        maskPolicyHash=to_hex(item.mask_policy_hash or bytes(32)),
        class1Profile=to_hex(item.class1_profile or bytes(32)),
        documentHash=to_hex(item.hash),
    )


def picture(picture_format: str = "JPEG", size: tuple[int, int] = (40, 24), **more: Any) -> bytes:
    """A picture of noise, another one each time."""
    made = BytesIO()
    Image.frombytes("RGB", size, os.urandom(3 * size[0] * size[1])).save(made, picture_format, **more)
    return made.getvalue()


def document(length: int = 200) -> bytes:
    """A PDF of exactly so many bytes, another one each time."""
    head, tail = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n%", b"\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"
    return head + os.urandom(length).hex().encode()[: length - len(head) - len(tail)] + tail


PDF = "application/pdf"
JPEG, PNG = "image/jpeg", "image/png"


@dataclass
class Noted:
    """A record that names files, with what each slot names and holds."""

    content: RecordContent
    files: Mapping[str, tuple[FileValue, bytes]]

    @property
    def record_id(self) -> bytes:
        return self.content.record_id

    @property
    def committed(self) -> CommittedRecord:
        return commit(SCHEMA, self.content)

    @property
    def path(self) -> str:
        return f"/v1/records/{to_hex(self.record_id)}/attachment"


def noted(files: Mapping[str, tuple[str, bytes]], **changes: Any) -> Noted:
    """A record that names these files (path → media type, content); `changes` are members of its content."""
    secret = os.urandom(32)
    slots = {slot.path: slot for slot in SCHEMA.slots}
    values = {
        path: file_value(salt(secret, slots[path].salt_message), content, media)
        for path, (media, content) in files.items()
    }
    originals = dict.fromkeys(FILES) | {path: value.json for path, value in values.items()}
    originals |= {"/region": "990101001003", "/occurredAt": BEGINNING - 60, "/note": "planted note"}
    about = {"record_id": os.urandom(32), "version": 1, "previous": bytes(32)} | changes
    content = RecordContent(**about, salt_secret=secret, originals=originals)
    return Noted(content, {path: (values[path], content) for path, (_, content) in files.items()})


def upload(
    consortium: Consortium, value: FileValue, content: bytes, caller: Key = PUBLISHER, **changes: str
) -> httpx.Response:
    """Send a file; `changes` are headers by name with underscores."""
    headers = {"content-type": value.media, "gongzhi-attachment": to_hex(value.digest)}
    headers |= {name.replace("_", "-"): text for name, text in changes.items()}
    return consortium.send(caller, "POST", "/v1/attachments", headers=headers, body=content)


def submission(records: Sequence[Noted], signed_at: int, item: int = UNCONDITIONAL) -> Draft:
    """A submission of these records by the community."""
    committed = [one.committed for one in records]
    leaves = [record_leaf(made.record_id, made.version, made.record_root) for made in committed]
    message = {
        "submissionId": os.urandom(32),
        "gateway": GATEWAY,
        "publisher": COMMUNITY,
        "item": item,
        "itemVersion": 1,
        "schemaHash": SCHEMA.hash,
        "recordCount": len(records),
        "recordsRoot": MerkleTree(leaves).root,
        "signedAt": signed_at,
    }
    return Draft([record_json(one.content) for one in records], message, committed)


def published(consortium: Consortium, *records: Noted, item: int = UNCONDITIONAL) -> None:
    """Upload every file of these records and publish them."""
    for one in records:
        for value, content in one.files.values():
            answer = upload(consortium, value, content)
            assert answer.status_code == 200, answer.text
    answer = consortium.publish(submission(records, consortium.now, item))
    assert answer.status_code == 202, answer.text


def look_at(
    consortium: Consortium, caller: Key, given: Noted, path: str = PHOTO, item: int = UNCONDITIONAL, **headers: str
) -> httpx.Response:
    """Look at what a record has attached at `path`."""
    return consortium.look(caller, given.path, {"path": path}, item=str(item), **headers)


def canonical(value: Any) -> str:
    """A slot's value as a view shows it."""
    return encode(value).decode("utf-8")
