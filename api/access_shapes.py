"""Shapes of answers about consents, requests and emergencies."""

from collections.abc import Mapping

from api.answer_shapes import ADDRESS, ANY, HEX32, NUMBER, TEXT, Shape, array, members, one_of, or_null
from ledger.core.clocks import RequestState

_UNDER_WAY = array(
    members(
        action=TEXT,
        digest=HEX32,
        state=one_of("received", "submitted", "failed"),
        agency=NUMBER,
        receivedAt=NUMBER,
        includeBy=NUMBER,
        message=ANY,
    )
)
_FINAL = one_of("final")


def _pending(name: str) -> Shape:
    """Return the shape of an object that no followed block shows yet."""
    return members(
        **{name: HEX32},
        state=TEXT,
        stands=one_of("received", "submitted"),
        message=ANY,
        receivedAt=NUMBER,
        includeBy=NUMBER,
        underWay=_UNDER_WAY,
    )


_REQUEST = members(
    request=HEX32,
    state=one_of(*RequestState),
    stands=_FINAL,
    reader=NUMBER,
    holder=NUMBER,
    key=ADDRESS,
    item=NUMBER,
    itemVersion=NUMBER,
    purpose=NUMBER,
    basis=NUMBER,
    basisRef=HEX32,
    scopeHash=HEX32,
    profile=HEX32,
    until=NUMBER,
    requestedAt=NUMBER,
    checkedAt=or_null(NUMBER),
    decidedBy=or_null(ADDRESS),
    decidedAt=or_null(NUMBER),
    refusalReason=or_null(NUMBER),
    deliveredAt=or_null(NUMBER),
    endedAt=or_null(NUMBER),
    grant=or_null(
        members(
            itemVersion=NUMBER,
            profile=HEX32,
            expiresAt=NUMBER,
            uses=NUMBER,
            terms=NUMBER,
            destroyBy=NUMBER,
            assessment=HEX32,
        )
    ),
    underWay=_UNDER_WAY,
)
CONSENT_MEMBERS: Mapping[str, Shape] = {
    "consent": HEX32,
    "state": one_of("live", "not_begun", "expired", "withdrawn"),
    "stands": _FINAL,
    "recipient": NUMBER,
    "holder": NUMBER,
    "subjectTag": HEX32,
    "categories": NUMBER,
    "purpose": NUMBER,
    "scopeHash": HEX32,
    "textHash": HEX32,
    "evidenceHash": HEX32,
    "controller": ADDRESS,
    "capturedBy": NUMBER,
    "captureMode": NUMBER,
    "validFrom": NUMBER,
    "validUntil": NUMBER,
    "recordedAt": NUMBER,
    "withdrawnAt": or_null(NUMBER),
    "withdrawReason": or_null(NUMBER),
    "actions": _UNDER_WAY,
    "underWay": _UNDER_WAY,
}
_CONSENT = members(**CONSENT_MEMBERS)
_EMERGENCY = members(
    emergency=HEX32,
    state=one_of("open", "ended", "reviewed"),
    stands=_FINAL,
    agency=NUMBER,
    caseRef=HEX32,
    key=ADDRESS,
    supervisor=ADDRESS,
    secondAgency=NUMBER,
    items=array(NUMBER),
    region=TEXT,
    reason=NUMBER,
    noteHash=HEX32,
    openedAt=NUMBER,
    coSignedAt=or_null(NUMBER),
    endsAt=NUMBER,
    endedAt=or_null(NUMBER),
    reviewer=NUMBER,
    reviewDueAt=NUMBER,
    reviews=array(members(reviewer=NUMBER, verdict=NUMBER, documentHash=HEX32, at=NUMBER)),
    notifiedAt=or_null(NUMBER),
    destroyedAt=or_null(NUMBER),
    keptAt=or_null(NUMBER),
    underWay=_UNDER_WAY,
)
REQUEST: Shape = {"anyOf": [_REQUEST, _pending("request")]}
CONSENT: Shape = {"anyOf": [_CONSENT, _pending("consent")]}
EMERGENCY: Shape = {"anyOf": [_EMERGENCY, _pending("emergency")]}
REQUESTS = members(requests=array(_REQUEST), next=or_null(TEXT))
CONSENTS = members(consents=array(_CONSENT), next=or_null(TEXT))
EMERGENCIES = members(emergencies=array(_EMERGENCY), next=or_null(TEXT))
