"""Looks under consents, grants and emergencies that an honest gateway served: verified, and nobody is blamed."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ledger.core.audit.replay import ERASED_SINCE, LATER, ONLY_KEY_HOLDERS, RECEIVED_BEFORE
from ledger.core.codes import Authority, Mark
from ledger.core.hexadecimal import to_hex
from ledger.core.verdict import Verdict
from tests.simulated_authorities import (
    NARROW,
    SCOPE,
    SHARED,
    AuthorityLedger,
)
from tests.simulated_consortium import ITEM, READER, address, marked, number32
from tests.simulated_stream import StreamEntry, tombstone_line
from tests.unit.audit.auditing import audit
from tests.unit.audit.authorities import (
    audited,
    pending_emergency,
    pending_look,
    withdrawal,
)

pytestmark = pytest.mark.unit


def test_looks_under_consents_grants_and_emergencies_are_verified(tmp_path: Path) -> None:
    ledger = AuthorityLedger()
    consent = ledger.consent()
    grant, by_consent = ledger.grant(uses=3), ledger.grant_by_consent(consent, "by consent")
    emergency = ledger.emergency()
    ledger.granted_look(grant, 1, 2)
    ledger.granted_look(grant, 3)
    ledger.granted_look(grant)
    ledger.consented_look(by_consent, 1)
    ledger.consented_look(by_consent, 2, said={"basis_ref": to_hex(consent)})
    ledger.emergency_look(emergency, 1, 3)
    ledger.receive(*withdrawal(consent))
    ledger.withdraw_consent(consent)
    found = audited(ledger, tmp_path)
    assert found.report.verdict is Verdict.VERIFIED, found.report.failures
    assert (found.passed("look.decision"), found.passed("look.profile"), found.passed("look.uses")) == (8, 7, 5)
    assert f"{ONLY_KEY_HOLDERS} (2)" in found.report.notices


def test_a_pending_emergency_that_is_mined_in_time_is_verified(tmp_path: Path) -> None:
    ledger = AuthorityLedger()
    emergency = pending_emergency(ledger)
    pending_look(ledger, emergency)
    said = {"emergency": to_hex(emergency), "caseRef": to_hex(number32("case of today"))}
    ledger.emergency("mined", **said)
    ledger.events = [
        replace(event, args={**event.args, "emergency": to_hex(emergency)})
        if event.name == "EmergencyItemOpened"
        else event
        for event in ledger.events
    ]
    ledger.emergency_look(emergency, 2, caseRef=number32("case of today"))
    ledger.mine([], seconds=400)
    found = audited(ledger, tmp_path)
    assert found.report.verdict is Verdict.VERIFIED, found.report.failures
    assert found.passed("action.included") == 1


def test_a_look_under_a_narrower_profile_than_granted_is_verified(tmp_path: Path) -> None:
    ledger = AuthorityLedger()
    ledger.granted_look(ledger.grant(), 1, shown=NARROW, said={"profile": to_hex(NARROW.hash)})
    found = audited(ledger, tmp_path)
    assert found.report.verdict is Verdict.VERIFIED, found.report.failures


def known_later(ledger: AuthorityLedger, end: Callable[[AuthorityLedger], None], look: Callable[[int], None]) -> None:
    """Let something end on chain behind the facts block of a look, before it."""
    facts_block = len(ledger.blocks) - 1
    end(ledger)
    ledger.mine([])
    look(facts_block)


def test_what_ended_on_chain_behind_the_facts_is_a_notice_and_blames_nobody(tmp_path: Path) -> None:
    ledger = AuthorityLedger()
    consent = ledger.consent()
    grant, by_consent = ledger.grant(), ledger.grant_by_consent(consent, "by consent")
    emergency = ledger.emergency()
    ends: list[tuple[Callable[[AuthorityLedger], None], Callable[[int], None]]] = [
        (lambda it: it.end_grant(grant), lambda block: _look(ledger.granted_look(grant, 1, factsBlock=block))),
        (
            lambda it: it.withdraw_consent(consent),
            lambda block: _look(ledger.consented_look(by_consent, 1, factsBlock=block)),
        ),
        (
            lambda it: it.end_emergency(emergency),
            lambda block: _look(ledger.emergency_look(emergency, 1, factsBlock=block)),
        ),
    ]
    for end, look in ends:
        known_later(ledger, end, look)
    found = audited(ledger, tmp_path)
    assert found.report.verdict is Verdict.VERIFIED, found.report.failures
    assert f"{LATER} (3)" in found.report.notices


@pytest.mark.parametrize("shared", [True, False], ids=["of class 1", "under a grant"])
@pytest.mark.parametrize(
    "end",
    [
        lambda it: it.mine(
            [("AgencyRegistry", "KeyRevoked", {"key": address("reader"), "reason": 1, "suspectFrom": 0})]
        ),
        lambda it: it.mine([("AgencyRegistry", "AgencyStatusSet", {"agency": READER, "status": 2})]),
        lambda it: it.mine([("Catalogue", "ItemRetired", {"item": number}) for number in (ITEM, SHARED)]),
        lambda it: it.mine([marked(it.committed(number).record_id, Mark.WITHDRAWN) for number in (2, 4)]),
    ],
    ids=["key", "agency", "item", "record"],
)
def test_a_key_item_or_record_that_ended_behind_the_facts_is_a_notice_too(
    end: Callable[[AuthorityLedger], None], shared: bool, tmp_path: Path
) -> None:
    ledger = AuthorityLedger()
    ledger.submit(4)
    grant = ledger.grant()
    ledger.anchor()

    def look(block: int) -> None:
        if shared:
            ledger.look(ledger.committed(4), factsBlock=block)
        else:
            ledger.granted_look(grant, 2, factsBlock=block)

    look(len(ledger.blocks) - 1)
    known_later(ledger, end, look)
    found = audited(ledger, tmp_path)
    assert found.report.verdict is Verdict.VERIFIED, found.report.failures
    assert [notice for notice in found.report.notices if LATER in notice] == [LATER]


def test_an_empty_page_is_judged_by_what_is_known_later_too(tmp_path: Path) -> None:
    ledger = AuthorityLedger()
    grant = ledger.grant()
    ledger.granted_look(grant)
    known_later(
        ledger, lambda it: it.end_grant(grant), lambda block: _look(ledger.granted_look(grant, factsBlock=block))
    )
    found = audited(ledger, tmp_path)
    assert found.report.verdict is Verdict.VERIFIED, found.report.failures
    assert [notice for notice in found.report.notices if LATER in notice] == [LATER]


def test_where_a_record_stood_before_it_was_erased_is_no_news(tmp_path: Path) -> None:
    ledger = AuthorityLedger()
    grant = ledger.grant_by_consent(ledger.consent())
    emergency = ledger.emergency()
    facts_block = len(ledger.blocks) - 1
    ledger.mine([])
    ledger.consented_look(grant, 2, factsBlock=facts_block)
    ledger.emergency_look(emergency, 2, factsBlock=facts_block)
    ledger.anchor()
    ledger.mine([marked(ledger.committed(2).record_id, Mark.ERASED)])
    ledger.mine([])
    export = ledger.export()
    export.records[1] = tombstone_line(export.records[1], ledger.committed(2).record_root)
    notices = audit(ledger, tmp_path, export).report.notices
    assert f"{ERASED_SINCE} (2)" in notices
    assert not [notice for notice in notices if LATER in notice]


def _look(entry: StreamEntry) -> None:
    assert entry.message["reader"] == READER


def test_a_look_at_a_record_that_was_erased_since_is_not_blamed(tmp_path: Path) -> None:
    ledger = AuthorityLedger()
    consent = ledger.consent()
    grant = ledger.grant_by_consent(consent)
    ledger.consented_look(grant, 2)
    ledger.emergency_look(ledger.emergency(), 2)
    ledger.anchor()
    ledger.mine([marked(ledger.committed(2).record_id, Mark.ERASED)])
    ledger.mine([])
    export = ledger.export()
    export.records[1] = tombstone_line(export.records[1], ledger.committed(2).record_root)
    found = audit(ledger, tmp_path, export)
    assert found.report.verdict is Verdict.VERIFIED, found.report.failures
    assert f"{ERASED_SINCE} (2)" in found.report.notices


@pytest.mark.parametrize("bounds", [{"records": (bytes(32),)}, {"regions": ()}, {"classes": ()}], ids=str)
def test_a_look_at_an_erased_record_that_no_scope_covers_is_a_fault_all_the_same(
    tmp_path: Path, bounds: dict[str, Any]
) -> None:
    ledger = AuthorityLedger()
    named = replace(SCOPE, **bounds)
    ledger.keep(named.document)
    ledger.granted_look(ledger.grant(asked={"scopeHash": to_hex(named.hash)}), 2)
    ledger.anchor()
    ledger.mine([marked(ledger.committed(2).record_id, Mark.ERASED)])
    ledger.mine([])
    export = ledger.export()
    export.records[1] = tombstone_line(export.records[1], ledger.committed(2).record_root)
    found = audit(ledger, tmp_path, export)
    assert [(one.id, one.actual) for one in found.report.failures] == [("look.decision", "out_of_scope")]


def test_a_look_that_rests_on_what_was_received_before_a_partial_export_blames_nobody(tmp_path: Path) -> None:
    ledger = AuthorityLedger()
    emergency = pending_emergency(ledger)
    ledger.anchor()
    first = audit(ledger, tmp_path / "first")
    assert first.state is not None
    pinned = first.state.sequence
    ledger.submit(5, item=SHARED)
    pending_look(ledger, emergency, 5)
    ledger.emergency_look(emergency, authority=int(Authority.PENDING_EMERGENCY))
    ledger.anchor()
    export = ledger.export()
    for lines in (export.entries, export.records, export.looks, export.actions):
        lines[:] = [line for line in lines if line["sequence"] > pinned]
    found = audit(ledger, tmp_path / "second", export, since=first.state)
    assert found.failed == set()
    assert f"{RECEIVED_BEFORE} (2)" in found.report.notices


def test_such_a_look_in_a_whole_export_is_judged(tmp_path: Path) -> None:
    ledger = AuthorityLedger()
    pending_look(ledger, number32("no such emergency"))
    audited(ledger, tmp_path).require("look.decision", "gateway 1", "no_authority")


def test_in_a_partial_export_any_other_refusal_is_one(tmp_path: Path) -> None:
    ledger = AuthorityLedger()
    first = audited(ledger, tmp_path / "first")
    assert first.state is not None
    ledger.submit(5, item=SHARED)
    ledger.emergency_look(ledger.emergency(), 5, purpose=7)
    ledger.anchor()
    export = ledger.export()
    for lines in (export.entries, export.records, export.looks, export.actions):
        lines[:] = [line for line in lines if line["sequence"] > first.state.sequence]
    found = audit(ledger, tmp_path / "second", export, since=first.state)
    assert "look.decision" in found.failed
