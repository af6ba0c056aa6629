"""The client's questions about persons at the real API: answers check, receipts are kept, ids are nowhere."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from ledger.client.grounds import Grounds
from ledger.client.transport import Transport
from ledger.core.codes import Basis, Purpose
from ledger.core.hexadecimal import to_hex
from ledger.core.receipt import LookRequest
from ledger.core.subjects import canonical_id
from ledger.errors import LookRefused, PromiseBroken
from tests.api.consortium import Consortium
from tests.api.members import AUTHORITY, CHAIN_ID, COMMUNITY, FIRE, FIRE_READER, PUBLISHER
from tests.api.persons import CARE, PLANTED, caring, publish_care, traces
from tests.api.test_client_at_the_api import Desks, Door

pytestmark = pytest.mark.api
__all__ = ["caring"]
GROUNDS = Grounds(CARE, Purpose.CARE, Basis.STATUTORY_DUTY, "老年人权益保障法")
PERSON = canonical_id("resident-id", PLANTED)


@pytest.fixture
def desks(caring: Consortium, tmp_path: Path) -> Iterator[Desks]:
    with ExitStack() as stack:
        yield Desks(caring, tmp_path / "desks", stack)


def test_a_reader_learns_that_it_need_not_ask_the_resident(desks: Desks, tmp_path: Path) -> None:
    publisher, fire = desks.open(PUBLISHER), desks.open(FIRE_READER)
    assert not fire.subjects.coverage(PERSON, GROUNDS).exists
    token = publisher.subjects.token_for_publishing(PERSON, GROUNDS)
    publish_care(desks.consortium, to_hex(token))
    found = fire.subjects.coverage(PERSON, GROUNDS)
    assert (found.exists, found.count, found.publisher) == (True, 1, COMMUNITY)
    outward = fire.subjects.token(PERSON, GROUNDS)
    assert outward == fire.subjects.token(PERSON, GROUNDS)
    assert outward.ends_at > desks.consortium.now
    tags = [publisher.subjects.tag_for_consent(PERSON, FIRE, GROUNDS) for _ in range(2)]
    assert [tag.period for tag in tags] == [0, 1]
    kept = fire.desk.receipts.receipts()
    assert {receipt.kind for receipt in kept} == {"query"}
    assert len(kept) == 4
    assert all(isinstance(receipt.evidence, LookRequest) for receipt in kept)
    files = [path.read_text("utf-8") + str(path) for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) > 6
    for trace in traces(PLANTED):
        assert not [text for text in files if trace.lower() in text.lower()]


def test_a_refused_question_is_kept_as_a_refusal(desks: Desks) -> None:
    publisher = desks.open(PUBLISHER)
    with pytest.raises(LookRefused) as refused:
        publisher.subjects.coverage(PERSON, GROUNDS)
    assert refused.value.reason == 1
    assert {receipt.kind for receipt in publisher.desk.receipts.receipts()} == {"refusal"}


class Altering(Door):
    """A gateway whose answers are altered on the way."""

    def __init__(self, client: httpx.Client, old: str, new: str) -> None:
        super().__init__(client)
        self._old, self._new = old.encode(), new.encode()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = super().handle_request(request)
        assert self._old in answer.read()
        return httpx.Response(answer.status_code, headers={}, content=answer.content.replace(self._old, self._new, 1))


@pytest.mark.parametrize(
    ("ask", "old", "new", "found"),
    [
        ("coverage", '"count":1', '"count":2', "counts other records"),
        ("coverage", '"exists":true', '"exists":false', "contradicts itself"),
        ("coverage", '"publisher":2', '"publisher":-2', "unsigned"),
        ("coverage", '"purpose":7', '"purpose":2', "not signed by the key"),
        ("token", '"epoch":', '"epoch":1', "another epoch"),
        ("token", '"token":"e', '"token":"', "another epoch"),
        ("token_for_publishing", '"subject":"0x', '"subject":"0X', "lowercase"),
        ("token_for_publishing", '"queryType":2', '"queryType":1', "not signed by the key"),
    ],
)
def test_an_altered_answer_is_a_broken_promise(desks: Desks, ask: str, old: str, new: str, found: str) -> None:
    caring = desks.consortium
    token = desks.open(PUBLISHER).subjects.token_for_publishing(PERSON, GROUNDS)
    publish_care(caring, to_hex(token))
    key = PUBLISHER if ask == "token_for_publishing" else FIRE_READER
    client = desks.open(key)
    http = httpx.Client(transport=Altering(caring.client, old, new))
    options: Any = {"clock": lambda: caring.now, "sleep": lambda _: None, "http": http}
    client.desk.transport = Transport(f"https://{AUTHORITY}", key, CHAIN_ID, **options)
    with pytest.raises(PromiseBroken, match=found):
        getattr(client.subjects, ask)(PERSON, GROUNDS)


def test_an_answer_to_another_question_is_a_broken_promise(desks: Desks) -> None:
    caring, fire = desks.consortium, desks.open(FIRE_READER)

    class Replaying(Door):
        kept: bytes = b""

        def handle_request(self, request: httpx.Request) -> httpx.Response:
            answer = super().handle_request(request)
            Replaying.kept = Replaying.kept or answer.read()
            return httpx.Response(200, content=Replaying.kept)

    http = httpx.Client(transport=Replaying(caring.client))
    options: Any = {"clock": lambda: caring.now, "sleep": lambda _: None, "http": http}
    fire.desk.transport = Transport(f"https://{AUTHORITY}", FIRE_READER, CHAIN_ID, **options)
    assert not fire.subjects.coverage(PERSON, GROUNDS).exists
    with pytest.raises(PromiseBroken, match="another request"):
        fire.subjects.coverage(PERSON, GROUNDS)
    (broken,) = (fire.desk.receipts.folder / "broken").iterdir()
    assert broken.name.startswith("query-")
