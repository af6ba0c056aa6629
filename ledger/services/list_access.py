"""List and find consents, requests with their grants, and emergencies, for members."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

from ledger.core.access_facts import AccessFacts
from ledger.core.codes import Role
from ledger.core.points import Point
from ledger.errors import FormatError, NotFound
from ledger.services.authenticate import Call
from ledger.services.describe_access import describe_consent, describe_emergency, describe_request, under_way
from ledger.services.duties import request_clocks
from ledger.services.relay_judging import under_way as not_seen_yet

Place = tuple[int, bytes]
"""Where a page goes on: place in the chain, id of the object."""
Described = Mapping[str, Any]
_LOG_INDEX_BITS = 24
_AT_ONCE = 200
"""Objects for which is looked up together what their descriptions need: about a page."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A filter: objects in which `agency` has a part (a name of the list's parts, "" for any), `state`, `item`."""

    agency: int
    part: str = ""
    state: str = ""
    item: int | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of objects that stand on chain, newest first, and where the next one begins (None: nowhere)."""

    objects: Sequence[Described]
    next: Place | None


@dataclass(frozen=True, slots=True)
class _Sort:
    """How objects of a sort are listed; `parts` say which agency has a part, by its name."""

    parts: Mapping[str, Callable[[Call, Any], int]]
    since: Callable[[Any], Point]
    items: Callable[[Any], Iterable[int]]
    describer: Callable[[Call, Sequence[Any]], Callable[[Any], Described]]
    """What describes each of some objects: it may look up at once what it needs of all."""


def _requests_described(call: Call, accesses: Sequence[AccessFacts]) -> Callable[[AccessFacts], Described]:
    clocks = request_clocks(call, accesses)
    return lambda facts: describe_request(call, facts, clocks)


_REQUESTS = _Sort(
    {"reader": lambda _, facts: facts.reader, "holder": lambda _, facts: facts.holder},
    lambda facts: facts.requested,
    lambda facts: (facts.item,),
    _requests_described,
)
_EMERGENCIES = _Sort(
    {"opener": lambda _, facts: facts.agency, "reviewer": lambda call, facts: facts.reviewer(call.as_of)},
    lambda facts: facts.opened,
    lambda facts: facts.items,
    lambda call, _: partial(describe_emergency, call),
)
_CONSENTS = _Sort(
    {
        "recipient": lambda _, facts: facts.recipient,
        "holder": lambda _, facts: facts.holder,
        "witness": lambda _, facts: facts.captured_by,
    },
    lambda facts: facts.recorded,
    lambda _: (),
    lambda call, _: partial(describe_consent, call),
)


def list_requests(call: Call, wanted: Wanted, after: Place | None, limit: int) -> Listed:
    """Return requests in which an agency is `reader` or `holder`, for any member; raises NotEntitled, FormatError."""
    call.require_member()
    return _page(call, _REQUESTS, tuple(call.history.accesses.values()), wanted, after, limit)


def list_emergencies(call: Call, wanted: Wanted, after: Place | None, limit: int) -> Listed:
    """Return emergencies in which an agency is `opener` or `reviewer`, for any member; raises as `list_requests`."""
    call.require_member()
    return _page(call, _EMERGENCIES, tuple(call.history.emergencies.values()), wanted, after, limit)


def list_consents(call: Call, wanted: Wanted, after: Place | None, limit: int) -> Listed:
    """Return consents in which an agency is `recipient`, `holder` or `witness`; raises as `list_requests`.

    Only for a key of that agency or with role AUDIT; raises NotFound for others.
    """
    call.require_member()
    if wanted.agency != call.agency and not call.has_role(Role.AUDIT):
        raise NotFound("an agency sees the consents in which it has a part")
    return _page(call, _CONSENTS, tuple(call.history.consents.values()), wanted, after, limit)


def find_request(call: Call, request: bytes) -> Described:
    """Return a request with its grant, mined or on its way, for any member; raises NotEntitled or NotFound."""
    call.require_member()
    facts = call.history.accesses.get(request)
    if facts is not None and call.as_of.covers(facts.requested):
        return describe_request(call, facts, request_clocks(call, [facts]))
    return _on_its_way(call, request, "request", "RequestAccess", "requested")


def find_emergency(call: Call, emergency: bytes) -> Described:
    """Return an emergency, mined or on its way, for any member; raises NotEntitled or NotFound."""
    call.require_member()
    facts = call.history.emergencies.get(emergency)
    if facts is not None and call.as_of.covers(facts.opened):
        return describe_emergency(call, facts)
    return _on_its_way(call, emergency, "emergency", "OpenEmergency", "open")


def find_consent(call: Call, consent: bytes) -> Described:
    """Return a consent, mined or on its way, to recipient, holder, witness and auditors; raises NotFound to others."""
    call.require_member()
    facts = call.history.consents.get(consent)
    if facts is not None and call.as_of.covers(facts.recorded):
        _require_part(call, (facts.recipient, facts.holder, facts.captured_by))
        return describe_consent(call, facts)
    found = _on_its_way(call, consent, "consent", "RecordConsent", "live")
    _require_part(call, [found["message"][member] for member in ("recipient", "holder", "capturedBy")])
    return found


def _require_part(call: Call, parts: Sequence[int]) -> None:
    if call.agency not in parts and not call.has_role(Role.AUDIT):
        raise NotFound("no consent in which this agency has a part has this id")


def _on_its_way(call: Call, about: bytes, what: str, name: str, state: str) -> Described:
    """Return an object that no followed block shows, as the message that makes it says."""
    actions = under_way(call, about)
    making = next((action for action, _ in not_seen_yet(call, name) if action.about == about), None)
    if making is None:
        raise NotFound(f"no {what} has this id")
    row = call.transaction.transaction(making.intent)
    return {
        what: "0x" + about.hex(),
        "state": state,
        "stands": "received" if row is None or row.state == "received" else "submitted",
        "message": dict(making.message),
        "receivedAt": making.received_at,
        "includeBy": making.include_by,
        "underWay": actions,
    }


def _page(call: Call, sort: _Sort, objects: Sequence[Any], wanted: Wanted, after: Place | None, limit: int) -> Listed:
    if wanted.part and wanted.part not in sort.parts:
        raise FormatError(f"role: expected one of {', '.join(sort.parts)}")
    page: list[Described] = []
    last: Place | None = None
    found = (facts for facts in reversed(_before(sort, objects, after)) if _is_wanted(call, sort, facts, wanted))
    for facts, described in _described(call, sort, found):
        if wanted.state and described["state"] != wanted.state:
            continue
        if len(page) == limit:
            return Listed(page, last)
        page.append(described)
        last = _place(sort.since(facts), facts.id)
    return Listed(page, None)


def _described(call: Call, sort: _Sort, found: Iterator[Any]) -> Iterator[tuple[Any, Described]]:
    while objects := list(islice(found, _AT_ONCE)):
        describe = sort.describer(call, objects)
        for facts in objects:
            yield facts, describe(facts)


def _before(sort: _Sort, objects: Sequence[Any], after: Place | None) -> Sequence[Any]:
    """Return the objects before a place; the history has them in the order of their places."""
    if after is None:
        return objects
    return objects[: bisect_left(objects, after, key=lambda facts: _place(sort.since(facts), facts.id))]


def _is_wanted(call: Call, sort: _Sort, facts: Any, wanted: Wanted) -> bool:
    parts = [sort.parts[wanted.part]] if wanted.part else sort.parts.values()
    if not any(part(call, facts) == wanted.agency for part in parts) or not call.as_of.covers(sort.since(facts)):
        return False
    return wanted.item is None or wanted.item in sort.items(facts)


def _place(point: Point, identifier: bytes) -> Place:
    return point.block << _LOG_INDEX_BITS | point.log_index, identifier
