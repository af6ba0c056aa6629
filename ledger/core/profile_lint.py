"""What no profile may open: the field × tier table, and rules that hold whatever the table says.

A slot of class O that ends as what is a person's is found in every profile, opened or not: it is stored in clear.
`lint_profile` is total: whatever a profile names, findings come out and nothing is raised. The rules are those of the
policy page and of de-identification in practice (domain tables); each finding has a stable code.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import product

from ledger.core.codes import AgencyKind, Purpose, Tier
from ledger.core.documents import EVERY_PURPOSE, MaskProfile
from ledger.core.field_nature import concept_fits, named_natures, open_personal
from ledger.core.mask_table import FieldsMap, MaskTable, Place, profile_place
from ledger.core.schema import ORIGINAL, RESERVED_PATHS, SUBJECT_PATH, Schema, Slot

IDENTITY_KIND = "g:id-1-2@1"
STATUTE_PURPOSES = frozenset({Purpose.RESIDENCE_REGISTRATION})
"""Purposes for which a statute asks a department for whole identity numbers."""
NEAR = frozenset({Tier.T3, Tier.T5, Tier.E})
"""Tiers that may see what happened and where, in full."""
FAR = frozenset({Tier.T0, Tier.T1, Tier.T2, Tier.T2X})
"""Tiers that never see a name or a phone in full."""
AUDITED = frozenset({"track"})
"""Concepts that nobody but an auditor sees as they are."""
_NATURES: Mapping[str, tuple[frozenset[str], tuple[str, ...]]] = {
    "identity": (frozenset({"id_no"}), ("g:id-",)),
    "contact": (frozenset({"name", "phone"}), ("g:surname@", "g:phone-")),
    "birth": (frozenset({"birth_date"}), ("g:birth-",)),
    "address": (frozenset({"address"}), ("g:addr-",)),
    "point": (frozenset({"geo_point"}), ("g:point-",)),
    "text": (frozenset(), ("g:text-redact@",)),
    "sex": (frozenset({"sex"}), ()),
    "service": (frozenset({"special_service", "care_need"}), ()),
}
"""What a path is about: by its concept, or by a rule that its schema derives from it; and by how it ends."""


class LintCode(StrEnum):
    """Codes of findings. They are only ever appended."""

    SLOT_UNKNOWN = "slot_unknown"
    CONCEPT_MISSING = "concept_missing"
    CONCEPT_MISMATCH = "concept_mismatch"
    SUBJECT_OPENED = "subject_opened"
    IDENTITY_NUMBER = "identity_number"
    CONTACT_ORIGINAL = "contact_original"
    BIRTH_DATE_ORIGINAL = "birth_date_original"
    SENSITIVE_BELOW_TIER = "sensitive_below_tier"
    ADDRESS_UNSTRUCTURED = "address_unstructured"
    POINT_TOO_FINE = "point_too_fine"
    TEXT_UNREDACTED = "text_unredacted"
    SERVICE_CONTENT = "service_content"
    COMBINATION = "combination"
    CLASS1_ORIGINAL = "class1_original"
    BEYOND_TABLE = "beyond_table"
    OPEN_PERSONAL = "open_personal"
    READER_NOT_LISTED = "reader_not_listed"

    @property
    def words(self) -> tuple[str, str]:
        """What is wrong, in Chinese and in English."""
        return _WORDS[self]


_WORDS: Mapping[LintCode, tuple[str, str]] = {
    LintCode.SLOT_UNKNOWN: ("模式中没有此字段槽", "the schema has no such slot"),
    LintCode.CONCEPT_MISSING: ("字段表或脱敏表没有其概念", "the fields map or the mask table has no concept for it"),
    LintCode.CONCEPT_MISMATCH: (
        "概念与模式的规则、类别、类型或路径不符",
        "its concept does not fit the schema's rules, its class, its type or how its path ends",
    ),
    LintCode.SUBJECT_OPENED: ("当事人标识从不打开", "a subject token is never opened"),
    LintCode.IDENTITY_NUMBER: (
        "身份号码只能前1后2；原文仅限法定用途的部门和本人",
        "identity numbers show 1 + 2 characters; the original is for departments under a statute and the person",
    ),
    LintCode.CONTACT_ORIGINAL: ("此级不见姓名、电话原文", "names and phones in full are not for this tier"),
    LintCode.BIRTH_DATE_ORIGINAL: (
        "出生日期原文仅限部门职责和本人",
        "whole birth dates are for departments under their duty and the person",
    ),
    LintCode.SENSITIVE_BELOW_TIER: ("此级不见敏感信息原文", "sensitive originals are not for this tier"),
    LintCode.ADDRESS_UNSTRUCTURED: (
        "地址须为分级结构，并用分级规则",
        "an address is structured and masked by its levels, never by counting characters",
    ),
    LintCode.POINT_TOO_FINE: ("坐标比此级允许的更细", "a point finer than this tier may see"),
    LintCode.TEXT_UNREDACTED: ("此级只见脱敏文字", "this tier sees redacted text only"),
    LintCode.SERVICE_CONTENT: ("特殊服务只能是代码或是否", "a special service is a code or yes and no, never content"),
    LintCode.COMBINATION: (
        "性别、完整出生日期和楼栋合在一起几乎唯一",
        "sex, whole birth date and building together are almost always one person",
    ),
    LintCode.CLASS1_ORIGINAL: ("一类档打开了个人信息原文", "a class-1 profile opens a personal original"),
    LintCode.BEYOND_TABLE: ("比字段与级别表允许的更宽", "opens more than the field × tier table"),
    LintCode.OPEN_PERSONAL: (
        "路径所指为个人信息，类别却为公开（O）",
        "its path ends as what is a person's, but its class is O: kept in clear for everybody",
    ),
    LintCode.READER_NOT_LISTED: (
        "只向列明的部门打开，而本目录项还有其他查阅方",
        "open to listed kinds of agencies only, and the item has other readers at this tier",
    ),
}


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with one slot of a profile; it names places, never a value."""

    code: LintCode
    tier: Tier
    purpose: int
    path: str
    kind: str

    @property
    def line(self) -> str:
        """One line: tier, purpose, path, kind, code, what is wrong."""
        return f"{audience(self.tier, self.purpose)} {self.path} ({self.kind}): {self.code}, {self.code.words[1]}"


@dataclass(frozen=True)
class LintGround:
    """What a profile is held against.

    `purposes` are the item's: a profile for every purpose may be granted for each of them. `class1` is None, or the
    readers and purposes of the class-1 item whose class-1 profile it is. `readers` are the item's: what is open to
    listed kinds of agencies only is closed where an item has others at that tier.
    """

    schema: Schema
    fields: FieldsMap
    table: MaskTable
    purposes: tuple[Purpose, ...] = ()
    class1: "Class1 | None" = None
    readers: tuple[AgencyKind, ...] = ()

    def place(self, column: str, purpose: int, path: str) -> Place:
        """Return where a profile's cell stands, with the item's readers under that column."""
        return profile_place(column, purpose, self.schema.name, path, self.table.readers_of(column, self.readers))


@dataclass(frozen=True)
class Class1:
    """Everybody who sees a class-1 profile: agency kinds, and for which purposes."""

    readers: tuple[AgencyKind, ...]
    purposes: tuple[Purpose, ...]


def audience(tier: Tier, purpose: int) -> str:
    """Return for whom and for what a profile is: `T3`, `T3 P07`, `E`."""
    return tier.name if purpose == EVERY_PURPOSE else f"{tier.name} P{purpose:02d}"


def lint_profile(profile: MaskProfile, ground: LintGround) -> tuple[Finding, ...]:
    """Return what is wrong with a profile, in its order; empty for a profile that may be published. Never raises."""
    slots = {(slot.path, slot.kind): slot for slot in ground.schema.slots}
    found = [Finding(code, profile.tier, profile.purpose, *name) for name, code in _found(profile, ground, slots)]
    return tuple(dict.fromkeys(found))


def class1_places(ground: LintGround, class1: Class1, path: str) -> tuple[Place, ...]:
    """Return every place of the table that a class-1 profile is seen from: each column of its readers, each purpose."""
    columns = ground.table.columns_of(class1.readers)
    purposes = (EVERY_PURPOSE, *class1.purposes)
    readers = {column: ground.table.readers_of(column, class1.readers) for column in columns}
    return tuple(
        Place(column, purpose, ground.schema.name, path, readers[column])
        for column, purpose in product(columns, purposes)
    )


def permitted_kinds(ground: LintGround, places: Iterable[Place], concept: str) -> tuple[str, ...]:
    """Return the kinds of a concept that the table opens at every one of these places, most open first.

    None where there is no place to look from.
    """
    opened = [ground.table.opens(concept, place) for place in places]
    return tuple(kind for kind in opened[0] if all(kind in one for one in opened)) if opened else ()


def _found(
    profile: MaskProfile, ground: LintGround, slots: Mapping[tuple[str, str], Slot]
) -> Iterable[tuple[tuple[str, str], LintCode]]:
    opened = [(name, slots.get(name)) for name in profile.open]
    for name, slot in opened:
        if slot is None:
            yield name, LintCode.SLOT_UNKNOWN
            continue
        natures = _natures(slot, ground)
        for code in (*_of_concept(slot, ground), *_of_slot(slot, profile, natures, ground)):
            yield name, code
        places = _places(slot, profile, ground)
        concept = ground.fields.concept_of(slot) or ""
        if slot.kind not in permitted_kinds(ground, places, concept):
            yield name, _beyond(slot, concept, places, ground)
    for path in open_personal(ground.schema):
        yield (path, ORIGINAL), LintCode.OPEN_PERSONAL
    combined = _combination([slot for _, slot in opened if slot is not None], profile, ground)
    if combined is not None:
        yield (combined.path, combined.kind), LintCode.COMBINATION


def _natures(slot: Slot, ground: LintGround) -> frozenset[str]:
    if slot.data_class == "O":
        return frozenset()
    concept = ground.fields.concepts.get(slot.path)
    kinds = [one.kind for one in ground.schema.slots if one.path == slot.path]
    return named_natures(slot) | {
        nature
        for nature, (concepts, rules) in _NATURES.items()
        if concept in concepts or any(kind.startswith(rules) for kind in kinds if rules)
    }


def _of_concept(slot: Slot, ground: LintGround) -> Iterable[LintCode]:
    name = ground.fields.concept_of(slot)
    concept = None if name is None else ground.table.concepts.get(name)
    if concept is None:
        yield LintCode.CONCEPT_MISSING
    elif slot.kind not in concept.ladder or not _fits(slot, ground):
        yield LintCode.CONCEPT_MISMATCH


def _fits(slot: Slot, ground: LintGround) -> bool:
    original = next(one for one in ground.schema.slots if (one.path, one.kind) == (slot.path, ORIGINAL))
    return concept_fits(ground.fields.concepts[slot.path], original)


def _of_slot(slot: Slot, profile: MaskProfile, natures: frozenset[str], ground: LintGround) -> Iterable[LintCode]:
    if slot.path == SUBJECT_PATH:
        yield LintCode.SUBJECT_OPENED
    personal = slot.data_class != "O" and slot.path not in RESERVED_PATHS
    if ground.class1 is not None and slot.is_original and personal:
        yield LintCode.CLASS1_ORIGINAL
    own = profile.purpose == Purpose.RIGHTS_AND_AUDIT
    for nature, (code, allowed) in _RULES.items():
        if nature in natures and not allowed(slot, profile, own):
            yield code
    audited = profile.tier is Tier.T6 and ground.fields.concepts.get(slot.path) in AUDITED
    if slot.is_original and slot.data_class == "S" and not own and profile.tier not in NEAR and not audited:
        yield LintCode.SENSITIVE_BELOW_TIER


def _identity(slot: Slot, profile: MaskProfile, own: bool) -> bool:
    if not slot.is_original:
        return slot.kind == IDENTITY_KIND
    return own or (profile.tier is Tier.T5 and profile.purpose in STATUTE_PURPOSES)


def _contact(slot: Slot, profile: MaskProfile, own: bool) -> bool:
    return not slot.is_original or own or profile.tier not in FAR


def _birth(slot: Slot, profile: MaskProfile, own: bool) -> bool:
    return not slot.is_original or own or profile.tier is Tier.T5


def _address(slot: Slot, *_: object) -> bool:
    return slot.type == "object" and (slot.is_original or slot.kind.startswith("g:addr-"))


def _point(slot: Slot, profile: MaskProfile, own: bool) -> bool:
    if own or profile.tier in NEAR:
        return True
    coarsest = {Tier.T4: ("g:point-3@1", "g:point-2@1")}
    return slot.kind in coarsest.get(profile.tier, ("g:point-2@1",))


def _text(slot: Slot, profile: MaskProfile, _: bool) -> bool:
    return not slot.is_original or slot.type != "string" or profile.tier in NEAR


def _service(slot: Slot, *_: object) -> bool:
    return slot.type not in ("string", "object", "file")


_RULES: Mapping[str, tuple[LintCode, Callable[[Slot, MaskProfile, bool], bool]]] = {
    "identity": (LintCode.IDENTITY_NUMBER, _identity),
    "contact": (LintCode.CONTACT_ORIGINAL, _contact),
    "birth": (LintCode.BIRTH_DATE_ORIGINAL, _birth),
    "address": (LintCode.ADDRESS_UNSTRUCTURED, _address),
    "point": (LintCode.POINT_TOO_FINE, _point),
    "text": (LintCode.TEXT_UNREDACTED, _text),
    "service": (LintCode.SERVICE_CONTENT, _service),
}


def _places(slot: Slot, profile: MaskProfile, ground: LintGround) -> tuple[Place, ...]:
    """Return from where in the table a profile's slot is seen; nothing for a tier that the table has no column of."""
    if ground.class1 is not None:
        return class1_places(ground, ground.class1, slot.path)
    column = ground.table.column_of(profile.tier, profile.purpose)
    if column is None:
        return ()
    purposes = (EVERY_PURPOSE, *ground.purposes) if profile.purpose == EVERY_PURPOSE else (profile.purpose,)
    return tuple(ground.place(column, purpose, slot.path) for purpose in purposes)


def _beyond(slot: Slot, concept: str, places: Iterable[Place], ground: LintGround) -> LintCode:
    """Say what is wrong with a slot that the table closes: whether listed readers alone would see it."""
    row = ground.table.concepts.get(concept)
    listed = row is not None and any(slot.kind in row.opens_to_others(place) for place in places)
    return LintCode.READER_NOT_LISTED if listed else LintCode.BEYOND_TABLE


def _combination(opened: Iterable[Slot], profile: MaskProfile, ground: LintGround) -> Slot | None:
    """Return the birth date that makes a profile single out persons, None where it does not."""
    if profile.tier is Tier.T5 or profile.purpose == Purpose.RIGHTS_AND_AUDIT:
        return None
    by_nature: dict[str, list[Slot]] = {}
    for slot in opened:
        for nature in _natures(slot, ground):
            by_nature.setdefault(nature, []).append(slot)
    births = [slot for slot in by_nature.get("birth", ()) if slot.is_original]
    buildings = [slot for slot in by_nature.get("address", ()) if slot.kind in (ORIGINAL, "g:addr-building@1")]
    return births[0] if births and buildings and by_nature.get("sex") else None
