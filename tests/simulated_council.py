"""A simulated chain that a Council of three agencies governs, and the steps of its actions.

It tells what the contracts would tell; whoever wants to lie tells other steps, or changes the events.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ledger.core.audit.checks import Tally
from ledger.core.audit.governance_acts import check_governance
from ledger.core.canonical import encode
from ledger.core.chainfile import ChainFile, ContractPin, Trust, parse_trust, trust_document
from ledger.core.codes import Role
from ledger.core.governance_rules import (
    COMPLETE_FOUNDING,
    REGISTER_AGENCY,
    SET_AUTHORITY,
    SET_CONTRACT,
    selector_of,
)
from ledger.core.hexadecimal import to_hex
from ledger.core.keccak import keccak256
from tests.simulated_chain import SimulatedChain
from tests.simulated_consortium import CONTRACTS, FOREVER, address, number32

DAY = 86_400
NOBODY = "0x" + "00" * 20
MEMBERS = (1, 2, 3)
GOVERNED: dict[str, ContractPin] = {
    **CONTRACTS,
    "Council": ContractPin("0x" + "c1" * 20, to_hex(keccak256(b"Council"))),
    "SystemDirectory": ContractPin("0x" + "c2" * 20, to_hex(keccak256(b"SystemDirectory"))),
}
Told = tuple[str, str, dict[str, Any]]
Call = tuple[str, str]
"""(contract name, signature of the function)"""


def admin(agency: int) -> str:
    """Return the address of an agency's first ADMIN key, its founder's."""
    return address(f"admin of {agency}")


def bound(key: str, agency: int, roles: int = Role.ADMIN.bit, until: int = FOREVER) -> Told:
    """Return the event that binds a key."""
    args = {"key": key, "agency": agency, "roles": roles, "validFrom": 0, "validUntil": until}
    return "AgencyRegistry", "KeyBound", args


def registered(agency: int, allowed_roles: int = 8191) -> Told:
    """Return the event that registers an agency."""
    args = {"kind": 22, "region": 990101, "allowedRoles": allowed_roles, "documentHash": to_hex(number32("agency"))}
    return "AgencyRegistry", "AgencyRegistered", {"agency": agency, **args}


def named(name: str, pin: ContractPin | None = None, previous: str = NOBODY) -> Told:
    """Return the event that enters a contract in the directory, the pinned one if None."""
    pin = pin or GOVERNED[name]
    args = {"name": name, "at": pin.address, "codeHash": pin.code_hash, "previous": previous, "since": 1}
    return "SystemDirectory", "ContractSet", args


@dataclass
class GovernedChain(SimulatedChain):
    """Blocks since the Council was deployed; each block is one transaction."""

    engine: str = "simulated"
    salts: int = 0
    actions: dict[str, tuple[Call, ...]] = field(default_factory=dict)

    @property
    def chain(self) -> ChainFile:
        """The chain file."""
        return replace(super().chain, contracts=GOVERNED)

    @property
    def trust(self) -> Trust:
        """The trust file."""
        return parse_trust(encode(trust_document(self.chain_id, self.blocks[0].hash, GOVERNED, self.engine)))

    def scheduled(
        self, *calls: Call, waits: int, epoch: int = 1, agencies: Sequence[int] = (1, 2), **other: Any
    ) -> tuple[str, Told]:
        """Return the id of a new action and the event that schedules it in the next block, 2 seconds from now."""
        self.salts += 1
        action = to_hex(number32("action", self.salts))
        at = self.now + 2
        args = {
            **self.step(action, epoch, agencies),
            "executableAt": at + waits,
            "expiry": at + waits + 30 * DAY,
            "targets": [GOVERNED[contract].address for contract, _ in calls],
            "selectors": [selector_of(signature) for _, signature in calls],
            **other,
        }
        return action, ("Council", "ActionScheduled", args)

    def step(self, action: str, epoch: int = 1, agencies: Sequence[int] = (1, 2)) -> dict[str, Any]:
        """Return the arguments that the steps of an action have in common."""
        return {"action": action, "epoch": epoch, "agencies": [*agencies], "keys": [admin(one) for one in agencies]}

    def executed(self, action: str, epoch: int = 1, agencies: Sequence[int] = (1, 2), **other: Any) -> Told:
        """Return the event that executes an action."""
        return "Council", "ActionExecuted", {**self.step(action, epoch, agencies), **other}

    def act(
        self, call: Call, *told: Told, waits: int = 3 * DAY, epoch: int = 1, agencies: Sequence[int] = (1, 2)
    ) -> str:
        """Schedule a call, wait, and execute it, with the events that it writes; returns the action's id."""
        action, schedule = self.scheduled(call, waits=waits, epoch=epoch, agencies=agencies)
        self.mine([schedule])
        self.mine([self.executed(action, epoch, agencies), *told], seconds=waits)
        return action

    def found(self) -> str:
        """Found the consortium: agencies with their ADMIN keys, the directory, the catalogue's authority."""
        calls = [("AgencyRegistry", REGISTER_AGENCY)] * 3 + [("SystemDirectory", SET_CONTRACT)] * len(CONTRACTS)
        calls += [("Catalogue", SET_AUTHORITY), ("Council", COMPLETE_FOUNDING)]
        action, schedule = self.scheduled(*calls, waits=0, agencies=MEMBERS)
        members = [told for agency in MEMBERS for told in (registered(agency), bound(admin(agency), agency))]
        self.mine(
            [
                schedule,
                self.executed(action, 1, MEMBERS),
                *members,
                *(named(name) for name in CONTRACTS),
                ("Catalogue", "CatalogueAuthoritySet", {"agency": 1}),
                ("Council", "FoundingCompleted", {"registry": GOVERNED["AgencyRegistry"].address}),
            ]
        )
        return action

    def judged(self) -> Tally:
        """Return what the checks of governance find."""
        tally, chain = Tally(), self.chain
        check_governance(tally, self.trust, chain, chain.history())
        return tally


def deployed(engine: str = "simulated") -> GovernedChain:
    """Return a chain with the contracts deployed, before the founding."""
    chain = GovernedChain(engine=engine)
    chain.mine([])
    chain.mine([("Council", "MembersSet", {"epoch": 1, "agencies": [*MEMBERS], "threshold": 2})])
    values = {"anchorDelay": 300, "factsAge": 60, "suspectWindow": 30 * DAY}
    chain.mine([("Parameters", "ParameterSet", {"name": name, "value": value}) for name, value in values.items()])
    return chain


def founded(engine: str = "simulated") -> GovernedChain:
    """Return a chain whose consortium is founded, and whose second member has a second ADMIN key."""
    chain = deployed(engine)
    chain.found()
    chain.mine([bound(address("second admin"), 2), bound(address("reader"), 3, Role.READ.bit)])
    return chain
