"""Why a contract refused a call, in words: custom errors of all our contracts."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from eth_abi.abi import decode as abi_decode
from eth_abi.exceptions import DecodingError

from ledger.chain.artifacts import CONTRACTS, abi_types, load
from ledger.core.codes import Role
from ledger.core.keccak import keccak256

_SELECTOR_BYTES = 4
_TEXT_SELECTOR = keccak256(b"Error(string)")[:_SELECTOR_BYTES]
_PANIC_SELECTOR = keccak256(b"Panic(uint256)")[:_SELECTOR_BYTES]
_LONGEST_INNER_BYTES = 1024
_ROLE_BITMAPS = frozenset({"roles", "allowedRoles", "pair"})


@cache
def known_errors() -> Mapping[bytes, Mapping[str, Any]]:
    """Return the ABI entry of every custom error of our contracts by its selector (4 bytes)."""
    return {selector(entry): entry for name in CONTRACTS for entry in load(name).abi if entry["type"] == "error"}


def selector(entry: Mapping[str, Any]) -> bytes:
    """Return the selector (4 bytes) of an error's or function's ABI entry."""
    signature = f"{entry['name']}({','.join(abi_types(entry['inputs']))})"
    return keccak256(signature.encode("ascii"))[:_SELECTOR_BYTES]


def decode(data: bytes) -> str:
    """Return one line for the revert data of a call, such as `KeyNotEntitled(key=0x…, role=SUBMIT)`.

    Never raises: data that is not ours is named as such, with its selector and length only.
    """
    if not data:
        return "the call was refused without a reason"
    head, body = data[:_SELECTOR_BYTES], data[_SELECTOR_BYTES:]
    entry = known_errors().get(head)
    try:
        if entry is not None:
            return _sentence(entry, body)
        if head == _TEXT_SELECTOR:
            return f"refused: {abi_decode(['string'], body)[0]}"
        if head == _PANIC_SELECTOR:
            return f"arithmetic or access out of range (panic 0x{abi_decode(['uint256'], body)[0]:02x})"
    except (DecodingError, UnicodeDecodeError):
        return f"refused with malformed error data (selector 0x{head.hex()}, {len(data)} bytes)"
    return f"refused with an unknown error (selector 0x{head.hex()}, {len(data)} bytes)"


def _sentence(entry: Mapping[str, Any], body: bytes) -> str:
    values = abi_decode(abi_types(entry["inputs"]), body)
    members = [
        f"{member['name']}={_inner(value) if member['type'] == 'bytes' else word(member['name'], value)}"
        for member, value in zip(entry["inputs"], values, strict=True)
    ]
    return f"{entry['name']}({', '.join(members)})"


def _inner(reason: bytes) -> str:
    """Return why a call within the call was refused; a called contract says what it likes, so not of any depth."""
    return decode(reason) if len(reason) <= _LONGEST_INNER_BYTES else f"{len(reason)} bytes"


def word(member: str, value: Any) -> str:
    """Return an argument's value in words: roles and names spelled out, bytes as `0x` hex."""
    if member == "role" and value in list(Role):
        return Role(value).name
    if member in _ROLE_BITMAPS:
        return _roles(value)
    if member == "name" and isinstance(value, bytes):
        return _text(value)
    return "0x" + value.hex() if isinstance(value, bytes) else str(value)


def _roles(bitmap: int) -> str:
    names = [role.name for role in Role if bitmap & role.bit]
    unknown = bitmap & ~sum(role.bit for role in Role)
    return "+".join([*names, *([f"0x{unknown:x}"] if unknown else [])]) or "none"


def _text(value: bytes) -> str:
    stripped = value.rstrip(b"\0")
    # What does not print could hide or rewrite a line on the screen of whoever reads it.
    return stripped.decode("ascii") if stripped.isascii() and stripped.decode().isprintable() else "0x" + value.hex()
