"""Subjects: how a person is named without being named (formats page, sections 8 and 9).

PERMANENT. Tokens stand in records and tags on chain: changing a byte here makes them of somebody else.

    canonical id        idType ":" canonicalId, UTF-8
    subjectCommitment   SHA-256(blind ‖ canonical id), blind = 32 random bytes
    Gongzhi-Opening     base64url(blind) "." idType "." base64url(canonicalId), no padding; several joined by ","
    internal token      HMAC-SHA256(key "token", "subject/v1" 00 idType 00 canonicalId)
    outward token       "e" epoch "." hex of HMAC-SHA256(key "agency/<agency>/<purpose>/<epoch>", internal token)
    subject tag         HMAC-SHA256(key "tag", internal token ‖ recipient ‖ purpose ‖ period)

`recipient` and `period` are 4 bytes, `purpose` is 2, big-endian. Keys stay at the key provider: here they are a
callable of (name, message). No error and no representation of this module holds an id.
"""

import base64
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from ledger.core.rules_values import id_1_2
from ledger.errors import FormatError, OpeningInvalid, OpeningMismatch, RuleError

BLIND_BYTES: Final = 32
TOKEN_BYTES: Final = 32
RESIDENT_ID: Final = "resident-id"
"""The identity number of GB 11643: 18 characters, upper-case `X`, a birth date that exists, a valid check character."""
ID_TYPES: Final = (
    RESIDENT_ID,
    "passport",
    "foreigner-permit",
    "hk-macao-permit",
    "taiwan-permit",
    "household-book",
    "agency-code",
)
"""Kinds of identifiers. Only ever appended: the kind is hashed into the token."""
MOST_PERIODS: Final = 1 << 32
MOST_LISTED: Final = 100
"""Persons that one request may list: their openings are a header of some 8 KiB, which every HTTP server takes."""
SECONDS_A_DAY: Final = 86_400
CHILD_YEARS: Final = 14
"""Under this age a guardian consents, and everything about the person is sensitive (PIPL Art. 28 and 31)."""
_LONGEST_HEADER = 256
_PLAIN_CODE = re.compile(r"[0-9A-Z](?:[0-9A-Z/-]{0,38}[0-9A-Z])?")
_BASE64URL = re.compile(r"[A-Za-z0-9_-]+")

SubjectHmac = Callable[[str, bytes], bytes]
"""HMAC-SHA256 by the key of a name; the key itself is never seen."""


@dataclass(frozen=True, slots=True)
class SubjectId:
    """An identifier in its only spelling. Made by `canonical_id`; never shown."""

    id_type: str
    canonical: str = field(repr=False)

    @property
    def bytes(self) -> bytes:
        """The canonical id that a subjectCommitment holds."""
        return f"{self.id_type}:{self.canonical}".encode()


@dataclass(frozen=True, slots=True)
class SubjectOpening:
    """What opens a subjectCommitment: the blind (32 bytes) and the id."""

    blind: bytes = field(repr=False)
    subject: SubjectId

    @property
    def commitment(self) -> bytes:
        """The subjectCommitment (32 bytes)."""
        return hashlib.sha256(self.blind + self.subject.bytes).digest()

    @property
    def header(self) -> str:
        """The value of the header Gongzhi-Opening."""
        return f"{_encoded(self.blind)}.{self.subject.id_type}.{_encoded(self.subject.canonical.encode())}"


def canonical_id(id_type: str, text: str) -> SubjectId:
    """Return the only spelling of an identifier: without white space around it, upper case.

    A `resident-id` follows GB 11643; every other kind is a plain code of 1 to 40 ASCII letters, digits, `-` and `/`,
    the first and last a letter or digit. Raises FormatError, which never says what was given.
    """
    if id_type not in ID_TYPES:
        raise FormatError(f"idType: expected one of {', '.join(ID_TYPES)}")
    trimmed = text.strip()
    upper = trimmed.upper() if trimmed.isascii() else ""
    if id_type == RESIDENT_ID:
        try:
            id_1_2(upper)
        except RuleError:
            raise FormatError(
                "resident-id: expected 18 characters with a birth date and a valid check character"
            ) from None
    elif not _PLAIN_CODE.fullmatch(upper):
        raise FormatError(f"{id_type}: expected 1 to 40 letters, digits, hyphens and slashes")
    return SubjectId(id_type, upper)


def is_child(subject: SubjectId, now: int) -> bool:
    """Say whether somebody is under 14 as his identity number has it, at `now` (seconds of local time, as if of 1970).

    False where the identifier names no birth date: then the desk has to know.
    """
    if subject.id_type != RESIDENT_ID:
        return False
    born = int(subject.canonical[6:14])
    today = datetime.fromtimestamp(now, UTC)
    return today.year * 10_000 + today.month * 100 + today.day < born + CHILD_YEARS * 10_000


def parse_opening(header: str | None) -> SubjectOpening:
    """Return the opening in a header `Gongzhi-Opening`; raises OpeningInvalid, which never says what was given.

    There is one spelling of an opening: an id that is not canonical is refused, not corrected.
    """
    if header is None:
        raise OpeningInvalid("the header Gongzhi-Opening is missing")
    parts = header.split(".") if len(header) <= _LONGEST_HEADER else []
    if len(parts) != 3:
        raise OpeningInvalid("expected blind, idType and id, joined by dots")
    blind, text = _decoded(parts[0]), _decoded(parts[2])
    if blind is None or len(blind) != BLIND_BYTES:
        raise OpeningInvalid(f"the blind is not {BLIND_BYTES} bytes of base64url without padding")
    if text is None or not text.isascii():
        raise OpeningInvalid("the id is not base64url without padding of ASCII text")
    given = text.decode("ascii")
    try:
        subject = canonical_id(parts[1], given)
    except FormatError as error:
        raise OpeningInvalid(error.detail) from None
    if subject.canonical != given:
        raise OpeningInvalid("the id is not in its canonical spelling")
    return SubjectOpening(blind, subject)


def parse_openings(header: str | None) -> tuple[SubjectOpening, ...]:
    """Return the openings in a header `Gongzhi-Opening` that lists 1 to `MOST_LISTED`, joined by commas, in order.

    Raises OpeningInvalid as `parse_opening` does, and for a list that is longer.
    """
    given = [] if header is None else header.split(",")
    if len(given) > MOST_LISTED:
        raise OpeningInvalid(f"expected at most {MOST_LISTED} openings")
    return tuple(parse_opening(one) for one in given or (None,))


def check_opening(opening: SubjectOpening, commitment: bytes) -> None:
    """Raise OpeningMismatch unless `opening` opens the subjectCommitment (32 bytes)."""
    if opening.commitment != commitment:
        raise OpeningMismatch("blind and id give another subjectCommitment")


def token_message(subject: SubjectId) -> bytes:
    """Return what an internal token is the HMAC of: `subject/v1` 00 idType 00 canonicalId."""
    return b"subject/v1\x00" + subject.id_type.encode() + b"\x00" + subject.canonical.encode()


def internal_token(hmac: SubjectHmac, subject: SubjectId) -> bytes:
    """Return the internal token (32 bytes): one per person and gateway, what a `subject` slot commits."""
    return hmac("token", token_message(subject))


def outward_token(hmac: SubjectHmac, internal: bytes, agency: int, purpose: int, epoch: int) -> str:
    """Return an agency's token of a person: another one for each agency, purpose and epoch, as `e12.<64 hex>`."""
    return f"e{epoch}.{hmac(f'agency/{agency}/{purpose}/{epoch}', internal).hex()}"


def tag_message(internal: bytes, recipient: int, purpose: int, period: int) -> bytes:
    """Return what a subject tag is the HMAC of: token (32 bytes) ‖ recipient (4) ‖ purpose (2) ‖ period (4).

    Raises FormatError for another length of token, OverflowError for a number that does not fit.
    """
    if len(internal) != TOKEN_BYTES:
        raise FormatError(f"internal token: expected {TOKEN_BYTES} bytes, got {len(internal)}")
    return internal + recipient.to_bytes(4, "big") + purpose.to_bytes(2, "big") + period.to_bytes(4, "big")


def subject_tag(hmac: SubjectHmac, internal: bytes, recipient: int, purpose: int, period: int) -> bytes:
    """Return the tag (32 bytes) under which a consent names a person on chain: a fresh one for each `period`."""
    return hmac("tag", tag_message(internal, recipient, purpose, period))


def epoch_at(now: int, epoch_days: int) -> tuple[int, int]:
    """Return (epoch, its end in Unix seconds, exclusive) at a time in Unix seconds; epochs count from 1970."""
    length = epoch_days * SECONDS_A_DAY
    epoch = now // length
    return epoch, (epoch + 1) * length


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode("ascii").rstrip("=")


def _decoded(text: str) -> bytes | None:
    # One spelling only: what is decoded must be written back as it came.
    if not _BASE64URL.fullmatch(text) or len(text) % 4 == 1:
        return None
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    return data if _encoded(data) == text else None
