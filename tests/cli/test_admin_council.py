"""The Council by files: founders sign apart, members approve apart, whoever likes sends; delays are waited for."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ledger.cli.worker import refuse_another_directory
from ledger.config import load_settings
from ledger.core.canonical import encode
from ledger.council_errors import DirectoryDiffers
from ledger.embedded.rpc import Rpc
from ledger.wiring import rpc_url
from tests.cli.admin_desk import Desk

pytestmark = pytest.mark.cli
HOUR = 3_600


class Members:
    """Three members with a key each; each approves by itself."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.keys = [desk.key(f"admin-{number}") for number in (1, 2, 3)]
        self.sender = desk.key("anybody")

    def found(self, *, development: bool) -> None:
        """Deploy, sign registrations apart, write the founding action, approve and execute it."""
        desk = self.desk
        founding = str(desk.founding_file(self.keys, 2, development=development))
        deployed = desk("deploy", founding, *desk.signing(self.sender))
        first = Path(deployed["registrations"][0])
        propose = ["council", "propose", "founding", founding, *deployed["registrations"]]
        propose += ["--out", desk.path("founding-action.json"), "--data-folder", desk.data]
        unsigned = desk(*propose, expect=2)
        assert "not signed yet" in unsigned["error"]["detail"]
        for path, key in zip(deployed["registrations"], self.keys, strict=True):
            desk.gongzhi("sign", path, *desk.with_key(key), "--yes")
        signed = first.read_bytes()
        assert desk("deploy", founding, *desk.signing(self.sender)) == deployed
        assert first.read_bytes() == signed
        lacking = [word for word in propose if word != deployed["registrations"][1]]
        assert desk(*lacking, expect=2)["error"]["detail"] == "no registration of founder 2"
        proposed = desk(*propose)
        assert proposed["approvalsNeeded"] == 3
        assert proposed["says"][-1].startswith("Council.completeFounding(registry_=0x")
        approvals = self.approve("founding-action.json", 1, 2, 3)
        partial = desk(
            "council", "execute", desk.path("founding-action.json"), *approvals[:2], *self.sending(), expect=1
        )
        assert partial["error"]["code"] == "founders_missing"
        executed = desk("council", "execute", desk.path("founding-action.json"), *approvals, *self.sending())
        assert executed["state"] == "executed"

    def sending(self) -> list[str]:
        return self.desk.signing(self.sender)

    def propose(self, out: str, *words: str) -> dict[str, Any]:
        return self.desk("council", "propose", *words, "--out", self.desk.path(out), "--data-folder", self.desk.data)

    def approve(self, action: str, *agencies: int, keys: Sequence[Path] = (), cancels: bool = False) -> list[str]:
        """Let members write their approvals beside the action's file; returns the paths."""
        paths = []
        for agency in agencies:
            path = self.desk.path(f"{'cancel' if cancels else 'approval'}-{agency}-{action}")
            key = (keys or self.keys)[agency - 1]
            cancel = ["--cancel"] if cancels else []
            command = ["council", "approve", self.desk.path(action), "--agency", str(agency), "--out", path, *cancel]
            written = self.desk(*command, *self.desk.signing(key), "--yes")
            assert (written["agency"], written["cancels"]) == (agency, cancels)
            paths.append(path)
        return paths

    def refused(self, verb: str, action: str, approvals: Sequence[str]) -> str:
        """Return the code with which a command is refused before anything is sent."""
        command = ["council", verb, self.desk.path(action), *approvals, *self.sending()]
        code = str(self.desk(*command, "--dry-run", expect=1)["error"]["code"])
        assert self.desk(*command, expect=1)["error"]["code"] == code
        return code

    def act(self, verb: str, action: str, approvals: Sequence[str]) -> dict[str, object]:
        command = ["council", verb, self.desk.path(action), *approvals, *self.sending()]
        assert self.desk(*command, "--dry-run")["would"] == verb
        return self.desk(*command)

    def decide(self, action: str, *agencies: int) -> None:
        """Approve, schedule and execute at once, where nothing is delayed."""
        approvals = self.approve(action, *agencies)
        self.act("schedule", action, approvals)
        assert self.act("execute", action, approvals)["state"] == "executed"

    def signed_elsewhere(self, out: str, key: Path, *words: str) -> str:
        """Prepare a message, let its key sign it, and return the file's path."""
        path = self.desk.path(out)
        self.desk("council", "prepare", *words, "--out", path, "--data-folder", self.desk.data)
        assert self.desk.gongzhi("sign", path, *self.desk.with_key(key), "--yes")["missing"] == []
        return path

    def state(self, action: str) -> object:
        return self.desk("council", "show", self.desk.path(action), "--data-folder", self.desk.data)["state"]

    def wait(self, seconds: int) -> None:
        """Let the chain's time pass."""
        with Rpc(rpc_url(load_settings(Path(self.desk.data)))) as rpc:
            rpc.call("evm_increaseTime", seconds)
            rpc.call("evm_mine")


def test_members_decide_by_files_and_delays_are_waited_for(desk: Desk) -> None:
    members = Members(desk)
    members.found(development=False)
    proposed = members.propose("parameter.json", "set-parameter", "factsAge", "30")
    assert proposed["says"] == ["Parameters.set(name=factsAge, value=30)"]
    assert (proposed["delaySeconds"], proposed["approvalsNeeded"]) == (48 * HOUR, 2)
    first, third = members.approve("parameter.json", 1, 3)
    assert members.refused("schedule", "parameter.json", [first]) == "approvals_missing"
    assert members.refused("execute", "parameter.json", [first, third]) == "action_state_mismatch"
    assert members.state("parameter.json") == "not scheduled"
    due = members.act("schedule", "parameter.json", [third, first])["executableAt"]
    assert members.refused("schedule", "parameter.json", [first, third]) == "action_state_mismatch"
    assert members.refused("execute", "parameter.json", [first, third]) == "action_not_due"

    # Another action, which is cancelled before it is due.
    members.propose("other.json", "set-status", "3", "suspended")
    other = members.approve("other.json", 1, 2)
    assert members.refused("schedule", "other.json", [other[0], third]) == "approval_foreign"
    members.act("schedule", "other.json", other)
    assert members.refused("cancel", "other.json", other) == "approval_foreign"
    assert (
        members.act("cancel", "other.json", members.approve("other.json", 2, 3, cancels=True))["state"] == "cancelled"
    )

    members.wait(48 * HOUR)
    executed = members.act("execute", "parameter.json", members.approve("parameter.json", 1, 2))
    assert executed["state"] == "executed"
    listed = desk("council", "list", "--data-folder", desk.data)
    assert (listed["members"], listed["threshold"], listed["epoch"], listed["founded"]) == ([1, 2, 3], 2, 1, True)
    assert [(one["state"], one["calls"]) for one in listed["actions"]][1:] == [
        ("executed", ["Parameters.set"]),
        ("cancelled", ["AgencyRegistry.setStatus"]),
    ]
    assert listed["actions"][1]["executableAt"] == due
    assert listed["actions"][1]["approvedBy"] == [1, 3]
    by_id = desk("council", "show", listed["actions"][1]["action"], "--data-folder", desk.data)
    assert by_id["state"] == "executed"

    # Member keys of one machine wait as well: the same command schedules first, and executes when it is due.
    here = ["parameter", "factsAge", "40", *members.sending(), "--council-keys", str(desk.council_keys(members.keys))]
    assert [desk(*here, expect=1)["error"]["code"] for _ in range(2)] == ["action_not_due"] * 2
    members.wait(48 * HOUR)
    assert [desk(*here)["changed"] for _ in range(2)] == [True, False]

    # What is never scheduled in time is worth nothing, whoever approves it.
    members.propose("late.json", "revoke-key", desk.address(members.sender), "1", "--days", "1")
    late = members.approve("late.json", 1, 2)
    members.wait(25 * HOUR)
    assert members.refused("schedule", "late.json", late) == "action_expired"
    short = ["council", "propose", "set-members", "1", "1", "--days", "1", "--out", desk.path("x.json")]
    assert "waits 72 hours" in desk(*short, "--data-folder", desk.data, expect=2)["error"]["detail"]


@pytest.mark.slow
def test_a_successor_is_checked_when_it_is_proposed_approved_scheduled_and_executed(desk: Desk) -> None:
    members = Members(desk)
    members.found(development=True)
    settings = load_settings(Path(desk.data))
    made = desk("successor", *members.sending())
    naming = ["set-contract", "RecordAnchors", made["address"]]
    check = ["council", "check-successor", made["address"], "--rpc", rpc_url(settings)]
    check += ["--trust", str(settings.trust_path)]
    shown = ["--transaction", made["transaction"]]

    def put_into_storage(rpc: Rpc) -> None:
        rpc.call("anvil_setStorageAt", made["address"], "0x" + "07" * 32, "0x" + "01".zfill(64))

    @contextmanager
    def something_in_its_storage() -> Iterator[None]:
        with Rpc(rpc_url(settings)) as rpc:
            snapshot = rpc.call("evm_snapshot")
            put_into_storage(rpc)
            yield
            rpc.call("evm_revert", snapshot)

    with something_in_its_storage():
        assert "in its storage" in desk(*check, expect=1)["why"]
        assert desk(*check, *shown)["maySucceed"] is True
        refused = desk("council", "propose", *naming, "--out", desk.path("x"), "--data-folder", desk.data, expect=2)
        assert "in its storage" in refused["error"]["detail"]
        members.propose("naming.json", *naming, *shown)
    members.propose("stale.json", *naming)
    approvals, stale = members.approve("naming.json", 1, 2), members.approve("stale.json", 1, 2)
    members.act("schedule", "stale.json", stale)
    with something_in_its_storage():
        assert members.refused("schedule", "naming.json", approvals) == "successor_refused"
    members.act("schedule", "naming.json", approvals)
    with Rpc(rpc_url(settings)) as node:
        put_into_storage(node)
    assert members.refused("execute", "naming.json", approvals) == "successor_refused"
    assert members.act("execute", "naming.json", [*approvals, *shown])["state"] == "executed"
    assert members.refused("execute", "stale.json", stale) == "successor_refused"
    assert desk(*check, expect=1)["why"] == "it was named before"


@pytest.mark.slow
def test_a_change_of_members_begins_an_epoch_in_which_nothing_older_counts(desk: Desk) -> None:
    members = Members(desk)
    members.found(development=True)
    members.propose("old.json", "catalogue-authority", "2")
    members.propose("members.json", "set-allowed-roles", "3", "SUBMIT", "READ")
    added = members.propose("members.json", "set-members", "2", "1", "2", "--add")
    assert added["says"] == [
        "AgencyRegistry.setAllowedRoles(agency=3, allowedRoles=ADMIN+SUBMIT+READ)",
        "Council.setMembers(agencies=[1, 2], newThreshold=2)",
    ]
    old, change = members.approve("old.json", 1, 2), members.approve("members.json", 1, 2, 3)
    members.act("schedule", "old.json", old)
    members.act("schedule", "members.json", change)
    members.act("execute", "members.json", change)
    assert members.refused("execute", "old.json", old) == "epoch_over"
    members.propose("new.json", "catalogue-authority", "2")
    new = members.approve("new.json", 1, 2, 3)
    assert members.refused("schedule", "new.json", new) == "member_unknown"
    forged = members.approve("new.json", 2, keys=[members.keys[0], members.sender])
    assert members.refused("schedule", "new.json", [new[0], *forged]) == "approval_key_unusable"
    new = members.approve("new.json", 1, 2)
    members.act("schedule", "new.json", new)
    assert members.act("execute", "new.json", new)["state"] == "executed"


@pytest.mark.slow
def test_a_newcomer_is_registered_and_an_agency_without_a_key_gets_one_again(desk: Desk) -> None:
    members = Members(desk)
    members.found(development=True)
    newcomer, second = desk.key("newcomer"), desk.key("second")
    agency = json.loads((desk.folder / "founding.json").read_text())["founders"][0] | {"name": "newcomer"}
    file = desk.written("newcomer-agency.json", agency | {"admin": desk.address(newcomer)})
    signed = members.signed_elsewhere("registration.json", newcomer, "register", str(file))
    members.propose("register.json", "register", signed)
    members.decide("register.json", 1, 3)
    assert desk("key", "list", "--agency", "4", "--data-folder", desk.data)["keys"][0]["state"] == "bound"

    again = members.signed_elsewhere("restore.json", second, "restore-admin", "4", desk.address(second))
    other = desk(
        "council", "propose", "repudiate", again, "--out", desk.path("x"), "--data-folder", desk.data, expect=2
    )
    assert "no action Repudiate" in other["error"]["detail"]
    members.propose("lost.json", "revoke-key", desk.address(newcomer), "1")
    members.propose("lost.json", "restore-admin", again, "--add")
    members.decide("lost.json", 2, 3)
    keys = {
        one["key"]: one["state"] for one in desk("key", "list", "--agency", "4", "--data-folder", desk.data)["keys"]
    }
    assert keys == {desk.address(newcomer): "revoked", desk.address(second): "bound"}

    # A call that its contract refuses: the whole action is refused, with the contract's own reason.
    words = ["repudiate", desk.address(members.keys[0]), "1", "3"]
    members.propose("void.json", "repudiate", members.signed_elsewhere("void-1.json", members.keys[0], *words))
    approvals = members.approve("void.json", 1, 2)
    members.act("schedule", "void.json", approvals)
    command = ["council", "execute", desk.path("void.json"), *approvals, *members.sending()]
    assert "BatchUnknown" in desk(*command, expect=4)["error"]["detail"]
    assert members.state("void.json") == "scheduled"


def test_a_worker_does_not_start_beside_a_directory_that_names_other_contracts(desk: Desk) -> None:
    desk.found_alone()
    settings = load_settings(Path(desk.data))
    refuse_another_directory(settings)
    document = json.loads(settings.trust_path.read_text())
    document["contracts"]["RecordAnchors"] = document["contracts"]["AccessLedger"]
    settings.trust_path.write_bytes(encode(document))
    with pytest.raises(DirectoryDiffers, match="another RecordAnchors"):
        refuse_another_directory(settings)
    # A node that does not answer, or has no directory yet, is waited for.
    document["contracts"]["SystemDirectory"]["address"] = "0x" + "77" * 20
    settings.trust_path.write_bytes(encode(document))
    refuse_another_directory(settings)


@pytest.mark.slow
def test_a_file_that_says_one_thing_and_does_another_is_not_signed(desk: Desk) -> None:
    members = Members(desk)
    members.found(development=True)
    members.propose("honest.json", "set-parameter", "factsAge", "30")
    members.propose("wide.json", "set-allowed-roles", "3", "DECIDE")
    honest = json.loads((desk.folder / "honest.json").read_text())
    wide = json.loads((desk.folder / "wide.json").read_text())
    wide["calls"][0]["says"] = honest["calls"][0]["says"]
    desk.written("forged.json", wide)
    command = ["council", "approve", desk.path("forged.json"), "--agency", "1", "--out", desk.path("signed.json")]
    refused = desk(*command, *desk.signing(members.keys[0]), "--yes", expect=1)
    assert refused["error"]["code"] == "format_invalid"
    assert "says something else" in refused["error"]["detail"]
    elsewhere = json.loads((desk.folder / "honest.json").read_text()) | {"chainId": 1}
    desk.written("elsewhere.json", elsewhere)
    command[2] = desk.path("elsewhere.json")
    assert "another chain" in desk(*command, *desk.signing(members.keys[0]), "--yes", expect=2)["error"]["detail"]
    assert not (desk.folder / "signed.json").exists()

    # What needs no delay: a pause and its end. What nobody may pause is not proposed.
    paused = members.propose("pause.json", "pause", "Catalogue", "24")
    assert str(paused["says"][0]).startswith("Catalogue.pauseAsGovernor(until=")
    approvals = members.approve("pause.json", 1, 2)
    members.act("schedule", "pause.json", approvals)
    members.act("execute", "pause.json", approvals)
    load = ["catalogue", "load", "catalogue/service-flag.json", "--responsible", "1"]
    refused = desk(*load, *desk.signing(members.keys[0]), expect=4)
    assert "ModulePaused" in refused["error"]["detail"]
    words = ["pause", "EmergencyAccess", "24", "--out", desk.path("x.json"), "--data-folder", desk.data]
    assert "can be paused" in desk("council", "propose", *words, expect=2)["error"]["detail"]
