"""`gongzhi verify bundle` and `gongzhi inspect` as their users run them."""

import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ledger.cli.main import run
from ledger.core.canonical import encode
from ledger.domain import load_document
from tests.simulated_consortium import incident_schema
from tests.simulated_ledger import honest_ledger
from tests.simulated_receipts import acceptance

pytestmark = pytest.mark.cli
VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "vectors" / "formats-1.json").read_text(encoding="utf-8")
)
BUNDLES = {vector["name"]: vector for vector in VECTORS["bundles"]}
FORBIDDEN = ("web3", "sqlalchemy", "cryptography", "eth_account", "rich", "httpx", "ledger.services", "ledger.chain")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The vectors as files in the current folder."""
    monkeypatch.chdir(tmp_path)
    Path("trust.json").write_text(json.dumps(VECTORS["trust"]), encoding="utf-8")
    for name, chain in VECTORS["chains"].items():
        Path(f"chain-{name}.json").write_text(json.dumps(chain), encoding="utf-8")
    for name, vector in BUNDLES.items():
        Path(f"{name}.json").write_text(json.dumps(vector["bundle"]), encoding="utf-8")
    return tmp_path


@pytest.fixture
def no_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("--offline opens no socket")

    monkeypatch.setattr(socket, "socket", refuse)


def verify(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    code = run(["verify", "bundle", *arguments, "--json"])
    report: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert report["exitCode"] == code
    return code, report


def arguments_for(vector: dict[str, Any]) -> list[str]:
    if vector.get("level", "chain") == "file":
        return [f"{vector['name']}.json", "--level", "file"]
    return [f"{vector['name']}.json", "--chain", f"chain-{vector['chain']}.json", "--trust", "trust.json", "--offline"]


@pytest.mark.usefixtures("folder", "no_sockets")
def test_every_vector_gets_its_verdict_and_step_offline(capsys: pytest.CaptureFixture[str]) -> None:
    for name, vector in BUNDLES.items():
        code, report = verify(capsys, *arguments_for(vector))
        failed = [check["step"] for check in report["checks"] if check["result"] == "fail"]
        if vector["expect"] == "valid":
            expected = "consistent" if vector.get("level") == "file" else "verified"
            assert (report["verdict"], code, failed) == (expected, 0, []), name
        else:
            unknown = name in ("unknown-format", "unknown-suite")
            assert (code, failed) == (5 if unknown else 1, [vector["step"]]), name


@pytest.mark.usefixtures("folder")
def test_the_report_has_exactly_its_members(capsys: pytest.CaptureFixture[str]) -> None:
    _, report = verify(capsys, *arguments_for(BUNDLES["masked"]))
    assert list(report) == [
        *("verdict", "exitCode", "checks", "notices", "overdue", "asOf", "recheck", "counts"),
        *("gateways", "head", "block", "trustHash", "tool", "seconds"),
    ]
    assert report["counts"] == {"checked": 1, "expected": 1, "erased": 0, "pending": 0}
    assert report["trustHash"].startswith("0x")
    assert [check["step"] for check in report["checks"]] == list(range(1, 12))


@pytest.mark.usefixtures("folder")
def test_a_failure_names_step_expectation_and_whom_it_blames(capsys: pytest.CaptureFixture[str]) -> None:
    bad = next(vector for vector in BUNDLES.values() if vector.get("step") == 6)
    _, report = verify(capsys, *arguments_for(bad))
    failure = next(check for check in report["checks"] if check["result"] == "fail")
    assert failure["id"] == "record-proof"
    assert "altered the record" in failure["blames"]
    assert {check["result"] for check in report["checks"]} == {"fail", "pass", "skipped"}
    assert run(["verify", "bundle", *arguments_for(bad)]) == 1
    printed = capsys.readouterr().out
    assert printed.startswith("faulty: 0 of 1 bundles")
    assert "step 6, record-proof" in printed


@pytest.mark.usefixtures("folder")
def test_the_worst_of_several_bundles_wins_and_all_are_judged(capsys: pytest.CaptureFixture[str]) -> None:
    bad = next(name for name, vector in BUNDLES.items() if vector.get("step") == 4 and vector.get("level") == "file")
    code, report = verify(capsys, "masked.json", f"{bad}.json", "unknown-suite.json", "--level", "file")
    assert (code, report["verdict"]) == (1, "faulty")
    assert report["counts"] == {"checked": 1, "expected": 3, "erased": 0, "pending": 0}
    assert sorted(check["step"] for check in report["checks"] if check["result"] == "fail") == [1, 4]


@pytest.mark.usefixtures("folder")
def test_what_cannot_be_judged_has_its_own_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    trusted = ["masked.json", "--trust", "trust.json"]
    other = {**VECTORS["trust"], "chainId": 5}
    Path("other.json").write_text(json.dumps(other), encoding="utf-8")
    Path("broken.json").write_text("{}", encoding="utf-8")
    Path("half.json").write_text('{"format":"gongzhi-trust/1"}', encoding="utf-8")
    Path("half-chain.json").write_text('{"format":"gongzhi-chain/1"}', encoding="utf-8")
    gap = {**VECTORS["chains"]["base"], "blocks": VECTORS["chains"]["base"]["blocks"][::2]}
    Path("gap.json").write_text(json.dumps(gap), encoding="utf-8")
    for expected, given in (
        (3, []),
        (4, ["masked.json"]),
        (4, trusted),
        (4, [*trusted, "--chain", "none.json"]),
        (4, [*trusted, "--chain", "half-chain.json"]),
        (4, [*trusted, "--chain", "gap.json"]),
        (4, ["masked.json", "--trust", "none.json", "--chain", "chain-base.json"]),
        (4, ["masked.json", "--trust", "half.json", "--chain", "chain-base.json"]),
        (4, ["masked.json", "--trust", "other.json", "--chain", "chain-base.json"]),
        (5, ["masked.json", "--trust", "broken.json", "--chain", "chain-base.json"]),
        (5, [*trusted, "--chain", "broken.json"]),
        (2, [*trusted, "--chain", "http://127.0.0.1:1", "--offline"]),
        (2, ["none.json", "--level", "file"]),
    ):
        assert verify(capsys, *given)[0] == expected, given


@pytest.mark.usefixtures("folder")
def test_a_bundle_newer_than_the_chain_is_incomplete(capsys: pytest.CaptureFixture[str]) -> None:
    chain = VECTORS["chains"]["base"]
    block = BUNDLES["masked"]["bundle"]["anchor"]["block"]
    shorter = {
        **chain,
        "blocks": [b for b in chain["blocks"] if b["number"] < block],
        "events": [e for e in chain["events"] if e["block"] < block],
    }
    Path("shorter.json").write_text(json.dumps(shorter), encoding="utf-8")
    code, report = verify(capsys, "masked.json", "--chain", "shorter.json", "--trust", "trust.json")
    assert (code, report["verdict"]) == (3, "incomplete")
    assert "newer than the chain" in report["notices"][0]


@pytest.mark.usefixtures("folder")
def test_at_file_level_nothing_heavy_is_imported() -> None:
    script = (
        "import sys; from ledger.cli.main import run\n"
        "code = run(['verify', 'bundle', 'masked.json', '--level', 'file'])\n"
        f"print([name for name in {FORBIDDEN!r} if name in sys.modules], code)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[] 0", done.stdout + done.stderr


def test_inspect_prints_every_format_and_judges_none(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = honest_ledger()
    ledger.export().write(tmp_path / "export")
    submitted = ledger.entries[0].submitted
    assert submitted is not None
    Path("receipt.json").write_bytes(encode(acceptance(ledger, submitted).document))
    Path("state.json").write_bytes(encode({"format": "gongzhi-state/1", "batch": 4}))
    Path("schema.json").write_bytes(encode(incident_schema()))
    Path("codes.json").write_bytes(encode(load_document("code_sets/sex-1.json")))
    _, profile, item = ledger.items[1]
    Path("profile.json").write_bytes(encode(profile.document))
    Path("item.json").write_bytes(encode(item.document))
    bad = next(name for name, vector in BUNDLES.items() if vector.get("step") == 6)
    for name, format_name in (
        (f"{bad}.json", "gongzhi-bundle/1"),
        ("trust.json", "gongzhi-trust/1"),
        ("chain-base.json", "gongzhi-chain/1"),
        ("export", "gongzhi-export/1"),
        ("receipt.json", "gongzhi-receipt/1"),
        ("state.json", "gongzhi-state/1"),
        ("schema.json", "gongzhi-schema/1"),
        ("codes.json", "gongzhi-codes/1"),
        ("profile.json", "gongzhi-profile/1"),
        ("item.json", "gongzhi-item/1"),
    ):
        assert run(["inspect", name, "--json"]) == 0, name
        assert json.loads(capsys.readouterr().out)["format"] == format_name
    assert run(["inspect", "masked.json"]) == 0
    assert "closed" in capsys.readouterr().out
    Path("none.json").write_text("[]", encoding="utf-8")
    assert run(["inspect", "none.json"]) == 5
    assert folder == tmp_path
