"""Profiles of the domain data: the table as the design has it, what is made of it, and what is refused."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core.codes import Purpose, ShareClass, Tier
from ledger.core.documents import EVERY_PURPOSE, MaskProfile
from ledger.core.judged import parse_judged
from ledger.core.mask_table import parse_fields
from ledger.core.profile_lint import LintGround, lint_profile
from ledger.core.schema import ORIGINAL, parse_schema
from ledger.domain import load_document
from ledger.errors import ProfileUnsafe, UsageError
from ledger.services.catalogue_documents import ItemDocuments, item_documents
from ledger.services.derive_profiles import Audience, audience_of, class1_profile, opened_in, policy_profiles
from ledger.services.lint_profiles import JUDGED, lint_ground, lint_item, require_safe
from ledger.services.profile_files import (
    FIRST_GENERATED,
    fields_name,
    fields_of,
    mask_table,
    personal_concepts,
    written_profiles,
)
from tests.unit.core import masks

pytestmark = pytest.mark.unit

DATA = Path(__file__).parents[3] / "ledger" / "domain"
TABLE = mask_table(load_document)
ENTRIES = {
    path.stem: entry
    for path in sorted((DATA / "catalogue").glob("*.json"))
    if "schema" in (entry := load_document(f"catalogue/{path.name}"))
}


def documents(name: str) -> ItemDocuments:
    return item_documents(ENTRIES[name], 1, load_document)


def test_every_concept_says_in_both_languages_what_it_is_and_why() -> None:
    for concept in TABLE.concepts.values():
        assert all((concept.title["zh"], concept.title["en"], concept.note["zh"], concept.note["en"]))


@pytest.mark.parametrize("name", ENTRIES)
def test_every_profile_of_an_item_passes_the_linter(name: str) -> None:
    require_safe(documents(name), load_document)


@pytest.mark.parametrize("path", sorted((DATA / "fields").glob("*.json")), ids=lambda path: path.stem)
def test_a_fields_map_names_every_original_of_its_schema_by_a_concept_of_the_table(path: Path) -> None:
    given = parse_fields(load_document(f"fields/{path.name}"))
    schema = parse_schema(load_document(f"schemas/{given.schema}-{given.version}.json"))
    concepts = given.concepts
    assert tuple(concepts) == schema.original_paths
    assert set(concepts.values()) <= set(TABLE.concepts)
    for slot in schema.slots:
        if slot.is_original:
            assert (concepts[slot.path] == "open") is (slot.data_class == "O")


def test_every_schema_has_a_fields_map() -> None:
    schemas = [parse_schema(load_document(f"schemas/{path.name}")) for path in (DATA / "schemas").glob("*.json")]
    named = {fields_name(schema) for schema in schemas}
    assert all((DATA / name).exists() for name in named)
    first = {f"fields/{schema.name}-{schema.version}.json" for schema in schemas}
    assert {f"fields/{path.name}" for path in (DATA / "fields").glob("*.json")} == named | first
    assert {name: fields_of(load_document, schema).revision for schema in schemas for name in [schema.name]} == {
        schema.name: 2 if schema.name in ("patrol_evidence", "resident_profile") else 1 for schema in schemas
    }


def test_each_judged_finding_is_still_there() -> None:
    judged = parse_judged(load_document(JUDGED))
    found = [one for name in ENTRIES for one in lint_item(documents(name), load_document)]
    assert [one.judgement for one in found] == list(judged)


def test_the_committed_profiles_are_what_the_table_gives() -> None:
    for name, content in written_profiles(DATA).items():
        assert (DATA / name).read_text(encoding="utf-8") == content


@pytest.mark.parametrize("name", [name for name, entry in ENTRIES.items() if entry["item"] >= FIRST_GENERATED])
def test_a_generated_policy_has_a_profile_for_each_tier_of_its_readers(name: str) -> None:
    entry, found = ENTRIES[name], documents(name)
    tiers = {one.tier for one in found.profiles if one is not found.profile}
    if entry["shareClass"] == ShareClass.CONDITIONAL:
        readers = {TABLE.columns[column].tier for column in TABLE.columns_of(found.item.reader_kinds)}
        assert readers - {Tier.T0} <= tiers
        for tier in readers - {Tier.T0}:
            for purpose in set(found.item.purposes) - {Purpose.RIGHTS_AND_AUDIT}:
                assert any(one.tier is tier and one.purpose in (EVERY_PURPOSE, purpose) for one in found.profiles)
    assert found.policy is None or found.item.class1_profile or found.policy.emergency_profile(EVERY_PURPOSE)


def test_statistics_are_never_served_by_a_profile_that_shows_persons() -> None:
    for name in ENTRIES:
        found = documents(name)
        if ENTRIES[name]["item"] < FIRST_GENERATED or Purpose.EVALUATION not in found.item.purposes:
            continue
        concepts = lint_ground(found, load_document).fields.concepts
        for profile in found.profiles:
            if profile.tier is Tier.E or profile.purpose not in (EVERY_PURPOSE, Purpose.EVALUATION):
                continue
            direct = {"name", "phone", "id_no", "tenant_owner", "dispute_party"}
            if profile.tier in (Tier.T3, Tier.T4, Tier.T5) or profile is found.profile:
                assert not [slot for slot in profile.open if concepts[slot[0]] in direct], (name, profile.tier)


def test_a_person_sees_all_that_a_record_holds_of_himself_and_nothing_of_others() -> None:
    seen = 0
    for name, entry in ENTRIES.items():
        found = documents(name)
        if entry["item"] < FIRST_GENERATED or not found.schema.has_subject:
            continue
        for profile in (one for one in found.profiles if one.purpose == Purpose.RIGHTS_AND_AUDIT):
            own = {path for path in found.schema.original_paths if path.startswith("/person/")}
            assert own <= {path for path, kind in profile.open if kind == ORIGINAL}, name
            personal = {slot.path for slot in found.schema.slots if slot.data_class != "O"}
            assert not [path for path, _ in profile.open if path in personal and path.startswith(TABLE.third_parties)]
            seen += bool(own)
    assert seen >= 3


def test_an_item_without_any_profile_keeps_nothing_of_a_person_in_clear_either() -> None:
    found = replace(documents("hazard"), profile=None, policy=None, profiles=())
    require_safe(found, load_document)
    slots = (*found.schema.slots, replace(found.schema.slots[0], path="/contact/mobile", data_class="O"))
    with pytest.raises(ProfileUnsafe, match="item 104: /contact/mobile: open_personal"):
        require_safe(replace(found, schema=replace(found.schema, slots=slots)), load_document)


def test_personal_paths_are_shown_by_concept_and_as_none_where_no_map_says_one() -> None:
    def without(name: str) -> Any:
        raise UsageError(f"there is no {name}")

    schema = documents("hazard").schema
    told = personal_concepts(schema, load_document)
    assert (told["/finder/phone"], told["/place/address"]) == ("informant", "address")
    assert "/region" not in told
    assert personal_concepts(schema, without) == dict.fromkeys(told, "none")


# The engine, with a table and a schema of its own.

READERS = masks.ground(masks.masks_with())


def audience(kinds: list[int], purposes: list[int], *classes: int) -> Audience:
    entries = [{"readerKinds": kinds, "purposes": purposes, "shareClass": one} for one in classes]
    return audience_of(entries)


def shown(ground: LintGround, who: Audience) -> dict[tuple[int, int], list[Any]]:
    return {(one["tier"], one["purpose"]): one["open"] for one in policy_profiles(ground, who)}


def test_a_field_opens_as_the_strictest_kind_that_the_schema_has_from_the_cell_on() -> None:
    ground = masks.ground(masks.masks_with(geo_point={"cell": "g:point-3@1"}, address={"cell": "g:addr-building@1"}))
    opened = [(slot.path, slot.kind) for slot in opened_in(ground, "T3", 0)]
    assert ("/place/point", "g:point-3@1") in opened
    assert ("/address", "g:addr-building@1") in opened
    assert not [slot for slot in opened if slot[0] == "/old/address"]
    assert ("/birthDate", "o") in opened
    assert ("/birthDate", "g:age-flags@1") in opened
    assert len({slot for slot in opened if slot[0] == "/name"}) == 1


def test_a_purpose_that_sees_more_has_a_profile_beside_the_one_for_every_purpose() -> None:
    more = {"cell": "g:surname@1", "overrides": [{"columns": ["T3"], "purposes": [7], "open": "o"}]}
    found = shown(masks.ground(masks.masks_with(name=more)), audience([22], [2, 7, 12], 2))
    assert set(found) == {(1, 12), (5, 0), (5, 7), (9, 0)}
    assert ["/name", "o"] in found[5, 7]
    assert ["/name", "g:surname@1"] in found[5, 0]


def test_a_purpose_that_sees_a_finer_derived_value_sees_more_and_one_that_sees_a_coarser_one_less() -> None:
    def given(usual: str, for_care: str) -> set[tuple[int, int]]:
        row = {"cell": usual, "overrides": [{"columns": ["T3"], "purposes": [7], "open": for_care}]}
        return set(shown(masks.ground(masks.masks_with(address=row)), audience([22], [2, 7], 2)))

    assert given("g:addr-street@1", "g:addr-building@1") == {(5, 0), (5, 7), (9, 0)}
    assert given("g:addr-building@1", "g:addr-street@1") == {(5, 2), (5, 7), (9, 0)}


def test_a_purpose_that_sees_less_leaves_its_tier_without_a_profile_for_every_purpose() -> None:
    less = {"overrides": [{"columns": ["T3"], "purposes": [11], "open": "closed"}]}
    found = shown(masks.ground(masks.masks_with(name=less)), audience([22], [2, 11, 12], 2))
    assert set(found) == {(1, 12), (5, 2), (5, 11), (9, 0)}
    assert not [slot for slot in found[5, 11] if slot[0] == "/name"]
    assert ["/name", "o"] in found[5, 2]


def test_a_class_1_item_lists_what_an_emergency_and_the_person_see_and_no_tier_that_could_be_granted() -> None:
    assert set(shown(READERS, audience([3, 22, 41], [2, 12], 1))) == {(1, 12), (9, 0)}
    assert set(shown(READERS, audience([3, 22, 41], [2], 1))) == {(9, 0)}
    assert set(shown(READERS, audience([3, 41], [2], 2))) == {(1, 0), (7, 0), (9, 0)}
    assert set(shown(READERS, audience([3, 41], [2], 1, 2))) == {(7, 0), (9, 0)}


def test_a_class_1_profile_opens_what_every_reader_sees_for_every_purpose_and_no_personal_original() -> None:
    rows = {
        "name": {"overrides": [{"columns": ["T2"], "open": "closed"}]},
        "phone": {"overrides": [{"columns": ["T5"], "purposes": [11], "open": "closed"}]},
    }
    ground = masks.ground(masks.masks_with(**rows))
    made = class1_profile(ground, audience([3, 30], [2, 11], 1))
    assert (made["tier"], made["purpose"]) == (1, 0)
    assert made["open"] == [
        ["/region", "o"],
        ["/idNumber", "g:id-1-2@1"],
        ["/birthDate", "g:birth-band10@1"],
        ["/birthDate", "g:age-flags@1"],
        ["/address", "g:addr-building@1"],
        ["/place/point", "g:point-3@1"],
        ["/description", "g:text-redact@1"],
        ["/synthetic", "o"],
    ]
    without = class1_profile(ground, audience([3, 30], [2], 1))["open"]
    assert ["/phone", "g:phone-3-4@1"] in without


def test_a_note_says_in_both_languages_who_sees_what() -> None:
    (note,) = [one["note"] for one in profiles_of("resident-profile") if (one["tier"], one["purpose"]) == (5, 7)]
    assert note["zh"].startswith("本社区（独居老人与儿童关爱）：姓名、")
    assert note["en"].startswith("Own community for care of people living alone and children: name; ")


def profiles_of(name: str) -> list[Mapping[str, Any]]:
    profiles: list[Mapping[str, Any]] = load_document(f"profiles/{name}.json")["profiles"]
    return profiles


# What is refused before anything is published.


def broken(tier: int, purpose: int, *names: tuple[str, str]) -> ItemDocuments:
    """Item 101 with one profile that somebody wrote by hand."""
    note = {"zh": "改", "en": "changed"}
    one = {"note": note, "tier": tier, "purpose": purpose, "open": [list(name) for name in names]}
    entry = ENTRIES["resident-profile"] | {"maskPolicy": "broken.json"}
    files = {"broken.json": {"profiles": [one]}}
    return item_documents(entry, 1, lambda name: files[name] if name in files else load_document(name))


@pytest.mark.parametrize(
    ("tier", "purpose", "slot", "says"),
    [
        (7, 2, ("/idNumber", "o"), "T5 P02 /idNumber (o): identity_number"),
        (3, 0, ("/name", "o"), "T2 /name (o): contact_original"),
        (2, 0, ("/phone", "o"), "T1 /phone (o): contact_original"),
        (5, 0, ("/birthDate", "o"), "T3 /birthDate (o): birth_date_original"),
        (6, 0, ("/description", "o"), "T4 /description (o): text_unredacted"),
        (4, 0, ("/place/point", "g:point-3@1"), "T2X /place/point (g:point-3@1): point_too_fine"),
        (6, 0, ("/nation", "o"), "T4 /nation (o): sensitive_below_tier"),
        (6, 7, ("/address", "o"), "T4 P07 /address (o): beyond_table"),
        (1, 12, ("/household/headPhone", "o"), "T0 P12 /household/headPhone (o): beyond_table"),
    ],
)
def test_an_unsafe_profile_is_refused_by_item_tier_purpose_path_kind_and_finding(
    tier: int, purpose: int, slot: tuple[str, str], says: str
) -> None:
    with pytest.raises(ProfileUnsafe) as refused:
        require_safe(broken(tier, purpose, slot), load_document)
    assert refused.value.detail.startswith("item 101: ")
    assert says in refused.value.detail


def test_an_item_with_many_findings_names_the_first_ones_and_counts_the_rest() -> None:
    every = tuple(name for name in documents("resident-profile").schema.index if name[0] != "/subject")
    with pytest.raises(ProfileUnsafe, match=r"; and \d+ more$"):
        require_safe(broken(3, 0, *every), load_document)


def test_an_item_without_a_fields_map_of_its_schema_is_refused() -> None:
    found = documents("resident-profile")

    def without(name: str) -> Any:
        if name.startswith("fields/"):
            raise FileNotFoundError(name)
        return load_document(name)

    with pytest.raises(ProfileUnsafe, match=r"there is no fields/resident_profile-1-2\.json"):
        require_safe(found, without)
    with pytest.raises(ProfileUnsafe, match="another schema"):
        require_safe(found, lambda name: load_document(name.replace("resident_profile-1-2", "dwelling_rental-1")))


GROUNDS = {name: lint_ground(documents(name), load_document) for name in ("resident-profile", "dispute", "care-alert")}


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.sampled_from(sorted(GROUNDS)), st.sampled_from(Tier), st.sampled_from([0, *map(int, Purpose)]), st.data())
def test_whatever_a_random_profile_opens_beyond_the_table_is_found(
    name: str, tier: Tier, purpose: int, data: st.DataObject
) -> None:
    ground = GROUNDS[name]
    slots = {(slot.path, slot.kind): slot for slot in ground.schema.slots}
    chosen = data.draw(st.lists(st.sampled_from(sorted(slots)), unique=True, max_size=12))
    found = {(one.path, one.kind) for one in lint_profile(MaskProfile(9, 1, tier, purpose, tuple(chosen)), ground)}
    column = TABLE.column_of(tier, purpose)
    assert column is not None
    for path, kind in chosen:
        concept = ground.fields.concept_of(slots[path, kind])
        assert concept is not None
        if kind not in TABLE.opens(concept, ground.place(column, purpose, path)):
            assert (path, kind) in found
