"""The decision about a look: each row of the policy's table refuses for its own reason, for each authority."""

from dataclasses import replace
from typing import Any

import pytest

from ledger.core.codes import Authority, Basis, Mark, Purpose, Refusal, ShareClass
from ledger.core.decision import LookFacts, Permitted, RecordFacts, Refused, decide
from tests.unit.core.decisions import (
    BY_CONSENT,
    CLASS1,
    CONDITIONAL,
    EMERGENCY,
    FAULTS,
    GRANT,
    LOOKS,
    OF_EMERGENCIES,
    OF_GRANTS,
    RECORD,
    RULES,
    SCOPE,
    changed,
    rows_of,
)

pytestmark = pytest.mark.unit
OWN, AUDIT, SELF = LOOKS["own"], LOOKS["audit"], LOOKS["self"]


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_a_look_that_fails_no_row_is_permitted(look: LookFacts) -> None:
    assert decide(look, RECORD) == Permitted(Authority(look.authority), 0b0110)


@pytest.mark.parametrize(("name", "row"), [(name, row) for name in LOOKS for row in rows_of(name)])
def test_each_row_refuses_each_authority_that_it_binds(name: str, row: Refusal) -> None:
    assert decide(*changed(LOOKS[name], RECORD, FAULTS[row])) == Refused(row)


def test_every_row_of_the_table_has_a_fault_and_an_authority_that_it_binds() -> None:
    assert set(FAULTS) == {row for name in LOOKS for row in rows_of(name)} == set(Refusal)
    assert list(Refusal) == list(range(1, 15))


@pytest.mark.parametrize(
    ("look", "change", "reason"),
    [
        (CLASS1, {"item": None}, Refusal.ITEM_UNKNOWN),
        (CLASS1, {"purpose": 99}, Refusal.PURPOSE_NOT_ALLOWED),
        (CLASS1, {"purpose": Purpose.CARE}, Refusal.PURPOSE_NOT_ALLOWED),
        (GRANT, {"purpose": Purpose.CARE}, Refusal.PURPOSE_NOT_ALLOWED),
        (EMERGENCY, {"reader_kind": 30}, Refusal.PURPOSE_NOT_ALLOWED),
        (AUDIT, {"purpose": Purpose.INCIDENT_RESPONSE}, Refusal.PURPOSE_NOT_ALLOWED),
        (SELF, {"purpose": Purpose.INCIDENT_RESPONSE}, Refusal.PURPOSE_NOT_ALLOWED),
        (SELF, {"reader_kind": 30}, Refusal.PURPOSE_NOT_ALLOWED),
        (CLASS1, {"item": CONDITIONAL}, Refusal.NO_AUTHORITY),
        (GRANT, {"item": RULES}, Refusal.NO_AUTHORITY),
        (GRANT, {"grant": None}, Refusal.NO_AUTHORITY),
        (EMERGENCY, {"emergency": None}, Refusal.NO_AUTHORITY),
        (OWN, {"reader": 8}, Refusal.NO_AUTHORITY),
        (SELF, {"record.same_subject": False}, Refusal.NO_AUTHORITY),
        (CLASS1, {"authority": 0}, Refusal.NO_AUTHORITY),
        (CLASS1, {"authority": 8}, Refusal.NO_AUTHORITY),
        (CLASS1, {"basis": 0}, Refusal.BASIS_INCOMPLETE),
        (CLASS1, {"basis": 8}, Refusal.BASIS_INCOMPLETE),
        (CLASS1, {"basis": Basis.EMERGENCY}, Refusal.BASIS_INCOMPLETE),
        (CLASS1, {"basis": Basis.CONSENT}, Refusal.BASIS_INCOMPLETE),
        (EMERGENCY, {"basis": Basis.STATUTORY_DUTY, "basis_reference": True}, Refusal.BASIS_INCOMPLETE),
        (CLASS1, {"record.marks": frozenset((Mark.WITHDRAWN,))}, Refusal.RECORD_WITHDRAWN),
    ],
)
def test_what_a_row_asks_besides_is_refused_too(look: LookFacts, change: dict[str, Any], reason: Refusal) -> None:
    assert decide(*changed(look, RECORD, change)) == Refused(reason)


@pytest.mark.parametrize(
    "change",
    [
        {"reader": 9},
        {"item_number": 4},
        {"purpose": Purpose.CARE, "item.purposes": -1},
        {"basis": Basis.OTHER_LAW},
        {"record.publisher": 9},
    ],
    ids=str,
)
@pytest.mark.parametrize("name", OF_GRANTS)
def test_a_grant_is_of_one_reader_item_purpose_basis_and_holder(name: str, change: dict[str, Any]) -> None:
    assert decide(*changed(LOOKS[name], RECORD, change)) == Refused(Refusal.GRANT_MISMATCH)


@pytest.mark.parametrize(
    "change",
    [
        {"consent": None},
        {"consent.live": False},
        {"consent.recipient": 9},
        {"consent.holder": 9},
        {"consent.purpose": Purpose.CARE},
        {"consent.categories": 0b100},
        {"categories": 0b110, "consent.categories": 0b010},
        {"consent.scope": None},
        {"consent.scope": replace(SCOPE, regions=("990102",))},
        {"consent.scope": replace(SCOPE, until_at=1_500)},
        {"consent.scope": replace(SCOPE, classes=("flood/",))},
        {"consent.scope": replace(SCOPE, records=(b"\x22" * 32,))},
        {"record.same_subject": False},
    ],
    ids=str,
)
@pytest.mark.parametrize("look", [BY_CONSENT, replace(CLASS1, basis=Basis.CONSENT, consent=BY_CONSENT.consent)])
def test_a_consent_is_of_one_person_recipient_holder_purpose_and_scope(look: LookFacts, change: dict[str, Any]) -> None:
    assert isinstance(decide(look, RECORD), Permitted)
    assert decide(*changed(replace(look, categories=0b010), RECORD, change)) == Refused(Refusal.BASIS_INCOMPLETE)


def test_slots_that_are_not_personal_need_no_category_of_a_consent() -> None:
    look, _ = changed(BY_CONSENT, RECORD, {"categories": 0, "consent.categories": 0})
    assert isinstance(decide(look, RECORD), Permitted)


@pytest.mark.parametrize(
    "change",
    [
        {"record.region": "990102001001"},
        {"record.region": None},
        {"record.occurred_at": 999},
        {"record.occurred_at": None},
        {"record.record_class": "flood/river"},
        {"grant.scope": None},
        {"grant.scope": replace(SCOPE, records=())},
    ],
    ids=str,
)
def test_a_record_outside_of_the_grants_scope_is_refused(change: dict[str, Any]) -> None:
    assert decide(*changed(GRANT, RECORD, change)) == Refused(Refusal.OUT_OF_SCOPE)


@pytest.mark.parametrize(
    "change",
    [{"emergency.live": False}, {"emergency.lists_item": False}, {"record.region": "99010"}, {"record.region": None}],
    ids=str,
)
@pytest.mark.parametrize("name", OF_EMERGENCIES)
def test_an_emergency_opens_its_items_in_its_region_while_it_lives(name: str, change: dict[str, Any]) -> None:
    assert decide(*changed(LOOKS[name], RECORD, change)) == Refused(Refusal.EMERGENCY_NOT_LIVE)


@pytest.mark.parametrize("name", [*OF_GRANTS, *OF_EMERGENCIES, "self", "class 1", "audit"])
def test_a_page_is_decided_without_a_record(name: str) -> None:
    look = LOOKS[name]
    assert decide(look) == Permitted(Authority(look.authority), 0b0110)
    without_record = {row for row in rows_of(name) if "record." not in str(FAULTS[row])}
    for row in without_record - {Refusal.GRANT_MISMATCH}:
        assert decide(changed(look, RECORD, FAULTS[row])[0]) == Refused(row)


def test_a_page_under_a_scope_that_nobody_knows_is_refused() -> None:
    assert decide(changed(GRANT, RECORD, {"grant.scope": None})[0]) == Refused(Refusal.OUT_OF_SCOPE)
    assert decide(changed(BY_CONSENT, RECORD, {"consent.scope": None})[0]) == Refused(Refusal.BASIS_INCOMPLETE)


def test_a_publisher_reads_its_own_records_one_by_one() -> None:
    assert decide(OWN) == Refused(Refusal.NO_AUTHORITY)
    assert decide(replace(OWN, requested_open=0), None) == Refused(Refusal.NO_AUTHORITY)
    assert decide(OWN, RecordFacts(True, 8, frozenset())) == Refused(Refusal.NO_AUTHORITY)


def test_marks_that_do_not_hide_are_no_reason() -> None:
    shown = frozenset((Mark.CORRECTED, Mark.DISPUTED, Mark.HOLD))
    assert isinstance(decide(CLASS1, replace(RECORD, marks=shown)), Permitted)


@pytest.mark.parametrize("share_class", [0, *ShareClass, 4])
@pytest.mark.parametrize("name", LOOKS)
def test_which_share_classes_an_authority_opens(name: str, share_class: int) -> None:
    decision = decide(*changed(LOOKS[name], RECORD, {"item.share_class": share_class}))
    if name in ("own", "audit"):
        assert isinstance(decision, Permitted)
    elif share_class == ShareClass.NOT_SHARED:
        assert decision == Refused(Refusal.ITEM_NOT_SHARED)
    elif name in ("class 1", *OF_GRANTS):
        own_class = ShareClass.UNCONDITIONAL if name == "class 1" else ShareClass.CONDITIONAL
        assert isinstance(decision, Permitted) == (share_class == own_class)
    else:
        assert isinstance(decision, Permitted)


@pytest.mark.parametrize("basis", [0, *Basis, 8])
@pytest.mark.parametrize("basis_reference", [False, True])
@pytest.mark.parametrize("case_reference", [False, True])
def test_each_basis_carries_its_own_reference(basis: int, basis_reference: bool, case_reference: bool) -> None:
    look = replace(CLASS1, basis=basis, basis_reference=basis_reference, case_reference=case_reference)
    complete = {0: False, Basis.CONSENT: False, Basis.EMERGENCY: case_reference, 8: False}.get(basis, basis_reference)
    assert isinstance(decide(look, RECORD), Permitted) == complete


@pytest.mark.parametrize("purpose", list(Purpose))
def test_the_publisher_names_any_purpose_auditor_and_resident_one_and_others_those_of_the_item(
    purpose: Purpose,
) -> None:
    permitted = {name for name, look in LOOKS.items() if _is_permitted(look, purpose)}
    if purpose is Purpose.RIGHTS_AND_AUDIT:
        assert permitted == {"own", "audit", "self"}
    elif purpose is Purpose.INCIDENT_RESPONSE:
        assert permitted == LOOKS.keys() - {"audit", "self"}
    else:
        assert permitted == {"own"}


def _is_permitted(look: LookFacts, purpose: Purpose) -> bool:
    changes = {"purpose": purpose, "grant.purpose": purpose, "consent.purpose": purpose}
    return isinstance(decide(*changed(look, RECORD, changes)), Permitted)


@pytest.mark.parametrize("reader_kind", [-1, 0, 13, 43, 10**9])
def test_a_kind_of_agency_that_is_none_reads_nothing(reader_kind: int) -> None:
    everybody = replace(RULES, reader_kinds=-1)
    decision = decide(replace(CLASS1, item=everybody, reader_kind=reader_kind), RECORD)
    assert decision == Refused(Refusal.PURPOSE_NOT_ALLOWED)
