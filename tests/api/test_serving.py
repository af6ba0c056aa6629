"""How the surface behaves as a service: limits, health, metrics, logs, replays under concurrency."""

import gc
import io
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import psycopg
import pytest
import structlog
from pydantic import TypeAdapter

from api.app import create_app
from api.limits import Limits
from api.problems import STATUS, status_of
from ledger import errors
from ledger.core.hexadecimal import to_hex
from ledger.core.request_base import RequestReason
from ledger.errors import TooMany
from ledger.logs import configure_logs
from tests.api.consortium import Consortium
from tests.api.members import FIRE_READER, PUBLISHER, draft, record_content
from tests.api.serving import served

pytestmark = pytest.mark.api


@pytest.fixture
def log_lines() -> Iterator[io.StringIO]:
    """What is logged, as JSON lines."""
    lines = io.StringIO()
    configure_logs()
    structlog.configure(logger_factory=structlog.WriteLoggerFactory(lines), cache_logger_on_first_use=False)
    yield lines
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())


def type_adapters() -> int:
    """Say how many validators of parameters and bodies there are."""
    gc.collect()
    return sum(type(thing) is TypeAdapter for thing in gc.get_objects())


def test_of_many_equal_requests_exactly_one_counts(consortium: Consortium) -> None:
    body = draft([record_content()], consortium.now).body()
    nonce = "AAAAAAAAAAAAAAAAAAAAAA"

    def send(_: int) -> int:
        answer = consortium.send(PUBLISHER, "POST", "/v1/submissions", body=body, request_nonce=nonce)
        return answer.status_code

    with ThreadPoolExecutor(6) as pool:
        statuses = sorted(pool.map(send, range(12)))
    assert statuses == [202] + [401] * 11
    assert consortium.rows()["submissions"] == 1


def test_the_first_request_finds_every_route_built(consortium: Consortium) -> None:
    app = create_app(consortium.gateway, consortium.settings)
    before = type_adapters()
    with served(app) as client:
        assert client.get("/v1/nothing").status_code == 404
    assert type_adapters() == before


def test_a_replay_fails_in_another_process_too(consortium: Consortium) -> None:
    nonce = "AAAAAAAAAAAAAAAAAAAAAA"
    path = "/v1/entries"
    assert consortium.send(FIRE_READER, "GET", path, request_nonce=nonce).status_code == 200
    with served(create_app(consortium.gateway, consortium.settings)) as client:
        other = replace(consortium, client=client)
        answer = other.send(FIRE_READER, "GET", path, request_nonce=nonce)
    assert answer.json()["reason"] == "nonce_reused"


def test_the_same_submission_sent_at_the_same_moment_is_stored_once(consortium: Consortium) -> None:
    given = draft([record_content() for _ in range(20)], consortium.now)
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: consortium.publish(given), range(6)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.content for answer in answers}) == 1
    assert consortium.rows()["submissions"] == 1


def test_a_waiting_request_answers_when_its_entry_is_anchored(consortium: Consortium) -> None:
    given = draft([record_content()], consortium.now)
    timer = threading.Timer(0.3, consortium.anchor_all)
    timer.start()
    answer = consortium.send(PUBLISHER, "POST", "/v1/submissions", query={"wait": 20}, body=given.body())
    timer.join()
    assert answer.json()["state"] == "anchored"


def test_an_agency_over_its_rate_is_told_when_to_come_back(consortium: Consortium) -> None:
    settings = replace(consortium.settings, rate_per_second=0.5, rate_burst=2)
    with served(create_app(consortium.gateway, settings)) as client:
        other = replace(consortium, client=client)
        answers = [other.send(FIRE_READER, "GET", "/v1/entries") for _ in range(3)]
        stranger = other.send(PUBLISHER, "GET", "/v1/entries")
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].json()["code"] == "too_many_requests"
    assert answers[2].headers["retry-after"] == "2"
    assert stranger.status_code == 200
    with psycopg.connect(consortium.dsn) as connection:
        consumed = connection.execute("SELECT count(*) FROM nonces").fetchone()
    assert consumed == (3,)


def test_concurrency_is_counted_per_agency_and_given_back() -> None:
    limits = Limits(1000, 1000, 2, clock=lambda: 0.0)
    with limits.admission() as first, limits.admission() as second:
        first(1)
        second(1)
        with limits.admission() as third, pytest.raises(TooMany):
            third(1)
        with limits.admission() as other:
            other(2)
    with limits.admission() as again:
        again(1)


def test_a_process_is_ready_while_its_checks_hold(consortium: Consortium) -> None:
    assert consortium.send(None, "GET", "/v1/health/live").json() == {"status": "live"}
    told = consortium.send(None, "GET", "/v1/health/ready")
    assert told.status_code == 200
    assert set(told.json()["checks"]) == {
        *("database", "chain", "promises", "erasures_pending", "outbox", "api_key", "disk"),
    }
    consortium.clock.now += 31
    told = consortium.send(None, "GET", "/v1/health/ready")
    assert (told.status_code, told.json()["checks"]["chain"]["ok"]) == (503, False)


def test_a_promise_that_passed_makes_a_process_unready(consortium: Consortium) -> None:
    consortium.published()
    consortium.advance(301)
    told = consortium.send(None, "GET", "/v1/health/ready").json()
    assert (told["status"], told["checks"]["promises"]["ok"]) == ("not ready", False)


def test_a_database_that_does_not_answer_is_said_so(consortium: Consortium) -> None:
    consortium.store.close()
    gone = type(consortium.store)("postgresql://nobody@127.0.0.1:1/nothing", connections=2)
    broken = replace(consortium.gateway, store=gone)
    with served(create_app(broken, consortium.settings)) as client:
        ready = client.get("/v1/health/ready")
        look = replace(consortium, client=client).send(FIRE_READER, "GET", "/v1/entries")
    gone.close()
    assert (ready.status_code, ready.json()["checks"]["database"]["ok"]) == (503, False)
    assert (look.status_code, look.json()["code"]) == (503, "store_unavailable")
    assert look.headers["retry-after"]


def test_metrics_count_by_route_template(consortium: Consortium) -> None:
    record_id = consortium.published(3).committed[0].record_id
    consortium.look(FIRE_READER, f"/v1/records/{to_hex(record_id)}")
    text = consortium.send(None, "GET", "/metrics").text
    assert 'gongzhi_requests_total{method="GET",route="/v1/records/{record_id}",status="200"} 1.0' in text
    assert "gongzhi_published_records_total 3.0" in text
    assert "gongzhi_opened_records_total 1.0" in text
    assert "gongzhi_entries_unnumbered 2.0" in text
    assert record_id.hex() not in text


def test_logs_say_who_and_what_but_never_ids_values_or_openings(consortium: Consortium, log_lines: io.StringIO) -> None:
    with served(create_app(consortium.gateway, consortium.settings)) as client:
        other = replace(consortium, client=client)
        record_id = other.published(nature="planted-value").committed[0].record_id
        answer = other.look(FIRE_READER, f"/v1/records/{to_hex(record_id)}", opening="planted-opening", item="1")
        refused = other.send(PUBLISHER, "POST", "/v1/submissions", body=b'{"planted-member":"planted-text"}')
    text = log_lines.getvalue()
    assert (answer.status_code, refused.status_code) == (200, 400)
    lines = [json.loads(line) for line in text.splitlines()]
    assert [(line["agency"], line["route"], line["status"]) for line in lines] == [
        (2, "/v1/submissions", 202),
        (3, "/v1/records/{record_id}", 200),
        (2, "/v1/submissions", 400),
    ]
    assert answer.headers["x-request-id"] == lines[1]["request"]
    for planted in (record_id.hex(), "planted", "欧阳", "13800138000"):
        assert planted not in text


def test_a_defect_is_answered_and_logged_without_its_message(consortium: Consortium, log_lines: io.StringIO) -> None:
    def broken() -> int:
        raise KeyError("planted-value")

    gateway = replace(consortium.gateway, clock=broken)
    with served(create_app(gateway, consortium.settings)) as client:
        answer = client.get("/v1/entries")
        answer = replace(consortium, client=client).send(FIRE_READER, "GET", "/v1/entries")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert "planted" not in log_lines.getvalue() + answer.text
    assert '"error": "KeyError"' in log_lines.getvalue()


def every_error(root: type[errors.GongzhiError] = errors.GongzhiError) -> list[type[errors.GongzhiError]]:
    return [root, *[deeper for branch in root.__subclasses__() for deeper in every_error(branch)]]


def test_every_error_has_a_status_and_codes_are_unique() -> None:
    kinds = [kind for kind in every_error() if kind.__module__ == errors.__name__]
    assert all(any(ancestor in STATUS for ancestor in kind.__mro__) for kind in kinds)
    codes = [kind.code for kind in kinds]
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize(
    ("reason", "status"),
    [
        (RequestReason.SIGNATURE_TOO_LARGE, 400),
        (RequestReason.BAD_SIGNATURE, 401),
        (RequestReason.PRINCIPAL_NOT_ALLOWED, 403),
        (RequestReason.SIGNATURE_VERIFICATION_UNAVAILABLE, 503),
    ],
)
def test_a_request_errors_status_follows_its_reason(reason: RequestReason, status: int) -> None:
    assert status_of(errors.RequestError(reason, "x")) == status
