"""What a changed catalogue entry says it changes, and how entries stand against what is on chain."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from ledger.catalogue_errors import CatalogueRefused, ItemNotChangeable, ItemVersionNotNext, ItemVersionTaken
from ledger.core.hexadecimal import to_hex
from ledger.domain import load_document
from ledger.services.catalogue_differences import item_differences
from ledger.services.catalogue_documents import ItemDocuments, item_documents
from ledger.services.catalogue_load import (
    CatalogueOnChain,
    ItemOnChain,
    LoadKeys,
    Standing,
    is_published,
    plan_item,
    refuse_unloadable,
    waiting_for,
)
from ledger.services.catalogue_stored import stored_item

pytestmark = pytest.mark.unit
ENTRY = "catalogue/care-record.json"
FILES = (ENTRY, "schemas/care_record-1.json", "profiles/care-record.json", "code_sets/care-class-1.json")
BUREAU, HEALTH = 1, 6


def care_record(change: Callable[[dict[str, Any]], None] = lambda _: None, responsible: int = HEALTH) -> ItemDocuments:
    """The item of care records after `change` was made to its files (by name)."""
    files = {name: copy.deepcopy(load_document(name)) for name in FILES}
    change(files)
    return item_documents(files[ENTRY], responsible, lambda name: files.get(name) or load_document(name))


def second_version(change: Callable[[dict[str, Any]], None] = lambda _: None) -> ItemDocuments:
    def changed(files: dict[str, Any]) -> None:
        files[ENTRY]["version"] = 2
        change(files)

    return care_record(changed)


def chain(*published: ItemDocuments, retired: bool = False) -> CatalogueOnChain:
    hashes = {(one.item.item, one.item.version): one.item.hash for one in published}
    state = ItemOnChain(HEALTH if published else 0, len(published), retired)
    nothing = (0, bytes(32))
    return CatalogueOnChain(
        lambda: BUREAU, lambda _: state, lambda item, version: hashes[item, version], lambda: nothing, lambda: nothing
    )


def finder(*kept: ItemDocuments) -> Callable[[bytes], bytes | None]:
    documents = {digest: content for one in kept for digest, content in one.documents.items()}
    return documents.get


def test_a_next_version_without_a_change_differs_in_nothing() -> None:
    assert item_differences(care_record(), second_version()) == []


def test_kinds_purposes_days_and_class_are_said_in_words() -> None:
    def change(files: dict[str, Any]) -> None:
        entry = files[ENTRY]
        entry["readerKinds"] = [kind for kind in entry["readerKinds"] if kind != 8] + [42]
        entry["purposes"] = [2, 5, 6, 7, 8, 12]
        entry["days"]["answer"] = 5
        entry["updateEverySeconds"] = 3600
        entry["name"] = {"zh": "关爱记录", "en": "Records of care"}
        entry["legalGround"] = {"zh": "法", "en": "a law"}

    assert item_differences(care_record(), second_version(change)) == [
        "name (en): Care records → Records of care",
        "legal ground: none → a law",
        "readers: + supervisor, − fire",
        "purposes: + P08 supplies",
        "renewed every (seconds, 0 = as things happen): 0 → 3600",
        "working days to answer it: 10 → 5",
    ]
    hidden = care_record(lambda files: files[ENTRY].update(shareClass=3, legalGround={"zh": "法", "en": "a law"}))
    assert "share class: 2 conditional → 3 not shared" in item_differences(care_record(), hidden)


def test_a_slot_that_is_opened_or_closed_for_a_tier_is_named() -> None:
    def change(files: dict[str, Any]) -> None:
        profiles = {one["tier"]: one for one in files["profiles/care-record.json"]["profiles"] if one["purpose"] == 0}
        street = next(one for one in profiles.values() if ["/person/phone", "g:phone-3-4@1"] in one["open"])
        street["open"].remove(["/person/phone", "g:phone-3-4@1"])
        names.append(street["tier"])

    names: list[int] = []
    later = second_version(change)
    (line,) = item_differences(care_record(), later)
    assert line.endswith("for every purpose now closes /person/phone (g:phone-3-4@1)")
    (back,) = item_differences(later, care_record())
    assert back.endswith("for every purpose now opens /person/phone (g:phone-3-4@1)")

    def without(files: dict[str, Any]) -> None:
        files["profiles/care-record.json"]["profiles"].pop(0)

    gone, new = (item_differences(*pair) for pair in ((care_record(), second_version(without)), (later, care_record())))
    assert [line.endswith("is gone: nothing opens for it") for line in gone] == [True]
    assert new == [back]
    (added,) = item_differences(second_version(without), care_record())
    assert " is new and opens /" in added


def test_a_changed_code_is_named_with_its_words() -> None:
    def change(files: dict[str, Any]) -> None:
        code_set = files["code_sets/care-class-1.json"]
        code_set["codes"][0]["title"] = {"zh": "别的", "en": "other words"}
        code_set["codes"].append({"code": "new-code", "title": {"zh": "新", "en": "something new"}})
        removed.append(code_set["codes"].pop(1))

    removed: list[dict[str, Any]] = []
    lines = item_differences(care_record(), second_version(change))
    assert "schema care_record 1 is another document" in lines
    assert "code set care-class/1 is another document of the same version" in lines
    assert "code set care-class/1: code new-code (something new) is new" in lines
    assert any(line.endswith("→ 别的 / other words") for line in lines)
    assert f"code set care-class/1: code {removed[0]['code']} ({removed[0]['title']['en']}) is gone" in lines


def test_slots_that_come_go_and_change_are_named() -> None:
    def change(files: dict[str, Any]) -> None:
        schema = files["schemas/care_record-1.json"]
        schema["version"] = 2
        slots = schema["slots"]
        outcome = next(slot for slot in slots if slot["path"] == "/outcome")
        outcome["title"] = {"zh": "结果", "en": "what became of it"}
        outcome["nullable"] = not outcome["nullable"]
        del outcome["code_set"]
        title = {"zh": "备注", "en": "remark"}
        slots.append({"path": "/remark", "kind": "o", "type": "string", "nullable": True, "class": "S", "title": title})

    later = second_version(change)
    lines = item_differences(care_record(), later)
    assert lines[0] == "schema: care_record 1 → care_record 2"
    assert "slot /remark is new" in lines
    assert any(line.startswith("slot /outcome: nullable ") for line in lines)
    assert any(line.startswith("slot /outcome: title ") and line.endswith("/ what became of it") for line in lines)
    assert "slot /outcome: code set care-outcome/1 → none" in lines
    assert "slot /remark is gone" in item_differences(later, care_record())


def test_an_entry_is_new_published_or_the_next_version() -> None:
    first, second = care_record(), second_version(lambda files: files[ENTRY]["days"].update(answer=5))
    new = plan_item(chain(), first, finder())
    assert (new.standing, new.changes) == (Standing.NEW, ("item 3 version 1 is new",))
    assert plan_item(chain(first), first, finder()).standing is Standing.PUBLISHED
    following = plan_item(chain(first), second, finder(first))
    assert (following.standing, following.changes) == (Standing.NEXT, ["working days to answer it: 10 → 5"])
    (unsaid,) = plan_item(chain(first), second, finder()).changes
    assert "not kept by this gateway" in unsaid
    refuse_unloadable([new, following])


def test_a_changed_file_of_a_published_version_is_refused_with_what_to_do() -> None:
    changed = care_record(lambda files: files[ENTRY]["days"].update(answer=5))
    planned = plan_item(chain(care_record()), changed, finder(care_record()))
    assert planned.changes == ["working days to answer it: 10 → 5"]
    with pytest.raises(ItemVersionTaken, match="item 3 version 1 is on chain with other documents; the next is 2"):
        refuse_unloadable([planned])
    assert "next version number" in ItemVersionTaken.remedy


@pytest.mark.parametrize(
    ("on_chain", "given", "error", "says"),
    [
        (chain(), second_version(), ItemVersionNotNext, "the next is 1"),
        (chain(care_record(), retired=True), second_version(), ItemNotChangeable, "is retired"),
        (chain(care_record(), retired=True), care_record(), ItemNotChangeable, "take it off the list"),
        (chain(care_record()), None, ItemNotChangeable, "agency 6 is responsible for the item, not 1"),
    ],
)
def test_what_the_contract_would_refuse_is_refused_before_anything_is_sent(
    on_chain: CatalogueOnChain, given: ItemDocuments | None, error: type[CatalogueRefused], says: str
) -> None:
    if given is None:
        given = care_record(lambda files: files[ENTRY].update(version=2), responsible=BUREAU)
    planned = plan_item(on_chain, given, finder(care_record()))
    assert planned.standing is Standing.REFUSED
    with pytest.raises(error, match=says):
        refuse_unloadable([planned])


def test_an_item_waits_for_the_keys_that_are_not_here() -> None:
    planned = [plan_item(chain(), care_record(), finder())]
    assert waiting_for(planned, LoadKeys({}, BUREAU)) == {3: "an ADMIN key of agency 1, 6"}
    published = [plan_item(chain(care_record()), care_record(), finder())]
    assert waiting_for(published, LoadKeys({}, BUREAU)) == {}


def test_documents_that_the_chain_names_are_found_again_as_they_were() -> None:
    item = care_record()
    kept = stored_item(finder(item), item.item.hash)
    assert kept.documents == item.documents
    assert to_hex(kept.item.hash) == to_hex(item.item.hash)


def test_a_list_is_published_next_or_refused_by_its_version() -> None:
    one, other = b"\x01" * 32, b"\x02" * 32
    assert is_published((1, one), 1, one, "calendar")
    assert not is_published((1, one), 2, other, "calendar")
    with pytest.raises(ItemVersionTaken, match="the next is 2"):
        is_published((1, one), 1, other, "calendar")
    with pytest.raises(ItemVersionNotNext, match="the next is 2"):
        is_published((1, one), 3, other, "calendar")
