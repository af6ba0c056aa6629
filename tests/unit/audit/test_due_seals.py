"""When the seal of a stream that goes on in a successor is due, where something excused the gateway for a while."""

from pathlib import Path

import pytest

from ledger.core.audit.promises import due_after
from tests.simulated_succession import SucceededLedger
from tests.unit.audit.auditing import audit

pytestmark = pytest.mark.unit


def stay(ledger: SucceededLedger, numbers: range) -> None:
    """Go on in the old contract, a batch each 300 seconds."""
    for number in numbers:
        for _ in range(3):
            ledger.mine([], seconds=99)
        ledger.published(number)


def test_a_chain_that_stood_still_excuses_no_stream_that_stays(tmp_path: Path) -> None:
    ledger = SucceededLedger()
    ledger.published(1)
    ledger.name_successor()
    ledger.submit(2)
    ledger.anchor(seconds=2_000)
    moved = ledger.now
    stay(ledger, range(3, 5))
    failures = [one for one in audit(ledger, tmp_path).report.failures if one.id == "stream.succession"]
    assert [one.subject for one in failures] == ["batch 4"]
    assert failures[0].expected.startswith(f"no batch in RecordAnchors after {moved + 300}:")


def status(value: int) -> tuple[str, str, dict[str, int]]:
    return "AgencyRegistry", "AgencyStatusSet", {"agency": 1, "status": value}


def test_an_agency_that_was_suspended_when_the_seal_was_due_owes_it_when_it_is_active_again(tmp_path: Path) -> None:
    ledger = SucceededLedger()
    ledger.published(1)
    ledger.name_successor()
    ledger.mine([status(2)], seconds=100)
    for _ in range(6):
        ledger.mine([], seconds=100)
    ledger.mine([status(1)], seconds=100)
    ledger.mine([], seconds=100)
    ledger.published(2)
    assert "stream.succession" not in audit(ledger, tmp_path / "sealed").failed
    stay(ledger, range(3, 4))
    audit(ledger, tmp_path / "stays").require("stream.succession", "gateway 1", f"anchored at {ledger.now}")


def test_an_agency_that_stays_suspended_owes_no_seal() -> None:
    ledger = SucceededLedger()
    ledger.published(1)
    ledger.name_successor()
    since = ledger.now
    ledger.mine([status(2)], seconds=100)
    for _ in range(6):
        ledger.mine([], seconds=100)
    assert due_after(ledger.history(), 1, since) is None
    assert due_after(ledger.history(), 99, since) is None
