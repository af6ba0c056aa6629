"""Mask policies: every profile that may be granted for an item version."""

from typing import Any

import pytest

from ledger.core.canonical import encode
from ledger.core.codes import Tier
from ledger.core.keccak import keccak256
from ledger.core.mask_policy import PolicyProfile, parse_mask_policy
from ledger.errors import FormatError, UnsupportedFormat

pytestmark = pytest.mark.unit


def entry(tier: int, purpose: int, byte: int) -> dict[str, Any]:
    return {"tier": tier, "purpose": purpose, "profile": "0x" + f"{byte:02x}" * 32}


PROFILES = [entry(1, 12, 1), entry(6, 0, 2), entry(7, 0, 3), entry(7, 5, 4), entry(9, 0, 5), entry(9, 6, 6)]


def policy(**changes: Any) -> dict[str, Any]:
    return {"format": "gongzhi-mask-policy/1", "item": 2, "itemVersion": 1, "profiles": PROFILES, **changes}


def test_a_policy_survives_parsing_and_its_hash_is_of_the_canonical_bytes() -> None:
    parsed = parse_mask_policy(policy())
    assert parsed.document == policy()
    assert parsed.hash == keccak256(encode(policy()))
    assert (parsed.item, parsed.item_version, len(parsed.profiles)) == (2, 1, 6)


def test_the_hash_of_a_known_policy_never_changes() -> None:
    assert parse_mask_policy(policy()).hash.hex() == "aeb942abaa70c5dbd6a97cd02c7fa07fcc5bc267a0eca6ff1cce624000e39856"


def test_only_a_listed_profile_is_found_and_it_says_for_what_it_serves() -> None:
    parsed = parse_mask_policy(policy())
    assert parsed.listed(b"\x04" * 32) == PolicyProfile(Tier.T5, 5, b"\x04" * 32)
    assert parsed.listed(b"\x09" * 32) is None
    fire_only, every = parsed.profiles[3], parsed.profiles[2]
    assert [fire_only.serves(purpose) for purpose in (5, 2)] == [True, False]
    assert [every.serves(purpose) for purpose in (5, 2, 12)] == [True, True, True]


def test_what_an_emergency_or_the_resident_opens_is_granted_to_nobody() -> None:
    own, *_, emergency, _ = parse_mask_policy(policy()).profiles
    assert (own.purpose, emergency.tier) == (12, Tier.E)
    assert not any(one.serves(purpose) for one in (own, emergency) for purpose in range(1, 14))


def test_an_emergency_opens_the_profile_of_its_purpose_or_else_that_of_every_purpose() -> None:
    parsed = parse_mask_policy(policy())
    assert parsed.emergency_profile(6) == b"\x06" * 32
    assert parsed.emergency_profile(2) == b"\x05" * 32
    assert parse_mask_policy(policy(profiles=PROFILES[:4])).emergency_profile(6) is None
    assert parse_mask_policy(policy(profiles=PROFILES[5:])).emergency_profile(2) is None


def test_the_resident_sees_the_profile_of_rights_requests() -> None:
    assert parse_mask_policy(policy()).self_profile() == b"\x01" * 32
    assert parse_mask_policy(policy(profiles=PROFILES[1:])).self_profile() is None


@pytest.mark.parametrize(
    "changes",
    [
        {"item": 0},
        {"itemVersion": "1"},
        {"profiles": []},
        {"profiles": {}},
        {"profiles": [PROFILES[1], PROFILES[0]]},
        {"profiles": [entry(7, 5, 1), entry(7, 0, 2)]},
        {"profiles": [entry(7, 5, 1), entry(7, 5, 2)]},
        {"profiles": [entry(7, 0, 1), entry(9, 0, 1)]},
        {"profiles": [entry(1, 12, 1), entry(7, 12, 2)]},
        {"profiles": [entry(10, 0, 1)]},
        {"profiles": [entry(7, 14, 1)]},
        {"profiles": [{**entry(7, 0, 1), "profile": "0x01"}]},
        {"profiles": [{**entry(7, 0, 1), "note": ""}]},
        {"profiles": [entry(1 + number // 12, number % 12, number) for number in range(1, 108)] * 2},
        {"note": ""},
    ],
)
def test_a_policy_of_another_shape_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(FormatError):
        parse_mask_policy(policy(**changes))


def test_a_policy_of_another_format_is_refused() -> None:
    with pytest.raises(UnsupportedFormat):
        parse_mask_policy(policy(format="gongzhi-mask-policy/2"))
