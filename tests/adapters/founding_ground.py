"""Five founders with their keys, a database and a chain: what deployment and founding are tested on."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ledger import wiring, wiring_council
from ledger.chain.client import Web3Chain
from ledger.core.codes import AgencyKind, Role, bitmap_of
from ledger.keys.keystore import KeystoreSigner
from ledger.ports import Chain, Store
from ledger.services.administration import Administration
from ledger.services.council_acts import CouncilActs
from ledger.services.deploy import pins_of
from ledger.services.founding import FoundingPlan, NewAgency, found_here

DEPLOYER = KeystoreSigner(b"\x99" * 32)
FOUNDERS = [KeystoreSigner(bytes([number]) * 32) for number in range(1, 6)]
KINDS = (AgencyKind.DATA_BUREAU, AgencyKind.FIRE, AgencyKind.POLICE, AgencyKind.HEALTH, AgencyKind.STREET)
PLAN = FoundingPlan(
    tuple(
        NewAgency(
            f"Founder {number}", int(kind), 990101, bitmap_of((Role.ADMIN, Role.READ)), signer.address, valid_days=30
        )
        for number, (kind, signer) in enumerate(zip(KINDS, FOUNDERS, strict=True), 1)
    ),
    threshold=3,
    development=True,
    catalogue_authority=1,
    parameters={"reviewAgency": 4},
)


@dataclass
class FoundingGround:
    """Where a consortium is founded; store and chain may be fragile."""

    store: Store
    chain: Chain
    rpc_url: str
    sender: KeystoreSigner = DEPLOYER

    @cached_property
    def chain_id(self) -> int:
        with_plain_client = Web3Chain(self.rpc_url, {})
        try:
            return with_plain_client.chain_id()
        finally:
            with_plain_client.close()

    def administration(self, contracts: dict[str, str]) -> Administration:
        encode = wiring.message_encoder(contracts)
        return Administration(self.store, self.chain, self.sender, self.chain_id, contracts, encode)

    def deploy(self, plan: FoundingPlan = PLAN) -> dict[str, Any]:
        return wiring_council.deploy_contracts(self.administration({}), plan.terms, lambda _: None)

    def acts(self, deployment: dict[str, Any]) -> CouncilActs:
        contracts = {name: pin.address for name, pin in pins_of(deployment).items()}
        council = wiring_council.open_council(self.chain_id, self.rpc_url, contracts)
        return CouncilActs(council, self.administration(contracts))

    def found(self, deployment: dict[str, Any], plan: FoundingPlan = PLAN) -> CouncilActs:
        acts = self.acts(deployment)
        encode = wiring_council.call_encoder(acts.administration.contracts)
        found_here(acts, plan, FOUNDERS, pins_of(deployment), encode)
        return acts
