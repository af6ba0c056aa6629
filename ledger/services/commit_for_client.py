"""Commit records for a thin client; nothing is stored."""

from typing import Any

from ledger.core.codes import Role
from ledger.core.hexadecimal import from_hex, to_hex
from ledger.core.shapes import members_of
from ledger.services.authenticate import Call
from ledger.services.commit_records import commit_records, parse_records, tree_of
from ledger.services.find_document import find_document, schema_to_publish


def commit_for_client(call: Call, body: object) -> dict[str, Any]:
    """Return `{"recordsRoot","records":[{"recordId","version","recordRoot","digests"}]}` of the records in a body.

    Raises NotEntitled without role SUBMIT, NotFound for an unknown schema, FormatError, SchemaError, CodeUnknown,
    RuleError or DerivedMismatch.
    """
    call.require_role(Role.SUBMIT)
    members = members_of(body, ("schemaHash", "records"), what="commit")
    schema_hash = from_hex(members["schemaHash"], 32, what="schemaHash")
    find_document(call.transaction, schema_hash)
    committed = commit_records(schema_to_publish(call.transaction, schema_hash), parse_records(members["records"]))
    return {
        "recordsRoot": to_hex(tree_of(committed).root),
        "records": [
            {
                "recordId": to_hex(made.record_id),
                "version": made.version,
                "recordRoot": to_hex(made.record_root),
                "digests": [to_hex(digest) for digest in made.digests],
            }
            for made in committed
        ],
    }
