"""The field × tier table and the fields maps: what opens where, and which documents are refused."""

from typing import Any

import pytest

from ledger.core.codes import AgencyKind, Purpose, Tier
from ledger.core.mask_table import (
    AGE_FLAGS,
    SELF_COLUMN,
    Place,
    parse_fields,
    parse_masks,
    profile_place,
)
from ledger.errors import FormatError, UnsupportedFormat
from tests.unit.core.masks import concept, fields, masks, masks_with, schema

pytestmark = pytest.mark.unit


def place(column: str, purpose: int = 0, path: str = "/name", of_schema: str = "sample") -> Place:
    return Place(column, purpose, of_schema, path)


def test_a_cell_opens_its_kind_and_every_stricter_one() -> None:
    table = masks_with(geo_point={"cell": "g:point-3@1"})
    assert table.opens("geo_point", place("T3")) == ("g:point-3@1", "g:point-2@1")
    assert table.opens("name", place("T3")) == ("o", "g:surname@1")
    assert masks_with(geo_point={"cell": "closed"}).opens("geo_point", place("T3")) == ()


def test_an_unknown_concept_or_column_is_closed() -> None:
    table = masks_with()
    assert table.opens("nobody", place("T3")) == ()
    assert table.opens("name", place("T9")) == ()


def test_the_last_override_that_matches_columns_purposes_schemas_and_paths_counts() -> None:
    given = [
        {"columns": ["T3"], "open": "g:surname@1"},
        {"columns": ["T3"], "purposes": [7], "open": "o"},
        {"columns": ["T3"], "schemas": ["other"], "open": "closed"},
        {"columns": ["T3"], "paths": ["/contact/"], "open": "closed"},
    ]
    table = masks_with(name={"cell": "closed", "overrides": given})
    assert table.opens("name", place("T5")) == ()
    assert table.opens("name", place("T3")) == ("g:surname@1",)
    assert table.opens("name", place("T3", 7)) == ("o", "g:surname@1")
    assert table.opens("name", place("T3", 7, of_schema="other")) == ()
    assert table.opens("name", place("T3", 7, "/contact/name")) == ()


def test_an_override_for_listed_readers_holds_only_where_all_readers_are_listed_and_some_are_known() -> None:
    given = [{"columns": ["T5"], "purposes": [7], "readerKinds": [3], "open": "o"}]
    table = masks_with(name={"cell": "closed", "overrides": given})
    row = table.concepts["name"]

    def read_by(*kinds: AgencyKind, purpose: int = 7) -> Place:
        return profile_place("T5", purpose, "sample", "/name", kinds)

    assert table.opens("name", read_by(AgencyKind.POLICE)) == ("o", "g:surname@1")
    for readers in ((AgencyKind.POLICE, AgencyKind.CIVIL_AFFAIRS), ()):
        assert table.opens("name", read_by(*readers)) == ()
        assert row.opens_to_others(read_by(*readers)) == ("o", "g:surname@1")
    assert row.opens_to_others(read_by(AgencyKind.POLICE)) == ()
    assert row.opens_to_others(read_by(AgencyKind.CIVIL_AFFAIRS, purpose=2)) == ()
    assert table.readers_of("T5", (AgencyKind.POLICE, AgencyKind.COMMUNITY)) == (AgencyKind.POLICE,)


def test_an_override_says_why_in_both_languages_and_a_table_which_revisions_it_goes_with() -> None:
    why = {"zh": "因", "en": "because"}
    table = masks_with(name={"overrides": [{"columns": ["T5"], "open": "o", "reason": why}]})
    assert table.concepts["name"].overrides[0].reason == why
    assert table.fields_revisions == {}
    assert parse_masks(masks(fieldsRevisions={"sample-1": 2})).fields_revisions == {"sample-1": 2}
    revised = parse_fields({**fields().document, "revision": 2})
    assert (revised.revision, revised.document["revision"]) == (2, 2)
    assert "revision" not in fields().document


def test_what_is_about_somebody_else_is_closed_to_the_person_unless_it_is_not_personal() -> None:
    table = masks_with()
    assert table.opens("name", place(SELF_COLUMN, path="/old/name")) == ()
    assert table.opens("open", place(SELF_COLUMN, path="/old/at")) == ("o",)
    assert table.opens("name", place("T3", path="/old/name")) == ("o", "g:surname@1")


def test_a_profile_is_judged_in_its_tier_s_column_and_that_of_purpose_p12_in_the_person_s() -> None:
    table = masks_with()
    assert table.column_of(Tier.T0, 0) == "T0"
    assert table.column_of(Tier.T0, Purpose.RIGHTS_AND_AUDIT) == SELF_COLUMN
    assert table.column_of(Tier.T5, Purpose.RIGHTS_AND_AUDIT) == SELF_COLUMN
    assert table.column_of(Tier.T4, 0) is None
    without_self = [one for one in masks()["columns"] if one["column"] != SELF_COLUMN]
    rows = [concept("name", cells={one["column"]: "o" for one in without_self})]
    assert parse_masks(masks(columns=without_self, concepts=rows)).column_of(Tier.T0, 12) is None
    assert profile_place(SELF_COLUMN, 12, "sample", "/name").purpose == 0
    assert profile_place("T3", 7, "sample", "/name").purpose == 7


def test_kinds_of_readers_lead_to_columns_in_the_table_s_order() -> None:
    table = masks_with()
    assert table.columns_of([AgencyKind.CIVIL_AFFAIRS, AgencyKind.COMMUNITY]) == ("T3", "T5")
    assert table.columns_of([AgencyKind.SUPERVISOR]) == ()
    assert table.tiers_of(AgencyKind.COMMUNITY) == {Tier.T3}
    assert table.tiers_of(AgencyKind.SUPERVISOR) == frozenset()


def test_a_derived_slot_is_what_its_original_is_but_for_age_flags() -> None:
    given, slots = fields(), {(slot.path, slot.kind): slot for slot in schema().slots}
    assert given.concept_of(slots["/birthDate", "g:birth-band10@1"]) == "birth_date"
    assert given.concept_of(slots["/birthDate", "g:age-flags@1"]) == AGE_FLAGS
    empty = parse_fields({**given.document, "fields": {}})
    assert empty.concept_of(slots["/birthDate", "g:age-flags@1"]) is None
    assert empty.concept_of(slots["/name", "o"]) is None
    assert parse_fields(dict(given.document)) == given


@pytest.mark.parametrize(
    "changed",
    [
        {"name": 1},
        {"version": 0},
        {"fieldsRevisions": []},
        {"fieldsRevisions": {"sample-1": 0}},
        {"concepts": [concept("name", overrides=[{"columns": ["T3"], "readerKinds": [99], "open": "o"}])]},
        {"concepts": [concept("name", overrides=[{"columns": ["T3"], "reason": "so", "open": "o"}])]},
        {"more": 1},
        {"columns": [*masks()["columns"], masks()["columns"][0]]},
        {"concepts": [concept("name"), concept("name")]},
        {"concepts": [concept("name", ladder=["o", "g:nothing@1"])]},
        {"concepts": [concept("name", ladder=["o", "o"])]},
        {"concepts": [concept("name", "g:phone-3-4@1")]},
        {"concepts": [concept("name", cells={"T0": "o"})]},
        {"concepts": [concept("name", overrides=[{"columns": ["T9"], "open": "o"}])]},
        {"concepts": [concept("name", overrides=[{"columns": [], "open": "o"}])]},
        {"concepts": [concept("name", overrides=[{"columns": ["T3"], "open": "g:id-1-2@1"}])]},
        {"concepts": [concept("name", overrides=[{"columns": ["T3"], "purposes": [14], "open": "o"}])]},
        {"concepts": [concept("name", overrides=[{"columns": ["T3"], "open": "o", "why": 1}])]},
    ],
)
def test_a_table_with_a_cell_missing_or_off_its_ladder_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(FormatError):
        parse_masks(masks(**changed))


def test_other_formats_and_shapes_are_refused() -> None:
    with pytest.raises(UnsupportedFormat):
        parse_masks(masks(format="gongzhi-masks/2"))
    with pytest.raises(UnsupportedFormat):
        parse_fields({**fields().document, "format": "gongzhi-fields/2"})
    with pytest.raises(FormatError):
        parse_fields({**fields().document, "fields": []})
    with pytest.raises(FormatError):
        parse_fields({**fields().document, "fields": {"/name": 1}})
