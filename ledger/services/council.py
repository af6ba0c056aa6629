"""Acts of the Council: propose an action, approve it, and judge a bundle before anything is sent.

Whoever sends a bundle has no power, so every check here is for a clear answer only; the contract makes it again.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ledger.core.council_action import CouncilAction, CouncilCall, ReadCall
from ledger.core.council_approval import Approval, bundle_of
from ledger.core.hexadecimal import to_hex
from ledger.council_errors import (
    ActionExpired,
    ActionNotDue,
    ActionStateMismatch,
    ApprovalKeyUnusable,
    ApprovalsMissing,
    EpochOver,
    MemberUnknown,
    SomeFoundersMissing,
)
from ledger.errors import UsageError
from ledger.ports import Signer

NOT_SCHEDULED, SCHEDULED, EXECUTED, CANCELLED = range(4)
STATE_NAMES = ("not scheduled", "scheduled", "executed", "cancelled")
DEFAULT_LIFE_SECONDS = 14 * 86_400
"""Long enough for the longest delay and for members who meet once a week."""

ActionValues = Mapping[str, Any]
ApprovalValues = Sequence[Mapping[str, Any]]
EncodeBundle = Callable[[ActionValues, ApprovalValues], tuple[str, bytes]]


@dataclass(frozen=True)
class CouncilStanding:
    """How the Council stands in the newest block; `now` is the later of that block's time and the clock."""

    founders: tuple[str, ...]
    founded: bool
    members: tuple[int, ...]
    threshold: int
    epoch: int
    development: bool
    now: int


@dataclass(frozen=True)
class CouncilOnChain:
    """One Council as a node shows it, and how calls to it are encoded."""

    chain_id: int
    address: str
    standing: Callable[[], CouncilStanding]
    state_of: Callable[[bytes], tuple[int, int]]
    """Action id → (state, first second at which it can be executed)."""
    is_admin: Callable[[str, int], bool]
    """(key, agency) → whether the key is a usable ADMIN of the active agency."""
    read_call: ReadCall
    encode_schedule: EncodeBundle
    encode_execute: EncodeBundle
    encode_founding: EncodeBundle
    encode_cancel: Callable[[bytes, ApprovalValues], tuple[str, bytes]]


def propose(
    council: CouncilOnChain, calls: Sequence[CouncilCall], life_seconds: int, salt: bytes | None = None
) -> CouncilAction:
    """Return a new action of these calls for the current epoch; raises UsageError where its delay would outlive it.

    `salt` are 32 bytes that are used once in an epoch, of chance where none are given.
    """
    standing = council.standing()
    expiry = standing.now + life_seconds
    action = CouncilAction(
        council.chain_id, council.address, tuple(calls), salt or secrets.token_bytes(32), standing.epoch, expiry
    )
    if standing.founded and not standing.development and action.delay >= life_seconds:
        raise UsageError(f"the action waits {action.delay // 3600} hours before it can be executed; let it live longer")
    return action


def approve(action: CouncilAction, agency: int, signer: Signer, *, cancels: bool = False) -> Approval:
    """Return an agency's approval of an action, or of its cancellation, signed by one of its ADMIN keys."""
    signature = signer.sign_preimage(action.cancel_preimage if cancels else action.preimage)
    return Approval(action.id, agency, signer.address, signature, cancels)


def judge_founding(
    council: CouncilOnChain, action: CouncilAction, approvals: Sequence[Approval]
) -> tuple[Approval, ...]:
    """Return the bundle of a founding action; raises a CouncilRefused, FormatError or SignatureError."""
    standing = council.standing()
    _judge_action(council, action, standing)
    bundle = bundle_of(action, approvals)
    missing = [place for place, _ in enumerate(standing.founders, 1) if place not in {one.agency for one in bundle}]
    if missing:
        raise SomeFoundersMissing(f"no approval of founder {', '.join(map(str, missing))}")
    _require_members(bundle, standing)
    for one in bundle:
        if one.key != standing.founders[one.agency - 1]:
            raise ApprovalKeyUnusable(f"founder {one.agency} speaks by {standing.founders[one.agency - 1]}")
    return bundle


def judge_schedule(
    council: CouncilOnChain, action: CouncilAction, approvals: Sequence[Approval]
) -> tuple[Approval, ...]:
    """Return the bundle that schedules an action; raises a CouncilRefused, FormatError or SignatureError."""
    standing = council.standing()
    _judge_action(council, action, standing)
    if not standing.development and action.expiry <= standing.now + action.delay:
        raise ActionExpired(f"it could be executed {action.delay // 3600} hours from now, after its expiry")
    _require_state(council, action, NOT_SCHEDULED)
    return _approved(council, standing, bundle_of(action, approvals))


def judge_execution(
    council: CouncilOnChain, action: CouncilAction, approvals: Sequence[Approval]
) -> tuple[Approval, ...]:
    """Return the bundle that executes an action; raises a CouncilRefused, FormatError or SignatureError."""
    standing = council.standing()
    _require_state(council, action, SCHEDULED)
    _judge_action(council, action, standing)
    due = council.state_of(action.id)[1]
    if standing.now < due:
        raise ActionNotDue(f"it can be executed from {due} (Unix seconds), that is in {due - standing.now} seconds")
    return _approved(council, standing, bundle_of(action, approvals))


def judge_cancellation(
    council: CouncilOnChain, action: CouncilAction, approvals: Sequence[Approval]
) -> tuple[Approval, ...]:
    """Return the bundle that cancels an action; raises a CouncilRefused, FormatError or SignatureError."""
    standing = council.standing()
    _require_here(council, action, standing)
    _require_state(council, action, SCHEDULED)
    return _approved(council, standing, bundle_of(action, approvals, cancels=True))


def action_values(action: CouncilAction) -> ActionValues:
    """Return an action as the contract takes it."""
    calls = [{"target": call.target, "data": call.data} for call in action.calls]
    return {"calls": calls, "salt": action.salt, "epoch": action.epoch, "expiry": action.expiry}


def approval_values(bundle: Sequence[Approval]) -> ApprovalValues:
    """Return approvals as the contract takes them."""
    return [{"agency": one.agency, "key": one.key, "signature": one.signature} for one in bundle]


def _require_here(council: CouncilOnChain, action: CouncilAction, standing: CouncilStanding) -> None:
    if (action.chain_id, action.council) != (council.chain_id, council.address):
        raise UsageError("the action is for another chain or another Council than the trust file names")
    if action.epoch != standing.epoch:
        raise EpochOver(f"the action is of epoch {action.epoch}, this is epoch {standing.epoch}")


def _judge_action(council: CouncilOnChain, action: CouncilAction, standing: CouncilStanding) -> None:
    _require_here(council, action, standing)
    if action.expiry <= standing.now:
        raise ActionExpired(f"its expiry was {action.expiry} (Unix seconds), now it is {standing.now}")


def _require_state(council: CouncilOnChain, action: CouncilAction, wanted: int) -> None:
    state = council.state_of(action.id)[0]
    if state != wanted:
        raise ActionStateMismatch(f"action {to_hex(action.id)} is {STATE_NAMES[state]}, not {STATE_NAMES[wanted]}")


def _require_members(bundle: Sequence[Approval], standing: CouncilStanding) -> None:
    for one in bundle:
        if one.agency not in standing.members:
            known = ", ".join(map(str, standing.members))
            raise MemberUnknown(f"agency {one.agency} is no member in epoch {standing.epoch}; members: {known}")


def _approved(council: CouncilOnChain, standing: CouncilStanding, bundle: tuple[Approval, ...]) -> tuple[Approval, ...]:
    if not standing.founded:
        raise SomeFoundersMissing("the consortium is not founded yet: execute the founding action first")
    _require_members(bundle, standing)
    for one in bundle:
        if not council.is_admin(one.key, one.agency):
            raise ApprovalKeyUnusable(f"key {one.key} is no usable ADMIN key of agency {one.agency}")
    if len(bundle) < standing.threshold:
        raise ApprovalsMissing(f"{len(bundle)} approvals, {standing.threshold} of {len(standing.members)} are needed")
    return bundle
