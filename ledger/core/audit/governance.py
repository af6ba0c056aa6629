"""Is the history of self-government legal? Each step of the Council judged by members, keys, delays and epochs.

The contracts make an illegal history impossible, and their code is pinned: what fails here was written by other code,
or told by a chain that was not the one that it says.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from ledger.core.audit.checks import Tally
from ledger.core.chainfile import Trust
from ledger.core.codes import Role
from ledger.core.council_action import DELAYS, LONGEST_DELAY
from ledger.core.governance_facts import CouncilStep, MembersFacts, ScheduledStep
from ledger.core.governance_rules import MOST_MEMBERS
from ledger.core.hexadecimal import from_hex
from ledger.core.history import AsOf, History, Point

DEPLOYER: Final = "whoever deployed on this chain"
"""Whom an act blames that the published code of the contracts does not let happen."""


def check_council(tally: Tally, trust: Trust, history: History) -> None:
    """Check `council.members`, `council.approvals`, `council.delay`, `council.execution` and `council.founding`."""
    judge = _CouncilJudge(tally, trust, history)
    judge.members()
    judge.founding()
    judge.approvals()
    judge.delays()
    judge.executions()
    if trust.is_development:
        tally.notices["a Council for development: its actions need not wait for their delays"] += 1


def at(point: Point) -> AsOf:
    """Return the moment right after what happened at a place."""
    return AsOf(point.time, point)


@dataclass(frozen=True)
class _CouncilJudge:
    tally: Tally
    trust: Trust
    history: History

    def members(self) -> None:
        epochs = self.history.governance.members
        if not epochs:
            self._judge("council.members", "the Council", "members of epoch 1", "there are none")
        for place, members in enumerate(epochs, 1):
            fault = _why_not_members(place, members)
            self._judge("council.members", f"epoch {members.epoch}", "members and a threshold in order", fault)

    def founding(self) -> None:
        foundings = self.history.governance.foundings
        if not foundings:
            self.tally.notices["the founding is not complete: its founders act together, and without delay"] += 1
        for place, founding in enumerate(foundings):
            fault = "it was complete before" if place else self._why_not_founded()
            subject = f"founding in block {founding.point.block}"
            self._judge("council.founding", subject, "every founder an ADMIN of his agency", fault)

    def _why_not_founded(self) -> str | None:
        founding = self.history.governance.foundings[0]
        pin = self.trust.contracts.get("AgencyRegistry")
        if pin is None or founding.registry != pin.address:
            return f"registry {founding.registry} is not the trusted one"
        for agency, key in enumerate(self._founders(), 1):
            refusal = self.history.why_not_entitled(key, Role.ADMIN, agency, at(founding.point))
            if refusal is not None:
                return f"agency {agency}: {refusal}"
        return None

    def _founders(self) -> tuple[str, ...]:
        """Return the founders' keys in the order of their agencies, as the first action of the founding says."""
        steps = self.history.governance.executed
        return steps[0].keys if steps and self._is_of_founding(steps[0].point) else ()

    def _is_of_founding(self, point: Point) -> bool:
        foundings = self.history.governance.foundings
        return not foundings or point < foundings[0].point

    def approvals(self) -> None:
        for subject, step in self._steps():
            fault = self._why_not_approved(step)
            self._judge("council.approvals", subject, "enough members of the epoch, by ADMIN keys of theirs", fault)

    def _steps(self) -> Iterator[tuple[str, CouncilStep]]:
        governance = self.history.governance
        for name, steps in (("schedule", governance.scheduled), ("cancellation", governance.cancelled)):
            yield from ((_subject(name, step), step) for step in steps)
        yield from ((_subject("execution", step), step) for step in governance.executed)

    def _why_not_approved(self, step: CouncilStep) -> str | None:
        members = self.history.governance.members_at(at(step.point))
        if members is None or step.epoch != members.epoch:
            return f"epoch {step.epoch} was not the one of that moment"
        if any(later <= earlier for earlier, later in pairwise(step.agencies)):
            return "an agency counts twice"
        strangers = sorted(set(step.agencies) - set(members.agencies))
        if strangers:
            return f"agency {strangers[0]} is no member"
        is_of_founding = self._is_of_founding(step.point)
        needed = len(members.agencies) if is_of_founding else members.threshold
        if len(step.agencies) < needed:
            return f"{len(step.agencies)} of {needed} approvals"
        if is_of_founding:
            return None if step.keys == self._founders() else "other keys than those of the founders"
        return self._why_not_keys(step)

    def _why_not_keys(self, step: CouncilStep) -> str | None:
        for agency, key in zip(step.agencies, step.keys, strict=True):
            refusal = self.history.why_not_entitled(key, Role.ADMIN, agency, at(step.point))
            if refusal is not None:
                return f"agency {agency}: {refusal}"
        return None

    def delays(self) -> None:
        for step in self.history.governance.scheduled:
            waits = step.executable_at - step.point.time
            needed = self._delay_of(step)
            fault = None if waits >= needed else f"{waits} seconds"
            self._judge("council.delay", _subject("schedule", step), f"at least {needed} seconds", fault)

    def _delay_of(self, step: ScheduledStep) -> int:
        if self.trust.is_development or self._is_of_founding(step.point):
            return 0
        return max((DELAYS.get(from_hex(selector), LONGEST_DELAY) for _, selector in step.calls), default=LONGEST_DELAY)

    def executions(self) -> None:
        """Walk through the steps of all actions in the order of the chain."""
        governance = self.history.governance
        standing: dict[str, ScheduledStep] = {}
        ended: dict[str, str] = {}
        steps = sorted((*governance.scheduled, *governance.executed, *governance.cancelled), key=lambda one: one.point)
        cancelled = {step.point for step in governance.cancelled}
        for step in steps:
            if isinstance(step, ScheduledStep):
                fault = "it was scheduled before" if step.action in standing else None
                standing.setdefault(step.action, step)
                self._judge("council.execution", _subject("schedule", step), "an action is scheduled once", fault)
                continue
            scheduled, name = standing.get(step.action), "cancellation" if step.point in cancelled else "execution"
            fault = "it was never scheduled" if scheduled is None else ended.get(step.action)
            if fault is None and scheduled is not None and name == "execution":
                fault = _why_not_executable(scheduled, step)
            ended.setdefault(step.action, f"it ended by {name} in block {step.point.block}")
            self._judge("council.execution", _subject(name, step), "a scheduled action, once, in its time", fault)

    def _judge(self, check: str, subject: str, expected: str, fault: str | None) -> None:
        self.tally.judge(check, fault is None, subject, expected, fault or "", DEPLOYER)


def _subject(name: str, step: CouncilStep) -> str:
    return f"{name} of action {step.action} in block {step.point.block}"


def _why_not_members(place: int, members: MembersFacts) -> str | None:
    agencies, count = members.agencies, len(members.agencies)
    if members.epoch != place:
        return f"epoch {members.epoch} in place {place}"
    if not 1 <= count <= MOST_MEMBERS or agencies[0] < 1 or any(b <= a for a, b in pairwise(agencies)):
        return "no list of 1 to 64 members, ascending, each once"
    if place == 1 and agencies != tuple(range(1, count + 1)):
        return f"founders of other agencies than 1 to {count}"
    if not count < 2 * members.threshold <= 2 * count:
        return f"threshold {members.threshold} of {count}"
    return None


def _why_not_executable(scheduled: ScheduledStep, step: CouncilStep) -> str | None:
    if step.epoch != scheduled.epoch:
        return f"scheduled for epoch {scheduled.epoch}, executed in epoch {step.epoch}"
    if step.point.time < scheduled.executable_at:
        return f"executed at {step.point.time}, executable at {scheduled.executable_at}"
    if step.point.time >= scheduled.expiry:
        return f"executed at {step.point.time}, expired at {scheduled.expiry}"
    return None
