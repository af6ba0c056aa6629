"""Loading a whole list by its departments: compared first, refused as a whole, resumed, and checked by others."""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from ledger.config import load_settings
from ledger.domain import load_document
from ledger.wiring import rpc_url
from tests.cli.admin_desk import Desk
from tests.e2e.test_documents import ROOT, commands, run

pytestmark = pytest.mark.cli
ENTRIES = ("service-flag", "hazard", "warning")
KINDS = {1: 1, 4: 1, 7: 1, 8: 2}
"""Kind of department → agency: the bureau stands for justice and emergency management, the fire brigade for itself."""


class City:
    """A consortium of bureau and fire brigade, with a short list of its own."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.deployer = desk, desk.key("deployer")
        self.admins = [desk.key(f"admin-{number}") for number in (1, 2)]
        options = [*desk.signing(self.deployer), "--council-keys", str(desk.council_keys(self.admins))]
        desk("deploy", str(desk.founding_file(self.admins, 2)), *options)
        self.folder = desk.folder / "city"
        (self.folder / "catalogue").mkdir(parents=True)
        shipped = load_document("catalogue/list-1.json")
        listed = [one for one in shipped["entries"] if Path(one["entry"]).stem in ENTRIES]
        self.write("catalogue/list-1.json", shipped | {"entries": listed})

    def write(self, name: str, document: object) -> None:
        (self.folder / name).write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")

    def keys(self, *here: int, wrong: bool = False) -> list[str]:
        """Write the keys file with the keys of these agencies (each other's where `wrong`)."""
        key_of = {1: "admin-2.json", 2: "admin-1.json"} if wrong else {1: "admin-1.json", 2: "admin-2.json"}
        departments: list[dict[str, Any]] = [{"kind": kind, "agency": agency} for kind, agency in KINDS.items()]
        for one in departments:
            if one["agency"] in here:
                one |= {"keystore": key_of[one["agency"]], "passwordFile": "password"}
        file = self.desk.written("keys.json", {"format": "gongzhi-catalogue-keys/1", "departments": departments})
        return ["--keys", str(file)]

    def __call__(self, verb: str, *options: str, expect: int = 0) -> dict[str, Any]:
        given = ["--list", "catalogue/list-1.json", "--from", str(self.folder)]
        folder = [] if verb == "check" else ["--data-folder", self.desk.data]
        return self.desk("catalogue", verb, *options, *given, *folder, expect=expect)


def standings(answer: dict[str, Any]) -> dict[int, str]:
    return {one["item"]: one["standing"] for one in answer["items"]}


def test_a_list_is_compared_loaded_in_parts_and_changed_by_versions(desk: Desk) -> None:
    city = City(desk)
    nothing_published = {6: "new", 104: "new", 105: "new"}
    assert standings(city("diff", *city.keys())) == nothing_published
    assert standings(city("load", *city.keys(1, 2), "--dry-run")) == nothing_published
    plan = desk.path("plan.json")
    assert standings(city("propose", *city.keys(), "--out", plan)) == nothing_published
    assert city("check", plan)["agrees"] is True
    # Whoever countersigns reads of each personal path as what it is masked, and finds where a plan says otherwise.
    shown = json.loads(Path(plan).read_text("utf-8"))
    by_item = {one["item"]: one["concepts"] for one in shown["items"]}
    assert by_item[104]["/finder/phone"] == "informant"
    assert "/region" not in by_item[104]
    next(one for one in shown["items"] if one["item"] == 104)["concepts"]["/finder/phone"] = "detail"
    (fault,) = city("check", str(desk.written("other.json", shown)), expect=1)["faults"]
    assert fault.startswith("item 104: the plan says otherwise of its personal paths")
    assert standings(city("diff", *city.keys())) == nothing_published

    refused = city("load", *city.keys(1, 2, wrong=True), expect=4)
    assert "NotAdmin" in refused["error"]["detail"]
    # The bureau's part first; the rest waits for the fire brigade's key, and is loaded by the same command.
    partly = city("load", *city.keys(1))
    assert {one["item"]: one["waitsFor"] for one in partly["items"] if "waitsFor" in one} == {
        104: "an ADMIN key of agency 2"
    }
    assert standings(city("diff", *city.keys())) == {6: "published", 104: "new", 105: "published"}
    desk("trust", "export", "--out", desk.path("trust.json"), "--data-folder", desk.data)
    against = ["--trust", desk.path("trust.json"), "--rpc", rpc_url(load_settings(Path(desk.data)))]
    assert city("check", plan, *against, expect=1)["faults"] == ["item 104: version 1 is not on chain"]
    city("load", *city.keys(1, 2))
    assert city("check", plan, *against)["agrees"] is True
    assert "needs --trust" in city("check", plan, *against[2:], expect=2)["error"]["detail"]
    assert set(standings(city("diff", *city.keys())).values()) == {"published"}

    # A changed file says what it changes; it is refused as the same version, and loads as the next.
    entry = load_document("catalogue/hazard.json")
    entry["readerKinds"].remove(35)
    city.write("catalogue/hazard.json", entry)
    (changed,) = (one for one in city("diff", *city.keys())["items"] if one["standing"] == "refused")
    assert changed["changes"] == ["readers: − contractor"]
    assert changed["refusal"]["code"] == "item_version_taken"
    for verb, options in (("load", []), ("propose", ["--out", plan])):
        assert city(verb, *city.keys(1, 2), *options, expect=1)["error"]["code"] == "item_version_taken"
    disagreeing = city("check", plan, expect=1)
    assert [fault.split(":")[0] for fault in disagreeing["faults"]] == ["item 104", "item 104"]
    city.write("catalogue/hazard.json", entry | {"version": 2})
    loaded = {one["item"]: one for one in city("load", *city.keys(1, 2))["items"]}
    assert (loaded[104]["standing"], loaded[104]["changes"]) == ("next version", ["readers: − contractor"])
    assert set(standings(city("diff", *city.keys())).values()) == {"published"}


def test_what_a_command_is_given_fits_together_or_is_refused(desk: Desk) -> None:
    city = City(desk)
    shared = ["--data-folder", desk.data]
    both = ["catalogue", "diff", "catalogue/hazard.json", "--list", "catalogue/list-1.json", *shared]
    for command, says in (
        (both, "either entries or --list"),
        (["catalogue", "diff", *shared], "either entries or --list"),
        (["catalogue", "diff", "--list", "catalogue/list-1.json", *shared], "who is responsible"),
        (["catalogue", "diff", "catalogue/no.json", "--responsible", "1", *shared], "no catalogue/no.json"),
        (["catalogue", "diff", "../hazard.json", "--responsible", "1", *shared], "by its place"),
        (["catalogue", "load", "catalogue/hazard.json", "--responsible", "1", *shared], "ADMIN keys"),
        (["catalogue", "diff", "--list", "catalogue/list-1.json", *city.keys(), *shared], "no agency of kind"),
    ):
        assert says in desk(*command, expect=2)["error"]["detail"]
    twice = ["catalogue/hazard.json", "catalogue/hazard.json"]
    refused = desk("catalogue", "diff", *twice, "--responsible", "1", *shared, expect=2)
    assert "same item number" in refused["error"]["detail"]


@pytest.mark.slow
def test_keys_that_are_apart_sign_files_of_their_own_and_an_item_ends_for_ever(desk: Desk) -> None:
    city = City(desk)
    out = desk.folder / "prepared"
    refused = city("prepare", *city.keys(), "--out", str(out), expect=2)
    assert "no `admin` address of agency" in refused["error"]["detail"]
    addresses = {number: desk.address(key) for number, key in enumerate(city.admins, 1)}
    departments = [{"kind": kind, "agency": agency, "admin": addresses[agency]} for kind, agency in KINDS.items()]
    file = desk.written("keys.json", {"format": "gongzhi-catalogue-keys/1", "departments": departments})
    keys = ["--keys", str(file)]
    prepared = city("prepare", *keys, "--out", str(out))["items"]
    assert {one["item"]: len(one["missing"]) for one in prepared} == {6: 1, 104: 2, 105: 1}
    for one in prepared:
        for key in city.admins[: len(one["missing"])]:
            signed = desk.gongzhi("sign", one["file"], *desk.with_key(key), "--yes")
        assert signed["missing"] == []
    # Prepared again, what is signed stays; what is relayed is published with its documents, and needs no file.
    assert {one["item"]: one["missing"] for one in city("prepare", *keys, "--out", str(out))["items"]} == {
        6: [],
        104: [],
        105: [],
    }
    for one in prepared:
        desk("relay", one["file"], *desk.signing(city.deployer))
    assert city("prepare", *keys, "--out", str(out))["items"] == []
    entry = load_document("catalogue/hazard.json")
    city.write("catalogue/hazard.json", entry | {"version": 2, "purposes": entry["purposes"][:-1]})
    (changed,) = (one for one in city("diff", *keys)["items"] if one["standing"] == "next version")
    assert changed["changes"] == ["purposes: − P13 drill, synthetic data only"]

    retire = ["catalogue", "retire", "104", "--admin", str(city.admins[1]), "--password-file", str(desk.password)]
    folder = ["--data-folder", desk.data]
    assert "AuthoritySignatureRequired" in desk(*retire, *folder, expect=4)["error"]["detail"]
    retire += ["--authority", str(city.admins[0]), "--authority-password-file", str(desk.password)]
    assert desk(*retire, *folder, "--dry-run")["dryRun"] is True
    assert desk(*retire, *folder)["item"] == 104
    assert city("load", *city.keys(1, 2), expect=1)["error"]["code"] == "item_not_changeable"


@pytest.mark.slow
def test_the_whole_catalogue_loads_and_an_item_changes_as_the_how_to_says(desk: Desk) -> None:
    city = City(desk)
    for number in (1, 2):
        member = desk.folder / f"member-{number}"
        member.mkdir()
        shutil.copy(desk.folder / f"admin-{number}.json", member / "admin.json")
        shutil.copy(desk.password, member / "password")
    shutil.rmtree(city.folder)
    for name, target in ((".venv", Path(sys.prefix)), ("ledger", ROOT / "ledger"), ("gateway", Path(desk.data))):
        (desk.folder / name).symlink_to(target)
    printed = run(commands("docs/how-to/load-the-catalogue.md"), desk.folder, seconds=600)
    entries = len(load_document("catalogue/list-1.json")["entries"])
    assert f"agrees  true\nitems   {entries}\n" in printed
    assert "next version" in printed
    *_, last = printed.split("item\tversion\tagency\tname\tstanding\n")
    states = [line.rsplit("\t", 1)[1] for line in last.splitlines() if line.count("\t") == 4]
    assert states == ["published"] * entries
    with (desk.folder / "catalogue.csv").open(encoding="utf-8-sig") as table:
        assert len(table.readlines()) == entries + 1
