"""Looks at the simulated ledger's records, decided from its history as a gateway and an auditor decide them."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from ledger.core.codes import Authority, Purpose
from ledger.core.decision import Permitted, Refused, decide
from ledger.core.history import History
from ledger.core.look import Ground, Look, look_facts, moment, record_facts
from ledger.core.received import ReceivedAction, received_facts
from ledger.core.scope import Scope
from ledger.core.stored import SearchKeys
from tests.simulated_authorities import ELSEWHERE, GRANTED, IN_EMERGENCY, SCOPE, SHARED
from tests.simulated_consortium import GATEWAY, ITEM, PUBLISHER, READER, START, address, number32
from tests.simulated_ledger import SimulatedLedger

RECORD = number32("record", 1)
KEYS = SearchKeys("990101001001", START, None, "fire/alarm", None)
_SCOPES = {scope.hash: scope for scope in (SCOPE, ELSEWHERE)}


def class1(ledger: SimulatedLedger, **other: Any) -> Look:
    """A class-1 look of the reader at the incident item."""
    _, profile, item = ledger.items[1]
    look = Look(
        gateway=GATEWAY,
        reader=READER,
        reader_key=address("reader"),
        item=ITEM,
        item_version=1,
        purpose=Purpose.INCIDENT_RESPONSE,
        basis=3,
        basis_ref=number32("duty"),
        case_ref=bytes(32),
        authority=Authority.CLASS1,
        authority_id=item.hash,
        profile=profile.hash,
    )
    return replace(look, **other)


def granted(ledger: SimulatedLedger, grant: bytes, **other: Any) -> Look:
    """A look under a grant at the class-2 item."""
    said = {"item": SHARED, "authority": Authority.GRANT, "authority_id": grant, "profile": GRANTED.hash}
    return class1(ledger, **{**said, **other})


def in_emergency(ledger: SimulatedLedger, emergency: bytes, **other: Any) -> Look:
    """A look under an emergency at the class-2 item."""
    said = {"item": SHARED, "authority": Authority.EMERGENCY, "authority_id": emergency, "basis": 4}
    case = {"basis_ref": bytes(32), "case_ref": number32("case"), "profile": IN_EMERGENCY.hash}
    return class1(ledger, **{**said, **case, **other})


def ground_of(history: History, received: Iterable[ReceivedAction] = (), unsound: Iterable[bytes] = ()) -> Ground:
    """What a look stands on, with these received actions and consents that are not sound."""

    def scope_of(scope_hash: bytes) -> Scope | None:
        return _SCOPES.get(scope_hash)

    return Ground(history, received_facts(received), scope_of, lambda consent: consent.id not in unsound)


def decided(
    ledger: SimulatedLedger,
    look: Look,
    *,
    opened: int = 1,
    categories: int = 0,
    at: int | None = None,
    block: int | None = None,
    received: Iterable[ReceivedAction] = (),
    unsound: Iterable[bytes] = (),
    keys: SearchKeys = KEYS,
    publisher: int = PUBLISHER,
) -> Permitted | Refused:
    """Decide a look at one record, as of a block (the newest) and a time (now)."""
    history = ledger.history()
    as_of = moment(history, len(ledger.blocks) - 1 if block is None else block, ledger.now if at is None else at)
    permitted = ledger.class1_bitmap()
    ground = ground_of(history, received, unsound)
    facts = look_facts(
        ground,
        look,
        as_of,
        requested_open=opened,
        permitted_open=opened if look.authority in (Authority.OWN, Authority.AUDIT) else permitted,
        categories=categories,
        facts_stale=False,
    )
    about = record_facts(
        history,
        look,
        as_of,
        record_id=RECORD,
        version=1,
        publisher=publisher,
        gateway=GATEWAY,
        keys=keys,
        same_subject=True,
    )
    return decide(facts, about)


def received(name: str, about: bytes, at: int, agency: int = READER, **message: Any) -> ReceivedAction:
    """An action that was received at a time; `about` is what it bears on."""
    member = {"WithdrawConsent": "consent", "RevokeGrant": "grant", "CloseGrant": "grant"}.get(name, "emergency")
    return ReceivedAction(about, name, {member: about, **message}, at, at + 300, 1, agency)
