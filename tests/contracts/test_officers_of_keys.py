"""Officers of keys: what excludes itself on one key excludes itself on all live keys of one person."""

import pytest

from ledger.core.codes import EXCLUSIVE_ROLES, Role
from ledger.core.eip712 import ZERO32
from ledger.core.officers import needs_officer
from tests.contracts.offices import Offices, word
from tests.contracts.sandbox import Key, Member, Sandbox

pytestmark = pytest.mark.contracts

OFFICER = word("officer 4711")


@pytest.fixture
def member(sandbox: Sandbox) -> Member:
    return sandbox.register()


def officer_of(sandbox: Sandbox, key: Key) -> bytes:
    return sandbox.registry.officer_of(key.address, block="latest")


def test_the_officer_of_a_key_is_named_when_it_is_bound(sandbox: Sandbox, member: Member) -> None:
    key = sandbox.key()
    outcome = sandbox.send(sandbox.binding(member, key, [Role.EMERGENCY], officer=OFFICER))
    assert [name for _, name, _ in outcome.events] == ["KeyBound", "OfficerNamed"]
    named = {"key": key.address, "agency": member.agency, "officer": "0x" + OFFICER.hex()}
    assert outcome.events[1][2] == named
    assert officer_of(sandbox, key) == OFFICER
    assert officer_of(sandbox, sandbox.key()) == ZERO32


@pytest.mark.parametrize("role", Role, ids=lambda role: role.name)
def test_a_key_needs_an_officer_if_a_role_of_its_excludes_another(sandbox: Sandbox, member: Member, role: Role) -> None:
    call = sandbox.binding(member, sandbox.key(), [role], officer=ZERO32)
    if needs_officer(role.bit):
        line = sandbox.refuses("OfficerMissing", call)
        assert line == f"OfficerMissing(roles={role.name})"
    else:
        assert [name for _, name, _ in sandbox.send(call).events] == ["KeyBound"]


@pytest.mark.parametrize("pair", EXCLUSIVE_ROLES, ids=lambda pair: "+".join(role.name for role in pair))
def test_exclusive_roles_never_stand_on_two_keys_of_one_officer(
    sandbox: Sandbox, member: Member, pair: tuple[Role, Role]
) -> None:
    first, second = pair
    sandbox.bind(member, Role.READ, officer=OFFICER)
    sandbox.bind(member, first, officer=OFFICER)
    line = sandbox.refuses("OfficerRolesExclusive", sandbox.binding(member, sandbox.key(), [second], officer=OFFICER))
    assert f"pair={'+'.join(role.name for role in sorted(pair))}" in line
    assert f"officer=0x{OFFICER.hex()}" in line
    sandbox.bind(member, second, officer=word("a colleague"))
    sandbox.bind(sandbox.register(), second, officer=OFFICER)


def test_the_second_key_of_an_officer_is_not_his_supervisor(offices: Offices) -> None:
    sandbox = offices.sandbox
    opener = officer_of(sandbox, offices.opener)
    second = sandbox.key()
    sandbox.refuses("OfficerRolesExclusive", sandbox.binding(offices.reader, second, [Role.SUPERVISE], officer=opener))
    alarm = offices.alarm(supervisor=second)
    sandbox.refuses("KeyNotEntitled", alarm.call)
    emergency = offices.opened()
    sandbox.refuses("KeyNotEntitled", offices.about("CoSignEmergency", emergency, second))


@pytest.mark.parametrize("end", ["retired", "revoked", "expired"])
def test_an_officer_whose_key_has_ended_may_take_the_other_part(sandbox: Sandbox, member: Member, end: str) -> None:
    key = sandbox.bind(member, Role.EMERGENCY, officer=OFFICER, validUntil=sandbox.now + 1000)
    call = sandbox.binding(member, sandbox.key(), [Role.SUPERVISE], officer=OFFICER)
    sandbox.refuses("OfficerRolesExclusive", call)
    if end == "retired":
        sandbox.send(sandbox.relayed("RetireKey", member.admin, key=key.address))
    elif end == "revoked":
        sandbox.send(sandbox.relayed("RevokeKey", member.admin, key=key.address, reason=1, suspectFrom=0))
    else:
        sandbox.sleep(998)
        sandbox.refuses("OfficerRolesExclusive", call)
        sandbox.sleep(2)
    sandbox.bind(member, Role.SUPERVISE, officer=OFFICER)
    back = sandbox.binding(member, sandbox.key(), [Role.EMERGENCY], officer=OFFICER)
    sandbox.refuses("OfficerRolesExclusive", back)


def test_a_key_that_is_not_valid_yet_counts_already(sandbox: Sandbox, member: Member) -> None:
    sandbox.bind(member, Role.DECIDE, officer=OFFICER, validFrom=sandbox.now + 1000)
    sandbox.refuses("OfficerRolesExclusive", sandbox.binding(member, sandbox.key(), [Role.AUDIT], officer=OFFICER))


def test_an_officer_has_at_most_sixteen_live_keys(sandbox: Sandbox, member: Member) -> None:
    held = [sandbox.bind(member, Role.READ, officer=OFFICER) for _ in range(16)]
    full = sandbox.binding(member, sandbox.key(), [Role.READ], officer=OFFICER)
    assert sandbox.refuses("TooManyKeysOfOfficer", full).endswith("most=16)")
    for key in (held[0], held[7], held[15]):
        sandbox.send(sandbox.relayed("RetireKey", member.admin, key=key.address))
    for _ in range(3):
        sandbox.bind(member, Role.READ, officer=OFFICER)
    sandbox.refuses("TooManyKeysOfOfficer", sandbox.binding(member, sandbox.key(), [Role.READ], officer=OFFICER))
