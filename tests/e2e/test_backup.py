"""A backup of a gateway that works, restored elsewhere: verified, without secrets, and erased again what was erased."""

import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from ledger.client.gongzhi import GongzhiClient
from ledger.client.grounds import Grounds
from ledger.client.submissions import new_record
from ledger.core.codes import Basis, Mark, Purpose
from ledger.embedded import postgres
from ledger.embedded.data_folder import DataFolder
from tests.e2e.demo_stack import DemoStack, kill, run_gongzhi
from tests.e2e.ingest import ITEM, Ingest
from tests.e2e.persistent import wait_until
from tests.e2e.planted import IN_CARE, Person, found_in, originals, raw_needles_of, texts_of

pytestmark = pytest.mark.e2e

FIRE = Grounds(ITEM, Purpose.FIRE_SAFETY, Basis.STATUTORY_DUTY, "消防法 第三十二条")
REQUESTED = 3
"""Reason of a mark `erased`, in the code set mark-reason."""


def published(client: GongzhiClient, person: Person) -> bytes:
    """Publish an incident that a person reported and wait until it is anchored; returns its record id."""
    schema, version = client.schema_of(ITEM)
    record = new_record(originals(person))
    (accepted,) = client.publish(schema, ITEM, version, [record])
    client.wait_anchored(accepted.submission_id)
    return record.record_id


def content_of(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, by its path."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def forms_of(*masks: str) -> Mapping[bytes, str]:
    return {form: mask for mask in masks for form in texts_of(mask)}


@pytest.mark.slow
def test_a_drill_with_a_backup_made_during_ingest_verifies_and_erases_what_was_erased_since(
    demo: DemoStack, tmp_path: Path
) -> None:
    backup = tmp_path / "backup"
    with (
        demo.client("community-6", tmp_path / "own") as client,
        demo.client("community-1", tmp_path / "other") as other,
    ):
        record_id = published(client, IN_CARE)
        with Ingest(other) as ingest:
            ingest.wait_for_more(2)
            told = json.loads(demo.gongzhi("admin", "backup", backup, "--json"))
            ingest.wait_for_more(2)
            relayed = client.mark(record_id, 0, Mark.ERASED, REQUESTED)
            wait_until(lambda: client.acting.state(relayed.action)["state"] == "final")
        ingest.finish()
    found = content_of(backup)
    require_no_secret(demo, found)
    drilled = json.loads(demo.gongzhi("admin", "drill", "--backup", backup, "--json"))
    assert drilled["erased"] == 1
    assert drilled["verification"]["verdict"] == "verified"
    assert drilled["verification"]["counts"]["erased"] == 1
    assert drilled["verification"]["counts"]["checked"] == drilled["verification"]["counts"]["expected"] > 0
    assert drilled["batch"] == told["batch"]
    assert drilled["lostEntries"] > 0


def require_no_secret(demo: DemoStack, found: Mapping[str, bytes]) -> None:
    """No planted original, no digest of one, no password and no master key is in a backup; masks are."""
    everything = b"\n".join([*found.values(), *map(str.encode, found)])
    assert found_in(everything, raw_needles_of(IN_CARE.secrets, {})) == set()
    assert found_in(everything, forms_of(IN_CARE.surname, IN_CARE.masked_phone)) == {
        IN_CARE.surname,
        IN_CARE.masked_phone,
    }
    secrets = content_of(demo.folder.secrets)
    assert "master.key" in secrets
    for secret in secrets.values():
        assert secret.strip() not in everything
    assert str(demo.folder.root).encode() not in everything
    assert any(name.startswith("keys/") for name in found)


@pytest.fixture
def lost(tmp_path: Path) -> Iterator[DemoStack]:
    """A gateway of its own, whose machine is to be lost; only its chain goes on."""
    folder = tmp_path / "lost"
    done = run_gongzhi(folder, "demo", "--limit", "60", "--data-folder", folder, "--json")
    try:
        assert done.returncode == 0, done.stderr
        yield DemoStack(DataFolder.at(folder), json.loads(done.stdout.splitlines()[-1]), done.stderr)
    finally:
        run_gongzhi(folder, "down")
        postgres.remove_outside(DataFolder.at(folder))


@pytest.mark.slow
def test_a_gateway_goes_on_elsewhere_and_declares_void_what_the_backup_lacks(lost: DemoStack, tmp_path: Path) -> None:
    backup, folder = tmp_path / "backup", tmp_path / "elsewhere"
    with lost.client("community-6", tmp_path / "own") as client:
        record_id = published(client, IN_CARE)
        lost.gongzhi("admin", "backup", backup)
        relayed = client.mark(record_id, 0, Mark.ERASED, REQUESTED)
        wait_until(lambda: client.acting.state(relayed.action)["state"] == "final")
        exported_id = published(client, IN_CARE)
        lost.gongzhi("export", "ledger", "--as", "auditor", "--out", tmp_path / "early")
        published(client, IN_CARE)
    kill([lost.process(name) for name in ("api", "worker", "postgres")])
    restoring = run_gongzhi(folder, "admin", "restore", backup, "--json", GONGZHI_RPC_URL=lost.rpc)
    assert restoring.returncode == 3, restoring.stderr
    told = json.loads(restoring.stdout)
    assert told["erased"] == 1
    batches = [batch["batch"] for batch in told["lost"]]
    assert batches
    again = run_gongzhi(folder, "admin", "restore", backup, "--json", GONGZHI_RPC_URL=lost.rpc)
    assert json.loads(again.stdout)["lost"] == told["lost"]
    for path in map(Path, told["bring"]):
        path.parent.mkdir(exist_ok=True)
        shutil.copy(lost.folder.secrets / path.name, path)
    shutil.copy(lost.folder.root / "demo.json", folder)
    stack = DemoStack(DataFolder.at(folder), lost.figures, lost.story)
    try:
        stack.gongzhi("up", GONGZHI_RPC_URL=stack.rpc)
        left = refetch(stack, batches, tmp_path)
        with stack.client("fire", tmp_path / "fire") as fire:
            (view,) = fire.read(exported_id, FIRE).views
            assert view.record_id == exported_id
        declare_and_go_on(stack, left, tmp_path)
    finally:
        stack.gongzhi("down")
        postgres.remove_outside(stack.folder)


def refetch(stack: DemoStack, batches: list[int], scratch: Path) -> list[int]:
    """Take back what an export of the old gateway holds; returns the batches that are lost still."""
    node = {"GONGZHI_RPC_URL": stack.rpc}
    done = run_gongzhi(stack.folder.root, "admin", "refetch", scratch / "early", "--json", **node)
    assert done.returncode == 3, done.stderr
    told = json.loads(done.stdout)
    taken, left = [one["batch"] for one in told["refetched"]], [one["batch"] for one in told["lost"]]
    assert sum(one["entries"] for one in told["refetched"]) >= 2
    assert left
    assert taken + left == batches
    return left


def declare_and_go_on(stack: DemoStack, batches: list[int], scratch: Path) -> None:
    """The restored gateway serves, anchors nothing until the lost batches are declared, and goes on behind them."""
    listed = json.loads(stack.gongzhi("admin", "void", "--json"))
    assert [batch["batch"] for batch in listed["lost"]] == batches
    stack.gongzhi("admin", "void", "--batch", str(batches[-1] + 1), exit_code=2)
    named = [part for batch in batches for part in ("--batch", str(batch))]
    voided = json.loads(stack.gongzhi("admin", "void", *named, "--json"))["void"]
    assert [batch["batch"] for batch in voided] == batches
    assert json.loads(stack.gongzhi("admin", "void", "--json")) == {"lost": []}
    with stack.client("community-6", scratch / "after") as client:
        published(client, IN_CARE)
    stack.gongzhi("export", "ledger", "--as", "auditor", "--out", scratch / "export")
    verifying = ("verify", "ledger", "--export", scratch / "export", "--chain", stack.rpc)
    report = json.loads(stack.gongzhi(*verifying, "--trust", stack.document["trust"], "--json", exit_code=3))
    assert report["verdict"] == "incomplete"
    assert [check for check in report["checks"] if check["result"] == "fail"] == []
    assert sum("declared VOID" in notice for notice in report["notices"]) >= len(batches)
