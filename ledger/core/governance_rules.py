"""Rules that the contracts of a deployment keep, for an auditor to judge their events by (contracts page).

Delays of the Council's calls stand in `council_action.py`.

PERMANENT for histories that were written under them: another rule is another contract.
"""

from collections.abc import Mapping
from typing import Final

from ledger.core.keccak import keccak256

HOUR: Final = 3_600
DAY: Final = 24 * HOUR
MOST_MEMBERS: Final = 64


def selector_of(signature: str) -> str:
    """Return the selector (4 bytes, 0x hex) of a function by its canonical signature."""
    return "0x" + keccak256(signature.encode("ascii"))[:4].hex()


REGISTER_AGENCY: Final = "registerAgency((uint8,uint64,uint16,bytes32,address,uint64,uint64,uint256,uint64),bytes)"
RESTORE_ADMIN: Final = "restoreAdmin((uint32,address,uint64,uint64,uint256,uint64),bytes)"
SET_STATUS: Final = "setStatus(uint32,uint8)"
SET_ALLOWED_ROLES: Final = "setAllowedRoles(uint32,uint16)"
REVOKE_KEY: Final = "revokeKeyAsGovernor(address,uint16,uint64)"
SET_AUTHORITY: Final = "setCatalogueAuthority(uint32)"
SET_PARAMETER: Final = "set(bytes32,uint64)"
SET_CONTRACT: Final = "setContract(bytes32,address,bytes32)"
REPUDIATE: Final = "repudiate((address,uint64,uint16,uint256,uint64),bytes)"
PAUSE: Final = "pauseAsGovernor(uint64)"
SET_MEMBERS: Final = "setMembers(uint32[],uint8)"
COMPLETE_FOUNDING: Final = "completeFounding(address)"

ACTS: Final[Mapping[tuple[str, str], tuple[str, ...]]] = {
    ("AgencyRegistry", "AgencyRegistered"): (REGISTER_AGENCY,),
    ("AgencyRegistry", "AgencyStatusSet"): (SET_STATUS,),
    ("AgencyRegistry", "AllowedRolesSet"): (SET_ALLOWED_ROLES,),
    ("AgencyRegistry", "KeyBound"): (REGISTER_AGENCY, RESTORE_ADMIN),
    ("AgencyRegistry", "KeyRevoked"): (REVOKE_KEY,),
    ("AgencyRegistry", "PauseSet"): (PAUSE,),
    ("Catalogue", "CatalogueAuthoritySet"): (SET_AUTHORITY,),
    ("Catalogue", "PauseSet"): (PAUSE,),
    ("ConsentRegistry", "PauseSet"): (PAUSE,),
    ("AccessLedger", "PauseSet"): (PAUSE,),
    ("Parameters", "ParameterSet"): (SET_PARAMETER,),
    ("SystemDirectory", "ContractSet"): (SET_CONTRACT,),
    ("RecordAnchors", "BatchRepudiated"): (REPUDIATE,),
    ("Council", "MembersSet"): (SET_MEMBERS,),
    ("Council", "FoundingCompleted"): (COMPLETE_FOUNDING,),
}
"""Events that stand for an act of the governor (some only as `audit/governance_acts.py` says), and what is called."""

PARAMETER_BOUNDS: Final[Mapping[str, tuple[int, int]]] = {
    "anchorDelay": (10, DAY),
    "factsAge": (5, HOUR),
    "suspectWindow": (DAY, 365 * DAY),
    "grantLife": (DAY, 3 * 365 * DAY),
    "emergencyLife": (HOUR, 30 * DAY),
    "emergencyLifeUnsigned": (600, DAY),
    "reviewWithin": (DAY, 90 * DAY),
    "noticeWithin": (DAY, 180 * DAY),
    "noticeDeferral": (DAY, 365 * DAY),
    "destroyWithin": (DAY, 365 * DAY),
    "overdueReviewLimit": (0, 32),
    "reviewAgency": (0, (1 << 32) - 1),
    "reviewAgencySubstitute": (0, (1 << 32) - 1),
}
"""Lowest and highest value of each parameter, both included: seconds, a count, or the number of an agency."""

GUARDIAN_PAUSE_SECONDS: Final = 72 * HOUR
GUARDIAN_PAUSE_EVERY_SECONDS: Final = 30 * DAY
GOVERNOR_PAUSE_SECONDS: Final = 30 * DAY
PAUSE_STOPS: Final[Mapping[tuple[str, str], str]] = {
    ("AgencyRegistry", "KeyBound"): "a key was bound",
    ("AgencyRegistry", "EndpointSet"): "an endpoint was set",
    ("AgencyRegistry", "SealingKeySet"): "a sealing key was set",
    ("Catalogue", "ItemPublished"): "an item was published",
    ("Catalogue", "ItemRetired"): "an item was retired",
    ("Catalogue", "DutyListSet"): "a duty list was set",
    ("Catalogue", "CalendarSet"): "a calendar was set",
    ("ConsentRegistry", "ConsentRecorded"): "a consent was recorded",
    ("AccessLedger", "AccessRequested"): "a request was made",
    ("AccessLedger", "AccessGranted"): "a request was granted",
    ("AccessLedger", "AccessRefused"): "a request was refused",
}
"""Events that a paused contract does not write, but for a key that the governor's own act binds."""
