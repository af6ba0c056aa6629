"""Send acts of the Council through the outbox, and let member keys of this machine act at once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ledger.core.council_action import CouncilAction, CouncilCall, parse_council_action
from ledger.core.council_approval import Approval
from ledger.core.hexadecimal import to_hex
from ledger.council_errors import ActionNotDue
from ledger.ports import Signer
from ledger.services.administration import Administration
from ledger.services.council import (
    DEFAULT_LIFE_SECONDS,
    EXECUTED,
    NOT_SCHEDULED,
    CouncilOnChain,
    action_values,
    approval_values,
    approve,
    judge_cancellation,
    judge_execution,
    judge_founding,
    judge_schedule,
    propose,
)

_KEPT_SETTING = "council action: "


@dataclass(frozen=True)
class CouncilActs:
    """A Council, and the means to send to it: any key's, since the sender has no power."""

    council: CouncilOnChain
    administration: Administration

    def found(self, action: CouncilAction, approvals: Sequence[Approval]) -> None:
        """Execute a founding action that all founders approve; raises as `judge_founding`, and TransactionFailed."""
        bundle = judge_founding(self.council, action, approvals)
        call = self.council.encode_founding(action_values(action), approval_values(bundle))
        self._send(f"council/found/{to_hex(action.id)}", *call)

    def schedule(self, action: CouncilAction, approvals: Sequence[Approval]) -> int:
        """Schedule an action and return the first second at which it can be executed (Unix seconds).

        Raises as `judge_schedule`, and TransactionFailed.
        """
        bundle = judge_schedule(self.council, action, approvals)
        call = self.council.encode_schedule(action_values(action), approval_values(bundle))
        self._send(f"council/schedule/{to_hex(action.id)}", *call)
        return self.council.state_of(action.id)[1]

    def execute(self, action: CouncilAction, approvals: Sequence[Approval]) -> None:
        """Execute a scheduled action; raises as `judge_execution`, and TransactionFailed where a call of it fails."""
        bundle = judge_execution(self.council, action, approvals)
        call = self.council.encode_execute(action_values(action), approval_values(bundle))
        self._send(f"council/execute/{to_hex(action.id)}", *call)

    def cancel(self, action: CouncilAction, cancellations: Sequence[Approval]) -> None:
        """Cancel a scheduled action; raises as `judge_cancellation`, and TransactionFailed."""
        bundle = judge_cancellation(self.council, action, cancellations)
        call = self.council.encode_cancel(action.id, approval_values(bundle))
        self._send(f"council/cancel/{to_hex(action.id)}", *call)

    def _send(self, intent: str, to: str, data: bytes) -> None:
        """Send by an intent; what was refused before is tried anew, since the state may have changed since."""
        self.administration.send(self.administration.fresh_intent(intent), to, data)

    def enact(
        self, purpose: str, make_calls: Callable[[], Sequence[CouncilCall]], approvers: Mapping[int, Signer]
    ) -> None:
        """Let member keys of this machine approve calls, schedule and execute them; safe to cut off and to repeat.

        The action is kept under `purpose` until it is executed, so a repetition goes on with the same one, and makes
        no second action of calls that were executed meanwhile. `approvers` are signers by agency; as many as the
        threshold asks for approve (all founders, before the founding is complete). Raises ActionNotDue (with the time)
        where the action is delayed: the same again later executes it; and as `schedule` and `execute`.
        """
        action = self._kept(purpose)
        if action is None:
            action = self._keep(purpose, propose(self.council, make_calls(), DEFAULT_LIFE_SECONDS))
        if self.council.state_of(action.id)[0] != EXECUTED:
            self._carry_out(action, approvers)
        with self.administration.store.begin() as transaction:
            transaction.set_setting(_KEPT_SETTING + purpose, None)

    def _carry_out(self, action: CouncilAction, approvers: Mapping[int, Signer]) -> None:
        standing = self.council.standing()
        if not standing.founded:
            self.found(action, [approve(action, agency, signer) for agency, signer in approvers.items()])
            return
        members = [agency for agency in sorted(approvers) if agency in standing.members][: standing.threshold]
        approvals = [approve(action, agency, approvers[agency]) for agency in members]
        if self.council.state_of(action.id)[0] == NOT_SCHEDULED:
            due = self.schedule(action, approvals)
            if due > self.council.standing().now:
                raise ActionNotDue(f"scheduled; the same command executes it from {due} (Unix seconds) on")
        self.execute(action, approvals)

    def _kept(self, purpose: str) -> CouncilAction | None:
        """Return the action that is kept under a purpose, None where it can come to nothing any more."""
        with self.administration.store.begin() as transaction:
            kept = transaction.setting(_KEPT_SETTING + purpose)
        if kept is None:
            return None
        action = parse_council_action(kept, self.council.read_call)
        if action.council != self.council.address:
            return None
        for verb in ("found", "schedule", "execute"):
            self.administration.finish(self.administration.fresh_intent(f"council/{verb}/{to_hex(action.id)}"))
        standing = self.council.standing()
        state, _ = self.council.state_of(action.id)
        is_live = action.epoch == standing.epoch and action.expiry > standing.now and state < EXECUTED
        return action if is_live or state == EXECUTED else None

    def _keep(self, purpose: str, action: CouncilAction) -> CouncilAction:
        with self.administration.store.begin() as transaction:
            transaction.set_setting(_KEPT_SETTING + purpose, action.encode(self.council.read_call).decode())
        return action
