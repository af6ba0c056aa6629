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
    ("AgencyRegistry", "OfficerNamed"): ("agency",),
    ("AgencyRegistry", "KeyRevoked"): ("suspectFrom",),
    ("AgencyRegistry", "EndpointSet"): ("agency",),
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
    ("Council", "MembersSet"): ("epoch", "threshold"),
    ("Council", "ActionScheduled"): ("epoch", "executableAt", "expiry"),
    ("Council", "ActionExecuted"): ("epoch",),
    ("Council", "ActionCancelled"): ("epoch",),
    ("RecordAnchors", "BatchRepudiated"): ("gateway", "batch", "reason"),
    ("AgencyRegistry", "PauseSet"): ("agency", "until"),
    ("Catalogue", "PauseSet"): ("agency", "until"),
    ("ConsentRegistry", "PauseSet"): ("agency", "until"),
    ("AccessLedger", "PauseSet"): ("agency", "until"),
}
_HASHES: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("AgencyRegistry", "OfficerNamed"): ("officer",),
    ("AgencyRegistry", "EndpointSet"): ("documentHash",),
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
    ("Council", "ActionScheduled"): ("action",),
    ("Council", "ActionExecuted"): ("action",),
    ("Council", "ActionCancelled"): ("action",),
    ("SystemDirectory", "ContractSet"): ("codeHash",),
}
_TEXTS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("AgencyRegistry", "KeyBound"): ("key",),
    ("AgencyRegistry", "OfficerNamed"): ("key",),
    ("AgencyRegistry", "KeyRetired"): ("key",),
    ("AgencyRegistry", "KeyRevoked"): ("key",),
    ("Parameters", "ParameterSet"): ("name",),
    ("SystemDirectory", "ContractSet"): ("name",),
}
_ADDRESSES: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("ConsentRegistry", "ConsentRecorded"): ("controller",),
    ("AccessLedger", "AccessRequested"): ("key",),
    ("AccessLedger", "AccessGranted"): ("key",),
    ("AccessLedger", "AccessRefused"): ("key",),
    ("EmergencyAccess", "EmergencyOpened"): ("key", "supervisor"),
    ("EmergencyAccess", "EmergencyCoSigned"): ("key",),
    ("Council", "FoundingCompleted"): ("registry",),
    ("SystemDirectory", "ContractSet"): ("at", "previous"),
}
_LISTS: Mapping[tuple[str, str], Mapping[str, int | None]] = {
    ("Council", "MembersSet"): {"agencies": None},
    ("Council", "ActionScheduled"): {"targets": 20, "selectors": 4, "agencies": None, "keys": 20},
    ("Council", "ActionExecuted"): {"agencies": None, "keys": 20},
    ("Council", "ActionCancelled"): {"agencies": None, "keys": 20},
}
"""Arguments that are lists: of numbers (None), or of byte strings of a length."""


def check_args(contract: str, name: str, args: Mapping[str, Any]) -> None:
    """Check the arguments of an event that the fold takes: numbers from 0, hashes of 32 bytes, texts, addresses, lists.

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
    for argument, length in _LISTS.get(which, {}).items():
        _check_list(argument, args[argument], length)


def _check_list(argument: str, values: object, length: int | None) -> None:
    if not isinstance(values, list):
        raise FormatError(f"{argument} is no list")
    for value in values:
        if length is not None:
            from_hex(value, length, what=argument)
        elif type(value) is not int or value < 0:
            raise FormatError(f"{argument} holds what is no number from 0")
