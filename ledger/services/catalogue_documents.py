"""From the domain data of a catalogue item to the documents that the chain names by hash."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ledger.core.canonical import encode
from ledger.core.documents import PROFILE_FORMAT, CatalogueItem, MaskProfile, parse_item, parse_profile
from ledger.core.hexadecimal import to_hex
from ledger.core.schema import Schema, parse_schema
from ledger.core.shapes import members_of

_ENTRY_MEMBERS = (
    *("item", "version", "name", "schema", "class1Profile", "shareClass", "legalGround"),
    *("publisherKinds", "readerKinds", "purposes", "updateEverySeconds", "days"),
)
JSON = "application/json"


@dataclass(frozen=True)
class ItemDocuments:
    """A catalogue item with its schema and class-1 profile, and the canonical bytes of each by hash."""

    item: CatalogueItem
    schema: Schema
    profile: MaskProfile | None

    @property
    def documents(self) -> dict[bytes, bytes]:
        """Canonical bytes of every document, by its Keccak-256."""
        found = {self.item.hash: encode(self.item.document), self.schema.hash: encode(self.schema.document)}
        if self.profile is not None:
            found[self.profile.hash] = encode(self.profile.document)
        return found


def item_documents(entry: Mapping[str, Any], responsible: int, load: Callable[[str], Any]) -> ItemDocuments:
    """Return the documents of a catalogue entry of agency `responsible`; `load` reads the files that it names.

    Raises FormatError or SchemaError where entry, schema or profile are not what their formats ask for.
    """
    members = members_of(entry, _ENTRY_MEMBERS, what="catalogue entry")
    schema = parse_schema(load(members["schema"]))
    profile = None
    if members["class1Profile"] is not None:
        given = members_of(load(members["class1Profile"]), ("note", "tier", "purpose", "open"), what="profile file")
        named = {name: given[name] for name in ("tier", "purpose", "open")}
        about = {"format": PROFILE_FORMAT, "item": members["item"], "itemVersion": members["version"]}
        profile = parse_profile(about | named)
        profile.bitmap(tuple(schema.index))
    taken = {name: members[name] for name in _ENTRY_MEMBERS if name not in ("schema", "class1Profile")}
    item = parse_item(
        {
            "format": "gongzhi-item/1",
            "responsible": responsible,
            "schemaHash": to_hex(schema.hash),
            "maskPolicyHash": None if profile is None else to_hex(profile.hash),
            "class1Profile": None if profile is None else to_hex(profile.hash),
            **taken,
        }
    )
    return ItemDocuments(item, schema, profile)
