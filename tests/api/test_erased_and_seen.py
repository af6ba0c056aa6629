"""Who saw a record under a grant or an emergency owes its destruction once its publisher erases it: `/v1/duties`."""

from typing import Any

import pytest

from ledger.core.codes import Mark
from ledger.core.hexadecimal import to_hex
from tests.api.consortium import Consortium
from tests.api.members import AUDIT_KEY, COMMUNITY, FIRE, FIRE_READER, READER_OF_COMMUNITY, Key
from tests.api.offices import DAY, ITEM, OPENER, SUPERVISOR, Offices
from tests.api.test_grants import ids, look, published

pytestmark = pytest.mark.api


@pytest.fixture
def offices(consortium: Consortium) -> Offices:
    return Offices(consortium)


def erase(offices: Offices, record: bytes, agency: int = COMMUNITY) -> None:
    args = {"agency": agency, "recordId": to_hex(record), "version": 0, "mark": int(Mark.ERASED), "reason": 3}
    offices.consortium.add_block([("RecordAnchors", "Marked", args)])


def owed(offices: Offices, caller: Key = FIRE_READER) -> list[tuple[str, int, int]]:
    told = offices.consortium.send(caller, "GET", "/v1/duties").json()["duties"]
    return [(one["subject"], one["agency"], one["dueAt"]) for one in told if one["kind"].startswith("erasure.")]


def test_a_reader_owes_destruction_of_what_he_saw_under_a_grant(offices: Offices) -> None:
    record, unseen = published(offices), published(offices)
    grant = offices.granted()
    assert ids(look(offices, grant, f"/v1/records/{to_hex(record)}")) == {to_hex(record)}
    erase(offices, unseen)
    erase(offices, record, FIRE)
    assert owed(offices) == []
    erase(offices, record)
    due = offices.consortium.now + 30 * DAY
    assert owed(offices) == owed(offices, AUDIT_KEY) == [(to_hex(grant), FIRE, due)]
    assert owed(offices, READER_OF_COMMUNITY) == []


def test_a_reader_owes_destruction_of_what_he_saw_in_an_emergency_until_he_says_so(offices: Offices) -> None:
    record = published(offices)
    emergency = offices.mine(offices.open(OPENER, SUPERVISOR))
    said: dict[str, Any] = {"authority": "emergency", "emergency": to_hex(emergency), "basis": "4"}
    case = to_hex(offices.cases[emergency])
    seen = offices.consortium.look(FIRE_READER, f"/v1/records/{to_hex(record)}", item=str(ITEM), case=case, **said)
    assert ids(seen) == {to_hex(record)}
    erase(offices, record)
    assert [one[:2] for one in owed(offices)] == [(to_hex(emergency), FIRE)]
    offices.consortium.advance(60)
    offices.consortium.add_block(
        [("EmergencyAccess", "DataDestroyed", {"emergency": to_hex(emergency), "documentHash": "0x" + "11" * 32})]
    )
    assert owed(offices) == []
