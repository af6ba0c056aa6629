"""RecordAnchors is replaced while a demonstration runs, by the commands of the how-to page; both contracts prove."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from ledger.client.submissions import new_record
from ledger.core.codes import Mark
from ledger.embedded.data_folder import DataFolder
from tests.e2e.demo_stack import DemoStack, run_gongzhi
from tests.e2e.ingest import incident
from tests.e2e.test_documents import commands, run

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
ANCHORED_SECONDS = 120.0
LOOK = ("--as", "fire", "--purpose", "P05", "--basis", "LB3", "--basis-ref", "消防法 第四十四条", "--item", "1")


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[DemoStack]:
    folder = tmp_path / "stack"
    done = run_gongzhi(folder, "demo", "--limit", "60", "--data-folder", folder, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    try:
        yield DemoStack(DataFolder.at(folder), json.loads(done.stdout.splitlines()[-1]), done.stderr)
    finally:
        run_gongzhi(folder, "down")


def publish(stack: DemoStack, place: Path, number: int) -> bytes:
    """Publish a record and wait until it is anchored; returns its id."""
    with stack.client("community-1", place / f"publisher-{number}") as publisher:
        schema, version = publisher.schema_of(1)
        record = new_record(incident(Random(number)))
        (accepted,) = publisher.publish(schema, 1, version, [record])
        publisher.wait_anchored(accepted.submission_id, ANCHORED_SECONDS)
    return record.record_id


def bundle_of(stack: DemoStack, place: Path, record_id: bytes) -> Path:
    """Fetch a record's bundle."""
    file = place / f"{record_id.hex()}.json"
    stack.gongzhi("bundle", "0x" + record_id.hex(), "--out", file, *LOOK)
    return file


def test_record_anchors_is_replaced_and_everything_of_before_and_after_proves(stack: DemoStack, tmp_path: Path) -> None:
    (tmp_path / ".venv").symlink_to(Path(sys.prefix))
    (tmp_path / ".gongzhi").symlink_to(stack.folder.root)
    before = publish(stack, tmp_path, 1)
    kept = bundle_of(stack, tmp_path, before)
    said = run(commands("docs/how-to/replace-record-anchors.md"), tmp_path)
    successor = json.loads((tmp_path / "successor.json").read_text())
    assert successor["address"] in said.split("succeeds")[-1]
    after = publish(stack, tmp_path, 2)
    with stack.client("community-1", tmp_path / "publisher-1") as publisher:
        publisher.mark(before, 1, Mark.CORRECTED, 1)

    trust, chain = stack.document["trust"], tmp_path / "chain.json"
    stack.gongzhi("export", "ledger", "--as", "auditor", "--out", tmp_path / "export", "--basis-ref", "审计法 第三条")
    stack.gongzhi("export", "chain", "--out", chain, "--rpc", stack.rpc, "--trust", trust)
    verify = ("verify", "ledger", "--trust", trust, "--export", tmp_path / "export", "--json")
    for given in ((chain, "--offline"), (stack.rpc,)):
        report = json.loads(stack.gongzhi(*verify, "--chain", *given))
        assert report["verdict"] == "verified"
        assert {"stream.succession", "stream.fold"} <= {check["id"] for check in report["checks"]}
    files = [kept, bundle_of(stack, tmp_path, before), bundle_of(stack, tmp_path, after)]
    contracts = [json.loads(file.read_text())["anchor"]["contract"] for file in files]
    assert contracts == [successor["succeeds"], successor["succeeds"], successor["address"]]
    stack.gongzhi("verify", "bundle", *files, "--trust", trust, "--chain", chain, "--offline")

    document = json.loads(chain.read_text())
    named = [event for event in document["events"] if event["args"].get("at") == successor["address"]]
    assert [event["name"] for event in named] == ["ContractSet"]
    named[0]["args"]["codeHash"] = "0x" + "11" * 32
    chain.write_text(json.dumps(document))
    report = json.loads(stack.gongzhi(*verify, "--chain", chain, "--offline", exit_code=4))
    assert any(successor["address"] in notice for notice in report["notices"])
