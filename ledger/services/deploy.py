"""Deploy the contracts, each after those that its constructor names, and note the deployment."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ledger.core.chainfile import ContractPin, contracts_document, trust_document
from ledger.core.hexadecimal import to_hex
from ledger.errors import ChainError
from ledger.services.administration import Administration

DEPLOYMENT_SETTING = "chain"
GOVERNOR = "governor"


def deploy(
    administration: Administration,
    constructors: Mapping[str, Sequence[str]],
    deploy_data: Callable[..., bytes],
    governor: str,
    say: Callable[[str], None],
) -> dict[str, Any]:
    """Deploy what is not deployed, and return the deployment: chain id, genesis hash, engine-independent facts.

    `constructors` gives, in the order of deployment, what each contract's constructor takes: `governor` or the name of
    a contract. Safe to repeat: an intent that was mined before is not sent again. Raises ChainError.
    """
    addresses: dict[str, str] = {GOVERNOR: governor}
    transactions = {}
    for name, arguments in constructors.items():
        say(f"deploying {name}")
        data = deploy_data(name, *(addresses[argument] for argument in arguments))
        row = administration.send(f"deploy/{name}", None, data)
        if row.contract_address is None:
            raise ChainError(f"the deployment of {name} gave no address")
        addresses[name] = row.contract_address
        transactions[name] = {"transaction": row.tx_hash, "block": row.block}
    del addresses[GOVERNOR]
    pins = {
        name: ContractPin(address, to_hex(administration.chain.code_hash(address)))
        for name, address in addresses.items()
    }
    genesis = administration.chain.block(0)
    if genesis is None:
        raise ChainError("the chain does not show its genesis block")
    deployment = {
        "chainId": administration.chain_id,
        "genesis": genesis.hash,
        "governor": governor,
        "contracts": contracts_document(pins),
        "transactions": transactions,
    }
    with administration.store.begin() as transaction:
        transaction.set_setting(DEPLOYMENT_SETTING, deployment)
    return deployment


def trust_of(deployment: Mapping[str, Any], engine: str) -> dict[str, Any]:
    """Return the trust file's document of a deployment."""
    pins = {name: ContractPin(pin["address"], pin["codeHash"]) for name, pin in deployment["contracts"].items()}
    return trust_document(deployment["chainId"], deployment["genesis"], pins, engine)
