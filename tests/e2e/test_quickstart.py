"""What the demonstration leaves and prints, and that it is run once."""

import json
from pathlib import Path

import httpx
import pytest

from ledger.core.canonical import decode
from ledger.core.codes import AgencyKind, Authority, Role, bitmap_of, excluded_pairs
from tests.e2e.conftest import CALLS
from tests.e2e.demo_stack import DemoStack, run_gongzhi

pytestmark = pytest.mark.e2e

PHASES = ["start", "publish", "import", "look", "share", "prove", "audit", "tamper", "total"]
ORIGINALS, CARE_RECORDS, STEPS = 16, 1, 2
RESIDENTS, DWELLINGS = 160, 40
LIES = {"masked-value-edited", "newest-record-deleted", "disclosure-removed", "profile-widened"}


def test_the_last_line_tells_what_happened(demo: DemoStack) -> None:
    figures = demo.figures
    assert figures["records"] == CALLS + figures["shared"] + RESIDENTS + DWELLINGS
    assert figures["shared"] == ORIGINALS + CARE_RECORDS + STEPS
    assert figures["submissions"] >= 6
    assert figures["anchors"] >= 1
    assert figures["looks"] >= 5
    assert (figures["refusals"], figures["refusalReason"]) == (5, 3)
    assert figures["bundle"] == {"verdict": "verified", "exitCode": 0}
    whole = figures["records"]
    assert figures["verified"] == {"verdict": "verified", "exitCode": 0, "checked": whole, "expected": whole}
    assert list(figures["seconds"]) == PHASES
    assert all(seconds > 0 for seconds in figures["seconds"].values())


def test_registers_come_through_the_importer_and_their_faults_are_corrected(demo: DemoStack) -> None:
    imported = demo.figures["imported"]
    residents, dwellings = imported["residents"], imported["dwellings"]
    assert residents["reasons"] == {
        "/idNumber id_rounded_by_spreadsheet": 2,
        "/idNumber id_malformed": 1,
        "/birthDate birth_contradicts_id": 1,
    }
    assert dwellings["reasons"] == {"/class code_unknown": 1}
    for told in (residents, dwellings):
        assert told["records"] == told["rows"] == told["accepted"] + told["rejected"]
        assert told["submissions"] == 2
    assert "the same job completes the register: 160 records" in demo.story


def test_every_lie_is_found_named_and_blamed_on_the_gateway(demo: DemoStack) -> None:
    lies = {lie["name"]: lie for lie in demo.figures["tamperings"]}
    assert set(lies) == LIES
    for lie in lies.values():
        assert (lie["verdict"], lie["exitCode"], lie["found"]) == ("faulty", 1, True)
        assert lie["check"]
        assert lie["subject"]
        assert lie["blames"] == "gateway 1"


def test_each_look_had_an_authority_and_ended_with_it(demo: DemoStack) -> None:
    figures = demo.figures
    beyond_the_scope, closed_grant, withdrawn_consent, ended_emergency = 9, 7, 8, 10
    assert figures["refusalReasons"] == [beyond_the_scope, closed_grant, withdrawn_consent, ended_emergency]
    assert figures["firstAuthority"] == Authority.PENDING_EMERGENCY
    assert "Before any block the very next look is refused: reason 8" in demo.story


def test_the_auditor_names_who_owes_what_in_working_days(demo: DemoStack) -> None:
    number = {agency["name"]: agency["id"] for agency in demo.document["agencies"]}
    late = {(duty["kind"], duty["agency"]): duty["workingDays"] for duty in demo.figures["overdue"]}
    assert set(late) == {
        ("request.check", number["community-3"]),
        ("request.answer", number["community-3"]),
        ("emergency.review", number["coordination"]),
        ("emergency.notice", number["police"]),
        ("emergency.destroy", number["police"]),
    }
    assert all(days > 0 for days in late.values())


def test_the_demo_file_says_where_everything_is(demo: DemoStack) -> None:
    document = demo.document
    assert set(document) == {"api", "rpc", "chainId", "contracts", "trust", "gateway", "agencies"}
    assert httpx.get(f"{demo.api}/v1/health/ready", trust_env=False).status_code == 200
    assert int(demo.rpc_call("eth_chainId"), 16) == document["chainId"]
    pinned = decode(Path(document["trust"]).read_bytes())
    assert isinstance(pinned, dict)
    assert pinned["chainId"] == document["chainId"]
    for address in document["contracts"].values():
        assert len(demo.rpc_call("eth_getCode", address, "latest")) > 2
    assert [agency["id"] for agency in document["agencies"]] == list(range(1, 18))
    for agency in document["agencies"]:
        assert set(agency) == {"id", "name", "title", "kind", "roles", "keystore", "passwordFile", "keys"}
        assert AgencyKind(agency["kind"])
        assert {Role[name] for name in agency["roles"]} >= {Role.ADMIN}
        desk = {name: agency[name] for name in ("keystore", "passwordFile")}
        assert desk.items() <= agency["keys"]["desk"].items()
        assert {role for key in agency["keys"].values() for role in key["roles"]} == set(agency["roles"])
        for key in agency["keys"].values():
            assert set(key) == {"roles", "keystore", "passwordFile"}
            assert not excluded_pairs(bitmap_of(Role[name] for name in key["roles"]))
            for secret in (Path(key["keystore"]), Path(key["passwordFile"])):
                assert secret.stat().st_mode & 0o077 == 0
        assert demo.signer(agency["name"]).address


def test_running_it_again_says_so_and_changes_nothing(demo: DemoStack) -> None:
    def state() -> tuple[list[int], bytes, int]:
        pids = [demo.process(name).pid for name in ("api", "worker", "chain", "postgres")]
        return pids, (demo.folder.root / "demo.json").read_bytes(), int(demo.rpc_call("eth_chainId"), 16)

    before = state()
    again = run_gongzhi(demo.folder.root, "demo", "--limit", str(CALLS), "--json")
    assert again.returncode == 2
    error = json.loads(again.stdout)["error"]
    assert error["code"] == "usage"
    assert "was run here before" in error["detail"]
    assert state() == before


def test_status_says_that_everything_runs(demo: DemoStack) -> None:
    found = json.loads(demo.gongzhi("status", "--json"))
    assert (found["well"], found["health"]) == (True, "ready")
    assert {process["name"] for process in found["processes"]} == {"api", "worker", "chain", "postgres"}
