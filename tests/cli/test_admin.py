"""A consortium founded by hand: key files, contracts, members, catalogue items, a trust file."""

import json
from pathlib import Path

import pytest

from ledger.config import load_settings
from ledger.core.hexadecimal import from_hex
from ledger.wiring import open_store
from tests.cli.admin_desk import Desk

pytestmark = pytest.mark.cli


def test_a_consortium_is_founded_by_hand_and_every_verb_is_safe_to_repeat(desk: Desk) -> None:
    deployer, admins = desk.key("deployer"), [desk.key(f"admin-{number}") for number in (1, 2, 3)]
    founding = [str(desk.founding_file(admins, 2)), *desk.signing(deployer)]
    keys = ["--council-keys", str(desk.council_keys(admins))]
    planned = desk("deploy", *founding, "--dry-run")
    assert planned["RecordAnchors"] == "would be deployed"
    assert desk("deploy", *founding, "--dry-run") == planned
    deployed = desk("deploy", *founding, *keys)
    assert desk("deploy", *founding, *keys) == deployed
    assert desk("deploy", *founding, "--dry-run")["RecordAnchors"] == "deployed before"

    fire = desk.agency_file("fire", 8, ["SUBMIT", "READ"])
    unregistered = desk("enrol", str(fire), *desk.signing(deployer), expect=1)
    assert unregistered["error"]["code"] == "agency_not_registered"
    assert "agency" not in desk("enrol", str(fire), *desk.signing(deployer), *keys, "--dry-run")
    assert desk("enrol", str(fire), *desk.signing(deployer), expect=1) == unregistered
    enrolled = desk("enrol", str(fire), *desk.signing(deployer), *keys)
    assert enrolled["agency"] == 4
    assert list(enrolled["keys"].values()) == [["SUBMIT", "READ"]]
    assert desk("enrol", str(fire), *desk.signing(deployer), *keys) == enrolled
    assert desk("enrol", str(fire), *desk.signing(deployer)) == enrolled

    entries = ("catalogue/incident.json", "catalogue/care-record.json", "catalogue/service-flag.json")
    load = ["catalogue", "load", *entries, "--responsible", "1"]
    admin = desk.signing(admins[0])
    dry = desk(*load, *admin, "--dry-run")
    assert [item["changes"] for item in dry["items"]] == [[f"item {n} version 1 is new"] for n in (1, 3, 6)]
    assert [item["maskPolicyHash"] is None for item in dry["items"]] == [False, False, True]
    assert desk(*load, *admin, "--dry-run") == dry
    assert desk(*load, *admin) == {"items": dry["items"]}
    assert [item["standing"] for item in desk(*load, *admin)["items"]] == ["published"] * 3
    files = (("calendar", "calendar/cn-1.json"), ("duties", "duties-1.json"), ("duties", "duties-2.json"))
    for verb, file in files:
        assert desk("catalogue", verb, file, *admin, "--dry-run")["changed"] is True
        assert [desk("catalogue", verb, file, *admin)["changed"] for _ in range(2)] == [True, False]
    named = desk("catalogue", "duties", "duties-2.json", *admin)["named"]
    assert set(named) == {"purposes-1.json", "bases-2.json"}
    store = open_store(load_settings(Path(desk.data)), connections=1)
    with store.begin() as transaction:
        assert all(transaction.document(from_hex(digest, 32)) is not None for digest in named.values())
    store.close()
    reviewer = ["parameter", "reviewAgency", "3", *desk.signing(deployer), *keys]
    assert [desk(*reviewer)["changed"] for _ in range(2)] == [True, False]
    back = ["parameter", "reviewAgency", "2", *desk.signing(deployer), *keys]
    assert [desk(*back)["changed"], desk(*reviewer)["changed"]] == [True, True]
    authority = ["catalogue", "authority", "2", *desk.signing(deployer), *keys]
    assert [desk(*authority)["changed"] for _ in range(2)] == [True, False]
    trust = desk("trust", "export", "--out", desk.path("trust.json"), "--data-folder", desk.data)
    contracts = json.loads((desk.folder / "trust.json").read_text())["contracts"]
    assert contracts["Catalogue"]["address"] == deployed["Catalogue"]
    assert {"Council", "SystemDirectory"} <= set(contracts)
    assert trust["trustHash"].startswith("0x")


def test_what_cannot_be_done_is_said_and_changes_nothing(desk: Desk) -> None:
    deployer, admins = desk.key("deployer"), [desk.key(f"admin-{number}") for number in (1, 2, 3)]
    assert desk("key", "new", str(deployer), "--password-file", str(desk.password), expect=1)["error"]["code"]
    fire = desk.agency_file("fire", 8, ["SUBMIT"])
    refused = desk("enrol", str(fire), *desk.signing(deployer), expect=2)
    assert "trust file" in refused["error"]["detail"]
    half = [str(desk.founding_file(admins[:2], 1)), *desk.signing(deployer)]
    assert "more than half" in desk("deploy", *half, expect=1)["error"]["detail"]
    founding = [str(desk.founding_file(admins, 2)), *desk.signing(deployer)]
    fewer = ["--council-keys", str(desk.council_keys(admins[:2]))]
    assert "every founder" in desk("deploy", *founding, *fewer, expect=2)["error"]["detail"]
    desk("deploy", *founding, "--council-keys", str(desk.council_keys(admins)))
    both = desk.agency_file("both", 3, ["REQUEST", "REVIEW"])
    assert "REQUEST+REVIEW" in desk("enrol", str(both), *desk.signing(deployer), expect=2)["error"]["detail"]
    alone = str(desk.agency_file("alone", 3, ["EMERGENCY"], ["SUPERVISE"]))
    detail = desk("enrol", alone, *desk.signing(deployer), "--dry-run", expect=2)["error"]["detail"]
    assert "roles never on keys of one officer: EMERGENCY+SUPERVISE" in detail
    one = ["--council-keys", str(desk.council_keys(admins[:1]))]
    refused = desk("enrol", str(fire), *desk.signing(deployer), *one, expect=1)
    assert refused["error"]["code"] == "approvals_missing"
    strangers = ["--council-keys", str(desk.council_keys([deployer, *admins[1:]]))]
    refused = desk("parameter", "factsAge", "30", *desk.signing(deployer), *strangers, expect=1)
    assert refused["error"]["code"] == "approval_key_unusable"
    others = [str(desk.founding_file(list(reversed(admins)), 2)), *desk.signing(deployer)]
    assert desk("deploy", *others, expect=1)["error"]["code"] == "founded_already"
