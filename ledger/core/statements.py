"""Signed off-chain statements (formats page, section 5): EIP-712 structs in RecordAnchors' domain.

PERMANENT. A statement is a name and its message; members are bytes32 as bytes, addresses as lowercase hex, numbers
as integers. The JSON form spells bytes32 as `0x` hex.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ledger.core.codes import EntryType
from ledger.core.eip712 import ENCODERS, domain_separator, members, signing_preimage, type_hash
from ledger.core.hexadecimal import from_hex, to_address, to_hex
from ledger.core.keccak import keccak256
from ledger.core.shapes import members_of, unsigned
from ledger.errors import FormatError

DOMAIN_NAME = "Gongzhi RecordAnchors"
DOMAIN_VERSION = "1"

TYPES: Mapping[str, str] = {
    "Submission": "Submission(bytes32 submissionId,uint32 gateway,uint32 publisher,uint32 item,uint32 itemVersion,"
    "bytes32 schemaHash,uint32 recordCount,bytes32 recordsRoot,uint64 signedAt)",
    "Disclosure": "Disclosure(uint32 gateway,bytes32 request,uint32 reader,address readerKey,bytes32 officer,"
    "bytes32 caseRef,uint32 item,uint32 itemVersion,uint8 authority,bytes32 authorityId,uint8 basis,uint16 purpose,"
    "uint8 tier,bytes32 profile,uint32 recordCount,bytes32 openingsRoot,uint64 factsBlock,uint32 asOfBatch,"
    "uint64 disclosedAt,uint64 anchorBy)",
    "Refusal": "Refusal(uint32 gateway,bytes32 request,uint32 reader,address readerKey,uint32 item,uint8 authority,"
    "bytes32 authorityId,uint16 purpose,uint16 reason,uint64 factsBlock,uint64 refusedAt,uint64 anchorBy)",
    "Query": "Query(uint32 gateway,bytes32 request,uint32 reader,address readerKey,uint8 queryType,uint32 item,"
    "uint8 basis,uint16 purpose,uint32 resultCount,uint64 factsBlock,uint64 answeredAt,uint64 anchorBy)",
    "Received": "Received(uint32 gateway,bytes32 action,uint64 receivedAt,uint64 includeBy,uint64 anchorBy)",
    "Notice": "Notice(uint32 gateway,bytes32 subscription,uint32 reader,uint32 recordCount,bytes32 openingsRoot,"
    "uint64 deliveredAt,uint64 anchorBy)",
    "Void": "Void(uint32 gateway,uint64 batch,uint64 firstSequence,uint32 count,uint16 reason,uint64 declaredAt,"
    "uint64 anchorBy)",
    "Acceptance": "Acceptance(uint32 gateway,bytes32 entry,uint64 acceptedAt,uint64 anchorBy)",
}
ENTRY_STATEMENTS: Mapping[EntryType, str] = {
    EntryType.SUBMISSION: "Submission",
    EntryType.DISCLOSURE: "Disclosure",
    EntryType.REFUSAL: "Refusal",
    EntryType.QUERY: "Query",
    EntryType.RECEIVED: "Received",
    EntryType.NOTICE: "Notice",
    EntryType.VOID: "Void",
}
OWN_TIME: Mapping[str, str] = {
    "Submission": "signedAt",
    "Disclosure": "disclosedAt",
    "Refusal": "refusedAt",
    "Query": "answeredAt",
    "Received": "receivedAt",
    "Notice": "deliveredAt",
    "Void": "declaredAt",
    "Acceptance": "acceptedAt",
}
"""The member that holds a statement's own time."""


@dataclass(frozen=True)
class _Type:
    hash: bytes
    members: tuple[tuple[str, str, Callable[[Any], bytes]], ...]
    names: tuple[str, ...]


def _type(signature: str) -> _Type:
    fields = members(signature)
    return _Type(
        type_hash(signature),
        tuple((name, kind, ENCODERS[kind]) for name, kind in fields),
        tuple(name for name, _ in fields),
    )


_TYPES = {name: _type(signature) for name, signature in TYPES.items()}


@dataclass(frozen=True)
class StatementDomain:
    """Chain and RecordAnchors contract that a statement belongs to; nothing of one is valid in another."""

    chain_id: int
    record_anchors: str

    @cached_property
    def separator(self) -> bytes:
        """The 32-byte EIP-712 domain separator."""
        return domain_separator(DOMAIN_NAME, DOMAIN_VERSION, self.chain_id, self.record_anchors)


def struct_hash(statement: str, message: Mapping[str, Any]) -> bytes:
    """Return the hashStruct of a message; raises FormatError for a missing, unknown or misshapen member."""
    kind = _TYPES[statement]
    if len(message) != len(kind.names):
        members_of(dict(message), kind.names, what=statement)
    try:
        return keccak256(kind.hash + b"".join([encoder(message[name]) for name, _, encoder in kind.members]))
    except KeyError as missing:
        raise FormatError(f"{statement}: member {missing} is missing") from None


def statement_preimage(domain: StatementDomain, statement: str, message: Mapping[str, Any]) -> bytes:
    """Return the 66 bytes whose Keccak-256 is the statement's digest; what a Signer takes. Raises FormatError."""
    return signing_preimage(domain.separator, struct_hash(statement, message))


def statement_digest(domain: StatementDomain, statement: str, message: Mapping[str, Any]) -> bytes:
    """Return the 32-byte EIP-712 digest that the statement's signature signs; raises FormatError."""
    return keccak256(statement_preimage(domain, statement, message))


def message_to_json(statement: str, message: Mapping[str, Any]) -> dict[str, Any]:
    """Return the JSON form of a message: bytes32 as 0x hex, the rest as it is."""
    return {
        name: to_hex(message[name]) if kind == "bytes32" else message[name]
        for name, kind, _ in _TYPES[statement].members
    }


def message_from_json(statement: str, value: object) -> dict[str, Any]:
    """Return the message of its JSON form; raises FormatError for anything but its exact members and shapes."""
    kind = _TYPES[statement]
    given = members_of(value, kind.names, what=statement)
    message: dict[str, Any] = {}
    for name, member_type, _ in kind.members:
        what = f"{statement} {name}"
        if member_type == "bytes32":
            message[name] = from_hex(given[name], 32, what=what)
        elif member_type == "address":
            message[name] = to_address(given[name], what=what)
        else:
            message[name] = unsigned(given[name], min(int(member_type[4:]), 53), what=what)
    return message
