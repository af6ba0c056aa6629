"""From the domain data of a catalogue item to the documents that the chain names by hash."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ledger.core.canonical import encode
from ledger.core.code_sets import CodeSet, pin_code_sets
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
    ever be opened), every profile of the policy and every code set of the schema; and the canonical bytes of each by
    hash.
    """

    item: CatalogueItem
    schema: Schema
    profile: MaskProfile | None
    policy: MaskPolicy | None
    profiles: tuple[MaskProfile, ...]
    code_sets: Mapping[bytes, CodeSet] = field(default_factory=dict)
    """Code sets that the schema names, by hash."""

    @property
    def documents(self) -> dict[bytes, bytes]:
        """Canonical bytes of every document, by its Keccak-256."""
        found = {self.item.hash: encode(self.item.document), self.schema.hash: encode(self.schema.document)}
        if self.policy is not None:
            found[self.policy.hash] = encode(self.policy.document)
        found |= {digest: encode(code_set.document) for digest, code_set in self.code_sets.items()}
        return found | {profile.hash: encode(profile.document) for profile in self.profiles}


def item_documents(entry: Mapping[str, Any], responsible: int, load: Callable[[str], Any]) -> ItemDocuments:
    """Return the documents of a catalogue entry of agency `responsible`; `load` reads the files that it names.

    The mask policy lists the profiles of the entry's `maskPolicy` file and its class-1 profile; the schema document
    names by hash the code sets that its file names by version. Raises FormatError or SchemaError where entry, schema, a
    code set or a profile are not what their formats ask for.
    """
    members = members_of(entry, _ENTRY_MEMBERS, what="catalogue entry")
    schema, code_sets = schema_documents(load(members["schema"]), load)
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
    return ItemDocuments(item, schema, profile, policy, tuple(profiles), code_sets)


def schema_documents(given: Any, load: Callable[[str], Any]) -> tuple[Schema, Mapping[bytes, CodeSet]]:
    """Return the schema of a schema file with its code sets pinned and at hand, and those code sets by hash.

    `load` reads their files. Raises FormatError or SchemaError for a schema or a code set of another shape, and
    FileNotFoundError for a code set that has no file.
    """
    parse_schema(given)
    document, code_sets = pin_code_sets(given, lambda reference: load(reference.file))
    return parse_schema(document).with_code_sets(code_sets.__getitem__), code_sets


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
