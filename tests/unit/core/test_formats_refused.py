"""Shapes that the permanent formats refuse: schemas, commitments, trees, statements, stored and sealed content."""

from collections.abc import Callable
from typing import Any

import pytest

from ledger.core.commitment import RecordContent, commit, salt, slot_values
from ledger.core.eip712 import ENCODERS
from ledger.core.entitlement import why_not_anchorable
from ledger.core.hexadecimal import from_hex, to_address
from ledger.core.history import History, KeyFacts, Point
from ledger.core.merkle import MerkleTree, leads_to
from ledger.core.schema import parse_schema
from ledger.core.sealing import DATA_KEY_BYTES, associated_data, seal, unseal
from ledger.core.shapes import array, members_of, text, titles, unsigned
from ledger.core.statements import message_from_json, struct_hash
from ledger.core.stored import parse_sealed_content, sealed_content, search_keys
from ledger.errors import FormatError, SchemaError, SealingError, UnsupportedFormat
from tests.simulated_consortium import address, incident_schema, number32, originals
from tests.simulated_ledger import SimulatedLedger

pytestmark = pytest.mark.unit
SCHEMA = parse_schema(incident_schema())


def slot(path: str = "/a", kind: str = "o", type_name: str = "string", data_class: str = "G", **other: Any) -> Any:
    return {"path": path, "kind": kind, "type": type_name, "nullable": True, "class": data_class, **other}


def schema_of(*slots: Any, **other: Any) -> dict[str, Any]:
    return {**incident_schema(), "slots": list(slots), **other}


@pytest.mark.parametrize(
    "document",
    [
        schema_of(),
        schema_of(*[slot(f"/{place}") for place in range(257)]),
        schema_of(slot("no-pointer")),
        schema_of(slot(kind="g:unknown@1")),
        schema_of(slot(type_name="float")),
        schema_of(slot(data_class="X")),
        schema_of(slot(nullable=1)),
        schema_of(slot(), slot()),
        schema_of(slot("/region", data_class="G")),
        schema_of(slot("/a", "g:surname@1"), slot("/a")),
        schema_of(slot("/a"), slot("/a", "g:surname@1", data_class="O")),
        schema_of(slot("/a"), slot("/a", "g:surname@1", redact=["/a"])),
        schema_of(slot("/a"), slot("/a", "g:text-redact@1", redact=["/b"])),
        schema_of(slot(title="text")),
        schema_of(slot(code_set=3)),
        schema_of(slot(code_set="Codes/1")),
        schema_of(slot(code_set="codes/1#0x00")),
        schema_of(slot(type_name="boolean", code_set="codes/1")),
        schema_of(slot("/a"), slot("/a", "g:surname@1", code_set="codes/1")),
        schema_of(slot(remark=3)),
        schema_of(slot(), title={"zh": "一"}),
        schema_of(slot(), version=-1),
        schema_of("slot"),
        [],
    ],
    ids=range(24),
)
def test_a_misshapen_schema_is_refused(document: Any) -> None:
    with pytest.raises(FormatError):
        parse_schema(document)


def test_a_schema_of_another_format_is_unsupported_and_optional_members_are_taken() -> None:
    with pytest.raises(UnsupportedFormat):
        parse_schema(schema_of(slot(), format="gongzhi-schema/2"))
    full = schema_of(
        slot(title={"zh": "甲", "en": "a"}, code_set="codes/1"), slot("/a", "g:text-redact@1", redact=["/a"])
    )
    assert parse_schema(full).slots[1].redact == ("/a",)


ID = "0x" + "ab" * 32


@pytest.mark.parametrize(
    ("type_name", "good", "bad"),
    [
        ("string", "a", 1),
        ("integer", -3, True),
        ("boolean", True, 1),
        ("time", 0, -1),
        ("time", 5, True),
        ("region", "990101", "99x"),
        ("code", "fire/alarm", 1),
        ("id", ID, "0x00"),
        ("subject", ID, ID.upper()),
        ("file", {"digest": ID, "bytes": 3, "media": "image/png"}, {"digest": ID, "bytes": 3}),
        ("file", {"digest": ID, "bytes": 3, "media": "image/png"}, {"digest": "x", "bytes": 3, "media": "image/png"}),
        ("list", [], {}),
        ("object", {}, []),
    ],
)
def test_each_slot_type_takes_its_own_values(type_name: str, good: Any, bad: Any) -> None:
    path = "/subject" if type_name == "subject" else "/a"
    (only,) = parse_schema(schema_of(slot(path, type_name=type_name))).slots
    only.require(good)
    only.require(None)
    with pytest.raises(SchemaError, match=f"expected {type_name}"):
        only.require(bad)
    (strict,) = parse_schema(schema_of(slot(path, type_name=type_name, nullable=False))).slots
    with pytest.raises(SchemaError, match="null is not allowed"):
        strict.require(None)


def content(**other: Any) -> RecordContent:
    given = {
        "record_id": number32("id"),
        "version": 1,
        "previous": bytes(32),
        "salt_secret": number32("salt"),
        "originals": originals(1),
    }
    return RecordContent(**{**given, **other})


@pytest.mark.parametrize(
    "other",
    [
        {"record_id": b"short"},
        {"salt_secret": b""},
        {"version": 0},
        {"version": 1 << 32},
        {"version": 2},
        {"previous": number32("p")},
        {"originals": {**originals(1), "/unknown": 1}},
        {"originals": {**originals(1), "/class": None}},
        {"originals": {**originals(1), "/class": 7}},
    ],
    ids=lambda other: next(iter(other)),
)
def test_content_that_does_not_fit_is_not_committed(other: dict[str, Any]) -> None:
    with pytest.raises(SchemaError):
        commit(SCHEMA, content(**other))


def test_redacted_texts_see_the_values_at_the_listed_paths() -> None:
    schema = parse_schema(
        schema_of(
            slot("/occurredAt", type_name="time", data_class="O"),
            slot("/place", type_name="object"),
            slot("/count", type_name="integer"),
            slot("/note"),
            slot("/note", "g:text-redact@1", redact=["/place", "/count"]),
        )
    )
    values = {"/occurredAt": 5, "/place": {"street": "乙街道"}, "/count": 2, "/note": "在乙街道发现"}
    committed = commit(schema, content(originals=values))
    assert committed.values[4].decode() == '"在〔…〕发现"'
    assert committed.salts[3] == salt(number32("salt"), schema.slots[3].salt_message)


def test_trees_have_leaves_each_once_and_prove_only_their_own() -> None:
    leaves = [number32(place) for place in range(3)]
    tree = MerkleTree(leaves)
    for bad in ([], [leaves[0], leaves[0]]):
        with pytest.raises(FormatError):
            MerkleTree(bad)
    with pytest.raises(FormatError, match="not in the tree"):
        tree.proof(number32("other"))
    assert leads_to(leaves[0], tree.proof(leaves[0]), tree.root, 3)
    assert not leads_to(leaves[0], tree.proof(leaves[0]), tree.root, 0)
    assert not leads_to(leaves[0], tree.proof(leaves[0]), tree.root, 9)
    assert not leads_to(bytes(32), [], bytes(32), 1)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("uint8", 256),
        ("uint8", -1),
        ("uint8", True),
        ("uint8", "1"),
        ("bytes32", b"short"),
        ("bytes32", "0x"),
        ("address", 5),
        ("address", "0x" + "zz" * 20),
    ],
)
def test_values_that_are_no_abi_words_are_refused(kind: str, value: Any) -> None:
    with pytest.raises(FormatError):
        ENCODERS[kind](value)


def test_a_string_is_encoded_by_its_hash() -> None:
    assert len(ENCODERS["string"]("张三")) == 32


def test_a_statement_has_exactly_its_members() -> None:
    message = {"gateway": 1, "action": bytes(32), "receivedAt": 1, "includeBy": 2, "anchorBy": 3}
    assert len(struct_hash("Received", message)) == 32
    with pytest.raises(FormatError, match="missing"):
        struct_hash("Received", {name: value for name, value in message.items() if name != "action"})
    with pytest.raises(FormatError, match="is missing"):
        struct_hash("Received", {**{n: v for n, v in message.items() if n != "action"}, "other": 1})
    with pytest.raises(FormatError):
        struct_hash("Received", {**message, "other": 1})
    with pytest.raises(FormatError):
        message_from_json("Received", message)


@pytest.mark.parametrize("value", [5, None, "00", "0X00", "0x0", "0xAB", "0x 0", "0xzz", "0x\u0661\u0661"])
def test_only_lowercase_hex_is_a_byte_string(value: Any) -> None:
    with pytest.raises(FormatError, match="lowercase"):
        from_hex(value)
    with pytest.raises(FormatError):
        to_address(value)


def test_lengths_are_checked_without_telling_the_value() -> None:
    assert from_hex("0x") == b""
    with pytest.raises(FormatError, match="expected 2 bytes, got 1") as failure:
        from_hex("0xab", 2)
    assert "ab" not in failure.value.detail.replace("a byte", "")


@pytest.mark.parametrize(
    "refused",
    [
        lambda: members_of([], ("a",), what="x"),
        lambda: members_of({}, ("a",), what="x"),
        lambda: members_of({"a": 1, "b": 2}, ("a",), what="x"),
        lambda: unsigned(True, 8, what="x"),
        lambda: unsigned(256, 8, what="x"),
        lambda: text(5, what="x"),
        lambda: array({}, what="x"),
        lambda: array([1, 2], what="x", most=1),
        lambda: titles({"zh": "一", "en": 1}, what="x"),
    ],
    ids=range(9),
)
def test_shapes_are_exact(refused: Callable[[], object]) -> None:
    with pytest.raises(FormatError):
        refused()


def test_search_keys_are_the_reserved_originals_of_their_types() -> None:
    keys = search_keys({"/region": "990101", "/occurredAt": 5, "/recordedAt": 6, "/class": "fire", "/level": 2})
    assert (keys.region, keys.occurred_at, keys.recorded_at, keys.record_class, keys.level) == (
        "990101",
        5,
        6,
        "fire",
        2,
    )
    assert search_keys({}).region is None


def test_sealed_content_opens_to_what_was_sealed() -> None:
    plaintext = sealed_content(SCHEMA, number32("salt"), slot_values(SCHEMA, originals(1)))
    secret, values = parse_sealed_content(plaintext)
    assert secret == number32("salt")
    assert set(values) == {"/name", "/phone", "/address"}
    with pytest.raises(FormatError):
        parse_sealed_content(b'{"saltSecret":"0x","values":[]}')


def test_a_ciphertext_opens_under_its_own_record_version_only() -> None:
    key, nonce = bytes(DATA_KEY_BYTES), bytes(12)
    bound = associated_data(number32("id"), 1, number32("root"))
    sealed = seal(key, nonce, b"secret", bound)
    assert unseal(key, sealed, bound) == b"secret"
    for bad in (
        (b"\x01" * 32, sealed, bound),
        (key, sealed[:-1] + bytes([sealed[-1] ^ 1]), bound),
        (key, sealed, associated_data(number32("id"), 2, number32("root"))),
        (key, b"short", bound),
    ):
        with pytest.raises(SealingError):
            unseal(*bad)


def test_a_key_that_ended_before_it_signed_does_not_count_even_in_time() -> None:
    history = History()
    history.keys[address("k")] = KeyFacts(7, 2, 0, 1 << 40, Point(0, 0, 0), ended=Point(1, 0, 100))
    message = {"signedAt": 100, "publisher": 7}
    assert (
        why_not_anchorable(history, message, address("k"), Point(2, 0, 101)) == "the key had ended before the signature"
    )


def test_the_simulated_ledger_commits_like_the_format() -> None:
    assert SimulatedLedger().committed(1).record_root == SimulatedLedger().committed(1).record_root
