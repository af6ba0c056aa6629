"""A grant that does not fit what it opens, or goes further than its request, is refused and says which."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ledger.core.canonical import encode
from ledger.core.codes import Tier
from ledger.core.hexadecimal import to_hex
from ledger.core.typed_messages import message_to_json
from ledger.store.migrate import migrate
from tests import engines
from tests.api.consortium import running_consortium
from tests.api.members import FIRE
from tests.api.offices import DAY, DOCUMENTS, PROFILE, ZERO32, Offices

pytestmark = pytest.mark.api


@pytest.fixture(scope="module")
def offices(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Offices]:
    """Offices that every test shares: each asks anew."""
    dsn = engines.fresh_database(postgres)
    migrate(dsn)
    with running_consortium(dsn, Path(tmp_path_factory.mktemp("data"))) as made:
        yield Offices(made)
    engines.drop_database(dsn)


def asked(offices: Offices, **changes: Any) -> bytes:
    return offices.mine(offices.request(**changes))


def asked_on_chain(offices: Offices, profile: bytes) -> bytes:
    """Let the chain show a request that no gateway took; returns its id."""
    request = os.urandom(32)
    said = message_to_json("RequestAccess", offices.request().message)
    args = {"request": to_hex(request), "reader": FIRE, **said, "profile": to_hex(profile)}
    offices.consortium.add_block([("AccessLedger", "AccessRequested", args)])
    return request


def test_a_refused_grant_says_which_of_its_terms_does_not_fit(offices: Offices) -> None:
    assert "AssessmentMissing" in offices.decide(asked(offices), assessment=ZERO32).answer.json()["detail"]
    assert "StatisticsOnlyUnfit" in offices.decide(asked(offices), terms=4).answer.json()["detail"]
    past = offices.decide(asked(offices), destroyBy=offices.consortium.now + 9)
    assert "DestroyByPast" in past.answer.json()["detail"]
    entrusted = offices.decide(asked(offices), terms=2, destroyBy=offices.consortium.now + DAY)
    assert entrusted.code == "taken"


def test_a_holder_grants_what_was_asked_or_less(offices: Offices) -> None:
    until = offices.consortium.now + 3 * DAY
    request = asked(offices, until=until)
    longer = offices.decide(request, expiresAt=until + 1)
    assert f"GrantBeyondRequest: it was asked until {until}" in longer.answer.json()["detail"]
    assert offices.decide(request, expiresAt=until).code == "taken"
    of_tier = {one.tier: one.profile for one in DOCUMENTS.policy.profiles if one.purpose == 0}
    street = asked_on_chain(offices, profile=of_tier[Tier.T4])
    wider = offices.decide(street, profile=of_tier[Tier.T5])
    assert f"profile 0x{of_tier[Tier.T4].hex()} was asked, which does not open /nature (o)" in wider.answer.text
    narrower = offices.decide(asked(offices, profile=of_tier[Tier.T5]), profile=of_tier[Tier.T4])
    assert narrower.code == "taken"


def test_a_profile_that_nobody_here_knows_bounds_no_grant(offices: Offices) -> None:
    request = asked_on_chain(offices, profile=os.urandom(32))
    assert "is not known here" in offices.decide(request).answer.json()["detail"]


def test_a_grant_answers_no_request_for_a_profile_that_the_item_does_not_list(offices: Offices) -> None:
    wide = replace(next(one for one in DOCUMENTS.profiles if one.hash == PROFILE), purpose=5)
    with offices.consortium.store.begin() as opened:
        opened.add_document(wide.hash, "application/json", encode(wide.document), offices.consortium.now)
    refused = offices.decide(asked_on_chain(offices, profile=wide.hash))
    assert refused.code == "profile_not_listed"
    assert f"item 2 version 1 does not list profile {to_hex(wide.hash)}" in refused.answer.json()["detail"]


def test_a_profile_of_another_tier_is_neither_asked_nor_granted(offices: Offices) -> None:
    of_street = next(one.profile for one in DOCUMENTS.policy.profiles if one.tier == Tier.T4)
    refused = offices.request(profile=of_street)
    assert refused.code == "profile_not_listed"
    expected = f"agency {FIRE} of kind 8 looks under T5, the profile is of tier T4"
    assert expected in refused.answer.json()["detail"]
    request = asked_on_chain(offices, profile=of_street)
    assert expected in offices.decide(request, profile=of_street).answer.json()["detail"]
