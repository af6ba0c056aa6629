"""Messages by which people act on the contracts: EIP-712 structs, one domain per contract (contracts page).

PERMANENT: wallets have signed them. A message is a name and its members; bytes32 as bytes, addresses as lowercase hex,
numbers as integers, lists of numbers as sequences. The JSON form spells bytes32 as `0x` hex and `nonce` as a decimal
string, since a keyed nonce has 256 bits. Anybody may relay a signed message; the relay has no power.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ledger.core.eip712 import ENCODERS, domain_separator, members, signing_preimage, type_hash
from ledger.core.hexadecimal import from_hex, to_address, to_hex
from ledger.core.keccak import keccak256
from ledger.core.shapes import array, members_of, text, unsigned
from ledger.errors import FormatError

DOMAIN_VERSION = "1"
LANE_BITS = 192
COUNT_BITS = 64
_DOMAIN_MEMBERS = (
    {"name": "name", "type": "string"},
    {"name": "version", "type": "string"},
    {"name": "chainId", "type": "uint256"},
    {"name": "verifyingContract", "type": "address"},
)


@dataclass(frozen=True)
class MessageType:
    """A message: the contract and function that take it, its EIP-712 type, and the members that name its signers.

    Several contracts may take a message of one type (`Pause`): it has a name of its own for each of them.

    Signatures are given to the function in the order of `signers`; the first one's nonce is consumed. A signer whose
    member is the zero address does not sign.
    """

    contract: str
    function: str
    signature: str
    signers: tuple[str, ...]

    @cached_property
    def members(self) -> tuple[tuple[str, str], ...]:
        """The (name, EIP-712 type) pairs, in order."""
        return tuple(members(self.signature))

    @property
    def primary_type(self) -> str:
        """The name of the EIP-712 type."""
        return self.signature.partition("(")[0]

    @cached_property
    def type_hash(self) -> bytes:
        """Keccak-256 of the type."""
        return type_hash(self.signature)


PAUSABLE = ("AgencyRegistry", "Catalogue", "ConsentRegistry", "AccessLedger")
"""Contracts that take a `Pause`, as the message `Pause<Contract>`."""

MESSAGES: Mapping[str, MessageType] = {
    "RegisterAgency": MessageType(
        "AgencyRegistry",
        "registerAgency",
        "RegisterAgency(uint8 kind,uint64 region,uint16 allowedRoles,bytes32 documentHash,address firstAdmin,"
        "uint64 validFrom,uint64 validUntil,uint256 nonce,uint64 deadline)",
        ("firstAdmin",),
    ),
    "RestoreAdmin": MessageType(
        "AgencyRegistry",
        "restoreAdmin",
        "RestoreAdmin(uint32 agency,address admin,uint64 validFrom,uint64 validUntil,uint256 nonce,uint64 deadline)",
        ("admin",),
    ),
    "BindKey": MessageType(
        "AgencyRegistry",
        "bindKey",
        "BindKey(address admin,address secondAdmin,uint32 agency,address key,uint16 roles,bytes32 officer,"
        "uint64 validFrom,uint64 validUntil,uint256 nonce,uint64 deadline)",
        ("admin", "key", "secondAdmin"),
    ),
    "RetireKey": MessageType(
        "AgencyRegistry",
        "retireKey",
        "RetireKey(address actor,address key,uint256 nonce,uint64 deadline)",
        ("actor",),
    ),
    "RevokeKey": MessageType(
        "AgencyRegistry",
        "revokeKey",
        "RevokeKey(address actor,address key,uint16 reason,uint64 suspectFrom,uint256 nonce,uint64 deadline)",
        ("actor",),
    ),
    "SetEndpoint": MessageType(
        "AgencyRegistry",
        "setEndpoint",
        "SetEndpoint(address admin,bytes32 documentHash,uint256 nonce,uint64 deadline)",
        ("admin",),
    ),
    "SetSealingKey": MessageType(
        "AgencyRegistry",
        "setSealingKey",
        "SetSealingKey(address admin,bytes32 sealingKey,uint256 nonce,uint64 deadline)",
        ("admin",),
    ),
    "PublishItem": MessageType(
        "Catalogue",
        "publishItem",
        "PublishItem(address responsibleAdmin,address authorityAdmin,uint32 item,uint32 version,uint32 responsible,"
        "uint8 shareClass,bytes32 schemaHash,uint64 publisherKinds,uint64 readerKinds,uint64 purposes,"
        "bytes32 maskPolicyHash,bytes32 class1Profile,uint32 updateEverySeconds,uint16 checkDays,uint16 answerDays,"
        "uint16 deliverDays,bytes32 documentHash,uint256 nonce,uint64 deadline)",
        ("responsibleAdmin", "authorityAdmin"),
    ),
    "RetireItem": MessageType(
        "Catalogue",
        "retireItem",
        "RetireItem(address responsibleAdmin,address authorityAdmin,uint32 item,uint256 nonce,uint64 deadline)",
        ("responsibleAdmin", "authorityAdmin"),
    ),
    "SetDutyList": MessageType(
        "Catalogue",
        "setDutyList",
        "SetDutyList(address admin,uint32 version,bytes32 documentHash,uint256 nonce,uint64 deadline)",
        ("admin",),
    ),
    "SetCalendar": MessageType(
        "Catalogue",
        "setCalendar",
        "SetCalendar(address admin,uint32 version,bytes32 documentHash,uint256 nonce,uint64 deadline)",
        ("admin",),
    ),
    "Mark": MessageType(
        "RecordAnchors",
        "mark",
        "Mark(address key,bytes32 recordId,uint32 version,uint8 mark,uint16 reason,uint256 nonce,uint64 deadline)",
        ("key",),
    ),
    "Repudiate": MessageType(
        "RecordAnchors",
        "repudiate",
        "Repudiate(address admin,uint64 batch,uint16 reason,uint256 nonce,uint64 deadline)",
        ("admin",),
    ),
    "RecordConsent": MessageType(
        "ConsentRegistry",
        "record",
        "RecordConsent(address key,bytes32 subjectTag,uint32 recipient,uint32 holder,uint64 categories,"
        "uint16 purpose,bytes32 scopeHash,bytes32 textHash,bytes32 evidenceHash,address controller,"
        "uint32 capturedBy,uint8 captureMode,uint64 validFrom,uint64 validUntil,bytes32 salt,uint256 nonce,"
        "uint64 deadline)",
        ("key",),
    ),
    "WithdrawConsent": MessageType(
        "ConsentRegistry",
        "withdraw",
        "WithdrawConsent(address key,bytes32 consent,uint16 reason,uint256 nonce,uint64 deadline)",
        ("key",),
    ),
    "RequestAccess": MessageType(
        "AccessLedger",
        "request",
        "RequestAccess(address key,uint32 holder,uint32 item,uint32 itemVersion,uint16 purpose,uint8 basis,"
        "bytes32 basisRef,bytes32 scopeHash,bytes32 profile,uint64 until,uint256 nonce,uint64 deadline)",
        ("key",),
    ),
    "DecideAccess": MessageType(
        "AccessLedger",
        "decide",
        "DecideAccess(address key,bytes32 request,uint8 decision,uint32 itemVersion,bytes32 profile,"
        "uint64 expiresAt,uint32 uses,uint16 terms,uint64 destroyBy,bytes32 assessment,uint16 reason,"
        "bytes32 reasonHash,uint256 nonce,uint64 deadline)",
        ("key",),
    ),
    "RevokeGrant": MessageType(
        "AccessLedger",
        "revoke",
        "RevokeGrant(address key,bytes32 grant,uint16 reason,uint256 nonce,uint64 deadline)",
        ("key",),
    ),
    "WithdrawRequest": MessageType(
        "AccessLedger",
        "withdraw",
        "WithdrawRequest(address key,bytes32 request,uint256 nonce,uint64 deadline)",
        ("key",),
    ),
    "CloseGrant": MessageType(
        "AccessLedger",
        "close",
        "CloseGrant(address key,bytes32 grant,uint8 outcome,uint256 nonce,uint64 deadline)",
        ("key",),
    ),
    "OpenEmergency": MessageType(
        "EmergencyAccess",
        "open",
        "OpenEmergency(address key,address supervisor,address secondAgencyKey,bytes32 caseRef,uint32[] items,"
        "uint64 region,uint16 reason,bytes32 noteHash,uint64 expiresAt,uint256 nonce,uint64 deadline)",
        ("key", "supervisor", "secondAgencyKey"),
    ),
    "CoSignEmergency": MessageType(
        "EmergencyAccess",
        "coSign",
        "CoSignEmergency(address key,bytes32 emergency,uint256 nonce,uint64 deadline)",
        ("key",),
    ),
    "EndEmergency": MessageType(
        "EmergencyAccess",
        "end",
        "EndEmergency(address key,bytes32 emergency,uint256 nonce,uint64 deadline)",
        ("key",),
    ),
    "ReviewEmergency": MessageType(
        "EmergencyAccess",
        "review",
        "ReviewEmergency(address key,bytes32 emergency,uint8 verdict,bytes32 documentHash,uint256 nonce,"
        "uint64 deadline)",
        ("key",),
    ),
    "NoteNotified": MessageType(
        "EmergencyAccess",
        "notified",
        "NoteNotified(address key,bytes32 emergency,bytes32 documentHash,uint256 nonce,uint64 deadline)",
        ("key",),
    ),
    "DeferNotice": MessageType(
        "EmergencyAccess",
        "deferNotice",
        "DeferNotice(address key,bytes32 emergency,uint64 until,uint16 reason,uint256 nonce,uint64 deadline)",
        ("key",),
    ),
    "NoteDestroyed": MessageType(
        "EmergencyAccess",
        "destroyed",
        "NoteDestroyed(address key,bytes32 emergency,bytes32 documentHash,uint256 nonce,uint64 deadline)",
        ("key",),
    ),
    "KeepData": MessageType(
        "EmergencyAccess",
        "keep",
        "KeepData(address key,bytes32 emergency,bytes32 assessment,uint256 nonce,uint64 deadline)",
        ("key",),
    ),
    **{
        f"Pause{contract}": MessageType(
            contract, "pause", "Pause(address guardian,uint256 nonce,uint64 deadline)", ("guardian",)
        )
        for contract in PAUSABLE
    },
}


def keyed_nonce(lane: int, count: int) -> int:
    """Return the nonce of a message: the lane (192 bits) and how many messages the key has used in it (64 bits).

    Raises FormatError outside those ranges.
    """
    return unsigned(lane, LANE_BITS, what="lane") << COUNT_BITS | unsigned(count, COUNT_BITS, what="count")


def domain_name(contract: str) -> str:
    """Return the EIP-712 domain name of one of our contracts."""
    return f"Gongzhi {contract}"


def message_digest(name: str, message: Mapping[str, Any], chain_id: int, contract_address: str) -> bytes:
    """Return the 32-byte digest that every signer of the message signs, and by which the action is known.

    Raises FormatError for a missing, unknown or misshapen member.
    """
    return keccak256(message_preimage(name, message, chain_id, contract_address))


def message_preimage(name: str, message: Mapping[str, Any], chain_id: int, contract_address: str) -> bytes:
    """Return the 66 bytes whose Keccak-256 is the message's digest; what a Signer takes.

    Raises FormatError for a missing, unknown or misshapen member.
    """
    kind = MESSAGES[name]
    members_of(dict(message), [member for member, _ in kind.members], what=name)
    words = [ENCODERS[type_name](message[member]) for member, type_name in kind.members]
    separator = domain_separator(domain_name(kind.contract), DOMAIN_VERSION, chain_id, contract_address)
    return signing_preimage(separator, keccak256(kind.type_hash + b"".join(words)))


def message_to_json(name: str, message: Mapping[str, Any]) -> dict[str, Any]:
    """Return the JSON form of a message."""
    return {member: _to_json(type_name, message[member]) for member, type_name in MESSAGES[name].members}


def message_from_json(name: str, value: object) -> dict[str, Any]:
    """Return the message of its JSON form; raises FormatError for anything but its exact members and shapes."""
    kind = MESSAGES[name]
    given = members_of(value, [member for member, _ in kind.members], what=name)
    return {member: _from_json(type_name, given[member], f"{name} {member}") for member, type_name in kind.members}


def typed_data(name: str, message: Mapping[str, Any], chain_id: int, contract_address: str) -> dict[str, Any]:
    """Return what `eth_signTypedData_v4` takes, so that a wallet shows the message and signs `message_digest`."""
    kind = MESSAGES[name]
    return {
        "types": {
            "EIP712Domain": list(_DOMAIN_MEMBERS),
            kind.primary_type: [{"name": member, "type": type_name} for member, type_name in kind.members],
        },
        "primaryType": kind.primary_type,
        "domain": {
            "name": domain_name(kind.contract),
            "version": DOMAIN_VERSION,
            "chainId": chain_id,
            "verifyingContract": contract_address,
        },
        "message": message_to_json(name, message),
    }


def _to_json(type_name: str, value: Any) -> Any:
    if type_name == "bytes32":
        return to_hex(value)
    if type_name == "uint32[]":
        return list(value)
    return str(value) if type_name == "uint256" else value


def _from_json(type_name: str, value: object, what: str) -> Any:
    if type_name == "bytes32":
        return from_hex(value, 32, what=what)
    if type_name == "address":
        return to_address(value, what=what)
    if type_name == "uint256":
        return _decimal(text(value, what=what), what)
    if type_name == "uint32[]":
        return tuple(unsigned(number, 32, what=what) for number in array(value, what=what))
    return unsigned(value, int(type_name.removeprefix("uint")), what=what)


def _decimal(value: str, what: str) -> int:
    # The length comes first: an integer of unbounded digits is work without a bound.
    if len(value) > 78 or not value.isascii() or not value.isdigit() or (value[0] == "0" and value != "0"):
        raise FormatError(f"{what}: expected a decimal number as text")
    return unsigned(int(value), LANE_BITS + COUNT_BITS, what=what)
