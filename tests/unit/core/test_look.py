"""From history to the facts of a decision: what a gateway serves by, and an auditor replays."""

from dataclasses import replace
from typing import Any

import pytest

from ledger.core.codes import AgencyKind, Authority, Mark, Purpose, Refusal, Role
from ledger.core.decision import Permitted, Refused, decide
from ledger.core.eip712 import ZERO32
from ledger.core.hexadecimal import to_hex
from ledger.core.history import END_OF_BLOCK, AsOf, History, Point
from ledger.core.look import categories_of, end_of, facts_are_stale, item_version, look_facts, moment
from ledger.core.schema import parse_schema
from ledger.errors import HistoryError
from tests.simulated_consortium import (
    AUDITOR,
    FOREVER,
    ITEM,
    OTHER_GATEWAY,
    PUBLISHER,
    READER,
    RIVAL,
    address,
    number32,
)
from tests.simulated_ledger import SimulatedLedger
from tests.unit.core.looks import RECORD, class1, decided, ground_of

pytestmark = pytest.mark.unit
NONE = {"authority_id": ZERO32, "profile": ZERO32}
OWN = {"reader": PUBLISHER, "reader_key": address("publisher-reads"), "authority": Authority.OWN, **NONE}
AUDIT: dict[str, Any] = {
    "reader": AUDITOR,
    "reader_key": address("auditor"),
    "authority": Authority.AUDIT,
    "purpose": Purpose.RIGHTS_AND_AUDIT,
    **NONE,
}


def test_a_class_1_look_opens_what_the_items_profile_opens_and_no_more() -> None:
    ledger = SimulatedLedger()
    profile = ledger.class1_bitmap()
    assert decided(ledger, class1(ledger), opened=profile) == Permitted(Authority.CLASS1, profile)
    sealed = next(1 << place for place in range(9) if not profile >> place & 1)
    assert decided(ledger, class1(ledger), opened=profile | sealed) == Refused(Refusal.PROFILE_TOO_WIDE)


@pytest.mark.parametrize("other", [OWN, AUDIT], ids=["own", "audit"])
def test_publisher_and_auditor_may_open_every_slot(other: dict[str, Any]) -> None:
    ledger = SimulatedLedger()
    every = (1 << 9) - 1
    assert decided(ledger, class1(ledger, **other), opened=every) == Permitted(other["authority"], every)


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ({"reader_key": address("stranger")}, Refusal.KEY_NOT_ENTITLED),
        ({"reader": RIVAL}, Refusal.KEY_NOT_ENTITLED),
        ({"reader_key": address("publisher"), "reader": PUBLISHER}, Refusal.KEY_NOT_ENTITLED),
        ({**AUDIT, "reader": READER, "reader_key": address("reader")}, Refusal.KEY_NOT_ENTITLED),
        ({"authority": Authority.CLASS1, "reader": AUDITOR, "reader_key": address("auditor")}, 1),
        ({"item": 99}, Refusal.ITEM_UNKNOWN),
        ({"item_version": 2}, Refusal.ITEM_UNKNOWN),
        ({"gateway": OTHER_GATEWAY}, Refusal.ITEM_UNKNOWN),
        ({"reader": RIVAL, "reader_key": address("rival-reads")}, Refusal.PURPOSE_NOT_ALLOWED),
        ({"purpose": Purpose.CARE}, Refusal.PURPOSE_NOT_ALLOWED),
        ({**AUDIT, "purpose": Purpose.INCIDENT_RESPONSE}, Refusal.PURPOSE_NOT_ALLOWED),
        ({"authority_id": number32("other")}, Refusal.NO_AUTHORITY),
        ({"authority_id": ZERO32, "profile": ZERO32}, Refusal.NO_AUTHORITY),
        ({**OWN, "authority_id": number32("other")}, Refusal.NO_AUTHORITY),
        ({**OWN, "profile": number32("other")}, Refusal.NO_AUTHORITY),
        ({**OWN, "reader": RIVAL, "reader_key": address("rival-reads")}, Refusal.NO_AUTHORITY),
        ({"authority": Authority.GRANT, **NONE}, Refusal.NO_AUTHORITY),
        ({"authority": Authority.EMERGENCY, **NONE}, Refusal.NO_AUTHORITY),
        ({"authority": Authority.PENDING_EMERGENCY, **NONE}, Refusal.NO_AUTHORITY),
        ({"authority": Authority.SELF, "purpose": 12}, Refusal.NO_AUTHORITY),
        ({"basis": 1}, Refusal.BASIS_INCOMPLETE),
        ({"basis_ref": ZERO32}, Refusal.BASIS_INCOMPLETE),
        ({"basis": 4}, Refusal.BASIS_INCOMPLETE),
    ],
)
def test_what_the_history_does_not_bear_out_is_refused(other: dict[str, Any], reason: int) -> None:
    ledger = SimulatedLedger()
    assert decided(ledger, class1(ledger, **other)) == Refused(Refusal(reason))


def test_an_emergency_look_needs_its_case_and_nothing_else() -> None:
    ledger = SimulatedLedger()
    look = class1(ledger, basis=4, basis_ref=ZERO32, case_ref=number32("case"))
    assert isinstance(decided(ledger, look), Permitted)


@pytest.mark.parametrize("mark", list(Mark))
def test_only_the_publishers_withdrawal_and_erasure_hide_a_record(mark: Mark) -> None:
    hides = mark in (Mark.WITHDRAWN, Mark.ERASED)
    for agency, version, about_it in ((PUBLISHER, 0, True), (PUBLISHER, 1, True), (PUBLISHER, 2, False), (8, 1, False)):
        ledger = SimulatedLedger()
        args = {"agency": agency, "recordId": to_hex(RECORD), "version": version, "mark": int(mark), "reason": 1}
        ledger.mine([("RecordAnchors", "Marked", args)])
        expected = Refused(Refusal.RECORD_WITHDRAWN) if hides and about_it else Permitted(Authority.CLASS1, 1)
        assert decided(ledger, class1(ledger)) == expected
        assert decided(ledger, class1(ledger), block=len(ledger.blocks) - 2) == Permitted(Authority.CLASS1, 1)


def test_rights_are_those_of_the_facts_block_and_validity_that_of_the_time() -> None:
    ledger = SimulatedLedger()
    look, before = class1(ledger), len(ledger.blocks) - 1
    key = {"key": address("reader"), "agency": READER}
    ledger.mine([("AgencyRegistry", "KeyRetired", key), ("Catalogue", "ItemRetired", {"item": ITEM})])
    assert decided(ledger, look) == Refused(Refusal.KEY_NOT_ENTITLED)
    assert decided(ledger, class1(ledger, **OWN)) == Refused(Refusal.ITEM_UNKNOWN)
    assert isinstance(decided(ledger, look, block=before), Permitted)
    assert decided(ledger, look, block=before, at=FOREVER) == Refused(Refusal.KEY_NOT_ENTITLED)


def test_a_suspended_reader_is_refused() -> None:
    ledger = SimulatedLedger()
    ledger.mine([("AgencyRegistry", "AgencyStatusSet", {"agency": READER, "status": 2})])
    assert decided(ledger, class1(ledger)) == Refused(Refusal.KEY_NOT_ENTITLED)


def test_an_auditors_key_audits_and_a_readers_key_reads() -> None:
    ledger = SimulatedLedger()
    both = {"key": address("both"), "agency": READER, "validFrom": 0, "validUntil": FOREVER}
    ledger.mine([("AgencyRegistry", "KeyBound", {**both, "roles": 1 << Role.AUDIT})])
    look = class1(ledger, reader_key=address("both"))
    assert decided(ledger, look) == Refused(Refusal.KEY_NOT_ENTITLED)
    assert isinstance(
        decided(ledger, replace(look, **{**AUDIT, "reader": READER, "reader_key": address("both")})), Permitted
    )


def test_the_facts_say_what_the_chain_and_the_look_say() -> None:
    ledger = SimulatedLedger()
    history = ledger.history()
    look = class1(ledger, case_ref=number32("case"))
    bitmaps = {"requested_open": 0b11, "permitted_open": 0b10, "categories": 0b100}
    facts = look_facts(ground_of(history), look, AsOf(ledger.now), **bitmaps, facts_stale=True)
    assert facts.item is not None
    assert (facts.item.share_class, facts.item.purposes, facts.item.reader_kinds) == (1, 1 << 2, 1 << AgencyKind.FIRE)
    assert (facts.reader, facts.reader_kind, facts.purpose, facts.basis) == (READER, AgencyKind.FIRE, 2, 3)
    assert (facts.basis_reference, facts.case_reference, facts.facts_stale) == (True, True, True)
    assert (facts.requested_open, facts.permitted_open, facts.categories) == (0b11, 0b10, 0b100)
    assert (facts.grant, facts.consent, facts.emergency, facts.quota_left) == (None, None, None, True)
    assert item_version(history, look, AsOf(ledger.now)) == history.items[ITEM].versions[1].value


def test_of_an_item_or_reader_that_nobody_knows_the_facts_say_nothing() -> None:
    ledger = SimulatedLedger()
    look = class1(ledger, item=99, reader=99)
    none = {"requested_open": 0, "permitted_open": 0, "categories": 0}
    facts = look_facts(ground_of(ledger.history()), look, AsOf(ledger.now), **none, facts_stale=False)
    assert (facts.item, facts.reader_kind, facts.authority_id_matches) == (None, 0, False)
    assert decide(facts) == Refused(Refusal.KEY_NOT_ENTITLED)
    with pytest.raises(HistoryError):
        end_of(History(), 5)


def test_the_categories_of_what_is_opened_are_those_of_its_slots() -> None:
    def slot(path: str, data_class: str) -> dict[str, Any]:
        return {"path": path, "kind": "o", "type": "string", "nullable": True, "class": data_class}

    slots = [slot("/class", "O"), slot("/name", "G"), slot("/health", "S")]
    document = {"format": "gongzhi-schema/1", "schema": "s", "version": 1, "title": {"zh": "表", "en": "s"}}
    schema = parse_schema({**document, "slots": slots})
    assert [categories_of(schema, opened) for opened in (0b001, 0b010, 0b100, 0b111)] == [0, 0b010, 0b100, 0b110]


def test_the_moment_of_a_decision_is_the_end_of_its_block() -> None:
    ledger = SimulatedLedger()
    history, block = ledger.history(), ledger.blocks[1]
    place = Point(1, END_OF_BLOCK, block.time)
    assert end_of(history, 1) == place
    assert moment(history, 1, 5) == AsOf(5, place)


@pytest.mark.parametrize(("age", "stale"), [(59, False), (60, True), (300, True)])
def test_facts_are_stale_when_a_later_block_is_old_enough(age: int, stale: bool) -> None:
    ledger = SimulatedLedger()
    facts_block = len(ledger.blocks) - 1
    ledger.mine([])
    later = ledger.now
    ledger.mine([], seconds=1000)
    assert facts_are_stale(ledger.history(), facts_block, later + age, Authority.CLASS1) == stale
    assert not facts_are_stale(ledger.history(), len(ledger.blocks) - 1, ledger.now + 10_000, Authority.GRANT)


def test_before_the_first_block_nothing_is_stale() -> None:
    ledger = SimulatedLedger()
    assert not facts_are_stale(ledger.history(), 0, ledger.blocks[0].time + 59, Authority.OWN)


def test_the_age_of_facts_is_the_parameter_at_the_facts_block() -> None:
    ledger = SimulatedLedger()
    before = len(ledger.blocks) - 1
    ledger.mine([("Parameters", "ParameterSet", {"name": "factsAge", "value": 10})])
    changed = ledger.now
    ledger.mine([])
    history = ledger.history()
    assert not facts_are_stale(history, before, changed + 59, Authority.CLASS1)
    assert facts_are_stale(history, before, changed + 60, Authority.CLASS1)
    assert facts_are_stale(history, before + 1, ledger.now + 10, Authority.CLASS1)
    assert not facts_are_stale(history, before + 1, ledger.now + 9, Authority.CLASS1)


@pytest.mark.parametrize("authority", list(Authority))
def test_break_glass_passes_with_older_facts_than_any_other_look(authority: Authority) -> None:
    ledger = SimulatedLedger()
    facts_block = len(ledger.blocks) - 1
    ledger.mine([])
    later, history = ledger.now, ledger.history()
    bound = 7_200 if authority in (Authority.EMERGENCY, Authority.PENDING_EMERGENCY) else 60
    stale = [facts_are_stale(history, facts_block, later + age, authority) for age in (59, 60, 7_199, 7_200)]
    assert stale == [age >= bound for age in (59, 60, 7_199, 7_200)]
