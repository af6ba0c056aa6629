"""What no profile may open: each rule alone, under a table that would open everything."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core.codes import AgencyKind, Purpose, Tier
from ledger.core.documents import MaskProfile
from ledger.core.mask_table import FieldsMap, MaskTable, Place
from ledger.core.profile_lint import (
    Class1,
    Finding,
    LintCode,
    audience,
    class1_places,
    lint_profile,
    permitted_kinds,
)
from ledger.core.schema import parse_schema
from tests.unit.core.masks import LADDERS, SLOTS, fields, ground, masks_with, opening, schema

pytestmark = pytest.mark.unit
SELF = int(Purpose.RIGHTS_AND_AUDIT)


def codes(profile: MaskProfile, table: MaskTable | None = None, of: FieldsMap | None = None) -> set[str]:
    return {str(found.code) for found in lint_profile(profile, ground(table, of))}


def of(path: str, kind: str, tier: Tier, purpose: int = 0) -> set[str]:
    return codes(opening((path, kind), tier=tier, purpose=purpose))


def test_a_profile_that_opens_what_its_tier_may_see_has_no_finding() -> None:
    names = [("/region", "o"), ("/name", "o"), ("/idNumber", "g:id-1-2@1"), ("/birthDate", "g:age-flags@1")]
    assert lint_profile(opening(*names), ground()) == ()


def test_a_slot_that_the_schema_does_not_have_is_found() -> None:
    assert of("/nobody", "o", Tier.T5) == {"slot_unknown"}
    assert of("/name", "g:id-1-2@1", Tier.T5) == {"slot_unknown"}


def test_a_slot_without_a_concept_or_with_one_that_the_table_lacks_is_found() -> None:
    assert codes(opening(("/secret", "o"), tier=Tier.T5), of=fields(secret="unheard")) == {
        "concept_missing",
        "beyond_table",
    }
    less = fields()
    del less.concepts["/secret"]  # type: ignore[attr-defined]
    assert "concept_missing" in codes(opening(("/secret", "o"), tier=Tier.T5), of=less)


def test_a_concept_that_the_schema_s_rules_or_class_belie_is_found() -> None:
    assert "concept_mismatch" in codes(opening(("/idNumber", "g:id-1-2@1")), of=fields(idNumber="name"))
    assert "concept_mismatch" in codes(opening(("/secret", "o"), tier=Tier.T5), of=fields(secret="open"))


def test_a_concept_that_the_path_s_end_or_the_type_belies_is_found_of_derived_slots_too() -> None:
    assert "concept_mismatch" in codes(opening(("/secret", "o"), tier=Tier.T5), of=fields(secret="age_flags"))
    assert "concept_mismatch" in codes(opening(("/name", "o")), of=fields(name="sex"))
    assert "concept_mismatch" in codes(opening(("/birthDate", "g:age-flags@1")), of=fields(birthDate="sex"))
    assert "concept_mismatch" not in codes(opening(("/birthDate", "g:age-flags@1")))


def test_an_open_slot_that_seems_a_person_s_is_found_in_every_profile_opened_or_not() -> None:
    slots = [*schema().document["slots"], {**schema().document["slots"][0], "path": "/contact/mobile"}]
    judged = replace(ground(), schema=parse_schema({**schema().document, "slots": slots}))
    (found,) = lint_profile(opening(("/region", "o")), judged)
    assert (found.code, found.path, found.kind) == (LintCode.OPEN_PERSONAL, "/contact/mobile", "o")


def test_a_subject_is_never_opened() -> None:
    for tier in Tier:
        assert "subject_opened" in of("/subject", "o", tier)
    assert "subject_opened" in of("/subject", "o", Tier.T0, SELF)


@pytest.mark.parametrize("tier", Tier)
@pytest.mark.parametrize("purpose", [0, *Purpose])
def test_a_whole_identity_number_is_for_departments_under_a_statute_and_the_person(tier: Tier, purpose: int) -> None:
    statute = tier is Tier.T5 and purpose == Purpose.RESIDENCE_REGISTRATION
    assert ("identity_number" in of("/idNumber", "o", tier, purpose)) is not (statute or purpose == SELF)


def test_an_identity_number_is_known_by_its_path_and_rule_whatever_its_concept() -> None:
    hidden = fields(idNumber="detail_sensitive")
    assert "identity_number" in codes(opening(("/idNumber", "o"), tier=Tier.T5), of=hidden)
    assert "identity_number" in codes(opening(("/secret", "o"), tier=Tier.T5), of=fields(secret="id_no"))


def test_an_identity_number_masked_by_any_other_rule_is_found() -> None:
    assert "identity_number" in codes(opening(("/name", "g:surname@1"), tier=Tier.T5), of=fields(name="id_no"))
    assert "identity_number" not in of("/idNumber", "g:id-1-2@1", Tier.T5)


@pytest.mark.parametrize("path", ["/name", "/phone"])
def test_names_and_phones_in_full_are_not_for_strangers(path: str) -> None:
    far = {tier for tier in Tier if "contact_original" in of(path, "o", tier)}
    assert far == {Tier.T0, Tier.T1, Tier.T2, Tier.T2X}
    assert "contact_original" not in of(path, "o", Tier.T0, SELF)
    assert "contact_original" not in of("/phone", "g:phone-3-4@1", Tier.T2)


def test_whole_birth_dates_are_for_departments_and_the_person() -> None:
    assert {tier for tier in Tier if "birth_date_original" not in of("/birthDate", "o", tier)} == {Tier.T5}
    assert "birth_date_original" not in of("/birthDate", "o", Tier.T0, SELF)
    assert "birth_date_original" not in of("/birthDate", "g:birth-band10@1", Tier.T0)


def test_sensitive_originals_are_for_those_who_act() -> None:
    below = {tier for tier in Tier if "sensitive_below_tier" in of("/secret", "o", tier)}
    assert below == {Tier.T0, Tier.T1, Tier.T2, Tier.T2X, Tier.T4, Tier.T6}
    assert "sensitive_below_tier" not in of("/secret", "o", Tier.T0, SELF)


def test_an_address_as_one_string_or_with_another_rule_is_found() -> None:
    assert of("/address", "g:addr-street@1", Tier.T3) == set()
    assert "address_unstructured" in of("/old/address", "o", Tier.T5)
    assert "address_unstructured" in codes(opening(("/name", "g:surname@1")), of=fields(name="address"))


def test_a_point_is_no_finer_than_its_tier() -> None:
    fine = {tier for tier in Tier if "point_too_fine" not in of("/place/point", "o", tier)}
    three = {tier for tier in Tier if "point_too_fine" not in of("/place/point", "g:point-3@1", tier)}
    assert fine == {Tier.T3, Tier.T5, Tier.E}
    assert three == fine | {Tier.T4}
    assert "point_too_fine" not in of("/place/point", "g:point-2@1", Tier.T2X)
    assert "point_too_fine" not in of("/place/point", "o", Tier.T0, SELF)


def test_text_is_redacted_for_all_but_those_who_act_and_for_the_person_too() -> None:
    whole = {tier for tier in Tier if "text_unredacted" not in of("/description", "o", tier)}
    assert whole == {Tier.T3, Tier.T5, Tier.E}
    assert "text_unredacted" in of("/description", "o", Tier.T0, SELF)
    assert of("/description", "g:text-redact@1", Tier.T3) == set()


def test_a_special_service_is_a_code_and_never_content() -> None:
    assert "service_content" in of("/care", "o", Tier.T5)
    assert of("/need", "o", Tier.T5) == set()


def test_sex_with_a_whole_birth_date_and_a_building_single_out_a_person() -> None:
    three = [("/birthDate", "o"), ("/sex", "o"), ("/address", "g:addr-building@1")]
    assert "combination" in codes(opening(*three, tier=Tier.T3))
    assert "combination" in codes(opening(*three[:2], ("/address", "o"), tier=Tier.E))
    assert "combination" not in codes(opening(*three, tier=Tier.T5))
    assert "combination" not in codes(opening(*three, tier=Tier.T0, purpose=SELF))
    for place in range(3):
        assert "combination" not in codes(opening(*three[:place], *three[place + 1 :]))
    assert "combination" not in codes(opening(*three[:2], ("/address", "g:addr-street@1")))
    assert "combination" not in codes(opening(("/birthDate", "g:birth-band10@1"), *three[1:]))


def test_a_class_1_profile_opens_no_personal_original_and_no_more_than_its_strictest_reader_sees() -> None:
    everybody = Class1((AgencyKind.POLICE, AgencyKind.PROPERTY_COMPANY), (Purpose.CARE,))
    table = masks_with(name={"overrides": [{"columns": ["T2"], "open": "closed"}]})
    judged = ground(table, class1=everybody)

    def found(*names: tuple[str, str]) -> set[LintCode]:
        return {one.code for one in lint_profile(opening(*names, tier=Tier.T0), judged)}

    assert found(("/region", "o"), ("/phone", "g:phone-3-4@1"), ("/synthetic", "o")) == set()
    assert found(("/sex", "o")) == {LintCode.CLASS1_ORIGINAL}
    assert found(("/name", "g:surname@1")) == {LintCode.BEYOND_TABLE}
    assert class1_places(judged, everybody, "/name") == tuple(
        Place(column, purpose, "sample", "/name", (reader,))
        for column, reader in (("T2", AgencyKind.PROPERTY_COMPANY), ("T5", AgencyKind.POLICE))
        for purpose in (0, 7)
    )
    assert permitted_kinds(judged, (), "name") == ()


def test_what_is_beyond_the_table_is_found_and_a_tier_without_a_column_sees_nothing() -> None:
    table = masks_with(name={"cell": "g:surname@1"})
    assert codes(opening(("/name", "o")), table) == {"beyond_table"}
    assert codes(opening(("/name", "g:surname@1")), table) == set()
    assert codes(opening(("/region", "o"), tier=Tier.T4)) == {"beyond_table"}


def test_what_is_open_to_listed_kinds_is_found_where_an_item_has_other_readers() -> None:
    given = [{"columns": ["T5"], "purposes": [7], "readerKinds": [3], "open": "o"}]
    table = masks_with(name={"cell": "closed", "overrides": given})

    def found(purpose: int, *readers: AgencyKind) -> list[str]:
        against = replace(ground(table), readers=readers)
        return [one.code for one in lint_profile(opening(("/name", "o"), tier=Tier.T5, purpose=purpose), against)]

    assert found(7, AgencyKind.POLICE) == []
    assert found(7, AgencyKind.POLICE, AgencyKind.COMMUNITY) == []
    assert found(7, AgencyKind.POLICE, AgencyKind.CIVIL_AFFAIRS) == [LintCode.READER_NOT_LISTED]
    assert found(7) == [LintCode.READER_NOT_LISTED]
    assert found(2, AgencyKind.POLICE, AgencyKind.CIVIL_AFFAIRS) == [LintCode.BEYOND_TABLE]


def test_a_profile_for_every_purpose_opens_no_more_than_each_purpose_of_its_item_may_see() -> None:
    table = masks_with(name={"overrides": [{"columns": ["T3"], "purposes": [11], "open": "closed"}]})

    def found(purpose: int, *listed: Purpose) -> list[str]:
        against = ground(table, purposes=listed)
        return [one.code for one in lint_profile(opening(("/name", "o"), purpose=purpose), against)]

    assert found(0, Purpose.CARE) == []
    assert found(0, Purpose.CARE, Purpose.EVALUATION) == [LintCode.BEYOND_TABLE]
    assert found(7, Purpose.CARE, Purpose.EVALUATION) == []
    assert found(11, Purpose.CARE) == [LintCode.BEYOND_TABLE]


def test_a_finding_names_places_and_says_what_is_wrong_in_both_languages() -> None:
    (found,) = lint_profile(opening(("/nobody", "o"), tier=Tier.T2X, purpose=7), ground())
    assert found == Finding(LintCode.SLOT_UNKNOWN, Tier.T2X, 7, "/nobody", "o")
    assert found.line == "T2X P07 /nobody (o): slot_unknown, the schema has no such slot"
    assert audience(Tier.E, 0) == "E"
    assert all(zh and en for zh, en in (code.words for code in LintCode))


SLOT_NAMES = st.one_of(
    st.sampled_from([slot[:2] for slot in SLOTS]),
    st.tuples(st.sampled_from(["/name", "/nobody", ""]), st.sampled_from(["o", "g:id-1-2@1", "x"])),
)
CELLS = st.sampled_from(["o", "closed"])


@settings(deadline=None, derandomize=True)
@given(
    st.lists(SLOT_NAMES, unique=True),
    st.sampled_from(Tier),
    st.sampled_from([0, *map(int, Purpose), 99]),
    st.dictionaries(st.sampled_from(sorted(LADDERS)), CELLS),
)
def test_whatever_opens_that_the_table_closes_is_found_and_nothing_is_ever_raised(
    names: list[tuple[str, str]], tier: Tier, purpose: int, closed: dict[str, str]
) -> None:
    table = masks_with(**{name: {"cell": cell} for name, cell in closed.items()})
    profile, given_fields = opening(*names, tier=tier, purpose=purpose), fields()
    found = {(one.path, one.kind): one for one in lint_profile(profile, ground(table, given_fields))}
    shut = {path for path, name in given_fields.concepts.items() if closed.get(name) == "closed"}
    for path, kind in names:
        if path in shut and (path, kind) != ("/birthDate", "g:age-flags@1"):
            assert (path, kind) in found
    if table.column_of(tier, purpose) is None:
        assert set(found) == set(names)
