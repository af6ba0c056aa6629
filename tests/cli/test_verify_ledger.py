"""`gongzhi verify ledger` as an auditor runs it: from an export on disk, offline."""

import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ledger.cli.main import run
from ledger.core.canonical import encode
from tests.simulated_consortium import ITEM, PUBLISHER, READER, address
from tests.simulated_ledger import SimulatedLedger, honest_ledger
from tests.simulated_receipts import acceptance

pytestmark = pytest.mark.cli
OFFLINE = ["--trust", "trust.json", "--chain", "chain.json", "--export", "export", "--offline"]


@pytest.fixture
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SimulatedLedger:
    """An honest ledger, exported into the current folder; no socket can be opened."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("--offline opens no socket")

    ledger = honest_ledger()
    monkeypatch.chdir(tmp_path)
    write(ledger)
    monkeypatch.setattr(socket, "socket", refuse)
    return ledger


def write(ledger: SimulatedLedger, export: str = "export") -> None:
    Path("trust.json").write_bytes(encode(ledger.trust.document))
    Path("chain.json").write_bytes(ledger.chain_bytes())
    ledger.export().write(Path(export))


def verify(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    code = run(["verify", "ledger", *arguments, "--json"])
    report: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert report["exitCode"] == code
    return code, report


@pytest.mark.usefixtures("ledger")
def test_an_honest_export_is_verified_offline(capsys: pytest.CaptureFixture[str]) -> None:
    code, report = verify(capsys, *OFFLINE)
    assert (code, report["verdict"]) == (0, "verified")
    assert report["counts"] == {"checked": 5, "expected": 5, "erased": 0, "pending": 0}
    assert report["block"] == 7
    assert run(["verify", "ledger", *OFFLINE]) == 0
    printed = capsys.readouterr()
    assert printed.out.startswith("verified: 5 of 5 records, batches 1-4, head 0x")
    assert "events as given by chain.json" in printed.out
    assert printed.err == ""


@pytest.mark.usefixtures("ledger")
def test_an_edited_value_is_found_named_and_blamed(capsys: pytest.CaptureFixture[str]) -> None:
    path = Path("export/records.ndjson")
    path.write_text(path.read_text(encoding="utf-8").replace("欧阳**", "王**", 1), encoding="utf-8")
    code, report = verify(capsys, *OFFLINE)
    failure = report["checks"][0]
    assert (code, failure["step"], failure["id"], failure["blames"]) == (1, 3, "record.root", "gateway 1")
    assert "entry 1" in failure["subject"]
    assert "王" not in json.dumps(report, ensure_ascii=False)
    assert run(["verify", "ledger", *OFFLINE]) == 1
    printed = capsys.readouterr().out
    assert "FAIL     step 3, record.root" in printed
    assert "blames   gateway 1" in printed


def test_a_flood_of_failures_is_cut_for_people_only(
    ledger: SimulatedLedger, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger.submit(*range(100, 200))
    ledger.anchor()
    export = ledger.export()
    for line in export.records[5:]:
        line["values"][1] = '"late"'
    export.write(Path("flood"))
    Path("chain.json").write_bytes(ledger.chain_bytes())
    arguments = [*OFFLINE[:5], "flood", "--offline"]
    _, report = verify(capsys, *arguments)
    assert sum(check["result"] == "fail" for check in report["checks"]) == 100
    assert run(["verify", "ledger", *arguments]) == 1
    assert "… 50 more failures: see --json" in capsys.readouterr().out


def test_the_state_file_is_replaced_after_a_complete_verification_only(
    ledger: SimulatedLedger, capsys: pytest.CaptureFixture[str]
) -> None:
    state = Path("state.json")
    assert verify(capsys, *OFFLINE, "--since", "state.json", "--sample", "1")[0] == 3
    assert not state.exists()
    assert verify(capsys, *OFFLINE, "--since", "state.json")[0] == 0
    first = json.loads(state.read_bytes())
    assert (first["format"], first["batch"], first["sequence"]) == ("gongzhi-state/1", 4, 12)
    ledger.submit(5)
    ledger.anchor()
    write(ledger, "second")
    arguments = [*OFFLINE[:5], "second", "--offline", "--since", "state.json"]
    code, report = verify(capsys, *arguments)
    assert code == 0
    assert any("up to batch 4" in notice for notice in report["notices"])
    assert json.loads(state.read_bytes())["batch"] == 5
    Path("second/looks.ndjson").unlink()
    assert verify(capsys, *arguments)[0] == 1
    assert json.loads(state.read_bytes())["batch"] == 5


def test_receipts_are_held_against_the_ledger(ledger: SimulatedLedger, capsys: pytest.CaptureFixture[str]) -> None:
    submitted = ledger.entries[0].submitted
    assert submitted is not None
    ledger.now = ledger.batches[0]
    folder = Path("receipts/kept")
    folder.mkdir(parents=True)
    (folder / "one.json").write_bytes(encode(acceptance(ledger, submitted).document))
    (folder / "opening.json").write_bytes(b'{"format":"something else"}')
    code, report = verify(capsys, *OFFLINE, "--receipts", "receipts")
    assert code == 0
    assert {check["id"]: check["count"] for check in report["checks"]}["receipt.kept"] == 1
    lost = acceptance(ledger, ledger.sign_submission([ledger.committed(80)]))
    (folder / "two.json").write_bytes(encode(lost.document))
    assert verify(capsys, *OFFLINE, "--receipts", "receipts")[0] == 3
    (folder / "bad.json").write_bytes(b'{"format":"gongzhi-receipt/1"}')
    assert verify(capsys, *OFFLINE, "--receipts", "receipts")[0] == 2
    assert verify(capsys, *OFFLINE, "--receipts", "none")[0] == 2


@pytest.mark.usefixtures("ledger")
def test_arguments_that_do_not_fit_are_usage(capsys: pytest.CaptureFixture[str]) -> None:
    trusted = ["--trust", "trust.json", "--chain", "chain.json"]
    assert verify(capsys, *trusted)[0] == 2
    assert verify(capsys, *trusted, "--export", "export", "--api", "http://127.0.0.1:1")[0] == 2
    assert verify(capsys, *trusted, "--api", "http://127.0.0.1:1", "--offline")[0] == 2
    assert verify(capsys, *trusted, "--api", "http://127.0.0.1:1")[0] == 2
    assert verify(capsys, *trusted, "--export", "none")[0] == 2
    assert verify(capsys, "--chain", "chain.json", "--export", "export")[0] == 4
    assert verify(capsys, "--trust", "trust.json", "--export", "export")[0] == 4


@pytest.mark.usefixtures("ledger")
def test_a_whole_process_verifies_with_workers(tmp_path: Path) -> None:
    arguments = ["verify", "ledger", *OFFLINE, "--workers", "2"]
    done = subprocess.run(
        [sys.executable, "-m", "ledger.cli", *arguments], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("verified: 5 of 5 records")


def test_overdue_duties_are_listed_by_agency_and_change_no_verdict(
    ledger: SimulatedLedger, capsys: pytest.CaptureFixture[str]
) -> None:
    nothing = dict.fromkeys(("basisRef", "scopeHash", "profile"), "0x" + "00" * 32)
    parties = {"reader": READER, "holder": PUBLISHER, "key": address("reader")}
    what = {"item": ITEM, "itemVersion": 1, "purpose": 2, "basis": 3, "until": ledger.now + 86_400}
    requests = ["0x" + f"{number:064x}" for number in range(60)]
    ledger.mine(
        [("AccessLedger", "AccessRequested", {"request": one, **parties, **what, **nothing}) for one in requests]
    )
    write(ledger, "asked")
    arguments = [*OFFLINE[:5], "asked", "--offline", "--as-of", "2027-02-17T09:00+08:00"]
    code, report = verify(capsys, *arguments)
    assert (code, report["verdict"], report["asOf"]) == (0, "verified", 1_802_826_000)
    assert len(report["overdue"]) == 120
    assert run(["verify", "ledger", *arguments]) == 0
    printed = capsys.readouterr().out
    assert "Overdue duties as of 2027-02-17 01:00:00Z:" in printed
    # Asked on Friday 15 January; without a calendar only weekends are free.
    late = f"    agency 7: request {requests[0]} unchecked, due 2027-01-19 15:59:59Z, 21 working days overdue, before"
    assert late in printed
    assert "… 70 more: see --json" in printed
    assert "no calendar of working days is in force" in printed


@pytest.mark.usefixtures("ledger")
def test_a_moment_that_is_none_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    code, report = verify(capsys, *OFFLINE, "--as-of", "tomorrow")
    assert (code, report["verdict"]) == (2, "usage")


def test_the_exports_of_two_gateways_are_verified_together(
    ledger: SimulatedLedger, capsys: pytest.CaptureFixture[str]
) -> None:
    second = ledger.beside()
    second.submit(30)
    second.anchor()
    ledger.now = second.now
    submitted = ledger.entries[0].submitted
    assert submitted is not None
    second.export().write(Path("second"))
    Path("chain.json").write_bytes(ledger.chain_bytes())
    receipts = Path("receipts")
    receipts.mkdir()
    (receipts / "one.json").write_bytes(encode(acceptance(ledger, submitted).document))
    code, report = verify(capsys, *OFFLINE, "--export", "second", "--receipts", "receipts")
    assert (code, report["verdict"], report["counts"]["checked"]) == (0, "verified", 6), report["notices"]
    assert [each["gateway"] for each in report["gateways"]] == [1, 2]
    assert verify(capsys, *OFFLINE, "--export", "second", "--since", "state.json")[0] == 2
    assert verify(capsys, *OFFLINE, "--export", "export")[0] == 2
    code, report = verify(capsys, *OFFLINE)
    assert code == 0
    assert "gateway 2 has 1 batches on chain, and none of them was read" in report["notices"]
