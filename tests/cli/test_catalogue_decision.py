"""The Council decides about the content of the catalogue: an action for one plan, and loading nothing else."""

import json
from pathlib import Path
from typing import Any

import pytest

from ledger.config import load_settings
from ledger.wiring import rpc_url
from tests.cli.admin_desk import Desk
from tests.cli.test_admin_catalogue import City

pytestmark = pytest.mark.cli


class Decided:
    """A city whose two members decide by files."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.city = desk, City(desk)
        desk("trust", "export", "--out", desk.path("trust.json"), "--data-folder", desk.data)
        self.trust = ["--trust", desk.path("trust.json")]
        self.node = ["--rpc", rpc_url(load_settings(Path(desk.data)))]

    def plan(self, name: str) -> str:
        path = self.desk.path(name)
        self.city("propose", *self.city.keys(), "--out", path)
        return path

    def proposed(self, name: str, *options: str, agency: int = 1, expect: int = 0) -> dict[str, Any]:
        words = ["council", "propose", "catalogue-authority", str(agency), *options]
        return self.desk(*words, "--out", self.desk.path(name), "--data-folder", self.desk.data, expect=expect)

    def decide(self, name: str) -> None:
        approvals = []
        for agency, key in enumerate(self.city.admins, 1):
            approvals.append(self.desk.path(f"{agency}-{name}"))
            words = ["council", "approve", self.desk.path(name), "--agency", str(agency), "--out", approvals[-1]]
            self.desk(*words, *self.desk.signing(key), "--yes")
        for verb in ("schedule", "execute"):
            self.desk("council", verb, self.desk.path(name), *approvals, *self.desk.signing(self.city.deployer))

    def load(self, plan: str, decision: str, expect: int = 0) -> dict[str, Any]:
        given = ["--plan", plan, "--decision", self.desk.path(decision)]
        return self.city("load", *self.city.keys(1, 2), *given, expect=expect)

    def refused(self, plan: str, decision: str) -> str:
        error = self.load(plan, decision, expect=1)["error"]
        assert error["code"] == "plan_not_decided"
        return str(error["detail"])

    def faults(self, plan: str, decision: str, *options: str) -> list[str]:
        given = ["--decision", self.desk.path(decision), *self.trust, *options]
        return list(self.city("check", plan, *given, expect=1)["faults"])


def test_what_the_council_decided_is_loaded_and_nothing_else(desk: Desk) -> None:
    decided = Decided(desk)
    city = decided.city
    plan = decided.plan("plan.json")
    decided.proposed("for-plan.json", "--plan", plan)
    decided.proposed("for-none.json")
    # Whoever is to approve sees without a network that the action is for this plan; the chain says whether it is done.
    assert city("check", plan, "--decision", desk.path("for-plan.json"), *decided.trust)["agrees"] is True
    assert decided.faults(plan, "for-none.json") == ["the Council's action was made for another plan, or for none"]
    assert decided.refused(plan, "for-plan.json") == "the Council's action is not scheduled, not executed"
    decided.decide("for-plan.json")
    decided.decide("for-none.json")
    assert "made for another plan" in decided.refused(plan, "for-none.json")

    # Files that changed a little are another plan: refused with what differs, and with a plan of their own as well.
    listed = json.loads((city.folder / "catalogue" / "list-1.json").read_text("utf-8"))
    city.write("catalogue/list-1.json", listed | {"entries": listed["entries"][:-1]})
    detail = decided.refused(plan, "for-plan.json")
    assert "the plan is of another list" in detail
    assert "is in the plan, and not in the list here" in detail
    other = decided.plan("other.json")
    assert decided.refused(other, "for-plan.json") == "the Council's action was made for another plan, or for none"
    city.write("catalogue/list-1.json", listed)

    loaded = decided.load(plan, "for-plan.json")
    assert len(loaded["items"]) == len(listed["entries"])
    check = ["--decision", desk.path("for-plan.json"), *decided.trust, *decided.node]
    assert city("check", plan, *check)["agrees"] is True
    assert decided.load(plan, "for-plan.json")["items"]


def test_a_decision_is_for_the_plan_s_authority_and_comes_with_its_plan(desk: Desk) -> None:
    decided = Decided(desk)
    plan = decided.plan("plan.json")
    for agency, options in ((2, ()), (1, ("--add",))):
        detail = decided.proposed("out.json", "--plan", plan, *options, agency=agency, expect=2)["error"]["detail"]
        assert "the plan's own authority" in detail
    decided.proposed("for-plan.json", "--plan", plan)
    lone = decided.city("load", *decided.city.keys(1, 2), "--plan", plan, expect=2)
    assert "go together" in lone["error"]["detail"]
    untrusted = decided.city("check", plan, "--decision", desk.path("for-plan.json"), expect=2)
    assert "--decision needs --trust" in untrusted["error"]["detail"]
    # An action with the plan's hash that does something else is no decision about it.
    action = json.loads(Path(desk.path("for-plan.json")).read_text("utf-8"))
    calls = [*action["calls"], *action["calls"]]
    desk.written("twice.json", action | {"calls": calls})
    assert decided.faults(plan, "twice.json") == [
        "the Council's action does something else than naming the catalogue authority of the plan"
    ]
