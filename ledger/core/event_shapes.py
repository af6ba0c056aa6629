"""Shapes of the event arguments that the fold of the chain's history takes: a chain file is written by anybody."""

from collections.abc import Mapping
from typing import Any

from ledger.core.hexadecimal import from_hex, to_address
from ledger.errors import FormatError

_NUMBERS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("AgencyRegistry", "AgencyRegistered"): ("agency", "kind", "region", "allowedRoles"),
    ("AgencyRegistry", "AgencyStatusSet"): ("agency", "status"),
    ("AgencyRegistry", "AllowedRolesSet"): ("agency", "allowedRoles"),
    ("AgencyRegistry", "KeyBound"): ("agency", "roles", "validFrom", "validUntil"),
    ("AgencyRegistry", "KeyRevoked"): ("suspectFrom",),
    ("Catalogue", "CatalogueAuthoritySet"): ("agency",),
    ("Catalogue", "ItemPublished"): ("item", "version", "shareClass", "publisherKinds", "readerKinds", "purposes"),
    ("Catalogue", "ItemRetired"): ("item",),
    ("Catalogue", "CalendarSet"): ("version",),
    ("Catalogue", "DutyListSet"): ("version",),
    ("Parameters", "ParameterSet"): ("value",),
    ("RecordAnchors", "Anchored"): ("gateway", "batch", "leafCount", "firstSequence"),
    ("RecordAnchors", "Marked"): ("agency", "version", "mark", "reason"),
    ("ConsentRegistry", "ConsentRecorded"): (
        *("recipient", "holder", "categories", "purpose", "capturedBy", "captureMode", "validFrom", "validUntil"),
    ),
    ("ConsentRegistry", "ConsentWithdrawn"): ("reason",),
    ("AccessLedger", "AccessRequested"): ("reader", "holder", "item", "itemVersion", "purpose", "basis", "until"),
    ("AccessLedger", "AccessGranted"): ("itemVersion", "expiresAt", "uses", "terms", "destroyBy"),
    ("AccessLedger", "AccessRefused"): ("reason",),
    ("AccessLedger", "GrantClosed"): ("outcome",),
    ("EmergencyAccess", "EmergencyOpened"): (
        *("agency", "secondAgency", "region", "reason", "expiresAt", "unsignedUntil", "reviewer", "reviewDueAt"),
    ),
    ("EmergencyAccess", "EmergencyItemOpened"): ("item",),
    ("EmergencyAccess", "EmergencyReviewed"): ("reviewer", "verdict"),
    ("EmergencyAccess", "ReviewerReplaced"): ("reviewer",),
    ("EmergencyAccess", "NoticeDeferred"): ("until", "reason"),
}
_HASHES: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("Catalogue", "ItemPublished"): ("schemaHash", "maskPolicyHash", "class1Profile", "documentHash"),
    ("RecordAnchors", "Anchored"): ("root", "head"),
    ("RecordAnchors", "Marked"): ("recordId",),
    ("Catalogue", "CalendarSet"): ("documentHash",),
    ("Catalogue", "DutyListSet"): ("documentHash",),
    ("ConsentRegistry", "ConsentRecorded"): ("consent", "subjectTag", "scopeHash", "textHash", "evidenceHash"),
    ("ConsentRegistry", "ConsentWithdrawn"): ("consent",),
    ("AccessLedger", "AccessRequested"): ("request", "basisRef", "scopeHash", "profile"),
    ("AccessLedger", "AccessGranted"): ("request", "profile", "assessment"),
    ("AccessLedger", "AccessRefused"): ("request", "reasonHash"),
    ("AccessLedger", "RequestWithdrawn"): ("request",),
    ("AccessLedger", "GrantRevoked"): ("grant",),
    ("AccessLedger", "GrantClosed"): ("grant",),
    ("EmergencyAccess", "EmergencyOpened"): ("emergency", "caseRef", "noteHash"),
    ("EmergencyAccess", "EmergencyItemOpened"): ("emergency",),
    ("EmergencyAccess", "EmergencyCoSigned"): ("emergency",),
    ("EmergencyAccess", "EmergencyEnded"): ("emergency",),
    ("EmergencyAccess", "EmergencyReviewed"): ("emergency", "documentHash"),
    ("EmergencyAccess", "ReviewerReplaced"): ("emergency",),
    ("EmergencyAccess", "NoticeGiven"): ("emergency",),
    ("EmergencyAccess", "NoticeDeferred"): ("emergency",),
    ("EmergencyAccess", "DataDestroyed"): ("emergency",),
    ("EmergencyAccess", "DataKept"): ("emergency",),
}
_TEXTS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("AgencyRegistry", "KeyBound"): ("key",),
    ("AgencyRegistry", "KeyRetired"): ("key",),
    ("AgencyRegistry", "KeyRevoked"): ("key",),
    ("Parameters", "ParameterSet"): ("name",),
}
_ADDRESSES: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("ConsentRegistry", "ConsentRecorded"): ("controller",),
    ("AccessLedger", "AccessRequested"): ("key",),
    ("AccessLedger", "AccessGranted"): ("key",),
    ("AccessLedger", "AccessRefused"): ("key",),
    ("EmergencyAccess", "EmergencyOpened"): ("key", "supervisor"),
}


def check_args(contract: str, name: str, args: Mapping[str, Any]) -> None:
    """Check the arguments of an event that the fold takes: numbers from 0, hashes of 32 bytes, texts, addresses.

    Raises FormatError for another shape and KeyError for an argument that is missing.
    """
    which = contract, name
    for argument in _NUMBERS.get(which, ()):
        if type(args[argument]) is not int or args[argument] < 0:
            raise FormatError(f"{argument} is no number from 0")
    for argument in _HASHES.get(which, ()):
        from_hex(args[argument], 32, what=argument)
    for argument in _TEXTS.get(which, ()):
        if not isinstance(args[argument], str):
            raise FormatError(f"{argument} is no text")
    for argument in _ADDRESSES.get(which, ()):
        to_address(args[argument], what=argument)
