"""The whole catalogue under a Council: members name its authority, departments load it, a change is a next version."""

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from ledger import wiring_catalogue, wiring_council
from ledger.catalogue_errors import ItemVersionTaken
from ledger.chain.client import Web3Chain
from ledger.core.catalogue_list import parse_catalogue_list
from ledger.core.codes import AgencyKind
from ledger.core.hexadecimal import to_hex
from ledger.core.keccak import keccak256
from ledger.domain import load_document
from ledger.errors import TransactionFailed
from ledger.keys.keystore import KeystoreSigner
from ledger.ports import Signer
from ledger.services.catalogue_documents import ItemDocuments, item_documents
from ledger.services.catalogue_load import (
    CatalogueOnChain,
    LoadKeys,
    PlannedItem,
    Standing,
    load_item,
    plan_item,
    refuse_unloadable,
    waiting_for,
)
from ledger.services.council import approve, propose
from ledger.services.council_acts import CouncilActs
from ledger.store.migrate import migrate
from ledger.store.postgres import PostgresStore
from tests.adapters.founding_ground import FOUNDERS, KINDS, PLAN, FoundingGround

pytestmark = pytest.mark.adapters
BUREAU, FIRE, POLICE, HEALTH = 1, 2, 3, 4
NOW = 1_000
LIST = parse_catalogue_list(load_document("catalogue/list-1.json"))
STRANGER = KeystoreSigner(b"\x77" * 32)


@dataclass
class Office:
    """A founded consortium whose catalogue is to be loaded; the bureau serves departments that are no founder."""

    acts: CouncilActs
    on_chain: CatalogueOnChain

    @property
    def admins(self) -> dict[int, Signer]:
        return dict(enumerate(FOUNDERS, 1))

    def responsible(self, kind: AgencyKind) -> int:
        return KINDS.index(kind) + 1 if kind in KINDS else BUREAU

    def documents(self, changed: Mapping[str, Any] | None = None) -> list[ItemDocuments]:
        """Every item of the list; `changed` are files that take the place of the program's."""

        def load(name: str) -> Any:
            return (changed or {}).get(name) or load_document(name)

        return [item_documents(load(one.entry), self.responsible(one.responsible), load) for one in LIST.entries]

    def plan(self, documents: list[ItemDocuments]) -> list[PlannedItem]:
        with self.acts.administration.store.begin() as transaction:

            def find(document_hash: bytes) -> bytes | None:
                kept = transaction.document(document_hash)
                return None if kept is None else kept[1]

            return [plan_item(self.on_chain, one, find) for one in documents]

    def load(self, plan: list[PlannedItem], admins: Mapping[int, Signer] | None = None) -> None:
        keys = LoadKeys(admins or self.admins, self.on_chain.authority())
        for one in plan:
            load_item(self.acts.administration, one, keys, NOW)

    def name_authority(self, agency: int) -> None:
        """Propose it, let three of five members approve, schedule and execute."""
        encode_call = wiring_council.call_encoder(self.acts.administration.contracts)
        action = propose(self.acts.council, [encode_call("Catalogue", "set_catalogue_authority", agency)], 86_400)
        approvals = [approve(action, member, FOUNDERS[member - 1]) for member in (2, 3, 5)]
        self.acts.schedule(action, approvals)
        self.acts.execute(action, approvals)


@pytest.fixture
def office(database: str, chain_rpc: str) -> Iterator[Office]:
    migrate(database)
    store, chain = PostgresStore(database), Web3Chain(chain_rpc, {})
    ground = FoundingGround(store, chain, chain_rpc)
    plan = replace(PLAN, catalogue_authority=FIRE)
    acts = ground.found(ground.deploy(plan), plan)
    yield Office(acts, wiring_catalogue.open_catalogue(chain_rpc, acts.administration.contracts))
    chain.close()
    store.close()


@pytest.mark.slow
def test_members_name_the_authority_and_the_whole_catalogue_is_loaded_and_read_back(office: Office) -> None:
    assert office.on_chain.authority() == FIRE
    plan = office.plan(office.documents())
    assert {one.standing for one in plan} == {Standing.NEW}
    # Before the Council names the bureau, its signature is nobody's.
    of_police = next(one for one in plan if one.documents.item.responsible == POLICE)
    with pytest.raises(TransactionFailed, match="NotAdmin"):
        load_item(office.acts.administration, of_police, LoadKeys({**office.admins, FIRE: FOUNDERS[0]}, FIRE), NOW)
    office.name_authority(BUREAU)
    assert office.on_chain.authority() == BUREAU

    # Cut off after ten, and repeated: ten stand, the rest follows, nothing is sent twice.
    office.load(plan[:10])
    again = office.plan(office.documents())
    assert [one.standing for one in again] == [Standing.PUBLISHED] * 10 + [Standing.NEW] * (len(plan) - 10)
    office.load(again)
    sent = office.acts.administration.chain.next_tx_nonce(office.acts.administration.sender.address)
    done = office.plan(office.documents())
    assert {one.standing for one in done} == {Standing.PUBLISHED}
    office.load(done)
    assert office.acts.administration.chain.next_tx_nonce(office.acts.administration.sender.address) == sent

    assert len({one.documents.item.responsible for one in done}) == 4
    with office.acts.administration.store.begin() as transaction:
        for one in done:
            item = one.documents.item
            assert to_hex(office.on_chain.document_hash(item.item, 1)) == to_hex(item.hash)
            for digest in one.documents.documents:
                kept = transaction.document(digest)
                assert kept is not None
                assert keccak256(kept[1]) == digest


def test_a_changed_file_is_told_refused_and_loaded_as_the_next_version(office: Office) -> None:
    office.name_authority(BUREAU)
    name, number = "catalogue/service-flag.json", 6
    item = next(one for one in office.documents() if one.item.item == number)
    office.load(office.plan([item]))
    entry = copy.deepcopy(load_document(name))
    entry["readerKinds"], entry["days"]["answer"] = [4, 5], 5
    said = ["readers: − health", "working days to answer it: 10 → 5"]

    (same_version,) = office.plan([one for one in office.documents({name: entry}) if one.item.item == number])
    assert (same_version.standing, same_version.changes) == (Standing.REFUSED, said)
    with pytest.raises(ItemVersionTaken, match="the next is 2"):
        refuse_unloadable([same_version])
    with pytest.raises(ItemVersionTaken):
        office.load([same_version])

    changed = {name: entry | {"version": 2}}
    (following,) = office.plan([one for one in office.documents(changed) if one.item.item == number])
    assert (following.standing, following.changes) == (Standing.NEXT, said)
    office.load([following])
    assert office.on_chain.item(number).latest_version == 2
    assert office.on_chain.document_hash(number, 2) == following.documents.item.hash
    assert office.on_chain.document_hash(number, 1) == item.item.hash


def test_a_key_that_is_nobodys_here_is_refused_by_name_and_the_right_one_loads_afterwards(office: Office) -> None:
    office.name_authority(BUREAU)
    plan = office.plan([one for one in office.documents() if one.item.responsible == HEALTH][:1])
    assert waiting_for(plan, LoadKeys({BUREAU: FOUNDERS[0]}, BUREAU)) == {3: f"an ADMIN key of agency {HEALTH}"}
    for admins, error in (
        ({**office.admins, HEALTH: STRANGER}, "NotAdmin"),
        ({**office.admins, BUREAU: FOUNDERS[1]}, "NotAdmin"),
        ({HEALTH: FOUNDERS[HEALTH - 1]}, "AuthoritySignatureRequired"),
    ):
        with pytest.raises(TransactionFailed, match=error):
            office.load(plan, admins)
    assert office.on_chain.item(3).latest_version == 0
    office.load(plan)
    assert office.on_chain.item(3).latest_version == 1
