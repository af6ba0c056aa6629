"""Revert data in words, whatever it is."""

import pytest
from eth_abi.abi import encode

from ledger.chain.artifacts import CONTRACTS, load
from ledger.chain.custom_errors import decode, known_errors, selector
from ledger.core.keccak import keccak256

pytestmark = pytest.mark.unit

KEY = "0x038ae820a5b97c7d5239f9699a6181df17aae1b7"


def reverted(signature: str, *values: object) -> bytes:
    name, _, types = signature[:-1].partition("(")
    return keccak256(f"{name}({types})".encode())[:4] + encode(types.split(",") if types else [], values)


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (reverted("KeyNotEntitled(address,uint8)", KEY, 1), f"KeyNotEntitled(key={KEY}, role=SUBMIT)"),
        (reverted("KeyNotEntitled(address,uint8)", KEY, 99), f"KeyNotEntitled(key={KEY}, role=99)"),
        (reverted("RolesUnknown(uint16)", 0), "RolesUnknown(roles=none)"),
        (reverted("RolesUnknown(uint16)", 1 << 13 | 3), "RolesUnknown(roles=ADMIN+SUBMIT+0x2000)"),
        (reverted("RootMissing()"), "RootMissing()"),
        (
            reverted("MarkAlreadySet(uint32,bytes32,uint32,uint8)", 7, bytes(31) + b"\1", 2, 1),
            f"MarkAlreadySet(agency=7, recordId=0x{'00' * 31}01, version=2, mark=1)",
        ),
        (reverted("ParameterUnknown(bytes32)", b"factsage"), "ParameterUnknown(name=factsage)"),
        (reverted("ParameterUnknown(bytes32)", b"\xff"), f"ParameterUnknown(name=0xff{'00' * 31})"),
        (reverted("Error(string)", "no"), "refused: no"),
        (reverted("Panic(uint256)", 0x11), "arithmetic or access out of range (panic 0x11)"),
        (b"", "the call was refused without a reason"),
        (b"\1\2\3\4\5", "refused with an unknown error (selector 0x01020304, 5 bytes)"),
        (b"\1", "refused with an unknown error (selector 0x01, 1 bytes)"),
    ],
)
def test_revert_data_becomes_one_line(data: bytes, line: str) -> None:
    assert decode(data) == line


@pytest.mark.parametrize("signature", ["KeyNotEntitled(address,uint8)", "Error(string)"])
def test_cut_or_garbled_revert_data_is_named_as_such(signature: str) -> None:
    head = keccak256(signature.encode())[:4]
    for body in (b"", b"\xff" * 64, b"\xff" * 31):
        assert decode(head + body).startswith(f"refused with malformed error data (selector 0x{head.hex()}")


def test_a_cut_panic_is_malformed_data() -> None:
    assert "malformed" in decode(keccak256(b"Panic(uint256)")[:4])


def test_text_that_is_no_utf_8_is_malformed_data() -> None:
    head = keccak256(b"Error(string)")[:4]
    assert "malformed" in decode(head + encode(["bytes"], [b"\xff\xfe"]))


def test_no_two_errors_of_our_contracts_share_a_selector() -> None:
    declared = {
        (entry["name"], tuple(member["type"] for member in entry["inputs"]))
        for name in CONTRACTS
        for entry in load(name).abi
        if entry["type"] == "error"
    }
    assert len(known_errors()) == len(declared)
    assert all(selector(entry) == key for key, entry in known_errors().items())


def failed_call(reason: bytes) -> bytes:
    return keccak256(b"CallFailed(uint256,bytes)")[:4] + encode(["uint256", "bytes"], [3, reason])


def test_what_a_call_within_a_call_was_refused_with_is_said_too() -> None:
    inner = keccak256(b"ReasonMissing()")[:4]
    assert decode(failed_call(inner)) == "CallFailed(index=3, reason=ReasonMissing())"
    assert decode(failed_call(b"")) == "CallFailed(index=3, reason=the call was refused without a reason)"


def test_calls_within_calls_are_not_followed_to_any_depth() -> None:
    data = b""
    for _ in range(12):
        data = failed_call(data)
    assert decode(data).startswith("CallFailed(index=3, reason=")
    assert "bytes" in decode(data)
