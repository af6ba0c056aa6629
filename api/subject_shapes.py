"""Shapes of queries about persons, and of their answers. Neither holds an id: that travels in Gongzhi-Opening alone."""

from api.access_shapes import CONSENT_MEMBERS
from api.answer_shapes import ANY, HEX32, NUMBER, STATEMENT, TEXT, TRUTH, array, members, one_of, or_null
from ledger.core.own_consents import ConsentState
from ledger.core.subjects import MOST_LISTED

SUBJECT_BODY = members(subjectCommitment=HEX32)
TAG_BODY = members(subjectCommitment=HEX32, recipient=NUMBER)
COVERAGE = members(
    query=STATEMENT,
    exists=TRUTH,
    count=NUMBER,
    newest=or_null(members(recordedAt=NUMBER, publisher=NUMBER)),
)
OUTWARD_TOKEN = members(
    query=STATEMENT,
    token={"type": "string", "pattern": "^e[0-9]+\\.[0-9a-f]{64}$"},
    epoch=NUMBER,
    endsAt=NUMBER,
)
PUBLISHERS_TOKEN = members(query=STATEMENT, subject=HEX32)
LIST_BODY = members(subjectCommitments={**array(HEX32), "minItems": 1, "maxItems": MOST_LISTED})
PUBLISHERS_TOKENS = members(query=STATEMENT, subjects=array(HEX32))
CONSENT_TAG = members(query=STATEMENT, subjectTag=HEX32, period=NUMBER)
_LOOK = members(
    disclosedAt=NUMBER,
    reader=NUMBER,
    item=NUMBER,
    itemVersion=NUMBER,
    purpose=NUMBER,
    basis=NUMBER,
    authority=NUMBER,
    authorityId=HEX32,
    tier=NUMBER,
    profile=HEX32,
    officer=HEX32,
    caseRef=HEX32,
    recordId=HEX32,
    version=NUMBER,
    publisher=NUMBER,
    opened=array(members(path=TEXT, kind=TEXT, title=or_null(members(zh=TEXT, en=TEXT)))),
    entry=HEX32,
    anchoredAt=or_null(NUMBER),
    consent=or_null(
        members(
            consent=HEX32,
            captureMode=NUMBER,
            guardian=or_null(NUMBER),
            capturedBy=NUMBER,
            secondWitness=or_null(NUMBER),
        )
    ),
)
LOOKS_PAGE = members(query=STATEMENT, items=array(NUMBER), looks=array(_LOOK), next=or_null(TEXT))
_OWN_CONSENT = members(
    **{
        **CONSENT_MEMBERS,
        "state": one_of(*ConsentState),
        "stands": one_of("received", "submitted", "failed", "final"),
        "recordedAt": or_null(NUMBER),
    },
    supersededBy=or_null(HEX32),
    sound=TRUTH,
)
OWN_CONSENTS_PAGE = members(query=STATEMENT, consents=array(_OWN_CONSENT), documents=array(ANY), next=or_null(TEXT))
