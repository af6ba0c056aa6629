"""What one key can do by itself to widen its power under a Council of five with threshold three: nothing.

Each attempt is sent from the key's own address, with its own signature, and fails with its named error.
"""

from collections.abc import Callable

import pytest

from ledger.chain.contracts.binding import Call
from ledger.core.codes import Role
from ledger.core.typed_messages import PAUSABLE
from tests.contracts.chamber import Chamber
from tests.contracts.offices import Offices, word
from tests.contracts.sandbox import DAY, Member

pytestmark = pytest.mark.contracts
EVERY_ROLE = (1 << 13) - 1
Attempt = Callable[[Chamber, Member, Member], Call]


def rebinding(chamber: Chamber, member: Member, other: Member) -> Call:
    """Bind another agency's key to one's own, even with its consent."""
    return chamber.sandbox.binding(member, other.admin, [Role.READ])


def binding_for_another(chamber: Chamber, member: Member, other: Member) -> Call:
    """Bind a fresh key to another agency."""
    return chamber.sandbox.binding(Member(other.agency, member.admin), chamber.sandbox.key(), [Role.READ])


def ending(name: str, **members: int) -> Attempt:
    """End another agency's key."""
    return lambda chamber, member, other: chamber.sandbox.relayed(
        name, member.admin, key=other.admin.address, **members
    )


def lifted(contract: str) -> Attempt:
    """Set a pause of a module without being its guardian, or lift one."""
    return lambda chamber, _, __: chamber.sandbox.bindings[contract].pause_as_governor(0)


ATTEMPTS: dict[str, tuple[str, Attempt]] = {
    "widen the roles of its agency": (
        "NotGovernor",
        lambda chamber, member, _: chamber.sandbox.registry.set_allowed_roles(member.agency, EVERY_ROLE),
    ),
    "change the standing of another agency": (
        "NotGovernor",
        lambda chamber, _, other: chamber.sandbox.registry.set_status(other.agency, 2),
    ),
    "revoke another agency's key as the governor": (
        "NotGovernor",
        lambda chamber, _, other: chamber.sandbox.registry.revoke_key_as_governor(other.admin.address, 1, 0),
    ),
    "retire another agency's key": ("NotAdmin", ending("RetireKey")),
    "revoke another agency's key": ("NotAdmin", ending("RevokeKey", reason=1, suspectFrom=0)),
    "bind a key to another agency": ("NotAdmin", binding_for_another),
    "rebind an address": ("KeyAlreadyBound", rebinding),
    "change the members or the threshold": (
        "NotCouncil",
        lambda chamber, member, _: chamber.council.set_members([member.agency], 1),
    ),
    "pass an action with its own vote alone": (
        "ThresholdNotReached",
        lambda chamber, member, _: chamber.scheduling(
            chamber.action(chamber.sandbox.parameters.set("factsAge", 3_600)), member
        ),
    ),
    "set a parameter": ("NotGovernor", lambda chamber, _, __: chamber.sandbox.parameters.set("suspectWindow", DAY)),
    "name a contract in the directory": (
        "NotGovernor",
        lambda chamber, _, __: chamber.sandbox.directory.set_contract(
            "RecordAnchors", chamber.sandbox.addresses["Catalogue"], word("code")
        ),
    ),
    "make itself the catalogue's authority": (
        "NotGovernor",
        lambda chamber, member, _: chamber.sandbox.catalogue.set_catalogue_authority(member.agency),
    ),
    **{f"lift or set a pause of {contract}": ("NotGovernor", lifted(contract)) for contract in PAUSABLE},
    "pause without being a guardian": (
        "NotGuardian",
        lambda chamber, member, _: chamber.sandbox.relayed("PauseCatalogue", member.admin),
    ),
}


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_one_admin_key_alone_widens_nothing(chamber: Chamber, attempt: str) -> None:
    error, make = ATTEMPTS[attempt]
    member, other = chamber.members[0], chamber.members[1]
    chamber.sandbox.refuses(error, make(chamber, member, other), member.admin.address)


def test_a_delay_is_not_shortened_by_three_votes_either(chamber: Chamber) -> None:
    action = chamber.scheduled(chamber.sandbox.parameters.set("factsAge", 3_600))
    chamber.sandbox.refuses("ActionNotDue", chamber.execution(action), chamber.members[0].admin.address)


def test_nobody_judges_his_own_request_or_emergency(offices: Offices) -> None:
    sandbox = offices.sandbox
    decider = sandbox.bind(offices.reader, Role.DECIDE)
    sandbox.refuses("NotParty", offices.decision(offices.asked(), key=decider))
    reviewer = sandbox.bind(offices.reader, Role.REVIEW)
    sandbox.refuses("NotParty", offices.about("ReviewEmergency", offices.ended(), key=reviewer))
