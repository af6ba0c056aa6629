"""Tokens of many persons in one query, for the records of a publisher: one list, one entry, a quota of its own."""

from dataclasses import replace

import httpx
import pytest

from api.app import create_app
from ledger.core.canonical import encode
from ledger.core.codes import EntryType, QueryType, Refusal
from ledger.core.hexadecimal import to_hex
from ledger.core.subjects import MOST_LISTED, SubjectOpening
from ledger.services.gateway import SubjectRules
from tests.api.consortium import Consortium
from tests.api.members import FIRE_READER, PUBLISHER, Key
from tests.api.persons import CARE, GROUNDS, OTHER_ID, ask, caring, entries_of, opening
from tests.api.serving import served

pytestmark = pytest.mark.api
__all__ = ["caring"]


def listed(
    consortium: Consortium, caller: Key, persons: list[SubjectOpening], *, header: str | None = None
) -> httpx.Response:
    body = encode({"subjectCommitments": [to_hex(one.commitment) for one in persons]})
    opened = ",".join(one.header for one in persons) if header is None else header
    return consortium.send(
        caller, "POST", "/v1/subjects/list", headers=GROUNDS, body=body, spoil={"gongzhi-opening": opened}
    )


def test_a_publisher_lists_the_tokens_of_many_in_one_query(caring: Consortium) -> None:
    persons = [opening(), opening(OTHER_ID), opening()]
    answer = listed(caring, PUBLISHER, persons)
    assert answer.status_code == 200, answer.text
    single = [ask(caring, PUBLISHER, "/v1/subjects", one).json()["subject"] for one in persons]
    assert answer.json()["subjects"] == single
    assert single[0] == single[2] != single[1]
    message = answer.json()["query"]["message"]
    assert (message["queryType"], message["resultCount"], message["item"]) == (QueryType.MATCH, 3, CARE)
    assert message == entries_of(caring, EntryType.QUERY)[0]


def test_a_list_is_refused_whole(caring: Consortium) -> None:
    one, other = opening(), opening(OTHER_ID)
    swapped = listed(caring, PUBLISHER, [one, other], header=f"{other.header},{one.header}")
    assert (swapped.status_code, swapped.json()["code"]) == (422, "opening_mismatch")
    short = listed(caring, PUBLISHER, [one, other], header=one.header)
    assert (short.status_code, short.json()["code"]) == (422, "opening_mismatch")
    assert listed(caring, PUBLISHER, [], header=one.header).status_code == 400
    assert listed(caring, PUBLISHER, [one] * (MOST_LISTED + 1)).status_code == 400
    assert listed(caring, FIRE_READER, [one]).status_code == 403
    assert entries_of(caring, EntryType.QUERY) == []


def test_listed_persons_have_a_quota_of_their_own(caring: Consortium) -> None:
    gateway = replace(caring.gateway, subject_rules=SubjectRules(queries_per_day=1, listed_per_day=3))
    with served(create_app(gateway, caring.settings)) as client:
        limited = replace(caring, gateway=gateway, client=client)
        assert listed(limited, PUBLISHER, [opening(), opening(OTHER_ID)]).status_code == 200
        over = listed(limited, PUBLISHER, [opening(), opening(OTHER_ID)])
        assert (over.status_code, over.json()["reason"]) == (403, int(Refusal.QUOTA_EXHAUSTED))
        assert listed(limited, PUBLISHER, [opening()]).status_code == 200
        assert ask(limited, PUBLISHER, "/v1/subjects").status_code == 200
