"""Queries about persons that are refused, openings that do not open, and an id that is nowhere afterwards."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import httpx
import psycopg
import pytest

from api.app import create_app
from ledger.core.canonical import encode
from ledger.core.codes import EntryType, Refusal
from ledger.core.hexadecimal import to_hex
from ledger.core.subjects import SubjectOpening
from ledger.services.gateway import SubjectRules
from tests.api.consortium import Consortium
from tests.api.members import (
    FIRE,
    FIRE_READER,
    PROPERTY_KEY,
    PUBLISHER,
    READER_OF_COMMUNITY,
    STRANGER,
    Key,
)
from tests.api.persons import FLAG, GROUNDS, OTHER_ID, PLANTED, ask, caring, entries_of, opening, publish_care, traces
from tests.api.serving import served
from tests.api.test_serving import log_lines

pytestmark = pytest.mark.api
__all__ = ["caring", "log_lines"]


@pytest.mark.parametrize(
    ("reason", "caller", "path", "headers"),
    [
        (Refusal.KEY_NOT_ENTITLED, PUBLISHER, "/v1/coverage", {}),
        (Refusal.KEY_NOT_ENTITLED, FIRE_READER, "/v1/subjects", {}),
        (Refusal.ITEM_UNKNOWN, FIRE_READER, "/v1/coverage", {"item": ""}),
        (Refusal.ITEM_UNKNOWN, FIRE_READER, "/v1/subject-tokens", {"item": "77"}),
        (Refusal.PURPOSE_NOT_ALLOWED, FIRE_READER, "/v1/coverage", {"purpose": "8"}),
        (Refusal.PURPOSE_NOT_ALLOWED, PROPERTY_KEY, "/v1/coverage", {}),
        (Refusal.ITEM_NOT_SHARED, FIRE_READER, "/v1/coverage", {"item": str(FLAG)}),
        (Refusal.BASIS_INCOMPLETE, FIRE_READER, "/v1/coverage", {"basis_ref": ""}),
        (Refusal.BASIS_INCOMPLETE, PUBLISHER, "/v1/subjects", {"basis_ref": ""}),
        (Refusal.BASIS_INCOMPLETE, FIRE_READER, "/v1/subject-tokens", {"basis": "1"}),
        (Refusal.BASIS_INCOMPLETE, FIRE_READER, "/v1/coverage", {"basis": "4"}),
    ],
)
def test_a_refused_query_is_a_signed_refusal(
    caring: Consortium, reason: Refusal, caller: Key, path: str, headers: dict[str, str]
) -> None:
    answer = ask(caring, caller, path, **headers)
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["reason"]) == (403, "look_refused", int(reason))
    (message,) = entries_of(caring, EntryType.REFUSAL)
    assert problem["refusal"]["message"] == message
    assert (message["reason"], message["reader"], message["authority"]) == (reason, caller.agency, 1)
    assert entries_of(caring, EntryType.QUERY) == []


def test_a_publisher_of_what_is_never_shared_gets_its_token(caring: Consortium) -> None:
    assert ask(caring, PUBLISHER, "/v1/subjects", item=str(FLAG)).status_code == 200


def test_stale_facts_answer_nothing(caring: Consortium) -> None:
    caring.clock.now += 100
    problem = ask(caring, FIRE_READER, "/v1/coverage").json()
    assert problem["reason"] == Refusal.FACTS_STALE
    urgent = {"authority": "emergency", "emergency": "0x" + "33" * 32, "basis": "4", "case": "0x" + "44" * 32}
    assert ask(caring, FIRE_READER, "/v1/coverage", **urgent).json()["reason"] == Refusal.FACTS_STALE


@pytest.fixture
def thrifty(caring: Consortium) -> Iterator[Consortium]:
    """The same consortium at a gateway that answers two queries a day."""
    gateway = replace(caring.gateway, subject_rules=SubjectRules(queries_per_day=2))
    with served(create_app(gateway, caring.settings)) as client:
        yield replace(caring, gateway=gateway, client=client)


def test_over_the_quota_of_a_day_queries_are_refused_and_anchored(thrifty: Consortium) -> None:
    assert ask(thrifty, FIRE_READER, "/v1/coverage", purpose="8").json()["reason"] == Refusal.PURPOSE_NOT_ALLOWED
    statuses = [ask(thrifty, FIRE_READER, path).status_code for path in ("/v1/coverage", "/v1/subject-tokens")]
    assert statuses == [200, 200]
    over = ask(thrifty, FIRE_READER, "/v1/coverage")
    assert (over.status_code, over.json()["name"]) == (403, "quota_exhausted")
    assert [message["reason"] for message in entries_of(thrifty, EntryType.REFUSAL)] == [3, 13]
    assert ask(thrifty, READER_OF_COMMUNITY, "/v1/coverage").status_code == 200
    thrifty.clock.now += 86_400
    thrifty.add_block()
    assert ask(thrifty, FIRE_READER, "/v1/coverage").status_code == 200


def by_himself(
    consortium: Consortium, identity: str, path: str = "/v1/records", grounds: Mapping[str, str] = GROUNDS
) -> httpx.Response:
    """Send the look of a resident who a member says is this person."""
    given = opening(identity)
    said = {"gongzhi-authority": "self", "gongzhi-subject": to_hex(given.commitment), "gongzhi-purpose": "12"}
    return consortium.send(
        FIRE_READER, "GET", path, headers={**grounds, **said}, spoil={"gongzhi-opening": given.header}
    )


def test_who_tries_persons_as_residents_is_counted_and_learns_nothing_over_the_quota(thrifty: Consortium) -> None:
    subject = ask(thrifty, PUBLISHER, "/v1/subjects").json()["subject"]
    record = f"/v1/records/{to_hex(publish_care(thrifty, subject))}"
    assert by_himself(thrifty, PLANTED, record).status_code == 200
    assert by_himself(thrifty, OTHER_ID, record).json()["name"] == "no_authority"
    # Behind the quota a guess that is right looks like one that is wrong.
    for identity in (PLANTED, OTHER_ID):
        assert by_himself(thrifty, identity, record).json()["name"] == "no_authority"
        assert by_himself(thrifty, identity).json()["name"] == "quota_exhausted"


@pytest.mark.parametrize("path", ["/v1/looks", "/v1/subject-consents"])
def test_who_looked_and_consents_are_asked_as_often_as_the_quota_says(thrifty: Consortium, path: str) -> None:
    of_no_item = {name: text for name, text in GROUNDS.items() if name != "gongzhi-item"}
    # Whoever tries persons is counted, whether they are known here or not.
    answers = [by_himself(thrifty, identity, path, of_no_item) for identity in (PLANTED, OTHER_ID, PLANTED, OTHER_ID)]
    assert [answer.status_code for answer in answers] == [200, 200, 403, 403]
    assert {answer.json()["name"] for answer in answers[2:]} == {"quota_exhausted"}


@pytest.mark.parametrize(
    ("spoil", "status", "code"),
    [
        ({"gongzhi-opening": ""}, 400, "opening_invalid"),
        ({"gongzhi-opening": "one.two.three"}, 400, "opening_invalid"),
        ({"gongzhi-opening": opening(OTHER_ID).header}, 422, "opening_mismatch"),
        ({"gongzhi-opening": opening(PLANTED).header}, 422, "opening_mismatch"),
    ],
)
def test_an_opening_that_does_not_open_is_told_apart_and_costs_nothing(
    caring: Consortium, spoil: dict[str, str], status: int, code: str
) -> None:
    before = caring.rows()
    answer = ask(caring, FIRE_READER, "/v1/coverage", spoil=spoil)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert caring.rows() == before
    for part in spoil["gongzhi-opening"].split("."):
        assert len(part) < 12 or part not in answer.text


def test_an_opening_that_stands_twice_is_none(caring: Consortium) -> None:
    given = opening()
    body = encode({"subjectCommitment": to_hex(given.commitment)})
    made: dict[str, Any] = {}

    class Keeping(httpx.Client):
        def request(self, method: str, url: Any, **options: Any) -> httpx.Response:  # type: ignore[override]
            lines = [*options.pop("headers").items(), *[("gongzhi-opening", given.header)] * 2]
            made["answer"] = super().request(method, url, headers=lines, **options)
            return made["answer"]

    with Keeping(base_url=caring.client.base_url) as client:
        answer = replace(caring, client=client).send(FIRE_READER, "POST", "/v1/coverage", headers=GROUNDS, body=body)
    assert answer.json()["code"] == "opening_invalid"


def test_an_opening_is_never_under_the_signature(caring: Consortium) -> None:
    answer = ask(caring, FIRE_READER, "/v1/coverage")
    assert answer.status_code == 200
    with psycopg.connect(caring.dsn) as connection:
        (base,) = connection.execute("SELECT request_base FROM evidence").fetchone() or (b"",)
    assert b"gongzhi-purpose" in bytes(base)
    assert b"gongzhi-opening" not in bytes(base)


def test_bodies_have_exactly_their_members(caring: Consortium) -> None:
    assert ask(caring, FIRE_READER, "/v1/coverage", more={"recipient": 3}).json()["code"] == "format_invalid"
    assert ask(caring, PUBLISHER, "/v1/subject-tags").json()["code"] == "format_invalid"


def test_an_identity_number_is_nowhere_after_it_was_asked_about(caring: Consortium, log_lines: Any) -> None:
    given = [opening() for _ in range(6)]
    spoiled = SubjectOpening(os.urandom(32), given[0].subject)
    answers = [
        ask(caring, FIRE_READER, "/v1/coverage", given[0]),
        ask(caring, FIRE_READER, "/v1/subject-tokens", given[1]),
        ask(caring, PUBLISHER, "/v1/subjects", given[2]),
        ask(caring, PUBLISHER, "/v1/subject-tags", given[3], more={"recipient": FIRE}),
        ask(caring, FIRE_READER, "/v1/coverage", given[4], purpose="8"),
        ask(caring, STRANGER, "/v1/coverage", given[5]),
        ask(caring, FIRE_READER, "/v1/coverage", given[5], spoil={"gongzhi-opening": spoiled.header}),
        ask(caring, FIRE_READER, "/v1/coverage", given[5], spoil={"gongzhi-opening": f"x{spoiled.header}"}),
        ask(caring, FIRE_READER, "/v1/coverage", given[5], spoil={"gongzhi-opening": PLANTED}),
        ask(caring, FIRE_READER, "/v1/nowhere", given[5]),
        caring.send(None, "GET", "/metrics"),
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 403, 403, 422, 400, 400, 404, 200]
    publish_care(caring, answers[2].json()["subject"])
    caring.anchor_all()
    texts = [answer.text + str(answer.headers) for answer in answers] + [log_lines.getvalue()]
    assert "coverage" in texts[-1]
    with psycopg.connect(caring.dsn) as connection:
        tables = connection.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
        for (table,) in tables.fetchall():
            texts += [row[0] for row in connection.execute(f'SELECT t::text FROM "{table}" t').fetchall()]
    for trace in traces(PLANTED, *given, spoiled):
        assert not [text for text in texts if trace.lower() in text.lower()], trace
