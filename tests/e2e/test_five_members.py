"""From nothing but key files of five members to a consortium with two gateways, as the how-to page says."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.test_documents import ROOT, commands, run

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
PAGE = "docs/how-to/set-up-a-consortium.md"
GATEWAYS = (1, 3)
CALLS = 3


class Consortium:
    """A folder in which the page was run."""

    def __init__(self, place: Path) -> None:
        self.place = place
        (place / ".venv").symlink_to(Path(sys.prefix))
        (place / "ledger").symlink_to(ROOT / "ledger")

    def gongzhi(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        """Run a command in the folder."""
        command = [".venv/bin/gongzhi", *map(str, arguments)]
        return subprocess.run(command, cwd=self.place, capture_output=True, text=True, timeout=120, check=False)

    def address(self, gateway: int, name: str) -> str:
        """URL of what runs for a gateway: `api` or `rpc`."""
        return str(json.loads((self.place / f"member-{gateway}" / "addresses.json").read_text())[name])

    def publish(self, gateway: int) -> dict[str, Any]:
        """The fire brigade publishes a few calls at a gateway."""
        lines = (ROOT / "tests/data/montgomery-911-calls.csv").read_text(encoding="utf-8").splitlines()[: CALLS + 1]
        (self.place / "calls.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        done = self.gongzhi(
            *("submit", "calls.csv", "--mapping", "ledger/domain/mappings/montgomery-911.json", "--item", 1),
            *("--api", self.address(gateway, "api"), "--gateway", gateway, "--rpc", self.address(1, "rpc")),
            *("--agency", 2, "--keystore", "member-2/desk.json", "--password-file", "member-2/password"),
            *("--trust", "trust.json", "--folder", f"member-2/{gateway}", "--state", f"member-2/calls-{gateway}"),
            *("--wait", 20, "--json"),
        )
        assert done.returncode == 0, done.stdout + done.stderr
        result: dict[str, Any] = json.loads(done.stdout)
        return result


@pytest.fixture
def consortium(tmp_path: Path) -> Iterator[Consortium]:
    founded = Consortium(tmp_path)
    try:
        yield founded
    finally:
        for gateway in reversed(GATEWAYS):
            founded.gongzhi("down", "--data-folder", f"member-{gateway}/gateway")


def test_five_members_found_a_consortium_with_two_gateways_that_one_auditor_verifies(consortium: Consortium) -> None:
    # Ninety commands, each a process of its own with keys behind real passwords.
    printed = run(commands(PAGE), consortium.place, seconds=1_200)
    assert "trustHash" in printed
    assert "Parameters.set(name=factsAge, value=45)" in printed
    assert printed.count("executed") >= 4
    assert sorted(path.name for path in consortium.place.glob("member-3/*.key")) == ["master.key"]
    _one_member_alone(consortium)
    assert [consortium.publish(gateway)["records"] for gateway in GATEWAYS] == [CALLS, CALLS]
    apis = [word for gateway in GATEWAYS for word in ("--api", consortium.address(gateway, "api"))]
    auditor = ("--keystore", "member-5/audit.json", "--password-file", "member-5/password")
    chain = ("--trust", "trust.json", "--chain", consortium.address(1, "rpc"))
    verified = consortium.gongzhi("verify", "ledger", *chain, *apis, *auditor, "--json")
    report = json.loads(verified.stdout)
    assert (verified.returncode, report["verdict"]) == (0, "verified"), report["checks"]
    assert [(one["gateway"], one["checked"]) for one in report["gateways"]] == [(1, CALLS), (3, CALLS)]


def _one_member_alone(consortium: Consortium) -> None:
    """Less than three of five move nothing, however often one approves."""
    to_gateway = ("--data-folder", "member-1/gateway")
    propose = ("set-parameter", "factsAge", 300, "--out", "alone.json", *to_gateway)
    assert consortium.gongzhi("admin", "council", "propose", *propose).returncode == 0
    key = ("--keystore", "member-1/admin.json", "--password-file", "member-1/password")
    approve = ("alone.json", "--agency", 1, "--trust", "trust.json", *key, "--out", "mine.json", "--yes")
    assert consortium.gongzhi("admin", "council", "approve", *approve).returncode == 0
    done = consortium.gongzhi("admin", "council", "schedule", "alone.json", "mine.json", *key, *to_gateway, "--json")
    assert done.returncode != 0
    assert "approvals_missing" in done.stdout + done.stderr
