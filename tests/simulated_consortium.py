"""The members of the simulated ledger: agencies, keys, contracts, a schema and made-up incidents."""

from typing import Any

from ledger.core.chainfile import ContractPin
from ledger.core.codes import AgencyKind, Purpose, Role, ShareClass, Tier
from ledger.core.documents import CatalogueItem, MaskProfile
from ledger.core.hexadecimal import to_hex
from ledger.core.keccak import keccak256
from ledger.core.schema import Schema, parse_schema
from ledger.core.signature import address_of

START = 1_800_000_000
GATEWAY, PUBLISHER, READER, RIVAL, AUDITOR, OTHER_GATEWAY = 1, 7, 8, 9, 40, 2
FOREVER = 1 << 40
ITEM = 3
KINDS = {
    GATEWAY: AgencyKind.DATA_BUREAU,
    OTHER_GATEWAY: AgencyKind.COORDINATION,
    PUBLISHER: AgencyKind.COMMUNITY,
    READER: AgencyKind.FIRE,
    RIVAL: AgencyKind.COMMUNITY,
    AUDITOR: AgencyKind.AUDITOR,
}
ROLES = {
    "gateway": (GATEWAY, Role.API_SIGN),
    "other-gateway": (OTHER_GATEWAY, Role.API_SIGN),
    "publisher": (PUBLISHER, Role.SUBMIT),
    "publisher-reads": (PUBLISHER, Role.READ),
    "reader": (READER, Role.READ),
    "reader-publishes": (READER, Role.SUBMIT),
    "rival": (RIVAL, Role.SUBMIT),
    "rival-reads": (RIVAL, Role.READ),
    "auditor": (AUDITOR, Role.AUDIT),
    "reader-requests": (READER, Role.REQUEST),
    "publisher-decides": (PUBLISHER, Role.DECIDE),
    "reader-emergency": (READER, Role.EMERGENCY),
    "reader-supervises": (READER, Role.SUPERVISE),
    "rival-emergency": (RIVAL, Role.EMERGENCY),
    "reviewer": (OTHER_GATEWAY, Role.REVIEW),
}
_NAMES = (
    *("AgencyRegistry", "Catalogue", "Parameters", "RecordAnchors"),
    *("ConsentRegistry", "AccessLedger", "EmergencyAccess"),
)
CONTRACTS = {
    name: ContractPin("0x" + bytes([place] * 20).hex(), to_hex(keccak256(name.encode())))
    for place, name in enumerate(_NAMES, 1)
}


def private_key(name: str) -> bytes:
    """Return the simulated key of that name."""
    return bytes(keccak256(b"simulated key " + name.encode()))


def address(name: str) -> str:
    """Return the address of the simulated key of that name."""
    return str(address_of(private_key(name)))


def number32(*parts: object) -> bytes:
    """Return 32 bytes that look random and are the same in every run."""
    return bytes(keccak256(repr(parts).encode()))


def incident_schema(version: int = 1) -> dict[str, Any]:
    """Return a schema with stored-open, masked and sealed slots."""

    def slot(path: str, kind: str, type_name: str, data_class: str, nullable: bool = True) -> dict[str, Any]:
        return {"path": path, "kind": kind, "type": type_name, "nullable": nullable, "class": data_class}

    return {
        "format": "gongzhi-schema/1",
        "schema": "simulated-incident",
        "version": version,
        "title": {"zh": "模拟事件", "en": "Simulated incident"},
        "slots": [
            slot("/region", "o", "region", "O", nullable=False),
            slot("/occurredAt", "o", "time", "O", nullable=False),
            slot("/class", "o", "code", "O", nullable=False),
            slot("/name", "o", "string", "G"),
            slot("/name", "g:surname@1", "string", "G"),
            slot("/phone", "o", "string", "G"),
            slot("/phone", "g:phone-3-4@1", "string", "G"),
            slot("/address", "o", "object", "G"),
            slot("/address", "g:addr-street@1", "object", "G"),
        ],
    }


def originals(number: int) -> dict[str, Any]:
    """Return the values of a made-up incident."""
    return {
        "/region": "990101001001",
        "/occurredAt": START - 3600 + number,
        "/class": "fire/alarm",
        "/name": "欧阳\u5a1c" if number % 2 else None,
        "/phone": f"138{number % 10**8:08d}",
        "/address": {
            "district": "甲区",
            "street": "乙街道",
            "community": "丙社区",
            "building": "1",
            "room": None,
        },
    }


def item_version(version: int, open_phone: bool) -> tuple[Schema, MaskProfile, CatalogueItem]:
    """Return a version of the incident item; `open_phone` widens its class-1 profile by the phone's original."""
    schema = parse_schema(incident_schema())
    slots = [(s.path, s.kind) for s in schema.slots if s.is_stored_open or (open_phone and s.path == "/phone")]
    profile = MaskProfile(ITEM, version, Tier.T5, 0, tuple(slots))
    item = CatalogueItem(
        item=ITEM,
        version=version,
        name={"zh": "事件", "en": "Incident"},
        responsible=GATEWAY,
        share_class=ShareClass.UNCONDITIONAL,
        legal_ground=None,
        schema_hash=schema.hash,
        publisher_kinds=(AgencyKind.COMMUNITY,),
        reader_kinds=(AgencyKind.FIRE,),
        purposes=(Purpose.INCIDENT_RESPONSE,),
        mask_policy_hash=None,
        class1_profile=profile.hash,
        update_every_seconds=0,
        check_days=2,
        answer_days=10,
        deliver_days=20,
    )
    return schema, profile, item


def marked(
    record_id: bytes, mark: int, agency: int = PUBLISHER, version: int = 0, reason: int = 1
) -> tuple[str, str, dict[str, Any]]:
    """Return the event of a mark, to be mined."""
    about = {"agency": agency, "recordId": to_hex(record_id), "version": version}
    return "RecordAnchors", "Marked", {**about, "mark": int(mark), "reason": reason}
