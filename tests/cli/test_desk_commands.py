"""The desk's commands (submit, read, search, bundle, mark, export, explain) as an agency runs them, over HTTP."""

import json
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ledger.cli.main import COMMANDS, load_command, run
from ledger.core.hexadecimal import to_hex
from ledger.core.verify import verify_bundle
from tests.cli.gateway_server import GatewayServer, serving

pytestmark = pytest.mark.cli
ROOT = Path(__file__).parents[2]
MAPPING = str(ROOT / "ledger" / "domain" / "mappings" / "montgomery-911.json")
CALLS = ROOT / "tests" / "data" / "montgomery-911-calls.csv"
GROUNDS = ["--item", "1", "--purpose", "P02", "--basis", "LB3", "--basis-ref", "消防法 第五条"]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GatewayServer]:
    with serving(tmp_path) as made:
        yield made


def calls(folder: Path, count: int, *more: str) -> Path:
    rows = CALLS.read_text(encoding="utf-8").splitlines()[: count + 1]
    path = folder / "calls.csv"
    path.write_text("\n".join((*rows, *more)) + "\n", encoding="utf-8")
    return path


def submit(server: GatewayServer, path: Path, *more: str) -> list[str]:
    return ["submit", str(path), "--mapping", MAPPING, "--item", "1", *server.options, *more]


def printed(capsys: pytest.CaptureFixture[str]) -> Any:
    lines = capsys.readouterr().out.strip().splitlines()
    return json.loads(lines[-1])


def test_rows_are_published_found_read_and_proven(
    server: GatewayServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = calls(tmp_path, 7, "1,2,EMS: FALL VICTIM,2016-01-15 12:01,ATLANTIS,X")
    assert run(submit(server, path, "--dry-run", "--json")) == 0
    dry = printed(capsys)
    assert (dry["records"], dry["rejected"], server.gateway.taken) == (7, 1, {})
    # A row is told with each of its faults: the point of this one has no decimals.
    assert dry["rows"] == [
        {"row": 8, "line": 9, "column": "township", "path": "/region", "reason": "code_unknown"},
        {"row": 8, "line": 9, "column": "lat、lng", "path": "/place/point", "reason": "point_malformed"},
    ]
    assert run(submit(server, path, "--batch", "3", "--json")) == 0
    result = printed(capsys)
    assert (result["records"], result["submissions"], result["sentNow"], result["rejected"]) == (7, 3, 3, 1)
    assert run(submit(server, path, "--batch", "3", "--json")) == 0
    assert printed(capsys)["sentNow"] == 0
    assert run(submit(server, path, "--batch", "3", "--no-resume")) == 2

    assert run(["search", *GROUNDS, *server.options, "--json"]) == 0
    found = printed(capsys)
    assert len(found["records"]) == 7
    assert [page["recordCount"] for page in found["disclosures"]] == [2, 2, 2, 1]
    record = found["records"][0]["recordId"]
    assert run(["search", *GROUNDS, *server.options, "--limit", "3"]) == 0
    assert "records: 3, disclosures: 2, each checked" in capsys.readouterr().out
    assert run(["read", record, *GROUNDS, *server.options]) == 0
    assert "closed; disclosure checked and kept" in capsys.readouterr().out
    out = tmp_path / "bundle.json"
    assert run(["bundle", record, "--out", str(out), *GROUNDS, *server.options, "--json"]) == 0
    assert printed(capsys)["level"] == "file"
    assert to_hex(verify_bundle(out.read_bytes()).record_id) == record
    assert run(["mark", record, "withdrawn", "--reason", "1", *server.options, "--dry-run", "--json"]) == 0
    assert printed(capsys)["wouldSign"]["mark"] == 1
    assert "POST /v1/marks" not in server.gateway.calls
    assert run(["mark", record, "withdrawn", "--reason", "1", *server.options, "--json"]) == 0
    assert printed(capsys)["state"] == "received"
    assert run(["export", "ledger", "--out", str(tmp_path / "export"), *server.options, "--json"]) == 0
    assert printed(capsys)["entries"] == 0


def test_a_dry_run_writes_all_rejected_rows_where_it_is_told_to(
    server: GatewayServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = calls(tmp_path, 1, *("1,2,EMS: FALL VICTIM,2016-01-15 12:01,ATLANTIS,X" for _ in range(30)))
    report = tmp_path / "wrong.csv"
    for _ in range(2):
        assert run(submit(server, path, "--dry-run", "--report", str(report), "--json")) == 0
        told = printed(capsys)
        assert (told["report"], told["rejected"], len(told["rows"])) == (str(report), 30, 40)
        assert len(report.read_text(encoding="utf-8-sig").splitlines()) == 1 + 60
    assert run(submit(server, path, "--report", str(report), "--json")) == 2
    before = path.read_bytes()
    for place in (path, tmp_path, tmp_path / "nowhere" / "wrong.csv"):
        assert run(submit(server, path, "--dry-run", "--report", str(place), "--json")) == 2
    assert path.read_bytes() == before


def test_nothing_is_published_of_a_file_that_is_damaged_further_on(
    server: GatewayServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = calls(tmp_path, 6, '"1,2')
    assert run(submit(server, path, "--batch", "2", "--json")) == 2
    assert "from line 8 on" in printed(capsys)["error"]["detail"]
    assert (server.gateway.taken, (tmp_path / "calls.csv.gongzhi" / "plan.json").exists()) == ({}, False)


def test_columns_that_may_be_another_s_are_told_and_left_out_only_where_that_is_accepted(
    server: GatewayServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "calls.csv"
    header, row = CALLS.read_text(encoding="utf-8").splitlines()[:2]
    path.write_text(f"{header},reporter\n{row},x\n", encoding="utf-8")
    told = {
        "columnsMissing": ["description", "reporter_id", "reporter_name", "reporter_phone"],
        "columnsUnused": ["reporter"],
    }
    assert run(submit(server, path, "--dry-run", "--json")) == 0
    dry = printed(capsys)
    assert {name: dry[name] for name in told} == told
    assert run(submit(server, path, "--json")) == 2
    assert "reporter_phone" in printed(capsys)["error"]["detail"]
    assert (server.gateway.taken, (tmp_path / "calls.csv.gongzhi" / "plan.json").exists()) == ({}, False)
    assert run(submit(server, path, "--accept-columns", "--json")) == 0
    result = printed(capsys)
    assert {name: result[name] for name in told} == told
    assert result["records"] == 1
    # Once it is accepted, going on with the job needs no switch.
    assert run(submit(server, path, "--json")) == 0


def test_a_refusal_is_told_with_its_reason_and_kept(
    server: GatewayServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.gateway.refuse_with = 3
    assert run(["search", *GROUNDS, *server.options, "--json"]) == 1
    error = printed(capsys)["error"]
    assert (error["code"], error["reason"]) == ("look_refused", 3)
    assert len(list((tmp_path / "clients" / "community" / "receipts").glob("refusal-*.json"))) == 1
    assert run(["export", "ledger", "--out", str(tmp_path / "export"), *server.options]) in (0, 1)


def test_a_lie_ends_the_command_and_names_the_evidence(
    server: GatewayServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.gateway.before_signing["Disclosure"] = lambda message: message | {"reader": 9}
    assert run(["search", *GROUNDS, *server.options]) == 1
    told = capsys.readouterr().err
    assert told.startswith("promise_broken: ")
    assert "receipts/broken/disclosure-" in told


def test_retention_lists_what_is_past_and_marks_it(server: GatewayServer, capsys: pytest.CaptureFixture[str]) -> None:
    ids = [to_hex(bytes([number]) * 32) for number in (1, 2)]
    server.gateway.past = [{"recordId": record_id, "version": 1, "acceptedAt": 1_000} for record_id in ids]
    command = ["retention", "--item", "1", *server.options]
    assert run([*command, "--dry-run", "--json"]) == 0
    told = printed(capsys)
    assert (told["item"], told["days"], told["found"]) == (1, 1826, 2)
    assert [record["recordId"] for record in told["records"]] == ids
    assert "POST /v1/marks" not in server.gateway.calls
    assert run([*command, "--json"]) == 0
    told = printed(capsys)
    assert (told["erased"], told["held"]) == (ids, [])
    assert server.gateway.calls.count("POST /v1/marks") == 2
    assert run([*command, "--limit", "1"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "item 1: 1 records are past 1826 days"
    assert run(["retention", "--item", "77", *server.options, "--json"]) == 2
    assert "give --days" in printed(capsys)["error"]["detail"]
    assert run(["retention", "--item", "77", "--days", "1", "--dry-run", *server.options, "--json"]) == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["search", *GROUNDS], "no key"),
        (["search", *GROUNDS, "--as", "nobody"], "no agency"),
        (["search", "--item", "1", "--purpose", "P99", "--basis", "LB3"], "purpose is one of"),
        (["search", "--item", "1"], "Missing option"),
        (["mark", "0x00", "withdrawn", "--reason", "1"], "expected 32 bytes"),
        (["nothing"], "No such command"),
        (["export", "chain", "--out", "x", "--profile", "missing.json"], "no profile"),
    ],
)
def test_bad_arguments_are_said_to_be_so(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(arguments) in (1, 2)
    assert said in capsys.readouterr().err


def test_a_file_that_was_published_is_refused_in_a_new_folder_unless_it_is_to_be_published_again(
    server: GatewayServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = calls(tmp_path, 3)
    assert run(submit(server, path)) == 0
    shutil.rmtree(tmp_path / "calls.csv.gongzhi")
    capsys.readouterr()
    for _ in range(2):
        assert run(submit(server, path)) == 2
        assert re.search(r"published\s+from\s+\d{4}-\d\d-\d\d", capsys.readouterr().err)
    assert len(server.gateway.taken) == 1
    (noted,) = tmp_path.rglob("imports/*.json")
    for value in path.read_text("utf-8").splitlines()[1].split(","):
        assert value not in noted.read_text("utf-8")
    assert run(submit(server, path, "--only-region", "9901")) == 0
    shutil.rmtree(tmp_path / "calls.csv.gongzhi")
    assert run(submit(server, path, "--again")) == 0
    assert run(submit(server, path)) == 0
    assert len(server.gateway.taken) == 3


def test_a_gateway_that_is_away_is_said_to_be_away(
    server: GatewayServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*submit(server, tmp_path / "missing.csv")]) == 2
    assert "is not there" in capsys.readouterr().err


def test_every_command_loads_and_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    for name in COMMANDS:
        assert load_command(name).name == name
    assert run(["--help"]) == 0
    listed = capsys.readouterr().out
    assert all(f"  {name} " in listed for name in COMMANDS)


def test_verifying_a_bundle_loads_the_core_and_the_command_line_only(tmp_path: Path) -> None:
    vectors = json.loads((ROOT / "tests" / "vectors" / "formats-1.json").read_text("utf-8"))
    path = tmp_path / "bundle.json"
    path.write_text(json.dumps(vectors["bundles"][0]["bundle"]), encoding="utf-8")
    program = (
        "import sys; from ledger.cli.main import run;"
        f"print(run(['verify', 'bundle', {str(path)!r}, '--level', 'file', '--json']));"
        "print(*sorted({'.'.join(name.split('.')[:2]) for name in sys.modules if name.startswith('ledger.')}));"
        "print(*[name for name in ('web3', 'sqlalchemy', 'fastapi', 'httpx', 'rich') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60)
    *_, code, ours, heavy = done.stdout.splitlines()
    assert (code, heavy) == ("0", ""), done.stderr
    assert set(ours.split()) == {"ledger.action_errors", "ledger.cli", "ledger.core", "ledger.errors", "ledger.types"}


@pytest.mark.slow
def test_killed_at_any_moment_and_run_again_every_row_is_published_once(server: GatewayServer, tmp_path: Path) -> None:
    path = calls(tmp_path, 60)
    server.deaf = True
    chance = random.Random(5)
    command = [sys.executable, "-m", "ledger.cli", *submit(server, path, "--batch", "4", "--json")]
    for killed_at_call in (1, 2, 2, 2, 3, 4, 5, 4, 3, 0):
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

        def kill(process: subprocess.Popen[bytes] = process) -> None:
            threading.Timer(chance.random() * 0.03, process.kill).start()

        server.calls_to_go, server.when_called = killed_at_call, kill
        _, errors = process.communicate(timeout=60)
        assert process.returncode == (-signal.SIGKILL if killed_at_call else 0), errors
    published = [made.values for taken in server.gateway.taken.values() for made in taken.records]
    assert len(published) == len(set(published)) == 60
