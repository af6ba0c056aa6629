"""Statements: exact members and shapes, every member signed, nothing valid in another domain."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core.codes import EntryType
from ledger.core.eip712 import ENCODERS, domain_separator, members, signing_digest, type_hash, word
from ledger.core.entry import entry_digest
from ledger.core.keccak import keccak256
from ledger.core.statements import (
    ENTRY_STATEMENTS,
    OWN_TIME,
    TYPES,
    StatementDomain,
    message_from_json,
    message_to_json,
    statement_digest,
    struct_hash,
)
from ledger.errors import FormatError
from tests.simulated_consortium import address, number32

pytestmark = pytest.mark.unit
DOMAIN = StatementDomain(990_001, address("contract"))


def values_of(kind: str) -> st.SearchStrategy[Any]:
    if kind == "bytes32":
        return st.binary(min_size=32, max_size=32)
    if kind == "address":
        return st.binary(min_size=20, max_size=20).map(lambda data: "0x" + data.hex())
    return st.integers(0, 2 ** min(int(kind[4:]), 53) - 1)


def messages(statement: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({name: values_of(kind) for name, kind in members(TYPES[statement])})


SIGNED = st.sampled_from(sorted(TYPES)).flatmap(lambda name: st.tuples(st.just(name), messages(name)))


@settings(max_examples=60)
@given(SIGNED)
def test_a_message_reads_back_from_its_json_form(signed: tuple[str, dict[str, Any]]) -> None:
    statement, message = signed
    json_form = message_to_json(statement, message)
    assert list(json_form) == [name for name, _ in members(TYPES[statement])]
    assert message_from_json(statement, json_form) == message


@settings(max_examples=60)
@given(SIGNED, st.data())
def test_every_member_changes_the_digest(signed: tuple[str, dict[str, Any]], data: st.DataObject) -> None:
    statement, message = signed
    name, kind = data.draw(st.sampled_from(members(TYPES[statement])))
    other = {**message, name: data.draw(values_of(kind).filter(lambda value: value != message[name]))}
    assert statement_digest(DOMAIN, statement, other) != statement_digest(DOMAIN, statement, message)


@settings(max_examples=60)
@given(SIGNED, st.data())
def test_a_message_that_lacks_or_adds_a_member_is_no_statement(
    signed: tuple[str, dict[str, Any]], data: st.DataObject
) -> None:
    statement, message = signed
    dropped = data.draw(st.sampled_from(sorted(message)))
    less = {name: value for name, value in message.items() if name != dropped}
    for bad in (less, {**message, "remark": 1}, {**less, "remark": 1}):
        with pytest.raises(FormatError, match=f"^{statement}: (member '{dropped}' is missing|an unknown member)"):
            struct_hash(statement, bad)
    for bad in (less, {**message, "remark": 1}, {**less, "remark": 1}, list(message)):
        with pytest.raises(FormatError):
            message_from_json(statement, bad)


def test_the_same_message_under_another_name_chain_or_contract_is_something_else() -> None:
    message = {"gateway": 1, "entry": number32("e"), "acceptedAt": 2, "anchorBy": 3}
    digest = statement_digest(DOMAIN, "Acceptance", message)
    assert statement_digest(replace(DOMAIN, chain_id=1), "Acceptance", message) != digest
    assert statement_digest(replace(DOMAIN, record_anchors=address("other")), "Acceptance", message) != digest
    assert digest == keccak256(b"\x19\x01" + DOMAIN.separator + struct_hash("Acceptance", message))
    assert digest == signing_digest(DOMAIN.separator, struct_hash("Acceptance", message))


def test_the_separator_is_that_of_the_name_version_chain_and_contract() -> None:
    named = domain_separator("Gongzhi RecordAnchors", "1", 990_001, address("contract"))
    assert named == DOMAIN.separator
    assert domain_separator("Gongzhi RecordAnchors", "2", 990_001, address("contract")) != named
    assert domain_separator("Another", "1", 990_001, address("contract")) != named


def test_a_struct_hash_is_the_hash_of_the_type_and_the_words() -> None:
    message = {"gateway": 1, "action": number32("a"), "receivedAt": 2, "includeBy": 3, "anchorBy": 4}
    kind = type_hash("Received(uint32 gateway,bytes32 action,uint64 receivedAt,uint64 includeBy,uint64 anchorBy)")
    words = word(1) + number32("a") + word(2) + word(3) + word(4)
    assert struct_hash("Received", message) == keccak256(kind + words)


@pytest.mark.parametrize("bits", [8, 16, 32, 64, 128, 256])
def test_an_unsigned_integer_fits_its_bits(bits: int) -> None:
    encode = ENCODERS[f"uint{bits}"]
    assert encode(2**bits - 1) == (2**bits - 1).to_bytes(32, "big")
    assert encode(0) == bytes(32)
    for bad in (2**bits, -1, True, None, "1"):
        with pytest.raises(FormatError, match=f"{bits} bits"):
            encode(bad)


@pytest.mark.parametrize("bad", [b"0" * 20, "0x" + "11" * 19, "0x" + "11" * 21, "0x" + "1g" * 20, None])
def test_an_address_is_twenty_bytes_of_hex(bad: Any) -> None:
    assert ENCODERS["address"]("0x" + "ab" * 20) == bytes(12) + b"\xab" * 20
    with pytest.raises(FormatError, match="address of 20 bytes"):
        ENCODERS["address"](bad)


@pytest.mark.parametrize("bad", [b"\x01" * 31, b"\x01" * 33, "0x" + "11" * 32, bytearray(32)])
def test_thirty_two_bytes_are_bytes_and_thirty_two(bad: Any) -> None:
    with pytest.raises(FormatError, match="expected 32 bytes"):
        ENCODERS["bytes32"](bad)


@pytest.mark.parametrize(
    "change",
    [
        {"gateway": 2**32},
        {"gateway": "1"},
        {"anchorBy": 2**53},
        {"entry": "0x" + "AB" * 32},
        {"entry": "0x" + "ab" * 31},
        {"entry": b"\x01" * 32},
    ],
    ids=range(6),
)
def test_a_misshapen_member_in_json_is_refused_by_its_name(change: dict[str, Any]) -> None:
    message = {"gateway": 1, "entry": "0x" + "ab" * 32, "acceptedAt": 2, "anchorBy": 3}
    assert message_from_json("Acceptance", message)["entry"] == b"\xab" * 32
    with pytest.raises(FormatError, match=f"^Acceptance {next(iter(change))}: expected"):
        message_from_json("Acceptance", {**message, **change})


def test_an_address_in_json_is_lowercase() -> None:
    message = {name: 0 for name, _ in members(TYPES["Query"])}
    given = {**message, "request": "0x" + "00" * 32, "readerKey": address("reader")}
    assert message_from_json("Query", given)["readerKey"] == address("reader")
    with pytest.raises(FormatError, match=r"^Query readerKey: expected"):
        message_from_json("Query", {**given, "readerKey": "0x" + "AB" * 20})


def test_every_entry_type_has_its_statement_and_every_statement_its_own_time() -> None:
    assert set(ENTRY_STATEMENTS) == set(EntryType)
    assert {*ENTRY_STATEMENTS.values(), "Acceptance"} == set(TYPES) == set(OWN_TIME)
    for statement, member in OWN_TIME.items():
        assert dict(members(TYPES[statement]))[member] == "uint64"


def test_an_entry_binds_statement_signer_signature_and_annex() -> None:
    given = (number32("d"), address("a"), b"\x01" * 65, number32("x"))
    others = (number32("e"), address("b"), b"\x02" * 65, bytes(32))
    digests = {entry_digest(*given)}
    digests |= {entry_digest(*given[:place], others[place], *given[place + 1 :]) for place in range(4)}  # type: ignore[arg-type]
    assert len(digests) == 5
