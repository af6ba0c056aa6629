"""What is written twice for speed says the same as its plain form."""

import hmac
import json
from typing import Any
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.bundle import view_document
from ledger.core.canonical import decode, encode_text
from ledger.core.commitment import RecordContent, commit, salts
from ledger.core.schema import parse_schema
from ledger.core.stored import ViewWriter, storable_bitmap, stored_slots, view_of
from ledger.errors import CanonicalJsonError, JsonDuplicateKey, JsonFloat, SchemaError

pytestmark = pytest.mark.unit

TITLE = {"zh": "试", "en": "test"}


def slot(path: str, kind: str = "o", data_class: str = "O") -> dict[str, Any]:
    return {"path": path, "kind": kind, "type": "string", "nullable": True, "class": data_class}


SCHEMA = parse_schema(
    {
        "format": "gongzhi-schema/1",
        "schema": "two-ways",
        "version": 1,
        "title": TITLE,
        "slots": [
            slot("/class"),
            slot('/na"me', "o", "G"),
            slot('/na"me', "g:surname@1", "G"),
            slot("/note", "o", "S"),
            slot("/note", "g:text-redact@1", "S"),
            slot("/other"),
        ],
    }
)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=12).map(lambda text: normalize("NFC", text))


@given(
    st.binary(min_size=32, max_size=32),
    st.tuples(TEXTS, TEXTS, TEXTS),
    st.integers(0, 63),
    st.integers(2, 2**32 - 1),
)
def test_a_view_written_fast_is_the_canonical_text_of_the_view(
    record_id: bytes, texts: tuple[str, str, str], opened: int, version: int
) -> None:
    originals: dict[str, Any] = {"/class": texts[0], '/na"me': "张三", "/note": texts[1], "/other": texts[2]}
    content = RecordContent(record_id, version, b"\x01" * 32, b"\x11" * 32, originals)
    stored = stored_slots(SCHEMA, commit(SCHEMA, content))
    plain = view_of(SCHEMA, record_id, version, b"\x01" * 32, stored, opened)
    fast = ViewWriter(SCHEMA, opened).text(record_id, version, b"\x01" * 32, stored)
    assert fast == encode_text(view_document(plain))
    assert storable_bitmap(SCHEMA) == 0b110101


@given(st.binary(max_size=64), st.lists(st.binary(max_size=200), max_size=5))
def test_salts_are_the_hmac_of_each_message(secret: bytes, messages: list[bytes]) -> None:
    assert salts(secret, messages) == tuple(hmac.digest(secret, message, "sha256") for message in messages)


def test_no_salts_are_made_of_a_secret_longer_than_a_block() -> None:
    with pytest.raises(SchemaError, match="expected 32 bytes, got 65"):
        salts(bytes(65), [b"message"])


@pytest.mark.parametrize("count", [2, 32, 33, 500])
def test_members_are_in_canonical_order_however_many_they_are(count: int) -> None:
    names = [f"{number:04d}" for number in range(count)]
    text = "{" + ",".join(f'"{name}":0' for name in names) + "}"
    assert encode_text(dict.fromkeys(reversed(names), 0)) == text
    with pytest.raises(CanonicalJsonError, match="not a string"):
        encode_text(dict.fromkeys([*names, 1], 0))


def verdict(data: str) -> str | None:
    """The plain way: parse without any check of ours, then encode."""
    try:
        encode_text(json.loads(data))
    except CanonicalJsonError as refusal:
        return refusal.detail
    return None


STRINGS = st.text(
    st.sampled_from(
        [*'ae"\\/n\n', "\u0301", "\u0338", "\u0323", "\u1100", "\u1161", "\u00e9", "\u212b", "\ud800", "欧"]
    ),
    max_size=6,
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**55), 2**55) | STRINGS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(STRINGS, inner, max_size=3),
    max_leaves=8,
)


@given(VALUES, st.booleans())
def test_decoding_refuses_exactly_what_encoding_refuses(value: Any, ascii_only: bool) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only)
    if verdict(text) is None:
        assert decode(text) == value
    else:
        with pytest.raises(CanonicalJsonError):
            decode(text)


@pytest.mark.parametrize("levels", [32, 33])
def test_nesting_is_counted_the_same_way(levels: int) -> None:
    text = "[" * levels + "]" * levels
    if levels == 32:
        assert decode(text) is not None
        assert verdict(text) is None
    else:
        with pytest.raises(CanonicalJsonError, match="nested deeper"):
            decode(text)
        assert verdict(text) is not None


@pytest.mark.parametrize("text", ["1.5", "[1e3]", "NaN", '{"a":Infinity}', "-0.0"])
def test_a_float_has_an_error_of_its_own(text: str) -> None:
    with pytest.raises(JsonFloat):
        decode(text)


def test_a_duplicate_member_has_an_error_of_its_own() -> None:
    with pytest.raises(JsonDuplicateKey):
        decode('{"a":1,"b":{"c":1,"c":2}}')
