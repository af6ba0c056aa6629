"""The whole list, as the twelve departments share it: duty list, purposes, bases and the national metadata."""

from pathlib import Path

import pytest

from ledger.core.catalogue_list import CODE_SETS, check_codes, parse_catalogue_list
from ledger.core.code_sets import parse_code_set
from ledger.core.codes import AgencyKind, Basis, Purpose
from ledger.core.duty_list import parse_duty_list
from ledger.domain import load_document

pytestmark = pytest.mark.unit
FOLDER = Path(__file__).parents[3] / "ledger" / "domain" / "catalogue"
FILES = {path.name for path in FOLDER.glob("*.json") if not path.name.startswith("list-")}
LIST = parse_catalogue_list(load_document("catalogue/list-1.json"))
ENTRIES = {load_document(one.entry)["item"]: (one, load_document(one.entry)) for one in LIST.entries}
DEPARTMENTS = {kind for kind in AgencyKind if kind <= AgencyKind.EDUCATION}


def test_the_list_names_every_entry_once_in_the_order_of_their_numbers() -> None:
    assert {one.entry for one in LIST.entries} == {f"catalogue/{name}" for name in FILES}
    assert list(ENTRIES) == sorted(ENTRIES)
    assert len(ENTRIES) == len(FILES)


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
    duties = parse_duty_list(load_document("duties-1.json"))
    assert {one.responsible for one in duties.duties} >= DEPARTMENTS
    for one in duties.duties:
        if one.item is not None:
            entry = ENTRIES[one.item][1]
            assert one.purpose in entry["purposes"], one.duty
            assert one.responsible in {*entry["publisherKinds"], *entry["readerKinds"]}, one.duty


def test_bases_and_flows_name_known_codes_in_both_languages() -> None:
    document = load_document("bases-1.json")
    assert [(one["basis"], one["name"], one["title"]) for one in document["bases"]] == [
        (int(basis), basis.short_name, {"zh": basis.zh, "en": basis.en}) for basis in Basis
    ]
    for flow in document["flows"]:
        assert set(flow) == {"flow", "from", "to", "bases", "purpose", "note"}
        assert flow["flow"]["zh"]
        assert flow["note"]["en"]
        assert {AgencyKind(kind) for kind in [*flow["from"], *flow["to"]]} <= set(AgencyKind)
        assert [Basis(one) for one in flow["bases"]]
        assert Purpose(flow["purpose"])
