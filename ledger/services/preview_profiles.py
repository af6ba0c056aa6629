"""One record as each tier sees it: what a profile leaves open, field by field."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ledger.core.canonical import JsonValue, decode
from ledger.core.codes import Purpose, ShareClass, Tier
from ledger.core.commitment import slot_values
from ledger.core.documents import EVERY_PURPOSE, MaskProfile
from ledger.core.schema import Schema, Slot
from ledger.errors import UsageError
from ledger.services.catalogue_documents import ItemDocuments


@dataclass(frozen=True)
class PreviewField:
    """A field: its path, the title of its original, its data class, the original's value, and for each profile the
    open slots with their values (none: closed, `None` as a value: the record has none).
    """

    path: str
    title: Mapping[str, str]
    data_class: str
    original: JsonValue
    opened: tuple[tuple[tuple[Slot, JsonValue], ...], ...]


def profiles_for(
    documents: ItemDocuments, purpose: Purpose | None = None, tiers: Sequence[Tier] = ()
) -> tuple[MaskProfile, ...]:
    """Return a profile for each tier, in the order of the mask policy.

    With a purpose: those that may be granted for it, the profile of exactly this purpose before the one for every
    purpose. Without one: the profile for every purpose, else each of its purposes. Class 1 and the person always, the
    latter as he is asked for no purpose. What nobody can look under is left out. Raises UsageError where the item does
    not list the purpose, or none is left.
    """
    if purpose is not None and purpose not in documents.item.purposes:
        listed = ", ".join(one.short_name for one in documents.item.purposes)
        raise UsageError(f"item {documents.item.item} is not for {purpose.short_name}; it lists {listed}")
    ordered = sorted(documents.profiles, key=lambda one: (one.tier, one.purpose))
    chosen = tuple(one for one in ordered if _is_shown(one, documents, purpose, ordered))
    found = tuple(one for one in chosen if is_used(one, documents) and (not tiers or one.tier in tiers))
    if not found:
        raise UsageError(f"item {documents.item.item} has no profile for this: nobody sees it so")
    return found


def is_used(profile: MaskProfile, documents: ItemDocuments) -> bool:
    """Say whether anybody can look under a profile: of a class-1 item nothing is granted, so that what its mask policy
    lists beside the class-1 profile, the emergency and the person is there for other items that share the file.
    """
    if documents.item.share_class is not ShareClass.UNCONDITIONAL or profile is documents.profile:
        return True
    return profile.tier is Tier.E or profile.purpose == Purpose.RIGHTS_AND_AUDIT


def preview_fields(
    schema: Schema, originals: Mapping[str, JsonValue], profiles: Iterable[MaskProfile]
) -> list[PreviewField]:
    """Return every field of a record as each profile shows it; raises SchemaError or RuleError for a bad record."""
    values = dict(zip(schema.slots, map(decode, slot_values(schema, originals)), strict=True))
    opens = [frozenset(profile.open) for profile in profiles]
    titles = {slot["path"]: slot.get("title") for slot in schema.document["slots"] if slot["kind"] == "o"}
    return [
        PreviewField(
            path=original.path,
            title=titles[original.path] or {"zh": original.path, "en": original.path},
            data_class=original.data_class,
            original=values[original],
            opened=tuple(_opened(original.path, values, names) for names in opens),
        )
        for original in schema.slots
        if original.is_original
    ]


def _opened(
    path: str, values: Mapping[Slot, JsonValue], names: frozenset[tuple[str, str]]
) -> tuple[tuple[Slot, JsonValue], ...]:
    return tuple(
        (slot, value) for slot, value in values.items() if slot.path == path and (slot.path, slot.kind) in names
    )


def _is_shown(
    profile: MaskProfile, documents: ItemDocuments, purpose: Purpose | None, every: Sequence[MaskProfile]
) -> bool:
    if profile is documents.profile or profile.purpose == Purpose.RIGHTS_AND_AUDIT:
        return True
    same = {one.purpose for one in every if one.tier is profile.tier and one is not documents.profile}
    if purpose is None:
        return profile.purpose == EVERY_PURPOSE or EVERY_PURPOSE not in same
    return profile.purpose == (purpose if purpose in same else EVERY_PURPOSE)
