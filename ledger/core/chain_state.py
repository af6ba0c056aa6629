"""The state that the chain's events are folded into, and the fold of each event.

An event that contradicts what came before (a second binding of a key, a withdrawal of an unknown consent) is a history
that no chain of ours has written.
"""

from collections.abc import Callable, Mapping

from ledger.core.access_facts import (
    AccessFacts,
    ConsentFacts,
    EmergencyFacts,
    ReviewFacts,
    access_of,
    consent_of,
    emergency_of,
    grant_of,
)
from ledger.core.governance_facts import GOVERNANCE_FOLDS, GovernanceFacts
from ledger.core.governance_facts import Fold as GovernanceFold
from ledger.core.hexadecimal import from_hex
from ledger.core.member_facts import AgencyFacts, AnchorFacts, ItemFacts, KeyFacts, MarkFacts
from ledger.core.points import AsOf, ChainEvent, Dated, Point, anchors_number
from ledger.errors import HistoryError


class ChainState:
    """What is known from the events so far, by number, key or id."""

    def __init__(self) -> None:
        self.agencies: dict[int, AgencyFacts] = {}
        self.keys: dict[str, KeyFacts] = {}
        self.items: dict[int, ItemFacts] = {}
        self.parameters: dict[str, list[Dated]] = {}
        self.anchors: dict[int, list[AnchorFacts]] = {}
        self.marks: dict[bytes, list[MarkFacts]] = {}
        self.catalogue_authority: list[Dated] = []
        self.calendars: list[Dated] = []
        """(version, document hash)"""
        self.duty_lists: list[Dated] = []
        """(version, document hash)"""
        self.consents: dict[bytes, ConsentFacts] = {}
        self.subject_tags: dict[bytes, bytes] = {}
        """Id of the consent by its tag, live or not: each tag stands in one."""
        self.accesses: dict[bytes, AccessFacts] = {}
        self.emergencies: dict[bytes, EmergencyFacts] = {}
        self.anchor_of: dict[tuple[int, int], AnchorFacts] = {}
        self.stray_anchors: list[AnchorFacts] = []
        """What a RecordAnchors took of a gateway after the gateway's stream had gone on in a successor."""
        self.governance = GovernanceFacts()


Fold = Callable[[ChainState, Point, ChainEvent], None]


def _once(has_happened: bool, event: ChainEvent, what: str) -> None:
    if has_happened:
        raise HistoryError(f"block {event.block} {what} a second time")


def _registered(state: ChainState, point: Point, event: ChainEvent) -> None:
    args = event.args
    _once(args["agency"] in state.agencies, event, "registers an agency")
    state.agencies[args["agency"]] = AgencyFacts(args["kind"], args["region"], point, args["allowedRoles"])
    state.agencies[args["agency"]].allowed_roles_since.append(Dated(point, args["allowedRoles"]))


def _status(state: ChainState, point: Point, event: ChainEvent) -> None:
    state.agencies[event.args["agency"]].statuses.append(Dated(point, event.args["status"]))


def _allowed_roles(state: ChainState, point: Point, event: ChainEvent) -> None:
    agency = state.agencies[event.args["agency"]]
    agency.allowed_roles = event.args["allowedRoles"]
    agency.allowed_roles_since.append(Dated(point, agency.allowed_roles))


def _endpoint(state: ChainState, point: Point, event: ChainEvent) -> None:
    document_hash = from_hex(event.args["documentHash"], 32, what="documentHash")
    state.agencies[event.args["agency"]].gateway_documents.append(Dated(point, document_hash))


def _key_bound(state: ChainState, point: Point, event: ChainEvent) -> None:
    args = event.args
    _once(args["key"] in state.keys, event, "binds a key")
    if args["agency"] not in state.agencies:
        raise HistoryError(f"block {event.block} binds a key of an agency that is not registered")
    state.keys[args["key"]] = KeyFacts(args["agency"], args["roles"], args["validFrom"], args["validUntil"], point)


def _officer_named(state: ChainState, _: Point, event: ChainEvent) -> None:
    key = state.keys[event.args["key"]]
    _once(key.officer is not None, event, "names the officer of a key")
    if key.agency != event.args["agency"]:
        raise HistoryError(f"block {event.block} names an officer of another agency than the key's")
    key.officer = from_hex(event.args["officer"], 32)


def _key_retired(state: ChainState, point: Point, event: ChainEvent) -> None:
    key = state.keys[event.args["key"]]
    _once(key.ended is not None, event, "ends a key")
    key.ended = point


def _key_revoked(state: ChainState, point: Point, event: ChainEvent) -> None:
    key = state.keys[event.args["key"]]
    _once(key.revoked is not None, event, "revokes a key")
    key.revoked, key.suspect_from = point, event.args["suspectFrom"]
    if key.ended is None:
        key.ended = point


def _item_published(state: ChainState, point: Point, event: ChainEvent) -> None:
    item = state.items.setdefault(event.args["item"], ItemFacts())
    _once(event.args["version"] in item.versions, event, "publishes a version of an item")
    item.versions[event.args["version"]] = Dated(point, event.args)


def _item_retired(state: ChainState, point: Point, event: ChainEvent) -> None:
    item = state.items[event.args["item"]]
    _once(item.retired is not None, event, "retires an item")
    item.retired = point


def _authority(state: ChainState, point: Point, event: ChainEvent) -> None:
    state.catalogue_authority.append(Dated(point, event.args["agency"]))


def _parameter(state: ChainState, point: Point, event: ChainEvent) -> None:
    state.parameters.setdefault(event.args["name"], []).append(Dated(point, event.args["value"]))


def _anchored(state: ChainState, point: Point, event: ChainEvent) -> None:
    args = event.args
    root, head = from_hex(args["root"], 32), from_hex(args["head"], 32)
    gateway, batch, leaf_count, first = args["gateway"], args["batch"], args["leafCount"], args["firstSequence"]
    anchor = AnchorFacts(gateway, batch, root, leaf_count, first, head, point, event.transaction, event.contract)
    stream = state.anchors.setdefault(anchor.gateway, [])
    if stream and _number(anchor) < _number(stream[-1]):
        state.stray_anchors.append(anchor)
        return
    stream.append(anchor)
    state.anchor_of[(anchor.gateway, anchor.batch)] = anchor


def _number(anchor: AnchorFacts) -> int:
    return anchors_number(anchor.contract) or 0


def _marked(state: ChainState, point: Point, event: ChainEvent) -> None:
    args = event.args
    record_id = from_hex(args["recordId"], 32)
    mark = MarkFacts(args["agency"], args["version"], args["mark"], args["reason"], point)
    state.marks.setdefault(record_id, []).append(mark)


def _calendar(state: ChainState, point: Point, event: ChainEvent) -> None:
    state.calendars.append(Dated(point, (event.args["version"], from_hex(event.args["documentHash"], 32))))


def _duty_list(state: ChainState, point: Point, event: ChainEvent) -> None:
    state.duty_lists.append(Dated(point, (event.args["version"], from_hex(event.args["documentHash"], 32))))


def _consent_recorded(state: ChainState, point: Point, event: ChainEvent) -> None:
    consent = consent_of(event.args, point)
    _once(consent.id in state.consents, event, "records a consent")
    state.consents[consent.id] = consent
    state.subject_tags[consent.subject_tag] = consent.id


def _consent_withdrawn(state: ChainState, point: Point, event: ChainEvent) -> None:
    consent = state.consents[from_hex(event.args["consent"], 32)]
    _once(consent.withdrawn is not None, event, "withdraws a consent")
    consent.withdrawn, consent.withdraw_reason = point, event.args["reason"]


def _requested(state: ChainState, point: Point, event: ChainEvent) -> None:
    access = access_of(event.args, point)
    _once(access.id in state.accesses, event, "makes a request")
    state.accesses[access.id] = access


def _granted(state: ChainState, point: Point, event: ChainEvent) -> None:
    access = _undecided(state, event)
    access.grant, access.granted, access.deciding_key = grant_of(event.args), point, event.args["key"]


def _refused(state: ChainState, point: Point, event: ChainEvent) -> None:
    access, args = _undecided(state, event), event.args
    access.refused, access.deciding_key = point, args["key"]
    access.refusal_reason, access.reason_hash = args["reason"], from_hex(args["reasonHash"], 32)


def _request_withdrawn(state: ChainState, point: Point, event: ChainEvent) -> None:
    _undecided(state, event).withdrawn = point


def _undecided(state: ChainState, event: ChainEvent) -> AccessFacts:
    access = state.accesses[from_hex(event.args["request"], 32)]
    _once(any((access.granted, access.refused, access.withdrawn)), event, "settles a request")
    return access


def _grant_revoked(state: ChainState, point: Point, event: ChainEvent) -> None:
    _standing_grant(state, event).revoked = point


def _grant_closed(state: ChainState, point: Point, event: ChainEvent) -> None:
    access = _standing_grant(state, event)
    access.closed, access.outcome = point, event.args["outcome"]


def _standing_grant(state: ChainState, event: ChainEvent) -> AccessFacts:
    access = state.accesses[from_hex(event.args["grant"], 32)]
    if access.granted is None:
        raise HistoryError(f"block {event.block} ends a grant that was never given")
    _once(any((access.revoked, access.closed)), event, "ends a grant")
    return access


def _emergency_opened(state: ChainState, point: Point, event: ChainEvent) -> None:
    emergency = emergency_of(event.args, point)
    _once(emergency.id in state.emergencies, event, "opens an emergency")
    state.emergencies[emergency.id] = emergency


def _emergency(state: ChainState, event: ChainEvent) -> EmergencyFacts:
    return state.emergencies[from_hex(event.args["emergency"], 32)]


def _emergency_item(state: ChainState, _: Point, event: ChainEvent) -> None:
    items = _emergency(state, event).items
    _once(event.args["item"] in items, event, "opens an item by an emergency")
    items.add(event.args["item"])


def _emergency_signed(state: ChainState, point: Point, event: ChainEvent) -> None:
    emergency = _emergency(state, event)
    _once(emergency.co_signed is not None, event, "co-signs an emergency")
    _require_live(emergency, point, event)
    emergency.co_signed, emergency.co_signer = point, event.args["key"]


def _emergency_ended(state: ChainState, point: Point, event: ChainEvent) -> None:
    emergency = _emergency(state, event)
    _once(emergency.ended is not None, event, "ends an emergency")
    _require_live(emergency, point, event)
    emergency.ended = point


def _require_live(emergency: EmergencyFacts, point: Point, event: ChainEvent) -> None:
    if not emergency.is_live(AsOf(point.time, point)):
        raise HistoryError(f"block {event.block} has {event.name} of an emergency that is over")


def _emergency_reviewed(state: ChainState, point: Point, event: ChainEvent) -> None:
    args = event.args
    review = ReviewFacts(args["reviewer"], args["verdict"], from_hex(args["documentHash"], 32), point)
    _emergency(state, event).reviews.append(review)


def _reviewer_replaced(state: ChainState, point: Point, event: ChainEvent) -> None:
    _emergency(state, event).reviewers.append(Dated(point, event.args["reviewer"]))


def _notice_given(state: ChainState, point: Point, event: ChainEvent) -> None:
    emergency = _emergency(state, event)
    _once(emergency.notified is not None, event, "gives notice of an emergency")
    emergency.notified = point


def _notice_deferred(state: ChainState, point: Point, event: ChainEvent) -> None:
    emergency = _emergency(state, event)
    if emergency.notified is not None:
        raise HistoryError(f"block {event.block} defers a notice that was given")
    emergency.deferrals.append(Dated(point, (event.args["until"], event.args["reason"])))


def _data_destroyed(state: ChainState, point: Point, event: ChainEvent) -> None:
    emergency = _emergency(state, event)
    _once(emergency.destroyed is not None, event, "destroys an emergency's data")
    emergency.destroyed = point


def _data_kept(state: ChainState, point: Point, event: ChainEvent) -> None:
    emergency = _emergency(state, event)
    _once(emergency.destroyed is not None or emergency.kept is not None, event, "settles an emergency's data")
    emergency.kept = point


def _of_governance(fold: GovernanceFold) -> Fold:
    return lambda state, point, event: fold(state.governance, point, event)


FOLDS: Mapping[tuple[str, str], Fold] = {
    **{which: _of_governance(fold) for which, fold in GOVERNANCE_FOLDS.items()},
    ("AgencyRegistry", "AgencyRegistered"): _registered,
    ("AgencyRegistry", "AgencyStatusSet"): _status,
    ("AgencyRegistry", "AllowedRolesSet"): _allowed_roles,
    ("AgencyRegistry", "EndpointSet"): _endpoint,
    ("AgencyRegistry", "KeyBound"): _key_bound,
    ("AgencyRegistry", "OfficerNamed"): _officer_named,
    ("AgencyRegistry", "KeyRetired"): _key_retired,
    ("AgencyRegistry", "KeyRevoked"): _key_revoked,
    ("Catalogue", "CatalogueAuthoritySet"): _authority,
    ("Catalogue", "ItemPublished"): _item_published,
    ("Catalogue", "ItemRetired"): _item_retired,
    ("Parameters", "ParameterSet"): _parameter,
    ("RecordAnchors", "Anchored"): _anchored,
    ("RecordAnchors", "Marked"): _marked,
    ("Catalogue", "CalendarSet"): _calendar,
    ("Catalogue", "DutyListSet"): _duty_list,
    ("ConsentRegistry", "ConsentRecorded"): _consent_recorded,
    ("ConsentRegistry", "ConsentWithdrawn"): _consent_withdrawn,
    ("AccessLedger", "AccessRequested"): _requested,
    ("AccessLedger", "AccessGranted"): _granted,
    ("AccessLedger", "AccessRefused"): _refused,
    ("AccessLedger", "RequestWithdrawn"): _request_withdrawn,
    ("AccessLedger", "GrantRevoked"): _grant_revoked,
    ("AccessLedger", "GrantClosed"): _grant_closed,
    ("EmergencyAccess", "EmergencyOpened"): _emergency_opened,
    ("EmergencyAccess", "EmergencyItemOpened"): _emergency_item,
    ("EmergencyAccess", "EmergencyCoSigned"): _emergency_signed,
    ("EmergencyAccess", "EmergencyEnded"): _emergency_ended,
    ("EmergencyAccess", "EmergencyReviewed"): _emergency_reviewed,
    ("EmergencyAccess", "ReviewerReplaced"): _reviewer_replaced,
    ("EmergencyAccess", "NoticeGiven"): _notice_given,
    ("EmergencyAccess", "NoticeDeferred"): _notice_deferred,
    ("EmergencyAccess", "DataDestroyed"): _data_destroyed,
    ("EmergencyAccess", "DataKept"): _data_kept,
}
"""What each event states, by contract and name; events that state nothing we ask about are not there."""
