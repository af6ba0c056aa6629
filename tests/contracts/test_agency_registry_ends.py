"""AgencyRegistry: how keys end, and what stays when an agency has lost its ADMINs."""

import pytest

from ledger.core.codes import Role
from tests.contracts.sandbox import DAY, Key, Member, Sandbox

pytestmark = pytest.mark.contracts

BOUND, RETIRED, REVOKED = 1, 2, 3
SUSPENDED = 2


@pytest.fixture
def member(sandbox: Sandbox) -> Member:
    return sandbox.register()


def retirement(sandbox: Sandbox, actor: Key, key: Key) -> None:
    sandbox.send(sandbox.relayed("RetireKey", actor, key=key.address))


def revocation(sandbox: Sandbox, actor: Key, key: Key, suspect_from: int = 0, reason: int = 1) -> None:
    members = {"key": key.address, "reason": reason, "suspectFrom": suspect_from}
    sandbox.send(sandbox.relayed("RevokeKey", actor, **members))


@pytest.mark.parametrize("by_itself", [False, True])
def test_a_key_is_retired_by_an_admin_or_by_itself(sandbox: Sandbox, member: Member, by_itself: bool) -> None:
    key = sandbox.bind(member, Role.SUBMIT)
    outcome = sandbox.send(sandbox.relayed("RetireKey", key if by_itself else member.admin, key=key.address))
    assert outcome.event == ("KeyRetired", {"key": key.address, "agency": member.agency})
    assert not sandbox.registry.is_entitled(key.address, Role.SUBMIT, block="latest")
    info = sandbox.registry.key_info(key.address, block="latest")
    assert (info.state, info.ended_at, info.suspect_from) == (RETIRED, outcome.time, 0)


@pytest.mark.parametrize("by_itself", [False, True])
def test_a_key_is_revoked_by_an_admin_or_by_itself(sandbox: Sandbox, member: Member, by_itself: bool) -> None:
    key = sandbox.bind(member, Role.SUBMIT)
    since = sandbox.now - 100
    actor = key if by_itself else member.admin
    outcome = sandbox.send(sandbox.relayed("RevokeKey", actor, key=key.address, reason=7, suspectFrom=since))
    assert outcome.event == (
        "KeyRevoked",
        {"key": key.address, "agency": member.agency, "reason": 7, "suspectFrom": since},
    )
    assert not sandbox.registry.is_entitled(key.address, Role.SUBMIT, block="latest")
    info = sandbox.registry.key_info(key.address, block="latest")
    assert (info.state, info.ended_at, info.suspect_from) == (REVOKED, outcome.time, since)


def test_a_retired_key_may_still_be_revoked_and_keeps_the_time_of_its_end(sandbox: Sandbox, member: Member) -> None:
    key = sandbox.bind(member, Role.SUBMIT)
    retirement(sandbox, member.admin, key)
    ended_at = sandbox.registry.key_info(key.address, block="latest").ended_at
    sandbox.sleep(60)
    revocation(sandbox, member.admin, key, suspect_from=ended_at - 5)
    info = sandbox.registry.key_info(key.address, block="latest")
    assert (info.state, info.ended_at, info.suspect_from) == (REVOKED, ended_at, ended_at - 5)


def test_an_ended_key_never_lives_again(sandbox: Sandbox, member: Member) -> None:
    retired, revoked = sandbox.bind(member, Role.SUBMIT), sandbox.bind(member, Role.SUBMIT)
    retirement(sandbox, member.admin, retired)
    revocation(sandbox, member.admin, revoked)
    for key, state in ((retired, RETIRED), (revoked, REVOKED)):
        line = sandbox.refuses("KeyAlreadyEnded", sandbox.relayed("RetireKey", member.admin, key=key.address))
        assert line == f"KeyAlreadyEnded(key={key.address}, state={state})"
    again = sandbox.relayed("RevokeKey", member.admin, key=revoked.address, reason=1, suspectFrom=0)
    sandbox.refuses("KeyAlreadyEnded", again)


def test_a_key_that_was_never_bound_is_neither_retired_nor_revoked(sandbox: Sandbox, member: Member) -> None:
    key = sandbox.key()
    for actor in (member.admin, key):
        sandbox.refuses("KeyUnknown", sandbox.relayed("RetireKey", actor, key=key.address))
        call = sandbox.relayed("RevokeKey", actor, key=key.address, reason=1, suspectFrom=0)
        sandbox.refuses("KeyUnknown", call)
    governors = sandbox.registry.revoke_key_as_governor(key.address, 1, 0)
    sandbox.refuses("KeyUnknown", governors, sandbox.governor)


def test_no_key_of_one_agency_ends_another_agencys_key(sandbox: Sandbox, member: Member) -> None:
    other = sandbox.register()
    submitter, colleague = sandbox.bind(member, Role.SUBMIT), sandbox.bind(member, Role.READ)
    for actor in (other.admin, colleague, sandbox.key()):
        sandbox.refuses("NotAdmin", sandbox.relayed("RetireKey", actor, key=submitter.address))
        call = sandbox.relayed("RevokeKey", actor, key=submitter.address, reason=1, suspectFrom=0)
        sandbox.refuses("NotAdmin", call)
    assert sandbox.registry.key_info(submitter.address, block="latest").state == BOUND


def test_the_last_admin_ends_neither_by_its_own_hand_nor_through_the_governor_as_relay(
    sandbox: Sandbox, member: Member
) -> None:
    admin = member.admin
    retire = sandbox.relayed("RetireKey", admin, key=admin.address)
    revoke = sandbox.relayed("RevokeKey", admin, key=admin.address, reason=1, suspectFrom=0)
    for call in (retire, revoke):
        for relay in (sandbox.relay, sandbox.governor):
            line = sandbox.refuses("LastAdmin", call, relay)
            assert line == f"LastAdmin(agency={member.agency}, key={admin.address})"


def test_an_admin_that_is_not_the_last_one_may_end(sandbox: Sandbox, member: Member) -> None:
    second = sandbox.bind(member, Role.ADMIN)
    retirement(sandbox, member.admin, member.admin)
    assert sandbox.registry.usable_admins(member.agency, block="latest") == (second.address,)
    call = sandbox.relayed("RevokeKey", second, key=second.address, reason=1, suspectFrom=0)
    sandbox.refuses("LastAdmin", call)


def test_an_expired_second_admin_does_not_make_the_other_one_dispensable(sandbox: Sandbox, member: Member) -> None:
    expired = sandbox.bind(member, Role.ADMIN, validUntil=sandbox.now + 10)
    sandbox.sleep(10)
    admin = member.admin
    sandbox.refuses("LastAdmin", sandbox.relayed("RetireKey", admin, key=admin.address))
    retirement(sandbox, admin, expired)


def test_the_governor_revokes_the_last_admin_and_restores_another(sandbox: Sandbox, member: Member) -> None:
    submitter = sandbox.bind(member, Role.SUBMIT)
    long_ago = sandbox.now - 400 * DAY
    sandbox.govern(sandbox.registry.revoke_key_as_governor(member.admin.address, 2, long_ago))
    assert sandbox.registry.usable_admins(member.agency, block="latest") == ()
    admin = sandbox.key()
    members = {
        "agency": member.agency,
        "validFrom": sandbox.now,
        "validUntil": sandbox.now + DAY,
    }
    outcome = sandbox.govern(sandbox.relayed("RestoreAdmin", admin, **members))
    assert outcome.event == (
        "KeyBound",
        {
            "key": admin.address,
            "agency": member.agency,
            "roles": Role.ADMIN.bit,
            "validFrom": members["validFrom"],
            "validUntil": members["validUntil"],
        },
    )
    retirement(sandbox, admin, submitter)


def test_the_governor_restores_no_admin_where_one_is_usable(sandbox: Sandbox, member: Member) -> None:
    members = {"agency": member.agency, "validFrom": sandbox.now, "validUntil": sandbox.now + DAY}
    call = sandbox.relayed("RestoreAdmin", sandbox.key(), **members)
    sandbox.refuses("AdminStillUsable", call, sandbox.governor)


def test_a_restored_admin_has_signed_and_was_never_bound(sandbox: Sandbox, member: Member) -> None:
    key = sandbox.bind(member, Role.READ)
    sandbox.govern(sandbox.registry.revoke_key_as_governor(member.admin.address, 1, 0))
    members = {"agency": member.agency, "validFrom": sandbox.now, "validUntil": sandbox.now + DAY}
    sandbox.refuses("KeyAlreadyBound", sandbox.relayed("RestoreAdmin", key, **members), sandbox.governor)
    unsigned = sandbox.relayed("RestoreAdmin", key, admin=sandbox.key().address, **members)
    sandbox.refuses("SignatureInvalid", unsigned, sandbox.governor)


def test_only_the_governor_restores_admins_and_revokes_as_governor(sandbox: Sandbox, member: Member) -> None:
    members = {"agency": member.agency, "validFrom": sandbox.now, "validUntil": sandbox.now + DAY}
    for call in (
        sandbox.relayed("RestoreAdmin", sandbox.key(), **members),
        sandbox.registry.revoke_key_as_governor(member.admin.address, 1, 0),
    ):
        for sender in (sandbox.relay, member.admin.address):
            sandbox.refuses("NotGovernor", call, sender)


def test_an_agency_calls_a_key_suspect_no_further_back_than_the_window(sandbox: Sandbox, member: Member) -> None:
    key = sandbox.bind(member, Role.SUBMIT)
    window = 30 * DAY
    early = {"key": key.address, "reason": 1, "suspectFrom": sandbox.now - window - 1}
    sandbox.refuses("SuspectFromTooEarly", sandbox.relayed("RevokeKey", member.admin, **early))
    sandbox.govern(sandbox.parameters.set("suspectWindow", window + 60))
    sandbox.send(sandbox.relayed("RevokeKey", member.admin, **early))


def test_nobody_calls_a_key_suspect_from_the_future_on(sandbox: Sandbox, member: Member) -> None:
    key = sandbox.bind(member, Role.SUBMIT)
    later = sandbox.now + 1000
    call = sandbox.relayed("RevokeKey", member.admin, key=key.address, reason=1, suspectFrom=later)
    sandbox.refuses("SuspectFromInFuture", call)
    governors = sandbox.registry.revoke_key_as_governor(key.address, 1, later)
    sandbox.refuses("SuspectFromInFuture", governors, sandbox.governor)


def test_a_revocation_has_a_reason(sandbox: Sandbox, member: Member) -> None:
    key = sandbox.bind(member, Role.SUBMIT)
    call = sandbox.relayed("RevokeKey", member.admin, key=key.address, reason=0, suspectFrom=0)
    sandbox.refuses("ReasonMissing", call)


def test_a_suspended_agency_still_revokes_its_keys(sandbox: Sandbox, member: Member) -> None:
    key = sandbox.bind(member, Role.SUBMIT)
    sandbox.govern(sandbox.registry.set_status(member.agency, SUSPENDED))
    revocation(sandbox, member.admin, key)
    assert sandbox.registry.key_info(key.address, block="latest").state == REVOKED
