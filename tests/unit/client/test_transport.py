"""Waiting, giving up, and turning problem bodies into the errors of the one tree."""

import json
from typing import Any

import httpx
import pytest

from ledger.client.problems import error_of
from ledger.client.transport import Transport
from ledger.errors import (
    GatewayProblem,
    GatewayUnreachable,
    GongzhiError,
    LookRefused,
    NotAnchoredYet,
    RequestError,
    TooMany,
    UsageError,
    WrongRoot,
)
from tests.unit.client.memory_signer import TestSigner
from tests.unit.client.simulated_gateway import DESK_KEY, NOW

pytestmark = pytest.mark.unit


def transport(answers: list[Any], waits: list[float], attempts: int = 4) -> Transport:
    left = iter(answers)

    def respond(request: httpx.Request) -> httpx.Response:
        answer = next(left)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return Transport(
        "http://gateway.test",
        TestSigner(DESK_KEY),
        5,
        attempts=attempts,
        clock=lambda: NOW,
        sleep=waits.append,
        http=httpx.Client(transport=httpx.MockTransport(respond)),
    )


def test_waits_double_and_retry_after_is_obeyed() -> None:
    waits: list[float] = []
    slow = httpx.Response(429, headers={"retry-after": "3"})
    answers = [httpx.ConnectError("x"), slow, httpx.Response(503), httpx.Response(200, content=b"{}")]
    assert transport(answers, waits).get("/v1/chain").json() == {}
    assert waits == [0.25, 3.0, 1.0]


def test_it_gives_up_after_its_attempts() -> None:
    waits: list[float] = []
    with pytest.raises(GatewayUnreachable):
        transport([httpx.ConnectError("x")] * 4, waits).get("/v1/chain")
    with pytest.raises(TooMany):
        transport([httpx.Response(429)] * 4, waits).get("/v1/chain")
    assert len(waits) == 6


def test_what_may_not_be_sent_twice_is_not() -> None:
    answers = [httpx.ReadTimeout("x"), httpx.Response(200, content=b"{}")]
    with pytest.raises(GatewayUnreachable) as caught:
        transport(answers, []).post("/v1/submissions", b"{}", repeatable=False)
    assert caught.value.outcome_unknown


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"a":1}'])
def test_an_answer_that_is_none_of_ours_is_a_problem(body: bytes) -> None:
    with pytest.raises(GatewayProblem):
        transport([httpx.Response(200, content=body)], []).get("/v1/chain").members("gateway")


def problem(status: int, **members: Any) -> GongzhiError:
    return error_of(status, json.dumps(members).encode())


def test_a_problem_body_becomes_the_error_of_its_code() -> None:
    assert type(problem(422, code="records_root_mismatch", detail="d")) is WrongRoot
    assert type(problem(409, code="not_anchored_yet", detail="d")) is NotAnchoredYet
    refused = problem(403, code="look_refused", reason=3, name="purpose_not_allowed", needed="n")
    assert isinstance(refused, LookRefused)
    assert refused.reason == 3
    unsigned = problem(401, code="request_not_authentic", reason="nonce_reused", detail="d")
    assert isinstance(unsigned, RequestError)
    assert unsigned.reason == "nonce_reused"
    assert type(problem(418, code="teapot", detail="d")) is GatewayProblem
    assert type(error_of(500, b"oops")) is GatewayProblem


def test_an_address_that_is_no_url_is_a_usage_error() -> None:
    for address in ("gateway.example", "ftp://gateway.example", "http://"):
        with pytest.raises(UsageError):
            Transport(address, TestSigner(DESK_KEY), 5)
