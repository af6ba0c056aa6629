"""Looking at records: one, many, one with its proof, a file of one; disclosures and refusals are checked and kept."""

from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ledger.client.desk import Desk
from ledger.client.grounds import Grounds, StatedGrounds, state
from ledger.client.looks import AskedLook, check_answer, check_disclosure
from ledger.client.promises import SignedStatement, broken, parse_statement
from ledger.client.served_under import served_under
from ledger.client.transport import SignedAnswer
from ledger.core.attachment import file_place, parse_file_value, require_content
from ledger.core.bundle import View, parse_view
from ledger.core.canonical import JsonValue, decode, encode
from ledger.core.hexadecimal import to_hex
from ledger.core.receipt import LookRequest, Opening, parse_openings
from ledger.core.schema import Schema
from ledger.core.shapes import array
from ledger.core.verify import VerifiedBundle, verify_bundle
from ledger.errors import FormatError, GongzhiError, LookRefused, PromiseBroken, VerificationError


@dataclass(frozen=True)
class Page:
    """One disclosure: its checked views with their schema (None for an empty page), marks and publishers by recordId.

    `next` is the cursor of the next page, None on the last one. Values of open slots are canonical JSON texts.
    """

    disclosure: SignedStatement
    views: Sequence[View]
    schema: Schema | None
    marks: Mapping[str, Any]
    submissions: Mapping[str, Any]
    next: str | None


@dataclass(frozen=True)
class DisclosedBundle:
    """A proof bundle as bytes of its file, with what its verification established."""

    data: bytes
    verified: VerifiedBundle
    disclosure: SignedStatement


@dataclass(frozen=True)
class DisclosedAttachment:
    """What is attached to a record at a path, checked against the digest in its slot; None where it names no file."""

    content: bytes | None
    media: str | None
    view: View
    disclosure: SignedStatement


@dataclass(frozen=True)
class SearchTerms:
    """What to search in an item: region prefix, class (exact, or a prefix ending in `/`), [from, until) in Unix s."""

    region: str | None = None
    record_class: str | None = None
    occurred_from: int | None = None
    occurred_until: int | None = None
    limit: int = 50

    def query(self, cursor: str | None) -> dict[str, str]:
        """Return the query of a page."""
        given = {
            "region": self.region,
            "class": self.record_class,
            "from": self.occurred_from,
            "until": self.occurred_until,
            "limit": self.limit,
            "cursor": cursor,
        }
        return {name: str(value) for name, value in given.items() if value is not None}


class Looking:
    """The reader's part of the client."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def read(self, record_id: bytes, grounds: Grounds, version: int | None = None) -> Page:
        """Look at one record, the newest version if None; raises LookRefused, NotFound, PromiseBroken."""
        query = {} if version is None else {"version": str(version)}
        page = self._look(f"/v1/records/{to_hex(record_id)}", query, grounds)
        self._require_record(page.views, record_id, version)
        return page

    def search(self, grounds: Grounds, terms: SearchTerms, cursor: str | None = None) -> Page:
        """Look at one page of an item's records; raises LookRefused, PromiseBroken."""
        page = self._look("/v1/records", terms.query(cursor), grounds)
        for view in page.views:
            _require_terms(view, terms)
        return page

    def bundle(self, record_id: bytes, grounds: Grounds, version: int | None = None) -> DisclosedBundle:
        """Fetch the proof bundle of a record version (the newest if None) and verify it: at chain level where there are
        chain facts, else the file.

        Raises NotAnchoredYet, LookRefused, NotFound, PromiseBroken.
        """
        stated = state(grounds, self._desk.receipts)
        query = None if version is None else {"version": str(version)}
        answer = self._desk.transport.get(f"/v1/records/{to_hex(record_id)}/bundle", query, stated.headers)
        asked = self._asked(answer, grounds, stated)
        members = self._members(answer, asked, "bundle")
        if not isinstance(members["bundle"], dict):
            broken("the answer holds no bundle")
        data = encode(members["bundle"])
        disclosure, views, _ = self._disclosed(members, asked, [members["bundle"].get("record")])
        self._require_record(views, record_id, version)
        return DisclosedBundle(data, self._verified(data), disclosure)

    def attachment(
        self, record_id: bytes, path: str, grounds: Grounds, version: int | None = None
    ) -> DisclosedAttachment:
        """Look at what is attached to a record version (the newest if None) at the slot `path`.

        Content, length and media type are those that the record's publisher committed, or it is not returned. Raises
        LookRefused, NotFound, PromiseBroken.
        """
        stated = state(grounds, self._desk.receipts)
        query = {"path": path} | ({} if version is None else {"version": str(version)})
        answer = self._desk.transport.get(f"/v1/records/{to_hex(record_id)}/attachment", query, stated.headers)
        asked = self._asked(answer, grounds, stated)
        members = self._members(answer, asked, "views", "content")
        disclosure, views, schema = self._disclosed(members, asked, members["views"])
        self._require_record(views, record_id, version)
        place = None if schema is None else file_place(schema, path)
        slot = None if place is None else views[0].slots[place]
        if slot is None or slot.value is None or slot.salt is None:
            broken("the answer does not open the slot of the file that was asked for")
        content, media = _checked_file(members["content"], decode(slot.value), slot.salt)
        return DisclosedAttachment(content, media, views[0], disclosure)

    def _look(self, path: str, query: Mapping[str, str], grounds: Grounds) -> Page:
        stated = state(grounds, self._desk.receipts)
        answer = self._desk.transport.get(path, query, stated.headers)
        asked = self._asked(answer, grounds, stated)
        members = self._members(answer, asked, "views", "marks", "next", "submissions")
        disclosure, views, schema = self._disclosed(members, asked, members["views"])
        following = members["next"]
        if following is not None and not isinstance(following, str):
            broken("the cursor of the next page is no text")
        return Page(disclosure, views, schema, members["marks"], members["submissions"], following)

    def keep_refusal(self, answer: SignedAnswer, grounds: Grounds, stated: StatedGrounds) -> None:
        """Check and keep the refusal in an answer of status 403, and raise it: LookRefused or PromiseBroken."""
        self.refuse(answer, self._asked(answer, grounds, stated))

    def _asked(self, answer: SignedAnswer, grounds: Grounds, stated: StatedGrounds) -> AskedLook:
        return AskedLook(
            answer.base,
            answer.signature,
            answer.created,
            answer.expires,
            self._desk.agency,
            self._desk.signer.address,
            grounds.item,
            int(grounds.purpose),
            int(grounds.basis),
            int(grounds.authority),
            stated.officer,
            stated.case,
            grounds.authority_id,
            grounds.profile,
        )

    def _members(self, answer: SignedAnswer, asked: AskedLook, *names: str) -> dict[str, Any]:
        """Return the members of a served look; raises LookRefused once a refusal has been checked and kept."""
        if answer.status == 403:
            self.refuse(answer, asked)
        return answer.members("disclosure", "openings", *names)

    def refuse(self, answer: SignedAnswer, asked: AskedLook) -> None:
        """Check and keep the refusal in an answer of status 403 to `asked`, and raise LookRefused or PromiseBroken."""
        members = answer.members("reason", "name", "needed", "refusal")
        refusal = parse_statement("Refusal", members["refusal"])
        evidence = LookRequest(asked.base.decode("ascii"), asked.signature, ())

        def check(facts: Any) -> None:
            check_answer(refusal, asked, facts)
            if refusal.message["reason"] != members["reason"]:
                broken("the refusal gives another reason than the answer")

        self._desk.check(refusal, evidence, check)
        raise LookRefused(members["reason"], str(members["name"]), str(members["needed"]))

    def _disclosed(
        self, members: Mapping[str, Any], asked: AskedLook, views: Any
    ) -> tuple[SignedStatement, list[View], Schema | None]:
        disclosure = parse_statement("Disclosure", members["disclosure"])
        openings: tuple[Opening, ...] = ()
        try:
            openings = parse_openings(members["openings"])
            shown = [parse_view(view) for view in array(views, what="views")]
        except FormatError as error:
            malformed = PromiseBroken(f"openings or views are malformed: {error.detail}")
            shown = None
        evidence = LookRequest(asked.base.decode("ascii"), asked.signature, openings)

        def check(facts: Any) -> Schema | None:
            if shown is None:
                raise malformed
            schema = self._desk.schema(shown[0].schema_hash) if shown else None
            under = served_under(self._desk, disclosure.message, asked.profile)
            check_disclosure(disclosure, asked, openings, shown, schema, under, facts)
            return schema

        schema = self._desk.check(disclosure, evidence, check)
        return disclosure, shown or [], schema

    def _verified(self, data: bytes) -> VerifiedBundle:
        desk = self._desk
        try:
            try:
                return verify_bundle(data, desk.facts.chain)
            except VerificationError:
                if desk.newer_facts is None:
                    raise
            desk.facts = desk.newer_facts()
            return verify_bundle(data, desk.facts.chain)
        except VerificationError as error:
            raise PromiseBroken(f"the bundle fails at step {error.step}: {error.detail}") from error

    def _require_record(self, views: Sequence[View], record_id: bytes, version: int | None) -> None:
        if [view.record_id for view in views] != [record_id]:
            broken("the answer opens another record than was asked for")
        if version is not None and views[0].version != version:
            broken("the answer opens another version than was asked for")


def _checked_file(given: object, value: JsonValue, salt: bytes) -> tuple[bytes | None, str | None]:
    """Return content and media type of a file whose slot holds `value`; raises PromiseBroken if it is not that file."""
    if value is None or given is None:
        if value is not None or given is not None:
            broken("the answer holds a file where the record names none, or none where it names one")
        return None, None
    try:
        content = b64decode(given if isinstance(given, str) else "", validate=True)
        named = parse_file_value(value)
        require_content(named, salt, content, named.media)
    except (ValueError, GongzhiError) as error:
        raise PromiseBroken("the content is not the file that the record names") from error
    return content, named.media


def _require_terms(view: View, terms: SearchTerms) -> None:
    """Check open region, class and time against what was searched; closed slots cannot be compared."""
    values = {slot.path: decode(slot.value) for slot in view.slots if slot.kind == "o" and slot.value is not None}
    region, record_class, at = values.get("/region"), values.get("/class"), values.get("/occurredAt")
    if terms.region and isinstance(region, str) and not region.startswith(terms.region):
        broken("a record of another region than was searched")
    if terms.record_class and isinstance(record_class, str):
        wanted = terms.record_class
        if not (record_class.startswith(wanted) if wanted.endswith("/") else record_class == wanted):
            broken("a record of another class than was searched")
    if isinstance(at, int) and (
        (terms.occurred_from is not None and at < terms.occurred_from)
        or (terms.occurred_until is not None and at >= terms.occurred_until)
    ):
        broken("a record of another time than was searched")
