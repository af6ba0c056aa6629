"""Permanent codes: pinned, so that renumbering one fails here."""

import pytest

from ledger.core import codes
from ledger.core.codes import Basis, Purpose, Refusal, Role, bitmap_of, excluded_pairs, roles_of

pytestmark = pytest.mark.unit

PINNED = {
    "Role": "0 ADMIN 1 SUBMIT 2 REQUEST 3 DECIDE 4 EMERGENCY 5 SUPERVISE 6 REVIEW 7 ANCHOR 8 GUARDIAN 9 AUDIT "
    "10 API_SIGN 11 RELAY 12 READ",
    "AgencyKind": "1 DATA_BUREAU 2 COORDINATION 3 POLICE 4 JUSTICE 5 CIVIL_AFFAIRS 6 HEALTH 7 EMERGENCY_MANAGEMENT "
    "8 FIRE 9 HOUSING 10 URBAN_MANAGEMENT 11 MARKET_SUPERVISION 12 EDUCATION 20 DISTRICT 21 STREET 22 COMMUNITY "
    "30 PROPERTY_COMPANY 31 OWNERS_COMMITTEE 32 VOLUNTEERS 33 SOCIAL_ORGANIZATION 34 HOSPITAL 35 CONTRACTOR "
    "40 AUDITOR 41 EVALUATOR 42 SUPERVISOR",
    "Basis": "1 CONSENT 2 CONTRACT 3 STATUTORY_DUTY 4 EMERGENCY 5 PUBLIC_INFORMATION 6 PUBLIC_INTEREST 7 OTHER_LAW",
    "Purpose": "1 RESIDENCE_REGISTRATION 2 INCIDENT_RESPONSE 3 HAZARD_RECTIFICATION 4 DISPUTE_MEDIATION "
    "5 FIRE_SAFETY 6 EPIDEMIC_CONTROL 7 CARE 8 SUPPLIES 9 PATROL_AND_VOLUNTEERS 10 FACILITY_UPKEEP 11 EVALUATION "
    "12 RIGHTS_AND_AUDIT 13 DRILL",
    "ShareClass": "1 UNCONDITIONAL 2 CONDITIONAL 3 NOT_SHARED",
    "Tier": "1 T0 2 T1 3 T2 4 T2X 5 T3 6 T4 7 T5 8 T6 9 E",
    "Authority": "1 CLASS1 2 GRANT 3 EMERGENCY 4 PENDING_EMERGENCY 5 SELF 6 AUDIT 7 OWN",
    "EntryType": "1 SUBMISSION 2 DISCLOSURE 3 REFUSAL 4 QUERY 5 RECEIVED 6 NOTICE 7 VOID",
    "QueryType": "1 COVERAGE 2 MATCH 4 STATISTICS 5 EXPORT",
    "Mark": "1 WITHDRAWN 2 CORRECTED 3 DISPUTED 4 ERASED 5 HOLD",
    "VoidReason": "1 LOST_IN_RESTORE 2 GATEWAY_FAULT 3 KEY_COMPROMISE",
    "CaptureMode": "1 OWN_KEY 2 GUARDIAN 3 WITNESSED_PAPER 4 ASSISTED 5 STATUTORY_NOTICE",
    "DataCategory": "1 GENERAL 2 SENSITIVE",
    "AccessDecision": "1 GRANTED 2 REFUSED",
    "Term": "0 NO_ONWARD 1 ENTRUSTED 2 STATISTICS_ONLY 3 NOTIFY_SUBJECT",
    "Outcome": "1 ACCEPTED 2 DISPUTED",
    "ReviewVerdict": "1 JUSTIFIED 2 FAULTS 3 NOT_JUSTIFIED",
    "GuardianRelation": "1 PARENT 2 GRANDPARENT 3 SIBLING 4 SPOUSE 5 ADULT_CHILD 6 OTHER_RELATIVE 7 APPOINTED "
    "8 CIVIL_AFFAIRS",
    "Refusal": "1 KEY_NOT_ENTITLED 2 ITEM_UNKNOWN 3 PURPOSE_NOT_ALLOWED 4 ITEM_NOT_SHARED 5 NO_AUTHORITY "
    "6 GRANT_MISMATCH 7 GRANT_NOT_USABLE 8 BASIS_INCOMPLETE 9 OUT_OF_SCOPE 10 EMERGENCY_NOT_LIVE "
    "11 RECORD_WITHDRAWN 12 PROFILE_TOO_WIDE 13 QUOTA_EXHAUSTED 14 FACTS_STALE",
}


@pytest.mark.parametrize("name", PINNED)
def test_a_published_code_keeps_its_number_and_name(name: str) -> None:
    words = PINNED[name].split()
    pinned = {int(number): word for number, word in zip(words[::2], words[1::2], strict=True)}
    actual = {code.value: code.name for code in getattr(codes, name)}
    assert {number: actual.get(number) for number in pinned} == pinned
    assert set(actual) == set(pinned), "append the new code to the pinned list"


@pytest.mark.parametrize("name", [name for name in PINNED if name != "Refusal"])
def test_every_code_has_a_chinese_and_an_english_label(name: str) -> None:
    for code in getattr(codes, name):
        assert code.zh
        assert not code.zh.isascii()
        assert code.en
        assert code.en.isascii()


def test_codes_are_plain_integers_for_contracts_and_canonical_json() -> None:
    assert Role.READ == 12
    assert Role(12) is Role.READ
    assert codes.EntryType(1) is codes.EntryType.SUBMISSION


def test_an_unknown_code_is_refused() -> None:
    with pytest.raises(ValueError, match="99"):
        codes.AgencyKind(99)


def test_a_bitmap_has_bit_n_for_code_n() -> None:
    assert Role.ADMIN.bit == 1
    assert bitmap_of([Role.ADMIN, Role.READ]) == 0b1_0000_0000_0001
    assert bitmap_of([Purpose.RESIDENCE_REGISTRATION, Purpose.DRILL]) == 2 | 1 << 13
    assert bitmap_of([]) == 0


def test_roles_are_read_back_from_a_bitmap_and_unknown_bits_are_no_role() -> None:
    assert roles_of(bitmap_of(Role)) == frozenset(Role)
    assert roles_of(1 << 40 | Role.SUBMIT.bit) == {Role.SUBMIT}


def test_the_four_exclusive_pairs_are_found_and_nothing_else() -> None:
    expected = {
        (Role.REQUEST, Role.REVIEW),
        (Role.EMERGENCY, Role.SUPERVISE),
        (Role.EMERGENCY, Role.REVIEW),
        (Role.DECIDE, Role.AUDIT),
    }
    found = {pair for one in Role for other in Role for pair in excluded_pairs(one.bit | other.bit)}
    assert found == expected
    assert excluded_pairs(bitmap_of([Role.REQUEST, Role.EMERGENCY])) == ()


def test_short_names_and_refusals_read_as_the_policy_writes_them() -> None:
    assert [basis.short_name for basis in Basis] == ["LB1", "LB2", "LB3", "LB4", "LB5", "LB6", "LB7"]
    assert Purpose.RESIDENCE_REGISTRATION.short_name == "P01"
    assert Purpose.DRILL.short_name == "P13"
    assert Refusal.KEY_NOT_ENTITLED.slug == "key_not_entitled"
    assert all(refusal.needed for refusal in Refusal)
