"""Submissions as a publisher makes them: fresh records, their root, parts that a gateway takes, and the signature."""

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from ledger.client.attaching import AttachedFile
from ledger.core.canonical import JsonValue
from ledger.core.commitment import RecordContent, commit
from ledger.core.eip712 import ZERO32
from ledger.core.hexadecimal import from_hex, to_hex
from ledger.core.merkle import MerkleTree, record_leaf
from ledger.core.open_text import refuse_personal
from ledger.core.schema import Schema
from ledger.core.statements import StatementDomain, message_to_json, statement_preimage
from ledger.domain.process_table import refuse_unlisted_step
from ledger.errors import TooLarge
from ledger.ports import Signer

MOST_RECORDS = 5_000
MOST_BYTES = 8 * 1024 * 1024
"""Of one request body; a gateway refuses more before it parses."""
_STATEMENT_BYTES = 2_048
"""More than message, signature and member names of a body ever take."""


@dataclass(frozen=True, slots=True)
class SubmissionContent:
    """What a submission says, before anybody signs it. It never changes, however often it is signed and sent.

    `records` are the JSON texts of the request body, `root` the records' Merkle root, all recomputed by us.
    """

    submission_id: bytes
    item: int
    item_version: int
    schema_hash: bytes
    root: bytes
    records: tuple[bytes, ...]
    attachments: tuple[AttachedFile, ...] = ()
    """Files that the records name; they are uploaded first."""
    rows: tuple[int, ...] = ()
    """Rows of a table that the records were made of, in their order; never sent."""


class PreparedRecord(NamedTuple):
    """A committed record as a submission holds it: its leaf, and its JSON text in a request body.

    A tuple, for thousands of them come out of other processes.
    """

    record_id: bytes
    version: int
    record_root: bytes
    text: bytes
    row: int = 0
    """Row of the table that it was made of, 0 where it is of none."""


@dataclass(frozen=True, slots=True)
class SignedContent:
    """A signed Submission message (bytes32 as bytes)."""

    message: Mapping[str, Any]
    signer: str
    signature: bytes


def new_record(originals: Mapping[str, JsonValue]) -> RecordContent:
    """Return version 1 of a new record: a random id, a random salt secret."""
    return RecordContent(os.urandom(32), 1, ZERO32, os.urandom(32), originals)


def next_version(record_id: bytes, version: int, previous: bytes, originals: Mapping[str, JsonValue]) -> RecordContent:
    """Return the version after `version`, whose record root is `previous`; its salt secret is fresh."""
    return RecordContent(record_id, version + 1, previous, os.urandom(32), originals)


def contents(
    schema: Schema, item: int, item_version: int, records: Iterable[RecordContent], most_records: int = MOST_RECORDS
) -> Iterator[SubmissionContent]:
    """Commit `records` and yield submissions of at most `most_records` and 8 MiB, each under a fresh submissionId.
    `schema` comes with its code sets. Raises SchemaError, CodeUnknown, RuleError, CanonicalJsonError, or TooLarge for a
    record that no submission can hold.
    """
    prepared = (prepare(schema, content) for content in records)
    yield from contents_of(schema, item, item_version, prepared, most_records)


def prepare(schema: Schema, content: RecordContent) -> PreparedRecord:
    """Return a record, committed and as text; `schema` comes with its code sets.

    Raises SchemaError, PersonalInOpen, CodeUnknown, StepNotListed, RuleError, CanonicalJsonError, or TooLarge for one
    that no submission can hold.
    """
    committed, text = commit(schema, content), record_text(content)
    schema.refuse_unknown_codes(content.originals)
    refuse_personal(schema, content.originals)
    refuse_unlisted_step(schema, content.originals)
    if _STATEMENT_BYTES + len(text) > MOST_BYTES:
        raise TooLarge("one record has more than 8 MiB")
    return PreparedRecord(committed.record_id, committed.version, committed.record_root, text)


def contents_of(
    schema: Schema,
    item: int,
    item_version: int,
    prepared: Iterable[PreparedRecord],
    most_records: int = MOST_RECORDS,
) -> Iterator[SubmissionContent]:
    """Yield submissions of prepared records, as `contents` does."""
    part: list[PreparedRecord] = []
    size = _STATEMENT_BYTES
    for record in prepared:
        if len(part) == min(most_records, MOST_RECORDS) or size + len(record.text) + 1 > MOST_BYTES:
            yield _content(schema, item, item_version, part)
            part, size = [], _STATEMENT_BYTES
        part.append(record)
        size += len(record.text) + 1
    if part:
        yield _content(schema, item, item_version, part)


def without(schema: Schema, content: SubmissionContent, places: Sequence[int]) -> SubmissionContent | None:
    """Return a content of all records but those at `places` (from 0), under a fresh submissionId; None if none is left.

    The records keep their ids and salts: what they were in was never accepted.
    """
    left_out = frozenset(places)
    rows = content.rows or (0,) * len(content.records)
    kept = [
        _committed_again(schema, text, row)
        for place, (text, row) in enumerate(zip(content.records, rows, strict=True))
        if place not in left_out
    ]
    made = contents_of(schema, content.item, content.item_version, kept)
    return next((replace(one, attachments=content.attachments) for one in made), None)


def records_root(records: Iterable[tuple[bytes, int, bytes]]) -> bytes:
    """Return the root over (recordId, version, record root) of a submission's records."""
    return MerkleTree([record_leaf(*record) for record in records]).root


def record_text(content: RecordContent) -> bytes:
    """Return a record as a request body carries it."""
    members = {
        "recordId": to_hex(content.record_id),
        "version": content.version,
        "previous": to_hex(content.previous),
        "saltSecret": to_hex(content.salt_secret),
        "originals": dict(content.originals),
    }
    return _text(members)


def message_of(content: SubmissionContent, gateway: int, publisher: int, signed_at: int) -> dict[str, Any]:
    """Return the Submission message of a content, signed at `signed_at` (Unix seconds)."""
    return {
        "submissionId": content.submission_id,
        "gateway": gateway,
        "publisher": publisher,
        "item": content.item,
        "itemVersion": content.item_version,
        "schemaHash": content.schema_hash,
        "recordCount": len(content.records),
        "recordsRoot": content.root,
        "signedAt": signed_at,
    }


def sign(message: Mapping[str, Any], domain: StatementDomain, signer: Signer) -> SignedContent:
    """Return the message with the publisher's signature; raises KeyProviderError."""
    signature = signer.sign_preimage(statement_preimage(domain, "Submission", message))
    return SignedContent(message, signer.address, signature)


def request_body(content: SubmissionContent, signed: SignedContent) -> bytes:
    """Return the body of `POST /v1/submissions`."""
    head = _text({"message": message_to_json("Submission", signed.message), "signature": to_hex(signed.signature)})
    return head[:-1] + b',"records":[' + b",".join(content.records) + b"]}"


def _content(schema: Schema, item: int, item_version: int, part: Sequence[PreparedRecord]) -> SubmissionContent:
    root = records_root((made.record_id, made.version, made.record_root) for made in part)
    texts = tuple(made.text for made in part)
    rows = tuple(made.row for made in part if made.row)
    return SubmissionContent(os.urandom(32), item, item_version, schema.hash, root, texts, rows=rows)


def _committed_again(schema: Schema, text: bytes, row: int) -> PreparedRecord:
    members = json.loads(text)
    record_id, previous, salt = (from_hex(members[name], 32) for name in ("recordId", "previous", "saltSecret"))
    committed = commit(schema, RecordContent(record_id, members["version"], previous, salt, members["originals"]))
    return PreparedRecord(record_id, committed.version, committed.record_root, text, row)


def _text(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
