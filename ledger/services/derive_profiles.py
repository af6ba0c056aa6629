"""Make the profiles of a profile file from the field × tier table: what each tier may see, for each purpose.

A file may serve several catalogue items of one schema: then its readers and purposes are those of all of them, and its
class-1 profile opens what the strictest of them permits.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ledger.core.codes import AgencyKind, Purpose, ShareClass, Tier
from ledger.core.documents import EVERY_PURPOSE, SlotName
from ledger.core.mask_table import SELF_COLUMN, Column
from ledger.core.profile_lint import Class1, LintGround, class1_places, permitted_kinds
from ledger.core.schema import Slot

EMERGENCY_COLUMN = "E"
PUBLIC_COLUMN = "T0"
_NO_RUNG = 1_000
"""Below every ladder: the field is closed."""


@dataclass(frozen=True)
class Audience:
    """Who looks at the items that share a profile file: kinds of readers, purposes, and how the items are shared."""

    readers: tuple[AgencyKind, ...]
    purposes: tuple[Purpose, ...]
    share_classes: frozenset[ShareClass]


def audience_of(entries: Iterable[Mapping[str, Any]]) -> Audience:
    """Return the audience of catalogue entries that name one profile file."""
    given = list(entries)
    return Audience(
        readers=tuple(sorted({AgencyKind(kind) for entry in given for kind in entry["readerKinds"]})),
        purposes=tuple(sorted({Purpose(purpose) for entry in given for purpose in entry["purposes"]})),
        share_classes=frozenset(ShareClass(entry["shareClass"]) for entry in given),
    )


def policy_profiles(ground: LintGround, audience: Audience) -> list[dict[str, Any]]:
    """Return the profiles of a mask policy file, ascending by tier and purpose.

    Class 2: one for each column of the readers. Where a purpose sees less than the others, each purpose of that tier
    has a profile of its own and none serves every purpose; else only those purposes that see more. Class 1 alone: no
    grant is ever given, so only the emergency and the person. None serves what class 1 does: `class1_profile` does.
    """
    profiles = [one for column in _columns(ground, audience) for one in _of_column(ground, column, audience.purposes)]
    return sorted(profiles, key=lambda one: (one["tier"], one["purpose"]))


def class1_profile(ground: LintGround, audience: Audience) -> dict[str, Any]:
    """Return the class-1 profile: what every reader may see for every purpose, and no original that is personal."""
    class1 = Class1(audience.readers, audience.purposes)
    opened = [
        slot
        for slots, concept in _fields(ground)
        for slot in _first(
            [slot for slot in slots if slot.data_class == "O" or not slot.is_original],
            permitted_kinds(ground, class1_places(ground, class1, slots[0].path), concept),
        )
    ]
    told = {"zh": "一类共享，向每个查阅方", "en": "Class 1, to every reader"}
    return _profile(ground, Tier.T0, EVERY_PURPOSE, told, opened)


def opened_in(ground: LintGround, column: str, purpose: int) -> list[Slot]:
    """Return the slots that the table opens in a column for a purpose: of each field the most open kind it may have."""
    return [
        slot
        for slots, concept in _fields(ground)
        for slot in _first(slots, ground.table.opens(concept, ground.place(column, purpose, slots[0].path)))
    ]


def _columns(ground: LintGround, audience: Audience) -> list[Column]:
    named = [EMERGENCY_COLUMN]
    if ground.schema.has_subject and Purpose.RIGHTS_AND_AUDIT in audience.purposes:
        named.append(SELF_COLUMN)
    if ShareClass.CONDITIONAL in audience.share_classes:
        named += ground.table.columns_of(audience.readers)
    if ShareClass.UNCONDITIONAL in audience.share_classes and PUBLIC_COLUMN in named:
        named.remove(PUBLIC_COLUMN)
    return [ground.table.columns[name] for name in named]


def _of_column(ground: LintGround, column: Column, purposes: Sequence[Purpose]) -> list[dict[str, Any]]:
    if column.name == SELF_COLUMN:
        opened = opened_in(ground, column.name, EVERY_PURPOSE)
        return [_profile(ground, column.tier, Purpose.RIGHTS_AND_AUDIT, column.title, opened)]
    usual = opened_in(ground, column.name, EVERY_PURPOSE)
    given = {purpose: opened_in(ground, column.name, purpose) for purpose in purposes}
    given.pop(Purpose.RIGHTS_AND_AUDIT, None)
    narrowed = any(not _shows(ground, opened, usual) for opened in given.values())
    chosen: dict[int, list[Slot]] = {} if narrowed else {EVERY_PURPOSE: usual}
    chosen |= {purpose: opened for purpose, opened in given.items() if narrowed or opened != usual}
    return [_profile(ground, column.tier, purpose, column.title, opened) for purpose, opened in chosen.items()]


def _shows(ground: LintGround, opened: Sequence[Slot], usual: Sequence[Slot]) -> bool:
    """Say whether each slot of `usual` is opened, or one of its field that shows more."""
    rungs = {_field(ground, slot): _rung(ground, slot) for slot in opened}
    return all(rungs.get(_field(ground, slot), _NO_RUNG) <= _rung(ground, slot) for slot in usual)


def _field(ground: LintGround, slot: Slot) -> tuple[str, str]:
    return slot.path, ground.fields.concept_of(slot) or ""


def _rung(ground: LintGround, slot: Slot) -> int:
    return ground.table.concepts[_field(ground, slot)[1]].ladder.index(slot.kind)


def _fields(ground: LintGround) -> Iterable[tuple[list[Slot], str]]:
    """Yield the slots of each field with its concept: an original with what is derived from it, age flags apart."""
    fields: dict[tuple[str, str], list[Slot]] = {}
    for slot in ground.schema.slots:
        fields.setdefault(_field(ground, slot), []).append(slot)
    for (_, concept), slots in fields.items():
        yield slots, concept


def _first(slots: Sequence[Slot], kinds: Sequence[str]) -> list[Slot]:
    by_kind = {slot.kind: slot for slot in slots}
    return [by_kind[kind] for kind in kinds if kind in by_kind][:1]


def _profile(
    ground: LintGround, tier: Tier, purpose: int, told: Mapping[str, str], opened: Iterable[Slot]
) -> dict[str, Any]:
    names: set[SlotName] = {(slot.path, slot.kind) for slot in opened}
    ordered = [slot for slot in ground.schema.slots if (slot.path, slot.kind) in names]
    return {
        "note": _note(ground, purpose, told, ordered),
        "tier": int(tier),
        "purpose": int(purpose),
        "open": [[slot.path, slot.kind] for slot in ordered],
    }


def _note(ground: LintGround, purpose: int, told: Mapping[str, str], opened: Sequence[Slot]) -> dict[str, str]:
    titles = {(slot["path"], slot["kind"]): slot.get("title") for slot in ground.schema.document["slots"]}
    personal = [titles[slot.path, slot.kind] for slot in opened if slot.data_class != "O"]
    zh = "、".join(one["zh"] for one in personal if one) or "只有非个人信息"
    en = "; ".join(one["en"] for one in personal if one) or "only what is not personal"
    code = None if purpose in (EVERY_PURPOSE, Purpose.RIGHTS_AND_AUDIT) else Purpose(purpose)
    about_zh = "" if code is None else f"（{code.zh}）"
    about_en = "" if code is None else f" for {code.en}"
    beginning = told["en"][:1].upper() + told["en"][1:]
    return {"zh": f"{told['zh']}{about_zh}：{zh}", "en": f"{beginning}{about_en}: {en}"}
