"""The how-to pages of requests, consents, emergencies, rights and action files, run line by line as they stand there.

A page names what a line of it makes (REQUEST_ID …); the id that the line prints takes its place in the lines after it.
"""

import re
from pathlib import Path

import pytest

from tests.e2e.demo_stack import DemoStack
from tests.e2e.test_documents import ROOT, commands, run

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
MADE_BY = {
    "request new": "REQUEST_ID",
    "consent record": "CONSENT_ID",
    "emergency open": "EMERGENCY_ID",
    "rights file": "RIGHTS_ID",
    "send": "EMERGENCY_ID",
}
"""What a command makes."""
PRINTED_ID = re.compile(r"^(?:id|rightsRequest) +(0x[0-9a-f]{64})$", re.MULTILINE)


@pytest.fixture
def desk(demo: DemoStack, tmp_path: Path) -> Path:
    """A folder where the pages' relative paths lead to this checkout and to the running demonstration."""
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    (tmp_path / ".gongzhi").symlink_to(demo.folder.root)
    return tmp_path


def run_page(page: str, folder: Path) -> list[str]:
    """Run the lines of a page in order; returns what each printed."""
    made: dict[str, str] = {}
    printed = []
    for line in filter(None, commands(f"docs/how-to/{page}.md").splitlines()):
        script = re.sub(r"\b[A-Z]+_ID\b", lambda name: made[name.group()], line)
        printed.append(run(script, folder))
        name = next((name for command, name in MADE_BY.items() if f"gongzhi {command} " in line), None)
        found = PRINTED_ID.search(printed[-1])
        if name is not None and found is not None:
            made[name] = found.group(1)
    return printed


def test_records_are_asked_for_looked_at_and_given_back(desk: Path) -> None:
    printed = run_page("ask-for-records", desk)
    assert "state          requested" in printed[1]
    assert "each checked and kept" in printed[5]
    assert "grant.destroy" not in printed[-1]


def test_a_request_is_checked_and_refused(desk: Path) -> None:
    printed = run_page("decide-requests", desk)
    assert "request.answer" in printed[1]
    assert re.search("^state +checked$", printed[3], re.MULTILINE)
    assert "DecideAccess" in printed[-1]


def test_consents_are_recorded_prolonged_and_withdrawn(desk: Path) -> None:
    printed = run_page("record-a-consent", desk)
    assert (desk / "receipt.json").exists()
    assert "RecordConsent" in printed[-3]
    assert "WithdrawConsent" not in printed[-3]
    assert "WithdrawConsent" in printed[-2]
    assert "withdrawn" in printed[-1]


def test_an_emergency_is_opened_ended_and_answered_for(desk: Path) -> None:
    printed = run_page("act-in-an-emergency", desk)
    assert "each checked and kept" in printed[2]
    assert re.search("state +reviewed", printed[-1])


def test_a_rights_request_is_filed_served_and_settled(desk: Path) -> None:
    printed = run_page("answer-rights-requests", desk)
    assert "records about this person: " in printed[3]
    assert re.search("state +done", printed[5])
    assert "您本人经服务机构查看" in printed[6]
    assert "you yourself" in printed[7]
    assert "同意共 " in printed[-2]
    assert "consents: " in printed[-1]


def test_an_action_is_signed_in_two_places_and_sent_by_a_third(desk: Path) -> None:
    printed = run_page("sign-away-from-the-network", desk)
    assert printed[0].count("0x") >= 4
    assert "missing  []" in printed[2]
