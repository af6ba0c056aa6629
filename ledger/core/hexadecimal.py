"""Lowercase `0x` hex, the only spelling of byte strings in our JSON."""

from ledger.errors import FormatError


def to_hex(data: bytes) -> str:
    """Return `data` as lowercase `0x` hex."""
    return "0x" + data.hex()


def from_hex(text: object, length: int | None = None, *, what: str = "a byte string") -> bytes:
    """Return the bytes of lowercase `0x` hex of `length` bytes (any length if None).

    Raises FormatError naming `what` and the expected length, never the value.
    """
    data = _lowercase(text)
    if data is None:
        raise FormatError(f"{what}: expected lowercase 0x hex")
    if length is not None and len(data) != length:
        raise FormatError(f"{what}: expected {length} bytes, got {len(data)}")
    return data


def to_address(text: object, *, what: str = "an address") -> str:
    """Return `text` if it is a lowercase `0x` address of 20 bytes; raises FormatError."""
    return to_hex(from_hex(text, 20, what=what))


def _lowercase(text: object) -> bytes | None:
    # Going there and back is several times faster than a pattern, and as strict: case, spaces, odd digits.
    if not isinstance(text, str) or not text.startswith("0x"):
        return None
    try:
        data = bytes.fromhex(text[2:])
    except ValueError:
        return None
    return data if data.hex() == text[2:] else None
