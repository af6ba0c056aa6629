"""Shapes of the event arguments that the fold of the chain's history takes: a chain file is written by anybody."""

from collections.abc import Mapping
from typing import Any

from ledger.core.hexadecimal import from_hex
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
    ("Parameters", "ParameterSet"): ("value",),
    ("RecordAnchors", "Anchored"): ("gateway", "batch", "leafCount", "firstSequence"),
    ("RecordAnchors", "Marked"): ("agency", "version", "mark", "reason"),
}
_HASHES: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("Catalogue", "ItemPublished"): ("schemaHash", "class1Profile", "documentHash"),
    ("RecordAnchors", "Anchored"): ("root", "head"),
    ("RecordAnchors", "Marked"): ("recordId",),
}
_TEXTS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("AgencyRegistry", "KeyBound"): ("key",),
    ("AgencyRegistry", "KeyRetired"): ("key",),
    ("AgencyRegistry", "KeyRevoked"): ("key",),
    ("Parameters", "ParameterSet"): ("name",),
}


def check_args(contract: str, name: str, args: Mapping[str, Any]) -> None:
    """Check the arguments of an event that the fold takes: numbers from 0, hashes of 32 bytes, texts.

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
