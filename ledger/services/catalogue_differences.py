"""What a new version of a catalogue item changes, in words: kinds, purposes, slots, what opens for whom, and codes."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

from ledger.core.code_sets import CodeSet
from ledger.core.codes import AgencyKind, Purpose, ShareClass
from ledger.core.documents import EVERY_PURPOSE, CatalogueItem, MaskProfile
from ledger.core.schema import Schema
from ledger.services.catalogue_documents import ItemDocuments

_Code = TypeVar("_Code", AgencyKind, Purpose)
_SLOT_MEMBERS = ("type", "nullable", "class", "title", "redact")


def item_differences(earlier: ItemDocuments, later: ItemDocuments) -> list[str]:
    """Return what `later` changes against `earlier`, a line each; empty where nothing but version numbers differs."""
    return [
        *_of_item(earlier.item, later.item),
        *_of_schema(earlier.schema, later.schema),
        *_of_profiles(earlier.profiles, later.profiles),
        *_of_code_sets(earlier.code_sets.values(), later.code_sets.values()),
    ]


def _of_item(earlier: CatalogueItem, later: CatalogueItem) -> Iterator[str]:
    for language in ("zh", "en"):
        if earlier.name[language] != later.name[language]:
            yield f"name ({language}): {earlier.name[language]} → {later.name[language]}"
    if earlier.share_class is not later.share_class:
        yield f"share class: {_label(earlier.share_class)} → {_label(later.share_class)}"
    if earlier.legal_ground != later.legal_ground:
        yield f"legal ground: {_in_english(earlier.legal_ground)} → {_in_english(later.legal_ground)}"
    yield from _members("publishers", earlier.publisher_kinds, later.publisher_kinds, _kind_name)
    yield from _members("readers", earlier.reader_kinds, later.reader_kinds, _kind_name)
    yield from _members("purposes", earlier.purposes, later.purposes, _purpose_name)
    numbers = {
        "renewed every (seconds, 0 = as things happen)": (earlier.update_every_seconds, later.update_every_seconds),
        "working days to check a request": (earlier.check_days, later.check_days),
        "working days to answer it": (earlier.answer_days, later.answer_days),
        "working days to deliver": (earlier.deliver_days, later.deliver_days),
    }
    for name, (before, after) in numbers.items():
        if before != after:
            yield f"{name}: {before} → {after}"


def _of_schema(earlier: Schema, later: Schema) -> Iterator[str]:
    if (earlier.name, earlier.version) != (later.name, later.version):
        yield f"schema: {earlier.name} {earlier.version} → {later.name} {later.version}"
    elif earlier.hash != later.hash:
        yield f"schema {later.name} {later.version} is another document"
    before, after = _slots(earlier), _slots(later)
    for slot, members in after.items():
        if slot not in before:
            yield f"slot {_slot(slot)} is new"
            continue
        for name in _SLOT_MEMBERS:
            if before[slot].get(name) != members.get(name):
                yield f"slot {_slot(slot)}: {name} {_plain(before[slot].get(name))} → {_plain(members.get(name))}"
        set_before, set_after = (_set_name(one[slot].get("code_set")) for one in (before, after))
        if set_before != set_after:
            yield f"slot {_slot(slot)}: code set {set_before} → {set_after}"
    for slot in before:
        if slot not in after:
            yield f"slot {_slot(slot)} is gone"
    if [one for one in before if one in after] != [one for one in after if one in before]:
        yield "the order of the slots is another one"


def _of_profiles(earlier: Iterable[MaskProfile], later: Iterable[MaskProfile]) -> Iterator[str]:
    before = {(one.tier, one.purpose): one for one in earlier}
    after = {(one.tier, one.purpose): one for one in later}
    for key, profile in sorted(after.items()):
        if key not in before:
            yield f"profile {_profile(profile)} is new and opens {_opened(profile.open)}"
            continue
        opened = [slot for slot in profile.open if slot not in before[key].open]
        closed = [slot for slot in before[key].open if slot not in profile.open]
        if opened:
            yield f"profile {_profile(profile)} now opens {_opened(opened)}"
        if closed:
            yield f"profile {_profile(profile)} now closes {_opened(closed)}"
    for key, profile in sorted(before.items()):
        if key not in after:
            yield f"profile {_profile(profile)} is gone: nothing opens for it"


def _of_code_sets(earlier: Iterable[CodeSet], later: Iterable[CodeSet]) -> Iterator[str]:
    before = {one.name: one for one in earlier}
    for code_set in sorted(later, key=lambda one: one.reference):
        kept = before.get(code_set.name)
        if kept is None or kept.hash == code_set.hash:
            continue
        if kept.reference == code_set.reference:
            yield f"code set {code_set.reference} is another document of the same version"
        yield from _of_codes(kept, code_set)


def _of_codes(earlier: CodeSet, later: CodeSet) -> Iterator[str]:
    what = f"code set {later.reference}"
    for written, code in later.by_code.items():
        kept = earlier.by_code.get(written)
        if kept is None:
            yield f"{what}: code {written} ({code.title['en']}) is new"
        elif dict(kept.title) != dict(code.title):
            yield f"{what}: code {written} says {_words(kept.title)} → {_words(code.title)}"
        elif (kept.number, kept.parent) != (code.number, code.parent):
            yield f"{what}: code {written} has another number or parent"
    for written, code in earlier.by_code.items():
        if written not in later.by_code:
            yield f"{what}: code {written} ({code.title['en']}) is gone"
    if (earlier.check, earlier.failing) != (later.check, later.failing):
        yield f"{what}: check {earlier.check} ({earlier.failing}) → {later.check} ({later.failing})"
    for system in sorted({*earlier.mappings, *later.mappings}):
        if earlier.mappings.get(system) != later.mappings.get(system):
            yield f"{what}: the mapping of system {system} is another one"


def _members(
    what: str, earlier: Iterable[_Code], later: Iterable[_Code], name: Callable[[_Code], str]
) -> Iterator[str]:
    before, after = list(earlier), list(later)
    added = [f"+ {name(one)}" for one in after if one not in before]
    removed = [f"− {name(one)}" for one in before if one not in after]
    if added or removed:
        yield f"{what}: {', '.join(added + removed)}"


def _slots(schema: Schema) -> dict[tuple[str, str], Mapping[str, Any]]:
    return {(slot["path"], slot["kind"]): slot for slot in schema.document["slots"]}


def _slot(slot: tuple[str, str]) -> str:
    path, kind = slot
    return path if kind == "o" else f"{path} ({kind})"


def _opened(slots: Iterable[tuple[str, str]]) -> str:
    return ", ".join(_slot(slot) for slot in slots) or "nothing"


def _profile(profile: MaskProfile) -> str:
    purpose = "every purpose" if profile.purpose == EVERY_PURPOSE else _purpose_name(Purpose(profile.purpose))
    return f"{profile.tier.name} for {purpose}"


def _set_name(reference: object) -> str:
    return "none" if reference is None else str(reference).split("#", 1)[0]


def _kind_name(kind: AgencyKind) -> str:
    return kind.en


def _purpose_name(purpose: Purpose) -> str:
    return f"{purpose.short_name} {purpose.en}"


def _label(code: ShareClass) -> str:
    return f"{int(code)} {code.en}"


def _words(title: Mapping[str, str]) -> str:
    return f"{title['zh']} / {title['en']}"


def _in_english(ground: Mapping[str, str] | None) -> str:
    return "none" if ground is None else ground["en"]


def _plain(value: object) -> str:
    if isinstance(value, dict) and set(value) == {"zh", "en"}:
        return _words(value)
    if isinstance(value, list):
        return ", ".join(str(one) for one in value) or "none"
    return "none" if value is None else str(value)
