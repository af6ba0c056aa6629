"""Deploy the contracts, the Council first and everything else governed by it, and note the deployment.

The key that sends the creations has no right in what it has created.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ledger.core.chainfile import ContractPin, contracts_document, trust_document
from ledger.core.hexadecimal import to_hex
from ledger.council_errors import FoundedAlready
from ledger.errors import ChainError
from ledger.services.administration import Administration

DEPLOYMENT_SETTING = "chain"
GOVERNOR, COUNCIL, PREDECESSOR = "governor", "Council", "predecessor"
NOBODY = "0x" + "00" * 20


@dataclass(frozen=True)
class CouncilTerms:
    """What the Council is created with: keys of the founders in the order of their agencies' numbers, the threshold,
    and whether no action is delayed, which is for development only."""

    founders: tuple[str, ...]
    threshold: int
    development: bool

    def argument(self, name: str) -> tuple[str, ...] | int | bool:
        """Return the argument of the Council's constructor that has this name."""
        arguments: dict[str, tuple[str, ...] | int | bool] = {
            "founders": self.founders,
            "threshold": self.threshold,
            "development": self.development,
        }
        return arguments[name]


def deploy(
    administration: Administration,
    constructors: Mapping[str, Sequence[str]],
    deploy_data: Callable[..., bytes],
    terms: CouncilTerms,
    say: Callable[[str], None],
) -> dict[str, Any]:
    """Deploy what is not deployed, and return the deployment: chain id, genesis hash, engine-independent facts.

    `constructors` gives, in the order of deployment and the Council first, what each contract's constructor takes: a
    member of `terms` (the Council's), `governor` (the Council's address), `predecessor` (none) or the name of a
    contract. Safe to repeat: an intent that was mined before is not sent again. Raises FoundedAlready where the
    contracts were created on other terms, ChainError.
    """
    addresses: dict[str, str] = {}
    transactions = {}
    for name, wanted in constructors.items():
        say(f"deploying {name}")
        if name == COUNCIL:
            data = deploy_data(name, *(terms.argument(argument) for argument in wanted))
        else:
            given = {**addresses, GOVERNOR: addresses[COUNCIL], PREDECESSOR: NOBODY}
            data = deploy_data(name, *(given[argument] for argument in wanted))
        row = administration.send(f"deploy/{name}", None, data)
        if row.data != data:
            raise FoundedAlready(f"{name} was deployed from this database before, with other founders or other code")
        if row.contract_address is None:
            raise ChainError(f"the deployment of {name} gave no address")
        addresses[name] = row.contract_address
        transactions[name] = {"transaction": row.tx_hash, "block": row.block}
    deployment = {"development": terms.development, **_described(administration, addresses, transactions)}
    with administration.store.begin() as transaction:
        transaction.set_setting(DEPLOYMENT_SETTING, deployment)
    return deployment


def _described(
    administration: Administration, addresses: Mapping[str, str], transactions: Mapping[str, Any]
) -> dict[str, Any]:
    pins = {
        name: ContractPin(address, to_hex(administration.chain.code_hash(address)))
        for name, address in addresses.items()
    }
    genesis = administration.chain.block(0)
    if genesis is None:
        raise ChainError("the chain does not show its genesis block")
    return {
        "chainId": administration.chain_id,
        "genesis": genesis.hash,
        "governor": addresses[COUNCIL],
        "contracts": contracts_document(pins),
        "transactions": dict(transactions),
    }


def pins_of(deployment: Mapping[str, Any]) -> dict[str, ContractPin]:
    """Return the contracts of a deployment: name → address and code hash."""
    return {name: ContractPin(pin["address"], pin["codeHash"]) for name, pin in deployment["contracts"].items()}


def trust_of(deployment: Mapping[str, Any], engine: str) -> dict[str, Any]:
    """Return the trust file's document of a deployment."""
    return trust_document(
        deployment["chainId"],
        deployment["genesis"],
        pins_of(deployment),
        engine,
        development=deployment["development"],
    )
