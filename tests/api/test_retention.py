"""An agency lists its own records past a time and marks them erased, through its client."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from ledger.client.retaining import PastRecord, RetentionRun
from ledger.core.codes import Mark
from ledger.core.hexadecimal import to_hex
from tests.api.consortium import Consortium
from tests.api.members import FIRE_READER, OTHER_PUBLISHER, PUBLISHER, draft, record_content
from tests.api.test_client_at_the_api import Desks
from tests.api.test_erasure import mine_mark

pytestmark = pytest.mark.api


def listed(consortium: Consortium, **query: int | str) -> list[str]:
    answer = consortium.send(PUBLISHER, "GET", "/v1/retention", query={"item": 1, **query})
    assert answer.status_code == 200, answer.text
    return [record["recordId"] for record in answer.json()["records"]]


def test_only_served_newest_versions_before_the_time_are_listed(consortium: Consortium) -> None:
    old = consortium.published(3).committed
    consortium.advance(100)
    corrected = record_content(2, old[0].record_root, old[0].record_id)
    assert consortium.publish(draft([corrected], consortium.now)).status_code == 202
    new = consortium.published().committed[0]
    mine_mark(consortium, old[1].record_id, Mark.WITHDRAWN)
    assert listed(consortium, before=consortium.now) == [to_hex(old[2].record_id)]
    assert listed(consortium, before=consortium.now - 100) == []
    later = {to_hex(one) for one in (old[0].record_id, old[2].record_id, new.record_id)}
    assert set(listed(consortium, before=consortium.now + 1)) == later


def test_pages_follow_one_another(consortium: Consortium) -> None:
    expected = {to_hex(made.record_id) for _ in range(2) for made in consortium.published(3).committed}
    found: list[str] = []
    query: dict[str, int | str] = {"item": 1, "before": consortium.now + 1, "limit": 4}
    while True:
        page = consortium.send(PUBLISHER, "GET", "/v1/retention", query=query).json()
        found += [record["recordId"] for record in page["records"]]
        if page["next"] is None:
            break
        query["cursor"] = page["next"]
    assert len(found) == 6
    assert set(found) == expected


def test_nobody_lists_the_records_of_others(consortium: Consortium) -> None:
    consortium.published()
    query = {"item": 1, "before": consortium.now + 1}
    assert consortium.send(OTHER_PUBLISHER, "GET", "/v1/retention", query=query).json()["records"] == []
    answer = consortium.send(FIRE_READER, "GET", "/v1/retention", query=query)
    assert (answer.status_code, answer.json()["code"]) == (403, "role_missing")


@pytest.fixture
def desks(consortium: Consortium, tmp_path: Path) -> Iterator[Desks]:
    with ExitStack() as stack:
        yield Desks(consortium, tmp_path / "desks", stack)


def test_a_run_marks_what_is_past_its_period_and_names_what_is_held(desks: Desks) -> None:
    consortium, client = desks.consortium, desks.open(PUBLISHER)
    old = [made.record_id for made in consortium.published(3).committed]
    mine_mark(consortium, old[1], Mark.HOLD)
    consortium.advance(100)
    new = consortium.published().committed[0].record_id
    past = list(client.retaining.past(1, consortium.now))
    assert sorted(past, key=lambda one: one.record_id) == [
        PastRecord(record_id, 1, consortium.now - 100) for record_id in sorted(old)
    ]
    told: list[int] = []
    run = client.retaining.erase(past, advance=told.append)
    assert set(run.erased) == {old[0], old[2]}
    assert (run.held, told) == ([old[1]], [1, 1, 1])
    again = list(client.retaining.past(1, consortium.now))
    assert client.retaining.erase(again) == RetentionRun([], [old[1]])
    assert set(listed(consortium, before=consortium.now + 1)) == {to_hex(old[1]), to_hex(new)}
