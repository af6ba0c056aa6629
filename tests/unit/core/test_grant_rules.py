"""A grant's terms fit what it opens, and it goes no further than its request."""

from dataclasses import replace

import pytest

from ledger.core.access_facts import AccessFacts, GrantTerms
from ledger.core.codes import Purpose, Term, Tier
from ledger.core.documents import MaskProfile
from ledger.core.grant_rules import (
    is_listed,
    opened_classes,
    slots_beyond,
    why_beyond_request,
    why_terms_unfit,
    why_tier_unfit,
)
from ledger.core.mask_policy import MaskPolicy, PolicyProfile
from ledger.core.points import Point
from ledger.core.schema import parse_schema
from tests.simulated_consortium import incident_schema

pytestmark = pytest.mark.unit
NOW = 1_000
SCHEMA = parse_schema(incident_schema())
PLAIN = GrantTerms("0x" + "11" * 20, 1, b"\1" * 32, NOW + 50, 0, 0, 0, bytes(32))
ASKED = AccessFacts(
    *(b"\2" * 32, 3, 4, "0x" + "12" * 20, 6, 1, 2, 3, b"\3" * 32, b"\4" * 32, b"\1" * 32, NOW + 50),
    requested=Point(1, 0, NOW),
)


def profile(*opened: tuple[str, str]) -> MaskProfile:
    return MaskProfile(6, 1, Tier.T5, 0, opened)


def test_the_classes_that_a_profile_opens_are_those_of_its_slots() -> None:
    assert opened_classes(profile(("/region", "o"), ("/name", "g:surname@1")), SCHEMA) == {"O", "G"}
    assert opened_classes(profile(("/elsewhere", "o")), SCHEMA) == frozenset()


@pytest.mark.parametrize(
    ("terms", "classes", "reason"),
    [
        (PLAIN, frozenset("OG"), None),
        (PLAIN, None, None),
        (PLAIN, frozenset("OGS"), "AssessmentMissing: a profile that opens sensitive slots"),
        (replace(PLAIN, assessment=b"\5" * 32), frozenset("OGS"), None),
        (replace(PLAIN, terms=Term.ENTRUSTED.bit), frozenset("O"), "AssessmentMissing: entrusted processing"),
        (replace(PLAIN, terms=Term.ENTRUSTED.bit), None, "AssessmentMissing"),
        (replace(PLAIN, terms=Term.ENTRUSTED.bit, assessment=b"\5" * 32), frozenset("O"), None),
        (replace(PLAIN, terms=Term.STATISTICS_ONLY.bit), frozenset("OG"), "StatisticsOnlyUnfit"),
        (replace(PLAIN, terms=Term.STATISTICS_ONLY.bit), frozenset("O"), None),
        (replace(PLAIN, terms=Term.STATISTICS_ONLY.bit), frozenset(), None),
        (replace(PLAIN, destroy_by=NOW), frozenset("O"), f"DestroyByPast: destroyBy is 0 or lies after {NOW}"),
        (replace(PLAIN, destroy_by=NOW + 1), frozenset("O"), None),
    ],
)
def test_terms_fit_what_a_grant_opens(terms: GrantTerms, classes: frozenset[str] | None, reason: str | None) -> None:
    found = why_terms_unfit(terms, classes, NOW)
    assert found is None if reason is None else found is not None and found.startswith(reason)


def test_a_grant_lasts_no_longer_than_was_asked() -> None:
    assert why_beyond_request(ASKED, PLAIN, None, None) is None
    assert why_beyond_request(ASKED, replace(PLAIN, expires_at=NOW + 51), None, None) == (
        f"GrantBeyondRequest: it was asked until {NOW + 50}; a holder grants that or less"
    )


def test_a_grant_opens_no_slot_beyond_the_profile_that_was_asked() -> None:
    asked = profile(("/region", "o"), ("/name", "g:surname@1"), ("/phone", "o"))
    narrower = (asked, profile(("/region", "o")), profile(("/phone", "g:phone-3-4@1")))
    assert [why_beyond_request(ASKED, PLAIN, one, asked) for one in narrower] == [None, None, None]
    wider = profile(("/region", "o"), ("/name", "o"), ("/address", "g:addr-street@1"))
    assert slots_beyond(wider, asked) == (("/name", "o"), ("/address", "g:addr-street@1"))
    assert why_beyond_request(ASKED, PLAIN, wider, asked) == (
        f"GrantBeyondRequest: profile 0x{'01' * 32} was asked, "
        "which does not open /name (o), /address (g:addr-street@1)"
    )
    assert why_beyond_request(ASKED, PLAIN, wider, None) is None
    assert why_beyond_request(ASKED, PLAIN, None, asked) is None


def test_a_profile_is_granted_where_the_mask_policy_lists_it_for_the_purpose() -> None:
    every, one, resident, emergency = (bytes([place]) * 32 for place in range(4))
    policy = MaskPolicy(
        6,
        1,
        (
            PolicyProfile(Tier.T5, 0, every),
            PolicyProfile(Tier.T5, 2, one),
            PolicyProfile(Tier.T5, Purpose.RIGHTS_AND_AUDIT, resident),
            PolicyProfile(Tier.E, 0, emergency),
        ),
    )
    listed = [is_listed(policy, profile, 2) for profile in (every, one, resident, emergency, b"\7" * 32)]
    assert listed == [True, True, False, False, False]
    assert not is_listed(policy, one, 3)
    assert not is_listed(None, every, 2)


def test_a_reader_is_granted_by_a_profile_of_its_kind_s_tiers() -> None:
    department = profile(("/region", "o"))
    assert why_tier_unfit(department, 3, 8, frozenset({Tier.T4, Tier.T5})) is None
    assert why_tier_unfit(department, 3, 22, frozenset({Tier.T4, Tier.T3})) == (
        "agency 3 of kind 22 looks under T3, T4, the profile is of tier T5"
    )
    assert "looks under none" in str(why_tier_unfit(department, 3, 99, frozenset()))
