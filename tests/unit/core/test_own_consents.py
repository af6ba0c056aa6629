"""What a person is told of his consents: the state of each, and which later one replaces it."""

from dataclasses import replace
from typing import Any

import pytest

from ledger.core.access_facts import ConsentFacts
from ledger.core.own_consents import ConsentState, OwnConsent, successor_of
from ledger.core.points import Point
from ledger.core.scope import Scope

pytestmark = pytest.mark.unit
NOW = 500
FACTS = ConsentFacts(
    id=b"\x01" * 32,
    recipient=8,
    holder=22,
    subject_tag=b"\x02" * 32,
    categories=6,
    purpose=7,
    scope_hash=b"\x03" * 32,
    text_hash=b"\x04" * 32,
    evidence_hash=b"\x05" * 32,
    controller="0x" + "00" * 20,
    captured_by=5,
    capture_mode=3,
    valid_from=100,
    valid_until=1_000,
    recorded=Point(4, 1, 90),
)
OLD = OwnConsent(FACTS, True, True, Scope(b"\x06" * 32, ("990101",)))
NEW_FACTS = replace(FACTS, id=b"\x11" * 32, recorded=Point(4, 2, 90), valid_until=2_000)
NEW = OwnConsent(NEW_FACTS, True, True, Scope(b"\x16" * 32, ("990101",)))


@pytest.mark.parametrize(
    ("consent", "at", "state"),
    [
        (OLD, NOW, ConsentState.LIVE),
        (OLD, 99, ConsentState.NOT_BEGUN),
        (OLD, 1_000, ConsentState.EXPIRED),
        (replace(OLD, is_on_chain=False), NOW, ConsentState.RECEIVED),
        (replace(OLD, is_on_chain=False), 1_000, ConsentState.EXPIRED),
        (replace(OLD, withdrawn_at=400), NOW, ConsentState.WITHDRAWN),
        (replace(OLD, withdrawn_at=400), 1_000, ConsentState.WITHDRAWN),
    ],
)
def test_a_consent_is_in_the_state_that_ends_it_first(consent: OwnConsent, at: int, state: ConsentState) -> None:
    assert consent.state(None, at) is state


def test_a_later_live_consent_that_allows_as_much_supersedes() -> None:
    assert successor_of(OLD, (OLD, NEW), NOW) is NEW
    assert OLD.state(NEW, NOW) is ConsentState.SUPERSEDED
    assert OLD.state(NEW, 1_000) is ConsentState.EXPIRED
    assert replace(OLD, withdrawn_at=1).state(NEW, NOW) is ConsentState.WITHDRAWN
    newest = replace(NEW, facts=replace(NEW_FACTS, id=b"\x21" * 32, recorded=Point(5, 0, 95)))
    assert successor_of(OLD, (newest, OLD, NEW), NOW) is newest
    assert successor_of(newest, (newest, OLD, NEW), NOW) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"is_on_chain": False},
        {"is_sound": False},
        {"withdrawn_at": 400},
        {"scope": None},
        {"scope": Scope(b"\x16" * 32, ("9901010",))},
        {"valid_from": 501},
        {"valid_until": 999},
        {"recorded": Point(4, 1, 90)},
        {"recipient": 9},
        {"holder": 23},
        {"purpose": 6},
        {"categories": 2},
    ],
)
def test_a_consent_that_is_not_live_or_allows_less_supersedes_nothing(changes: dict[str, Any]) -> None:
    of_facts = {name: value for name, value in changes.items() if hasattr(NEW_FACTS, name)}
    others = {name: value for name, value in changes.items() if name not in of_facts}
    newer = replace(NEW, facts=replace(NEW_FACTS, **of_facts), **others)
    assert successor_of(OLD, (OLD, newer), NOW) is None


def test_a_scope_that_is_not_here_supersedes_nothing_and_is_superseded_by_nothing() -> None:
    assert successor_of(replace(OLD, scope=None), (NEW,), NOW) is None
