"""An item takes a person once: rows that its gateway refuses by place are told, and all others are published once."""

import csv
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from ledger.action_errors import DuplicateSubject
from ledger.client import outbox
from ledger.client.durable import write_durably
from ledger.client.gongzhi import GongzhiClient
from ledger.client.tables import corrections, job
from ledger.client.tables.corrections import Corrections
from ledger.client.tables.job import REPORT, TO_CORRECT, TableJob
from ledger.client.tables.reports import ROW, Summary
from ledger.client.tables.rows import TableFile
from ledger.client.tables.sending import send_job
from ledger.errors import PromiseBroken
from tests.unit.client.simulated_gateway import GATEWAY, ITEM, PUBLISHER, VERSION, SimulatedGateway
from tests.unit.client.test_tables import GOOD, source, write

pytestmark = pytest.mark.unit
MakeClient = Callable[..., GongzhiClient]
ROWS, BATCH = 10, 3
KNOWN = {2, 4, 5, 6}
"""Rows about persons whom the item holds: one of the first batch, all of the second."""


def minute(row: int) -> str:
    return f"12:{row:02d}"


class Refusing(httpx.BaseTransport):
    """A gateway whose item holds some persons: told apart by the minute of what is said of them.

    `deaf_at`: the answer to this submission, from 1, is lost. `places`: those it names instead.
    """

    def __init__(self, gateway: SimulatedGateway, known: set[int], places: list[Any] | None = None) -> None:
        self._gateway, self.known, self._places = gateway, known, places
        self.deaf_at = self.posts = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.method != "POST" or request.url.path != "/v1/submissions":
            return self._gateway.respond(request)
        self.posts += 1
        minutes = [(one["originals"]["/occurredAt"] // 60) % 60 for one in json.loads(request.content)["records"]]
        places = [place for place, minute in enumerate(minutes) if minute in self.known]
        if self.posts == self.deaf_at:
            # It arrived, but nobody heard: now its own persons are known too.
            self._gateway.respond(request)
            self.known |= set(minutes)
            raise httpx.ReadError("reset", request=request)
        if places:
            told = places if self._places is None else self._places
            return httpx.Response(422, json={"code": "duplicate_subject", "detail": "again", "places": told})
        return self._gateway.respond(request)


def started(folder: Path) -> TableJob:
    rows = [GOOD.replace("12:01", minute(row)) for row in range(1, ROWS + 1)]
    path = folder / "calls.csv"
    if not path.exists():
        write(path, *rows)
    made = TableJob(source(path), folder / "state", ITEM, VERSION, BATCH)
    made.begin(GATEWAY, PUBLISHER)
    made.fill()
    return made


def minutes_at(gateway: SimulatedGateway) -> Counter[int]:
    return Counter(int(made.values[1]) // 60 % 60 for taken in gateway.taken.values() for made in taken.records)


def collected_before(summary: Summary) -> list[int]:
    return [one.row for one in summary.rejected if one.faults[0].reason == "collected_before"]


def test_rows_collected_before_are_rejected_and_the_others_published(
    gateway: SimulatedGateway, make_client: MakeClient, tmp_path: Path
) -> None:
    client, made = make_client(Refusing(gateway, set(KNOWN))), started(tmp_path)
    assert len(list(send_job(made, client.publishing))) == 3
    assert minutes_at(gateway) == Counter(set(range(1, ROWS + 1)) - KNOWN)
    summary = Corrections(made).summary()
    assert (summary.accepted, collected_before(summary)) == (ROWS - len(KNOWN), sorted(KNOWN))
    with (made.state / REPORT).open(encoding="utf-8-sig") as report:
        lines = [(line["row"], line["line"], line["path"], line["reason"]) for line in csv.DictReader(report)]
    assert lines == [(str(row), str(row + 1), "/subject", "collected_before") for row in sorted(KNOWN)]
    kept = {(one.cells or {})[ROW] for one in TableFile(made.state / TO_CORRECT).open().rows}
    assert kept == set(map(str, KNOWN))
    assert list(send_job(started(tmp_path), client.publishing)) == []
    assert minutes_at(gateway).total() == ROWS - len(KNOWN)


def test_a_refused_row_is_completed_by_a_corrected_one_and_may_be_refused_again(
    gateway: SimulatedGateway, make_client: MakeClient, tmp_path: Path
) -> None:
    door = Refusing(gateway, set(KNOWN))
    client, made = make_client(door), started(tmp_path)
    list(send_job(made, client.publishing))
    header = "gongzhi_row," + (tmp_path / "calls.csv").read_text("utf-8").splitlines()[0]
    path = tmp_path / "corrected.csv"
    lines = [f"{row},{GOOD.replace('12:01', minute(at))}" for row, at in ((2, 20), (4, 4), (1, 21))]
    path.write_text("\n".join((header, *lines)) + "\n", encoding="utf-8")
    Corrections(made).take(TableFile(path))
    list(send_job(made, client.publishing))
    last = Corrections(made).summary()
    assert (last.accepted, collected_before(last), last.not_missing) == (7, [4, 5, 6], 1)
    door.known.clear()
    path.write_text("\n".join((header, f"4,{GOOD.replace('12:01', minute(4))}")) + "\n", encoding="utf-8")
    Corrections(made).take(TableFile(path))
    list(send_job(made, client.publishing))
    last = Corrections(made).summary()
    assert (last.accepted, collected_before(last)) == (8, [5, 6])
    assert minutes_at(gateway) == Counter({1, 20, 3, 4, 7, 8, 9, 10})


class Killed(BaseException):
    """What no code of ours catches."""


def test_a_job_killed_at_any_write_while_rows_are_refused_is_completed_by_the_next_start(
    gateway: SimulatedGateway, make_client: MakeClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lived = False
    for at_write in range(1, 40):
        folder = tmp_path / str(at_write)
        folder.mkdir()
        gateway.taken.clear()
        client, made, writes = make_client(Refusing(gateway, set(KNOWN))), started(folder), 0

        def dying(path: Path, content: bytes, at_write: int = at_write) -> None:
            nonlocal writes
            writes += 1
            if writes >= at_write:
                raise Killed
            write_durably(path, content)

        with monkeypatch.context() as patch:
            for module in (outbox, job, corrections):
                patch.setattr(module, "write_durably", dying)
            try:
                list(send_job(made, client.publishing))
                lived = True
            except Killed:
                pass
        made = started(folder)
        list(send_job(made, client.publishing))
        assert minutes_at(gateway) == Counter(set(range(1, ROWS + 1)) - KNOWN)
        assert collected_before(Corrections(made).summary()) == sorted(KNOWN)
        assert len((made.state / REPORT).read_text().splitlines()) == 1 + len(KNOWN)
        if lived:
            break
    assert lived
    assert at_write > 10


def test_records_of_an_attempt_that_arrived_unheard_are_not_taken_for_others(
    gateway: SimulatedGateway, make_client: MakeClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    door = Refusing(gateway, set())
    door.deaf_at = 1
    client, made = make_client(door), started(tmp_path)
    asked: list[object] = []
    ask = made.outbox._ask

    def late(*about: Any) -> Any:
        asked.append(about)
        return None if len(asked) <= 2 else ask(*about)

    monkeypatch.setattr(made.outbox, "_ask", late)
    list(send_job(made, client.publishing, at_once=1))
    assert collected_before(Corrections(made).summary()) == []
    assert minutes_at(gateway) == Counter(range(1, ROWS + 1))


def test_refused_places_that_are_withheld_or_false_leave_out_nothing(
    gateway: SimulatedGateway, make_client: MakeClient, tmp_path: Path
) -> None:
    made = started(tmp_path)
    for places, error in (([], DuplicateSubject), ([3], PromiseBroken), (["1"], PromiseBroken)):
        with pytest.raises(error):
            list(send_job(made, make_client(Refusing(gateway, set(KNOWN), places)).publishing))
        assert len(made.outbox.pending()) == 4
        assert made.outbox.refused() == {}
    list(send_job(made, make_client(Refusing(gateway, set(KNOWN))).publishing))
    assert minutes_at(gateway).total() == ROWS - len(KNOWN)
