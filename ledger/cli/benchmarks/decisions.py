"""The decision function: alone, and with the facts of a look found in a history of many grants and consents."""

import os
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ledger.cli.benchmarks.authorities import (
    EVERYTHING,
    PURPOSE,
    Granted,
    Parties,
    Told,
    fresh_scope,
    person,
    placed,
    strangers,
    told,
)
from ledger.cli.benchmarks.measurement import Floor, Measurement, rates
from ledger.core.codes import AgencyKind, Authority, Basis, Role
from ledger.core.decision import (
    ConsentRules,
    GrantRules,
    ItemRules,
    LookFacts,
    Permitted,
    RecordFacts,
    decide,
)
from ledger.core.eip712 import ZERO32
from ledger.core.hexadecimal import to_hex
from ledger.core.history import AsOf, Block, History
from ledger.core.look import Ground, Look, look_facts, moment, record_facts
from ledger.core.received import received_facts
from ledger.core.scope import Scope
from ledger.core.stored import SearchKeys
from ledger.domain import load_document

READER, HOLDER, GATEWAY = 2, 7, 1
FOUNDED_AT = 1_700_000_000
REGION = "990101001001"
KEYS = SearchKeys(REGION, FOUNDED_AT, None, "fire/structure", None)
OPEN = 0b1111
PARTIES = Parties(READER, to_hex(b"\x22" * 20), to_hex(b"\x33" * 20), 2, 1, FOUNDED_AT)


def measure_decision(decisions: int = 100_000) -> Measurement:
    """The decision function alone, every row evaluated: a look under class 1."""
    look = LookFacts(True, ItemRules(1, 0xFFFF, 0xFFFF), 3, 8, 2, 3, True, False, 1, True, 5, 7, False)
    record = RecordFacts(True, 5, frozenset())
    return _alone("decision", look, record, decisions)


def measure_decision_under_grant(decisions: int) -> Measurement:
    """The decision function alone: a look under a grant with a scope, which rests on the consent of the person."""
    scope = fresh_scope(("990102", "990101"))
    grant = GrantRules(READER, HOLDER, 2, PURPOSE, Basis.CONSENT, True, scope)
    consent = ConsentRules(READER, HOLDER, PURPOSE, EVERYTHING, True, True, fresh_scope((REGION,)))
    look = LookFacts(
        key_entitled=True,
        item=ItemRules(2, 0xFFFF, 0xFFFF),
        reader=READER,
        reader_kind=AgencyKind.FIRE,
        purpose=PURPOSE,
        basis=Basis.CONSENT,
        basis_reference=True,
        case_reference=False,
        authority=Authority.GRANT,
        authority_id_matches=True,
        requested_open=OPEN,
        permitted_open=OPEN,
        facts_stale=False,
        item_number=2,
        grant=grant,
        consent=consent,
        categories=EVERYTHING,
    )
    record = RecordFacts(True, HOLDER, frozenset(), True, os.urandom(32), REGION, FOUNDED_AT, "fire/structure")
    return _alone("decision under a grant", look, record, decisions)


def _alone(workload: str, look: LookFacts, record: RecordFacts, decisions: int) -> Measurement:
    if not isinstance(decide(look, record), Permitted):
        raise AssertionError("a look that no row refuses goes through all of them")

    def work() -> None:
        for _ in range(decisions):
            decide(look, record)

    return Measurement(
        workload,
        {"decisions_per_second": rates((work,), decisions)[0]},
        (Floor("decisions_per_second", 100_000),),
        {"decisions": decisions, "cores": 1, "facts": "ready"},
    )


def measure_facts(decisions: int, grants: int, consents: int) -> Measurement:
    """Facts of look and record found, and decided, under grants at random; beside it the same with one grant."""
    many, one = _Archive(grants, consents), _Archive(1, 1)
    looks = many.looks(decisions), one.looks(decisions)
    per_second, alone = rates((lambda: many.decide(looks[0]), lambda: one.decide(looks[1])), decisions)
    return Measurement(
        "facts and decision under a grant",
        {"decisions_per_second": per_second, "share_of_one_grant": per_second / alone},
        (),
        {"grants": grants, "consents": consents, "decisions": decisions, "cores": 1, "grant": "another at random each"},
        "the same in a history of one grant and one consent",
        {"decisions_per_second": alone},
    )


@dataclass(frozen=True, slots=True)
class _Asked:
    look: Look
    record_id: bytes


class _Archive:
    """A folded history of two agencies, an item, and so many grants, each resting on a consent."""

    def __init__(self, grants: int, consents: int) -> None:
        self.granted: Sequence[Granted] = [
            Granted(os.urandom(32), HOLDER, fresh_scope(("990101",)), ZERO32, person(HOLDER, (REGION,)))
            for _ in range(grants)
        ]
        self.history = History()
        parent = ZERO32
        blocks = [_founding(), *told(PARTIES, self.granted, strangers((HOLDER,)), consents)]
        for number, events in enumerate(blocks):
            block = Block(number, to_hex(number.to_bytes(32, "big")), to_hex(parent), FOUNDED_AT)
            self.history.append(block, placed(block, events).events)
            parent = number.to_bytes(32, "big")
        scopes: Mapping[bytes, Scope] = {
            scope.hash: scope for one in self.granted if one.person for scope in (one.scope, one.person.scope)
        }
        self.ground = Ground(self.history, received_facts(()), scopes.get, lambda _: True)
        self.as_of: AsOf = moment(self.history, len(blocks) - 1, FOUNDED_AT + 1)

    def looks(self, count: int) -> list[_Asked]:
        """Return looks under grants at random."""
        template = Look(
            *(GATEWAY, READER, PARTIES.reader_key, 2, 1, PURPOSE, Basis.CONSENT, ZERO32, ZERO32),
            *(Authority.GRANT, ZERO32, ZERO32),
        )
        chosen = random.choices(self.granted, k=count)  # noqa: S311 (which grants are asked, not a key)
        return [_Asked(replace(template, authority_id=one.grant), os.urandom(32)) for one in chosen]

    def decide(self, looks: Sequence[_Asked]) -> None:
        """Find the facts of each look and of its record, and decide."""
        for asked in looks:
            facts = look_facts(
                self.ground,
                asked.look,
                self.as_of,
                requested_open=OPEN,
                permitted_open=OPEN,
                categories=EVERYTHING,
                facts_stale=False,
            )
            record = record_facts(
                self.history,
                asked.look,
                self.as_of,
                record_id=asked.record_id,
                version=1,
                publisher=HOLDER,
                gateway=GATEWAY,
                keys=KEYS,
                same_subject=True,
            )
            if not isinstance(decide(facts, record), Permitted):
                raise AssertionError("every look of the benchmark is permitted")


def _founding() -> list[Told]:
    entry = load_document("catalogue/incident-originals.json")
    bitmaps = {name: sum(1 << bit for bit in entry[name]) for name in ("publisherKinds", "readerKinds", "purposes")}
    item = {name: entry[name] for name in ("item", "version", "shareClass")} | bitmaps
    hashes = {name: to_hex(ZERO32) for name in ("schemaHash", "class1Profile", "maskPolicyHash", "documentHash")}
    key = {"key": PARTIES.reader_key, "agency": READER, "roles": Role.READ.bit}
    return [
        _registered(READER, AgencyKind.FIRE),
        _registered(HOLDER, AgencyKind.COMMUNITY),
        ("AgencyRegistry", "KeyBound", key | {"validFrom": FOUNDED_AT, "validUntil": FOUNDED_AT + 365 * 86_400}),
        ("Catalogue", "ItemPublished", item | hashes),
    ]


def _registered(agency: int, kind: AgencyKind) -> Told:
    return "AgencyRegistry", "AgencyRegistered", {"agency": agency, "kind": int(kind), "region": 0, "allowedRoles": 0}
