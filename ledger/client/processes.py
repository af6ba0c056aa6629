"""Transitions about one subject, found by search and put into anchored order by their proof bundles (domain page)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ledger.client.gongzhi import GongzhiClient
from ledger.client.grounds import Grounds
from ledger.client.looking import Page, SearchTerms
from ledger.core.bundle import View, parse_bundle
from ledger.core.canonical import JsonValue, decode
from ledger.core.codes import AgencyKind, Mark
from ledger.core.hexadecimal import from_hex, to_hex
from ledger.core.process_fold import Surroundings, Transition
from ledger.core.process_table import Party
from ledger.errors import FormatError, NotAnchoredYet, NotFound

_GONE = frozenset({Mark.WITHDRAWN, Mark.ERASED})
_STEP_PATHS = ("/process", "/from", "/to")
_BEGINNINGS = ("/recordedAt", "/occurredAt")


@dataclass(frozen=True, slots=True)
class Placed:
    """A transition with its place in the gateway's stream, and what its note says where that is open."""

    transition: Transition
    sequence: int
    note: str | None


@dataclass(frozen=True, slots=True)
class FoundTransitions:
    """Transitions about one subject. `placed` are anchored, in that order; steps of one submission by record id.

    `waiting` are ids of those that are not anchored yet, `gone` of those that their publisher marked withdrawn or
    erased. `looks` counts the disclosures that it took.
    """

    placed: tuple[Placed, ...]
    waiting: tuple[bytes, ...]
    gone: tuple[bytes, ...]
    looks: int


def find_transitions(client: GongzhiClient, subject: bytes, grounds: Grounds, terms: SearchTerms) -> FoundTransitions:
    """Search the item of `grounds` for transitions about `subject` (32 bytes), and prove the place of each.

    Raises LookRefused, PromiseBroken, GatewayUnreachable.
    """
    looks, placed, waiting, gone = 0, [], [], []
    kinds: dict[int, AgencyKind | None] = {}
    for page in client.search(grounds, terms):
        looks += 1
        for view, said in _about(page, subject):
            if _is_gone(page, view):
                gone.append(view.record_id)
                continue
            try:
                found = _placed(client, view.record_id, said, grounds)
            except NotAnchoredYet:
                waiting.append(view.record_id)
                continue
            looks += 1
            agency = found.transition.publisher
            if agency not in kinds:
                kinds[agency] = _kind_of(client, agency)
            placed.append(replace(found, transition=replace(found.transition, kind=kinds[agency])))
    placed.sort(key=lambda one: (one.sequence, one.transition.record_id))
    return FoundTransitions(tuple(placed), tuple(waiting), tuple(gone), looks)


def surroundings_of(client: GongzhiClient, subject: bytes, grounds: Grounds | None) -> Surroundings:
    """Return what is known around a process: parties of a request from the chain; of a record, its publisher, level
    and beginning, by a look on `grounds` (None: no look, and these stay unknown).

    Raises LookRefused, NotFound, PromiseBroken.
    """
    chain = client.desk.facts.chain
    access = None if chain is None else chain.history.accesses.get(subject)
    parties = {} if access is None else {Party.HOLDER: access.holder, Party.READER: access.reader}
    if grounds is None:
        return Surroundings(parties=parties)
    page = client.read(subject, grounds)
    said, told = _open_values(page.views[0]), page.submissions.get(to_hex(subject))
    publisher = told.get("publisher") if isinstance(told, dict) else None
    if isinstance(publisher, int):
        parties[Party.PUBLISHER] = publisher
    beginnings = [at for path in _BEGINNINGS if isinstance(at := said.get(path), int)]
    level = said.get("/level")
    return Surroundings(next(iter(beginnings), None), parties, level if isinstance(level, int) else None)


def _about(page: Page, subject: bytes) -> Iterator[tuple[View, Mapping[str, JsonValue]]]:
    wanted = to_hex(subject)
    for view in page.views:
        said = _open_values(view)
        if said.get("/subjectRecordId") == wanted and all(isinstance(said.get(path), str) for path in _STEP_PATHS):
            yield view, said


def _open_values(view: View) -> dict[str, JsonValue]:
    return {slot.path: decode(slot.value) for slot in view.slots if slot.value is not None and slot.kind == "o"}


def _is_gone(page: Page, view: View) -> bool:
    record = to_hex(view.record_id)
    told = page.submissions.get(record)
    publisher = told.get("publisher") if isinstance(told, dict) else None
    marks: Sequence[Any] = page.marks.get(record, [])
    return any(
        mark.get("agency") == publisher and mark.get("mark") in _GONE and mark.get("version") in (0, view.version)
        for mark in marks
        if isinstance(mark, dict)
    )


def _placed(client: GongzhiClient, record_id: bytes, said: Mapping[str, JsonValue], grounds: Grounds) -> Placed:
    """Return a transition at the place that its bundle proves; raises NotAnchoredYet and what a look raises."""
    bundle = parse_bundle(client.bundle(record_id, grounds).data)
    message, note = bundle.submission.message, said.get("/note")
    process, before, after = (str(said[path]) for path in _STEP_PATHS)
    transition = Transition(
        record_id=record_id,
        process=process,
        before=before,
        after=after,
        at=message["signedAt"],
        publisher=message["publisher"],
        previous=_id_or_none(said.get("/previousTransition")),
        table=_id_or_none(said.get("/table")),
    )
    return Placed(transition, bundle.sequence, note if isinstance(note, str) else None)


def _id_or_none(value: JsonValue) -> bytes | None:
    return None if value is None else from_hex(value, 32, what="id in a transition")


def _kind_of(client: GongzhiClient, agency: int) -> AgencyKind | None:
    """Return an agency's kind as the gateway tells it, None for one that is not known."""
    try:
        told = client.desk.transport.get_public(f"/v1/agencies/{agency}").members("kind")["kind"]
        return AgencyKind(told) if isinstance(told, int) else None
    except (NotFound, FormatError, ValueError):
        return None
