"""The founding of a Council: all founders act or nobody does, and nobody keeps a right of his own."""

from dataclasses import replace

import pytest

from ledger.chain.artifacts import deploy_data
from ledger.chain.contracts.binding import Call, GovernedBinding
from ledger.chain.contracts.council import Council
from ledger.core.codes import Role
from ledger.core.hexadecimal import to_hex
from ledger.core.typed_messages import PAUSABLE
from tests.contracts.chamber import Chamber
from tests.contracts.sandbox import DATA_BUREAU, FOUNDERS, NOBODY, THRESHOLD, Refused, Sandbox

pytestmark = pytest.mark.contracts

ADDRESSES = [founder.address for founder in FOUNDERS]


def test_a_fresh_council_has_its_founders_as_members_and_no_registry(unfounded: Chamber) -> None:
    council = unfounded.council
    assert council.members(block="latest") == (1, 2, 3, 4, 5)
    assert council.founders(block="latest") == tuple(ADDRESSES)
    assert (council.threshold(block="latest"), council.epoch(block="latest")) == (THRESHOLD, 1)
    assert council.registry(block="latest") is None
    assert not council.development(block="latest")
    logs = unfounded.sandbox.rpc("eth_getLogs", {"fromBlock": "0x0", "address": council.address})
    told = {"epoch": 1, "agencies": [1, 2, 3, 4, 5], "threshold": THRESHOLD}
    assert [unfounded.sandbox.decoder.decode(log) for log in logs] == [("Council", "MembersSet", told)]


@pytest.mark.parametrize(
    ("error", "founders", "threshold"),
    [
        ("FounderInvalid", [ADDRESSES[0], NOBODY], 2),
        ("FounderInvalid", [ADDRESSES[0], ADDRESSES[1], ADDRESSES[0]], 2),
        ("MemberCountInvalid", [], 0),
        ("MemberCountInvalid", [f"0x{number:040x}" for number in range(1, 66)], 33),
        ("ThresholdInvalid", ADDRESSES[:4], 2),
        ("ThresholdInvalid", ADDRESSES, 6),
    ],
)
def test_no_council_without_distinct_founders_and_a_majority(
    sandbox: Sandbox, error: str, founders: list[str], threshold: int
) -> None:
    with pytest.raises(Refused, match=error):
        sandbox.create(deploy_data("Council", founders, threshold, False))


def test_the_founding_is_done_at_once_and_told_like_any_action(unfounded: Chamber) -> None:
    sandbox = unfounded.sandbox
    action = unfounded.action(*unfounded.registrations(), unfounded.completion())
    outcome = sandbox.send(unfounded.founding(action))
    scheduled, executed, *others = outcome.events
    common = {"action": to_hex(unfounded.digest(action)), "epoch": 1, "agencies": [1, 2, 3, 4, 5], "keys": ADDRESSES}
    assert scheduled[1] == "ActionScheduled"
    assert scheduled[2]["executableAt"] == outcome.time
    assert {name: scheduled[2][name] for name in common} == common
    assert executed[1:] == ("ActionExecuted", common)
    assert [event[1] for event in others] == ["AgencyRegistered", "KeyBound"] * 5 + ["FoundingCompleted"]
    assert unfounded.council.registry(block="latest") == sandbox.registry.address
    for number, founder in enumerate(FOUNDERS, start=1):
        assert sandbox.registry.entitled_agency(founder.address, Role.ADMIN, block="latest") == number


def test_a_founding_may_take_several_actions_but_none_twice(unfounded: Chamber) -> None:
    sandbox = unfounded.sandbox
    first = unfounded.action(*unfounded.registrations()[:3])
    sandbox.send(unfounded.founding(first))
    sandbox.refuses("SaltUsed", unfounded.founding(first))
    sandbox.send(unfounded.founding(unfounded.action(*unfounded.registrations()[3:], unfounded.completion())))


def test_every_founder_must_approve_with_his_own_key(unfounded: Chamber) -> None:
    sandbox, members = unfounded.sandbox, unfounded.members
    action = unfounded.action(*unfounded.registrations(), unfounded.completion())
    sandbox.refuses("ThresholdNotReached", unfounded.founding(action, *members[:4]))
    sandbox.refuses("ThresholdNotReached", unfounded.founding(action, *members, replace(members[0], agency=6)))
    sandbox.refuses("ApprovalsNotAscending", unfounded.founding(action, *members[::-1]))
    strangers = replace(members[4], admin=sandbox.key())
    sandbox.refuses("ApproverNotEntitled", unfounded.founding(action, *members[:4], strangers))
    approvals = unfounded.approvals(unfounded.digest(action), *members)
    approvals[4]["signature"] = approvals[3]["signature"]
    sandbox.refuses("ApprovalSignatureInvalid", unfounded.council.execute_founding(action, approvals))
    sandbox.refuses("EpochNotCurrent", unfounded.founding(action | {"epoch": 2}))
    sandbox.refuses("ActionExpiryInvalid", unfounded.founding(action | {"expiry": sandbox.now}))
    sandbox.refuses("CallCountInvalid", unfounded.founding(unfounded.action()))


def test_before_the_founding_nothing_is_scheduled_and_no_member_changed(unfounded: Chamber) -> None:
    sandbox, council = unfounded.sandbox, unfounded.council
    action = unfounded.action(sandbox.parameters.set("anchorDelay", 600))
    sandbox.refuses("FoundingNotCompleted", unfounded.scheduling(action, *unfounded.members))
    sandbox.refuses("FoundingNotCompleted", council.set_members([1], 1), council.address)


def test_the_founding_is_completed_with_the_registry_that_the_council_governs(
    unfounded: Chamber, sandbox: Sandbox
) -> None:
    council = unfounded.council

    def refused(error: str, registry: str) -> str:
        return unfounded.sandbox.refuses(error, council.complete_founding(registry), council.address)

    assert refused("RegistryNotGoverned", sandbox.key().address).endswith(f"governor={NOBODY})")
    line = refused("RegistryNotGoverned", sandbox.registry.address)
    assert line.endswith(f"governor={sandbox.governor})")
    registry = unfounded.sandbox.registry.address
    refused("FounderNotAdmin", registry)
    unfounded.sandbox.send(unfounded.founding(unfounded.action(*unfounded.registrations()[:4])))
    line = refused("FounderNotAdmin", registry)
    assert line == f"FounderNotAdmin(agency=5, founder={ADDRESSES[4]})"


def test_agencies_stand_in_the_order_of_their_founders(unfounded: Chamber) -> None:
    calls = unfounded.registrations()
    action = unfounded.action(calls[1], calls[0], *calls[2:], unfounded.completion())
    unfounded.sandbox.refuses("CallFailed", unfounded.founding(action))


def test_after_the_founding_founders_have_no_right_of_their_own(chamber: Chamber) -> None:
    sandbox = chamber.sandbox
    action = chamber.action(sandbox.parameters.set("anchorDelay", 600))
    sandbox.refuses("FoundingAlreadyCompleted", chamber.founding(action))
    sandbox.refuses("FoundingAlreadyCompleted", chamber.completion(), chamber.council.address)
    sandbox.send(chamber.execution(chamber.scheduled(sandbox.registry.revoke_key_as_governor(ADDRESSES[0], 1, 0))))
    sandbox.refuses("ApproverNotEntitled", chamber.scheduling(action))


def governed_acts(sandbox: Sandbox) -> list[Call]:
    """One act of each kind that a governor alone may do."""
    registry, admin = sandbox.registry, sandbox.key()
    lost = {"agency": 1, "admin": admin.address, "validFrom": 0, "validUntil": 1 << 40}
    code = bytes(32)
    return [
        sandbox.registration(admin, kind=DATA_BUREAU),
        sandbox.relayed("RestoreAdmin", admin, **lost),
        registry.set_status(1, 2),
        registry.set_allowed_roles(1, 1),
        registry.revoke_key_as_governor(ADDRESSES[0], 1, 0),
        sandbox.catalogue.set_catalogue_authority(1),
        sandbox.parameters.set("anchorDelay", 600),
        sandbox.directory.set_contract("AgencyRegistry", registry.address, code),
        sandbox.relayed("Repudiate", FOUNDERS[0], batch=1, reason=1),
        *(sandbox.bindings[name].pause_as_governor(0) for name in PAUSABLE),
    ]


def test_neither_deployer_nor_founder_governs_any_contract(chamber: Chamber) -> None:
    sandbox = chamber.sandbox
    deployer = sandbox.relay
    for call in governed_acts(sandbox):
        for sender in (deployer, *ADDRESSES):
            sandbox.refuses("NotGovernor", call, sender)
    governed = (*sandbox.bindings.values(), sandbox.parameters, sandbox.directory)
    for contract in (one for one in governed if isinstance(one, GovernedBinding)):
        assert contract.governor(block="latest") == chamber.council.address


def test_a_council_for_development_waits_for_nothing(unfounded: Chamber) -> None:
    sandbox = unfounded.sandbox
    address = sandbox.create(deploy_data("Council", ADDRESSES, THRESHOLD, True))
    council = Council(unfounded.council._contract.w3, address)
    assert council.development(block="latest")
    for function in (sandbox.parameters.set("anchorDelay", 600).data[:4], council.set_members([1], 1).data[:4]):
        assert council.delay_of(sandbox.parameters.address, function, block="latest") == 0
        assert unfounded.council.delay_of(sandbox.parameters.address, function, block="latest") > 0
