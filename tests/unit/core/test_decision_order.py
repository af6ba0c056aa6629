"""The order of the decision's rows: whichever rows fail together, the first in the table is the reason."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core.codes import Authority, Basis, Mark, Purpose, Refusal, ShareClass
from ledger.core.decision import ItemRules, LookFacts, Permitted, RecordFacts, Refused, decide

pytestmark = pytest.mark.unit
RULES = ItemRules(ShareClass.UNCONDITIONAL, 1 << Purpose.INCIDENT_RESPONSE, 1 << 8)
CLASS1 = LookFacts(
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
OWN = replace(CLASS1, authority=Authority.OWN, reader=7, reader_kind=22)
AUDIT = replace(CLASS1, authority=Authority.AUDIT, reader=40, reader_kind=40, purpose=Purpose.RIGHTS_AND_AUDIT)
RECORD = RecordFacts(True, 7, frozenset())
NOT_SHARED = replace(RULES, share_class=ShareClass.NOT_SHARED)
FAULTS: dict[Refusal, dict[str, Any]] = {
    Refusal.KEY_NOT_ENTITLED: {"key_entitled": False},
    Refusal.ITEM_UNKNOWN: {"at_this_gateway": False},
    Refusal.PURPOSE_NOT_ALLOWED: {"purpose": 0},
    Refusal.ITEM_NOT_SHARED: {"item": NOT_SHARED},
    Refusal.NO_AUTHORITY: {"authority_id_matches": False},
    Refusal.BASIS_INCOMPLETE: {"basis": Basis.CONSENT},
    Refusal.RECORD_WITHDRAWN: {"marks": frozenset((Mark.ERASED, Mark.HOLD))},
    Refusal.PROFILE_TOO_WIDE: {"requested_open": 0b0001},
    Refusal.FACTS_STALE: {"facts_stale": True},
}
ABOUT_THE_RECORD = ("at_this_gateway", "marks")


def faulty(look: LookFacts, faults: frozenset[Refusal]) -> tuple[LookFacts, RecordFacts]:
    changes = {name: value for fault in faults for name, value in FAULTS[fault].items()}
    about_record = {name: changes.pop(name) for name in ABOUT_THE_RECORD if name in changes}
    return replace(look, **changes), replace(RECORD, **about_record)


@settings(max_examples=150)
@given(st.frozensets(st.sampled_from(sorted(FAULTS))))
def test_of_all_rows_that_fail_the_first_is_the_reason(faults: frozenset[Refusal]) -> None:
    expected = Refused(min(faults)) if faults else Permitted(Authority.CLASS1, 0b0110)
    assert decide(*faulty(CLASS1, faults)) == expected


@pytest.mark.parametrize("look", [OWN, AUDIT], ids=["own", "audit"])
@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_every_row_but_that_of_class_3_binds_publisher_and_auditor_too(look: LookFacts, fault: Refusal) -> None:
    assert decide(look, RECORD) == Permitted(Authority(look.authority), 0b0110)
    decision = decide(*faulty(look, frozenset((fault,))))
    assert isinstance(decision, Permitted) if fault is Refusal.ITEM_NOT_SHARED else decision == Refused(fault)


@pytest.mark.parametrize("purpose", list(Purpose))
def test_the_publisher_names_any_purpose_the_auditor_one_and_others_those_of_the_item(purpose: Purpose) -> None:
    permitted = {
        look.authority
        for look in (CLASS1, OWN, AUDIT)
        if isinstance(decide(replace(look, purpose=purpose), RECORD), Permitted)
    }
    assert permitted == (
        {Authority.OWN}
        | ({Authority.AUDIT} if purpose is Purpose.RIGHTS_AND_AUDIT else set())
        | ({Authority.CLASS1} if purpose is Purpose.INCIDENT_RESPONSE else set())
    )


@pytest.mark.parametrize("basis", [0, *Basis, 8])
@pytest.mark.parametrize("basis_reference", [False, True])
@pytest.mark.parametrize("case_reference", [False, True])
def test_each_basis_carries_its_own_reference(basis: int, basis_reference: bool, case_reference: bool) -> None:
    look = replace(CLASS1, basis=basis, basis_reference=basis_reference, case_reference=case_reference)
    complete = {0: False, Basis.CONSENT: False, Basis.EMERGENCY: case_reference, 8: False}.get(basis, basis_reference)
    assert isinstance(decide(look, RECORD), Permitted) == complete


@pytest.mark.parametrize("share_class", [0, *ShareClass, 4])
def test_class_1_is_an_authority_for_class_1_items_only(share_class: int) -> None:
    decision = decide(replace(CLASS1, item=replace(RULES, share_class=share_class)), RECORD)
    reasons = {ShareClass.NOT_SHARED: Refused(Refusal.ITEM_NOT_SHARED)}
    permitted = Permitted(Authority.CLASS1, 0b0110)
    assert decision == (
        permitted
        if share_class == ShareClass.UNCONDITIONAL
        else reasons.get(share_class, Refused(Refusal.NO_AUTHORITY))
    )


@pytest.mark.parametrize("authority", [0, *Authority, 8])
def test_only_class_1_own_and_audit_are_authorities_yet(authority: int) -> None:
    look = replace(CLASS1, authority=authority, reader=7, purpose=Purpose.INCIDENT_RESPONSE)
    if authority == Authority.AUDIT:
        look = replace(look, purpose=Purpose.RIGHTS_AND_AUDIT)
    known = authority in (Authority.CLASS1, Authority.OWN, Authority.AUDIT)
    assert decide(look, RECORD) == (Permitted(Authority(authority), 0b0110) if known else Refused(Refusal.NO_AUTHORITY))


def test_publisher_and_auditor_may_search_only_as_the_table_says() -> None:
    assert decide(AUDIT) == Permitted(Authority.AUDIT, 0b0110)
    assert decide(OWN) == Refused(Refusal.NO_AUTHORITY)
    assert decide(replace(OWN, requested_open=0), None) == Refused(Refusal.NO_AUTHORITY)


@pytest.mark.parametrize("reader_kind", [-1, 0, 13, 43, 10**9])
def test_a_kind_of_agency_that_is_none_reads_nothing(reader_kind: int) -> None:
    everybody = replace(RULES, reader_kinds=-1)
    decision = decide(replace(CLASS1, item=everybody, reader_kind=reader_kind), RECORD)
    assert decision == Refused(Refusal.PURPOSE_NOT_ALLOWED)


NUMBERS = st.integers(-3, 70) | st.integers()


@settings(max_examples=150)
@given(
    st.builds(
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
    ),
    st.none() | st.builds(RecordFacts, st.booleans(), NUMBERS, st.frozensets(NUMBERS)),
)
def test_whatever_the_numbers_are_there_is_a_decision(look: LookFacts, record: RecordFacts | None) -> None:
    decision = decide(replace(look, key_entitled=True), record)
    assert isinstance(decision, Permitted | Refused)
    if isinstance(decision, Permitted):
        assert decision.open & ~look.permitted_open == 0
    assert decide(replace(look, key_entitled=False), record) == Refused(Refusal.KEY_NOT_ENTITLED)
