"""The decision about a look: each row of the policy's table refuses for its own reason, in the table's order."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.codes import Authority, Basis, Mark, Purpose, Refusal, ShareClass
from ledger.core.decision import ItemRules, LookFacts, Permitted, RecordFacts, Refused, decide
from ledger.core.history import History
from ledger.core.look import Look, end_of, look_facts, moment
from ledger.errors import HistoryError
from tests.simulated_consortium import READER, address, number32
from tests.simulated_ledger import honest_ledger

pytestmark = pytest.mark.unit
RULES = ItemRules(ShareClass.UNCONDITIONAL, 1 << Purpose.INCIDENT_RESPONSE, 1 << 8)
LOOK = LookFacts(
    key_entitled=True,
    item=RULES,
    reader=8,
    reader_kind=8,
    purpose=Purpose.INCIDENT_RESPONSE,
    basis=Basis.STATUTORY_DUTY,
    basis_reference=True,
    case_reference=False,
    authority=Authority.CLASS1,
    authority_id_matches=True,
    requested_open=0b0110,
    permitted_open=0b1110,
    facts_stale=False,
)
RECORD = RecordFacts(True, 7, frozenset())


def test_a_class_1_look_within_the_profile_is_permitted() -> None:
    assert decide(LOOK, RECORD) == Permitted(Authority.CLASS1, 0b0110)
    assert decide(LOOK) == Permitted(Authority.CLASS1, 0b0110)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"key_entitled": False}, Refusal.KEY_NOT_ENTITLED),
        ({"item": None}, Refusal.ITEM_UNKNOWN),
        ({"purpose": 99}, Refusal.PURPOSE_NOT_ALLOWED),
        ({"purpose": Purpose.CARE}, Refusal.PURPOSE_NOT_ALLOWED),
        ({"reader_kind": 30}, Refusal.PURPOSE_NOT_ALLOWED),
        ({"authority": Authority.AUDIT}, Refusal.PURPOSE_NOT_ALLOWED),
        ({"item": replace(RULES, share_class=ShareClass.NOT_SHARED)}, Refusal.ITEM_NOT_SHARED),
        ({"item": replace(RULES, share_class=ShareClass.CONDITIONAL)}, Refusal.NO_AUTHORITY),
        ({"authority_id_matches": False}, Refusal.NO_AUTHORITY),
        ({"authority": Authority.GRANT}, Refusal.NO_AUTHORITY),
        ({"authority": Authority.OWN}, Refusal.NO_AUTHORITY),
        ({"basis": Basis.CONSENT}, Refusal.BASIS_INCOMPLETE),
        ({"basis": 99}, Refusal.BASIS_INCOMPLETE),
        ({"basis": Basis.EMERGENCY}, Refusal.BASIS_INCOMPLETE),
        ({"basis_reference": False}, Refusal.BASIS_INCOMPLETE),
        ({"requested_open": 0b0111}, Refusal.PROFILE_TOO_WIDE),
        ({"facts_stale": True}, Refusal.FACTS_STALE),
    ],
)
def test_each_row_refuses_for_its_own_reason(change: dict[str, Any], reason: Refusal) -> None:
    assert decide(replace(LOOK, **change), RECORD) == Refused(reason)


def test_rows_about_the_record_refuse_too() -> None:
    assert decide(LOOK, replace(RECORD, at_this_gateway=False)) == Refused(Refusal.ITEM_UNKNOWN)
    for mark in (Mark.WITHDRAWN, Mark.ERASED):
        assert decide(LOOK, replace(RECORD, marks=frozenset((mark,)))) == Refused(Refusal.RECORD_WITHDRAWN)
    shown = frozenset((Mark.CORRECTED, Mark.DISPUTED, Mark.HOLD))
    assert isinstance(decide(LOOK, replace(RECORD, marks=shown)), Permitted)


def test_publisher_and_auditor_have_authorities_of_their_own() -> None:
    own = replace(LOOK, authority=Authority.OWN, reader_kind=22, item=replace(RULES, share_class=ShareClass.NOT_SHARED))
    assert decide(own, RecordFacts(True, 8, frozenset())) == Permitted(Authority.OWN, 0b0110)
    assert decide(own, RECORD) == Refused(Refusal.NO_AUTHORITY)
    assert decide(own) == Refused(Refusal.NO_AUTHORITY)
    audit = replace(own, authority=Authority.AUDIT, purpose=Purpose.RIGHTS_AND_AUDIT)
    assert decide(audit, RECORD) == Permitted(Authority.AUDIT, 0b0110)
    emergency = replace(LOOK, basis=Basis.EMERGENCY, case_reference=True, basis_reference=False)
    assert isinstance(decide(emergency, RECORD), Permitted)


@given(
    st.builds(
        LookFacts,
        st.booleans(),
        st.none() | st.builds(ItemRules, st.integers(0, 4), st.integers(0, 2**14), st.integers(0, 2**43)),
        st.integers(0, 99),
        st.integers(0, 99),
        st.integers(0, 99),
        st.integers(0, 99),
        st.booleans(),
        st.booleans(),
        st.integers(0, 99),
        st.booleans(),
        st.integers(0, 2**9),
        st.integers(0, 2**9),
        st.booleans(),
    ),
    st.none() | st.builds(RecordFacts, st.booleans(), st.integers(0, 99), st.frozensets(st.integers(0, 9))),
)
def test_every_input_is_permitted_or_refused(look: LookFacts, record: RecordFacts | None) -> None:
    assert isinstance(decide(look, record), Permitted | Refused)


def test_facts_of_an_item_version_that_is_unknown_permit_nothing() -> None:
    ledger = honest_ledger()
    history = ledger.history()
    look = Look(1, READER, address("reader"), 3, 9, 2, 3, True, False, 1, number32("i"), number32("p"))
    as_of = moment(history, len(ledger.blocks) - 1, ledger.now)
    facts = look_facts(history, look, as_of, requested_open=0, profile_open=0, facts_stale=False)
    assert decide(facts) == Refused(Refusal.ITEM_UNKNOWN)
    unknown = replace(look, item=99, reader=99)
    facts = look_facts(history, unknown, as_of, requested_open=0, profile_open=0, facts_stale=False)
    assert (facts.item, facts.reader_kind, facts.authority_id_matches) == (None, 0, False)
    with pytest.raises(HistoryError):
        end_of(History(), 5)
