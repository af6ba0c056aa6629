"""What contracts tell of self-government, and how its tests require that a lie is found."""

from collections.abc import Callable

from ledger.core.audit.governance import DEPLOYER
from ledger.core.governance_rules import SET_MEMBERS, SET_PARAMETER
from ledger.core.hexadecimal import to_hex
from tests.simulated_consortium import address, number32
from tests.simulated_council import GovernedChain, Told

Lie = Callable[[GovernedChain], object]
PARAMETER = ("Parameters", SET_PARAMETER)
MEMBERS = ("Council", SET_MEMBERS)
SECOND = address("second admin")


def parameter(value: int = 120, name: str = "factsAge") -> Told:
    return "Parameters", "ParameterSet", {"name": name, "value": value}


def members(epoch: int = 2, agencies: tuple[int, ...] = (1, 2, 3), threshold: int = 3) -> Told:
    return "Council", "MembersSet", {"epoch": epoch, "agencies": [*agencies], "threshold": threshold}


def status(agency: int, value: int = 2) -> Told:
    return "AgencyRegistry", "AgencyStatusSet", {"agency": agency, "status": value}


def allowed(agency: int, roles: int) -> Told:
    return "AgencyRegistry", "AllowedRolesSet", {"agency": agency, "allowedRoles": roles}


def revoked(key: str, suspect_from: int = 0) -> Told:
    return "AgencyRegistry", "KeyRevoked", {"key": key, "agency": 0, "reason": 1, "suspectFrom": suspect_from}


def paused(until: int, agency: int = 2, contract: str = "Catalogue") -> Told:
    return contract, "PauseSet", {"agency": agency, "until": until}


def anchored(batch: int = 1) -> Told:
    args = {"gateway": 1, "batch": batch, "root": to_hex(number32("r")), "head": to_hex(number32("h"))}
    return "RecordAnchors", "Anchored", {**args, "leafCount": 1, "firstSequence": batch}


def repudiated(batch: int = 1) -> Told:
    return "RecordAnchors", "BatchRepudiated", {"gateway": 1, "batch": batch, "reason": 3}


CALENDAR: Told = ("Catalogue", "CalendarSet", {"version": 1, "documentHash": to_hex(number32("calendar"))})


def require(chain: GovernedChain, lie: Lie, check: str, found: str, blames: str = DEPLOYER) -> None:
    lie(chain)
    failures = chain.judged().failures
    assert {failure.check for failure in failures} == {check}
    assert {failure.blames for failure in failures} == {blames}
    assert any(found in failure.actual for failure in failures), [failure.actual for failure in failures]
