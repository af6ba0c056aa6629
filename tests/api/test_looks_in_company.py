"""Looks that wait for one another are answered together; what is out of the ordinary in one touches no other."""

import asyncio
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from starlette.responses import Response

from api.app import create_app
from api.limits import Limits
from api.waiting_looks import MOST_TOGETHER, WaitingLooks
from ledger.core.hexadecimal import to_hex
from ledger.core.request_base import RequestReason, SignableRequest
from ledger.core.scope import Scope
from ledger.errors import GongzhiError, StoreError, TooMany
from ledger.services import consent_proofs, find_document
from ledger.services.authenticate import Call, Caller
from ledger.services.look_together import Outcome, WaitingLook, answer_together
from tests.api.consortium import Consortium
from tests.api.members import FIRE_READER, PUBLISHER, STRANGER, key
from tests.api.offices import ITEM, Offices
from tests.api.persons import OTHER_ID, ask, opening, publish_care
from tests.api.serving import served
from tests.api.test_grants import by_consent, care_look, caring, granted_by_consent, look, offices, published
from tests.api.test_looks import path_of
from tests.api.test_turns import revocation
from tests.api.waiting import entries, raising, signed, told, waiting

pytestmark = pytest.mark.api
__all__ = ["caring", "offices"]


def test_each_look_has_its_own_outcome(offices: Offices) -> None:
    consortium = offices.consortium
    open_to_all, conditional = consortium.published().committed[0].record_id, published(offices)
    grant, counted = (offices.mine(offices.decide(offices.mine(offices.request()), uses=uses)) for uses in (0, 2))
    revoked = offices.mine(offices.decide(offices.mine(offices.request()), uses=0))
    with consortium.store.begin() as acting:
        acting.add_action(revocation(revoked))
    consortium.gateway_history()

    def under(held: bytes) -> SignableRequest:
        headers = {"item": str(ITEM), "authority": "grant", "grant": to_hex(held)}
        return signed(consortium, path_of(conditional), **headers)

    def of(request: SignableRequest | None = None) -> WaitingLook[Any]:
        return waiting(consortium, open_to_all, request or signed(consortium, path_of(open_to_all)))

    spoilt = signed(consortium, path_of(open_to_all))
    replayed = signed(consortium, path_of(open_to_all))
    looks: Sequence[tuple[WaitingLook[Any], object]] = [
        (of(), 200),
        (of(replace(spoilt, path=path_of(bytes(32)))), RequestReason.BAD_SIGNATURE),
        (of(signed(consortium, path_of(open_to_all), STRANGER)), Outcome.ALONE),
        (waiting(consortium, conditional, under(grant)), 200),
        (waiting(consortium, conditional, under(revoked)), Outcome.ALONE),
        (waiting(consortium, conditional, under(counted)), Outcome.ALONE),
        (waiting(consortium, conditional, signed(consortium, path_of(conditional), item=str(ITEM))), "no_authority"),
        (waiting(consortium, bytes(32), signed(consortium, path_of(bytes(32)))), "item_unknown"),
        (of(replayed), 200),
        (of(replayed), Outcome.ALONE),
        (replace(of(), action=raising(ZeroDivisionError())), Outcome.ALONE),
        (replace(of(), action=raising(GongzhiError())), Outcome.ALONE),
        (replace(of(), foresee=raising(ZeroDivisionError())), Outcome.ALONE),
        (replace(of(), foresee=lambda _: None), Outcome.ALONE),
        (of(signed(consortium, path_of(open_to_all), item="x")), Outcome.ALONE),
        (of(), 200),
    ]
    before = entries(consortium)
    outcomes = answer_together(consortium.gateway, [look for look, _ in looks])
    assert [told(outcome) for outcome in outcomes] == [expected for _, expected in looks]
    kept = sum(expected in (200, "no_authority", "item_unknown") for _, expected in looks)
    assert entries(consortium) - before == kept


def test_what_was_answered_is_undone_where_the_answer_cannot_be_given(consortium: Consortium) -> None:
    """An error after the entry was signed: the look is answered alone, and nothing of the first try is kept."""
    record_id = consortium.published().committed[0].record_id
    consortium.gateway_history()
    first = waiting(consortium, record_id, signed(consortium, path_of(record_id)))

    def answered_and_failed(call: Call) -> Response:
        first.action(call)
        raise GongzhiError

    before = entries(consortium)
    assert answer_together(consortium.gateway, [replace(first, action=answered_and_failed)]) == [Outcome.ALONE]
    assert entries(consortium) == before
    assert told(answer_together(consortium.gateway, [first])[0]) == 200


def test_too_many_is_told_before_anything_is_consumed(consortium: Consortium) -> None:
    record_id = consortium.published().committed[0].record_id
    consortium.gateway_history()
    request, too_many = signed(consortium, path_of(record_id)), TooMany("slower", retry_after=1)
    refused = waiting(consortium, record_id, request, admit=raising(too_many))
    assert answer_together(consortium.gateway, [refused]) == [too_many]
    assert told(answer_together(consortium.gateway, [waiting(consortium, record_id, request)])[0]) == 200


def test_facts_that_were_not_followed_yet_are_for_a_look_alone(consortium: Consortium) -> None:
    record_id = consortium.published().committed[0].record_id
    consortium.gateway_history()
    consortium.add_block()
    look = waiting(consortium, record_id, signed(consortium, path_of(record_id)))
    assert answer_together(consortium.gateway, [look]) == [Outcome.ALONE]
    consortium.gateway_history()
    assert told(answer_together(consortium.gateway, [look])[0]) == 200


def test_a_database_that_does_not_answer_is_for_each_look_alone(consortium: Consortium) -> None:
    record_id = consortium.published().committed[0].record_id
    consortium.gateway_history()
    look = waiting(consortium, record_id, signed(consortium, path_of(record_id)))
    with psycopg.connect(consortium.dsn, autocommit=True) as connection:
        connection.execute("ALTER TABLE following RENAME TO kept")
        assert answer_together(consortium.gateway, [look]) == [Outcome.ALONE]
        connection.execute("ALTER TABLE kept RENAME TO following")
    assert told(answer_together(consortium.gateway, [look])[0]) == 200


def ending_connections(consortium: Consortium) -> None:
    with psycopg.connect(consortium.dsn, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def test_where_nobody_knows_what_was_written_everybody_is_told(consortium: Consortium) -> None:
    record_id = consortium.published().committed[0].record_id
    consortium.gateway_history()
    looks = [waiting(consortium, record_id, signed(consortium, path_of(record_id))) for _ in range(3)]

    def answered_and_lost(call: Call) -> Any:
        answer = looks[2].action(call)
        ending_connections(consortium)
        return answer

    stranger = waiting(consortium, record_id, signed(consortium, path_of(record_id), STRANGER))
    looks_and_loss = [*looks[:2], replace(looks[2], action=answered_and_lost), stranger]

    async def at_once() -> list[Any]:
        company = WaitingLooks(consortium.gateway)
        return await asyncio.gather(*map(company.outcome, looks_and_loss), return_exceptions=True)

    *lost, unknown = asyncio.run(at_once())
    assert [type(outcome) for outcome in lost] == [StoreError] * 3
    assert unknown is Outcome.ALONE


def test_those_that_wait_share_a_reading_and_a_writing(consortium: Consortium, monkeypatch: pytest.MonkeyPatch) -> None:
    record_id = consortium.published().committed[0].record_id
    consortium.gateway_history()
    together: list[int] = []

    def counting(gateway: Any, looks: Sequence[WaitingLook[Any]]) -> Any:
        together.append(len(looks))
        return answer_together(gateway, looks)

    monkeypatch.setattr("api.waiting_looks.answer_together", counting)

    async def at_once(count: int) -> list[Any]:
        company = WaitingLooks(consortium.gateway)
        looks = [waiting(consortium, record_id, signed(consortium, path_of(record_id))) for _ in range(count)]
        last = asyncio.create_task(company.outcome(looks[-1]))
        gathered = await asyncio.gather(*map(company.outcome, looks[:-1]))
        last.cancel()
        return gathered

    before = entries(consortium)
    outcomes = asyncio.run(at_once(2 * MOST_TOGETHER + 2))
    assert {told(outcome) for outcome in outcomes} == {200}
    assert len(outcomes) == 2 * MOST_TOGETHER + 1
    assert together[:2] == [MOST_TOGETHER, MOST_TOGETHER]
    assert entries(consortium) - before >= len(outcomes)


def answers_without_chance(answer: Any) -> Any:
    """What a look was answered, without what differs from one request to the next."""
    found = answer.json()
    for statement in ("disclosure", "refusal"):
        if statement in found:
            found[statement]["signature"] = found[statement]["message"]["request"] = None
    return answer.status_code, found


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"purpose": "4"},
        {"item": "9"},
        {"authority": "grant", "grant": "0x" + "00" * 32},
        {"authority": "audit"},
        {"profile": "0x" + "11" * 32},
        {"basis": "1"},
        {"item": "x"},
    ],
    ids=str,
)
def test_a_look_is_answered_alike_alone_and_together(
    consortium: Consortium, monkeypatch: pytest.MonkeyPatch, said: Mapping[str, str]
) -> None:
    record_id = consortium.published().committed[0].record_id
    for caller, record in ((FIRE_READER, record_id), (PUBLISHER, record_id), (FIRE_READER, bytes(32))):
        consortium.gateway_history()
        with monkeypatch.context() as alone:
            alone.setattr(sys.modules["api.routes.records"], "foreseen_look", lambda *_: None)
            expected = consortium.look(caller, path_of(record), **said)
        together = consortium.look(caller, path_of(record), **said)
        assert answers_without_chance(together) == answers_without_chance(expected)


def test_a_look_by_a_consent_is_answered_alike_alone_and_together(
    caring: Offices, monkeypatch: pytest.MonkeyPatch
) -> None:
    consortium = caring.consortium
    own, of_another = (
        publish_care(consortium, ask(consortium, PUBLISHER, "/v1/subjects", about).json()["subject"])
        for about in (opening(), opening(OTHER_ID))
    )
    _, grant = granted_by_consent(caring, key("a resident", 0))
    for record, status in ((own, 200), (of_another, 403)):
        with monkeypatch.context() as alone:
            alone.setattr(sys.modules["api.routes.records"], "foreseen_look", lambda *_: None)
            expected = care_look(caring, grant, path_of(record))
        together = care_look(caring, grant, path_of(record))
        assert together.status_code == status
        assert answers_without_chance(together) == answers_without_chance(expected)


def test_the_first_look_by_a_consent_is_answered_together(caring: Offices, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that has read none of its documents foresees them all: two scopes, text and evidence."""
    consortium = caring.consortium
    subject = ask(consortium, PUBLISHER, "/v1/subjects", opening()).json()["subject"]
    record = publish_care(consortium, subject)
    scope = Scope(os.urandom(32), ("990101001003",))
    _, grant = granted_by_consent(caring, key("a resident", 0), scope)
    consortium.gateway_history()
    kept_documents = (find_document, "_SCOPES"), *((consent_proofs, kept) for kept in ("_READ", "_SOUND", "_TEXTS"))
    for module, kept in kept_documents:
        monkeypatch.setattr(module, kept, type(getattr(module, kept))())
    request = signed(consortium, path_of(record), **by_consent(grant))
    look = waiting(consortium, record, request)
    read: list[int] = []

    def foreseen(caller: Caller) -> Any:
        reads = look.foresee(caller)
        read.append(len(reads.rest.documents) if reads is not None else -1)
        return reads

    (outcome,) = answer_together(consortium.gateway, [replace(look, foresee=foreseen)])
    assert (told(outcome), read) == (200, [4])


def unlimited(offices: Offices) -> bytes:
    """A grant whose uses are not counted."""
    return offices.mine(offices.decide(offices.mine(offices.request()), uses=0))


def test_a_look_that_is_answered_alone_counts_once_against_the_rate(offices: Offices) -> None:
    consortium = offices.consortium
    record, grant = published(offices), unlimited(offices)
    with consortium.store.begin() as acting:
        acting.add_action(revocation(grant))
    settings = replace(consortium.settings, rate_per_second=0.001, rate_burst=2)
    with served(create_app(consortium.gateway, settings)) as offices.consortium.client:
        consortium.gateway_history()
        answers = [look(offices, grant, path_of(record)) for _ in range(3)]
        alone = consortium.client.get("/metrics").text
    assert [answer.status_code for answer in answers] == [403, 403, 429]
    assert "gongzhi_looks_alone_total 2.0" in alone


def test_a_look_that_is_left_out_is_answered_alone_and_the_others_are_answered(offices: Offices) -> None:
    consortium, conditional, grant = offices.consortium, published(offices), unlimited(offices)
    open_to_all = consortium.published().committed[0].record_id
    consortium.gateway_history()
    headers = {"item": str(ITEM), "authority": "grant", "grant": to_hex(grant)}
    granted = waiting(consortium, conditional, signed(consortium, path_of(conditional), **headers))

    def answered_and_revoked(call: Call) -> Any:
        answer = granted.action(call)
        with consortium.store.begin() as acting:
            acting.lock_about(grant)
            acting.add_action(revocation(grant))
        return answer

    other = waiting(consortium, open_to_all, signed(consortium, path_of(open_to_all)))
    before = entries(consortium)
    outcomes = answer_together(consortium.gateway, [replace(granted, action=answered_and_revoked), other])
    assert [told(outcome) for outcome in outcomes] == [Outcome.ALONE, 200]
    assert entries(consortium) == before + 1


def followed(consortium: Consortium) -> None:
    consortium.add_block()


def rewound(consortium: Consortium) -> None:
    with consortium.store.begin() as following:
        following.rewind(consortium.blocks[-2].number)
    consortium.blocks.pop()
    consortium.add_block()


@pytest.mark.parametrize("happened", [followed, rewound])
def test_nothing_is_decided_by_facts_that_the_process_knows_better_meanwhile(
    consortium: Consortium, happened: Callable[[Consortium], None]
) -> None:
    record_id = consortium.published().committed[0].record_id
    consortium.gateway_history()
    look = waiting(consortium, record_id, signed(consortium, path_of(record_id)))

    def foreseen_and_learnt(caller: Caller) -> Any:
        reads = look.foresee(caller)
        happened(consortium)
        consortium.gateway_history()
        return reads

    assert answer_together(consortium.gateway, [replace(look, foresee=foreseen_and_learnt)]) == [Outcome.ALONE]


def test_who_does_not_wait_any_more_is_let_go_and_the_next_ones_are_answered(consortium: Consortium) -> None:
    """A request may be cancelled while its look waits, or while it is answered; its agency is free again either way."""
    record_id = consortium.published().committed[0].record_id
    consortium.gateway_history()
    limits = Limits(1000, 1000, 1)

    async def one(company: WaitingLooks) -> Any:
        with limits.admission() as admit:
            return await company.outcome(
                waiting(consortium, record_id, signed(consortium, path_of(record_id)), admit=admit)
            )

    async def at_once() -> Any:
        company = WaitingLooks(consortium.gateway)
        for _ in range(3):
            given_up = asyncio.create_task(one(company))
            await asyncio.sleep(0.001)
            given_up.cancel()
            await asyncio.wait([given_up])
        while (found := await one(company)) and isinstance(found, TooMany):
            await asyncio.sleep(0.01)
        return found

    assert told(asyncio.run(at_once())) == 200


def test_nobody_waits_for_ever_whatever_happens(consortium: Consortium, monkeypatch: pytest.MonkeyPatch) -> None:
    class Panic(BaseException):
        """What no handler foresees."""

    record_id = consortium.published().committed[0].record_id
    consortium.gateway_history()

    def panics(*_: Any) -> Any:
        raise Panic

    def one() -> WaitingLook[Any]:
        return waiting(consortium, record_id, signed(consortium, path_of(record_id)))

    async def at_once() -> list[Any]:
        company = WaitingLooks(consortium.gateway)
        with monkeypatch.context() as broken:
            broken.setattr("api.waiting_looks.answer_together", panics)
            waited = [asyncio.create_task(company.outcome(one())) for _ in range(2)]
            found = await asyncio.wait_for(asyncio.gather(*waited, return_exceptions=True), 30)
            assert isinstance(company._answering, asyncio.Task)
            assert isinstance(company._answering.exception(), Panic)
        return [*found, await company.outcome(one())]

    *broken, answered = asyncio.run(at_once())
    assert [type(outcome) for outcome in broken] == [GongzhiError, GongzhiError]
    assert told(answered) == 200
