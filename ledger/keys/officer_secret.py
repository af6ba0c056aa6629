"""The secret with which an agency makes the pseudonyms of its officers: a private file that only the agency has."""

import base64
import binascii
import secrets
from pathlib import Path

from ledger.errors import KeyProviderError
from ledger.keys.private_file import read_private, write_private

SECRET_BYTES = 32


def create_officer_secret(path: Path) -> None:
    """Write a fresh officer secret (base64, mode 0600); raises KeyProviderError if the file is there already."""
    write_private(path, base64.b64encode(secrets.token_bytes(SECRET_BYTES)) + b"\n")


def open_officer_secret(path: Path) -> bytes:
    """Return the officer secret (32 bytes) of a file; raises KeyProviderError naming the file."""
    try:
        secret = base64.b64decode(read_private(path).strip(), validate=True)
    except binascii.Error:
        secret = b""
    if len(secret) != SECRET_BYTES:
        raise KeyProviderError(f"{path} holds no officer secret")
    return secret
