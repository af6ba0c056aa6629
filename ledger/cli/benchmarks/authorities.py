"""Grants and consents as the chain tells them: synthetic events of the shapes that the contracts emit.

Relaying them one by one would measure the chain for hours. So their events are made here, and folded or written into
followed blocks; whoever folds, decides and reads is real.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import cycle, islice

from ledger.core.codes import AgencyKind, Basis, CaptureMode, DataCategory, Purpose
from ledger.core.consent_documents import ConsentText, Evidence
from ledger.core.hexadecimal import to_hex
from ledger.core.history import Block, ChainEvent
from ledger.core.keccak import keccak256
from ledger.core.scope import EVERYWHERE, Scope
from ledger.rows import FollowedBlock

PURPOSE = Purpose.INCIDENT_RESPONSE
EVERYTHING = DataCategory.GENERAL.bit | DataCategory.SENSITIVE.bit
WORDS = {"zh": "示例文本", "en": "text of the benchmark"}
TEXT = ConsentText(
    *("bench", 1, WORDS, (PURPOSE,), (DataCategory.GENERAL, DataCategory.SENSITIVE), (AgencyKind.FIRE,)),
    *(WORDS, WORDS, WORDS, WORDS, WORDS),
)
LIFE_SECONDS = 30 * 86_400
EVERY_REGION = (EVERYWHERE,)


@dataclass(frozen=True)
class Parties:
    """Who reads what: agencies by number, keys as addresses, the item version that is granted."""

    reader: int
    reader_key: str
    deciding_key: str
    item: int
    item_version: int
    granted_at: int
    """Unix seconds, the time of the blocks that hold the events."""


@dataclass(frozen=True)
class Person:
    """A consent of one person: its id, the tag that names him, who holds his data, and what it covers."""

    consent: bytes
    tag: bytes
    holder: int
    scope: Scope

    @cached_property
    def evidence(self) -> Evidence:
        """Evidence of the consent, as of a key of his own."""
        return Evidence(os.urandom(32), CaptureMode.OWN_KEY, self.tag, TEXT.hash)


@dataclass(frozen=True)
class Granted:
    """A grant: its id, its holder, scope and profile, and the person whose consent it rests on, None for a duty."""

    grant: bytes
    holder: int
    scope: Scope
    profile: bytes
    person: Person | None = None


@dataclass(frozen=True)
class Written:
    """What a run wrote: grants that rest on a consent, by the profile that they open, and one a holder for a duty.

    `record_of`: the record that a grant with a consent is about, by the grant's id; `records_of`: by their holder.
    """

    stored_open: Sequence[Granted]
    originals: Sequence[Granted]
    duties: Sequence[Granted]
    record_of: Mapping[bytes, bytes]
    records_of: Mapping[int, Sequence[bytes]]
    consents: int

    @property
    def grants(self) -> int:
        """How many grants there are."""
        return len(self.stored_open) + len(self.originals) + len(self.duties)


Told = tuple[str, str, dict[str, object]]
"""An event before it has a place: contract, name, arguments."""


def fresh_scope(regions: tuple[str, ...]) -> Scope:
    """Return a scope of these region prefixes under a salt of its own, so that each has another hash."""
    return Scope(os.urandom(32), regions)


def person(holder: int, regions: tuple[str, ...], tag: bytes | None = None) -> Person:
    """Return somebody's consent for data that `holder` keeps; the tag is a made-up one unless it is given."""
    return Person(os.urandom(32), tag or os.urandom(32), holder, fresh_scope(regions))


def consent_event(parties: Parties, who: Person) -> Told:
    """Return the event by which a consent is recorded."""
    args: dict[str, object] = {
        "consent": to_hex(who.consent),
        "recipient": parties.reader,
        "holder": who.holder,
        "subjectTag": to_hex(who.tag),
        "categories": EVERYTHING,
        "purpose": int(PURPOSE),
        "scopeHash": to_hex(who.scope.hash),
        "textHash": to_hex(TEXT.hash),
        "evidenceHash": to_hex(who.evidence.hash),
        "controller": to_hex(who.tag[:20]),
        "capturedBy": 0,
        "captureMode": 1,
        "validFrom": parties.granted_at,
        "validUntil": parties.granted_at + LIFE_SECONDS,
        "salt": to_hex(os.urandom(32)),
    }
    return "ConsentRegistry", "ConsentRecorded", args


def grant_events(parties: Parties, granted: Granted) -> list[Told]:
    """Return the events of a request and of its grant."""
    basis = Basis.STATUTORY_DUTY if granted.person is None else Basis.CONSENT
    until = parties.granted_at + LIFE_SECONDS
    both: dict[str, object] = {
        "request": to_hex(granted.grant),
        "reader": parties.reader,
        "holder": granted.holder,
        "itemVersion": parties.item_version,
        "profile": to_hex(granted.profile),
    }
    requested = both | {
        "key": parties.reader_key,
        "item": parties.item,
        "purpose": int(PURPOSE),
        "basis": int(basis),
        "basisRef": to_hex(os.urandom(32) if granted.person is None else granted.person.consent),
        "scopeHash": to_hex(granted.scope.hash),
        "until": until,
    }
    decided = both | {
        "key": parties.deciding_key,
        "expiresAt": until,
        "uses": 0,
        "terms": 0,
        "destroyBy": until + LIFE_SECONDS,
        "assessment": to_hex(os.urandom(32)),
    }
    return [("AccessLedger", "AccessRequested", requested), ("AccessLedger", "AccessGranted", decided)]


def told(parties: Parties, grants: Sequence[Granted], others: Iterator[Person], consents: int) -> Iterator[list[Told]]:
    """Yield the events of grants, of the consents that they rest on, and of `others` up to `consents` in all.

    One list a grant, for a block each, with its share of the consents.
    """
    more = max(0, consents - sum(one.person is not None for one in grants))
    for place, one in enumerate(grants):
        share = more * (place + 1) // len(grants) - more * place // len(grants)
        events = [consent_event(parties, who) for who in islice(others, share)]
        if one.person is not None:
            events.append(consent_event(parties, one.person))
        yield [*events, *grant_events(parties, one)]


def strangers(holders: Sequence[int]) -> Iterator[Person]:
    """Yield for ever the consents of people on which no grant rests, their data with each holder in turn."""
    return (person(holder, EVERY_REGION) for holder in cycle(holders))


def placed(block: Block, events: Sequence[Told]) -> FollowedBlock:
    """Return a followed block that holds these events, each of a transaction of its own."""
    return FollowedBlock(block, list(_logged(block, events)), [])


def _logged(block: Block, events: Sequence[Told]) -> Iterator[ChainEvent]:
    for place, (contract, name, args) in enumerate(events):
        transaction = to_hex(keccak256(f"{block.hash} {place}".encode()))
        yield ChainEvent(block.number, place, transaction, contract, name, args)
