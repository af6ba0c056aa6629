"""Where the Council and what it governs are put together for the administrator's verbs."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any, Final

from ledger import wiring
from ledger.chain.artifacts import CONSTRUCTORS, CONTRACTS, GOVERNANCE_CONSTRUCTORS, deploy_data
from ledger.chain.call_reading import CallReader
from ledger.chain.contracts.access_ledger import AccessLedger
from ledger.chain.contracts.agency_registry import AgencyRegistry
from ledger.chain.contracts.binding import ContractBinding, node
from ledger.chain.contracts.catalogue import Catalogue
from ledger.chain.contracts.consent_registry import ConsentRegistry
from ledger.chain.contracts.council import Council
from ledger.chain.contracts.parameters import Parameters
from ledger.chain.contracts.record_anchors import RecordAnchors
from ledger.chain.contracts.system_directory import SystemDirectory
from ledger.chain.deployment_reading import PUBLISHED, creation_differences, deployment_differences
from ledger.config import Settings
from ledger.core.chainfile import Trust
from ledger.core.codes import Role
from ledger.core.council_action import CouncilCall, ReadCall
from ledger.core.hexadecimal import from_hex, to_hex
from ledger.core.keccak import keccak256
from ledger.core.points import ANCHORS
from ledger.core.trust_changes import TrustDifference
from ledger.council_errors import DirectoryDiffers
from ledger.errors import ChainError, UsageError
from ledger.ports import Signer
from ledger.services import deploy
from ledger.services.administration import Administration
from ledger.services.council import CANCELLED, EXECUTED, SCHEDULED, CouncilOnChain, CouncilStanding
from ledger.services.council_acts import CouncilActs
from ledger.services.founding import EncodeCall

_GOVERNED = (
    *(AgencyRegistry, Catalogue, Parameters, RecordAnchors, ConsentRegistry, AccessLedger),
    *(Council, SystemDirectory),
)
_LATEST: Final = "latest"
_BLOCKS_AT_ONCE = 5_000
_NO_CODE = keccak256(b"")
_ENDS = {"ActionExecuted": EXECUTED, "ActionCancelled": CANCELLED}


def deployment_order() -> dict[str, tuple[str, ...]]:
    """Return what each contract's constructor takes, in the order of deployment: the Council first."""
    council = {deploy.COUNCIL: GOVERNANCE_CONSTRUCTORS[deploy.COUNCIL]}
    return {**council, **CONSTRUCTORS, **GOVERNANCE_CONSTRUCTORS}


def deploy_contracts(
    administration: Administration, terms: deploy.CouncilTerms, say: Callable[[str], None]
) -> dict[str, Any]:
    """Deploy every contract that is not deployed yet; returns the deployment. Raises as `services.deploy`."""
    return deploy.deploy(administration, deployment_order(), deploy_data, terms, say)


def call_reader(contracts: Mapping[str, str]) -> ReadCall:
    """Return what reads a call to the contracts at these addresses: (target, data) → one line."""
    return CallReader(contracts).read


def call_encoder(contracts: Mapping[str, str]) -> EncodeCall:
    """Return what encodes a governed call: (contract, method of its binding, arguments…) → call.

    Raises UsageError where the contract is none of the deployment's.
    """
    offline = node()
    bindings: dict[str, ContractBinding] = {
        kind.NAME: kind(offline, contracts[kind.NAME]) for kind in _GOVERNED if kind.NAME in contracts
    }

    def encode(contract: str, method: str, *arguments: Any) -> CouncilCall:
        if contract not in bindings:
            raise UsageError(f"the trust file names no contract {contract} that the Council governs")
        call = getattr(bindings[contract], method)(*arguments)
        return CouncilCall(call.to, call.data)

    return encode


def open_council(chain_id: int, rpc: str, contracts: Mapping[str, str]) -> CouncilOnChain:
    """Return the Council of a deployment, as the node at `rpc` shows it; raises UsageError if there is none."""
    if deploy.COUNCIL not in contracts:
        raise UsageError("the trust file names no Council")
    web3 = node(rpc)
    council = Council(web3, contracts[deploy.COUNCIL])
    registry = AgencyRegistry(web3, contracts["AgencyRegistry"])
    chain = wiring.open_chain(rpc, {})

    def standing() -> CouncilStanding:
        return CouncilStanding(
            founders=council.founders(block=_LATEST),
            founded=council.registry(block=_LATEST) is not None,
            members=council.members(block=_LATEST),
            threshold=council.threshold(block=_LATEST),
            epoch=council.epoch(block=_LATEST),
            development=council.development(block=_LATEST),
            now=max(chain.head().time, int(time.time())),
        )

    def state_of(action: bytes) -> tuple[int, int]:
        found = council.action_state(action, block=_LATEST)
        return found.state, found.executable_at

    def encoded(method: str) -> Callable[..., tuple[str, bytes]]:
        def encode(*arguments: Any) -> tuple[str, bytes]:
            call = getattr(council, method)(*arguments)
            return call.to, call.data

        return encode

    return CouncilOnChain(
        chain_id=chain_id,
        address=council.address,
        standing=standing,
        state_of=state_of,
        is_admin=lambda key, agency: registry.entitled_agency(key, Role.ADMIN, block=_LATEST) == agency,
        read_call=call_reader(contracts),
        encode_schedule=encoded("schedule"),
        encode_execute=encoded("execute"),
        encode_founding=encoded("execute_founding"),
        encode_cancel=encoded("cancel"),
    )


@dataclass(frozen=True)
class ListedAction:
    """An action as the Council's events tell it; times in Unix seconds, `state` as in `services.council`."""

    action: str
    epoch: int
    executable_at: int
    expiry: int
    functions: tuple[str, ...]
    approved_by: tuple[int, ...]
    state: int


def listed_actions(rpc: str, contracts: Mapping[str, str]) -> list[ListedAction]:
    """Return every action that was ever scheduled, oldest first, read from the chain's events."""
    chain = wiring.open_chain(rpc, {deploy.COUNCIL: contracts[deploy.COUNCIL]})
    reader = CallReader(contracts)
    found: dict[str, ListedAction] = {}
    newest = chain.head().number
    for first in range(0, newest + 1, _BLOCKS_AT_ONCE):
        by_block = chain.events(first, min(first + _BLOCKS_AT_ONCE - 1, newest))
        for event in (event for block in sorted(by_block) for event in by_block[block]):
            if event.name == "ActionScheduled":
                found[event.args["action"]] = _listed(event.args, reader)
            elif event.name in _ENDS:
                ended = event.args["action"]
                found[ended] = replace(found[ended], state=_ENDS[event.name])
    return list(found.values())


def _listed(args: Mapping[str, Any], reader: CallReader) -> ListedAction:
    called = zip(args["targets"], args["selectors"], strict=True)
    return ListedAction(
        args["action"],
        args["epoch"],
        args["executableAt"],
        args["expiry"],
        tuple(reader.function(target, from_hex(selector, 4)) for target, selector in called),
        tuple(args["agencies"]),
        SCHEDULED,
    )


def open_acts(settings: Settings, administration: Administration) -> CouncilActs:
    """Return the Council of an administrator's deployment with the means to send to it."""
    council = open_council(administration.chain_id, wiring.rpc_url(settings), administration.contracts)
    return CouncilActs(council, administration)


def set_parameter(
    settings: Settings, acts: CouncilActs, name: str, value: int, approvers: Mapping[int, Signer]
) -> bool:
    """Let member keys of this machine set a parameter unless it has this value; says whether it was set.

    Raises TransactionFailed if there is none of this name, and as `CouncilActs.enact`.
    """
    contracts = acts.administration.contracts
    if parameter_of(settings, contracts, name) == value:
        return False
    call = call_encoder(contracts)("Parameters", "set", name, value)
    acts.enact(f"parameter/{name}/{value}", lambda: [call], approvers)
    return True


def set_catalogue_authority(
    settings: Settings, acts: CouncilActs, agency: int, approvers: Mapping[int, Signer]
) -> bool:
    """Let member keys of this machine name the catalogue authority unless it is; says whether it was named."""
    contracts = acts.administration.contracts
    if catalogue_authority_of(settings, contracts) == agency:
        return False
    call = call_encoder(contracts)("Catalogue", "set_catalogue_authority", agency)
    acts.enact(f"catalogue-authority/{agency}", lambda: [call], approvers)
    return True


def parameter_of(settings: Settings, contracts: Mapping[str, str], name: str) -> int:
    """Return a parameter's value now; raises TransactionFailed if there is none of this name."""
    return Parameters(node(wiring.rpc_url(settings)), contracts["Parameters"]).parameter(name, block=_LATEST)


def catalogue_authority_of(settings: Settings, contracts: Mapping[str, str]) -> int:
    """Return the agency that keeps the catalogue now, 0 if none."""
    return Catalogue(node(wiring.rpc_url(settings)), contracts["Catalogue"]).catalogue_authority(block=_LATEST)


def check_directory(trust: Trust, rpc: str) -> None:
    """Compare the directory on chain with the trust file, and the code there with what both say.

    Raises DirectoryDiffers where the directory names another address or code for a contract that the trust file pins,
    lacks one, or names one that the trust file does not; where the code at an address is another one. What succeeds the
    pinned RecordAnchors as published code is none of these. Raises another ChainError where the node does not answer,
    or has no directory yet.
    """
    pins = dict(trust.contracts)
    pin = pins.pop("SystemDirectory", None)
    if pin is None:
        raise DirectoryDiffers("the trust file names no SystemDirectory")
    chain = wiring.open_trusted_chain(rpc, trust)
    directory = SystemDirectory(node(rpc), pin.address)
    code_hash = chain.code_hash(pin.address)
    if code_hash == _NO_CODE:
        raise ChainError("there is no SystemDirectory at its address: the node is catching up, or shows another chain")
    if to_hex(code_hash) != pin.code_hash:
        raise DirectoryDiffers("the code of SystemDirectory is not the one that the trust file pins")
    names = directory.names(block=_LATEST)
    for name in sorted(pins.keys() | set(names)):
        entry = directory.contract_of(name, block=_LATEST)
        pinned = pins.get(name)
        if entry is None or pinned is None:
            where = "the directory" if entry is None else "the trust file"
            raise DirectoryDiffers(f"{where} names no contract {name[:32]!r}")
        if (entry.address, to_hex(entry.code_hash)) != (pinned.address, pinned.code_hash):
            if name != ANCHORS or entry.address != chain.anchors_line()[-1].address:
                raise DirectoryDiffers(f"the directory names another {name} than the trust file")
            if chain.code_hash(entry.address) != entry.code_hash:
                raise DirectoryDiffers(f"the code that succeeds {name} on this chain is not the one that was named")
        if to_hex(chain.code_hash(pinned.address)) != pinned.code_hash:
            raise DirectoryDiffers(f"the code of {name} on this chain is not the one that the trust file pins")


def deployment_faults(rpc: str, trust: Trust, terms: deploy.CouncilTerms | None = None) -> tuple[TrustDifference, ...]:
    """Return where the node at `rpc` shows other code, governors or contracts than published and pinned.

    With `terms` (those of the founding file), also where a contract is not pinned, and where the Council was created
    for other founders or another threshold, or was founded with another registry; and where all of that is as agreed,
    which contracts another creation code than the published one has made. Members as `chain.deployment_reading` names
    them, and `contracts.Council.<view>`. Raises ChainError.
    """
    with closing(wiring.open_chain(rpc, {})) as chain:
        faults = deployment_differences(chain, trust)
        members = {fault.member for fault in faults}
        if terms is None or members & {"chainId", "genesis", "contracts.Council.address", "contracts.Council.code"}:
            return faults
        council = Council(chain.web3, trust.contracts[deploy.COUNCIL].address)
        faults = (*faults, *_terms_faults(council, trust, terms))
        if faults:
            return faults
        arguments = [terms.argument(name) for name in GOVERNANCE_CONSTRUCTORS[deploy.COUNCIL]]
        return creation_differences(chain, trust, arguments)


def _terms_faults(council: Council, trust: Trust, terms: deploy.CouncilTerms) -> Iterator[TrustDifference]:
    for name in sorted(set(CONTRACTS) - trust.contracts.keys()):
        yield TrustDifference(f"contracts.{name}.address", None, PUBLISHED)
    wanted = tuple(founder.lower() for founder in terms.founders)
    registry = trust.contracts.get("AgencyRegistry")
    entered = council.registry(block=_LATEST)
    pairs: dict[str, tuple[Any, Any]] = {
        "founders": (", ".join(wanted), ", ".join(council.founders(block=_LATEST))),
        "development": (terms.development, council.development(block=_LATEST)),
    }
    if council.epoch(block=_LATEST) == 1:
        pairs["threshold"] = (terms.threshold, council.threshold(block=_LATEST))
    if entered is not None:
        pairs["registry"] = (None if registry is None else registry.address, entered)
    for view, (expected, found) in pairs.items():
        if expected != found:
            yield TrustDifference(f"contracts.{deploy.COUNCIL}.{view}", expected, found)


def anchors_in_force(trust: Trust, rpc: str) -> str:
    """Return the address of the RecordAnchors in force, as the directory names it; raises ChainError."""
    with closing(wiring.open_trusted_chain(rpc, trust)) as chain:
        return chain.anchors_line()[-1].address
