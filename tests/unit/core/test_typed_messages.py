"""Messages by which people act on the contracts: pinned digests, JSON forms, shapes that are refused."""

import pytest

from ledger.core.statements import TYPES
from ledger.core.typed_messages import (
    MESSAGES,
    PAUSABLE,
    domain_name,
    keyed_nonce,
    message_digest,
    message_from_json,
    message_to_json,
    typed_data,
)
from ledger.errors import FormatError

pytestmark = pytest.mark.unit

CONTRACT = "0x3f4ff0048ad4feed531ee62311b205bec49bfcd3"
MARK = {
    "key": "0x038ae820a5b97c7d5239f9699a6181df17aae1b7",
    "recordId": bytes(range(32)),
    "version": 2,
    "mark": 1,
    "reason": 9,
    "nonce": keyed_nonce(3, 4),
    "deadline": 1_767_226_060,
}
MARK_JSON = {
    "key": "0x038ae820a5b97c7d5239f9699a6181df17aae1b7",
    "recordId": "0x000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
    "version": 2,
    "mark": 1,
    "reason": 9,
    "nonce": "55340232221128654852",
    "deadline": 1_767_226_060,
}

EMERGENCY = {
    "key": "0x038ae820a5b97c7d5239f9699a6181df17aae1b7",
    "supervisor": "0x" + "0" * 40,
    "secondAgencyKey": "0x" + "ab" * 20,
    "caseRef": bytes(range(32)),
    "items": (1, 5, 6),
    "region": 990101,
    "reason": 2,
    "noteHash": bytes(range(1, 33)),
    "expiresAt": 1_767_300_000,
    "nonce": keyed_nonce(3, 4),
    "deadline": 1_767_226_060,
}


def test_the_digest_of_a_mark_is_what_ethers_computes() -> None:
    digest = message_digest("Mark", MARK, 20_265_801, CONTRACT)
    assert digest.hex() == "672d8a8042568cf411b053ea06e53a5dfa8a3b518002105639ec5d0a3ef6005c"


@pytest.mark.parametrize("member", MARK)
def test_every_member_is_in_the_digest(member: str) -> None:
    changed = {
        "key": "0x138ae820a5b97c7d5239f9699a6181df17aae1b7",
        "recordId": bytes(32),
    }
    other = MARK | {member: changed.get(member, 5)}
    digests = [message_digest("Mark", message, 1, CONTRACT) for message in (MARK, other)]
    assert digests[0] != digests[1]


def test_chain_and_contract_are_in_the_digest() -> None:
    here = message_digest("Mark", MARK, 1, CONTRACT)
    assert here != message_digest("Mark", MARK, 2, CONTRACT)
    assert here != message_digest("Mark", MARK, 1, "0x" + "00" * 20)


def test_a_keyed_nonce_has_the_lane_above_the_count() -> None:
    assert keyed_nonce(0, 7) == 7
    assert keyed_nonce(1, 0) == 1 << 64
    assert keyed_nonce((1 << 192) - 1, (1 << 64) - 1) == (1 << 256) - 1


@pytest.mark.parametrize(("lane", "count"), [(-1, 0), (1 << 192, 0), (0, 1 << 64), (0, -1)])
def test_a_nonce_out_of_range_is_refused(lane: int, count: int) -> None:
    with pytest.raises(FormatError):
        keyed_nonce(lane, count)


def test_json_and_message_are_the_same_thing() -> None:
    assert message_to_json("Mark", MARK) == MARK_JSON
    assert message_from_json("Mark", MARK_JSON) == MARK


@pytest.mark.parametrize(
    "change",
    [
        {"nonce": 4},
        {"nonce": "04"},
        {"nonce": ""},
        {"nonce": "-1"},
        {"nonce": "٣"},
        {"nonce": "1" * 79},
        {"nonce": str(1 << 256)},
        {"deadline": -1},
        {"deadline": "5"},
        {"deadline": True},
        {"version": 1 << 32},
        {"recordId": "0x00"},
        {"key": "0x038AE820a5b97c7d5239f9699a6181df17aae1b7"},
        {"more": 1},
    ],
)
def test_json_of_another_shape_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(FormatError):
        message_from_json("Mark", MARK_JSON | change)


def test_the_digest_of_an_emergency_is_what_ethers_computes() -> None:
    digest = message_digest("OpenEmergency", EMERGENCY, 20_265_801, CONTRACT)
    assert digest.hex() == "6215ec632e616a1a680c81860f5bacf74eb5a2d7493210b2fa6f4689604b7ea0"


def test_a_list_of_numbers_is_a_list_in_json_too() -> None:
    spelled = message_to_json("OpenEmergency", EMERGENCY)
    assert spelled["items"] == [1, 5, 6]
    assert message_from_json("OpenEmergency", spelled) == EMERGENCY


@pytest.mark.parametrize("items", [5, "5", {"5": 5}, [True], [-1], [1 << 32], ["5"]])
def test_a_list_of_anything_else_is_refused(items: object) -> None:
    with pytest.raises(FormatError):
        message_from_json("OpenEmergency", message_to_json("OpenEmergency", EMERGENCY) | {"items": items})
    with pytest.raises(FormatError):
        message_digest("OpenEmergency", EMERGENCY | {"items": items}, 1, CONTRACT)


def test_order_and_number_of_a_list_are_in_the_digest() -> None:
    lists = ((), (1,), (1, 5), (5, 1), (1, 5, 6))
    digests = {message_digest("OpenEmergency", EMERGENCY | {"items": each}, 1, CONTRACT) for each in lists}
    assert len(digests) == len(lists)


def test_zero_is_a_number_like_any_other() -> None:
    assert message_from_json("Mark", MARK_JSON | {"nonce": "0"})["nonce"] == 0


def test_a_missing_or_unknown_member_has_no_digest() -> None:
    with pytest.raises(FormatError):
        message_digest("Mark", {name: MARK[name] for name in MARK if name != "reason"}, 1, CONTRACT)
    with pytest.raises(FormatError):
        message_digest("Mark", MARK | {"more": 1}, 1, CONTRACT)


def test_a_wallet_is_shown_the_message_in_its_domain() -> None:
    shown = typed_data("Mark", MARK, 7, CONTRACT)
    assert shown["primaryType"] == "Mark"
    assert shown["message"] == MARK_JSON
    assert shown["domain"] == {
        "name": "Gongzhi RecordAnchors",
        "version": "1",
        "chainId": 7,
        "verifyingContract": CONTRACT,
    }
    assert [member["name"] for member in shown["types"]["Mark"]] == list(MARK)


def test_a_pause_is_one_type_in_the_domain_of_each_contract_that_takes_it() -> None:
    message = {"guardian": MARK["key"], "nonce": 0, "deadline": 5}
    shown = [typed_data(f"Pause{contract}", message, 7, CONTRACT) for contract in PAUSABLE]
    assert {one["primaryType"] for one in shown} == {"Pause"}
    assert [one["domain"]["name"] for one in shown] == [f"Gongzhi {contract}" for contract in PAUSABLE]
    digests = {message_digest(f"Pause{contract}", message, 7, CONTRACT) for contract in PAUSABLE}
    assert len(digests) == len(PAUSABLE)


def test_no_message_could_be_taken_for_an_off_chain_statement() -> None:
    assert {kind.primary_type for kind in MESSAGES.values()}.isdisjoint(TYPES)
    assert domain_name("RecordAnchors") == "Gongzhi RecordAnchors"


@pytest.mark.parametrize("name", MESSAGES)
def test_every_message_names_its_signers_nonce_and_deadline(name: str) -> None:
    kind = MESSAGES[name]
    types = dict(kind.members)
    assert all(types[signer] == "address" for signer in kind.signers)
    assert (types["nonce"], types["deadline"]) == ("uint256", "uint64")
    assert name in (kind.primary_type, kind.primary_type + kind.contract)
