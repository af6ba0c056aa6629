"""Canonical JSON: RFC 8785 over the narrower value set, against the rfc8785 package."""

import json
from typing import Any
from unicodedata import is_normalized

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.canonical import decode, decode_canonical, document_hash, encode, encode_text
from ledger.core.keccak import keccak256
from ledger.errors import CanonicalJsonError, JsonDuplicateKey, JsonFloat

pytestmark = pytest.mark.unit

TEXTS = st.text(st.characters(codec="utf-8")).filter(lambda text: is_normalized("NFC", text))
SCALARS = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXTS
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_it_agrees_with_the_rfc8785_package(value: Any) -> None:
    assert encode(value) == rfc8785.dumps(value)


@given(VALUES)
def test_what_is_encoded_decodes_to_itself_from_bytes_and_text(value: Any) -> None:
    assert decode_canonical(encode(value)) == value
    assert decode(json.dumps(value, indent=2)) == value
    assert decode(json.dumps(value, ensure_ascii=False)) == value


@given(VALUES)
def test_another_spelling_is_not_canonical(value: Any) -> None:
    with pytest.raises(CanonicalJsonError, match="not its canonical text"):
        decode_canonical(b" " + encode(value))


@pytest.mark.parametrize(
    "value",
    [1.5, float("nan"), float("inf"), 2**53, -(2**53), "e\u0301", "\ud800", {1: "a"}, {"a": ...}, b"bytes"],
    ids=repr,
)
def test_what_lies_outside_the_value_set_is_not_encoded(value: Any) -> None:
    with pytest.raises(CanonicalJsonError):
        encode(value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "1 2",
        "[1,]",
        "nul",
        "1.0",
        "1e3",
        "NaN",
        "Infinity",
        "-Infinity",
        str(2**53),
        str(-(2**53)),
        "1" * 5000,
        '{"a":1,"a":1}',
        '"e\u0301"',
        '"\\ud800"',
        '"\\u0065\\u0301"',
        '"\ud800"',
        '"\x01"',
    ],
    ids=lambda text: text[:20].encode("unicode_escape").decode(),
)
def test_text_outside_the_value_set_is_not_decoded(text: str) -> None:
    with pytest.raises(CanonicalJsonError):
        decode(text)


def test_floats_and_duplicate_keys_have_names_of_their_own() -> None:
    with pytest.raises(JsonFloat):
        decode("1.5")
    with pytest.raises(JsonDuplicateKey):
        decode('{"a":1,"a":2}')


def test_bytes_that_are_no_utf_8_are_not_decoded() -> None:
    with pytest.raises(CanonicalJsonError, match="not UTF-8"):
        decode(b'"\xff"')
    with pytest.raises(CanonicalJsonError):
        decode_canonical(b'"\xff"')


@pytest.mark.parametrize("text", ["[" * 33 + "]" * 33, '{"a":' * 33 + "1" + "}" * 33, "[" * 2_000 + "]" * 2_000])
def test_deep_nesting_is_refused(text: str) -> None:
    with pytest.raises(CanonicalJsonError):
        decode(text)
    with pytest.raises(CanonicalJsonError):
        decode(text.replace("1", '"\\u0041"'))


def test_thirty_two_levels_are_enough_for_everybody() -> None:
    value: Any = 1
    for _ in range(32):
        value = [value]
    assert decode(encode(value)) == value
    with pytest.raises(CanonicalJsonError, match="nested"):
        encode([value])


def test_brackets_within_a_text_or_side_by_side_are_no_levels() -> None:
    for value in ("[{" * 40, [[]] * 40, {"a": "[" * 40, "b": [{}] * 40}):
        assert decode(encode(value)) == value


def test_member_names_are_ordered_by_utf_16_code_units() -> None:
    assert encode_text({"\ue000": 1, "\U00010000": 2}) == '{"\U00010000":2,"\ue000":1}'


def test_a_documents_hash_is_that_of_its_canonical_bytes() -> None:
    assert document_hash({"b": 1, "a": "张"}) == keccak256('{"a":"张","b":1}'.encode())
