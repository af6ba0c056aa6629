"""Received actions in the audit: there as they were signed, on chain in time, and whose fault it is if not."""

from pathlib import Path
from typing import Any

import pytest

from ledger.core.audit.excuses import ROLES, why_not_includable
from ledger.core.hexadecimal import to_hex
from ledger.core.received import ABOUT, ReceivedAction
from ledger.core.verdict import Verdict
from tests.simulated_authorities import NOBODY, SHARED, AuthorityLedger
from tests.simulated_consortium import GATEWAY, PUBLISHER, READER, RIVAL, address, number32
from tests.simulated_ledger import SimulatedLedger, honest_ledger
from tests.simulated_stream import Export
from tests.unit.audit.auditing import audit

pytestmark = pytest.mark.unit
BLAMED = f"gateway {GATEWAY}"
REVOKED = {"key": address("publisher"), "reason": 1, "suspectFrom": 0}


def held_back() -> SimulatedLedger:
    """Return a ledger whose gateway took a mark and never relayed it."""
    ledger = honest_ledger()
    ledger.receive("Mark", {"recordId": number32("one"), "version": 0, "mark": 1, "reason": 1})
    ledger.anchor()
    return ledger


def test_actions_of_an_honest_gateway_pass(tmp_path: Path) -> None:
    audited = audit(honest_ledger(), tmp_path)
    assert audited.report.verdict is Verdict.VERIFIED
    assert [audited.passed(f"action.{what}") for what in ("present", "signature", "included")] == [1, 1, 1]


def test_an_action_that_is_not_due_changes_no_verdict(tmp_path: Path) -> None:
    assert audit(held_back(), tmp_path).report.verdict is Verdict.VERIFIED


def test_an_action_held_back_convicts_the_gateway(tmp_path: Path) -> None:
    ledger = held_back()
    ledger.mine([], seconds=200)
    ledger.mine([], seconds=200)
    audited = audit(ledger, tmp_path)
    audited.require("action.included", BLAMED, "held back")
    assert audited.failed == {"action.included"}


def test_an_action_that_came_too_late_convicts_the_gateway(tmp_path: Path) -> None:
    ledger = held_back()
    ledger.mine([], seconds=200)
    args = {"agency": PUBLISHER, "recordId": to_hex(number32("one")), "version": 0, "mark": 1, "reason": 1}
    ledger.mine([("RecordAnchors", "Marked", args)], seconds=200)
    audit(ledger, tmp_path).require("action.included", BLAMED, f"it stands at {ledger.now}")


def test_an_action_that_the_chain_could_not_take_blames_nobody(tmp_path: Path) -> None:
    ledger = held_back()
    ledger.mine([("AgencyRegistry", "KeyRevoked", REVOKED)])
    ledger.mine([], seconds=200)
    ledger.mine([], seconds=200)
    report = audit(ledger, tmp_path).report
    assert report.verdict is Verdict.VERIFIED
    assert any("could not take" in notice for notice in report.notices)


def dropped(export: Export) -> None:
    export.actions = []


def doubled(export: Export) -> None:
    export.actions *= 2


def another_message(export: Export) -> None:
    export.actions[0]["message"]["reason"] = 9


def another_entry(export: Export) -> None:
    export.actions[0]["sequence"] -= 1


def not_relayed(export: Export) -> None:
    said = {"actor": address("publisher"), "key": address("publisher"), "nonce": "0", "deadline": 1}
    export.actions[0] |= {"action": "RetireKey", "message": said}


@pytest.mark.parametrize("lie", [dropped, doubled, another_message, another_entry, not_relayed])
def test_an_action_that_is_not_there_as_its_entry_names_it_is_a_fault(tmp_path: Path, lie: Any) -> None:
    ledger = honest_ledger()
    export = ledger.export()
    lie(export)
    audit(ledger, tmp_path, export).require("action.present", BLAMED)


def test_lines_that_no_entry_stands_behind_are_faults_and_cut_nothing(tmp_path: Path) -> None:
    ledger = AuthorityLedger()
    grant = ledger.grant()
    ledger.granted_look(grant, 1)
    ledger.anchor()
    export = ledger.export()
    said = {"key": address("publisher-decides"), "grant": to_hex(grant), "reason": 1, "nonce": "0", "deadline": 1}
    export.actions = [{"sequence": 1, "action": "RevokeGrant", "message": said, "signatures": []}, {"remark": 1}]
    audited = audit(ledger, tmp_path, export)
    assert audited.failed == {"entry.order", "export.line"}
    assert audited.blamed == {BLAMED}


@pytest.mark.parametrize(
    ("signatures", "found"),
    [
        ([], "0 signatures instead of 1"),
        (["0x"], "65 bytes"),
        (["0x" + "11" * 64 + "1b"], "key"),
    ],
)
def test_an_action_that_its_key_did_not_sign_is_a_fault(tmp_path: Path, signatures: list[str], found: str) -> None:
    ledger = honest_ledger()
    export = ledger.export()
    export.actions[0]["signatures"] = signatures
    audit(ledger, tmp_path, export).require("action.signature", BLAMED, found)


def opening(**changes: Any) -> dict[str, Any]:
    said = {"supervisor": NOBODY, "secondAgencyKey": NOBODY, "caseRef": number32("case"), "items": (SHARED,)}
    said |= {"region": 990101, "reason": 1, "noteHash": bytes(32), "expiresAt": 1 << 40}
    return said | changes


def test_signers_that_a_message_does_not_name_sign_nothing(tmp_path: Path) -> None:
    ledger = AuthorityLedger()
    ledger.receive("OpenEmergency", opening(), "reader-emergency", "", "")
    ledger.receive(
        "OpenEmergency",
        opening(supervisor=address("reader-supervises")),
        *("reader-emergency", "reader-supervises", ""),
    )
    ledger.anchor()
    audited = audit(ledger, tmp_path)
    assert (audited.passed("action.signature"), audited.failed) == (2, set())


def test_signatures_judged_before_are_not_judged_again(tmp_path: Path) -> None:
    ledger = honest_ledger()
    state = audit(ledger, tmp_path / "first").state
    assert audit(ledger, tmp_path / "second", since=state).passed("action.signature") == 0


# --- excuses: what an honest relay could not have brought on chain ---


def excuse(ledger: SimulatedLedger, name: str, signer: str, agency: int = READER, **said: Any) -> str | None:
    message = {"key": address(signer), **said}
    # As far as the gateway knew, nothing of the last seconds had happened.
    received_at = ledger.now - 10
    action = ReceivedAction(number32("digest"), name, message, received_at, received_at + 310, 5, agency)
    return why_not_includable(ledger.history(), action)


def test_every_relayed_message_has_its_roles() -> None:
    assert ROLES.keys() == ABOUT.keys()


def test_a_key_or_agency_that_had_ended_excuses() -> None:
    ledger = AuthorityLedger()
    request = ledger.ask()
    said = {"request": request, "decision": 2}
    assert excuse(ledger, "DecideAccess", "publisher-decides", **said) is None
    assert excuse(ledger, "DecideAccess", "reader-requests", **said) is None
    assert excuse(ledger, "DecideAccess", "nobody", **said) is None
    ledger.mine([("AgencyRegistry", "AgencyStatusSet", {"agency": PUBLISHER, "status": 2})])
    assert "key" in str(excuse(ledger, "DecideAccess", "publisher-decides", **said))
    asked = {"holder": PUBLISHER, "item": SHARED}
    assert "suspended" in str(excuse(ledger, "RequestAccess", "reader-requests", **asked))
    assert excuse(ledger, "RequestAccess", "reader-requests", holder=99, item=99) is None


def paused(ledger: AuthorityLedger, until: int, agency: int = READER) -> None:
    ledger.mine([("AccessLedger", "PauseSet", {"agency": agency, "until": until})])


def test_a_pause_that_began_on_the_way_excuses_what_it_stops_and_nothing_else() -> None:
    ledger = AuthorityLedger()
    said = {"holder": PUBLISHER, "item": SHARED}
    consent = {"captureMode": 1, "subjectTag": number32("tag"), "recipient": READER, "holder": PUBLISHER}
    paused(ledger, ledger.now + 86_400)
    assert "paused" in str(excuse(ledger, "RequestAccess", "reader-requests", **said))
    assert excuse(ledger, "RecordConsent", "person", **consent) is None
    assert "not on chain" in str(excuse(ledger, "CloseGrant", "reader-requests", grant=number32("no grant")))


def test_a_pause_that_was_lifted_in_time_is_no_excuse() -> None:
    ledger = AuthorityLedger()
    said = {"holder": PUBLISHER, "item": SHARED}
    paused(ledger, ledger.now + 86_400)
    paused(ledger, 0)
    assert excuse(ledger, "RequestAccess", "reader-requests", **said) is None


def test_a_known_pause_that_is_prolonged_on_the_way_is_no_excuse() -> None:
    ledger = AuthorityLedger()
    said = {"holder": PUBLISHER, "item": SHARED}
    paused(ledger, ledger.now + 86_400)
    ledger.mine([], seconds=3_600)
    paused(ledger, ledger.now + 10 * 86_400)
    assert excuse(ledger, "RequestAccess", "reader-requests", **said) is None


def test_a_pause_that_a_gateway_knew_of_is_no_excuse() -> None:
    ledger = AuthorityLedger()
    said = {"holder": PUBLISHER, "item": SHARED}
    paused(ledger, ledger.now + 86_400)
    ledger.mine([], seconds=3_600)
    assert excuse(ledger, "RequestAccess", "reader-requests", **said) is None
    paused(ledger, 0)
    assert excuse(ledger, "RequestAccess", "reader-requests", **said) is None


def test_a_supervisor_whose_key_had_ended_excuses() -> None:
    ledger = AuthorityLedger()
    signed = opening(supervisor=address("reader-supervises"))
    assert excuse(ledger, "OpenEmergency", "reader-emergency", **signed) is None
    ledger.mine([("AgencyRegistry", "KeyRetired", {"key": address("reader-supervises")})])
    assert "key" in str(excuse(ledger, "OpenEmergency", "reader-emergency", **signed))


def test_consents_are_excused_by_their_tag_their_witness_and_their_absence() -> None:
    ledger = AuthorityLedger()
    own = {"captureMode": 1, "subjectTag": number32("tag of", "consent"), "recipient": READER, "holder": PUBLISHER}
    assert excuse(ledger, "RecordConsent", "person", **own) is None
    assert excuse(ledger, "RecordConsent", "person", **own | {"captureMode": 3}) is None
    consent = number32("consent")
    assert "not on chain" in str(excuse(ledger, "WithdrawConsent", "person", consent=consent))
    ledger.consent()
    assert "same tag" in str(excuse(ledger, "RecordConsent", "person", **own))
    assert excuse(ledger, "WithdrawConsent", "publisher", consent=consent) is None
    assert excuse(ledger, "WithdrawConsent", "person", consent=consent) is None
    controlled = ledger.consent("controlled", capturedBy=0, controller=address("person"))
    assert excuse(ledger, "WithdrawConsent", "person", consent=controlled) is None


def test_a_withdrawal_is_excused_by_its_witness_key_and_not_by_a_suspended_agency() -> None:
    ledger = AuthorityLedger()
    consent = ledger.consent()
    ledger.mine([("AgencyRegistry", "AgencyStatusSet", {"agency": PUBLISHER, "status": 2})])
    assert excuse(ledger, "WithdrawConsent", "publisher", consent=consent) is None
    ledger.mine([("AgencyRegistry", "KeyRetired", {"key": address("publisher")})])
    assert "key" in str(excuse(ledger, "WithdrawConsent", "publisher", consent=consent))


def test_requests_and_grants_are_excused_where_they_had_moved_on() -> None:
    ledger = AuthorityLedger()
    assert excuse(ledger, "RequestAccess", "reader-requests", holder=PUBLISHER, item=SHARED) is None
    ask = {"request": number32("request")}
    assert "not on chain" in str(excuse(ledger, "WithdrawRequest", "reader-requests", **ask))
    grant = {"grant": ledger.ask()}
    assert excuse(ledger, "WithdrawRequest", "reader-requests", **ask) is None
    assert "not on chain" in str(excuse(ledger, "RevokeGrant", "publisher-decides", **grant))
    ledger.decide(ask["request"])
    assert "settled" in str(excuse(ledger, "WithdrawRequest", "reader-requests", **ask))
    assert excuse(ledger, "CloseGrant", "reader-requests", **grant) is None
    ledger.end_grant(grant["grant"])
    assert "ended otherwise" in str(excuse(ledger, "CloseGrant", "reader-requests", **grant))
    ledger.mine([("Catalogue", "ItemRetired", {"item": SHARED})])
    assert "retired" in str(excuse(ledger, "RequestAccess", "reader-requests", holder=PUBLISHER, item=SHARED))


def test_a_grant_is_excused_where_its_consent_had_ended() -> None:
    ledger = AuthorityLedger()
    consent = ledger.consent()
    request = ledger.ask(basis=1, basisRef=to_hex(consent))
    assert excuse(ledger, "DecideAccess", "publisher-decides", request=request, decision=1) is None
    ledger.withdraw_consent(consent)
    assert "consent" in str(excuse(ledger, "DecideAccess", "publisher-decides", request=request, decision=1))
    assert excuse(ledger, "DecideAccess", "publisher-decides", request=request, decision=2) is None


def test_emergencies_are_excused_where_they_had_moved_on() -> None:
    ledger = AuthorityLedger()
    emergency = {"emergency": number32("emergency")}
    assert "not on chain" in str(excuse(ledger, "EndEmergency", "reader-emergency", **emergency))
    ledger.emergency()
    assert "opened before" in str(excuse(ledger, "OpenEmergency", "reader-emergency", **opening()))
    assert excuse(ledger, "OpenEmergency", "rival-emergency", RIVAL, **opening()) is None
    assert excuse(ledger, "EndEmergency", "reader-supervises", **emergency) is None
    for name in ("DeferNotice", "KeepData", "NoteNotified", "NoteDestroyed"):
        assert excuse(ledger, name, "reader-emergency", **emergency) is None
    ledger.end_emergency(emergency["emergency"])
    assert "over" in str(excuse(ledger, "CoSignEmergency", "reader-supervises", **emergency))
    about = {"emergency": to_hex(emergency["emergency"])}
    ledger.mine([("EmergencyAccess", "NoticeGiven", about), ("EmergencyAccess", "DataDestroyed", about)])
    for name in ("DeferNotice", "KeepData"):
        assert "done otherwise" in str(excuse(ledger, name, "reader-emergency", **emergency))
    ledger.mine([("Catalogue", "ItemRetired", {"item": SHARED})])
    assert "retired" in str(excuse(ledger, "OpenEmergency", "rival-emergency", RIVAL, **opening()))


def test_a_mark_has_no_excuse_but_its_key() -> None:
    assert excuse(AuthorityLedger(), "Mark", "publisher") is None
