"""Requests of residents about their own data: records of the item `rights_request` (domain page)."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ledger.client.gongzhi import GongzhiClient
from ledger.client.grounds import Grounds
from ledger.client.publishing import Accepted
from ledger.client.steps import RIGHTS_ITEM, publish_one
from ledger.client.subjects import SubjectsDesk
from ledger.core.canonical import JsonValue
from ledger.core.codes import Authority, Basis, Purpose
from ledger.core.hexadecimal import to_hex
from ledger.core.subjects import BLIND_BYTES, SubjectId, SubjectOpening

RIGHTS_REFERENCE: Final = "个人信息保护法 第四十五条"
"""The duty by which an agency looks for a resident at what is kept about him."""


@dataclass(frozen=True, slots=True)
class NewRightsRequest:
    """What a resident asks for: `right` a code of the set `right`, `reason` one of `right-reason`, `about` the record
    (32 bytes) that it is about, `detail` in words; subject and detail are sealed and opened to nobody else.
    """

    right: str
    region: str
    about: bytes | None = None
    reason: str | None = None
    detail: str | None = None
    synthetic: bool = False

    def values(self, subject: bytes, at: int) -> Mapping[str, JsonValue]:
        """Return the values of the record, filed at `at` (Unix seconds) by the person of the token `subject`."""
        return {
            "/region": self.region,
            "/occurredAt": at,
            "/recordedAt": at,
            "/subject": to_hex(subject),
            "/right": self.right,
            "/aboutRecordId": None if self.about is None else to_hex(self.about),
            "/reason": self.reason,
            "/detail": self.detail,
            "/synthetic": self.synthetic,
        }


def file_request(
    client: GongzhiClient, subject: SubjectId, request: NewRightsRequest, wait_seconds: int = 0
) -> tuple[bytes, Accepted]:
    """File a request of a person; returns its id (that of its record) and the acceptance.

    Raises what `SubjectsDesk.token_for_publishing` and `GongzhiClient.publish` raise.
    """
    grounds = Grounds(RIGHTS_ITEM, Purpose.RIGHTS_AND_AUDIT, Basis.STATUTORY_DUTY, RIGHTS_REFERENCE)
    token = SubjectsDesk(client.desk).token_for_publishing(subject, grounds)
    return publish_one(client, RIGHTS_ITEM, request.values(token, client.desk.transport.now()), wait_seconds)


def resident_s_grounds(item: int, subject: SubjectId, officer: str | None = None, case: str | None = None) -> Grounds:
    """Return the grounds of a look by the resident himself at what an item holds about him, under a fresh blind."""
    opening = SubjectOpening(os.urandom(BLIND_BYTES), subject).header
    return Grounds(
        item,
        Purpose.RIGHTS_AND_AUDIT,
        Basis.STATUTORY_DUTY,
        RIGHTS_REFERENCE,
        officer,
        case,
        Authority.SELF,
        opening=opening,
    )
