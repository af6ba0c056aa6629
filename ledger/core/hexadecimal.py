"""Lowercase `0x` hex, the only spelling of byte strings in our JSON."""

import re

from ledger.errors import FormatError

_PATTERN = re.compile(r"0x(?:[0-9a-f]{2})*")


def to_hex(data: bytes) -> str:
    """Return `data` as lowercase `0x` hex."""
    return "0x" + data.hex()


def from_hex(text: object, length: int | None = None, *, what: str = "a byte string") -> bytes:
    """Return the bytes of lowercase `0x` hex of `length` bytes (any length if None).

    Raises FormatError naming `what` and the expected length, never the value.
    """
    if not isinstance(text, str) or not _PATTERN.fullmatch(text):
        raise FormatError(f"{what}: expected lowercase 0x hex")
    data = bytes.fromhex(text[2:])
    if length is not None and len(data) != length:
        raise FormatError(f"{what}: expected {length} bytes, got {len(data)}")
    return data


def to_address(text: object, *, what: str = "an address") -> str:
    """Return `text` if it is a lowercase `0x` address of 20 bytes; raises FormatError."""
    from_hex(text, 20, what=what)
    assert isinstance(text, str)
    return text
