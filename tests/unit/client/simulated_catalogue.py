"""The one item that a simulated gateway serves: incidents, with the schema and profile of `ledger/domain`."""

from typing import Any

from ledger.core.codes import AgencyKind
from ledger.core.documents import MaskProfile
from ledger.core.hexadecimal import to_hex
from ledger.domain import load_document
from ledger.services.catalogue_documents import schema_documents

GATEWAY, PUBLISHER, ITEM, VERSION = 1, 7, 1, 1
SCHEMA, CODE_SETS = schema_documents(load_document("schemas/incident-1.json"), load_document)
PROFILE_OPEN = tuple((path, kind) for path, kind in load_document("profiles/incident-class1.json")["open"])


def profile() -> MaskProfile:
    return MaskProfile(ITEM, VERSION, tier=2, purpose=0, open=PROFILE_OPEN)


def item_document(profile_hash: bytes) -> dict[str, Any]:
    return {
        "format": "gongzhi-item/1",
        "item": ITEM,
        "version": VERSION,
        "name": {"zh": "事件", "en": "Incidents"},
        "responsible": GATEWAY,
        "shareClass": 1,
        "legalGround": None,
        "schemaHash": to_hex(SCHEMA.hash),
        "publisherKinds": [int(AgencyKind.COMMUNITY)],
        "readerKinds": [int(AgencyKind.FIRE), int(AgencyKind.COMMUNITY)],
        "purposes": [2],
        "maskPolicyHash": None,
        "class1Profile": to_hex(profile_hash),
        "updateEverySeconds": 0,
        "days": {"check": 2, "answer": 10, "deliver": 20},
    }
