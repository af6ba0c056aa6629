"""AgencyRegistry: binding of keys, their roles and their validity."""

import pytest

from ledger.chain.contracts.agency_registry import KeyInfo
from ledger.core.codes import EXCLUSIVE_ROLES, Role
from ledger.types import AgencyId
from tests.contracts.sandbox import Key, Member, Sandbox

pytestmark = pytest.mark.contracts

GRAVE = (Role.ADMIN, Role.DECIDE, Role.EMERGENCY, Role.API_SIGN)
SUSPENDED = 2


@pytest.fixture
def member(sandbox: Sandbox) -> Member:
    return sandbox.register()


def entitled(sandbox: Sandbox, key: Key, role: Role) -> bool:
    return sandbox.registry.is_entitled(key.address, role, block="latest")


def test_a_bound_key_has_its_roles_and_no_other(sandbox: Sandbox, member: Member) -> None:
    key = sandbox.key()
    now = sandbox.now
    outcome = sandbox.send(sandbox.binding(member, key, [Role.SUBMIT, Role.READ], validFrom=now, validUntil=now + 100))
    roles = Role.SUBMIT.bit | Role.READ.bit
    assert outcome.event == (
        "KeyBound",
        {
            "key": key.address,
            "agency": member.agency,
            "roles": roles,
            "validFrom": now,
            "validUntil": now + 100,
        },
    )
    assert {role for role in Role if entitled(sandbox, key, role)} == {Role.SUBMIT, Role.READ}
    assert sandbox.registry.entitled_agency(key.address, Role.READ, block="latest") == member.agency
    assert sandbox.registry.key_info(key.address, block="latest") == KeyInfo(
        AgencyId(member.agency), roles, 1, now, now + 100, 0, 0
    )


def test_a_key_that_was_never_bound_has_no_role(sandbox: Sandbox) -> None:
    key = sandbox.key()
    assert not any(entitled(sandbox, key, role) for role in Role)
    assert sandbox.registry.key_info(key.address, block="latest").state == 0


def test_validity_begins_with_its_first_second_and_ends_before_its_last(sandbox: Sandbox, member: Member) -> None:
    key = sandbox.key()
    begin = sandbox.now + 1000
    sandbox.send(sandbox.binding(member, key, [Role.SUBMIT], validFrom=begin, validUntil=begin + 100))
    seen = []
    for moment in (begin - 1, begin, begin + 99, begin + 100):
        sandbox.sleep(moment - sandbox.now)
        seen.append(entitled(sandbox, key, Role.SUBMIT))
    assert seen == [False, True, True, False]
    assert sandbox.registry.key_info(key.address, block="latest").state == 1


@pytest.mark.parametrize(("valid_from", "valid_until"), [(100, 100), (100, 99), (-100, 0), (-100, -50), (0, 1 << 53)])
def test_a_validity_that_is_empty_over_or_endless_is_refused(
    sandbox: Sandbox, member: Member, valid_from: int, valid_until: int
) -> None:
    now = sandbox.now
    call = sandbox.binding(
        member,
        sandbox.key(),
        [Role.SUBMIT],
        validFrom=now + valid_from,
        validUntil=now + valid_until if valid_until < 1 << 52 else valid_until,
    )
    sandbox.refuses("ValidityInvalid", call)


def test_a_bound_address_cannot_be_bound_again_by_anybody(sandbox: Sandbox, member: Member) -> None:
    other = sandbox.register()
    key = sandbox.bind(member, Role.SUBMIT)
    for agency in (member, other):
        line = sandbox.refuses("KeyAlreadyBound", sandbox.binding(agency, key, [Role.READ]))
        assert line == f"KeyAlreadyBound(key={key.address}, agency={member.agency})"


def test_a_retired_revoked_or_expired_address_cannot_be_bound_again(sandbox: Sandbox, member: Member) -> None:
    retired, revoked = sandbox.bind(member, Role.READ), sandbox.bind(member, Role.READ)
    expired = sandbox.bind(member, Role.READ, validUntil=sandbox.now + 10)
    sandbox.send(sandbox.relayed("RetireKey", member.admin, key=retired.address))
    sandbox.send(sandbox.relayed("RevokeKey", member.admin, key=revoked.address, reason=1, suspectFrom=0))
    sandbox.sleep(20)
    for key in (retired, revoked, expired):
        sandbox.refuses("KeyAlreadyBound", sandbox.binding(member, key, [Role.READ]))


@pytest.mark.parametrize("pair", EXCLUSIVE_ROLES, ids=lambda pair: "+".join(role.name for role in pair))
def test_exclusive_roles_never_stand_on_one_key(sandbox: Sandbox, member: Member, pair: tuple[Role, Role]) -> None:
    line = sandbox.refuses("RolesExclusive", sandbox.binding(member, sandbox.key(), [*pair, Role.READ]))
    assert f"pair={'+'.join(role.name for role in sorted(pair))}" in line
    for role in pair:
        sandbox.bind(member, role, Role.READ)


@pytest.mark.parametrize("roles", [0, 1 << 13, 1 << 15 | 2])
def test_roles_are_some_of_the_thirteen(sandbox: Sandbox, member: Member, roles: int) -> None:
    sandbox.refuses("RolesUnknown", sandbox.binding(member, sandbox.key(), roles))


def test_roles_that_the_agency_is_not_allowed_are_refused(sandbox: Sandbox) -> None:
    member = sandbox.register(allowedRoles=Role.ADMIN.bit | Role.SUBMIT.bit)
    line = sandbox.refuses("RolesNotAllowed", sandbox.binding(member, sandbox.key(), [Role.SUBMIT, Role.ANCHOR]))
    assert line == "RolesNotAllowed(roles=SUBMIT+ANCHOR, allowedRoles=ADMIN+SUBMIT)"


def test_a_key_that_did_not_sign_is_not_bound(sandbox: Sandbox, member: Member) -> None:
    key = sandbox.key()
    call = sandbox.binding(member, key, [Role.SUBMIT], signers=(member.admin, member.admin))
    assert key.address in sandbox.refuses("SignatureInvalid", call)


def test_a_binding_that_the_admin_did_not_sign_is_refused(sandbox: Sandbox, member: Member) -> None:
    key = sandbox.key()
    call = sandbox.binding(member, key, [Role.SUBMIT], signers=(key, key))
    assert member.admin.address in sandbox.refuses("SignatureInvalid", call)


def test_an_admin_binds_no_key_to_another_agency(sandbox: Sandbox, member: Member) -> None:
    other = sandbox.register()
    call = sandbox.binding(member, sandbox.key(), [Role.SUBMIT], agency=other.agency)
    line = sandbox.refuses("NotAdmin", call)
    assert line == f"NotAdmin(key={member.admin.address}, agency={other.agency})"


def test_a_key_without_role_admin_binds_no_key(sandbox: Sandbox, member: Member) -> None:
    submitter = sandbox.bind(member, Role.SUBMIT)
    sandbox.refuses("NotAdmin", sandbox.binding(Member(member.agency, submitter), sandbox.key(), [Role.READ]))


def test_an_expired_admin_binds_no_key(sandbox: Sandbox) -> None:
    member = sandbox.register(validUntil=sandbox.now + 10)
    sandbox.sleep(10)
    sandbox.refuses("NotAdmin", sandbox.binding(member, sandbox.key(), [Role.READ]))


def test_a_suspended_agency_binds_no_key(sandbox: Sandbox, member: Member) -> None:
    sandbox.govern(sandbox.registry.set_status(member.agency, SUSPENDED))
    sandbox.refuses("AgencyNotActive", sandbox.binding(member, sandbox.key(), [Role.READ]))


@pytest.mark.parametrize("role", GRAVE)
def test_a_grave_role_needs_a_second_admin_where_the_agency_has_two(
    sandbox: Sandbox, member: Member, role: Role
) -> None:
    second = sandbox.bind(member, Role.ADMIN)
    key = sandbox.key()
    line = sandbox.refuses("SecondAdminRequired", sandbox.binding(member, key, [role]))
    assert line == f"SecondAdminRequired(agency={member.agency}, roles={role.name})"
    sandbox.send(sandbox.binding(member, key, [role], second=second))
    assert entitled(sandbox, key, role)


@pytest.mark.parametrize("role", [role for role in Role if role not in GRAVE])
def test_another_role_needs_one_admin_only(sandbox: Sandbox, member: Member, role: Role) -> None:
    sandbox.bind(member, Role.ADMIN)
    assert entitled(sandbox, sandbox.bind(member, role), role)


def test_a_second_admin_is_not_needed_once_only_one_is_usable(sandbox: Sandbox, member: Member) -> None:
    sandbox.bind(member, Role.ADMIN, validUntil=sandbox.now + 50)
    sandbox.sleep(50)
    sandbox.bind(member, Role.DECIDE)


def test_the_second_admin_is_another_key_of_the_same_agency_that_has_signed(sandbox: Sandbox, member: Member) -> None:
    second = sandbox.bind(member, Role.ADMIN)
    stranger, submitter = sandbox.register().admin, sandbox.bind(member, Role.SUBMIT)
    key = sandbox.key()
    sandbox.refuses("SecondAdminSame", sandbox.binding(member, key, [Role.DECIDE], second=member.admin))
    for other in (stranger, submitter):
        sandbox.refuses("NotAdmin", sandbox.binding(member, key, [Role.DECIDE], second=other))
    unsigned = sandbox.binding(member, key, [Role.DECIDE], second=second, signers=(member.admin, key, key))
    assert second.address in sandbox.refuses("SignatureInvalid", unsigned)


def test_an_agency_has_at_most_sixteen_admins_and_expired_ones_make_room(sandbox: Sandbox, member: Member) -> None:
    second = sandbox.bind(member, Role.ADMIN)
    soon = sandbox.now + 5000
    short_lived = [sandbox.bind(member, Role.ADMIN, second=second, validUntil=soon) for _ in range(14)]
    assert len(sandbox.registry.usable_admins(member.agency, block="latest")) == 16
    line = sandbox.refuses("TooManyAdmins", sandbox.binding(member, sandbox.key(), [Role.ADMIN], second=second))
    assert line == f"TooManyAdmins(agency={member.agency}, most=16)"
    sandbox.sleep(5000)
    newest = sandbox.bind(member, Role.ADMIN, second=second)
    usable = {member.admin.address, second.address, newest.address}
    assert set(sandbox.registry.usable_admins(member.agency, block="latest")) == usable
    assert usable.isdisjoint(key.address for key in short_lived)


def test_a_retired_or_revoked_admin_makes_room_for_another(sandbox: Sandbox, member: Member) -> None:
    second = sandbox.bind(member, Role.ADMIN)
    retired, revoked, *_ = [sandbox.bind(member, Role.ADMIN, second=second) for _ in range(14)]
    sandbox.send(sandbox.relayed("RetireKey", member.admin, key=retired.address))
    members = {"key": revoked.address, "reason": 1, "suspectFrom": 0}
    sandbox.send(sandbox.relayed("RevokeKey", member.admin, **members))
    for _ in range(2):
        sandbox.bind(member, Role.ADMIN, second=second)
    full = sandbox.binding(member, sandbox.key(), [Role.ADMIN], second=second)
    sandbox.refuses("TooManyAdmins", full)
