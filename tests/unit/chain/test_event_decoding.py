"""Logs become the events of a chain file: compared with every event of the published chain files."""

import json
from pathlib import Path
from typing import Any

import pytest
from eth_abi.abi import encode
from hexbytes import HexBytes

from ledger.chain.artifacts import CONTRACTS, abi_types, load
from ledger.chain.event_decoding import EventDecoder, event_layouts
from ledger.core.keccak import keccak256
from ledger.errors import ChainError

pytestmark = pytest.mark.unit

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "formats-1.json").read_text(encoding="utf-8"))
ADDRESSES = {name: contract["address"] for name, contract in VECTORS["trust"]["contracts"].items()}


def declaration(contract: str, name: str) -> dict[str, Any]:
    return next(dict(entry) for entry in load(contract).abi if entry.get("name") == name and entry["type"] == "event")


def abi_value(type_name: str, value: object) -> object:
    if type_name != "bytes32":
        return value
    assert isinstance(value, str)
    return bytes.fromhex(value[2:]) if value.startswith("0x") else value.encode().ljust(32, b"\0")


def log_of(event: dict[str, Any]) -> dict[str, Any]:
    """The log that a contract would have written for an event of a chain file, encoded by eth-abi."""
    declared = declaration(event["contract"], event["name"])
    types = abi_types(declared["inputs"])
    values = [
        abi_value(type_name, event["args"][member["name"]])
        for type_name, member in zip(types, declared["inputs"], strict=True)
    ]
    indexed = [member["indexed"] for member in declared["inputs"]]
    topic = keccak256(f"{event['name']}({','.join(types)})".encode())
    rows = list(zip(types, values, indexed, strict=True))
    plain = [(kind, value) for kind, value, is_indexed in rows if not is_indexed]
    return {
        "address": ADDRESSES.get(event["contract"]),
        "topics": [
            "0x" + topic.hex(),
            *("0x" + encode([kind], [value]).hex() for kind, value, is_indexed in rows if is_indexed),
        ],
        "data": "0x" + encode([kind for kind, _ in plain], [value for _, value in plain]).hex(),
    }


@pytest.mark.parametrize("chain", VECTORS["chains"])
def test_every_event_of_a_published_chain_file_is_decoded_member_by_member(chain: str) -> None:
    decoder = EventDecoder(ADDRESSES)
    events = VECTORS["chains"][chain]["events"]
    assert events
    for event in events:
        contract, name, args = decoder.decode(log_of(event))
        assert (contract, name, args) == (event["contract"], event["name"], event["args"])
        assert list(args) == list(event["args"])


def anchored() -> dict[str, Any]:
    events = VECTORS["chains"]["base"]["events"]
    return log_of(next(event for event in events if event["name"] == "Anchored"))


def test_bytes_and_checksummed_addresses_are_read_like_text() -> None:
    log = anchored()
    as_bytes = {
        "address": log["address"].upper().replace("0X", "0x"),
        "topics": [HexBytes(topic) for topic in log["topics"]],
        "data": HexBytes(log["data"]),
    }
    decoder = EventDecoder(ADDRESSES)
    assert decoder.decode(as_bytes) == decoder.decode(log)


@pytest.mark.parametrize(
    "change",
    [
        {"address": "0x" + "11" * 20},
        {"topics": []},
        {"topics": ["0x" + "11" * 32]},
        {"data": "0x"},
    ],
)
def test_a_log_that_is_none_of_our_events_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ChainError):
        EventDecoder(ADDRESSES).decode(anchored() | change)


def test_a_log_with_a_topic_too_few_is_refused() -> None:
    log = anchored()
    with pytest.raises(ChainError):
        EventDecoder(ADDRESSES).decode(log | {"topics": log["topics"][:-1]})


def test_a_parameter_name_that_is_no_text_is_refused() -> None:
    events = VECTORS["chains"]["base"]["events"]
    log = log_of(next(event for event in events if event["name"] == "ParameterSet"))
    with pytest.raises(ChainError):
        EventDecoder(ADDRESSES).decode(log | {"topics": [log["topics"][0], "0x" + "ff" * 32]})


MEMBERS_SET = {
    "contract": "Council",
    "name": "MembersSet",
    "args": {"epoch": 7, "agencies": [1, 5, 9], "threshold": 2},
}
SCHEDULED = {
    "contract": "Council",
    "name": "ActionScheduled",
    "args": {
        "action": "0x" + "ab" * 32,
        "epoch": 1,
        "executableAt": 1_700_000_000,
        "expiry": 1_800_000_000,
        "targets": ["0x" + "11" * 20, "0x" + "22" * 20],
        "selectors": ["0x01020304", "0x00000000"],
        "agencies": [],
        "keys": ["0x" + "33" * 20],
    },
}
COUNCIL = EventDecoder({"Council": ADDRESSES["RecordAnchors"]})


def council_log(event: dict[str, Any]) -> dict[str, Any]:
    args = dict(event["args"])
    if "selectors" in args:
        args["selectors"] = [bytes.fromhex(each[2:]) for each in args["selectors"]]
    return log_of({**event, "args": args}) | {"address": ADDRESSES["RecordAnchors"]}


@pytest.mark.parametrize("event", [MEMBERS_SET, SCHEDULED])
def test_lists_of_an_event_are_decoded_item_by_item(event: dict[str, Any]) -> None:
    contract, name, args = COUNCIL.decode(council_log(event))
    assert {"contract": contract, "name": name, "args": args} == event
    assert list(args) == list(event["args"])


def test_a_list_beyond_the_end_of_its_log_is_refused() -> None:
    log = council_log(MEMBERS_SET)
    data = bytes.fromhex(log["data"][2:])
    far, long = (1 << 40).to_bytes(32, "big"), (4).to_bytes(32, "big")
    for bad in (data[:-32], data[:-1], data[:32], b"", far + data[32:], data[:64] + long + data[96:]):
        with pytest.raises(ChainError):
            COUNCIL.decode(log | {"data": "0x" + bad.hex()})


def test_every_event_of_every_contract_holds_static_members_and_lists_of_them_only() -> None:
    static = {"address", "bytes32", *(f"uint{bits}" for bits in (8, 16, 32, 64))}
    static |= {"address[]", "bytes4[]", "uint32[]"}
    for contract in CONTRACTS:
        assert event_layouts(contract)
        for entry in load(contract).abi:
            if entry["type"] == "event":
                assert {member["type"] for member in entry["inputs"]} <= static
