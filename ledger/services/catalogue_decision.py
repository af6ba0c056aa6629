"""A decision of the Council about the content of the catalogue: an action that was made for one plan.

No call of the contracts takes a plan. But each action has a salt of 32 bytes that its approvals sign and its id is made
of; an action that names the catalogue authority once more, with the hash of a plan as salt, is the members' decision
about this plan and about no other. Executed, its state on chain says so for ever.
"""

from collections.abc import Iterator

from ledger.core.council_action import CouncilAction, CouncilCall
from ledger.services.council import EXECUTED, STATE_NAMES, CouncilOnChain


def decision_faults(action: CouncilAction, plan_hash: bytes, naming: CouncilCall) -> Iterator[str]:
    """Say why an action is no decision about a plan, nothing where it is; needs no network.

    `plan_hash` is the Keccak-256 (32 bytes) of the canonical plan, `naming` the call that names the plan's authority.
    """
    if action.salt != plan_hash:
        yield "the Council's action was made for another plan, or for none"
    if action.calls != (naming,):
        yield "the Council's action does something else than naming the catalogue authority of the plan"


def standing_faults(action: CouncilAction, council: CouncilOnChain) -> Iterator[str]:
    """Say why an action has not been decided by the Council on chain, nothing where it has."""
    if (action.chain_id, action.council) != (council.chain_id, council.address):
        yield "the Council's action is for another chain or another Council"
        return
    state = council.state_of(action.id)[0]
    if state != EXECUTED:
        yield f"the Council's action is {STATE_NAMES[state]}, not executed"
