"""Views and proof bundles `gongzhi-bundle/1` (formats page, section 7): shapes only.

PERMANENT. What holds and what does not is judged in `verify.py`; here nothing unknown is ignored.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ledger.core.canonical import decode
from ledger.core.commitment import SUITE
from ledger.core.hexadecimal import from_hex, to_address, to_hex
from ledger.core.shapes import array, members_of, text, unsigned
from ledger.core.statements import message_from_json, message_to_json
from ledger.errors import FormatError, UnsupportedFormat

FORMAT = "gongzhi-bundle/1"
MEDIA_TYPE = "application/vnd.gongzhi.bundle+json"


@dataclass(frozen=True, slots=True)
class ViewSlot:
    """A slot of a view: open (salt and canonical value text) or closed (digest)."""

    path: str
    kind: str
    salt: bytes | None
    value: str | None
    digest: bytes | None


@dataclass(frozen=True)
class View:
    """What a reader sees of a record: every slot, open or closed."""

    record_id: bytes
    version: int
    previous: bytes
    schema_hash: bytes
    slots: tuple[ViewSlot, ...]


@dataclass(frozen=True)
class SignedSubmission:
    """A submission's message, signer, signature and the hash of what was sealed."""

    message: Mapping[str, Any]
    signer: str
    signature: bytes
    sealed_hash: bytes


@dataclass(frozen=True)
class AnchorClaim:
    """Where a bundle says that its entry is anchored."""

    chain_id: int
    contract: str
    gateway: int
    batch: int
    root: bytes
    leaf_count: int
    first_sequence: int
    transaction: str
    block: int


@dataclass(frozen=True)
class Bundle:
    """A record's view with everything that proves it."""

    view: View
    schema_document: Mapping[str, Any]
    submission: SignedSubmission
    record_proof: tuple[bytes, ...]
    anchor: AnchorClaim
    sequence: int
    entry_proof: tuple[bytes, ...]


def parse_bundle(data: bytes | str) -> Bundle:
    """Return the bundle in `data`; raises FormatError, CanonicalJsonError or UnsupportedFormat (step 1)."""
    value = decode(data)
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise UnsupportedFormat(f"bundle: expected format {FORMAT}")
    names = ("format", "record", "schema", "submission", "recordProof", "anchor", "sequence", "entryProof")
    members_of(value, names, what="bundle")
    if not isinstance(value["schema"], dict):
        raise FormatError("bundle schema: expected an object")
    return Bundle(
        view=parse_view(value["record"]),
        schema_document=value["schema"],
        submission=_parse_submission(value["submission"]),
        record_proof=_parse_proof(value["recordProof"], "recordProof"),
        anchor=_parse_anchor(value["anchor"]),
        sequence=unsigned(value["sequence"], 53, what="sequence"),
        entry_proof=_parse_proof(value["entryProof"], "entryProof"),
    )


def parse_view(value: object) -> View:
    """Return the view of its JSON value; raises FormatError or UnsupportedFormat (another suite)."""
    if isinstance(value, dict) and value.get("suite") != SUITE and "suite" in value:
        raise UnsupportedFormat(f"view: expected suite {SUITE}")
    names = ("suite", "recordId", "version", "previous", "schemaHash", "slots")
    members = members_of(value, names, what="view")
    return View(
        from_hex(members["recordId"], 32, what="recordId"),
        unsigned(members["version"], 32, what="version"),
        from_hex(members["previous"], 32, what="previous"),
        from_hex(members["schemaHash"], 32, what="schemaHash"),
        tuple(_parse_slot(slot) for slot in array(members["slots"], what="slots")),
    )


def view_document(view: View) -> dict[str, Any]:
    """Return the JSON value of a view."""
    return {
        "suite": SUITE,
        "recordId": to_hex(view.record_id),
        "version": view.version,
        "previous": to_hex(view.previous),
        "schemaHash": to_hex(view.schema_hash),
        "slots": [_slot_document(slot) for slot in view.slots],
    }


def bundle_document(bundle: Bundle) -> dict[str, Any]:
    """Return the JSON value of a bundle."""
    anchor = bundle.anchor
    return {
        "format": FORMAT,
        "record": view_document(bundle.view),
        "schema": dict(bundle.schema_document),
        "submission": {
            "message": message_to_json("Submission", bundle.submission.message),
            "signer": bundle.submission.signer,
            "signature": to_hex(bundle.submission.signature),
            "sealedHash": to_hex(bundle.submission.sealed_hash),
        },
        "recordProof": [to_hex(sibling) for sibling in bundle.record_proof],
        "anchor": {
            "chainId": anchor.chain_id,
            "contract": anchor.contract,
            "gateway": anchor.gateway,
            "batch": anchor.batch,
            "root": to_hex(anchor.root),
            "leafCount": anchor.leaf_count,
            "firstSequence": anchor.first_sequence,
            "transaction": anchor.transaction,
            "block": anchor.block,
        },
        "sequence": bundle.sequence,
        "entryProof": [to_hex(sibling) for sibling in bundle.entry_proof],
    }


def _slot_document(slot: ViewSlot) -> dict[str, Any]:
    if slot.digest is not None:
        return {"path": slot.path, "kind": slot.kind, "digest": to_hex(slot.digest)}
    return {"path": slot.path, "kind": slot.kind, "salt": to_hex(slot.salt or b""), "value": slot.value}


def _parse_slot(value: object) -> ViewSlot:
    # Members beyond these are refused here; whether a slot is rightly open or closed is step 3's question.
    members = members_of(value, ("path", "kind"), what="view slot", optional=("salt", "value", "digest"))
    path, kind = text(members["path"], what="slot path"), text(members["kind"], what="slot kind")
    return ViewSlot(
        path,
        kind,
        from_hex(members["salt"], 32, what="slot salt") if "salt" in members else None,
        text(members["value"], what="slot value") if "value" in members else None,
        from_hex(members["digest"], 32, what="slot digest") if "digest" in members else None,
    )


def _parse_submission(value: object) -> SignedSubmission:
    members = members_of(value, ("message", "signer", "signature", "sealedHash"), what="submission")
    return SignedSubmission(
        message_from_json("Submission", members["message"]),
        to_address(members["signer"], what="submission signer"),
        from_hex(members["signature"], 65, what="submission signature"),
        from_hex(members["sealedHash"], 32, what="sealedHash"),
    )


def _parse_proof(value: object, what: str) -> tuple[bytes, ...]:
    return tuple(from_hex(sibling, 32, what=what) for sibling in array(value, what=what, most=64))


def _parse_anchor(value: object) -> AnchorClaim:
    names = (
        "chainId",
        "contract",
        "gateway",
        "batch",
        "root",
        "leafCount",
        "firstSequence",
        "transaction",
        "block",
    )
    members = members_of(value, names, what="anchor")
    transaction = members["transaction"]
    from_hex(transaction, 32, what="anchor transaction")
    return AnchorClaim(
        unsigned(members["chainId"], 53, what="anchor chainId"),
        to_address(members["contract"], what="anchor contract"),
        unsigned(members["gateway"], 32, what="anchor gateway"),
        unsigned(members["batch"], 53, what="anchor batch"),
        from_hex(members["root"], 32, what="anchor root"),
        unsigned(members["leafCount"], 32, what="anchor leafCount"),
        unsigned(members["firstSequence"], 53, what="anchor firstSequence"),
        transaction,
        unsigned(members["block"], 53, what="anchor block"),
    )
