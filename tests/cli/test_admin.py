"""A consortium founded by hand: key files, contracts, two members, a catalogue item, a trust file."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ledger import wiring
from ledger.cli.main import run
from ledger.config import load_settings
from ledger.embedded import stack
from ledger.embedded.data_folder import DataFolder

pytestmark = pytest.mark.cli
OFFICER = {"officer": "4711"}


class Desk:
    """A folder with engines running and key files, where commands are given."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self._capsys = folder, capsys
        self.password = folder / "password"
        self.password.write_text("a password for tests\n", encoding="utf-8")
        self.password.chmod(0o600)

    def __call__(self, *arguments: str, expect: int = 0) -> dict[str, Any]:
        """Run `gongzhi admin …` and return its JSON; asserts the exit code."""
        self._capsys.readouterr()
        code = run(["admin", *arguments, "--json"])
        out = self._capsys.readouterr().out
        assert code == expect, out
        answer: dict[str, Any] = json.loads(out)
        return answer

    def key(self, name: str) -> Path:
        """Make a key file."""
        path = self.folder / f"{name}.json"
        self("key", "new", str(path), "--password-file", str(self.password))
        return path

    def signing(self, key: Path) -> list[str]:
        """Return the options that name a key and this folder."""
        data = str(self.folder / "data")
        return ["--keystore", str(key), "--password-file", str(self.password), "--data-folder", data]

    def agency_file(self, name: str, kind: int, *keys: list[str], **changes: Any) -> Path:
        """Write an agency file with an admin key and keys of these roles, all of one officer but for `changes`."""
        path = self.folder / f"{name}-agency.json"
        document = {
            "name": name,
            "kind": kind,
            "region": 990101,
            "admin": {"keystore": self.key(f"{name}-admin").name, "passwordFile": "password"},
            "keys": [
                {"keystore": self.key(f"{name}-{place}").name, "passwordFile": "password", "roles": roles, **OFFICER}
                for place, roles in enumerate(keys)
            ],
            "validDays": 30,
            "officerSecret": f"{name}.officers",
            **changes,
        }
        path.write_text(json.dumps(document), encoding="utf-8")
        return path


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setattr("ledger.cli.admin_key.create_keystore", cheap_keystore)
    settings = load_settings(tmp_path / "data")
    folder = DataFolder.at(settings.data_folder)
    stack.up(folder, wiring.stack_plan(settings), lambda _: None)
    yield Desk(tmp_path, capsys)
    stack.down(folder, lambda _: None)


def cheap_keystore(path: Path, private_key: bytes, password: str) -> object:
    """A real keystore whose password is cheap to guess: ten of them are opened here."""
    from ledger.keys.keystore import DEVELOPMENT_SCRYPT_COST, create_keystore

    return create_keystore(path, private_key, password, scrypt_cost=DEVELOPMENT_SCRYPT_COST)


def test_a_consortium_is_founded_by_hand_and_every_verb_is_safe_to_repeat(desk: Desk) -> None:
    governor = desk.key("governor")
    planned = desk("deploy", *desk.signing(governor), "--dry-run")
    assert planned["RecordAnchors"] == "would be deployed"
    deployed = desk("deploy", *desk.signing(governor))
    assert desk("deploy", *desk.signing(governor)) == deployed
    assert desk("deploy", *desk.signing(governor), "--dry-run")["RecordAnchors"] == "deployed before"

    bureau = desk.agency_file("bureau", 1, ["API_SIGN"])
    assert "agency" not in desk("enrol", str(bureau), *desk.signing(governor), "--dry-run")
    assert desk("enrol", str(bureau), *desk.signing(governor))["agency"] == 1
    assert desk("enrol", str(bureau), *desk.signing(governor))["agency"] == 1
    fire = desk("enrol", str(desk.agency_file("fire", 8, ["SUBMIT", "READ"])), *desk.signing(governor))
    assert fire["agency"] == 2
    assert list(fire["keys"].values()) == [["SUBMIT", "READ"]]

    desk("catalogue", "authority", "1", *desk.signing(governor))
    entries = ("catalogue/incident.json", "catalogue/care-record.json", "catalogue/service-flag.json")
    load = ["catalogue", "load", *entries, "--responsible", "1"]
    admin = desk.signing(desk.folder / "bureau-admin.json")
    dry = desk(*load, *admin, "--dry-run")
    assert [item["changes"] for item in dry["items"]] == [[f"item {n} version 1 is new here"] for n in (1, 3, 6)]
    assert [item["maskPolicyHash"] is None for item in dry["items"]] == [False, False, True]
    assert desk(*load, *admin) == {"items": dry["items"]}
    calendar = ["catalogue", "calendar", "calendar/cn-1.json"]
    assert desk(*calendar, *admin) == desk(*calendar, *admin)
    reviewer = ["parameter", "reviewAgency", "2", *desk.signing(governor)]
    assert [desk(*reviewer)["changed"] for _ in range(2)] == [True, False]
    trust = desk(
        "trust", "export", "--out", str(desk.folder / "trust.json"), "--data-folder", str(desk.folder / "data")
    )
    assert (
        json.loads((desk.folder / "trust.json").read_text())["contracts"]["Catalogue"]["address"]
        == deployed["Catalogue"]
    )
    assert trust["trustHash"].startswith("0x")


def test_what_cannot_be_done_is_said_and_changes_nothing(desk: Desk) -> None:
    governor = desk.key("governor")
    assert desk("key", "new", str(governor), "--password-file", str(desk.password), expect=1)["error"]["code"]
    bureau = desk.agency_file("bureau", 1, ["API_SIGN"])
    refused = desk("enrol", str(bureau), *desk.signing(governor), expect=2)
    assert "trust file" in refused["error"]["detail"]
    desk("deploy", *desk.signing(governor))
    both = desk.agency_file("both", 3, ["REQUEST", "REVIEW"])
    assert "REQUEST+REVIEW" in desk("enrol", str(both), *desk.signing(governor), expect=2)["error"]["detail"]
    alone = str(desk.agency_file("alone", 3, ["EMERGENCY"], ["SUPERVISE"]))
    detail = desk("enrol", alone, *desk.signing(governor), "--dry-run", expect=2)["error"]["detail"]
    assert "roles never on keys of one officer: EMERGENCY+SUPERVISE" in detail
    stranger = desk.key("stranger")
    refused = desk("enrol", str(bureau), *desk.signing(stranger), expect=4)
    assert refused["error"]["code"] == "transaction_failed"
    assert "Governor" in refused["error"]["detail"]


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    """Run a command of another noun and return its JSON."""
    assert run([*arguments, "--json"]) == 0
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    return answer


def test_keys_are_bound_rotated_retired_and_revoked(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    governor, data = desk.key("governor"), ["--data-folder", str(desk.folder / "data")]
    desk("deploy", *desk.signing(governor))
    bureau = desk.agency_file("bureau", 1, ["SUBMIT", "READ"])
    assert desk("enrol", str(bureau), *desk.signing(governor))["agency"] == 1
    admin = ["--admin", str(desk.folder / "bureau-admin.json"), "--admin-password-file", str(desk.password)]
    by = ["--by", str(desk.folder / "bureau-admin.json"), "--by-password-file", str(desk.password)]
    old, new = desk.key("old"), desk.key("new")
    bind = ["key", "bind", str(old), "--key-password-file", str(desk.password), "--roles", "SUBMIT,READ", *admin, *data]
    assert desk(*bind, "--dry-run")["dryRun"] is True
    bound = desk(*bind)
    assert (bound["agency"], bound["roles"], bound["state"]) == (1, ["SUBMIT", "READ"], "bound")
    assert desk(*bind)["state"] == "bound before"
    address = bound["key"]

    # The new key is elsewhere: an act is prepared, signed where the key is, and relayed.
    act = desk.folder / "rotate.json"
    address_of_new = json.loads(new.read_text())["address"]
    there = ["--new", "0x" + address_of_new.removeprefix("0x"), "--prepare", str(act)]
    prepared = desk("key", "rotate", address, *there, *admin, *data)
    assert prepared["missing"] == [prepared["key"]]
    signing = ["--keystore", str(new), "--password-file", str(desk.password), "--yes"]
    assert told(capsys, "sign", str(act), *signing)["missing"] == []
    relay = ["relay", str(act), *desk.signing(governor)]
    assert desk(*relay)["action"] == "BindKey"
    assert desk(*relay)["action"] == "BindKey"

    assert desk("key", "retire", address, *by, *data)["state"] == "retired"
    assert desk("key", "retire", address, *by, *data)["state"] == "retired before"
    revoke = ["key", "revoke", prepared["key"], "--reason", "1", *by, *data]
    assert desk(*revoke, "--suspect-from", "1", expect=4)["error"]["code"] == "transaction_failed"
    assert desk(*revoke)["state"] == "revoked"
    keys = {one["key"]: one["state"] for one in desk("key", "list", "--agency", "1", *data)["keys"]}
    assert (keys[address], keys[prepared["key"]]) == ("retired", "revoked")
    assert sorted(keys.values()).count("bound") == 2
    last = json.loads((desk.folder / "bureau-admin.json").read_text())["address"]
    refused = desk("key", "retire", "0x" + last.removeprefix("0x"), *by, *data, expect=4)
    assert "LastAdmin" in refused["error"]["detail"]


def test_the_second_key_of_one_officer_is_no_supervisor(desk: Desk) -> None:
    governor, data = desk.key("governor"), ["--data-folder", str(desk.folder / "data")]
    desk("deploy", *desk.signing(governor))
    fire = desk.agency_file("fire", 8, ["EMERGENCY"])
    document = json.loads(fire.read_text())
    document["keys"][0]["officer"] = "17"
    supervisor = {"keystore": desk.key("supervisor").name, "passwordFile": "password", "roles": ["SUPERVISE"]}
    document["keys"].append({**supervisor, "officer": "18"})
    fire.write_text(json.dumps({**document, "officerSecret": "officer.secret"}))
    desk("enrol", str(fire), *desk.signing(governor))
    bind = ["key", "bind", str(desk.key("second")), "--key-password-file", str(desk.password), "--roles", "SUPERVISE"]
    bind += ["--admin", str(desk.folder / "fire-admin.json"), "--admin-password-file", str(desk.password), *data]
    assert desk(*bind, expect=2)["error"]["code"] == "usage"
    bind += ["--officer-secret", str(desk.folder / "officer.secret"), "--officer"]
    refused = desk(*bind, "17", expect=4)["error"]
    assert refused["code"] == "transaction_failed"
    assert "OfficerRolesExclusive" in refused["detail"]
    assert desk(*bind, "19")["state"] == "bound"
