"""The design's field × tier table, transcribed, and where the project's own differs from it, each with its reason."""

from pathlib import Path

import pytest

from ledger.core.codes import Tier
from ledger.core.mask_table import AGE_FLAGS, CLOSED, OPEN, Place
from ledger.core.schema import ORIGINAL
from ledger.domain import load_document
from ledger.services.catalogue_documents import item_documents
from ledger.services.profile_files import fields_of, mask_table

pytestmark = pytest.mark.unit

DATA = Path(__file__).parents[3] / "ledger" / "domain"
TABLE = mask_table(load_document)
UNKNOWN = ("detail", "detail_sensitive")
"""The project's own rows for what the design's table does not name."""
COLUMNS = ("T0", "T0s", "T1", "T2", "T2x", "T3", "T4", "T5", "T6", "E")
DESIGN_COLUMNS = ("T5", "T4", "T3", "T2x", "T2", "T1", "T0", "E")
DESIGN = """
name | F | 姓+** | F for service task, else 姓+** | 姓+** | 姓+先生/女士 | 姓+先生/女士 during task | – | F
id_no | F if statute | 1+2 | 1+2 | – | – | – | – | 1+2
subject | K5 | K4 | K3 | K2x | K2 | – | – | same key as tier
phone | F | 3+4 | F own grid | relay number | relay number | relay number | – | F
birth_date | F | 5-y band | year | 10-y band | – | – | 10-y band | age
age_flags | Y | Y | Y | Y | – | – | count | Y
sex | F | F | F | F | – | – | F if k ok | F
background | only if duty lists it | – | – | – | – | – | – | –
address | room | building | room (own grid) | community | own estate: room; else – \
| building during task | street | room
household | F | size | F | – | – | – | size band | F
tenant_owner | F | M | F | – | own estate F by contract | – | – | F
plate | F | 3+1 | 3+1 | – | F own gate | – | – | F
health_detail | 卫健 only | – | Y-no service need | – | – | – | – | need code
care_location | duty org, during alert | – | during alert | – | – | helper, during alert | – | F
evidence | ref + view by statute | ref | ref of own area | – | own devices, register | – | – | ref + view
dispute_party | 司法 F | M | mediator F | – | if party | – | – | –
informant | K only; reveal by dual approval | K | K | – | – | – | – | –
geo_point | 6 dec | 3 dec | 6 dec own grid | community | own estate | route only | street | 6 dec
event_text | F | redacted | F own | redacted | task text | task text | class code | F
special_service | owner org only, not on ledger | – | Y-no | – | – | – | – | need code
open | F | F | F | F | own | need list | total | F
"""
"""Domain tables of the design, "Default mask per field and tier", row by row as it stands there."""
S, P, ID, PLATE, TEXT = "g:surname@1", "g:phone-3-4@1", "g:id-1-2@1", "g:plate-3-1@1", "g:text-redact@1"
YEAR, B5, B10 = "g:birth-year@1", "g:birth-band5@1", "g:birth-band10@1"
ROOM, HOUSE, ESTATE, STREET = ORIGINAL, "g:addr-building@1", "g:addr-community@1", "g:addr-street@1"
P3, P2, NO = "g:point-3@1", "g:point-2@1", CLOSED
MEANS = {
    "F": ORIGINAL,
    "–": NO,
    "Y": ORIGINAL,
    "姓+**": S,
    "M": S,
    "1+2": ID,
    "3+4": P,
    "3+1": PLATE,
    "redacted": TEXT,
    "room": ROOM,
    "building": HOUSE,
    "community": ESTATE,
    "street": STREET,
    "6 dec": ORIGINAL,
    "3 dec": P3,
    "5-y band": B5,
    "year": YEAR,
    "10-y band": B10,
    "K": NO,
}
"""Cells that a rule says word for word. K is a token that the gateway computes: the field itself is closed."""
TOKEN = "outward tokens are computed by the gateway; the slot is never opened"
SCOPE = "whose grid and area it is, is the grant's scope"
NO_RULE = "no rule makes it: closed, or the next stricter rule"
DEVIATIONS = {
    ("name", "T3"): (S, "whole for service tasks: purposes P02 and P07 below"),
    ("name", "T2"): (S, NO_RULE),
    ("name", "T1"): (S, NO_RULE),
    ("id_no", "T5"): (ID, "whole for the statute of residence registration: purpose P01 below"),
    **{("subject", column): (NO, TOKEN) for column in ("T5", "T4", "T3", "T2x", "T2", "E")},
    ("phone", "T3"): (P, "whole for service tasks: purposes P02 and P07 below"),
    **{("phone", column): (NO, NO_RULE) for column in ("T2x", "T2", "T1")},
    ("birth_date", "E"): (NO, "age has no rule; the age flags are open"),
    ("age_flags", "T0"): (NO, "counts are given by statistics"),
    ("sex", "T0"): (NO, "a profile cannot judge k"),
    ("background", "T5"): (NO, "a profile cannot judge what the duty list names"),
    ("address", "T3"): (ROOM, SCOPE),
    ("address", "T2"): (NO, "a profile cannot judge whose estate it is; the building for listed record types below"),
    ("address", "T1"): (ESTATE, "the building for tasks: purposes P02, P07 and P09 below"),
    ("household", "T4"): (NO, "the size alone, a row of its own: household_size"),
    ("household", "T0"): (NO, NO_RULE),
    ("tenant_owner", "T2"): (NO, "a profile cannot judge contracts"),
    ("plate", "T2"): (NO, "a profile cannot judge whose gate it is"),
    ("health_detail", "T5"): (NO, "for health and hospitals in care, where nobody else reads: purpose P07 below"),
    ("health_detail", "T3"): (NO, "the need of service is a field of its own: care_need"),
    ("health_detail", "E"): (NO, "the need code is a field of its own: care_need"),
    ("care_location", "T5"): (NO, "in care: purpose P07 below; during the alert is the grant's time"),
    ("care_location", "T3"): (NO, "in care: purpose P07 below; during the alert is the grant's time"),
    ("care_location", "T1"): (NO, "a profile cannot judge who helps"),
    ("evidence", "T5"): (ORIGINAL, "the statute is the look's basis"),
    **{("evidence", column): (NO, "a reference alone has no rule") for column in ("T4", "T3", "T2")},
    ("evidence", "E"): (ORIGINAL, "reference and view"),
    ("dispute_party", "T5"): (S, "justice alone, where nobody else reads: purpose P04 below"),
    ("dispute_party", "T3"): (S, "mediators alone: purpose P04 below"),
    ("dispute_party", "T2"): (NO, "a profile cannot judge who is a party"),
    ("informant", "T5"): (NO, TOKEN),
    ("geo_point", "T3"): (ORIGINAL, SCOPE),
    ("geo_point", "T2x"): (P2, "two decimals are about a community"),
    **{("geo_point", column): (NO, NO_RULE) for column in ("T2", "T1", "T0")},
    ("event_text", "T3"): (ORIGINAL, SCOPE),
    **{("event_text", column): (NO, NO_RULE) for column in ("T2", "T1", "T0")},
    ("special_service", "T5"): (NO, "yes or no for the duty holder in care: purpose P07 below"),
    ("special_service", "T3"): (NO, "yes or no for the duty holder in care: purpose P07 below"),
    ("special_service", "E"): (ORIGINAL, "a need code"),
    **{
        ("open", column): (ORIGINAL, "nothing personal; own, need list and total are the scope")
        for column in ("T2", "T1", "T0")
    },
}
"""Cells that no rule says word for word, or that the project reads otherwise: what opens by default, and why."""
OWN_ROWS = {
    "household_size": ({"T3": ORIGINAL, "T4": ORIGINAL, "T5": ORIGINAL, "E": ORIGINAL}, "the size of 'household link'"),
    "care_need": ({"T5": ORIGINAL, "E": ORIGINAL}, "the need code of 'health detail'"),
    "record_link": (
        dict.fromkeys(("T3", "T4", "T5", "E"), ORIGINAL),
        "a random handle; the record asks an authority of its own",
    ),
    "track": ({}, "record type R7: track only to auditor"),
    "detail": (
        dict.fromkeys(("T3", "T5"), ORIGINAL),
        "record types R1, R2, R10, R11: F by duty, and of the own community",
    ),
    "detail_sensitive": ({"T5": ORIGINAL}, "record types R2, R3, R14: F by duty"),
}
"""Rows that the design's table does not have, where unknown is closed: what opens all the same, and why."""
SELF = {*TABLE.concepts} - {"subject", "tenant_owner", "evidence", "dispute_party", "informant", "special_service"}
"""What the person sees of himself (tier T0s: own data in full but for what is of third parties)."""
FOR_A_PURPOSE = [
    ("name", "T3", 2, "o"),
    ("name", "T3", 7, "o"),
    ("name", "T3", 5, S),
    ("phone", "T3", 2, "o"),
    ("phone", "T3", 9, P),
    ("id_no", "T5", 1, "o"),
    ("id_no", "T5", 2, ID),
    ("id_no", "T3", 1, ID),
    ("address", "T1", 7, HOUSE),
    ("address", "T1", 3, ESTATE),
    ("health_detail", "T5", 7, NO),
    ("health_detail", "T3", 7, NO),
    ("care_need", "T3", 7, "o"),
    ("care_location", "T3", 7, "o"),
    ("care_location", "T1", 7, NO),
    ("special_service", "T3", 7, "o"),
    ("special_service", "T5", 2, NO),
    ("dispute_party", "T3", 4, "o"),
    ("dispute_party", "T5", 4, S),
    ("dispute_party", "T4", 4, S),
    *[(name, tier, 11, NO) for name in ("name", "phone", "id_no", "sex", "plate", "detail") for tier in ("T3", "T5")],
    ("address", "T5", 11, ESTATE),
    ("birth_date", "T5", 11, B10),
    ("geo_point", "T3", 11, P2),
    ("event_text", "T5", 11, TEXT),
]


def design() -> dict[tuple[str, str], str]:
    rows = [[cell.strip() for cell in line.split(" | ")] for line in DESIGN.strip().splitlines()]
    return {(row[0], column): cell for row in rows for column, cell in zip(DESIGN_COLUMNS, row[1:], strict=True)}


def cell(concept: str, column: str) -> str:
    return TABLE.concepts[concept].cells[column]


@pytest.mark.parametrize(("concept", "column"), design())
def test_a_cell_is_the_design_s_or_a_listed_deviation(concept: str, column: str) -> None:
    meant = MEANS.get(design()[concept, column])
    if (concept, column) in DEVIATIONS:
        kind, reason = DEVIATIONS[concept, column]
        assert reason
        assert kind != meant
        assert cell(concept, column) == kind
    else:
        assert meant is not None
        assert cell(concept, column) == meant


def test_every_concept_is_a_row_of_the_design_or_a_listed_one_and_every_deviation_is_of_a_row() -> None:
    rows = {concept for concept, _ in design()}
    assert tuple(TABLE.columns) == COLUMNS
    assert set(TABLE.concepts) == rows | set(OWN_ROWS)
    assert not rows & set(OWN_ROWS)
    assert set(DEVIATIONS) <= set(design())


@pytest.mark.parametrize("concept", OWN_ROWS)
def test_a_row_that_the_design_lacks_opens_what_is_listed_and_nothing_else(concept: str) -> None:
    opened, reason = OWN_ROWS[concept]
    assert reason
    assert {column: kind for column in DESIGN_COLUMNS if (kind := cell(concept, column)) != NO} == opened


@pytest.mark.parametrize("concept", TABLE.concepts)
def test_the_person_sees_his_own_and_supervision_nothing_personal(concept: str) -> None:
    assert cell(concept, "T0s") == (NO if concept not in SELF else TEXT if concept == "event_text" else ORIGINAL)
    assert (cell(concept, "T6") == ORIGINAL) is (concept in (OPEN, "record_link"))
    assert cell(AGE_FLAGS, "T6") == NO


@pytest.mark.parametrize(("concept", "column", "purpose", "kind"), FOR_A_PURPOSE)
def test_a_purpose_widens_or_narrows_what_a_tier_sees(concept: str, column: str, purpose: int, kind: str) -> None:
    assert TABLE.concepts[concept].cell(Place(column, purpose, "any", "/any")) == kind


EMERGENCY = {
    "dwelling_rental": {"/rooms", "/tenant/count"},
    "resident_profile": {"/contact/relation"},
    "care_alert": {"/contact/relation", "/device/kind"},
    "post_holder": {"/onDuty", "/skills"},
    "volunteer_service": {"/skills"},
}
"""Further personal fields that an emergency opens; each has its reason in the table."""


def test_an_emergency_opens_listed_fields_each_for_a_reason_and_no_other_detail() -> None:
    given = [one for one in TABLE.concepts["detail"].overrides if "E" in one.columns]
    assert all(one.reason is not None and one.opens == ORIGINAL and one.schemas and one.paths for one in given)
    listed = {(schema, path) for one in given for schema in one.schemas for path in one.paths}
    assert listed == {(schema, path) for schema, paths in EMERGENCY.items() for path in paths}
    seen = set()
    for path in sorted((DATA / "catalogue").glob("*.json")):
        entry = load_document(f"catalogue/{path.name}")
        if "schema" in entry and entry["maskPolicy"] is not None:
            found = item_documents(entry, 1, load_document)
            detail = {
                path for path, concept in fields_of(load_document, found.schema).concepts.items() if concept in UNKNOWN
            }
            for profile in (one for one in found.profiles if one.tier is Tier.E):
                opened = {path for path, _ in profile.open if path in detail}
                assert opened <= EMERGENCY.get(found.schema.name, set()), path
                seen |= {(found.schema.name, path) for path in opened}
    assert seen == listed


def test_an_emergency_sees_of_a_resident_nothing_of_school_work_or_permit() -> None:
    profiles = load_document("profiles/resident-profile.json")["profiles"]
    (opened,) = [{path for path, _ in one["open"]} for one in profiles if one["tier"] == Tier.E]
    assert not opened & {"/education", "/occupation", "/workplace", "/permit/type", "/liveInType", "/movedIn/reason"}
    assert {"/name", "/phone", "/address", "/care/need", "/household/size"} <= opened


def test_property_companies_see_the_building_in_listed_record_types_and_no_address_elsewhere() -> None:
    given = [one for one in TABLE.concepts["address"].overrides if "T2" in one.columns]
    assert all(one.reason is not None and one.opens == HOUSE for one in given)
    listed = {schema for one in given for schema in one.schemas}
    assert listed == {"resident_profile", "dwelling_rental", "hazard", "facility", "task"}
    assert TABLE.concepts["address"].cell(Place("T2", 9, "pass", "/host/address")) == NO


def test_streets_see_the_size_of_a_household_and_nothing_else_of_it() -> None:
    profiles = load_document("profiles/resident-profile.json")["profiles"]
    street = [{path for path, _ in one["open"]} for one in profiles if one["tier"] == 6]
    assert street
    for opened in street:
        closed = {f"/household/{member}" for member in ("number", "region", "match", "relation", "headIdNumber")}
        assert not opened & closed
        assert "/household/size" in opened
