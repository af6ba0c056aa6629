"""What the demonstration exported is verified from files alone, in processes that cannot make a socket."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.demo_stack import DemoStack, environment_for, run_gongzhi

pytestmark = pytest.mark.e2e

HOOK = Path(__file__).parent / "without_sockets"


def verify(demo: DemoStack, *arguments: str | Path) -> tuple[int, dict[str, Any]]:
    """Run `gongzhi verify` without sockets; returns exit code and report."""
    trust = ("--trust", demo.document["trust"], "--offline", "--json")
    done = run_gongzhi(demo.folder.root, "verify", *arguments, *trust, PYTHONPATH=str(HOOK))
    report: dict[str, Any] = json.loads(done.stdout)
    return done.returncode, report


def failed_steps(report: dict[str, Any]) -> set[int]:
    return {check["step"] for check in report["checks"] if check["result"] == "fail"}


@pytest.mark.parametrize(
    "attempt",
    ["socket.socket()", "socket.create_connection(('127.0.0.1', 9))", "urllib.request.urlopen('http://127.0.0.1:9')"],
)
def test_the_block_on_sockets_holds(demo: DemoStack, attempt: str) -> None:
    environment = environment_for(demo.folder.root, PYTHONPATH=str(HOOK))
    program = f"import socket, urllib.request; {attempt}"
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert "may open no socket" in done.stderr


def test_a_bundle_is_verified_at_chain_level_from_three_files(demo: DemoStack, files: Path) -> None:
    code, report = verify(demo, "bundle", files / "bundle.json", "--chain", files / "chain.json")
    assert (code, report["verdict"]) == (0, "verified")
    assert [check["step"] for check in report["checks"]] == list(range(1, 12))
    assert report["counts"]["checked"] == 1


def test_a_node_is_not_asked_even_where_its_address_is_given(demo: DemoStack, files: Path) -> None:
    trust = ("--trust", demo.document["trust"])
    bundle = files / "bundle.json"
    asking = run_gongzhi(demo.folder.root, "verify", "bundle", bundle, "--chain", demo.rpc, *trust)
    assert asking.returncode == 0
    blocked = run_gongzhi(
        demo.folder.root, "verify", "bundle", bundle, "--chain", demo.rpc, *trust, PYTHONPATH=str(HOOK)
    )
    assert blocked.returncode == 4
    code, _ = verify(demo, "bundle", bundle, "--chain", demo.rpc)
    assert code == 2


@pytest.mark.parametrize(("step", "member"), [(6, "value"), (7, "signature"), (9, "sequence"), (10, "transaction")])
def test_an_altered_bundle_fails_at_its_step(
    demo: DemoStack, files: Path, tmp_path: Path, step: int, member: str
) -> None:
    bundle = json.loads((files / "bundle.json").read_text(encoding="utf-8"))
    if member == "value":
        slot = next(slot for slot in bundle["record"]["slots"] if slot["path"] == "/region")
        slot["value"] = slot["value"][:-2] + ("1" if slot["value"][-2] == "0" else "0") + '"'
    elif member == "signature":
        submission = bundle["submission"]
        submission["message"]["signedAt"] -= 1
    elif member == "sequence":
        bundle["sequence"] += 1
    else:
        bundle["anchor"]["transaction"] = "0x" + "12" * 32
    altered = tmp_path / "altered.json"
    altered.write_text(json.dumps(bundle, ensure_ascii=False), encoding="utf-8")
    code, report = verify(demo, "bundle", altered, "--chain", files / "chain.json")
    assert (code, report["verdict"], failed_steps(report)) == (1, "faulty", {step})


def test_the_whole_ledger_is_verified_from_files(demo: DemoStack, files: Path) -> None:
    code, report = verify(demo, "ledger", "--export", files / "export", "--chain", files / "chain.json")
    assert (code, report["verdict"]) == (0, "verified"), report
    counts = report["counts"]
    assert counts["checked"] == counts["expected"] >= demo.figures["records"]


def test_an_export_that_lost_a_line_is_faulty(demo: DemoStack, files: Path, tmp_path: Path) -> None:
    altered = tmp_path / "export"
    altered.mkdir()
    for source in sorted((files / "export").rglob("*")):
        target = altered / source.relative_to(files / "export")
        if source.is_dir():
            target.mkdir()
        else:
            target.write_bytes(source.read_bytes())
    records = (altered / "records.ndjson").read_bytes().splitlines(keepends=True)
    (altered / "records.ndjson").write_bytes(b"".join(records[:3] + records[4:]))
    code, report = verify(demo, "ledger", "--export", altered, "--chain", files / "chain.json")
    assert (code, report["verdict"]) == (1, "faulty")
    assert any(check["result"] == "fail" for check in report["checks"])
