"""How the tests of the audit run one: an export is written to a folder and verified in this process."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ledger.core.verdict import Report, Verdict
from ledger.services.audit_ledger import AuditRequest, audit_ledger
from ledger.services.audit_state import AuditState
from tests.simulated_ledger import SimulatedLedger
from tests.simulated_stream import Export


@dataclass(frozen=True)
class Audited:
    """A report, with what tests ask of it."""

    report: Report
    state: AuditState | None

    @property
    def failed(self) -> set[str]:
        """Ids of the checks that failed."""
        return {failure.id for failure in self.report.failures}

    @property
    def blamed(self) -> set[str]:
        """Whom the failures blame."""
        return {failure.blames for failure in self.report.failures}

    def passed(self, check: str) -> int:
        """How often a check passed."""
        return sum(result.count for result in self.report.checks if (result.id, result.result) == (check, "pass"))

    def skipped(self, check: str) -> int:
        """How often a check could not be judged."""
        return sum(result.count for result in self.report.checks if (result.id, result.result) == (check, "skipped"))

    def require(self, check: str, blames: str, actual: str = "") -> None:
        """Require a faulty verdict by this check, this blamed party and a finding with this text."""
        assert self.report.verdict is Verdict.FAULTY, self.report.headline
        assert self.report.verdict.exit_code == 1
        found = [failure for failure in self.report.failures if failure.id == check]
        assert found, f"{check} did not fail, but {sorted(self.failed)}"
        assert {failure.blames for failure in found} == {blames}
        assert any(actual in failure.actual for failure in found), [failure.actual for failure in found]


def audit(ledger: SimulatedLedger, folder: Path, export: Export | None = None, **options: Any) -> Audited:
    """Write the export (an honest one if None) below `folder` and verify it against the ledger's chain."""
    written = (ledger.export() if export is None else export).write(folder / "export")
    options = {"trust": ledger.trust, "chain": ledger.chain, "chain_source": "memory", "workers": 1, **options}
    return Audited(*audit_ledger(AuditRequest(folder=written, **options)))
