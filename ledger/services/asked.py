"""What a look states that it is for, and by what authority."""

from dataclasses import dataclass

from ledger.core.codes import Authority
from ledger.core.eip712 import ZERO32
from ledger.core.hexadecimal import from_hex
from ledger.core.look import Look
from ledger.services.authenticate import Caller


@dataclass(frozen=True, slots=True)
class Asked:
    """What a look states that it is for, in covered headers. Commitments are 32 bytes, None where not given.

    `authority` EMERGENCY stands for a mined and for a pending one; `authority_id` names the grant or emergency.
    `profile`: a profile to be served under that is narrower than the permitted one. With authority SELF
    `subject_commitment` says who the resident is, and `subject` is his internal token once it was opened;
    `quota_left` is False where the agency had asked about as many persons on this day as it may.
    """

    item: int
    purpose: int
    basis: int
    basis_reference: bytes | None
    officer: bytes | None
    case_reference: bytes | None
    authority: Authority
    authority_id: bytes = ZERO32
    profile: bytes | None = None
    subject_commitment: bytes | None = None
    subject: bytes | None = None
    quota_left: bool = True


def look_of(call: Caller, asked: Asked, version: int, profile: bytes = ZERO32) -> Look:
    """Return the look at records of one item version under a profile, with the id of its authority."""
    authority, authority_id = asked.authority, asked.authority_id
    if authority == Authority.EMERGENCY and not _is_mined(call, authority_id):
        authority = Authority.PENDING_EMERGENCY
    if authority == Authority.CLASS1:
        authority_id = _document_hash(call, asked.item, version)
    return Look(
        gateway=call.gateway.agency,
        reader=call.agency,
        reader_key=call.key,
        item=asked.item,
        item_version=version,
        purpose=asked.purpose,
        basis=asked.basis,
        basis_ref=asked.basis_reference or ZERO32,
        case_ref=asked.case_reference or ZERO32,
        authority=int(authority),
        authority_id=authority_id,
        profile=profile,
    )


def _is_mined(call: Caller, emergency: bytes) -> bool:
    facts = call.history.emergencies.get(emergency)
    return facts is not None and call.as_of.covers(facts.opened)


def _document_hash(call: Caller, item: int, version: int) -> bytes:
    facts = call.history.items.get(item)
    args = facts.version(version, call.as_of) if facts else None
    return from_hex(args["documentHash"]) if args else ZERO32
