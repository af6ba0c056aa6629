"""Council: what members approve, how long it waits, when it is done, and by whose word it is not."""

from dataclasses import replace
from typing import Any

import pytest

from ledger.chain.contracts.binding import Call
from ledger.chain.contracts.council import ActionState
from ledger.core.codes import Role
from ledger.core.hexadecimal import to_hex
from ledger.core.keccak import keccak256
from ledger.errors import FormatError
from tests.contracts.chamber import HOUR, LONGEST_DELAY, Chamber, approval
from tests.contracts.sandbox import DAY, FOUNDERS, NOBODY, Sandbox

pytestmark = pytest.mark.contracts

SUSPENDED = 2
EXECUTED, CANCELLED = 2, 3
DELAYS = {
    "pauseAsGovernor(uint64)": 0,
    "revokeKeyAsGovernor(address,uint16,uint64)": 0,
    "registerAgency((uint8,uint64,uint16,bytes32,address,uint64,uint64,uint256,uint64),bytes)": 24,
    "setStatus(uint32,uint8)": 24,
    "setAllowedRoles(uint32,uint16)": 24,
    "restoreAdmin((uint32,address,uint64,uint64,uint256,uint64),bytes)": 24,
    "setCatalogueAuthority(uint32)": 24,
    "set(bytes32,uint64)": 48,
    "setContract(bytes32,address,bytes32)": 72,
    "setMembers(uint32[],uint8)": 72,
    "completeFounding(address)": 72,
    "anythingElse()": 72,
}


def parameter(sandbox: Sandbox, value: int = 600) -> Call:
    return sandbox.parameters.set("anchorDelay", value)


def state(chamber: Chamber, action: dict[str, Any]) -> ActionState:
    return chamber.council.action_state(chamber.digest(action), block="latest")


def test_an_action_is_scheduled_executed_and_told_in_full(chamber: Chamber) -> None:
    sandbox, members = chamber.sandbox, chamber.members
    action = chamber.action(parameter(sandbox), sandbox.registry.set_status(5, SUSPENDED))
    scheduled = sandbox.send(chamber.scheduling(action, members[0], members[2], members[4]))
    common = {"action": to_hex(chamber.digest(action)), "epoch": 1}
    assert scheduled.event == (
        "ActionScheduled",
        common
        | {
            "executableAt": scheduled.time + 48 * HOUR,
            "expiry": action["expiry"],
            "targets": [sandbox.parameters.address, sandbox.registry.address],
            "selectors": [to_hex(call["data"][:4]) for call in action["calls"]],
            "agencies": [1, 3, 5],
            "keys": [FOUNDERS[place].address for place in (0, 2, 4)],
        },
    )
    assert state(chamber, action) == ActionState(1, scheduled.time + 48 * HOUR)
    sandbox.sleep(48 * HOUR)
    executed = sandbox.send(chamber.execution(action))
    assert [event[1:] for event in executed.events] == [
        (
            "ActionExecuted",
            common | {"agencies": [1, 2, 3], "keys": [key.address for key in FOUNDERS[:3]]},
        ),
        ("ParameterSet", {"name": "anchorDelay", "value": 600}),
        ("AgencyStatusSet", {"agency": 5, "status": SUSPENDED}),
    ]
    assert state(chamber, action).state == EXECUTED
    assert sandbox.parameters.parameter("anchorDelay", block="latest") == 600


@pytest.mark.parametrize("function", DELAYS)
def test_a_call_waits_as_long_as_its_class_says(chamber: Chamber, function: str) -> None:
    selector, target = keccak256(function.encode())[:4], chamber.sandbox.registry.address
    assert chamber.council.delay_of(target, selector, block="latest") == DELAYS[function] * HOUR
    action = chamber.action(Call(target, selector))
    scheduled = chamber.sandbox.send(chamber.scheduling(action))
    assert scheduled.event[1]["executableAt"] == scheduled.time + DELAYS[function] * HOUR


def test_data_too_short_for_a_function_waits_longest_and_shows_no_selector(chamber: Chamber) -> None:
    outcome = chamber.sandbox.send(chamber.scheduling(chamber.action(Call(NOBODY, b"\1\2\3"))))
    assert outcome.event[1]["selectors"] == ["0x00000000"]
    assert outcome.event[1]["executableAt"] == outcome.time + LONGEST_DELAY


def test_the_longest_delay_among_the_calls_counts(chamber: Chamber) -> None:
    registry = chamber.sandbox.registry
    calls = [registry.revoke_key_as_governor(FOUNDERS[4].address, 1, 0), registry.set_status(5, SUSPENDED)]
    for order in (calls, calls[::-1]):
        outcome = chamber.sandbox.send(chamber.scheduling(chamber.action(*order)))
        assert outcome.event[1]["executableAt"] == outcome.time + 24 * HOUR


def test_a_key_is_revoked_at_once(chamber: Chamber) -> None:
    sandbox = chamber.sandbox
    action = chamber.scheduled(sandbox.registry.revoke_key_as_governor(FOUNDERS[4].address, 1, 0))
    sandbox.send(chamber.execution(action))
    assert not sandbox.registry.is_entitled(FOUNDERS[4].address, Role.ADMIN, block="latest")


def test_nothing_is_executed_before_its_time_nor_from_its_expiry_on(chamber: Chamber) -> None:
    sandbox = chamber.sandbox
    action = chamber.action(parameter(sandbox), expiry=sandbox.now + 4 * DAY)
    sandbox.refuses("ActionNotScheduled", chamber.execution(action))
    sandbox.send(chamber.scheduling(action))
    sandbox.sleep(48 * HOUR - 600)
    sandbox.refuses("ActionNotDue", chamber.execution(action))
    sandbox.sleep(4 * DAY)
    sandbox.refuses("ActionExpired", chamber.execution(action))


def test_an_action_lives_longer_than_its_delay_and_ends_some_day(chamber: Chamber) -> None:
    sandbox = chamber.sandbox
    for expiry in (0, sandbox.now + 48 * HOUR - 60, 1 << 53):
        action = chamber.action(parameter(sandbox), expiry=expiry)
        sandbox.refuses("ActionExpiryInvalid", chamber.scheduling(action))
    sandbox.send(chamber.scheduling(chamber.action(parameter(sandbox), expiry=(1 << 53) - 1)))


def test_an_action_is_executed_once_and_its_salt_used_once(chamber: Chamber) -> None:
    sandbox = chamber.sandbox
    action = chamber.scheduled(parameter(sandbox))
    sandbox.refuses("SaltUsed", chamber.scheduling(action))
    sandbox.refuses("SaltUsed", chamber.scheduling(chamber.action(parameter(sandbox, 700), salt=action["salt"])))
    sandbox.sleep(LONGEST_DELAY)
    sandbox.send(chamber.execution(action))
    line = sandbox.refuses("ActionNotScheduled", chamber.execution(action))
    assert line.endswith("state=2)")
    sandbox.refuses("SaltUsed", chamber.scheduling(action))


@pytest.mark.parametrize(
    ("error", "places"),
    [
        ("ThresholdNotReached", []),
        ("ThresholdNotReached", [0, 1]),
        ("ApprovalsNotAscending", [0, 0, 1]),
        ("ApprovalsNotAscending", [0, 2, 1]),
        ("ApprovalsNotAscending", [1, 2, 0]),
    ],
)
def test_too_few_or_repeated_or_unsorted_approvals_are_refused(chamber: Chamber, error: str, places: list[int]) -> None:
    action = chamber.action(parameter(chamber.sandbox))
    digest = chamber.digest(action)
    approvals = [approval(digest, place + 1, FOUNDERS[place]) for place in places]
    chamber.sandbox.refuses(error, chamber.council.schedule(action, approvals))
    scheduled = chamber.scheduled(parameter(chamber.sandbox))
    chamber.sandbox.sleep(LONGEST_DELAY)
    digest = chamber.digest(scheduled)
    approvals = [approval(digest, place + 1, FOUNDERS[place]) for place in places]
    chamber.sandbox.refuses(error, chamber.council.execute(scheduled, approvals))


def test_only_members_with_an_admin_key_of_their_own_approve(chamber: Chamber) -> None:
    sandbox, members = chamber.sandbox, chamber.members
    submitter = sandbox.bind(members[2], Role.SUBMIT)
    action = chamber.action(parameter(sandbox))
    digest = chamber.digest(action)
    approvals = chamber.approvals(digest)
    for error, other in (
        ("ApproverNotEntitled", approval(digest, 3, submitter)),
        ("ApproverNotEntitled", approval(digest, 3, FOUNDERS[3])),
        ("ApproverNotEntitled", approval(digest, 3, sandbox.key())),
        ("NotMember", approval(digest, 6, FOUNDERS[2])),
        ("ApprovalSignatureInvalid", approval(keccak256(b"else"), 3, FOUNDERS[2])),
        ("ApprovalSignatureInvalid", approvals[2] | {"signature": b""}),
        ("ApprovalSignatureInvalid", approvals[2] | {"signature": approvals[1]["signature"]}),
    ):
        sandbox.refuses(error, chamber.council.schedule(action, [*approvals[:2], other]))
    nobodys = approvals[0] | {"agency": 0, "key": NOBODY}
    sandbox.refuses("ApprovalsNotAscending", chamber.council.schedule(action, [nobodys, *approvals]))
    sandbox.send(chamber.council.schedule(action, approvals))


def test_approvals_are_for_this_chain_and_this_council_only(chamber: Chamber) -> None:
    sandbox, action = chamber.sandbox, chamber.action(parameter(chamber.sandbox))
    chain_id, council = sandbox.chain_id, chamber.council
    sandbox.chain_id = chain_id + 1
    elsewhere = chamber.approvals(chamber.digest(action))
    sandbox.chain_id = chain_id
    sandbox.refuses("ApprovalSignatureInvalid", council.schedule(action, elsewhere))
    chamber.council = type(council)(council._contract.w3, sandbox.addresses["SystemDirectory"])
    of_another = chamber.approvals(chamber.digest(action))
    chamber.council = council
    sandbox.refuses("ApprovalSignatureInvalid", council.schedule(action, of_another))


@pytest.mark.parametrize("change", ["salt", "expiry", "calls"])
def test_whoever_hands_an_action_in_changes_nothing_in_it(chamber: Chamber, change: str) -> None:
    action = chamber.action(parameter(chamber.sandbox))
    other = chamber.action(parameter(chamber.sandbox, 700), expiry=action["expiry"] + 1)
    approvals = chamber.approvals(chamber.digest(action))
    altered = chamber.council.schedule(action | {change: other[change]}, approvals)
    chamber.sandbox.refuses("ApprovalSignatureInvalid", altered)


def test_an_approval_dies_with_its_key_and_another_member_may_take_its_place(chamber: Chamber) -> None:
    sandbox = chamber.sandbox
    action = chamber.scheduled(parameter(sandbox))
    revocation = chamber.scheduled(sandbox.registry.revoke_key_as_governor(FOUNDERS[1].address, 1, 0))
    sandbox.send(chamber.execution(revocation))
    sandbox.sleep(48 * HOUR)
    line = sandbox.refuses("ApproverNotEntitled", chamber.execution(action))
    assert line == f"ApproverNotEntitled(agency=2, key={FOUNDERS[1].address})"
    sandbox.send(chamber.execution(action, *(chamber.members[place] for place in (0, 2, 3))))


def test_a_suspended_agency_has_no_vote(chamber: Chamber) -> None:
    sandbox = chamber.sandbox
    action = chamber.scheduled(parameter(sandbox))
    chamber.carried(sandbox.registry.set_status(1, SUSPENDED))
    sandbox.refuses("ApproverNotEntitled", chamber.execution(action))
    sandbox.refuses("ApproverNotEntitled", chamber.scheduling(chamber.action(parameter(sandbox))))


def test_a_second_admin_key_of_an_agency_is_the_same_vote(chamber: Chamber) -> None:
    sandbox, members = chamber.sandbox, chamber.members
    second = replace(members[0], admin=sandbox.bind(members[0], Role.ADMIN))
    action = chamber.action(parameter(sandbox))
    sandbox.refuses("ApprovalsNotAscending", chamber.scheduling(action, members[0], second, members[1]))
    sandbox.send(chamber.scheduling(action, second, *members[1:3]))


def test_new_members_begin_an_epoch_in_which_nothing_scheduled_before_is_executed(chamber: Chamber) -> None:
    sandbox, members = chamber.sandbox, chamber.members
    action = chamber.scheduled(parameter(sandbox))
    outcome = chamber.carried(chamber.council.set_members([1, 2, 3, 4], 3))
    assert outcome.events[1][1:] == ("MembersSet", {"epoch": 2, "agencies": [1, 2, 3, 4], "threshold": 3})
    told = (chamber.council.epoch(block="latest"), chamber.council.members(block="latest"))
    assert (*told, chamber.council.threshold(block="latest")) == (2, (1, 2, 3, 4), 3)
    sandbox.refuses("EpochNotCurrent", chamber.execution(action))
    sandbox.refuses("EpochNotCurrent", chamber.scheduling(action))
    again = chamber.action(parameter(sandbox), salt=action["salt"])
    sandbox.refuses("NotMember", chamber.scheduling(again, *members[2:5]))
    sandbox.send(chamber.scheduling(again))


def test_members_cancel_what_they_have_scheduled_for_ever(chamber: Chamber) -> None:
    sandbox = chamber.sandbox
    action = chamber.action(parameter(sandbox))
    sandbox.refuses("ActionNotScheduled", chamber.cancelling(action))
    sandbox.send(chamber.scheduling(action))
    identifier = chamber.digest(action)
    sandbox.refuses("ThresholdNotReached", chamber.cancelling(action, *chamber.members[:2]))
    for digest in (identifier, chamber.cancellation(identifier, 2)):
        call = chamber.council.cancel(identifier, chamber.approvals(digest))
        sandbox.refuses("ApprovalSignatureInvalid", call)
    outcome = sandbox.send(chamber.cancelling(action, *chamber.members[2:]))
    keys = [key.address for key in FOUNDERS[2:]]
    told = {"action": to_hex(identifier), "epoch": 1, "agencies": [3, 4, 5], "keys": keys}
    assert outcome.event == ("ActionCancelled", told)
    assert state(chamber, action).state == CANCELLED
    sandbox.sleep(LONGEST_DELAY)
    sandbox.refuses("ActionNotScheduled", chamber.execution(action))
    sandbox.refuses("ActionNotScheduled", chamber.cancelling(action))
    sandbox.refuses("SaltUsed", chamber.scheduling(action))


def test_a_call_that_fails_undoes_all_and_says_which_and_why(chamber: Chamber) -> None:
    sandbox = chamber.sandbox
    action = chamber.scheduled(parameter(sandbox), parameter(sandbox, 1))
    sandbox.sleep(LONGEST_DELAY)
    line = sandbox.refuses("CallFailed", chamber.execution(action))
    assert line.startswith("CallFailed(index=1, reason=ParameterOutOfBounds(name=anchorDelay, value=1,")
    assert sandbox.parameters.parameter("anchorDelay", block="latest") == 300
    assert state(chamber, action).state == 1


def test_a_call_to_nobody_fails_and_is_not_taken_for_done(chamber: Chamber) -> None:
    action = chamber.scheduled(Call(chamber.sandbox.key().address, b"\1\2\3\4"))
    chamber.sandbox.sleep(LONGEST_DELAY)
    line = chamber.sandbox.refuses("CallFailed", chamber.execution(action))
    assert line.startswith("CallFailed(index=0")


def test_an_action_has_at_least_one_call_and_at_most_sixty_four(chamber: Chamber) -> None:
    sandbox = chamber.sandbox
    for count in (0, 65):
        action = chamber.action(*[parameter(sandbox)] * count)
        sandbox.refuses("CallCountInvalid", chamber.scheduling(action))
        sandbox.refuses("CallCountInvalid", chamber.execution(action))
    outcome = chamber.carried(*(parameter(sandbox, 600 + number) for number in range(64)))
    assert len(outcome.events) == 65
    assert sandbox.parameters.parameter("anchorDelay", block="latest") == 663


def test_a_called_contract_cannot_execute_the_action_a_second_time(chamber: Chamber) -> None:
    sandbox = chamber.sandbox
    caller = sandbox.key().address
    action = chamber.action(parameter(sandbox), Call(caller, b""))
    sandbox.rpc("anvil_setCode", caller, "0x" + calling(chamber.execution(action)).hex())
    sandbox.send(chamber.scheduling(action))
    sandbox.sleep(LONGEST_DELAY)
    line = sandbox.refuses("CallFailed", chamber.execution(action))
    assert "ActionNotScheduled" in line


def calling(call: Call) -> bytes:
    """Code that copies the data behind it, sends it in one call, and fails with what that answers."""
    size, code_size, good = f"61{len(call.data):04x}", "61003a", "6038"
    copy = f"{size}{code_size}600039"
    send = f"60006000{size}6000600073{call.to[2:]}5af1"
    fail_or_stop = f"{good}573d600060003e3d6000fd5b00"
    return bytes.fromhex(copy + send + fail_or_stop) + call.data


def test_the_council_alone_sets_its_members(chamber: Chamber) -> None:
    sandbox, council = chamber.sandbox, chamber.council
    for sender in (sandbox.relay, FOUNDERS[0].address):
        sandbox.refuses("NotCouncil", council.set_members([1, 2], 2), sender)
        sandbox.refuses("NotCouncil", chamber.completion(), sender)
    for error, agencies, threshold in (
        ("MemberCountInvalid", [], 0),
        ("MemberCountInvalid", range(1, 66), 64),
        ("ThresholdInvalid", [1, 2, 3, 4], 2),
        ("ThresholdInvalid", [1, 2, 3, 4], 5),
        ("ThresholdInvalid", [1], 0),
        ("MembersNotAscending", [1, 3, 2], 2),
        ("MembersNotAscending", [1, 2, 2], 2),
        ("MembersNotAscending", [0, 1, 2], 2),
        ("MemberNotActive", [1, 2, 6], 2),
    ):
        sandbox.refuses(error, council.set_members(agencies, threshold), council.address)


def test_an_action_or_approval_of_another_shape_is_not_even_encoded(chamber: Chamber) -> None:
    action = chamber.action(parameter(chamber.sandbox))
    with pytest.raises(FormatError):
        chamber.council.schedule({name: action[name] for name in action if name != "salt"}, [])
    with pytest.raises(FormatError):
        chamber.council.schedule(action, [{"agency": 1}])
    with pytest.raises(FormatError):
        chamber.council.schedule(action | {"epoch": -1}, [])
