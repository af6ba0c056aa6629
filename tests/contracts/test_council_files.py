"""What the Council's contract and the files of members agree on: digests and delays."""

from dataclasses import replace

import pytest

from ledger.chain.artifacts import CONTRACTS, abi_types, load
from ledger.chain.contracts.council import SCHEDULED
from ledger.core.council_action import DELAYS, LONGEST_DELAY, CouncilAction, CouncilCall
from ledger.core.council_approval import Approval, bundle_of
from ledger.core.keccak import keccak256
from ledger.core.signature import SigningKey
from ledger.services.council import action_values, approval_values
from tests.contracts.chamber import Chamber

pytestmark = pytest.mark.contracts


def test_every_function_of_every_contract_has_the_delay_that_the_files_say(chamber: Chamber) -> None:
    sandbox, known = chamber.sandbox, dict(DELAYS)
    for name in CONTRACTS:
        for entry in load(name).abi:
            if entry["type"] == "function" and entry["stateMutability"] == "nonpayable":
                signature = f"{entry['name']}({','.join(abi_types(entry['inputs']))})"
                selector = keccak256(signature.encode())[:4]
                delay = chamber.council.delay_of(sandbox.addresses[name], selector, block="latest")
                assert delay == DELAYS.get(selector, LONGEST_DELAY), signature
                known.pop(selector, None)
    assert not known, "a delay of a function that no contract has"


def test_the_contract_takes_what_the_files_hold_and_knows_the_action_by_their_id(chamber: Chamber) -> None:
    sandbox = chamber.sandbox
    call = sandbox.parameters.set("factsAge", 45)
    action = CouncilAction(
        sandbox.chain_id,
        chamber.council.address,
        (CouncilCall(call.to, call.data),),
        bytes(range(32)),
        chamber.council.epoch(block="latest"),
        sandbox.now + 100 * 86_400,
    )

    def approvals(of: CouncilAction, *, cancels: bool = False) -> list[Approval]:
        preimage = of.cancel_preimage if cancels else of.preimage
        return [
            Approval(
                of.id,
                member.agency,
                member.admin.address,
                SigningKey(member.admin.private).sign_preimage(preimage),
                cancels,
            )
            for member in reversed(chamber.members[:3])
        ]

    bundle = approval_values(bundle_of(action, approvals(action)))
    sandbox.send(chamber.council.schedule(action_values(action), bundle))
    assert chamber.council.action_state(action.id, block="latest").state == SCHEDULED
    other = replace(action, salt=bytes(32))
    sandbox.refuses("ApprovalSignatureInvalid", chamber.council.schedule(action_values(other), bundle))
    sandbox.sleep(action.delay)
    sandbox.send(chamber.council.execute(action_values(action), bundle))
    assert sandbox.parameters.parameter("factsAge", block="latest") == 45

    cancelled = approval_values(bundle_of(other, approvals(other)))
    sandbox.send(chamber.council.schedule(action_values(other), cancelled))
    words = approval_values(bundle_of(other, approvals(other, cancels=True), cancels=True))
    sandbox.send(chamber.council.cancel(other.id, words))
