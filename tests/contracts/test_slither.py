"""What Slither finds in the contracts is judged, one by one, in contracts/slither.json."""

import importlib.machinery
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

pytestmark = pytest.mark.contracts

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 1_300
"""The script's own limits for installing and for looking, and some more."""


@pytest.fixture(scope="module")
def audit() -> Iterator[ModuleType]:
    """The module behind scripts/audit_contracts."""
    loader = importlib.machinery.SourceFileLoader("audit_contracts", str(ROOT / "scripts" / "audit_contracts"))
    module = ModuleType(loader.name)
    module.__file__ = loader.path
    sys.modules[loader.name] = module  # dataclasses look their module up
    loader.exec_module(module)
    yield module
    del sys.modules[loader.name]


def run(root: Path) -> subprocess.CompletedProcess[str]:
    script = [sys.executable, str(root / "scripts" / "audit_contracts")]
    return subprocess.run(script, cwd=root, capture_output=True, text=True, timeout=SECONDS)


def result(lines: str, expression: str = "block.timestamp < end") -> dict[str, Any]:
    """What Slither would say of a comparison that stands in some lines."""
    place, where = f"contracts/Clock.sol#{lines}", {"is_dependency": False}
    contract = {"type": "contract", "name": "Clock", "source_mapping": where, "type_specific_fields": {}}
    function = {
        "type": "function",
        "name": "isOver",
        "source_mapping": where,
        "type_specific_fields": {"parent": contract, "signature": "isOver()"},
    }
    return {
        "check": "timestamp",
        "impact": "Low",
        "elements": [function],
        "description": f"Clock.isOver() ({place}) uses\n\t- {expression} ({place})\n",
    }


@pytest.mark.slow
def test_every_finding_of_slither_is_judged_and_every_judgement_holds() -> None:
    done = run(ROOT)
    assert (done.returncode, done.stderr.replace("installing Slither into .venv-slither\n", "")) == (0, "")
    assert done.stdout.endswith("all judged\n")


@pytest.mark.slow
def test_a_contract_that_became_wrong_and_a_judgement_without_finding_are_named(
    audit: ModuleType, tmp_path: Path
) -> None:
    audit.install()
    shutil.copytree(ROOT / "contracts", tmp_path / "contracts")
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts")
    for name in ("requirements-slither.lock", "node_modules", ".venv-slither"):
        (tmp_path / name).symlink_to(ROOT / name)
    council = tmp_path / "contracts" / "Council.sol"
    text = council.read_text(encoding="utf-8")
    by_anybody = text.replace("if (msg.sender != address(this))", "if (tx.origin == address(this))")
    changed = by_anybody.replace("i < _founders.length", "i < 3")
    assert changed != by_anybody != text
    council.write_text(f"// slither-disable-start all\n{changed}// slither-disable-end all\n", encoding="utf-8")
    done = run(tmp_path)
    assert done.returncode == 1
    told = done.stderr.splitlines()
    assert [one.split("-")[0] for one in told] == ["judged but not found any more: cache", "found but not judged: tx"]


def test_a_finding_is_the_same_wherever_in_the_file_it_stands(audit: ModuleType) -> None:
    before, after = audit.findings_of([result("10")]), audit.findings_of([result("12-13")])
    assert before == after
    assert (before[0].element, before[0].finding) == (
        "Clock.isOver()",
        "Clock.isOver() uses - block.timestamp < end",
    )


def test_a_second_place_that_reads_alike_is_a_finding_of_its_own(audit: ModuleType) -> None:
    both = audit.findings_of([result("10"), result("20")])
    assert len({one.id for one in both}) == 2
    accepted = [audit.Judgement(both[0], audit.ACCEPTED, "because")]
    assert len(audit.differences(both, accepted)) == 1


def test_what_lies_in_a_package_is_left_out_and_what_touches_us_is_not(audit: ModuleType) -> None:
    theirs, ours = ({"source_mapping": {"is_dependency": it}} for it in (True, False))
    assert [audit.is_ours(elements) for elements in ([theirs], [theirs, ours], [ours], [])] == [False, True, True, True]


def test_an_accepted_finding_must_be_there_and_a_mended_one_must_not(audit: ModuleType) -> None:
    (finding,) = audit.findings_of([result("10")])
    (other,) = audit.findings_of([result("10", "block.timestamp < start")])

    def said(found: list[Any], verdict: str) -> list[str]:
        told = audit.differences(found, [audit.Judgement(finding, verdict, "because")])
        return [one.split(":")[0] for one in told]

    assert said([finding], audit.ACCEPTED) == said([], audit.MENDED) == []
    assert said([], audit.ACCEPTED) == ["judged but not found any more"]
    assert said([finding], audit.MENDED) == ["mended but found again"]
    assert said([finding], audit.OPEN) == ["not judged yet"]
    assert said([finding, other], audit.ACCEPTED) == ["found but not judged"]
    twice = [audit.Judgement(finding, audit.ACCEPTED, why) for why in ("because", "therefore")]
    assert len(audit.differences([finding], twice)) == 1


def test_new_findings_enter_the_file_as_open_ones_and_vanished_ones_leave_it(audit: ModuleType) -> None:
    (old,) = audit.findings_of([result("10")])
    (new,) = audit.findings_of([result("10", "block.timestamp < start")])
    mended = audit.Judgement(replace(old, id="timestamp-mended"), audit.MENDED, "rewritten")
    gone = audit.Judgement(replace(old, id="timestamp-gone"), audit.ACCEPTED, "because")
    kept = audit.Judgement(old, audit.ACCEPTED, "because")
    after = audit.with_new([old, new], [gone, kept, mended])
    assert {(one.finding.id, one.verdict) for one in after} == {
        (old.id, "accepted"),
        (new.id, "open"),
        ("timestamp-mended", "mended"),
    }
    assert audit.read_judgements(audit.write_judgements(after)) == after


@pytest.mark.parametrize(
    ("member", "value"),
    [("verdict", "ignored"), ("reason", " "), ("format", "gongzhi-slither/0"), ("id", None)],
)
def test_a_judgement_needs_a_known_verdict_and_a_reason(audit: ModuleType, member: str, value: str | None) -> None:
    (finding,) = audit.findings_of([result("10")])
    document = json.loads(audit.write_judgements([audit.Judgement(finding, audit.ACCEPTED, "because")]))
    holder = document if member in document else document["findings"][0]
    if value is None:
        del holder[member]
    else:
        holder[member] = value
    with pytest.raises(audit.AuditFailed):
        audit.read_judgements(json.dumps(document))
