"""The client that agencies import, at the real API: every promise that this gateway makes checks."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from ledger.client.facts import GatewayFacts
from ledger.client.gongzhi import GongzhiClient
from ledger.client.grounds import Grounds
from ledger.client.looking import SearchTerms
from ledger.client.submissions import new_record, next_version
from ledger.client.transport import Transport
from ledger.core.chainfile import ChainFile, ContractPin, Trust
from ledger.core.codes import Authority, Basis, Mark, Purpose
from ledger.core.commitment import commit
from ledger.core.verify import ChainFacts
from ledger.errors import CodeUnknown, LookRefused, NotAnchoredYet, RoleMissing, SchemaError, VersionConflict
from tests.api.consortium import Consortium
from tests.api.members import (
    AUDIT_KEY,
    AUTHORITY,
    CHAIN,
    CHAIN_ID,
    CONTRACT_ADDRESSES,
    CONTRACTS,
    FIRE_READER,
    GATEWAY,
    LINE,
    PROPERTY_KEY,
    PUBLISHER,
    READER_OF_COMMUNITY,
    SCHEMA,
    Key,
    originals,
)
from tests.simulated_succession import CODE

pytestmark = pytest.mark.api
GROUNDS = Grounds(1, Purpose.INCIDENT_RESPONSE, Basis.STATUTORY_DUTY, "消防法 第五条", officer="officer 17", case="c-1")


class Door(httpx.BaseTransport):
    """The reverse proxy that a gateway stands behind: https and its public name outside, a loopback port inside."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        inside = self._client.build_request(
            request.method, request.url.raw_path.decode(), headers=request.headers, content=request.read()
        )
        answer = self._client.send(inside)
        kept = {name: value for name, value in answer.headers.items() if name != "content-encoding"}
        return httpx.Response(answer.status_code, headers=kept, content=answer.content)


class Desks:
    """Clients of the consortium's agencies, each judging by the chain as it stands."""

    def __init__(self, consortium: Consortium, folder: Path, stack: ExitStack) -> None:
        self.consortium, self._folder, self._stack = consortium, folder, stack

    def facts(self) -> GatewayFacts:
        pins = {name: ContractPin(pin["address"], pin["codeHash"]) for name, pin in CONTRACTS.items()}
        trust = Trust(CHAIN_ID, CHAIN["genesis"], pins, "anvil", 1, None, {}, anchors_code=CODE)
        chain = ChainFile(CHAIN_ID, CHAIN["genesis"], pins, tuple(self.consortium.blocks), ())
        facts = ChainFacts(trust, chain, self.consortium.gateway_history())
        domain = LINE.newest(facts.history)
        return GatewayFacts(GATEWAY, domain, chain=facts, contracts=CONTRACT_ADDRESSES, line=LINE)

    def open(self, key: Key) -> GongzhiClient:
        http = httpx.Client(transport=Door(self.consortium.client))
        transport = Transport(
            f"https://{AUTHORITY}", key, CHAIN_ID, clock=lambda: self.consortium.now, sleep=lambda _: None, http=http
        )
        folder = self._folder / key.name.replace(" ", "-")
        client = GongzhiClient("", key, key.agency, self.facts(), folder, newer_facts=self.facts, transport=transport)
        return self._stack.enter_context(client)


@pytest.fixture
def desks(consortium: Consortium, tmp_path: Path) -> Iterator[Desks]:
    with ExitStack() as stack:
        yield Desks(consortium, tmp_path / "desks", stack)


def test_records_are_published_looked_at_proven_and_exported(desks: Desks, tmp_path: Path) -> None:
    publisher, fire = desks.open(PUBLISHER), desks.open(FIRE_READER)
    schema, version = publisher.schema_of(1)
    assert schema.hash == SCHEMA.hash
    records = [new_record(originals()) for _ in range(5)]
    assert len(publisher.publishing.commit_at_gateway(schema, records)) == 32
    (accepted,) = publisher.publish(schema, 1, version, records)
    assert publisher.publishing.state(accepted.submission_id)["state"] == "accepted"
    ids = {record.record_id for record in records}
    pages = list(fire.search(GROUNDS, SearchTerms(region="990101001", record_class="fire/", limit=2)))
    assert {view.record_id for page in pages for view in page.views} == ids
    with pytest.raises(NotAnchoredYet):
        fire.bundle(records[0].record_id, GROUNDS)
    desks.consortium.anchor_all()
    assert fire.bundle(records[0].record_id, GROUNDS).verified.steps[-1] == 11
    assert publisher.wait_anchored(accepted.submission_id)["sequence"] == 1
    assert fire.explain("0x" + records[0].record_id.hex())["what"] == "record"
    audit = Grounds(0, Purpose.RIGHTS_AND_AUDIT, Basis.STATUTORY_DUTY, "audit plan", authority=Authority.AUDIT)
    _, counts = desks.open(AUDIT_KEY).export(tmp_path / "export", audit)
    assert counts.records == 5


def test_a_publisher_looks_at_its_own_and_publishes_the_next_version(desks: Desks) -> None:
    publisher, reader = desks.open(PUBLISHER), desks.open(READER_OF_COMMUNITY)
    schema, version = publisher.schema_of(1)
    first = new_record(originals())
    publisher.publish(schema, 1, version, [first])
    own = Grounds(1, Purpose.INCIDENT_RESPONSE, Basis.STATUTORY_DUTY, "duty", authority=Authority.OWN)
    (view,) = reader.read(first.record_id, own).views
    assert all(slot.value is not None for slot in view.slots)
    root = commit(schema, first).record_root
    publisher.publish(schema, 1, version, [next_version(first.record_id, 1, root, originals(level=3))])
    assert reader.read(first.record_id, own).views[0].version == 2
    with pytest.raises(VersionConflict):
        publisher.publish(schema, 1, version, [next_version(first.record_id, 1, root, originals(level=4))])


def test_the_first_version_is_proven_by_its_own_bundle_after_a_second_one(desks: Desks) -> None:
    publisher, fire = desks.open(PUBLISHER), desks.open(FIRE_READER)
    schema, version = publisher.schema_of(1)
    first = new_record(originals())
    made = commit(schema, first)
    publisher.publish(schema, 1, version, [first])
    desks.consortium.anchor_all()
    again = next_version(first.record_id, 1, made.record_root, originals(level=3))
    publisher.publish(schema, 1, version, [again])
    desks.consortium.anchor_all()
    newest = fire.bundle(first.record_id, GROUNDS).verified
    earlier = fire.bundle(first.record_id, GROUNDS, version=1).verified
    assert (newest.version, earlier.version, earlier.record_root) == (2, 1, made.record_root)


def test_a_publisher_signs_nothing_whose_code_is_not_in_its_set(desks: Desks) -> None:
    publisher = desks.open(PUBLISHER)
    schema, version = publisher.schema_of(1)
    before = desks.consortium.rows()
    with pytest.raises(CodeUnknown, match="/class: not in code set incident-class/1; accepted: medical, ") as refused:
        publisher.publish(schema, 1, version, [new_record(originals(**{"class": "planted-class"}))])
    assert "planted" not in str(refused.value)
    assert list(publisher.outbox.pending()) == []
    assert desks.consortium.rows() == before
    bare = publisher.desk.schema(schema.hash)
    with pytest.raises(SchemaError, match="not at hand"):
        publisher.publish(bare, 1, version, [new_record(originals())])


def test_a_mark_is_relayed_and_refusals_are_kept(desks: Desks) -> None:
    publisher, fire, company = desks.open(PUBLISHER), desks.open(FIRE_READER), desks.open(PROPERTY_KEY)
    schema, version = publisher.schema_of(1)
    record = new_record(originals())
    publisher.publish(schema, 1, version, [record])
    action = publisher.mark(record.record_id, 0, Mark.CORRECTED, 2)
    assert publisher.marking.state(action.action)["state"] == "received"
    with pytest.raises(LookRefused) as refused:
        list(company.search(GROUNDS, SearchTerms()))
    assert refused.value.reason == 3
    with pytest.raises(LookRefused):
        fire.read(bytes(32), GROUNDS)
    with pytest.raises(RoleMissing):
        fire.publish(schema, 1, version, [new_record(originals())])
    assert {receipt.kind for receipt in fire.desk.receipts.receipts()} == {"refusal"}
    assert {receipt.kind for receipt in company.desk.receipts.receipts()} == {"refusal"}
    assert {receipt.kind for receipt in publisher.desk.receipts.receipts()} == {"acceptance", "received"}
