"""Steps that a publisher publishes again: the first version is what counts, and a later one is told."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from ledger.client.facts import GatewayFacts
from ledger.client.gongzhi import GongzhiClient
from ledger.client.looking import SearchTerms
from ledger.client.processes import First, FoundTransitions, LaterVersion, find_transitions, surroundings_of
from ledger.client.steps import TRANSITION_ITEM, NewStep
from ledger.client.submissions import new_record, next_version
from ledger.core.access_facts import AccessFacts
from ledger.core.codes import AgencyKind
from ledger.core.commitment import RecordContent, commit
from ledger.core.documents import MaskProfile
from ledger.core.hexadecimal import to_hex
from ledger.core.points import Point
from ledger.core.process_table import Party
from ledger.domain import load_document
from ledger.errors import NotAnchoredYet, NotFound
from ledger.services.catalogue_documents import schema_documents
from tests.unit.client.asking import GROUNDS
from tests.unit.client.conftest import MakeClient
from tests.unit.client.simulated_chain import chain_facts
from tests.unit.client.simulated_gateway import DOMAIN, GATEWAY, PUBLISHER, VERSION, SimulatedGateway

pytestmark = pytest.mark.unit
SCHEMA, CODE_SETS = schema_documents(load_document("schemas/transition-2.json"), load_document)
OPEN = tuple((path, kind) for path, kind in load_document("profiles/transition-class1.json")["open"])
HAZARD, OTHER = b"\xab" * 32, b"\xcd" * 32
FIXED, BOUNCED = ("fixing", "fixed"), ("assigned", "bounced")


@pytest.fixture
def gateway() -> SimulatedGateway:
    """A gateway whose one item is that of the transitions, and which tells of no agency."""
    profile = MaskProfile(TRANSITION_ITEM, 1, tier=1, purpose=0, open=OPEN)
    made = SimulatedGateway(profile=profile, item_number=TRANSITION_ITEM, schema=SCHEMA, code_sets=CODE_SETS)
    made.further_public["agencies"] = lambda *_: (404, {"code": "not_found"})
    return made


def says(subject: bytes, before: str, after: str) -> dict[str, Any]:
    return dict(NewStep(subject, "hazard", before, after, "990101001003").values(1_767_225_600))


def publish(client: GongzhiClient, record: RecordContent) -> RecordContent:
    client.publish(SCHEMA, TRANSITION_ITEM, VERSION, [record])
    return record


def again(client: GongzhiClient, first: RecordContent, subject: bytes, before: str, after: str) -> None:
    """Publish a step again, as another one."""
    root = commit(SCHEMA, first).record_root
    publish(client, next_version(first.record_id, 1, root, says(subject, before, after)))


def found(client: GongzhiClient, subject: bytes = HAZARD) -> FoundTransitions:
    return find_transitions(client, subject, replace(GROUNDS, item=TRANSITION_ITEM), SearchTerms())


def steps(found: FoundTransitions) -> list[tuple[str, str, int]]:
    return [(one.transition.before, one.transition.after, one.sequence) for one in found.placed]


@pytest.mark.parametrize("subject", [HAZARD, OTHER], ids=["of the same record", "of another record"])
def test_a_step_that_is_published_again_as_another_stays_what_it_was(client: GongzhiClient, subject: bytes) -> None:
    first = publish(client, new_record(says(HAZARD, *FIXED)))
    again(client, first, subject, *BOUNCED)
    told = found(client)
    assert steps(told) == [(*FIXED, 1)]
    assert told.later == (LaterVersion(first.record_id, 2, First.COUNTS),)
    # A page, and the first version.
    assert told.looks == 2


def test_a_later_version_takes_no_step_of_the_record_that_it_names(client: GongzhiClient) -> None:
    first = publish(client, new_record(says(OTHER, *FIXED)))
    again(client, first, HAZARD, *BOUNCED)
    told = found(client)
    assert (steps(told), told.later) == ([], (LaterVersion(first.record_id, 2, First.OTHER),))
    again_elsewhere = found(client, b"\xef" * 32)
    assert (again_elsewhere.placed, again_elsewhere.later) == ((), ())


def raising(error: Exception) -> Callable[[str, dict[str, Any]], dict[str, Any]]:
    def change(path: str, answer: dict[str, Any]) -> dict[str, Any]:
        if path.endswith("/bundle"):
            raise error
        return answer

    return change


@pytest.mark.parametrize("subject", [HAZARD, OTHER], ids=["of the record", "of another"])
def test_where_the_first_version_cannot_be_had_that_is_said_and_nothing_counts(
    gateway: SimulatedGateway, client: GongzhiClient, subject: bytes
) -> None:
    first = publish(client, new_record(says(HAZARD, *FIXED)))
    again(client, first, subject, *BOUNCED)
    gateway.after_signing = raising(NotFound("it is not here"))
    told = found(client)
    assert (steps(told), told.later) == ([], (LaterVersion(first.record_id, 2, First.MISSING),))


def test_a_first_version_that_was_withdrawn_is_not_asked_for(gateway: SimulatedGateway, client: GongzhiClient) -> None:
    first = publish(client, new_record(says(HAZARD, *FIXED)))
    again(client, first, HAZARD, *BOUNCED)
    marks = {to_hex(first.record_id): [{"agency": PUBLISHER, "mark": 1, "version": 1}]}
    gateway.after_signing = lambda _, answer: answer | {"marks": marks} if "marks" in answer else answer
    told = found(client)
    assert (told.gone, told.later) == ((first.record_id,), (LaterVersion(first.record_id, 2, First.MISSING),))
    marks[to_hex(first.record_id)][0]["version"] = 2
    assert steps(found(client)) == [(*FIXED, 1)]


def test_a_first_version_that_is_not_anchored_yet_waits(gateway: SimulatedGateway, client: GongzhiClient) -> None:
    first = publish(client, new_record(says(HAZARD, *FIXED)))
    gateway.after_signing = raising(NotAnchoredYet("the batch is under way"))
    told = found(client)
    assert (told.placed, told.waiting, told.later) == ((), (first.record_id,), ())


def test_a_step_that_is_shown_and_not_proven_is_told_to_the_caller(
    gateway: SimulatedGateway, client: GongzhiClient
) -> None:
    publish(client, new_record(says(HAZARD, *FIXED)))
    gateway.after_signing = raising(NotFound("it is not here"))
    with pytest.raises(NotFound):
        found(client)


def test_a_request_is_answered_where_the_chain_says_so(gateway: SimulatedGateway, client: GongzhiClient) -> None:
    assert surroundings_of(client, HAZARD, None).on_chain is None
    facts = chain_facts(gateway)
    client.desk.facts = GatewayFacts(GATEWAY, DOMAIN, chain=facts)
    assert surroundings_of(client, HAZARD, None).on_chain == {}
    at = Point(2, 0, 1_767_225_600)
    asked = AccessFacts(HAZARD, 7, 1, "", 4, 1, 2, 3, bytes(32), bytes(32), bytes(32), 0, at)
    facts.history.accesses[HAZARD] = asked
    around = surroundings_of(client, HAZARD, None)
    assert (around.on_chain, around.parties) == ({}, {Party.HOLDER: 1, Party.READER: 7})
    asked.granted = at
    assert surroundings_of(client, HAZARD, None).on_chain == {"answered": at.time}


def test_the_kind_of_an_agency_is_that_of_the_chain_where_it_is_at_hand(
    gateway: SimulatedGateway, make_client: MakeClient
) -> None:
    publish(make_client(), new_record(says(HAZARD, *FIXED)))
    lies = {"id": PUBLISHER, "kind": int(AgencyKind.FIRE)}
    gateway.further_public["agencies"] = lambda *_: (200, lies)
    assert [one.transition.agency_kind for one in found(make_client()).placed] == [AgencyKind.FIRE]
    proven = make_client(facts=GatewayFacts(GATEWAY, DOMAIN, chain=chain_facts(gateway)))
    assert [one.transition.agency_kind for one in found(proven).placed] == [AgencyKind.COMMUNITY]
