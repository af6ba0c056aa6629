"""Two gateways on one chain, verified together: each answers for its own stream, and duties know both."""

from pathlib import Path
from typing import Any

import pytest

from ledger.core.verdict import Verdict
from ledger.errors import UsageError
from ledger.services.audit_ledger import AuditRequest, audit_ledgers
from tests.simulated_ledger import SimulatedLedger
from tests.unit.audit.auditing import Audited

pytestmark = pytest.mark.unit


@pytest.fixture
def gateways() -> tuple[SimulatedLedger, SimulatedLedger]:
    first = SimulatedLedger()
    first.submit(1, 2)
    first.anchor()
    second = first.beside()
    second.submit(3)
    second.look(second.committed(3))
    second.anchor()
    first.now = second.now
    return first, second


def together(folder: Path, *ledgers: SimulatedLedger, **options: Any) -> Audited:
    """Write each gateway's honest export and verify them all against the first one's chain."""
    requests = [
        AuditRequest(
            folder=ledger.export().write(folder / str(place)),
            trust=ledgers[0].trust,
            chain=ledgers[0].chain,
            chain_source="memory",
            workers=1,
            **options,
        )
        for place, ledger in enumerate(ledgers)
    ]
    report, states = audit_ledgers(requests)
    return Audited(report, states[-1])


def test_two_honest_gateways_are_verified_together(
    gateways: tuple[SimulatedLedger, SimulatedLedger], tmp_path: Path
) -> None:
    found = together(tmp_path, *gateways)
    assert found.report.verdict is Verdict.VERIFIED, found.report.failures
    assert found.report.headline.startswith("verified: 3 of 3 records, 2 gateways: gateway 1 batches 1-1, head 0x")
    told = found.report.members()
    assert told["head"] is None
    assert [(each["gateway"], each["checked"], each["expected"]) for each in told["gateways"]] == [(1, 2, 2), (2, 1, 1)]
    assert found.state is not None
    assert found.state.gateway == 2
    assert not any("none of them was read" in notice for notice in found.report.notices)
    assert found.passed("contract.code") == together(tmp_path / "one", gateways[0]).passed("contract.code")


def test_one_export_says_which_gateway_was_not_read(
    gateways: tuple[SimulatedLedger, SimulatedLedger], tmp_path: Path
) -> None:
    found = together(tmp_path, gateways[1])
    assert found.report.verdict is Verdict.VERIFIED
    assert "gateway 1 has 1 batches on chain, and none of them was read" in found.report.notices
    assert found.report.members()["head"] == found.report.members()["gateways"][0]["head"]


def test_each_gateway_is_blamed_for_its_own_stream(
    gateways: tuple[SimulatedLedger, SimulatedLedger], tmp_path: Path
) -> None:
    first, second = gateways
    second.entries.pop()
    found = together(tmp_path, first, second)
    assert found.report.verdict is Verdict.FAULTY
    assert found.blamed == {"gateway 2"}
    assert found.state is None


def test_a_submission_addressed_to_one_gateway_cannot_be_anchored_by_the_other(tmp_path: Path) -> None:
    first = SimulatedLedger()
    first.submit(1)
    first.anchor()
    second = first.beside()
    second.accept(first.sign_submission([first.committed(2)]))
    second.anchor()
    first.now = second.now
    found = together(tmp_path, first, second)
    found.require("entry.gateway", "gateway 2")


def test_two_exports_of_one_gateway_are_refused(
    gateways: tuple[SimulatedLedger, SimulatedLedger], tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="gateway 1"):
        together(tmp_path, gateways[0], gateways[0])
