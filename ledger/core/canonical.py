"""Canonical JSON: RFC 8785 over a narrower value set (formats page, section 1).

PERMANENT: what is encoded here is hashed and signed by outsiders.
"""

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from json.encoder import encode_basestring  # RFC 8785 section 3.2.2.2 asks for exactly these escapes
from typing import Any, NoReturn, TypeAlias
from unicodedata import is_normalized

from ledger.core.keccak import keccak256
from ledger.errors import CanonicalJsonError, JsonDuplicateKey, JsonFloat

JsonValue: TypeAlias = "bool | int | str | list[JsonValue] | dict[str, JsonValue] | None"

LARGEST_INTEGER = 2**53 - 1
_SURROGATE = re.compile("[\ud800-\udfff]")
DEEPEST_NESTING = 32
"""Levels of arrays and objects; no format of ours needs more than eight."""
_FEW_MEMBERS = 32
"""Up to so many members an object's names are kept: an object of a record or a statement has those of many others."""


def encode(value: object) -> bytes:
    """Return the canonical UTF-8 bytes of `value`.

    Raises CanonicalJsonError for floats, integers beyond 2^53-1, non-NFC strings, lone surrogates, non-string
    keys and unknown types. Source: RFC 8785 with formats page section 1.
    """
    text = _encode_string(value) if isinstance(value, str) else _encode(value, 0)
    return text.encode("utf-8")


def encode_text(value: object) -> str:
    """Return the canonical text of `value`; see `encode`."""
    return _encode(value, 0)


def _encode(value: object, depth: int) -> str:
    if isinstance(value, str):
        return _encode_string(value)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        if not -LARGEST_INTEGER <= value <= LARGEST_INTEGER:
            raise CanonicalJsonError("an integer lies beyond 2^53-1")
        return int.__repr__(value)
    return _encode_container(value, depth + 1)


def _encode_string(value: str) -> str:
    if not value.isascii():
        if not is_normalized("NFC", value):
            raise CanonicalJsonError("a string is not in Unicode NFC")
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            raise CanonicalJsonError("a string holds a lone surrogate") from None
    return encode_basestring(value)


def _encode_container(value: object, depth: int) -> str:
    if depth > DEEPEST_NESTING:
        raise CanonicalJsonError(f"nested deeper than {DEEPEST_NESTING} levels")
    if isinstance(value, list | tuple):
        return "[" + ",".join([_encode(member, depth) for member in value]) + "]"
    if isinstance(value, Mapping):
        in_order = _in_order if len(value) <= _FEW_MEMBERS else _in_order.__wrapped__
        members = [written + _encode(value[name], depth) for name, written in in_order(tuple(value))]
        return "{" + ",".join(members) + "}"
    raise CanonicalJsonError(f"a {type(value).__name__} has no canonical form; decimals are strings")


@lru_cache(maxsize=256)
def _in_order(names: tuple[object, ...]) -> tuple[tuple[str, str], ...]:
    """Return member names in canonical order, each with its text and a colon."""
    texts = [name for name in names if isinstance(name, str)]
    if len(texts) != len(names):
        raise CanonicalJsonError("a member name is not a string")
    return tuple([(name, _encode_string(name) + ":") for name in sorted(texts, key=_utf16)])


def _utf16(name: str) -> bytes:
    return name.encode("utf-16-be", "surrogatepass")


def decode(data: bytes | str) -> JsonValue:
    """Return the value of JSON text, in whatever spacing and member order, within the narrower value set.

    Raises CanonicalJsonError for anything that `encode` would refuse, duplicate member names and trailing bytes;
    JsonFloat and JsonDuplicateKey are the two that have names of their own.
    """
    try:
        text = data if isinstance(data, str) else data.decode("utf-8")
        value = _DECODER.decode(text)
    except UnicodeDecodeError:
        raise CanonicalJsonError("the bytes are not UTF-8") from None
    except (json.JSONDecodeError, RecursionError) as error:
        where = f" at character {error.pos}" if isinstance(error, json.JSONDecodeError) else ""
        raise CanonicalJsonError(f"not one JSON value{where}") from None
    if _has_only_plain_strings(text, is_utf8=text is not data):
        if text.count("[") + text.count("{") > DEEPEST_NESTING:
            _check_depth(value, 0)
    else:
        encode_text(value)
    return value  # type: ignore[no-any-return]


def _has_only_plain_strings(text: str, *, is_utf8: bool) -> bool:
    """Say whether no string in JSON text can be out of NFC or hold a surrogate, seen from the text alone.

    NFC is closed under substrings, and the escapes other than `\\u` stand for characters that compose with none.
    UTF-8 holds no surrogates. False says nothing: then every string is looked at. Numbers are checked as they are
    parsed.
    """
    if "\\u" in text:
        return False
    return text.isascii() or (is_normalized("NFC", text) and (is_utf8 or not _SURROGATE.search(text)))


def _check_depth(value: object, depth: int) -> None:
    if isinstance(value, list | dict):
        if depth == DEEPEST_NESTING:
            raise CanonicalJsonError(f"nested deeper than {DEEPEST_NESTING} levels")
        for member in value if isinstance(value, list) else value.values():
            if isinstance(member, list | dict):
                _check_depth(member, depth + 1)


def decode_canonical(data: bytes | str) -> JsonValue:
    """Return the value of `data`, which must be exactly its canonical text; raises CanonicalJsonError."""
    text = data if isinstance(data, str) else data.decode("utf-8", "replace")
    value = decode(data)
    if encode_text(value) != text:
        raise CanonicalJsonError("valid JSON, but not its canonical text")
    return value


def document_hash(document: object) -> bytes:
    """Return Keccak-256 (32 bytes) of the canonical bytes of `document`."""
    return keccak256(encode(document))


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise JsonDuplicateKey("a member name stands twice in one object")
    return members


def _refuse_float(_: str) -> NoReturn:
    raise JsonFloat("a number with fraction or exponent; decimals are strings")


def _parse_integer(text: str) -> int:
    number = int(text) if len(text) <= 17 else LARGEST_INTEGER + 1
    if not -LARGEST_INTEGER <= number <= LARGEST_INTEGER:
        raise CanonicalJsonError("an integer lies beyond 2^53-1")
    return number


_DECODER = json.JSONDecoder(
    object_pairs_hook=_no_duplicates,
    parse_float=_refuse_float,
    parse_constant=_refuse_float,
    parse_int=_parse_integer,
)
