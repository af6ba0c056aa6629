"""What the governor alone may do, judged by the Council's executed actions; rules of keys, parameters and pauses."""

from collections import defaultdict
from collections.abc import Mapping

from ledger.core.audit.checks import Tally
from ledger.core.audit.governance import DEPLOYER, at, check_council
from ledger.core.audit.officers import check_officers
from ledger.core.chainfile import ChainFile, Trust
from ledger.core.codes import Role, excluded_pairs
from ledger.core.governance_facts import GOVERNOR, PauseFacts, RepudiationFacts
from ledger.core.governance_rules import (
    ACTS,
    GOVERNOR_PAUSE_SECONDS,
    GUARDIAN_PAUSE_EVERY_SECONDS,
    GUARDIAN_PAUSE_SECONDS,
    PARAMETER_BOUNDS,
    PAUSE_STOPS,
    selector_of,
)
from ledger.core.history import AnchorFacts, AsOf, ChainEvent, History, KeyFacts, Point, latest
from ledger.core.points import ANCHORS
from ledger.core.succession import NOBODY

COUNCIL = "Council"
DIRECTORY = "SystemDirectory"


def check_governance(tally: Tally, trust: Trust, chain: ChainFile, history: History) -> None:
    """Check that the history of government is legal: `council.*`, `key.*`, `parameter.bounds`, `pause.*` and so on.

    A deployment whose trust file names no Council is governed by a plain key: its acts are not judged, which a notice
    says.
    """
    judge = _ActsJudge(tally, trust, chain, history)
    if COUNCIL in trust.contracts:
        check_council(tally, trust, history)
        judge.acts()
    else:
        tally.notices["no Council: whoever holds the governor's key acts alone, and unjudged"] += 1
    judge.roles()
    check_officers(tally, history)
    judge.parameters()
    judge.pauses()
    judge.paused()
    judge.directory()
    judge.repudiations()


class _ActsJudge:
    def __init__(self, tally: Tally, trust: Trust, chain: ChainFile, history: History) -> None:
        self.tally, self.trust, self.chain, self.history = tally, trust, chain, history
        self.called = _called(history)
        self.addresses = {name: pin.address for name, pin in trust.contracts.items()}
        self.addresses |= {one.name: one.address for one in trust.line.contracts(history)}
        self.admins: defaultdict[int, list[tuple[str, KeyFacts]]] = defaultdict(list)
        for key, facts in history.keys.items():
            if facts.roles & Role.ADMIN.bit:
                self.admins[facts.agency].append((key, facts))
        parameters = next((one.transaction for one in chain.events if one.name == "ParameterSet"), None)
        members = history.governance.members
        self.constructed = {
            ("Parameters", "ParameterSet"): parameters,
            (COUNCIL, "MembersSet"): members[0].transaction if members else None,
        }
        """Transactions of constructors, whose events are no acts."""

    def acts(self) -> None:
        """Check `council.acts`."""
        for event in self.chain.events:
            which = event.kind, event.name
            if which in ACTS and self._is_governors(event):
                subject = f"{event.name} of {event.contract} in block {event.block}"
                expected = "an executed action of the Council that calls for it, in the same transaction"
                self._judge("council.acts", self._is_called(event), subject, expected, "there is none")

    def _is_called(self, event: ChainEvent) -> bool:
        address = self.addresses.get(event.contract)
        called = self.called.get(event.transaction, set())
        return any((address, selector_of(one)) in called for one in ACTS[event.kind, event.name])

    def _is_governors(self, event: ChainEvent) -> bool:
        """Say whether nobody but the governor could have done this."""
        which, args = (event.contract, event.name), event.args
        if which in self.constructed:
            return event.transaction != self.constructed[which]
        if event.name == "PauseSet":
            return bool(args["agency"] == GOVERNOR)
        if event.name == "KeyBound":
            return not self._usable_admins(args["agency"], self._before(event))
        if event.name == "KeyRevoked":
            return self._is_revoked_by_governor(event)
        return True

    def _is_revoked_by_governor(self, event: ChainEvent) -> bool:
        before = self._before(event)
        suspect_from: int = event.args["suspectFrom"]
        earliest = before.time - self.history.parameter("suspectWindow", before)
        facts = self.history.keys[event.args["key"]]
        is_last = self._usable_admins(facts.agency, before) == [event.args["key"]]
        return 0 < suspect_from < earliest or is_last

    def _usable_admins(self, agency: int, as_of: AsOf) -> list[str]:
        # A suspended agency still ends its keys, so its status is not asked.
        return [
            key for key, _ in self.admins[agency] if self.history.why_key_not(key, Role.ADMIN, agency, as_of) is None
        ]

    def _before(self, event: ChainEvent) -> AsOf:
        time = self.history.blocks[event.block].time
        return AsOf(time, Point(event.block, event.log_index - 1, time))

    def roles(self) -> None:
        """Check `key.roles`."""
        for key, facts in self.history.keys.items():
            allowed: int = latest(self.history.agencies[facts.agency].allowed_roles_since, at(facts.bound), 0)
            holds = not facts.roles & ~allowed and not excluded_pairs(facts.roles)
            expected = f"roles within {_names(allowed)}, no two that exclude one another"
            blames = f"agency {facts.agency} and {DEPLOYER}"
            self.tally.judge("key.roles", holds, f"key {key}", expected, _names(facts.roles), blames)

    def parameters(self) -> None:
        """Check `parameter.bounds`."""
        for name, values in self.history.parameters.items():
            bounds = PARAMETER_BOUNDS.get(name)
            for dated in values:
                expected = f"{bounds[0]} to {bounds[1]}" if bounds else "a parameter that there is"
                holds = bounds is not None and bounds[0] <= dated.value <= bounds[1]
                subject = f"parameter {name} in block {dated.since.block}"
                self._judge("parameter.bounds", holds, subject, expected, str(dated.value))

    def pauses(self) -> None:
        """Check `pause.limits`."""
        for contract, pauses in self.history.governance.pauses.items():
            for place, pause in enumerate(pauses):
                fault = _why_not_pause(pause, pauses[:place])
                subject = f"pause of {contract} in block {pause.point.block}"
                self._judge("pause.limits", fault is None, subject, "a pause within its limits", fault or "")

    def paused(self) -> None:
        """Check `pause.kept`."""
        governance = self.history.governance
        for event in self.chain.events if governance.pauses else ():
            which = event.contract, event.name
            if which not in PAUSE_STOPS or event.contract not in governance.pauses:
                continue
            before = self._before(event)
            holds = before.time >= governance.paused_until(event.contract, before)
            if not holds and event.name == "KeyBound":
                holds = self._is_called(event)
            subject = f"{event.contract} in block {event.block}"
            self._judge("pause.kept", holds, subject, "nothing that a pause stops", PAUSE_STOPS[which])

    def directory(self) -> None:
        """Check `directory.contracts`; `why_unverifiable` has refused what the directory names now and nobody knows.

        A RecordAnchors that may not succeed, which another naming has mended, is told of: nothing in it counts.
        """
        named: dict[str, str] = {}
        strange = self.trust.line.walk(self.history.governance.contracts)[1]
        for entry in self.history.governance.contracts:
            previous = named.get(entry.name, NOBODY)
            # What succeeds the pinned one was judged by its code when the line was walked.
            is_first = entry.name != ANCHORS or previous == NOBODY
            code_hash = self.trust.contracts[entry.name].code_hash if is_first else entry.code_hash
            holds = (entry.code_hash, entry.previous) == (code_hash, previous)
            subject = f"{entry.name} in block {entry.point.block}"
            expected = f"code {code_hash} after {previous}"
            found = f"code {entry.code_hash} after {entry.previous}"
            self._judge("directory.contracts", holds, subject, expected, found)
            if entry in strange:
                self.tally.notices[
                    f"{subject}: {entry.address} was named, which may not succeed: nothing in it counts"
                ] += 1
            named[entry.name] = entry.address
        if DIRECTORY in self.trust.contracts:
            missing = sorted(set(self.trust.contracts) - set(named) - {COUNCIL, DIRECTORY})
            for name in missing:
                self.tally.notices[f"the directory does not name {name}, which the trust file pins"] += 1

    def repudiations(self) -> None:
        """Check `batch.repudiated`, and tell of each: what it holds stays, and is disowned."""
        earlier: list[tuple[AnchorFacts, RepudiationFacts]] = []
        for one in self.history.governance.repudiations:
            batch, fault = f"batch {one.batch} of gateway {one.gateway}", None
            anchor = self._repudiated(one)
            if anchor is None:
                fault = "it was not anchored before"
            else:
                # A contract knows what the one before it has repudiated, and nothing of the one after it.
                if any(other is anchor and one.reaches(before.contract) for other, before in earlier):
                    fault = "it was repudiated before"
                earlier.append((anchor, one))
                batch += f" in {anchor.contract}" if anchor in self.history.stray_anchors else ""
            self._judge("batch.repudiated", fault is None, batch, "an anchored batch, once", fault or "")
            self.tally.notices[f"{batch} was repudiated in block {one.point.block} for reason {one.reason}"] += 1

    def _repudiated(self, one: RepudiationFacts) -> AnchorFacts | None:
        """Return the batch that is repudiated: of the stream, or beside it in an earlier contract."""
        anchor = self.history.anchor(one.gateway, one.batch)
        found = [*(() if anchor is None else (anchor,)), *self.history.stray_anchors]
        return next(
            (
                each
                for each in found
                if (each.gateway, each.batch) == (one.gateway, one.batch)
                and one.reaches(each.contract)
                and each.point <= one.point
            ),
            None,
        )

    def _judge(self, check: str, holds: bool, subject: str, expected: str, actual: str) -> None:
        self.tally.judge(check, holds, subject, expected, actual, DEPLOYER)


def _called(history: History) -> Mapping[str, set[tuple[str, str]]]:
    """Return what executed actions of the Council called, (target, selector), by transaction."""
    calls = {step.action: step.calls for step in history.governance.scheduled}
    called: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
    for step in history.governance.executed:
        called[step.transaction].update(calls.get(step.action, ()))
    return called


def _why_not_pause(pause: PauseFacts, before: list[PauseFacts]) -> str | None:
    time = pause.point.time
    lasts = pause.until - time
    if pause.agency == GOVERNOR:
        is_sound = pause.until == 0 or 0 < lasts <= GOVERNOR_PAUSE_SECONDS
        return None if is_sound else f"{lasts} seconds by the governor"
    # A longer pause stays as long as it is.
    if pause.until != max(time + GUARDIAN_PAUSE_SECONDS, before[-1].until if before else 0):
        return f"{lasts} seconds by a guardian of agency {pause.agency}"
    if any(one.agency == pause.agency and one.point.time > time - GUARDIAN_PAUSE_EVERY_SECONDS for one in before):
        return f"the second one of agency {pause.agency} in 30 days"
    return None


def _names(roles: int) -> str:
    return " ".join(role.name for role in Role if roles & role.bit) or "none"
