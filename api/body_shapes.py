"""Shapes of request bodies, for the OpenAPI document; the services check them."""

from api.answer_shapes import ADDRESS, HEX32, NUMBER, SIGNATURE, Shape, members
from ledger.core.received import ABOUT
from ledger.services.commit_records import MOST_RECORDS
from ledger.services.relay import MOST_DOCUMENTS

_RECORD: Shape = {
    "type": "object",
    "required": ["recordId", "version", "previous", "saltSecret", "originals"],
    "additionalProperties": False,
    "properties": {
        "recordId": HEX32,
        "version": {"type": "integer", "minimum": 1},
        "previous": HEX32,
        "saltSecret": HEX32,
        "originals": {"type": "object", "description": "value by path, as `/class`"},
        "derived": {"type": "object", "description": "value by `<path> <kind>`; each is compared with its rule"},
    },
}
_RECORDS: Shape = {"type": "array", "minItems": 1, "maxItems": MOST_RECORDS, "items": _RECORD}
_SUBMISSION = members(
    submissionId=HEX32,
    gateway=NUMBER,
    publisher=NUMBER,
    item=NUMBER,
    itemVersion=NUMBER,
    schemaHash=HEX32,
    recordCount=NUMBER,
    recordsRoot=HEX32,
    signedAt=NUMBER,
)
_MARK = members(
    key=ADDRESS,
    recordId=HEX32,
    version=NUMBER,
    mark=NUMBER,
    reason=NUMBER,
    nonce={"type": "string", "pattern": "^[0-9]{1,78}$", "description": "keyed nonce as a decimal number"},
    deadline=NUMBER,
)
SUBMISSION_BODY = members(message=_SUBMISSION, signature=SIGNATURE, records=_RECORDS)
COMMIT_BODY = members(schemaHash=HEX32, records=_RECORDS)
ENDPOINT_BODY: Shape = members(document={"type": "string", "description": "canonical text of a `gongzhi-endpoint/1`"})
MARK_BODY = members(message=_MARK, signature=SIGNATURE)
ACTION_BODY: Shape = {
    "type": "object",
    "required": ["action", "message", "signatures"],
    "additionalProperties": False,
    "properties": {
        "action": {"type": "string", "enum": [*ABOUT], "description": "name of the typed message"},
        "message": {"type": "object", "description": "JSON form of the typed message (contracts page)"},
        "signatures": {
            "type": "array",
            "minItems": 1,
            "maxItems": 3,
            "items": {"type": "string", "pattern": "^0x([0-9a-f]{130})?$"},
            "description": "in the order of the message's signers; `0x` for one that is the zero address",
        },
        "documents": {
            "type": "array",
            "maxItems": MOST_DOCUMENTS,
            "items": {"type": "string"},
            "description": "canonical texts of documents that the message names by hash",
        },
    },
}
