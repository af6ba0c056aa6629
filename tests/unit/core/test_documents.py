"""Hashed documents: mask profiles and catalogue items."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core.canonical import decode, encode
from ledger.core.codes import AgencyKind, Purpose, ShareClass, Tier
from ledger.core.documents import EVERY_PURPOSE, parse_item, parse_profile, profile_of_bitmap
from ledger.core.keccak import keccak256
from ledger.errors import FormatError, SchemaError, UnsupportedFormat

pytestmark = pytest.mark.unit

SLOTS = (("/region", "o"), ("/name", "o"), ("/name", "g:surname@1"), ("/phone", "o"), ("/phone", "g:phone-3-4@1"))
HASH = "0x" + "ab" * 32


def profile(**changes: Any) -> dict[str, Any]:
    document = {
        "format": "gongzhi-profile/1",
        "item": 7,
        "itemVersion": 2,
        "tier": 6,
        "purpose": 2,
        "open": [["/region", "o"], ["/name", "g:surname@1"]],
    }
    return {**document, **changes}


def item(**changes: Any) -> dict[str, Any]:
    document = {
        "format": "gongzhi-item/1",
        "item": 7,
        "version": 2,
        "name": {"zh": "事件", "en": "Incident"},
        "responsible": 3,
        "shareClass": 1,
        "legalGround": None,
        "schemaHash": HASH,
        "publisherKinds": [3, 8, 22],
        "readerKinds": [2, 20],
        "purposes": [2, 5, 13],
        "maskPolicyHash": None,
        "class1Profile": "0x" + "cd" * 32,
        "updateEverySeconds": 0,
        "days": {"check": 2, "answer": 10, "deliver": 20},
    }
    return {**document, **changes}


def test_no_profile_opens_a_subject() -> None:
    with pytest.raises(SchemaError, match="never opened"):
        parse_profile(profile(open=[["/subject", "o"]]))
    with pytest.raises(SchemaError, match="never opened"):
        profile_of_bitmap(7, 2, Tier.E, EVERY_PURPOSE, 0b1, (("/subject", "o"),))


def test_a_profile_survives_parsing_and_its_hash_is_of_the_canonical_bytes() -> None:
    parsed = parse_profile(profile())
    assert parsed.document == profile()
    assert parsed.hash == keccak256(encode(profile()))
    assert (parsed.item, parsed.item_version, parsed.tier, parsed.purpose) == (7, 2, Tier.T4, Purpose.INCIDENT_RESPONSE)


def test_the_hash_of_a_known_profile_never_changes() -> None:
    assert parse_profile(profile()).hash.hex() == "601bcb62b74f762c85afa43d5b365e5d615c428b3c1b3820ec9d6db4661eddfc"


def test_the_bitmap_has_bit_i_for_slot_i() -> None:
    assert parse_profile(profile()).bitmap(SLOTS) == 0b00101
    assert parse_profile(profile(open=[])).bitmap(SLOTS) == 0


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2 ** len(SLOTS) - 1), st.sampled_from(Tier), st.integers(0, 13))
def test_a_profile_built_from_a_bitmap_opens_exactly_that_bitmap(bitmap: int, tier: Tier, purpose: int) -> None:
    built = profile_of_bitmap(1, 1, tier, purpose, bitmap, SLOTS)
    assert built.bitmap(SLOTS) == bitmap
    assert parse_profile(decode(encode(built.document))) == built


@pytest.mark.parametrize("bitmap", [-1, 1 << len(SLOTS)])
def test_a_bitmap_beyond_the_schema_makes_no_profile(bitmap: int) -> None:
    with pytest.raises(SchemaError, match="beyond"):
        profile_of_bitmap(1, 1, Tier.T0, EVERY_PURPOSE, bitmap, SLOTS)


def test_a_profile_that_names_a_slot_the_schema_does_not_have_fits_it_not() -> None:
    with pytest.raises(SchemaError, match="not in the schema"):
        parse_profile(profile(open=[["/name", "g:birth-year@1"]])).bitmap(SLOTS)


def test_a_profile_out_of_schema_order_fits_it_not() -> None:
    with pytest.raises(SchemaError, match="schema order"):
        parse_profile(profile(open=[["/phone", "o"], ["/name", "o"]])).bitmap(SLOTS)


@pytest.mark.parametrize(
    "changes",
    [
        {"extra": 1},
        {"item": 0},
        {"item": "7"},
        {"item": True},
        {"item": 1 << 32},
        {"itemVersion": 0},
        {"tier": 0},
        {"tier": 10},
        {"tier": None},
        {"purpose": 14},
        {"purpose": -1},
        {"open": None},
        {"open": [["/name"]]},
        {"open": ["/name"]},
        {"open": [["/name", 1]]},
        {"open": [[1, "o"]]},
        {"open": [["/name", "o"], ["/name", "o"]]},
        {"open": [[f"/{number}", "o"] for number in range(257)]},
    ],
    ids=str,
)
def test_a_malformed_profile_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(FormatError):
        parse_profile(profile(**changes))


@pytest.mark.parametrize("missing", sorted(profile()))
def test_a_profile_without_one_of_its_members_is_refused(missing: str) -> None:
    document = profile()
    del document[missing]
    with pytest.raises(FormatError, match=missing):
        parse_profile(document)


@pytest.mark.parametrize("parse", [parse_profile, parse_item])
def test_another_format_name_is_unsupported_and_a_non_object_malformed(parse: Any) -> None:
    with pytest.raises(UnsupportedFormat):
        parse({"format": "gongzhi-profile/2"})
    with pytest.raises(FormatError):
        parse([])


def test_an_item_survives_parsing_and_its_hash_is_of_the_canonical_bytes() -> None:
    parsed = parse_item(item())
    assert parsed.document == item()
    assert parsed.hash == keccak256(encode(item()))
    assert parsed.share_class is ShareClass.UNCONDITIONAL
    assert parsed.publisher_kinds == (AgencyKind.POLICE, AgencyKind.FIRE, AgencyKind.COMMUNITY)


def test_the_hash_of_a_known_item_never_changes() -> None:
    assert parse_item(item()).hash.hex() == "93e07a9c92a9a5caef2e2ceb202e9148b0073b472eee15fb9f1c904256eb1d7e"


def test_an_item_gives_the_bitmaps_of_its_event() -> None:
    parsed = parse_item(item())
    assert parsed.publisher_bitmap == 1 << 3 | 1 << 8 | 1 << 22
    assert parsed.reader_bitmap == 1 << 2 | 1 << 20
    assert parsed.purpose_bitmap == 1 << 2 | 1 << 5 | 1 << 13


def test_an_item_of_class_three_states_its_legal_ground() -> None:
    ground = {"zh": "法律规定", "en": "by law"}
    document = item(shareClass=3, class1Profile=None, legalGround=ground, maskPolicyHash=HASH)
    parsed = parse_item(document)
    assert parsed.document == document
    assert parsed.mask_policy_hash == b"\xab" * 32
    with pytest.raises(FormatError, match="legal ground"):
        parse_item(item(shareClass=3, class1Profile=None))


@pytest.mark.parametrize(
    "changes",
    [
        {"extra": 1},
        {"item": 0},
        {"version": 0},
        {"responsible": 0},
        {"name": {"zh": "事件"}},
        {"name": "Incident"},
        {"shareClass": 0},
        {"shareClass": 4},
        {"shareClass": 2},
        {"class1Profile": None},
        {"class1Profile": HASH.upper()},
        {"schemaHash": None},
        {"schemaHash": "0xab"},
        {"publisherKinds": []},
        {"publisherKinds": [8, 3]},
        {"publisherKinds": [3, 3]},
        {"publisherKinds": [13]},
        {"readerKinds": 3},
        {"purposes": [0]},
        {"purposes": [14]},
        {"legalGround": "by law"},
        {"maskPolicyHash": ""},
        {"updateEverySeconds": -1},
        {"days": {"check": 2, "answer": 10}},
        {"days": {"check": 2, "answer": 10, "deliver": 65536}},
    ],
    ids=str,
)
def test_a_malformed_item_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(FormatError):
        parse_item(item(**changes))
