"""Attachments under `kill -9`: what was uploaded is there afterwards, and what was begun is published once."""

import json
import subprocess
import time
from pathlib import Path

import pytest

from ledger.client.attaching import with_files
from ledger.client.grounds import Grounds
from ledger.client.stripping import clean_content
from ledger.client.submissions import contents, new_record
from ledger.core.codes import Authority, Basis, Purpose
from ledger.core.hexadecimal import from_hex
from tests.e2e.demo_stack import PROGRAM, ROOT, DemoStack, environment_for, kill, run_gongzhi
from tests.e2e.planted import FROM_API
from tests.e2e.spreading_files import INCIDENT, PHOTO, SHEET, paper, photo

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("repaired")]
PUBLISHER = "community-3"
ITEM = 103
OWN = Grounds(ITEM, Purpose.INCIDENT_RESPONSE, Basis.STATUTORY_DUTY, "duty 1", authority=Authority.OWN)
PATIENCE_SECONDS = 60


@pytest.mark.slow
def test_an_upload_outlives_a_kill_of_everything_that_took_it(demo: DemoStack, tmp_path: Path) -> None:
    with demo.client(PUBLISHER, tmp_path / "client") as client:
        schema, version = client.schema_of(ITEM)
        record, files = with_files(schema, new_record(INCIDENT), {SHEET: clean_content(paper(FROM_API))})
        [content] = contents(schema, ITEM, version, [record])
        for file in files:
            client.publishing.upload(file)
        kill([*demo.api_workers(), demo.process("api"), demo.process("postgres")])
        demo.up()
        accepted = client.publishing.send(content, [client.publishing.sign(content)], wait_seconds=20)
        assert client.wait_anchored(accepted.submission_id)["state"] == "anchored"
        assert client.attachment(record.record_id, SHEET, OWN).content == paper(FROM_API)


def test_a_command_that_is_killed_publishes_its_record_once(demo: DemoStack, tmp_path: Path) -> None:
    (tmp_path / "incident.json").write_text(json.dumps(INCIDENT), encoding="utf-8")
    photo(tmp_path / "photo.jpg", FROM_API)
    state, attach = tmp_path / "job", f"{PHOTO}={tmp_path / 'photo.jpg'}"
    command = ("record", "publish", str(tmp_path / "incident.json"), "--item", str(ITEM), "--as", PUBLISHER)
    more = ("--attach", attach, "--state", str(state), "--json")
    first = subprocess.Popen(
        [*PROGRAM, *command, *more], cwd=ROOT, env=environment_for(demo.folder.root), stdout=subprocess.DEVNULL
    )
    until = time.monotonic() + PATIENCE_SECONDS
    while not list(state.glob("outbox/record.*")) and first.poll() is None:
        assert time.monotonic() < until
        time.sleep(0.002)
    first.kill()
    first.wait()
    told = []
    for _ in range(2):
        done = run_gongzhi(demo.folder.root, *command, *more)
        assert done.returncode == 0, done.stderr
        told.append(json.loads(done.stdout))
    assert told[0] == told[1]
    assert not list(state.glob("outbox/*.content.ndjson"))
    with demo.client(PUBLISHER, tmp_path / "client") as client:
        found = client.attachment(from_hex(told[0]["recordId"], 32), PHOTO, OWN)
        assert found.content == clean_content((tmp_path / "photo.jpg").read_bytes()).content
