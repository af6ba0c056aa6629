"""Asking about persons: is there a record already, and tokens and tags in an id's place.

The id goes in the header Gongzhi-Opening, beside a fresh blind, and nowhere else: the signed body holds a commitment.
Receipts keep the signed request and the gateway's Query, from which nobody learns about whom was asked.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ledger.client.desk import Desk
from ledger.client.facts import GatewayFacts
from ledger.client.grounds import Grounds, StatedGrounds, state
from ledger.client.looking import Looking
from ledger.client.promises import SignedStatement, broken, check_own_times, check_statement, parse_statement
from ledger.client.transport import SignedAnswer
from ledger.core import queries
from ledger.core.canonical import encode
from ledger.core.hexadecimal import from_hex, to_hex
from ledger.core.keccak import keccak256
from ledger.core.queries import QueryKind
from ledger.core.receipt import LookRequest
from ledger.core.request_base import OPENING_HEADER, SKEW_SECONDS
from ledger.core.shapes import array, members_of, text, titles, unsigned
from ledger.core.subjects import BLIND_BYTES, SubjectId, SubjectOpening
from ledger.errors import FormatError, PromiseBroken

LOOK_NUMBERS = (
    *("disclosedAt", "reader", "item", "itemVersion", "purpose", "basis", "authority", "tier"),
    *("version", "publisher"),
)
LOOK_HASHES = ("authorityId", "profile", "officer", "caseRef", "recordId", "entry")
LOOK_MEMBERS = (*LOOK_NUMBERS, *LOOK_HASHES, "opened", "anchoredAt")
"""What is told of one look."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many current records of an item are about a person, and the newest one's time (Unix s) and publisher."""

    count: int
    recorded_at: int | None
    publisher: int | None

    @property
    def exists(self) -> bool:
        """Whether somebody has asked the resident already."""
        return self.count > 0


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
        count, newest = _shaped(unsigned, members["count"], 32), members["newest"]
        if count != query.message["resultCount"]:
            broken("the answer counts other records than its Query")
        if members["exists"] is not (count > 0) or (newest is None) is not (count == 0):
            broken("the answer contradicts itself")
        if newest is None:
            return Coverage(0, None, None)
        about = _shaped(members_of, newest, ("recordedAt", "publisher"))
        return Coverage(count, _shaped(unsigned, about["recordedAt"], 53), _shaped(unsigned, about["publisher"], 32))

    def token(self, subject: SubjectId, grounds: Grounds) -> OutwardToken:
        """Ask for your agency's token of a person, for the purpose of `grounds`."""
        members, _ = self._ask(queries.TOKEN, subject, grounds, {}, ("query", "token", "epoch", "endsAt"))
        token, epoch = _shaped(text, members["token"]), _shaped(unsigned, members["epoch"], 53)
        prefix, _, digits = token.partition(".")
        if prefix != f"e{epoch}":
            broken("the token is of another epoch than the answer says")
        _shaped(from_hex, f"0x{digits}", 32)
        return OutwardToken(token, _shaped(unsigned, members["endsAt"], 53))

    def token_for_publishing(self, subject: SubjectId, grounds: Grounds) -> bytes:
        """Ask for what records about a person commit in `/subject` (32 bytes, as `0x` hex there)."""
        members, _ = self._ask(queries.SUBJECT, subject, grounds, {}, ("query", "subject"))
        token: bytes = _shaped(from_hex, members["subject"], 32)
        return token

    def tokens_for_publishing(self, persons: Sequence[SubjectId], grounds: Grounds) -> list[bytes]:
        """Ask for what records about 1 to `MOST_LISTED` persons commit in `/subject` (32 bytes each), in their order.

        One signed request and one Query; each person counts against the gateway's quota of lists.
        """
        openings = [SubjectOpening(os.urandom(BLIND_BYTES), person) for person in persons]
        members, query = self._ask_about(queries.SUBJECT_LIST, openings, grounds, ("query", "subjects"))
        given = _shaped(array, members["subjects"])
        if len(given) != len(persons) or query.message["resultCount"] != len(persons):
            broken("the answer is about another number of persons than was asked")
        return [_shaped(from_hex, token, 32) for token in given]

    def tag_for_consent(self, subject: SubjectId, recipient: int, grounds: Grounds) -> ConsentTag:
        """Ask for a fresh tag for a person's consent to `recipient`, for the purpose of `grounds`."""
        more = {"recipient": recipient}
        members, _ = self._ask(queries.TAG, subject, grounds, more, ("query", "subjectTag", "period"))
        return ConsentTag(_shaped(from_hex, members["subjectTag"], 32), _shaped(unsigned, members["period"], 32))

    def looks(self, grounds: Grounds) -> LooksAtPerson:
        """Ask who looked at records about the resident of `grounds` (authority SELF), every page a Query of its own."""
        items, looks, query = [], [], {"limit": "200"}
        while True:
            stated = state(grounds, self._desk.receipts)
            answer = self._desk.transport.get(queries.LOOKS.path, query, stated.headers)
            members, said = self._answered(answer, queries.LOOKS, grounds, stated, ("query", "items", "looks", "next"))
            page = _shaped(array, members["looks"])
            if len(page) != said.message["resultCount"]:
                broken("the answer lists other looks than its Query counts")
            items = [_shaped(unsigned, item, 32) for item in _shaped(array, members["items"])]
            looks += [_look(look) for look in page]
            if members["next"] is None:
                return LooksAtPerson(items, looks)
            query["cursor"] = _shaped(text, members["next"])

    def _ask(
        self, kind: QueryKind, subject: SubjectId, grounds: Grounds, more: Mapping[str, int], names: tuple[str, ...]
    ) -> tuple[dict[str, Any], SignedStatement]:
        opening = SubjectOpening(os.urandom(BLIND_BYTES), subject)
        stated = state(grounds, self._desk.receipts)
        body = encode({"subjectCommitment": to_hex(opening.commitment), **more})
        headers = {**stated.headers, OPENING_HEADER: opening.header}
        answer = self._desk.transport.post(kind.path, body, headers, repeatable=True)
        return self._answered(answer, kind, grounds, stated, names)

    def _ask_about(
        self, kind: QueryKind, openings: Sequence[SubjectOpening], grounds: Grounds, names: tuple[str, ...]
    ) -> tuple[dict[str, Any], SignedStatement]:
        stated = state(grounds, self._desk.receipts)
        body = encode({"subjectCommitments": [to_hex(opening.commitment) for opening in openings]})
        headers = {**stated.headers, OPENING_HEADER: ",".join(opening.header for opening in openings)}
        answer = self._desk.transport.post(kind.path, body, headers, repeatable=True)
        return self._answered(answer, kind, grounds, stated, names)

    def _answered(
        self, answer: SignedAnswer, kind: QueryKind, grounds: Grounds, stated: StatedGrounds, names: tuple[str, ...]
    ) -> tuple[dict[str, Any], SignedStatement]:
        if answer.status == 403:
            Looking(self._desk).keep_refusal(answer, grounds, stated)
        members = answer.members(*names)
        query = parse_statement("Query", members["query"])
        evidence = LookRequest(answer.base.decode("ascii"), answer.signature, ())
        self._desk.check(query, evidence, lambda facts: self._check(query, kind, grounds, answer, facts))
        return members, query

    def _check(
        self, query: SignedStatement, kind: QueryKind, grounds: Grounds, answer: SignedAnswer, facts: GatewayFacts
    ) -> None:
        """Check who promised, to whom, for which request, when; and that the decision's block is not of the future."""
        check_statement(query, facts)
        expected: Mapping[str, Any] = {
            "request": keccak256(answer.base),
            "reader": self._desk.agency,
            "readerKey": self._desk.signer.address,
            "queryType": int(kind.type),
            "item": grounds.item,
            "basis": int(grounds.basis),
            "purpose": int(grounds.purpose),
        }
        for member, value in expected.items():
            if query.message[member] != value:
                broken(f"Query says another {member} than was asked")
        check_own_times(query, facts, created=answer.created, expires=answer.expires)
        if facts.chain is not None:
            block = facts.chain.history.blocks.get(query.message["factsBlock"])
            if block is None or block.time > query.message["answeredAt"] + SKEW_SECONDS:
                broken("the block whose state the decision used is not on the chain, or younger than the answer")


def _look(value: object) -> dict[str, Any]:
    """Return a look as it was told; raises PromiseBroken for one that is misshapen."""
    look: dict[str, Any] = _shaped(members_of, value, LOOK_MEMBERS)
    for name in LOOK_NUMBERS:
        _shaped(unsigned, look[name], 53)
    for name in LOOK_HASHES:
        _shaped(from_hex, look[name], 32)
    if look["anchoredAt"] is not None:
        _shaped(unsigned, look["anchoredAt"], 53)
    for slot in _shaped(array, look["opened"]):
        named = _shaped(members_of, slot, ("path", "kind", "title"))
        for name in ("path", "kind"):
            _shaped(text, named[name])
        if named["title"] is not None:
            _shaped(titles, named["title"])
    return look


def _shaped(parse: Any, value: object, *bounds: Any) -> Any:
    """Return `parse(value, …)`; raises PromiseBroken for a member that is misshapen."""
    try:
        return parse(value, *bounds, what="the answer")
    except FormatError as error:
        raise PromiseBroken(error.detail) from error
