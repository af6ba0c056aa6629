"""The whole list, as the twelve departments share it: duty list, purposes, bases and the national metadata."""

from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from ledger.core.catalogue_list import CODE_SETS, check_codes, parse_catalogue_list
from ledger.core.code_sets import parse_code_set
from ledger.core.codes import AgencyKind, Basis, Purpose
from ledger.core.duty_list import parse_duty_list
from ledger.core.flow_list import parse_bases
from ledger.domain import load_document
from ledger.errors import FormatError
from ledger.services.publish_duties import named_by

pytestmark = pytest.mark.unit
FOLDER = Path(__file__).parents[3] / "ledger" / "domain" / "catalogue"
FILES = {path.name for path in FOLDER.glob("*.json") if not path.name.startswith("list-")}
LIST = parse_catalogue_list(load_document("catalogue/list-1.json"))
ENTRIES = {load_document(one.entry)["item"]: (one, load_document(one.entry)) for one in LIST.entries}
QUARTER_DAYS = 92
"""Of the longest quarter."""
DEPARTMENTS = {kind for kind in AgencyKind if kind <= AgencyKind.EDUCATION}


def test_the_list_names_every_entry_once_in_the_order_of_their_numbers() -> None:
    assert {one.entry for one in LIST.entries} == {f"catalogue/{name}" for name in FILES}
    assert list(ENTRIES) == sorted(ENTRIES)
    assert len(ENTRIES) == len(FILES)


@pytest.mark.parametrize("item", [101, 102])
def test_residents_and_dwellings_are_rechecked_each_quarter_and_a_change_of_residents_is_due_in_a_day(
    item: int,
) -> None:
    listed, entry = ENTRIES[item]
    assert listed.update_cycle == "quarter"
    assert entry["updateEverySeconds"] == QUARTER_DAYS * 86_400
    once = {one["item"]: one["withinDays"] for one in load_document("collect_once.json")["items"]}
    assert once[101] == QUARTER_DAYS
    duties = parse_duty_list(load_document("duties-2.json")).duties
    assert {
        one.working_days for one in duties if one.item == 101 and one.purpose is Purpose.RESIDENCE_REGISTRATION
    } == {1}


def test_each_of_the_twelve_departments_provides_an_item_and_reads_others() -> None:
    provided = {one.responsible for one, entry in ENTRIES.values() if one.responsible in entry["publisherKinds"]}
    assert provided >= DEPARTMENTS
    for kind in DEPARTMENTS:
        read = [
            item for item, (one, entry) in ENTRIES.items() if kind in entry["readerKinds"] and one.responsible != kind
        ]
        assert len(read) >= 5, kind


def test_metadata_is_in_the_code_sets_and_fits_the_share_class() -> None:
    names = [reference.split("/") for reference in CODE_SETS.values()]
    sets = {
        f"{name}/{version}": parse_code_set(load_document(f"code_sets/{name}-{version}.json"))
        for name, version in names
    }
    for one, entry in ENTRIES.values():
        check_codes(one, sets)
        assert len(one.resource_class) == 8
        assert (one.condition is not None) == (entry["shareClass"] == 2)
        assert (one.method == "none") == (entry["shareClass"] == 3)
        assert set(one.linked) <= set(ENTRIES) - {entry["item"]}
        assert one.openness == "closed" or entry["shareClass"] != 3


def test_retention_and_purposes_of_every_item_are_of_the_closed_list() -> None:
    purposes = load_document("purposes-1.json")["purposes"]
    assert [(one["purpose"], one["name"], one["title"]) for one in purposes] == [
        (int(purpose), purpose.short_name, {"zh": purpose.zh, "en": purpose.en}) for purpose in Purpose
    ]
    named = {purpose for _, entry in ENTRIES.values() for purpose in entry["purposes"]}
    assert named == {int(purpose) for purpose in Purpose}


def test_every_duty_rests_on_an_item_that_its_responsible_body_publishes_or_reads_for_that_purpose() -> None:
    duties = parse_duty_list(load_document("duties-2.json"))
    assert {one.responsible for one in duties.duties} >= DEPARTMENTS
    for one in duties.duties:
        if one.item is not None:
            entry = ENTRIES[one.item][1]
            assert one.purpose in entry["purposes"], one.duty
            assert one.responsible in {*entry["publisherKinds"], *entry["readerKinds"]}, one.duty


BASES = parse_bases(load_document("bases-2.json"))
FLOWS = {one.flow: one for one in BASES.flows}


def test_bases_are_those_of_the_closed_list_in_both_languages() -> None:
    assert [(one["basis"], one["name"], one["title"]) for one in load_document("bases-2.json")["bases"]] == [
        (int(basis), basis.short_name, {"zh": basis.zh, "en": basis.en}) for basis in Basis
    ]


def test_the_duty_list_names_purposes_and_bases_and_a_changed_file_is_refused() -> None:
    duties = parse_duty_list(load_document("duties-2.json"))
    assert [one.file for one in duties.named] == ["purposes-1.json", "bases-2.json"]
    assert set(named_by(duties, load_document)) == {duties.hash, *(one.hash for one in duties.named)}

    def changed(name: str) -> Any:
        return load_document(name) | {"version": 9}

    with pytest.raises(FormatError, match=r"purposes-1\.json is another document"):
        named_by(duties, changed)


DESIGNED = {
    "B-01": ({3}, {22}, {1}, {(3, "provision")}),
    "B-02": ({22}, {3, 5, 8}, {2, 3, 7}, {(3, "provision"), (4, "provision")}),
    "B-03": (None, None, {2, 5, 6, 7}, {(4, "provision"), (7, "provision")}),
    "B-04": ({22}, {30}, {8, 9}, {(1, "provision"), (3, "entrusted")}),
    "B-05": ({22}, {22}, {1}, {(1, "provision"), (3, "provision")}),
    "B-06": ({34, 35}, {22, 34}, {7}, {(1, "provision")}),
    "B-07": ({32, 33}, {5, 22}, {9}, {(1, "provision"), (2, "provision")}),
    "B-08": ({1, 2}, {41}, {11}, {(3, "entrusted")}),
    "B-09": ({4}, set(), {4}, {(3, "provision")}),
}
"""Which basis for which flow, as the domain tables of the design say it."""


def test_flows_are_those_of_the_design() -> None:
    def kinds(given: tuple[AgencyKind, ...] | None) -> set[int] | None:
        return None if given is None else {int(one) for one in given}

    assert {
        name: (
            kinds(one.publishers),
            kinds(one.readers),
            {int(purpose) for purpose in one.purposes},
            {(int(ground.basis), str(ground.relation)) for ground in one.grounds},
        )
        for name, one in FLOWS.items()
    } == DESIGNED


def carries(entry: Mapping[str, Any], publisher: int, reader: int | None, purpose: int) -> bool:
    """Say whether a conditional item about persons lets one publish and the other read for a purpose."""
    slots = load_document(entry["schema"])["slots"]
    return (
        entry["shareClass"] == 2
        and any(slot["path"] == "/subject" for slot in slots)
        and publisher in entry["publisherKinds"]
        and (reader is None or reader in entry["readerKinds"])
        and purpose in entry["purposes"]
    )


@pytest.mark.parametrize("name", [name for name, one in FLOWS.items() if one.personal and one.publishers is not None])
def test_each_flow_of_persons_has_an_item_with_its_publisher_reader_and_purpose(name: str) -> None:
    flow = FLOWS[name]
    assert flow.publishers
    readers = flow.readers or (None,)
    for publisher, reader, purpose in product(flow.publishers, readers, flow.purposes):
        assert any(carries(entry, publisher, reader, purpose) for _, entry in ENTRIES.values()), (publisher, reader)


def test_in_an_emergency_every_department_reads_an_item_about_persons_and_evaluators_read_none() -> None:
    for purpose in FLOWS["B-03"].purposes:
        assert any(carries(entry, 22, 3, purpose) for _, entry in ENTRIES.values())
    (evaluator,) = FLOWS["B-08"].readers or ()
    assert not FLOWS["B-08"].personal
    for _, entry in ENTRIES.values():
        assert evaluator not in entry["readerKinds"] or entry["shareClass"] == 1
