"""The decision is total, ordered and monotone: the first failing row is the reason, and less right opens no more."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core.codes import Authority, Basis, Mark, Purpose, Refusal, ShareClass
from ledger.core.decision import (
    ConsentRules,
    EmergencyRules,
    GrantRules,
    ItemRules,
    LookFacts,
    Permitted,
    RecordFacts,
    Refused,
    decide,
)
from ledger.core.scope import Scope
from tests.unit.core.decisions import ANYWHERE, FAULTS, LOOKS, RECORD, SCOPE, changed, rows_of

pytestmark = pytest.mark.unit


@st.composite
def faulty_looks(draw: st.DrawFn) -> tuple[str, list[Refusal]]:
    """An authority, and rows of the table that fail for it."""
    name = draw(st.sampled_from(sorted(LOOKS)))
    return name, draw(st.lists(st.sampled_from(rows_of(name)), unique=True))


@settings(max_examples=300)
@given(faulty_looks())
def test_of_all_rows_that_fail_the_first_is_the_reason(drawn: tuple[str, list[Refusal]]) -> None:
    name, rows = drawn
    changes = {path: value for row in rows for path, value in FAULTS[row].items()}
    decision = decide(*changed(LOOKS[name], RECORD, changes))
    assert decision == (Refused(min(rows)) if rows else Permitted(Authority(LOOKS[name].authority), 0b0110))


TAKEN_AWAY: list[dict[str, Any]] = [
    {"key_entitled": False},
    {"item": None},
    {"item.share_class": ShareClass.NOT_SHARED},
    {"item.purposes": 0},
    {"item.reader_kinds": 0},
    {"basis_reference": False},
    {"case_reference": False},
    {"authority_id_matches": False},
    {"permitted_open": 0b0010},
    {"permitted_open": 0},
    {"facts_stale": True},
    {"quota_left": False},
    {"grant": None},
    {"grant.usable": False},
    {"grant.scope": None},
    {"grant.scope": replace(SCOPE, regions=())},
    {"consent": None},
    {"consent.live": False},
    {"consent.categories": 0},
    {"consent.scope": None},
    {"consent.scope": replace(ANYWHERE, records=())},
    {"emergency": None},
    {"emergency.live": False},
    {"emergency.lists_item": False},
    {"emergency.region": "9901019"},
    {"emergency.same_case": False},
    {"record.at_this_gateway": False},
    {"record.marks": frozenset(Mark)},
    {"record.same_subject": False},
]
"""Rights that can be taken away from a look."""
SPOILT = [*FAULTS.values(), *TAKEN_AWAY, {"record.publisher": 9}, {"reader": 9}, {"purpose": Purpose.CARE}]


@settings(max_examples=400)
@given(
    st.sampled_from(sorted(LOOKS)),
    st.lists(st.sampled_from(SPOILT), max_size=2),
    st.sampled_from(TAKEN_AWAY),
    st.booleans(),
)
def test_taking_a_right_away_never_turns_a_refusal_into_a_permission(
    name: str, spoilt: list[dict[str, Any]], taken: dict[str, Any], is_page: bool
) -> None:
    look, record = LOOKS[name], RECORD
    for changes in spoilt:
        look, record = changed(look, record, changes)
    before = decide(look, None if is_page else record)
    look, record = changed(look, record, taken)
    after = decide(look, None if is_page else record)
    if isinstance(after, Permitted):
        assert isinstance(before, Permitted)
        assert after.open & ~before.open == 0


NUMBERS = st.integers(-3, 70) | st.integers()
SCOPES = st.none() | st.sampled_from([SCOPE, ANYWHERE, Scope(bytes(32), ())])
FACTS = st.builds(
    LookFacts,
    key_entitled=st.booleans(),
    item=st.none() | st.builds(ItemRules, NUMBERS, NUMBERS, NUMBERS),
    reader=NUMBERS,
    reader_kind=NUMBERS,
    purpose=st.sampled_from(Purpose) | NUMBERS,
    basis=st.sampled_from(Basis) | NUMBERS,
    basis_reference=st.booleans(),
    case_reference=st.booleans(),
    authority=st.sampled_from(Authority) | NUMBERS,
    authority_id_matches=st.booleans(),
    requested_open=NUMBERS,
    permitted_open=NUMBERS,
    facts_stale=st.booleans(),
    item_number=NUMBERS,
    grant=st.none() | st.builds(GrantRules, NUMBERS, NUMBERS, NUMBERS, NUMBERS, NUMBERS, st.booleans(), SCOPES),
    consent=st.none() | st.builds(ConsentRules, NUMBERS, NUMBERS, NUMBERS, NUMBERS, st.booleans(), SCOPES),
    emergency=st.none()
    | st.builds(EmergencyRules, st.booleans(), st.booleans(), st.sampled_from(["", "99"]), st.booleans()),
    categories=NUMBERS,
    quota_left=st.booleans(),
)
RECORDS = st.none() | st.builds(
    RecordFacts,
    at_this_gateway=st.booleans(),
    publisher=NUMBERS,
    marks=st.frozensets(NUMBERS),
    same_subject=st.booleans(),
    record_id=st.just(b"\x11" * 32),
    region=st.none() | st.sampled_from(["", "9901"]),
    occurred_at=st.none() | NUMBERS,
    record_class=st.none() | st.sampled_from(["", "fire/alarm"]),
)


@settings(max_examples=200)
@given(FACTS, RECORDS)
def test_whatever_the_facts_are_there_is_a_decision(look: LookFacts, record: RecordFacts | None) -> None:
    decision = decide(replace(look, key_entitled=True), record)
    assert isinstance(decision, Permitted | Refused)
    if isinstance(decision, Permitted):
        assert decision.open & ~look.permitted_open == 0
    assert decide(replace(look, key_entitled=False), record) == Refused(Refusal.KEY_NOT_ENTITLED)
