"""Receipts that members keep are held against the ledger: kept, broken, not due, forged."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ledger.core.codes import Mark
from ledger.core.hexadecimal import to_hex
from ledger.core.receipt import Receipt, SignedAction
from ledger.core.verdict import Verdict
from tests.simulated_consortium import address
from tests.simulated_ledger import SimulatedLedger, honest_ledger
from tests.simulated_receipts import acceptance, look_receipt
from tests.unit.audit.auditing import audit

pytestmark = pytest.mark.unit


def test_a_kept_receipt_passes(tmp_path: Path) -> None:
    ledger = honest_ledger()
    submitted = ledger.entries[0].submitted
    assert submitted is not None
    look = next(entry for entry in ledger.entries if entry.openings)
    ledger.now = ledger.batches[0]
    receipts = [("a", acceptance(ledger, submitted)), ("b", look_receipt(ledger, look))]
    audited = audit(ledger, tmp_path, receipts=receipts)
    assert audited.report.verdict is Verdict.VERIFIED
    assert (audited.passed("receipt.kept"), audited.passed("receipt.authentic")) == (2, 2)


def accepted_and_lost(ledger: SimulatedLedger) -> Receipt:
    return acceptance(ledger, ledger.sign_submission([ledger.committed(70)]))


def test_an_accepted_submission_that_never_came_blames_the_gateway(tmp_path: Path) -> None:
    ledger = honest_ledger()
    receipt = accepted_and_lost(ledger)
    ledger.mine([], seconds=200)
    ledger.mine([], seconds=200)
    ledger.submit(71)
    ledger.anchor()
    audited = audit(ledger, tmp_path, receipts=[("lost.json", receipt)])
    audited.require("receipt.kept", "gateway 1", "no such entry")


def test_a_receipt_that_is_not_due_is_incomplete(tmp_path: Path) -> None:
    ledger = honest_ledger()
    report = audit(ledger, tmp_path, receipts=[("r", accepted_and_lost(ledger))]).report
    assert (report.verdict, report.failures) == (Verdict.INCOMPLETE, ())
    assert "not due" in report.notices[0]


def test_a_promise_that_no_block_could_keep_is_incomplete(tmp_path: Path) -> None:
    ledger = honest_ledger()
    receipt = accepted_and_lost(ledger)
    ledger.mine([], seconds=1000)
    ledger.submit(71)
    ledger.anchor()
    report = audit(ledger, tmp_path, receipts=[("r", receipt)]).report
    assert (report.verdict, report.failures) == (Verdict.INCOMPLETE, ())
    assert "no block in time" in report.notices[0]


def test_a_sample_says_nothing_about_receipts(tmp_path: Path) -> None:
    ledger = honest_ledger()
    report = audit(ledger, tmp_path, receipts=[("r", accepted_and_lost(ledger))], sample=1).report
    assert any("not among those that were read" in notice for notice in report.notices)


@pytest.mark.parametrize(
    ("forge", "found"),
    [
        (lambda _, receipt: replace(receipt, signer=address("reader")), "another key signed it"),
        (lambda _, receipt: replace(receipt, signature=bytes(65)), "v is 27 or 28"),
        (
            lambda ledger, receipt: replace(
                receipt,
                signature=ledger.sign("Acceptance", receipt.message, "reader"),
                signer=address("reader"),
            ),
            "bound to agency 8",
        ),
        (
            lambda ledger, receipt: replace(
                receipt, evidence=acceptance(ledger, ledger.sign_submission([ledger.committed(72)])).evidence
            ),
            "the submission beside it is another",
        ),
    ],
    ids=["signer", "signature", "role", "evidence"],
)
def test_a_forged_receipt_blames_its_maker(forge: Any, found: str, tmp_path: Path) -> None:
    ledger = honest_ledger()
    receipt = forge(ledger, accepted_and_lost(ledger))
    audited = audit(ledger, tmp_path, receipts=[("forged", receipt)])
    audited.require("receipt.authentic", "whoever made the receipt", found)


def test_a_receipt_of_another_ledger_is_incomplete(tmp_path: Path) -> None:
    ledger = honest_ledger()
    other = accepted_and_lost(SimulatedLedger(chain_id=5))
    assert audit(ledger, tmp_path, receipts=[("other", other)]).report.verdict is Verdict.INCOMPLETE


def received_mark(ledger: SimulatedLedger) -> Receipt:
    said = {"recordId": ledger.committed(2).record_id, "version": 0, "mark": int(Mark.WITHDRAWN), "reason": 1}
    entry = ledger.receive("Mark", said)
    assert entry.action is not None
    evidence = SignedAction("Mark", entry.action.message, entry.action.signatures[0])
    return Receipt("received", entry.message, entry.signer, entry.signature, ledger.domain, evidence, ledger.now)


MARKED = {
    "agency": 7,
    "recordId": to_hex(SimulatedLedger().committed(2).record_id),
    "version": 0,
    "mark": 1,
    "reason": 1,
}


def test_a_mark_that_was_relayed_passes(tmp_path: Path) -> None:
    ledger = honest_ledger()
    receipt = received_mark(ledger)
    ledger.mine([("RecordAnchors", "Marked", MARKED)])
    ledger.anchor()
    audited = audit(ledger, tmp_path, receipts=[("mark", receipt)])
    assert audited.passed("receipt.included") == 1


def test_a_mark_that_was_held_back_blames_the_gateway(tmp_path: Path) -> None:
    ledger = honest_ledger()
    receipt = received_mark(ledger)
    ledger.anchor()
    ledger.mine([], seconds=200)
    ledger.mine([], seconds=200)
    audited = audit(ledger, tmp_path, receipts=[("mark", receipt)])
    audited.require("receipt.included", "gateway 1", "held back")


def test_a_mark_that_is_not_due_is_incomplete(tmp_path: Path) -> None:
    ledger = honest_ledger()
    receipt = received_mark(ledger)
    ledger.anchor()
    report = audit(ledger, tmp_path, receipts=[("mark", receipt)]).report
    assert report.verdict is Verdict.INCOMPLETE
    skipped = [check.id for check in report.checks if check.result == "skipped"]
    assert skipped == ["action.included", "receipt.included"]


OTHER_ACTIONS = {
    "RetireKey": {"actor": address("publisher"), "key": address("publisher"), "nonce": 0, "deadline": 1},
    "RevokeGrant": {"key": address("publisher"), "grant": bytes(32), "reason": 1, "nonce": 0, "deadline": 1},
}


@pytest.mark.parametrize("action", OTHER_ACTIONS)
def test_a_receipt_whose_action_is_another_convicts_nobody(tmp_path: Path, action: str) -> None:
    ledger = honest_ledger()
    receipt = replace(received_mark(ledger), evidence=SignedAction(action, OTHER_ACTIONS[action], bytes(65)))
    ledger.anchor()
    audited = audit(ledger, tmp_path, receipts=[("mark", receipt)])
    audited.require("receipt.authentic", "whoever made the receipt", "the action beside it")
