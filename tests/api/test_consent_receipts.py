"""Receipts of a consent by those who have a part in it, from what the gateway received and the chain."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from ledger.client.consent_receipts import receipt_of
from ledger.client.transport import Transport
from ledger.core.hexadecimal import to_hex
from ledger.core.received import consent_id
from ledger.errors import NotFound, PromiseBroken
from tests.api.consortium import Consortium
from tests.api.members import AUTHORITY, CHAIN_ID, COMMUNITY, FIRE, FIRE_READER, PROPERTY_KEY, PUBLISHER, key
from tests.api.offices import REQUESTER, Act, Offices
from tests.api.test_client_at_the_api import Desks, Door

pytestmark = pytest.mark.api
PERSON = key("a resident", 0)
NAMES = {COMMUNITY: "Community 2", FIRE: "Fire brigade"}


@pytest.fixture
def offices(consortium: Consortium) -> Offices:
    return Offices(consortium)


@pytest.fixture
def desks(consortium: Consortium, tmp_path: Path) -> Iterator[Desks]:
    with ExitStack() as stack:
        yield Desks(consortium, tmp_path / "desks", stack)


def recorded(offices: Offices) -> tuple[bytes, Act]:
    """A consent that was received: its id, and the action."""
    act = offices.consent(PERSON)
    return consent_id(act.message), act


def test_recipient_and_holder_make_the_same_receipt_at_every_stage(offices: Offices, desks: Desks) -> None:
    consent, act = recorded(offices)
    received = receipt_of(desks.open(FIRE_READER).desk, consent, NAMES, "en")
    assert received["events"][0]["action"] == to_hex(act.digest)  # type: ignore[index, call-overload]
    offices.mine(act)
    withdrawal = offices.act("WithdrawConsent", {"consent": consent, "reason": 1}, PERSON, caller=REQUESTER)
    offices.mine(withdrawal)
    made: Any = [receipt_of(desks.open(one).desk, consent, NAMES, "en") for one in (FIRE_READER, PUBLISHER)]
    assert made[0] == made[1]
    assert [event["event_state"] for event in made[0]["events"]] == ["given", "withdrawn"]
    assert [event["action"] for event in made[0]["events"]] == [to_hex(act.digest), to_hex(withdrawal.digest)]
    assert all(event["block"] for event in made[0]["events"])
    assert made[0]["record_id"] == to_hex(consent)
    assert {party["party_name"] for party in made[0]["parties"]} <= {*NAMES.values()}


def test_who_has_no_part_makes_no_receipt(offices: Offices, desks: Desks) -> None:
    consent, act = recorded(offices)
    offices.mine(act)
    with pytest.raises(NotFound):
        receipt_of(desks.open(PROPERTY_KEY).desk, consent, NAMES)


class Telling(Door):
    """A gateway that tells something else of a consent than it knows."""

    def __init__(self, client: httpx.Client, change: Callable[[Any], object]) -> None:
        super().__init__(client)
        self._change = change

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = super().handle_request(request)
        if not request.url.path.startswith("/v1/consents/"):
            return answer
        told = json.loads(answer.read())
        self._change(told["actions"][0])
        return httpx.Response(answer.status_code, json=told)


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        (lambda one: one["message"].update(purpose=1), PromiseBroken, "another message"),
        (lambda one: one["message"].update(validUntil=2**40), PromiseBroken, "other validity"),
        (lambda one: one["message"].update(captureMode=2), PromiseBroken, "other validity"),
        (lambda one: one.update(receivedAt=-1), PromiseBroken, "misshapen"),
        (lambda one: one.update(digest="0x11"), PromiseBroken, "misshapen"),
        (lambda one: one.pop("message"), PromiseBroken, "misshapen"),
        (lambda one: one.update(action="RecordNothing"), NotFound, "did not take the consent"),
    ],
)
def test_what_is_not_the_consent_s_is_found_out(
    offices: Offices, desks: Desks, change: Callable[[Any], object], error: type[Exception], said: str
) -> None:
    consent, act = recorded(offices)
    offices.mine(act)
    client, consortium = desks.open(FIRE_READER), offices.consortium
    http = httpx.Client(transport=Telling(consortium.client, change))
    options: Any = {"clock": lambda: consortium.now, "sleep": lambda _: None, "http": http}
    client.desk.transport = Transport(f"https://{AUTHORITY}", FIRE_READER, CHAIN_ID, **options)
    with pytest.raises(error, match=said):
        receipt_of(client.desk, consent, NAMES)
