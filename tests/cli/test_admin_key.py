"""Keys of a member: bound, rotated, retired, revoked; one officer is one person."""

import json

import pytest

from tests.cli.admin_desk import Desk

pytestmark = pytest.mark.cli


def test_keys_are_bound_rotated_retired_and_revoked(desk: Desk) -> None:
    sender, data = desk.found_alone(), ["--data-folder", desk.data]
    bureau = desk.agency_file("bureau", 1, ["SUBMIT", "READ"])
    assert desk("enrol", str(bureau), *sender)["agency"] == 2
    admin = ["--admin", str(desk.folder / "bureau-admin.json"), "--admin-password-file", str(desk.password)]
    by = ["--by", str(desk.folder / "bureau-admin.json"), "--by-password-file", str(desk.password)]
    old, new = desk.key("old"), desk.key("new")
    bind = ["key", "bind", str(old), "--key-password-file", str(desk.password), "--roles", "SUBMIT,READ", *admin, *data]
    assert desk(*bind, "--dry-run")["dryRun"] is True
    bound = desk(*bind)
    assert (bound["agency"], bound["roles"], bound["state"]) == (2, ["SUBMIT", "READ"], "bound")
    assert desk(*bind)["state"] == "bound before"
    address = bound["key"]

    # The new key is elsewhere: an act is prepared, signed where the key is, and relayed.
    act = desk.folder / "rotate.json"
    address_of_new = json.loads(new.read_text())["address"]
    there = ["--new", "0x" + address_of_new.removeprefix("0x"), "--prepare", str(act)]
    prepared = desk("key", "rotate", address, *there, *admin, *data)
    assert prepared["missing"] == [prepared["key"]]
    signing = ["--keystore", str(new), "--password-file", str(desk.password), "--yes"]
    assert desk.gongzhi("sign", str(act), *signing)["missing"] == []
    relay = ["relay", str(act), *desk.signing(desk.folder / "deployer.json")]
    assert desk(*relay)["action"] == "BindKey"
    assert desk(*relay)["action"] == "BindKey"

    assert desk("key", "retire", address, *by, *data)["state"] == "retired"
    assert desk("key", "retire", address, *by, *data)["state"] == "retired before"
    revoke = ["key", "revoke", prepared["key"], "--reason", "1", *by, *data]
    assert desk(*revoke, "--suspect-from", "1", expect=4)["error"]["code"] == "transaction_failed"
    assert desk(*revoke)["state"] == "revoked"
    keys = {one["key"]: one["state"] for one in desk("key", "list", "--agency", "2", *data)["keys"]}
    assert (keys[address], keys[prepared["key"]]) == ("retired", "revoked")
    assert sorted(keys.values()).count("bound") == 2
    last = json.loads((desk.folder / "bureau-admin.json").read_text())["address"]
    refused = desk("key", "retire", "0x" + last.removeprefix("0x"), *by, *data, expect=4)
    assert "LastAdmin" in refused["error"]["detail"]


def test_the_second_key_of_one_officer_is_no_supervisor(desk: Desk) -> None:
    sender, data = desk.found_alone(), ["--data-folder", desk.data]
    fire = desk.agency_file("fire", 8, ["EMERGENCY"])
    document = json.loads(fire.read_text())
    document["keys"][0]["officer"] = "17"
    supervisor = {"keystore": desk.key("supervisor").name, "passwordFile": "password", "roles": ["SUPERVISE"]}
    document["keys"].append({**supervisor, "officer": "18"})
    fire.write_text(json.dumps({**document, "officerSecret": "officer.secret"}))
    desk("enrol", str(fire), *sender)
    bind = ["key", "bind", str(desk.key("second")), "--key-password-file", str(desk.password), "--roles", "SUPERVISE"]
    bind += ["--admin", str(desk.folder / "fire-admin.json"), "--admin-password-file", str(desk.password), *data]
    assert desk(*bind, expect=2)["error"]["code"] == "usage"
    bind += ["--officer-secret", str(desk.folder / "officer.secret"), "--officer"]
    refused = desk(*bind, "17", expect=4)["error"]
    assert refused["code"] == "transaction_failed"
    assert "OfficerRolesExclusive" in refused["detail"]
    assert desk(*bind, "19")["state"] == "bound"


def test_a_guardian_pauses_a_module_once(desk: Desk) -> None:
    sender, data = desk.found_alone(), ["--data-folder", desk.data]
    desk("enrol", str(desk.agency_file("bureau", 1, ["GUARDIAN"], ["READ"])), *sender)
    by = ["--guardian", desk.path("bureau-0.json"), "--guardian-password-file", str(desk.password), *data]
    assert desk("pause", "Council", *by, expect=2)["error"]["code"] == "usage"
    assert desk("pause", "Catalogue", *by, "--dry-run")["dryRun"] is True
    assert desk("pause", "Catalogue", *by)["contract"] == "Catalogue"
    assert "PausedTooOften" in desk("pause", "Catalogue", *by, expect=4)["error"]["detail"]
    reader = ["--guardian", desk.path("bureau-1.json"), "--guardian-password-file", str(desk.password), *data]
    assert "NotGuardian" in desk("pause", "AccessLedger", *reader, expect=4)["error"]["detail"]
