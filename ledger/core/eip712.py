"""EIP-712 struct hashes of flat structs (formats page, sections 3 and 5).

PERMANENT. Types are `bytes32`, `address`, `string`, unsigned integers and `uint32[]`; structs do not nest.
"""

from collections.abc import Callable, Sequence
from typing import Any

from ledger.core.keccak import keccak256
from ledger.errors import FormatError

ZERO32 = bytes(32)


def word(value: int) -> bytes:
    """Return an unsigned integer as a 32-byte big-endian ABI word."""
    return value.to_bytes(32, "big")


def address_word(address: str) -> bytes:
    """Return a `0x` address of 20 bytes as a left-padded 32-byte ABI word."""
    return bytes(12) + bytes.fromhex(address[2:])


def _unsigned(bits: int) -> Callable[[Any], bytes]:
    limit = 1 << bits

    def encoder(value: Any) -> bytes:
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < limit:
            raise FormatError(f"expected an unsigned integer of {bits} bits")
        return value.to_bytes(32, "big")

    return encoder


def _bytes32(value: Any) -> bytes:
    if not isinstance(value, bytes) or len(value) != 32:
        raise FormatError("expected 32 bytes")
    return value


def _address(value: Any) -> bytes:
    if not isinstance(value, str) or len(value) != 42:
        raise FormatError("expected an address of 20 bytes as 0x hex")
    try:
        return address_word(value)
    except ValueError:
        raise FormatError("expected an address of 20 bytes as 0x hex") from None


def _numbers(value: Any) -> bytes:
    if not isinstance(value, (list, tuple)):
        raise FormatError("expected a list of unsigned integers")
    return keccak256(b"".join(map(_unsigned(32), value)))


ENCODERS: dict[str, Callable[[Any], bytes]] = {
    "bytes32": _bytes32,
    "address": _address,
    "string": lambda value: keccak256(value.encode("utf-8")),
    **{f"uint{bits}": _unsigned(bits) for bits in (8, 16, 32, 64, 128, 256)},
    "uint32[]": _numbers,
}


def type_hash(signature: str) -> bytes:
    """Return Keccak-256 of an encodeType string such as `Received(uint32 gateway,bytes32 action)`."""
    return keccak256(signature.encode("ascii"))


def members(signature: str) -> Sequence[tuple[str, str]]:
    """Return the (name, type) pairs of an encodeType string, in order."""
    inner = signature[signature.index("(") + 1 : -1]
    pairs = [member.split(" ") for member in inner.split(",")]
    return tuple((name, kind) for kind, name in pairs)


def domain_separator(name: str, version: str, chain_id: int, verifying_contract: str) -> bytes:
    """Return the 32-byte separator of a domain with name, version, chainId and verifyingContract."""
    return keccak256(
        _DOMAIN_TYPE
        + keccak256(name.encode("utf-8"))
        + keccak256(version.encode("utf-8"))
        + word(chain_id)
        + address_word(verifying_contract)
    )


def signing_preimage(separator: bytes, struct_hash: bytes) -> bytes:
    """Return 0x1901 ‖ separator ‖ struct hash (66 bytes), whose Keccak-256 an EIP-712 signature signs."""
    return b"\x19\x01" + separator + struct_hash


def signing_digest(separator: bytes, struct_hash: bytes) -> bytes:
    """Return keccak256(0x1901 ‖ separator ‖ struct hash), what an EIP-712 signature signs."""
    return keccak256(signing_preimage(separator, struct_hash))


_DOMAIN_TYPE = type_hash("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)")
