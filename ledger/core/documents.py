"""Hashed documents: mask profile `gongzhi-profile/1` and catalogue item `gongzhi-item/1` (formats page,
section 10).

PERMANENT: their Keccak-256 over canonical bytes stands on chain and in disclosures; a change is a new format
name.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from ledger.core.canonical import JsonValue, document_hash
from ledger.core.codes import AgencyKind, Purpose, ShareClass, Tier, bitmap_of
from ledger.core.hexadecimal import from_hex, to_hex
from ledger.core.schema import SUBJECT_PATH
from ledger.core.shapes import (
    array,
    ascending_codes,
    code_of,
    format_members,
    from_one,
    members_of,
    text,
    titles,
    unsigned,
)
from ledger.errors import FormatError, SchemaError

PROFILE_FORMAT = "gongzhi-profile/1"
ITEM_FORMAT = "gongzhi-item/1"
EVERY_PURPOSE = 0
"""Purpose of a profile that serves every purpose of its item."""
MOST_SLOTS = 256

SlotName = tuple[str, str]
"""Path and kind of a slot."""

_PROFILE_MEMBERS = ("format", "item", "itemVersion", "tier", "purpose", "open")
_ITEM_MEMBERS = (
    *("format", "item", "version", "name", "responsible", "shareClass", "legalGround", "schemaHash"),
    *("publisherKinds", "readerKinds", "purposes", "maskPolicyHash", "class1Profile"),
    *("updateEverySeconds", "days"),
)
_DAYS = ("check", "answer", "deliver")


@dataclass(frozen=True)
class MaskProfile:
    """Which slots open in a look: for one item version, tier and purpose. A slot that is not named is closed.

    `purpose` is a code of `Purpose` or 0 for every purpose of the item; `open` is in schema order.
    """

    item: int
    item_version: int
    tier: Tier
    purpose: int
    open: tuple[SlotName, ...]

    @cached_property
    def document(self) -> Mapping[str, JsonValue]:
        """The document as JSON members."""
        return {
            "format": PROFILE_FORMAT,
            "item": self.item,
            "itemVersion": self.item_version,
            "tier": int(self.tier),
            "purpose": self.purpose,
            "open": [[path, kind] for path, kind in self.open],
        }

    @cached_property
    def hash(self) -> bytes:
        """Keccak-256 (32 bytes) of the canonical document: the `profile` of a disclosure."""
        return document_hash(self.document)

    def bitmap(self, slots: Sequence[SlotName]) -> int:
        """Return the bitmap of opened slots, bit i for slot i of `slots` (the schema's, in its order).

        Raises `SchemaError` when a named slot is not in the schema or the order is not the schema's.
        """
        places = {slot: place for place, slot in enumerate(slots)}
        bitmap, last = 0, -1
        for path, kind in self.open:
            place = places.get((path, kind))
            if place is None:
                raise SchemaError(f"profile: {path} ({kind}) is not in the schema")
            if place <= last:
                raise SchemaError(f"profile: {path} ({kind}) does not stand in schema order")
            bitmap, last = bitmap | 1 << place, place
        return bitmap

    def bitmap_within(self, slots: Sequence[SlotName]) -> int:
        """Return the bitmap of opened slots as `bitmap` does, leaving out those that `slots` do not have.

        For records of another item version than the profile was made for: a later schema can only narrow.
        """
        named = frozenset(self.open)
        return sum(1 << place for place, slot in enumerate(slots) if slot in named)


def profile_of_bitmap(
    item: int, item_version: int, tier: Tier, purpose: int, bitmap: int, slots: Sequence[SlotName]
) -> MaskProfile:
    """Return the profile that opens the slots whose bits are set (bit i for slot i of `slots`).

    Raises `SchemaError` for bits beyond the schema and `FormatError` for numbers that no profile has.
    """
    if bitmap < 0 or bitmap >> len(slots):
        raise SchemaError(f"profile: bits beyond the {len(slots)} slots of the schema")
    named = tuple(slot for place, slot in enumerate(slots) if bitmap >> place & 1)
    profile = MaskProfile(item, item_version, tier, purpose, named)
    return parse_profile(dict(profile.document))


def parse_profile(document: object) -> MaskProfile:
    """Return the profile of a `gongzhi-profile/1` document (its parsed JSON).

    Raises `UnsupportedFormat` for another format name, `FormatError` for other members, unknown codes, or
    a slot twice, and `SchemaError` for a subject: its token is opened to nobody but its publisher. Whether it
    fits a schema is what `MaskProfile.bitmap` checks.
    """
    members = format_members(document, PROFILE_FORMAT, _PROFILE_MEMBERS, what="profile")
    raw = array(members["open"], what="profile open", most=MOST_SLOTS)
    slots = tuple(_slot_name(pair) for pair in raw)
    if len(set(slots)) != len(slots):
        raise FormatError("profile open: a slot stands twice")
    if any(path == SUBJECT_PATH for path, _ in slots):
        raise SchemaError(f"profile open: {SUBJECT_PATH} is never opened to a reader")
    purpose = unsigned(members["purpose"], 16, what="profile purpose")
    if purpose != EVERY_PURPOSE:
        code_of(Purpose, purpose, what="profile purpose")
    return MaskProfile(
        item=from_one(members["item"], 32, what="profile item"),
        item_version=from_one(members["itemVersion"], 32, what="profile itemVersion"),
        tier=code_of(Tier, members["tier"], what="profile tier"),
        purpose=purpose,
        open=slots,
    )


@dataclass(frozen=True)
class CatalogueItem:
    """One version of a catalogue item, with what its `ItemPublished` event says, so that both can be
    compared.

    Hashes are 32 bytes. `class1_profile` is there exactly for class 1, `legal_ground` at least for class 3.
    `update_every_seconds` is 0 when records come as things happen. Days are working days.
    """

    item: int
    version: int
    name: Mapping[str, str]
    responsible: int
    share_class: ShareClass
    legal_ground: Mapping[str, str] | None
    schema_hash: bytes
    publisher_kinds: tuple[AgencyKind, ...]
    reader_kinds: tuple[AgencyKind, ...]
    purposes: tuple[Purpose, ...]
    mask_policy_hash: bytes | None
    class1_profile: bytes | None
    update_every_seconds: int
    check_days: int
    answer_days: int
    deliver_days: int

    @cached_property
    def document(self) -> Mapping[str, JsonValue]:
        """The document as JSON members."""
        return {
            "format": ITEM_FORMAT,
            "item": self.item,
            "version": self.version,
            "name": dict(self.name),
            "responsible": self.responsible,
            "shareClass": int(self.share_class),
            "legalGround": None if self.legal_ground is None else dict(self.legal_ground),
            "schemaHash": to_hex(self.schema_hash),
            "publisherKinds": [int(kind) for kind in self.publisher_kinds],
            "readerKinds": [int(kind) for kind in self.reader_kinds],
            "purposes": [int(purpose) for purpose in self.purposes],
            "maskPolicyHash": None if self.mask_policy_hash is None else to_hex(self.mask_policy_hash),
            "class1Profile": None if self.class1_profile is None else to_hex(self.class1_profile),
            "updateEverySeconds": self.update_every_seconds,
            "days": {"check": self.check_days, "answer": self.answer_days, "deliver": self.deliver_days},
        }

    @cached_property
    def hash(self) -> bytes:
        """Keccak-256 (32 bytes) of the canonical document: the item's `documentHash` on chain."""
        return document_hash(self.document)

    @property
    def publisher_bitmap(self) -> int:
        """Kinds that may publish, bit n for code n."""
        return bitmap_of(self.publisher_kinds)

    @property
    def reader_bitmap(self) -> int:
        """Kinds that may read, bit n for code n."""
        return bitmap_of(self.reader_kinds)

    @property
    def purpose_bitmap(self) -> int:
        """Purposes for which it may be read, bit n for code n."""
        return bitmap_of(self.purposes)


def parse_item(document: object) -> CatalogueItem:
    """Return the item of a `gongzhi-item/1` document (its parsed JSON).

    Raises `UnsupportedFormat` for another format name and `FormatError` for other members, unknown codes,
    codes out of order or twice, a class-1 profile without class 1 (or the reverse), and class 3 without its
    legal ground.
    """
    members = format_members(document, ITEM_FORMAT, _ITEM_MEMBERS, what="item")
    days = members_of(members["days"], _DAYS, what="item days")
    check, answer, deliver = (unsigned(days[name], 16, what=f"item days {name}") for name in _DAYS)
    ground = members["legalGround"]
    item = CatalogueItem(
        item=from_one(members["item"], 32, what="item number"),
        version=from_one(members["version"], 32, what="item version"),
        name=titles(members["name"], what="item name"),
        responsible=from_one(members["responsible"], 32, what="item responsible"),
        share_class=code_of(ShareClass, members["shareClass"], what="item shareClass"),
        legal_ground=None if ground is None else titles(ground, what="item legalGround"),
        schema_hash=from_hex(members["schemaHash"], 32, what="item schemaHash"),
        publisher_kinds=ascending_codes(AgencyKind, members["publisherKinds"], what="item publisherKinds"),
        reader_kinds=ascending_codes(AgencyKind, members["readerKinds"], what="item readerKinds"),
        purposes=ascending_codes(Purpose, members["purposes"], what="item purposes"),
        mask_policy_hash=_hash_or_none(members["maskPolicyHash"], "item maskPolicyHash"),
        class1_profile=_hash_or_none(members["class1Profile"], "item class1Profile"),
        update_every_seconds=unsigned(members["updateEverySeconds"], 32, what="item updateEverySeconds"),
        check_days=check,
        answer_days=answer,
        deliver_days=deliver,
    )
    _check_item(item)
    return item


def _check_item(item: CatalogueItem) -> None:
    if not item.publisher_kinds:
        raise FormatError("item publisherKinds: expected at least one")
    if (item.share_class is ShareClass.UNCONDITIONAL) != (item.class1_profile is not None):
        raise FormatError("item class1Profile: there for class 1, and for class 1 only")
    if item.share_class is ShareClass.NOT_SHARED and item.legal_ground is None:
        raise FormatError("item legalGround: class 3 states its legal ground")


def _slot_name(pair: object) -> SlotName:
    if not isinstance(pair, list) or len(pair) != 2:
        raise FormatError("profile open: expected pairs of path and kind")
    return text(pair[0], what="profile open path"), text(pair[1], what="profile open kind")


def _hash_or_none(value: object, what: str) -> bytes | None:
    return None if value is None else from_hex(value, 32, what=what)
