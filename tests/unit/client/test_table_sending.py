"""A job is sent while it is filled: in order, two at a time, and whatever stops it, the next start goes on."""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from ledger.client.desk import Desk
from ledger.client.facts import GatewayFacts
from ledger.client.gongzhi import GongzhiClient
from ledger.client.outbox import ClientOutbox
from ledger.client.submissions import contents, new_record
from ledger.client.tables.job import REPORT, TableJob
from ledger.client.tables.sending import AT_ONCE, JobSending, send_job
from ledger.errors import GatewayUnreachable, PromiseBroken, UsageError
from tests.unit.client.simulated_gateway import GATEWAY, ITEM, PUBLISHER, SCHEMA, VERSION, SimulatedGateway, originals
from tests.unit.client.test_tables import GOOD, source, write

pytestmark = pytest.mark.unit
MakeClient = Callable[..., GongzhiClient]
ROWS, BATCH = 10, 2
NAMES = [f"{number:08d}-0" for number in range(1, 6)]
LONGEST_SECONDS = 60


def begun(folder: Path) -> TableJob:
    path = folder / "calls.csv"
    if not path.exists():
        rows = [GOOD.replace("12:01", f"12:{row:02d}") for row in range(1, ROWS + 1)]
        write(path, *rows, GOOD.replace("UPPER MERION", "ATLANTIS"))
    made = TableJob(source(path), folder / "state", ITEM, VERSION, BATCH)
    made.begin(GATEWAY, PUBLISHER)
    return made


def minutes_at(gateway: SimulatedGateway) -> Counter[int]:
    return Counter(int(made.values[1]) // 60 % 60 for taken in gateway.taken.values() for made in taken.records)


class Door(httpx.BaseTransport):
    """The way to a gateway: counts who is inside at once, and is shut from the `shut_at`-th submission, from 1, on."""

    def __init__(self, gateway: SimulatedGateway, shut_at: int = 0) -> None:
        self._gateway, self._shut_at, self._lock = gateway, shut_at, threading.Lock()
        self.come = self.inside = self.most_inside = 0
        self.connections: list[str] = []
        self.taken = threading.Event()
        self.two_inside = threading.Event()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        with self._lock:
            self.come += 1
            self.connections.append(request.headers["connection"])
            self.inside += 1
            self.most_inside = max(self.most_inside, self.inside)
            shut = 0 < self._shut_at <= self.come
            if self.inside == AT_ONCE:
                self.two_inside.set()
        try:
            if shut:
                return httpx.Response(422, json={"code": "wrong_root", "detail": "shut"})
            self.two_inside.wait(LONGEST_SECONDS)
            with self._lock:
                return self._gateway.respond(request)
        finally:
            with self._lock:
                self.inside -= 1
            self.taken.set()


def test_what_is_put_is_sent_while_the_rest_is_prepared_in_order_and_two_at_a_time(
    gateway: SimulatedGateway, make_client: MakeClient, tmp_path: Path
) -> None:
    door, made = Door(gateway), begun(tmp_path)
    with JobSending(made, make_client(door).publishing) as sending:
        put = 0

        def advance(rows: int) -> None:
            nonlocal put
            put += rows
            sending.take_pending()
            if put == 2 * BATCH:
                assert door.taken.wait(LONGEST_SECONDS)
                assert not made.is_filled

        summary = made.fill(advance)
        assert sending.left == len(NAMES)
        assert [name for name, _ in sending.accepted()] == NAMES
    assert (summary.accepted, len(summary.rejected)) == (ROWS, 1)
    assert door.most_inside == AT_ONCE
    assert minutes_at(gateway) == Counter(range(1, ROWS + 1))
    assert list(send_job(begun(tmp_path), make_client().publishing)) == []


def test_no_connection_is_kept_to_one_process_of_the_gateway(
    gateway: SimulatedGateway, make_client: MakeClient, tmp_path: Path
) -> None:
    door, made = Door(gateway), begun(tmp_path)
    made.fill()
    assert len(list(send_job(made, make_client(door).publishing))) == len(NAMES)
    assert door.connections == ["close"] * len(NAMES)


def test_after_a_refusal_nothing_more_is_begun_the_job_is_filled_and_the_next_start_sends_the_rest(
    gateway: SimulatedGateway, make_client: MakeClient, tmp_path: Path
) -> None:
    door, made = Door(gateway, shut_at=3), begun(tmp_path)
    with JobSending(made, make_client(door).publishing) as sending:
        made.fill(lambda _: sending.take_pending())
        with pytest.raises(Exception, match="shut"):
            list(sending.accepted())
    assert door.come <= 2 + AT_ONCE
    assert made.is_filled
    assert (made.state / REPORT).exists()
    assert minutes_at(gateway).total() == 2 * BATCH
    assert len(list(send_job(made, make_client().publishing))) == len(NAMES) - 2
    assert minutes_at(gateway) == Counter(range(1, ROWS + 1))


def test_when_filling_stops_what_is_on_its_way_arrives_and_the_rest_waits_for_the_next_start(
    gateway: SimulatedGateway, make_client: MakeClient, tmp_path: Path
) -> None:
    door, made = Door(gateway), begun(tmp_path)

    def stop(_: int) -> None:
        sending.take_pending()
        if sending.left == AT_ONCE:
            assert door.two_inside.wait(LONGEST_SECONDS)
            raise GatewayUnreachable("the tokens did not come")

    with pytest.raises(GatewayUnreachable), JobSending(made, make_client(door).publishing) as sending:
        made.fill(stop)
    assert minutes_at(gateway) == Counter(range(1, 2 * BATCH + 1))
    assert not made.is_filled
    made = begun(tmp_path)
    with JobSending(made, make_client().publishing) as sending:
        made.fill(lambda _: sending.take_pending())
        assert [name for name, _ in sending.accepted()] == NAMES[2:]
    assert minutes_at(gateway) == Counter(range(1, ROWS + 1))


def test_a_job_that_is_being_sent_is_not_sent_a_second_time(make_client: MakeClient, tmp_path: Path) -> None:
    made = begun(tmp_path)
    publishing = make_client().publishing
    with JobSending(made, publishing), pytest.raises(UsageError, match="another process"):
        list(send_job(begun(tmp_path), publishing))


def test_a_promise_is_judged_by_the_newer_facts_even_if_another_thread_puts_older_ones_in_their_place(
    make_client: MakeClient, tmp_path: Path
) -> None:
    known = make_client().desk
    older, newer = known.facts, replace(known.facts)

    class Contended(Desk):
        @property
        def facts(self) -> GatewayFacts:
            return older

        @facts.setter
        def facts(self, _: GatewayFacts) -> None:
            pass

    def judge(facts: GatewayFacts) -> str:
        if facts is older:
            raise PromiseBroken("a block that is not known yet")
        return "kept"

    desk = Contended(known.agency, known.signer, known.transport, older, known.receipts, lambda: newer)
    assert desk._check(judge) == "kept"


def test_a_content_that_is_sent_in_this_very_moment_is_held_all_the_same(
    make_client: MakeClient, tmp_path: Path
) -> None:
    client = make_client()

    class Settling(ClientOutbox):
        """Is sent between its first and second look at its files."""

        looks = 0

        def _path(self, name: str, suffix: str) -> Path:
            self.looks += 1
            if self.looks == 2:
                list(client.send_pending())
            return super()._path(name, suffix)

    client.outbox.put("a", next(iter(contents(SCHEMA, ITEM, VERSION, [new_record(originals(1))]))))
    assert Settling(client.outbox.folder).holds("a")
