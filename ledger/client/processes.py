"""Transitions about one subject, found by search and put into anchored order by their proof bundles (domain page)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from ledger.client.gongzhi import GongzhiClient
from ledger.client.grounds import Grounds
from ledger.client.looking import Page, SearchTerms
from ledger.core.bundle import Bundle, View, parse_bundle
from ledger.core.canonical import JsonValue, decode
from ledger.core.codes import AgencyKind, Mark
from ledger.core.hexadecimal import from_hex, to_hex
from ledger.core.process_fold import Surroundings, Transition
from ledger.core.process_table import Party
from ledger.errors import FormatError, LookRefused, NotAnchoredYet, NotFound

_GONE = frozenset({Mark.WITHDRAWN, Mark.ERASED})
_FIRST = 1
_ANSWERED = "answered"
"""What a request is on chain once it was granted."""
_STEP_PATHS = ("/process", "/from", "/to")
_BEGINNINGS = ("/recordedAt", "/occurredAt")


@dataclass(frozen=True, slots=True)
class Placed:
    """A transition with its place in the gateway's stream, and what its note says where that is open."""

    transition: Transition
    sequence: int
    note: str | None


class First(StrEnum):
    """What became of the first version of a transition that has later ones. A step is taken once: these never count."""

    COUNTS = "counts"
    """It is about the subject, and is told as a step of it."""
    OTHER = "other"
    """It is about something else: the step was never taken here."""
    MISSING = "missing"
    """It cannot be had: what it said, and of what, is not known here."""


@dataclass(frozen=True, slots=True)
class LaterVersion:
    """A transition that its publisher published again: its newest `version`, and what became of the first."""

    record_id: bytes
    version: int
    first: First


@dataclass(frozen=True, slots=True)
class FoundTransitions:
    """Transitions about one subject. `placed` are anchored, in that order; steps of one submission by record id.

    `waiting` are ids of those that are not anchored yet, `gone` of those that their publisher marked withdrawn or
    erased. `later` are transitions with versions after the first, of this subject or of one that is not known.
    `looks` counts the disclosures that it took.
    """

    placed: tuple[Placed, ...]
    waiting: tuple[bytes, ...]
    gone: tuple[bytes, ...]
    looks: int
    later: tuple[LaterVersion, ...] = ()


def find_transitions(client: GongzhiClient, subject: bytes, grounds: Grounds, terms: SearchTerms) -> FoundTransitions:
    """Search the item of `grounds` for transitions about `subject` (32 bytes), and prove the place of each.

    A transition is what its first version says: values and place are of that version's bundle. Raises LookRefused,
    PromiseBroken, GatewayUnreachable.
    """
    finding = _Finding(client, subject, grounds)
    for page in client.search(grounds, terms):
        finding.looks += 1
        for view in page.views:
            finding.take(view, is_gone=_is_gone(page, view))
    finding.placed.sort(key=lambda one: (one.sequence, one.transition.record_id))
    found = tuple(finding.placed), tuple(finding.waiting), tuple(finding.gone)
    return FoundTransitions(*found, finding.looks, tuple(finding.later))


@dataclass
class _Finding:
    """Transitions about a subject, as they are found."""

    client: GongzhiClient
    subject: bytes
    grounds: Grounds
    looks: int = 0
    placed: list[Placed] = field(default_factory=list)
    waiting: list[bytes] = field(default_factory=list)
    gone: list[bytes] = field(default_factory=list)
    later: list[LaterVersion] = field(default_factory=list)
    agency_kinds: dict[int, AgencyKind | None] = field(default_factory=dict)

    def take(self, view: View, *, is_gone: bool) -> None:
        """Take what the newest version of a transition shows, and its first one where that may be of the subject."""
        is_about, is_first = _is_about(_open_values(view), self.subject), view.version == _FIRST
        if is_first and not is_about:
            return
        if is_gone and is_about:
            self.gone.append(view.record_id)
        first = First.MISSING if is_gone else self._first(view.record_id, is_newest=is_first)
        if not is_first and (is_about or first is not First.OTHER):
            self.later.append(LaterVersion(view.record_id, view.version, first))

    def _first(self, record_id: bytes, *, is_newest: bool) -> First:
        """Place the first version of a transition, if it is of the subject."""
        try:
            bundle = parse_bundle(self.client.bundle(record_id, self.grounds, _FIRST).data)
        except NotAnchoredYet:
            self.waiting.append(record_id)
            return First.COUNTS
        except (NotFound, LookRefused):
            if is_newest:
                raise
            return First.MISSING
        self.looks += 1
        said = _open_values(bundle.view)
        if not _is_about(said, self.subject):
            return First.OTHER
        publisher = bundle.submission.message["publisher"]
        if publisher not in self.agency_kinds:
            self.agency_kinds[publisher] = _agency_kind_of(self.client, publisher)
        self.placed.append(_placed(bundle, said, self.agency_kinds[publisher]))
        return First.COUNTS


def surroundings_of(client: GongzhiClient, subject: bytes, grounds: Grounds | None) -> Surroundings:
    """Return what is known around a process: parties and answer of a request from the chain; of a record, its
    publisher, level and beginning, by a look on `grounds` (None: no look, and these stay unknown).

    Raises LookRefused, NotFound, PromiseBroken.
    """
    chain = client.desk.facts.chain
    access = None if chain is None else chain.history.accesses.get(subject)
    parties = {} if access is None else {Party.HOLDER: access.holder, Party.READER: access.reader}
    granted = None if access is None else access.granted
    on_chain = None if chain is None else {_ANSWERED: granted.time} if granted is not None else {}
    if grounds is None:
        return Surroundings(parties=parties, on_chain=on_chain)
    page = client.read(subject, grounds)
    said, told = _open_values(page.views[0]), page.submissions.get(to_hex(subject))
    publisher = told.get("publisher") if isinstance(told, dict) else None
    if isinstance(publisher, int):
        parties[Party.PUBLISHER] = publisher
    beginnings = [at for path in _BEGINNINGS if isinstance(at := said.get(path), int)]
    level = said.get("/level")
    begun, known_level = next(iter(beginnings), None), level if isinstance(level, int) else None
    return Surroundings(begun, parties, known_level, on_chain=on_chain)


def _is_about(said: Mapping[str, JsonValue], subject: bytes) -> bool:
    is_step = all(isinstance(said.get(path), str) for path in _STEP_PATHS)
    return is_step and said.get("/subjectRecordId") == to_hex(subject)


def _open_values(view: View) -> dict[str, JsonValue]:
    return {slot.path: decode(slot.value) for slot in view.slots if slot.value is not None and slot.kind == "o"}


def _is_gone(page: Page, view: View) -> bool:
    """Say whether its publisher marked the first version of a transition, or all of them, withdrawn or erased."""
    record = to_hex(view.record_id)
    told = page.submissions.get(record)
    publisher = told.get("publisher") if isinstance(told, dict) else None
    marks: Sequence[Any] = page.marks.get(record, [])
    return any(
        mark.get("agency") == publisher and mark.get("mark") in _GONE and mark.get("version") in (0, _FIRST)
        for mark in marks
        if isinstance(mark, dict)
    )


def _placed(bundle: Bundle, said: Mapping[str, JsonValue], agency_kind: AgencyKind | None) -> Placed:
    """Return the transition of a verified bundle at the place that it proves."""
    message, note = bundle.submission.message, said.get("/note")
    process, before, after = (str(said[path]) for path in _STEP_PATHS)
    transition = Transition(
        record_id=bundle.view.record_id,
        process=process,
        before=before,
        after=after,
        at=message["signedAt"],
        publisher=message["publisher"],
        agency_kind=agency_kind,
        previous=_id_or_none(said.get("/previousTransition")),
        table=_id_or_none(said.get("/table")),
    )
    return Placed(transition, bundle.sequence, note if isinstance(note, str) else None)


def _id_or_none(value: JsonValue) -> bytes | None:
    return None if value is None else from_hex(value, 32, what="id in a transition")


def _agency_kind_of(client: GongzhiClient, agency: int) -> AgencyKind | None:
    """Return an agency's kind: from the chain where it is at hand, else as the gateway tells it; None if not known."""
    chain = client.desk.facts.chain
    try:
        if chain is not None:
            member = chain.history.agencies.get(agency)
            return None if member is None else AgencyKind(member.kind)
        told = client.desk.transport.get_public(f"/v1/agencies/{agency}").members("kind")["kind"]
        return AgencyKind(told) if isinstance(told, int) else None
    except (NotFound, FormatError, ValueError):
        return None
