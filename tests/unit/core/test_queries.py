"""Queries about persons: who may ask what, the first failing row being the reason."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.codes import AgencyKind, Purpose, QueryType, Refusal, Role
from ledger.core.history import AsOf, Block, ChainEvent, History
from ledger.core.queries import (
    COLLECTING,
    CONSENTS,
    COVERAGE,
    KINDS,
    LOOKS,
    NO_PURPOSE,
    STATISTICS,
    SUBJECT,
    TAG,
    TOKEN,
    Asker,
    QueryKind,
    items_for_resident,
    why_not_query,
)

pytestmark = pytest.mark.unit
READER, PUBLISHER, PASSER_BY = 8, 22, 30
SHARED, SECRET, RETIRED = 3, 6, 9
TX = "0x" + "ab" * 32


def key_of(agency: int, role: Role) -> str:
    return f"0x{agency:020x}{int(role):020x}"


def item_args(item: int, share_class: int) -> dict[str, Any]:
    return {
        "item": item,
        "version": 1,
        "responsible": PUBLISHER,
        "shareClass": share_class,
        "schemaHash": TX,
        "publisherKinds": AgencyKind.COMMUNITY.bit,
        "readerKinds": AgencyKind.FIRE.bit,
        "purposes": Purpose.CARE.bit,
        "maskPolicyHash": TX,
        "class1Profile": "0x" + "00" * 32,
        "updateEverySeconds": 0,
        "checkDays": 2,
        "answerDays": 10,
        "deliverDays": 20,
        "documentHash": TX,
    }


def history() -> History:
    made = []
    for agency, kind in ((READER, 8), (PUBLISHER, 22), (PASSER_BY, 30)):
        made.append(
            ("AgencyRegistry", "AgencyRegistered", {"agency": agency, "kind": kind, "region": 99, "allowedRoles": 8191})
        )
        for role in (Role.READ, Role.SUBMIT):
            bound = {
                "key": key_of(agency, role),
                "agency": agency,
                "roles": role.bit,
                "validFrom": 1,
                "validUntil": 10**6,
            }
            made.append(("AgencyRegistry", "KeyBound", bound))
    for item, share_class in ((SHARED, 2), (SECRET, 3), (RETIRED, 2)):
        made.append(("Catalogue", "ItemPublished", item_args(item, share_class)))
    made.append(("Catalogue", "ItemRetired", {"item": RETIRED}))
    folded = History()
    events = [ChainEvent(0, place, TX, *event) for place, event in enumerate(made)]
    folded.append(Block(0, TX, "0x" + "00" * 32, 100), events)
    return folded


HISTORY = history()


def why(
    kind: QueryKind, agency: int, item: int, purpose: int = Purpose.CARE, role: Role | None = None
) -> Refusal | None:
    asker = Asker(agency, key_of(agency, kind.role if role is None else role), item, purpose)
    return why_not_query(HISTORY, kind, asker, AsOf(200))


@pytest.mark.parametrize(
    ("kind", "agency", "item"),
    [
        (COVERAGE, READER, SHARED),
        (COVERAGE, PUBLISHER, SHARED),
        (STATISTICS, READER, SHARED),
        (TOKEN, READER, SHARED),
        (TOKEN, PASSER_BY, 0),
        (SUBJECT, PUBLISHER, SHARED),
        (SUBJECT, PUBLISHER, SECRET),
        (SUBJECT, PASSER_BY, 0),
        (TAG, PUBLISHER, SHARED),
        (TAG, PASSER_BY, 0),
    ],
)
def test_who_may_ask_is_answered(kind: QueryKind, agency: int, item: int) -> None:
    assert why(kind, agency, item) is None


@pytest.mark.parametrize(
    ("reason", "kind", "agency", "item", "changes"),
    [
        (Refusal.KEY_NOT_ENTITLED, COVERAGE, READER, SHARED, {"role": Role.SUBMIT}),
        (Refusal.KEY_NOT_ENTITLED, SUBJECT, PUBLISHER, SHARED, {"role": Role.READ}),
        (Refusal.KEY_NOT_ENTITLED, COVERAGE, 99, 0, {"purpose": 0}),
        (Refusal.ITEM_UNKNOWN, COVERAGE, READER, 0, {}),
        (Refusal.ITEM_UNKNOWN, STATISTICS, READER, 0, {}),
        (Refusal.ITEM_NOT_SHARED, STATISTICS, READER, SECRET, {}),
        (Refusal.ITEM_UNKNOWN, TOKEN, READER, 77, {"purpose": 0}),
        (Refusal.ITEM_UNKNOWN, COVERAGE, READER, RETIRED, {}),
        (Refusal.PURPOSE_NOT_ALLOWED, COVERAGE, READER, SHARED, {"purpose": Purpose.SUPPLIES}),
        (Refusal.PURPOSE_NOT_ALLOWED, COVERAGE, PASSER_BY, SECRET, {}),
        (Refusal.PURPOSE_NOT_ALLOWED, TOKEN, READER, 0, {"purpose": 14}),
        (Refusal.PURPOSE_NOT_ALLOWED, SUBJECT, READER, SHARED, {}),
        (Refusal.ITEM_NOT_SHARED, COVERAGE, READER, SECRET, {}),
        (Refusal.ITEM_NOT_SHARED, TAG, PUBLISHER, SECRET, {}),
    ],
)
def test_the_first_failing_row_is_the_reason(
    reason: Refusal, kind: QueryKind, agency: int, item: int, changes: dict[str, Any]
) -> None:
    assert why(kind, agency, item, **changes) is reason


def test_a_kind_of_agency_that_this_version_does_not_know_asks_nothing() -> None:
    other = History()
    events = [
        ("AgencyRegistry", "AgencyRegistered", {"agency": 5, "kind": 77, "region": 99, "allowedRoles": 8191}),
        (
            "AgencyRegistry",
            "KeyBound",
            {"key": key_of(5, Role.READ), "agency": 5, "roles": Role.READ.bit, "validFrom": 1, "validUntil": 10**6},
        ),
    ]
    made = [ChainEvent(0, place, TX, *event) for place, event in enumerate(events)]
    other.append(Block(0, TX, "0x" + "00" * 32, 100), made)
    asker = Asker(5, key_of(5, Role.READ), 0, Purpose.CARE)
    assert why_not_query(other, TOKEN, asker, AsOf(200)) is Refusal.PURPOSE_NOT_ALLOWED


def test_paths_types_and_roles_are_pinned() -> None:
    assert {path: (kind.type, kind.role) for path, kind in KINDS.items()} == {
        "/v1/coverage": (QueryType.COVERAGE, Role.READ),
        "/v1/subject-tokens": (QueryType.MATCH, Role.READ),
        "/v1/subjects": (QueryType.MATCH, Role.SUBMIT),
        "/v1/subjects/list": (QueryType.MATCH, Role.SUBMIT),
        "/v1/subject-tags": (QueryType.MATCH, Role.SUBMIT),
        "/v1/looks": (QueryType.MATCH, Role.READ),
        "/v1/subject-consents": (QueryType.MATCH, Role.READ),
        "/v1/statistics": (QueryType.STATISTICS, Role.READ),
        "/v1/submissions": (QueryType.COVERAGE, Role.SUBMIT),
    }


@pytest.mark.parametrize(
    ("agency", "item", "purpose", "reason"),
    [
        (PUBLISHER, SHARED, NO_PURPOSE, None),
        (PUBLISHER, SHARED, Purpose.CARE, Refusal.PURPOSE_NOT_ALLOWED),
        (READER, SHARED, NO_PURPOSE, Refusal.PURPOSE_NOT_ALLOWED),
        (PUBLISHER, SECRET, NO_PURPOSE, Refusal.ITEM_NOT_SHARED),
        (PUBLISHER, RETIRED, NO_PURPOSE, Refusal.ITEM_UNKNOWN),
    ],
)
def test_a_submission_is_told_of_shared_items_that_its_agency_publishes(
    agency: int, item: int, purpose: int, reason: Refusal | None
) -> None:
    assert why(COLLECTING, agency, item, purpose) is reason


RIGHTS = Purpose.RIGHTS_AND_AUDIT


@pytest.mark.parametrize(
    ("agency", "item", "purpose", "reason"),
    [
        (READER, SHARED, RIGHTS, None),
        (PUBLISHER, SECRET, RIGHTS, None),
        (PASSER_BY, 0, RIGHTS, None),
        (READER, RETIRED, RIGHTS, None),
        (READER, SHARED, Purpose.CARE, Refusal.PURPOSE_NOT_ALLOWED),
        (READER, 0, Purpose.CARE, Refusal.PURPOSE_NOT_ALLOWED),
        (PASSER_BY, SHARED, RIGHTS, Refusal.PURPOSE_NOT_ALLOWED),
        (READER, 77, RIGHTS, Refusal.ITEM_UNKNOWN),
        (READER, SECRET, RIGHTS, Refusal.ITEM_NOT_SHARED),
    ],
)
def test_who_looked_is_told_for_the_rights_of_the_person_by_who_may_serve_him(
    agency: int, item: int, purpose: int, reason: Refusal | None
) -> None:
    assert why(LOOKS, agency, item, purpose) is reason


@pytest.mark.parametrize(
    ("agency", "item", "purpose", "reason"),
    [
        (READER, 0, RIGHTS, None),
        (PASSER_BY, 0, RIGHTS, None),
        (READER, SHARED, RIGHTS, Refusal.ITEM_UNKNOWN),
        (PUBLISHER, SECRET, RIGHTS, Refusal.ITEM_UNKNOWN),
        (READER, 77, RIGHTS, Refusal.ITEM_UNKNOWN),
        (READER, 0, Purpose.CARE, Refusal.PURPOSE_NOT_ALLOWED),
        (READER, 0, NO_PURPOSE, Refusal.PURPOSE_NOT_ALLOWED),
    ],
)
def test_consents_are_told_for_the_rights_of_the_person_and_of_no_item(
    agency: int, item: int, purpose: int, reason: Refusal | None
) -> None:
    assert why(CONSENTS, agency, item, purpose) is reason


@pytest.mark.parametrize(
    ("agency", "item", "told"),
    [
        (READER, 0, (SHARED, RETIRED)),
        (PUBLISHER, 0, (SHARED, SECRET, RETIRED)),
        (PUBLISHER, SECRET, (SECRET,)),
        (PASSER_BY, 0, ()),
    ],
)
def test_a_resident_is_told_of_the_items_with_which_a_member_may_serve_him(
    agency: int, item: int, told: tuple[int, ...]
) -> None:
    asker = Asker(agency, key_of(agency, Role.READ), item, RIGHTS)
    assert items_for_resident(HISTORY, asker, AsOf(200)) == told


def test_an_item_that_is_not_published_yet_is_unknown() -> None:
    asker = Asker(READER, key_of(READER, Role.READ), SHARED, RIGHTS)
    assert why_not_query(HISTORY, LOOKS, asker, AsOf(50)) is Refusal.KEY_NOT_ENTITLED
    assert HISTORY.items[SHARED].last_published(AsOf(50)) is None


@given(
    st.sampled_from(sorted(KINDS)),
    st.sampled_from((READER, PUBLISHER, PASSER_BY, 99)),
    st.integers(0, 10),
    st.integers(0, 65_535),
    st.sampled_from((Role.READ, Role.SUBMIT)),
)
def test_every_query_is_decided_and_what_is_never_shared_is_asked_by_publishers_alone(
    path: str, agency: int, item: int, purpose: int, role: Role
) -> None:
    reason = why(KINDS[path], agency, item, purpose, role)
    assert reason is None or isinstance(reason, Refusal)
    if reason is None:
        assert item != SECRET or KINDS[path].is_for_publishing or (KINDS[path] is LOOKS and agency == PUBLISHER)
        assert purpose in (set(Purpose), {NO_PURPOSE})[KINDS[path] is COLLECTING]
        assert role is KINDS[path].role
