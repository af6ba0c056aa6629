"""From the domain data of a catalogue item to the documents that the chain names by hash."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ledger.core.canonical import encode
from ledger.core.documents import PROFILE_FORMAT, CatalogueItem, MaskProfile, parse_item, parse_profile
from ledger.core.hexadecimal import to_hex
from ledger.core.mask_policy import MOST_PROFILES, MaskPolicy, PolicyProfile, parse_mask_policy
from ledger.core.schema import Schema, parse_schema
from ledger.core.shapes import array, members_of

_ENTRY_MEMBERS = (
    *("item", "version", "name", "schema", "maskPolicy", "class1Profile", "shareClass", "legalGround"),
    *("publisherKinds", "readerKinds", "purposes", "updateEverySeconds", "days"),
)
_FILES = ("schema", "maskPolicy", "class1Profile")
_PROFILE_MEMBERS = ("note", "tier", "purpose", "open")
JSON = "application/json"


@dataclass(frozen=True)
class ItemDocuments:
    """A catalogue item with its schema, its class-1 profile (class 1 only), its mask policy (none where nothing may
    ever be opened) and every profile of the policy; and the canonical bytes of each by hash.
    """

    item: CatalogueItem
    schema: Schema
    profile: MaskProfile | None
    policy: MaskPolicy | None
    profiles: tuple[MaskProfile, ...]

    @property
    def documents(self) -> dict[bytes, bytes]:
        """Canonical bytes of every document, by its Keccak-256."""
        found = {self.item.hash: encode(self.item.document), self.schema.hash: encode(self.schema.document)}
        if self.policy is not None:
            found[self.policy.hash] = encode(self.policy.document)
        return found | {profile.hash: encode(profile.document) for profile in self.profiles}


def item_documents(entry: Mapping[str, Any], responsible: int, load: Callable[[str], Any]) -> ItemDocuments:
    """Return the documents of a catalogue entry of agency `responsible`; `load` reads the files that it names.

    The mask policy lists the profiles of the entry's `maskPolicy` file and its class-1 profile. Raises FormatError or
    SchemaError where entry, schema or a profile are not what their formats ask for.
    """
    members = members_of(entry, _ENTRY_MEMBERS, what="catalogue entry")
    schema = parse_schema(load(members["schema"]))
    class1, listed = members["class1Profile"], members["maskPolicy"]
    profile = None if class1 is None else _profile(load(class1), members, schema)
    given = [] if listed is None else members_of(load(listed), ("profiles",), what="mask policy file")["profiles"]
    profiles = [_profile(one, members, schema) for one in array(given, what="mask policy file", most=MOST_PROFILES)]
    if profile is not None:
        profiles.append(profile)
    policy = policy_of(profiles) if profiles else None
    item = parse_item(
        {
            "format": "gongzhi-item/1",
            "responsible": responsible,
            "schemaHash": to_hex(schema.hash),
            "maskPolicyHash": None if policy is None else to_hex(policy.hash),
            "class1Profile": None if profile is None else to_hex(profile.hash),
            **{name: members[name] for name in _ENTRY_MEMBERS if name not in _FILES},
        }
    )
    return ItemDocuments(item, schema, profile, policy, tuple(profiles))


def policy_of(profiles: Iterable[MaskProfile]) -> MaskPolicy:
    """Return the mask policy that lists these profiles, all of one item version; raises FormatError."""
    ordered = sorted(profiles, key=lambda one: (one.tier, one.purpose))
    listed = tuple(PolicyProfile(one.tier, one.purpose, one.hash) for one in ordered)
    policy = MaskPolicy(ordered[0].item, ordered[0].item_version, listed)
    return parse_mask_policy(dict(policy.document))


def _profile(given: object, entry: Mapping[str, Any], schema: Schema) -> MaskProfile:
    members = members_of(given, _PROFILE_MEMBERS, what="profile file")
    named = {name: members[name] for name in ("tier", "purpose", "open")}
    about = {"format": PROFILE_FORMAT, "item": entry["item"], "itemVersion": entry["version"]}
    profile = parse_profile(about | named)
    profile.bitmap(tuple(schema.index))
    return profile
