"""Asking about persons: is there a record already, and tokens and tags in an id's place.

The id goes in the header Gongzhi-Opening, beside a fresh blind, and nowhere else: the signed body holds a commitment.
Receipts keep the signed request and the gateway's Query, from which nobody learns about whom was asked.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ledger.client.desk import Desk
from ledger.client.grounds import Grounds, state
from ledger.client.promises import SignedStatement, broken
from ledger.client.queries import answered, shaped
from ledger.core import queries
from ledger.core.canonical import encode
from ledger.core.hexadecimal import from_hex, to_hex
from ledger.core.queries import QueryKind
from ledger.core.request_base import OPENING_HEADER
from ledger.core.shapes import array, members_of, text, titles, unsigned
from ledger.core.subjects import BLIND_BYTES, SECONDS_A_DAY, SubjectId, SubjectOpening

LOOK_NUMBERS = (
    *("disclosedAt", "reader", "item", "itemVersion", "purpose", "basis", "authority", "tier"),
    *("version", "publisher"),
)
LOOK_HASHES = ("authorityId", "profile", "officer", "caseRef", "recordId", "entry")
LOOK_MEMBERS = (*LOOK_NUMBERS, *LOOK_HASHES, "opened", "anchoredAt", "consent")
"""What is told of one look."""
GIVEN_MEMBERS = ("consent", "captureMode", "guardian", "capturedBy", "secondWitness")
"""What is told of the consent that a look rested on."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many current records of an item are about a person, and the newest one's time (Unix s) and publisher."""

    count: int
    recorded_at: int | None
    publisher: int | None
    answered_at: int = 0

    @property
    def exists(self) -> bool:
        """Whether somebody has asked the resident already."""
        return self.count > 0

    @property
    def age_days(self) -> int | None:
        """Whole days from the newest record to the answer, None without one; 0 for one that is dated ahead."""
        return None if self.recorded_at is None else max(0, self.answered_at - self.recorded_at) // SECONDS_A_DAY


@dataclass(frozen=True, slots=True)
class OutwardToken:
    """Your agency's token of a person for one purpose: `e<epoch>.<hex>`, the same until `ends_at` (Unix s)."""

    token: str
    ends_at: int


@dataclass(frozen=True, slots=True)
class ConsentTag:
    """A subject tag (32 bytes) that no consent carries yet, and its period."""

    tag: bytes
    period: int


@dataclass(frozen=True, slots=True)
class LooksAtPerson:
    """Looks at records about a person as the gateway lists them, newest first, and the items of which it tells."""

    items: Sequence[int]
    looks: Sequence[Mapping[str, Any]]


class SubjectsDesk:
    """The part of the client that asks about persons. Every answer is a checked, kept Query.

    Each method raises LookRefused (the refusal is checked and kept), OpeningInvalid, PromiseBroken.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def coverage(self, subject: SubjectId, grounds: Grounds) -> Coverage:
        """Ask whether the item of `grounds` has current records about a person."""
        names = ("query", "exists", "count", "newest")
        members, query = self._ask(queries.COVERAGE, subject, grounds, {}, names)
        count, newest = shaped(unsigned, members["count"], 32), members["newest"]
        if count != query.message["resultCount"]:
            broken("the answer counts other records than its Query")
        if members["exists"] is not (count > 0) or (newest is None) is not (count == 0):
            broken("the answer contradicts itself")
        answered_at = query.message["answeredAt"]
        if newest is None:
            return Coverage(0, None, None, answered_at)
        about = shaped(members_of, newest, ("recordedAt", "publisher"))
        recorded_at = shaped(unsigned, about["recordedAt"], 53)
        return Coverage(count, recorded_at, shaped(unsigned, about["publisher"], 32), answered_at)

    def token(self, subject: SubjectId, grounds: Grounds) -> OutwardToken:
        """Ask for your agency's token of a person, for the purpose of `grounds`."""
        members, _ = self._ask(queries.TOKEN, subject, grounds, {}, ("query", "token", "epoch", "endsAt"))
        token, epoch = shaped(text, members["token"]), shaped(unsigned, members["epoch"], 53)
        prefix, _, digits = token.partition(".")
        if prefix != f"e{epoch}":
            broken("the token is of another epoch than the answer says")
        shaped(from_hex, f"0x{digits}", 32)
        return OutwardToken(token, shaped(unsigned, members["endsAt"], 53))

    def token_for_publishing(self, subject: SubjectId, grounds: Grounds) -> bytes:
        """Ask for what records about a person commit in `/subject` (32 bytes, as `0x` hex there)."""
        members, _ = self._ask(queries.SUBJECT, subject, grounds, {}, ("query", "subject"))
        token: bytes = shaped(from_hex, members["subject"], 32)
        return token

    def tokens_for_publishing(self, persons: Sequence[SubjectId], grounds: Grounds) -> list[bytes]:
        """Ask for what records about 1 to `MOST_LISTED` persons commit in `/subject` (32 bytes each), in their order.

        One signed request and one Query; each person counts against the gateway's quota of lists.
        """
        openings = [SubjectOpening(os.urandom(BLIND_BYTES), person) for person in persons]
        members, query = self._ask_about(queries.SUBJECT_LIST, openings, grounds, ("query", "subjects"))
        given = shaped(array, members["subjects"])
        if len(given) != len(persons) or query.message["resultCount"] != len(persons):
            broken("the answer is about another number of persons than was asked")
        return [shaped(from_hex, token, 32) for token in given]

    def tag_for_consent(self, subject: SubjectId, recipient: int, grounds: Grounds) -> ConsentTag:
        """Ask for a fresh tag for a person's consent to `recipient`, for the purpose of `grounds`."""
        more = {"recipient": recipient}
        members, _ = self._ask(queries.TAG, subject, grounds, more, ("query", "subjectTag", "period"))
        return ConsentTag(shaped(from_hex, members["subjectTag"], 32), shaped(unsigned, members["period"], 32))

    def looks(self, grounds: Grounds) -> LooksAtPerson:
        """Ask who looked at records about the resident of `grounds` (authority SELF), every page a Query of its own.

        A cursor counts looks at these items: where the gateway tells of others meanwhile, all is asked anew.
        """
        items: Sequence[int] = ()
        looks: list[Mapping[str, Any]] = []
        query = {"limit": "200"}
        while True:
            stated = state(grounds, self._desk.receipts)
            answer = self._desk.transport.get(queries.LOOKS.path, query, stated.headers)
            names = ("query", "items", "looks", "next")
            members, said = answered(self._desk, answer, queries.LOOKS, grounds, stated, names)
            page = shaped(array, members["looks"])
            if len(page) != said.message["resultCount"]:
                broken("the answer lists other looks than its Query counts")
            before, items = items, [shaped(unsigned, item, 32) for item in shaped(array, members["items"])]
            if "cursor" in query and items != before:
                looks, query = [], {"limit": "200"}
                continue
            looks += [self._checked(_look(look)) for look in page]
            if members["next"] is None:
                return LooksAtPerson(items, looks)
            query["cursor"] = shaped(text, members["next"])

    def _checked(self, look: dict[str, Any]) -> dict[str, Any]:
        """Return a look whose consent, if any, was given as the chain says, where it is known here."""
        given, chain = look["consent"], self._desk.facts.chain
        facts = None if given is None or chain is None else chain.history.consents.get(from_hex(given["consent"], 32))
        if facts is not None and (facts.capture_mode, facts.captured_by) != (given["captureMode"], given["capturedBy"]):
            broken("the consent of a look is told as given otherwise than the chain says")
        return look

    def _ask(
        self, kind: QueryKind, subject: SubjectId, grounds: Grounds, more: Mapping[str, int], names: tuple[str, ...]
    ) -> tuple[dict[str, Any], SignedStatement]:
        opening = SubjectOpening(os.urandom(BLIND_BYTES), subject)
        stated = state(grounds, self._desk.receipts)
        body = encode({"subjectCommitment": to_hex(opening.commitment), **more})
        headers = {**stated.headers, OPENING_HEADER: opening.header}
        answer = self._desk.transport.post(kind.path, body, headers, repeatable=True)
        return answered(self._desk, answer, kind, grounds, stated, names)

    def _ask_about(
        self, kind: QueryKind, openings: Sequence[SubjectOpening], grounds: Grounds, names: tuple[str, ...]
    ) -> tuple[dict[str, Any], SignedStatement]:
        stated = state(grounds, self._desk.receipts)
        body = encode({"subjectCommitments": [to_hex(opening.commitment) for opening in openings]})
        headers = {**stated.headers, OPENING_HEADER: ",".join(opening.header for opening in openings)}
        answer = self._desk.transport.post(kind.path, body, headers, repeatable=True)
        return answered(self._desk, answer, kind, grounds, stated, names)


def _look(value: object) -> dict[str, Any]:
    """Return a look as it was told; raises PromiseBroken for one that is misshapen."""
    look: dict[str, Any] = shaped(members_of, value, LOOK_MEMBERS)
    for name in LOOK_NUMBERS:
        shaped(unsigned, look[name], 53)
    for name in LOOK_HASHES:
        shaped(from_hex, look[name], 32)
    if look["anchoredAt"] is not None:
        shaped(unsigned, look["anchoredAt"], 53)
    if look["consent"] is not None:
        given = shaped(members_of, look["consent"], GIVEN_MEMBERS)
        shaped(from_hex, given["consent"], 32)
        for name in GIVEN_MEMBERS[1:]:
            if given[name] is not None or name in ("captureMode", "capturedBy"):
                shaped(unsigned, given[name], 32)
    for slot in shaped(array, look["opened"]):
        named = shaped(members_of, slot, ("path", "kind", "title"))
        for name in ("path", "kind"):
            shaped(text, named[name])
        if named["title"] is not None:
            shaped(titles, named["title"])
    return look
