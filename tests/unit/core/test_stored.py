"""How a gateway keeps a record: columns, views of any bitmap, what is sealed, what searches use."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core.bundle import View, parse_view, view_document
from ledger.core.canonical import decode, decode_canonical, encode, encode_text
from ledger.core.commitment import CommittedRecord, RecordContent, commit, record_root, slot_values
from ledger.core.schema import parse_schema
from ledger.core.sealing import DATA_KEY_BYTES, associated_data, seal, unseal
from ledger.core.stored import (
    SearchKeys,
    ViewWriter,
    parse_sealed_content,
    sealed_content,
    search_keys,
    storable_bitmap,
    stored_slots,
    view_of,
)
from ledger.core.verify import check_slots, check_values, recompute_root
from ledger.errors import CanonicalJsonError, FormatError, SchemaError, SealingError
from tests.simulated_consortium import incident_schema, number32, originals

pytestmark = pytest.mark.unit
SCHEMA = parse_schema(incident_schema())
STORED_OPEN = 0b101010111
"""Region, time, class; masked name, phone, address."""
EVERY_BITMAP = st.integers(0, (1 << 9) - 1)


def committed(number: int = 1, version: int = 1) -> CommittedRecord:
    previous = bytes(32) if version == 1 else number32("previous")
    return commit(
        SCHEMA, RecordContent(number32("r", number), version, previous, number32("s", number), originals(number))
    )


def view(record: CommittedRecord, opened: int) -> View:
    return view_of(SCHEMA, record.record_id, record.version, record.previous, stored_slots(SCHEMA, record), opened)


def test_columns_hold_values_and_salts_of_stored_open_slots_and_digests_of_the_others() -> None:
    record = committed()
    stored = stored_slots(SCHEMA, record)
    places = [place for place in range(9) if STORED_OPEN >> place & 1]
    assert storable_bitmap(SCHEMA) == STORED_OPEN
    assert stored.open_values.split(b"\n") == [record.values[place] for place in places]
    assert stored.open_salts == b"".join(record.salts[place] for place in places)
    assert stored.closed_digests == b"".join(record.digests[place] for place in (3, 5, 7))


@settings(max_examples=60)
@given(EVERY_BITMAP, st.integers(0, 9), st.integers(1, 3))
def test_a_view_opens_what_is_asked_and_stored_open_and_keeps_the_root(opened: int, number: int, version: int) -> None:
    record = committed(number, version)
    seen = view(record, opened)
    for place, slot in enumerate(seen.slots):
        if opened & STORED_OPEN & 1 << place:
            assert (slot.value, slot.salt, slot.digest) == (record.values[place].decode(), record.salts[place], None)
        else:
            assert (slot.value, slot.salt, slot.digest) == (None, None, record.digests[place])
    check_slots(SCHEMA, seen)
    check_values(SCHEMA, seen)
    assert recompute_root(SCHEMA, seen) == record.record_root
    assert record_root(record.record_id, version, record.previous, SCHEMA.hash, record.digests) == record.record_root


@settings(max_examples=60)
@given(EVERY_BITMAP, st.integers(0, 9), st.integers(1, 3))
def test_the_fast_text_of_a_view_is_its_canonical_document(opened: int, number: int, version: int) -> None:
    record = committed(number, version)
    text = ViewWriter(SCHEMA, opened).text(record.record_id, version, record.previous, stored_slots(SCHEMA, record))
    assert text == encode_text(view_document(view(record, opened)))
    assert parse_view(decode(text)) == view(record, opened)


def test_bits_beyond_the_slots_open_nothing() -> None:
    assert view(committed(), 1 << 9 | 1 << 255) == view(committed(), 0)


def test_one_writer_serves_many_records() -> None:
    writer = ViewWriter(SCHEMA, STORED_OPEN)
    for number in (1, 2, 1):
        record = committed(number)
        text = writer.text(record.record_id, 1, bytes(32), stored_slots(SCHEMA, record))
        assert text == encode_text(view_document(view(record, STORED_OPEN)))


def test_what_is_sealed_and_what_is_stored_open_are_the_whole_record() -> None:
    given = originals(1)
    secret, sealed = parse_sealed_content(sealed_content(SCHEMA, number32("s", 1), slot_values(SCHEMA, given)))
    stored = {
        slot.path: decode(slot.value)
        for slot in view(committed(), STORED_OPEN).slots
        if slot.value is not None and slot.kind == "o"
    }
    assert {**stored, **sealed} == given
    assert not set(stored) & set(sealed)
    again = commit(SCHEMA, RecordContent(number32("r", 1), 1, bytes(32), secret, {**stored, **sealed}))
    assert again == committed()


def test_a_missing_original_is_sealed_as_null() -> None:
    given = {path: value for path, value in originals(1).items() if path != "/phone"}
    plaintext = sealed_content(SCHEMA, bytes(32), slot_values(SCHEMA, given))
    assert parse_sealed_content(plaintext)[1]["/phone"] is None
    assert decode_canonical(plaintext) == decode(plaintext)


@pytest.mark.parametrize(
    "content",
    [
        [],
        {"values": {}},
        {"saltSecret": "0x" + "00" * 32},
        {"saltSecret": "0x" + "00" * 31, "values": {}},
        {"saltSecret": "0x" + "00" * 32, "values": []},
        {"saltSecret": "0x" + "00" * 32, "values": {}, "more": 1},
    ],
    ids=range(6),
)
def test_sealed_content_of_another_shape_is_refused(content: Any) -> None:
    with pytest.raises(FormatError):
        parse_sealed_content(encode(content))


def test_sealed_content_that_is_no_json_is_refused() -> None:
    with pytest.raises(CanonicalJsonError):
        parse_sealed_content(b"\x00")


@settings(max_examples=40)
@given(st.data(), st.binary(max_size=40))
def test_any_change_of_what_was_sealed_is_noticed(data: st.DataObject, plaintext: bytes) -> None:
    key, nonce = number32("key")[:DATA_KEY_BYTES], number32("nonce")[:12]
    bound = associated_data(number32("r"), 1, number32("root"))
    sealed = seal(key, nonce, plaintext, bound)
    assert sealed[:12] == nonce
    assert len(sealed) == 12 + len(plaintext) + 16
    assert unseal(key, sealed, bound) == plaintext
    parts = [key, sealed, bound]
    part = data.draw(st.integers(0, 2))
    place = data.draw(st.integers(0, len(parts[part]) - 1))
    changed = bytearray(parts[part])
    changed[place] ^= 1 << data.draw(st.integers(0, 7))
    parts[part] = bytes(changed)
    with pytest.raises(SealingError):
        unseal(*parts)
    with pytest.raises(SealingError):
        unseal(key, sealed[: data.draw(st.integers(0, len(sealed) - 1))], bound)


def test_the_associated_data_tells_records_and_versions_apart() -> None:
    identity, root = number32("r"), number32("root")
    assert associated_data(identity, 2, root) == b"rc-keccak-v1" + identity + (2).to_bytes(32, "big") + root


@pytest.mark.parametrize(
    ("path", "good", "member", "bad"),
    [
        ("/region", "990101", "region", 5),
        ("/occurredAt", 0, "occurred_at", "0"),
        ("/recordedAt", 7, "recorded_at", None),
        ("/class", "fire", "record_class", 1),
        ("/level", 3, "level", "3"),
        ("/level", 2**15 - 1, "level", 2**15),
        ("/level", 1 - 2**15, "level", -(2**15)),
    ],
)
def test_each_search_key_is_its_reserved_original(path: str, good: Any, member: str, bad: Any) -> None:
    nothing = {"region": None, "occurred_at": None, "recorded_at": None, "record_class": None, "level": None}
    assert search_keys({path: good, "/name": "x"}) == SearchKeys(**{**nothing, member: good})
    assert search_keys({path: bad}) == SearchKeys(**nothing)


def test_a_class_that_no_index_holds_is_refused() -> None:
    with pytest.raises(SchemaError, match="zero character"):
        search_keys({"/class": "fi\x00re"})
