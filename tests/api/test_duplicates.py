"""Collect once: what is submitted about a person again is told or refused, by the rule of its item."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from api.app import create_app
from ledger.action_errors import DuplicateSubject
from ledger.client.problems import error_of
from ledger.core.codes import EntryType, QueryType
from ledger.core.collect_once import CollectOnce, OnceMode, OnceRule
from ledger.core.hexadecimal import from_hex, to_hex
from ledger.services.gateway import SubjectRules
from tests import engines
from tests.api.consortium import Consortium, running_consortium
from tests.api.members import BEGINNING, FIRE_READER, OTHER, OTHER_PUBLISHER, PROPERTY_KEY, PUBLISHER, Key
from tests.api.persons import (
    CARE,
    CARE_DOCUMENTS,
    OTHER_ID,
    PLANTED,
    args_of,
    ask,
    care_content,
    care_draft,
    caring,
    entries_of,
    opening,
    publish_care,
)
from tests.api.serving import served

pytestmark = pytest.mark.api
__all__ = ["caring"]
DAY = 86_400
SETTLED = 1_801_411_200 + 3 * DAY
"""When January of 2027, in which the consortium's clock stands, is settled."""


@pytest.fixture
def consortium(postgres: str, migrated: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Consortium]:
    """A consortium whose care records are collected once in 30 days, with the mode that the test names."""
    mode = OnceMode(getattr(request, "param", "warn"))
    dsn = engines.fresh_database(postgres, migrated)
    with running_consortium(dsn, tmp_path, CollectOnce(5, {CARE: OnceRule(mode, 30)})) as made:
        yield made
    engines.drop_database(dsn)


refusing = pytest.mark.parametrize("consortium", ["refuse"], indirect=True)


def token(consortium: Consortium, identity: str = PLANTED) -> str:
    text: str = ask(consortium, PUBLISHER, "/v1/subjects", opening(identity)).json()["subject"]
    return text


def test_a_second_record_about_a_person_is_taken_and_told(caring: Consortium) -> None:
    subject, other = token(caring), token(caring, OTHER_ID)
    first = publish_care(caring, subject)
    again = care_draft(caring, care_content(other), care_content(subject), care_content(other), publisher=OTHER)
    answer = caring.publish(again, OTHER_PUBLISHER)
    assert (answer.status_code, answer.json()["duplicates"]) == (202, [1, 2])
    for secret in (subject[2:], first.hex(), PLANTED):
        assert secret not in answer.text
    assert caring.publish(again, OTHER_PUBLISHER).json()["duplicates"] == [1, 2]
    path = f"/v1/submissions/0x{again.message['submissionId'].hex()}"
    assert caring.send(OTHER_PUBLISHER, "GET", path).json()["duplicates"] == [1, 2]


def test_a_next_version_is_no_duplicate_and_an_old_record_hides_none(caring: Consortium) -> None:
    subject = token(caring)
    content = care_content(subject)
    draft = care_draft(caring, content)
    assert caring.publish(draft).json()["duplicates"] == []
    later = replace(content, version=2, previous=draft.committed[0].record_root, salt_secret=bytes(32))
    assert caring.publish(care_draft(caring, later)).json()["duplicates"] == []
    publish_care(caring, token(caring, OTHER_ID), BEGINNING - 31 * DAY)
    assert caring.publish(care_draft(caring, care_content(token(caring, OTHER_ID)))).json()["duplicates"] == []


@refusing
def test_an_item_may_refuse_them_with_their_places_and_nothing_is_stored(caring: Consortium) -> None:
    subject, other = token(caring), token(caring, OTHER_ID)
    publish_care(caring, subject)
    fresh = care_content(other)
    given = care_draft(caring, fresh, care_content(subject), publisher=OTHER)
    for _ in range(2):
        before = caring.rows()
        answer = caring.publish(given, OTHER_PUBLISHER)
        assert (answer.status_code, answer.json()["code"], answer.json()["places"]) == (422, "duplicate_subject", [1])
        after = caring.rows()
        assert {table for table in after if after[table] != before[table]} <= {
            *("entries", "evidence", "query_counts"),
        }
    assert subject[2:] not in answer.text
    error = error_of(answer.status_code, answer.content)
    assert isinstance(error, DuplicateSubject)
    assert (error.places, "records 1" in error.detail) == ((1,), True)
    without = care_draft(caring, fresh, publisher=OTHER)
    assert caring.publish(without, OTHER_PUBLISHER).json()["duplicates"] == []
    # What was taken is answered for again, though it is there now.
    assert caring.publish(without, OTHER_PUBLISHER).status_code == 202


@refusing
@pytest.mark.parametrize("name", ["Case", "Item", "Basis-Ref"])
def test_a_submission_that_states_something_is_refused_before_anything_is_entered(
    caring: Consortium, name: str
) -> None:
    subject = token(caring)
    publish_care(caring, subject)
    body, before = care_draft(caring, care_content(subject), publisher=OTHER).body(OTHER_PUBLISHER), caring.rows()
    headers = {f"gongzhi-{name.lower()}": "x"}
    answer = caring.send(OTHER_PUBLISHER, "POST", "/v1/submissions", headers=headers, body=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "format_invalid")
    assert f"a submission states nothing in headers: Gongzhi-{name}" in answer.text
    assert caring.rows() == before


def limited(consortium: Consortium, rules: SubjectRules) -> Iterator[Consortium]:
    gateway = replace(consortium.gateway, subject_rules=rules)
    with served(create_app(gateway, consortium.settings)) as client:
        yield replace(consortium, gateway=gateway, client=client)


@pytest.fixture
def thrifty(caring: Consortium) -> Iterator[Consortium]:
    """The same consortium at a gateway that answers five queries a day, of one agency."""
    yield from limited(caring, SubjectRules(queries_per_day=5))


def again(consortium: Consortium, *subjects: str) -> httpx.Response:
    """Collect these persons as another agency, in a submission of its own."""
    draft = care_draft(consortium, *(care_content(one) for one in subjects), publisher=OTHER)
    return consortium.publish(draft, OTHER_PUBLISHER)


@refusing
def test_who_names_a_person_twice_is_told_that_and_nothing_of_stored_records(caring: Consortium) -> None:
    known, unknown, decoy = token(caring), token(caring, OTHER_ID), to_hex(os.urandom(32))
    publish_care(caring, known)
    before = caring.rows()
    assert again(caring, decoy, decoy, known, unknown, known).json()["places"] == [1, 4]
    assert caring.rows() == before


@refusing
def test_what_a_refusal_tells_of_stored_records_is_an_entered_and_counted_query(thrifty: Consortium) -> None:
    persons = [to_hex(os.urandom(32)) for _ in range(4)]
    for person in persons[:3]:
        publish_care(thrifty, person)
    assert again(thrifty, *persons).json()["places"] == [0, 1, 2]
    (message,) = entries_of(thrifty, EntryType.QUERY)
    expected = {"reader": OTHER, "queryType": int(QueryType.COVERAGE), "item": CARE, "resultCount": 3, "purpose": 0}
    assert expected.items() <= message.items()
    # Two questions are left of the day: three places are not told, and nothing is left.
    over = again(thrifty, *persons)
    assert (over.status_code, over.json()["name"], "places" in over.json()) == (403, "quota_exhausted", False)
    # Over the quota who is known looks like who is not.
    assert {again(thrifty, person).json()["name"] for person in persons} == {"quota_exhausted"}
    assert len(entries_of(thrifty, EntryType.REFUSAL)) == 5
    assert len(entries_of(thrifty, EntryType.QUERY)) == 1
    thrifty.clock.now += DAY
    thrifty.add_block()
    assert again(thrifty, persons[3]).status_code == 202


@pytest.mark.parametrize("consortium", ["warn", "refuse"], indirect=True)
def test_of_what_is_never_shared_nothing_is_told(caring: Consortium) -> None:
    known = token(caring)
    publish_care(caring, known)
    caring.add_block([("Catalogue", "ItemPublished", args_of(CARE_DOCUMENTS) | {"version": 2, "shareClass": 3})])
    answer = again(caring, known)
    assert (answer.status_code, answer.json()["duplicates"]) == (202, [])


def test_places_that_a_warning_tells_count_as_listed_persons(caring: Consortium) -> None:
    known = token(caring)
    publish_care(caring, known)
    for few in limited(caring, SubjectRules(listed_per_day=2)):
        assert [again(few, known).json()["duplicates"] for _ in range(3)] == [[0], [0], []]


@refusing
def test_of_two_that_collect_the_same_at_once_one_is_refused(caring: Consortium) -> None:
    subject = token(caring)
    drafts = [care_draft(caring, care_content(subject)) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(caring.publish, drafts))
    assert sorted(answer.status_code for answer in answers) == [202, 422, 422, 422]


@refusing
def test_the_same_submission_sent_at_once_is_one(caring: Consortium) -> None:
    draft = care_draft(caring, care_content(token(caring)))
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: caring.publish(draft), range(4)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["entry"] for answer in answers}) == 1


def figures_of(consortium: Consortium, caller: Key = FIRE_READER, period: str = "2027-01") -> httpx.Response:
    """Ask for the figures of a month when January, in which the consortium's clock stands, is settled."""
    consortium.clock.now = max(consortium.now, SETTLED)
    consortium.add_block()
    return consortium.send(caller, "GET", "/v1/statistics/duplicates", query={"period": period})


def test_how_often_that_was_is_counted_by_item_and_settled_month(caring: Consortium) -> None:
    persons = [to_hex(os.urandom(32)) for _ in range(5)]
    caring.publish(care_draft(caring, *(care_content(one) for one in persons)))
    caring.publish(care_draft(caring, *(care_content(one) for one in persons)))
    publish_care(caring, token(caring))
    for _ in range(5):
        ask(caring, FIRE_READER, "/v1/coverage")
    ask(caring, FIRE_READER, "/v1/coverage", opening(OTHER_ID))
    answer = figures_of(caring)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    rule = {"mode": "warn", "withinDays": 30}
    assert found["items"] == [{"item": CARE, "taken": 11, "warned": 5, "refused": None, "avoided": 5, "rule": rule}]
    assert (found["ruleVersion"], found["k"], found["until"] - found["from"]) == (5, 5, 31 * DAY)
    assert (found["from"] + 8 * 3_600) % DAY == 0
    assert PLANTED not in answer.text
    # Who is told counts of ten and more is told no more here.
    outside = figures_of(caring, PROPERTY_KEY).json()
    assert (outside["k"], outside["items"]) == (10, [])
    assert figures_of(caring, period="2026-12").json()["items"] == []
    metrics = caring.client.get("/metrics").text
    for line in (
        "gongzhi_collected_records 11.0",
        'gongzhi_duplicate_records{outcome="warned"} 5.0',
        'gongzhi_duplicate_records{outcome="refused"} 0.0',
        "gongzhi_duplicate_records_avoided 5.0",
    ):
        assert line in metrics
    assert "item=" not in metrics
    assert from_hex(persons[0]).hex() not in metrics


@refusing
def test_refused_ones_are_counted_and_are_no_questions_of_coverage(caring: Consortium) -> None:
    persons = [to_hex(os.urandom(32)) for _ in range(6)]
    caring.publish(care_draft(caring, *(care_content(one) for one in persons)))
    assert again(caring, *persons).status_code == 422
    (found,) = figures_of(caring).json()["items"]
    assert (found["taken"], found["warned"], found["refused"], found["avoided"]) == (6, None, 6, None)


def test_fewer_than_k_are_not_told(caring: Consortium) -> None:
    caring.publish(care_draft(caring, *(care_content(to_hex(os.urandom(32))) for _ in range(4))))
    assert figures_of(caring).json()["items"] == []


def test_figures_of_an_item_are_told_to_its_kinds_of_agency_alone(caring: Consortium) -> None:
    caring.publish(care_draft(caring, *(care_content(to_hex(os.urandom(32))) for _ in range(12))))
    assert [one["taken"] for one in figures_of(caring).json()["items"]] == [12]
    assert figures_of(caring, PROPERTY_KEY).json()["items"] == []
    secret = args_of(CARE_DOCUMENTS) | {"version": 2, "shareClass": 3}
    caring.add_block([("Catalogue", "ItemPublished", secret)])
    assert figures_of(caring).json()["items"] == []


@pytest.mark.parametrize("wrong", ["2027-13", "2027", "0000-01", "month"])
def test_what_is_no_month_is_refused(caring: Consortium, wrong: str) -> None:
    answer = figures_of(caring, period=wrong)
    assert (answer.status_code, answer.json()["code"]) == (400, "format_invalid")


def test_a_month_that_is_not_settled_is_not_told(caring: Consortium) -> None:
    answer = caring.send(FIRE_READER, "GET", "/v1/statistics/duplicates", query={"period": "2027-01"})
    assert (answer.status_code, answer.json()["code"]) == (409, "period_open")
    assert str(SETTLED) in answer.json()["detail"]
