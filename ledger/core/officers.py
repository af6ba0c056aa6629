"""Officers of keys: the pseudonym by which an agency names the person who holds a key (contracts page).

PERMANENT: pseudonyms stand on chain, and an agency that is asked who held a key makes them again.
"""

import hashlib
import hmac
import unicodedata
from collections.abc import Iterable
from typing import Final

from ledger.core.codes import EXCLUSIVE_ROLES, bitmap_of
from ledger.errors import FormatError

SECRET_BYTES: Final = 32
DOMAIN: Final = b"officer/v1\x00"
PAIRED_ROLES: Final = bitmap_of({role for pair in EXCLUSIVE_ROLES for role in pair})
"""Roles (bitmap) of which some other one is exclusive: a key with any of them needs an officer."""


def officer_pseudonym(secret: bytes, officer: str) -> bytes:
    """Return the pseudonym (32 bytes) of an officer: HMAC-SHA256 of `officer/v1`, a zero byte and the name in UTF-8.

    `secret` is the agency's officer secret (32 bytes), without which nobody can tell who it is; `officer` the staff
    number, or the name of the post that one person holds. Raises FormatError for a secret of another length and for a
    name that could be spelled otherwise: one officer must not get two pseudonyms.
    """
    if len(secret) != SECRET_BYTES:
        raise FormatError(f"an officer secret has {SECRET_BYTES} bytes")
    return hmac.new(secret, DOMAIN + officer_name(officer).encode("utf-8"), hashlib.sha256).digest()


def officer_name(officer: str) -> str:
    """Return the name of an officer if it has one spelling only: printable, NFC, single spaces within.

    Raises FormatError, which does not repeat the name.
    """
    plain = unicodedata.normalize("NFC", " ".join(officer.split()))
    if not officer or plain != officer or not officer.isprintable():
        raise FormatError("an officer is a staff number or a post: printable text in NFC, with single spaces within")
    return officer


def needs_officer(roles: int) -> bool:
    """Say whether a key with these roles (bitmap) must name its officer."""
    return bool(roles & PAIRED_ROLES)


def roles_together(held: Iterable[int]) -> int:
    """Return the bitmap of all the roles that the keys of one officer have."""
    together = 0
    for roles in held:
        together |= roles
    return together
