"""`gongzhi process`: the table offline, steps that are published and refused, and where a record stands."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ledger.cli.main import run
from ledger.core.codes import AgencyKind
from ledger.core.documents import MaskProfile
from ledger.core.hexadecimal import to_hex
from ledger.domain import load_document
from ledger.domain.process_table import shipped_process_table
from ledger.errors import NotAnchoredYet
from ledger.services.catalogue_documents import schema_documents
from tests.cli.gateway_server import GatewayServer, serving
from tests.unit.client.simulated_gateway import PUBLISHER, SimulatedGateway

pytestmark = pytest.mark.cli

SCHEMA, CODE_SETS = schema_documents(load_document("schemas/transition-2.json"), load_document)
OPEN = tuple((path, kind) for path, kind in load_document("profiles/transition-class1.json")["open"])
HAZARD, OTHER = "0x" + "ab" * 32, "0x" + "cd" * 32
GROUNDS = ["--purpose", "P03", "--basis", "LB3", "--basis-ref", "消防法 第五条"]
REGION = ["--region", "990101001003"]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GatewayServer]:
    """A gateway whose one item is that of the transitions; its publisher is a community."""
    profile = MaskProfile(4, 1, tier=1, purpose=0, open=OPEN)
    gateway = SimulatedGateway(profile=profile, now=int(time.time()), item_number=4, schema=SCHEMA, code_sets=CODE_SETS)
    community = {"id": PUBLISHER, "kind": int(AgencyKind.COMMUNITY), "region": "990101001003"}
    gateway.further_public["agencies"] = lambda *_: (200, community)
    with serving(tmp_path, gateway) as made:
        yield made


def printed(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out.strip().splitlines()[-1])


def step(server: GatewayServer, *said: str) -> int:
    return run(["process", "step", *said, *REGION, *server.options, "--json"])


def shown(server: GatewayServer, capsys: pytest.CaptureFixture[str], *more: str) -> Any:
    capsys.readouterr()
    assert run(["process", "show", HAZARD, *GROUNDS, *server.options, "--json", *more]) == 0
    return printed(capsys)


def test_the_processes_and_their_steps_are_told_without_any_gateway(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["process", "list", "--json"]) == 0
    told = printed(capsys)
    assert [one["process"] for one in told["processes"]] == list(shipped_process_table().processes)
    assert told["table"] == {"version": 1, "hash": to_hex(shipped_process_table().hash)}
    assert run(["process", "table", "hazard", "--json"]) == 0
    steps = printed(capsys)["steps"]
    (fixed,) = [one for one in steps if (one["from"], one["to"]) == ("fixing", "fixed")]
    assert fixed["deadlines"] == [{"since": "assigned", "hours": 24, "workingDays": None, "level": 1}]
    assert fixed["escalation"] == [20, 21]
    for arguments in (["list"], ["list", "--lang", "zh"], ["table", "request"], ["table", "request", "--lang", "zh"]):
        assert run(["process", *arguments]) == 0
    out = capsys.readouterr().out
    assert "2 working days" in out
    assert "2 个工作日" in out
    assert "隐患" in out
    assert run(["process", "table", "hazard"]) == 0
    assert "24 hours from assigned, level 1" in capsys.readouterr().out
    assert run(["process", "table", "hazzard", "--json"]) == 2
    assert "consent, request" in printed(capsys)["error"]["detail"]


def test_a_step_that_the_table_does_not_list_is_refused_before_anything_is_sent(
    server: GatewayServer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert step(server, HAZARD, "hazard", "found", "closed") == 1
    error = printed(capsys)["error"]
    assert (error["code"], server.gateway.calls) == ("step_not_listed", [])
    assert "accepted: found → listed" in error["detail"]


def test_a_note_is_read_from_a_file_and_published_with_the_step(
    server: GatewayServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    note = tmp_path / "note.txt"
    note.write_text("楼道堆物，已通知清理\n", encoding="utf-8")
    said = [HAZARD, "hazard", "found", "listed", "--note", str(note), "--evidence-record", OTHER, "--synthetic"]
    assert step(server, *said, "--dry-run") == 0
    would = printed(capsys)["wouldPublish"]
    assert (would["/note"], would["/evidenceRecordId"]) == ("楼道堆物，已通知清理", OTHER)
    assert would["/table"] == to_hex(shipped_process_table().hash)
    assert server.gateway.taken == {}
    assert step(server, *said) == 0
    assert printed(capsys)["state"] == "listed"
    (found,) = shown(server, capsys)["processes"][0]["transitions"]
    # A look at class 1 opens the step and not its note.
    assert (found["verdict"], found["note"]) == ("taken", None)
    for content in (b"", b"\xff\xfe", b"x" * 20_000):
        note.write_bytes(content)
        assert step(server, *said) == 2
    note.unlink()
    assert step(server, *said) == 2


def test_a_record_stands_where_its_steps_lead_and_every_step_is_shown(
    server: GatewayServer, capsys: pytest.CaptureFixture[str]
) -> None:
    way = [("found", "listed"), ("listed", "assigned"), ("assigned", "fixing"), ("assigned", "bounced")]
    way += [("checked", "closed"), ("fixing", "fixed")]
    for before, after in way:
        assert step(server, HAZARD, "hazard", before, after, "--synthetic") == 0
    assert step(server, OTHER, "hazard", "found", "listed") == 0
    told = shown(server, capsys)
    (hazard,) = told["processes"]
    assert (hazard["process"], hazard["state"], hazard["isEnd"]) == ("hazard", "fixed", False)
    assert [(one["from"], one["verdict"], one["reason"]) for one in hazard["transitions"]] == [
        ("found", "taken", None),
        ("listed", "taken", None),
        ("assigned", "taken", None),
        ("assigned", "conflicting", "moved_on"),
        ("checked", "illegal", "not_reached"),
        ("fixing", "taken", None),
    ]
    assert [one["sequence"] for one in hazard["transitions"]] == [1, 2, 3, 4, 5, 6]
    assert {one["agencyKind"] for one in hazard["transitions"]} == {22}
    assert not any(one["otherTable"] or one["late"] for one in hazard["transitions"])
    # Seven records on pages of two, and a bundle for each step of this one.
    assert told["disclosures"] == 4 + 6
    assert run(["process", "show", HAZARD, *GROUNDS, *server.options]) == 0
    out = capsys.readouterr().out
    assert "state    fixed (fixed)" in out
    assert "conflicting: moved_on" in out


def test_a_step_that_its_publisher_marked_withdrawn_counts_no_more(
    server: GatewayServer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert step(server, HAZARD, "hazard", "found", "listed") == 0
    (record,) = [made.record_id for taken in server.gateway.taken.values() for made in taken.records]

    def marked(by: int) -> Any:
        marks = {to_hex(record): [{"agency": by, "mark": 1, "version": 0}]}
        return lambda _, answer: answer | {"marks": marks} if "marks" in answer else answer

    server.gateway.after_signing = marked(by=99)
    assert [one["state"] for one in shown(server, capsys)["processes"]] == ["listed"]
    server.gateway.after_signing = marked(by=PUBLISHER)
    told = shown(server, capsys)
    assert (told["processes"], told["withdrawn"]) == ([], [to_hex(record)])
    assert run(["process", "show", HAZARD, *GROUNDS, *server.options]) == 0
    assert "withdrawn or erased: 1 steps" in capsys.readouterr().out


def test_a_look_at_the_record_itself_says_whose_steps_count_and_when_it_began(
    server: GatewayServer, capsys: pytest.CaptureFixture[str]
) -> None:
    server.gateway.further_public["agencies"] = lambda *_: (404, {"code": "not_found"})
    assert step(server, OTHER, "hazard", "found", "listed") == 0
    (record,) = [to_hex(made.record_id) for taken in server.gateway.taken.values() for made in taken.records]
    for process, before, after in (("incident", "reported", "received"), ("warning", "issued", "lifted")):
        assert step(server, record, process, before, after) == 0
    capsys.readouterr()
    command = ["process", "show", record, *GROUNDS, *server.options, "--json"]
    assert run(command) == 0
    assert [one["transitions"][0]["dueAt"] for one in printed(capsys)["processes"]] == [None, None]
    assert run([*command, "--of-item", "4"]) == 0
    incident, warning = printed(capsys)["processes"]
    assert (warning["state"], warning["isEnd"]) == ("lifted", True)
    assert incident["transitions"][0]["dueAt"] is not None
    assert (incident["transitions"][0]["agencyKind"], incident["transitions"][0]["late"]) == (None, False)


def test_where_no_step_is_anchored_that_is_said(server: GatewayServer, capsys: pytest.CaptureFixture[str]) -> None:
    assert step(server, HAZARD, "hazard", "found", "listed") == 0
    assert run(["process", "show", OTHER, *GROUNDS, *server.options]) == 0
    assert "no step of this record is anchored" in capsys.readouterr().out


def test_a_step_that_is_not_anchored_yet_waits_and_counts_nothing(
    server: GatewayServer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert step(server, HAZARD, "hazard", "found", "listed") == 0
    (record,) = [made.record_id for taken in server.gateway.taken.values() for made in taken.records]

    def waits(path: str, answer: dict[str, Any]) -> dict[str, Any]:
        if path.endswith("/bundle"):
            raise NotAnchoredYet("the batch is under way")
        return answer

    server.gateway.after_signing = waits
    told = shown(server, capsys)
    assert (told["processes"], told["waiting"]) == ([], [to_hex(record)])
