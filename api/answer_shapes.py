"""Shapes of answers, for the OpenAPI document and the reference page; tests compare real answers with them."""

from collections.abc import Mapping
from typing import Any

from ledger.core.clocks import DutyKind
from ledger.core.history import DEFAULT_PARAMETERS

Shape = Mapping[str, Any]

HEX: Shape = {"type": "string", "pattern": "^0x([0-9a-f]{2})*$"}
HEX32: Shape = {"type": "string", "pattern": "^0x[0-9a-f]{64}$"}
ADDRESS: Shape = {"type": "string", "pattern": "^0x[0-9a-f]{40}$"}
SIGNATURE: Shape = {"type": "string", "pattern": "^0x[0-9a-f]{130}$"}
NUMBER: Shape = {"type": "integer", "minimum": 0}
TEXT: Shape = {"type": "string"}
TRUTH: Shape = {"type": "boolean"}
ANY: Shape = {"type": "object"}


def members(**shapes: Shape) -> Shape:
    """Return the shape of an object with exactly these members."""
    return {"type": "object", "required": [*shapes], "properties": shapes, "additionalProperties": False}


def array(shape: Shape) -> Shape:
    """Return the shape of an array."""
    return {"type": "array", "items": shape}


def by_name(shape: Shape) -> Shape:
    """Return the shape of an object whose member names are data."""
    return {"type": "object", "additionalProperties": shape}


def or_null(shape: Shape) -> Shape:
    """Return the shape of a value that may be null."""
    return {"anyOf": [shape, {"type": "null"}]}


def one_of(*values: str) -> Shape:
    """Return the shape of one of these texts."""
    return {"type": "string", "enum": [*values]}


PROBLEM_SHAPE: Shape = {
    "type": "object",
    "required": ["type", "title", "status", "code", "detail", "remedy"],
    "properties": {
        "type": TEXT,
        "title": TEXT,
        "status": NUMBER,
        "code": TEXT,
        "detail": TEXT,
        "remedy": TEXT,
        "reason": {"description": "code of draft ERC-8128, or number of the refusal"},
        "name": TEXT,
        "needed": TEXT,
        "refusal": or_null(ANY),
        "places": array(NUMBER),
    },
}
STATEMENT = members(message=ANY, signer=ADDRESS, signature=SIGNATURE)
STATE = one_of("accepted", "submitted", "anchored", "overdue")
TIMES = members(accepted=NUMBER, submitted=or_null(NUMBER), anchored=or_null(NUMBER))
_PLACE = {"times": TIMES, "sequence": or_null(NUMBER), "batch": or_null(NUMBER)}
SUBMISSION = members(
    submissionId=HEX32,
    state=STATE,
    entry=HEX32,
    sealedHash=HEX32,
    acceptance=STATEMENT,
    acceptedAt=NUMBER,
    anchorBy=NUMBER,
    duplicates=array(NUMBER),
    **_PLACE,
)
COMMITMENTS = members(
    recordsRoot=HEX32,
    records=array(members(recordId=HEX32, version=NUMBER, recordRoot=HEX32, digests=array(HEX32))),
)
VIEW = members(
    suite=TEXT,
    recordId=HEX32,
    version=NUMBER,
    previous=HEX32,
    schemaHash=HEX32,
    slots=array(
        {"anyOf": [members(path=TEXT, kind=TEXT, salt=HEX32, value=TEXT), members(path=TEXT, kind=TEXT, digest=HEX32)]}
    ),
)
_MARK = members(agency=NUMBER, mark=NUMBER, version=NUMBER)
_LOOK = {
    "disclosure": STATEMENT,
    "openings": array({"type": "array", "description": "[recordId, version, recordRoot, bitmap of opened slots]"}),
    "marks": by_name(array(_MARK)),
    "next": or_null(TEXT),
    "submissions": by_name(members(publisher=NUMBER, item=NUMBER, itemVersion=NUMBER)),
}
PAGE = members(**_LOOK, views=array(VIEW))
PROVEN = members(**_LOOK, bundle=ANY)
ATTACHED = members(**_LOOK, views=array(VIEW), content=or_null(TEXT))
UPLOADED = members(digest=HEX32, state=one_of("staged", "bound"), keptUntil=or_null(NUMBER))
ACTION = members(
    action=HEX32,
    state=one_of("received", "submitted", "final", "failed"),
    receivedAt=NUMBER,
    includeBy=NUMBER,
    received=STATEMENT,
    times=by_name(or_null(NUMBER)),
    transaction=or_null(HEX32),
    block=or_null(NUMBER),
    error=or_null(TEXT),
)
ENTRY = members(
    entry=HEX32,
    entryType=NUMBER,
    message=ANY,
    signer=ADDRESS,
    signature=SIGNATURE,
    annex=HEX32,
    state=STATE,
    anchorBy=NUMBER,
    **_PLACE,
)
OWN_RECORDS = members(records=array(members(recordId=HEX32, version=NUMBER, acceptedAt=NUMBER)), next=or_null(TEXT))
ENTRIES = members(entries=array(ENTRY), next=or_null(NUMBER))
ANCHORS = members(
    anchors=array(
        members(
            gateway=NUMBER,
            batch=NUMBER,
            root=HEX32,
            leafCount=NUMBER,
            firstSequence=NUMBER,
            head=HEX32,
            transaction=HEX32,
            block=NUMBER,
            anchoredAt=NUMBER,
        )
    ),
    next=or_null(NUMBER),
)
_END = or_null(members(block=NUMBER, time=NUMBER))
AGENCY = members(
    id=NUMBER,
    kind=NUMBER,
    region=TEXT,
    status=NUMBER,
    allowedRoles=NUMBER,
    endpoint=or_null(members(documentHash=HEX32, url=or_null(TEXT))),
    keys=array(
        members(
            key=ADDRESS,
            roles=NUMBER,
            validFrom=NUMBER,
            validUntil=NUMBER,
            boundAtBlock=NUMBER,
            ended=_END,
            revoked=TRUTH,
            suspectFrom=NUMBER,
        )
    ),
)
AGENCIES = members(agencies=array(AGENCY))
ENDPOINT = members(agency=NUMBER, documentHash=HEX32, url=TEXT)
ITEM = members(item=NUMBER, retired=_END, versions=array(ANY))
CATALOGUE = members(items=array(ITEM))
PARAMETERS = members(**dict.fromkeys(sorted(DEFAULT_PARAMETERS), NUMBER))
CHAIN = members(
    chainId=NUMBER,
    genesis=HEX32,
    contracts=by_name(members(address=ADDRESS, codeHash=HEX32)),
    gateway=NUMBER,
    block=or_null(members(number=NUMBER, hash=HEX32, time=NUMBER)),
    batches=NUMBER,
)
EXPLANATION: Shape = {
    "type": "object",
    "required": ["id", "what"],
    "properties": {"id": HEX32, "what": one_of("submission", "entry", "action", "record")},
}
DUTY = members(
    kind=one_of(*DutyKind),
    subject=HEX32,
    agency=NUMBER,
    dueAt=NUMBER,
    doneAt=or_null(NUMBER),
    overdueWorkingDays=NUMBER,
    escalation=NUMBER,
)
DUTIES = members(
    asOf=NUMBER,
    calendar=members(version=NUMBER, hash=or_null(HEX32), knownUntil=or_null(TEXT)),
    notices=array(TEXT),
    duties=array(DUTY),
    leftOut=NUMBER,
)
LIVE = members(status=TEXT)
READY = members(
    status=TEXT,
    checks=by_name(members(ok=TRUTH, found=TEXT)),
    warnings=array(members(code=TEXT, found=TEXT)),
)
