"""A signed request counts once, whichever process gets it again and whatever was restarted in between."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import psutil
import pytest

from tests.e2e.demo_stack import DemoStack, SignedRequest, kill, signed_request

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("repaired")]

LOOK = {"gongzhi-item": "1", "gongzhi-purpose": "5", "gongzhi-basis": "3", "gongzhi-basis-ref": "0x" + "11" * 32}


@contextmanager
def only(process: psutil.Process, others: list[psutil.Process]) -> Iterator[None]:
    """All new connections are taken by `process`, since the others stand still."""
    for other in others:
        other.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for other in others:
            other.send_signal(signal.SIGCONT)


def look(demo: DemoStack) -> SignedRequest:
    return signed_request(demo, "fire", "GET", "/v1/records?limit=1", headers=LOOK)


def require_replay_refused(answer: httpx.Response) -> None:
    assert answer.status_code == 401
    assert answer.json()["reason"] == "nonce_reused"
    assert answer.headers["www-authenticate"] == 'ERC8128 error="nonce_reused"'


def test_the_same_request_at_the_other_process_is_refused(demo: DemoStack) -> None:
    first, second = demo.api_workers()
    request = look(demo)
    with only(first, [second]):
        assert request.send(demo.api).status_code == 200
    with only(second, [first]):
        require_replay_refused(request.send(demo.api))


@pytest.mark.slow
def test_the_same_request_after_everything_was_killed_is_refused(demo: DemoStack) -> None:
    request = look(demo)
    assert request.send(demo.api).status_code == 200
    kill([demo.process(name) for name in ("api", "worker", "postgres", "chain")])
    demo.up()
    require_replay_refused(request.send(demo.api))
    assert look(demo).send(demo.api).status_code == 200
