"""Pausing a module: by whom, how long, how often, and what it stops in each."""

from collections.abc import Callable

import pytest

from ledger.chain.contracts.binding import Call, PausableBinding
from ledger.core.codes import Role
from ledger.core.typed_messages import PAUSABLE
from tests.contracts.offices import Offices, word
from tests.contracts.sandbox import DAY, Key, Member, Sandbox

pytestmark = pytest.mark.contracts

PAUSE = 3 * DAY
SUSPENDED = 2


@pytest.fixture
def member(sandbox: Sandbox) -> Member:
    return sandbox.register()


@pytest.fixture
def guardian(sandbox: Sandbox, member: Member) -> Key:
    return sandbox.bind(member, Role.GUARDIAN)


def module(sandbox: Sandbox, name: str) -> PausableBinding:
    binding = sandbox.bindings[name]
    assert isinstance(binding, PausableBinding)
    return binding


@pytest.mark.parametrize("name", PAUSABLE)
def test_a_guardian_pauses_a_module_for_three_days(sandbox: Sandbox, member: Member, guardian: Key, name: str) -> None:
    outcome = sandbox.send(sandbox.relayed(f"Pause{name}", guardian))
    assert outcome.event == ("PauseSet", {"agency": member.agency, "until": outcome.time + PAUSE})
    assert module(sandbox, name).paused_until(block="latest") == outcome.time + PAUSE
    assert module(sandbox, name).last_pause_of(member.agency, block="latest") == outcome.time


def test_an_agency_pauses_a_module_once_in_thirty_days(sandbox: Sandbox, member: Member, guardian: Key) -> None:
    first = sandbox.send(sandbox.relayed("PauseCatalogue", guardian))
    second = sandbox.bind(member, Role.GUARDIAN)
    line = sandbox.refuses("PausedTooOften", sandbox.relayed("PauseCatalogue", second))
    assert line == f"PausedTooOften(agency={member.agency}, again={first.time + 30 * DAY})"
    sandbox.send(sandbox.relayed("PauseAccessLedger", second))
    other = sandbox.bind(sandbox.register(), Role.GUARDIAN)
    sandbox.send(sandbox.relayed("PauseCatalogue", other))
    sandbox.sleep(30 * DAY - 600)
    sandbox.refuses("PausedTooOften", sandbox.relayed("PauseCatalogue", guardian))
    sandbox.sleep(600)
    sandbox.send(sandbox.relayed("PauseCatalogue", guardian))


def test_a_lifted_pause_counts_as_one(sandbox: Sandbox, guardian: Key) -> None:
    sandbox.send(sandbox.relayed("PauseCatalogue", guardian))
    outcome = sandbox.govern(sandbox.catalogue.pause_as_governor(0))
    assert outcome.event == ("PauseSet", {"agency": 0, "until": 0})
    assert sandbox.catalogue.paused_until(block="latest") == 0
    sandbox.refuses("PausedTooOften", sandbox.relayed("PauseCatalogue", guardian))


def test_only_a_guardian_key_of_an_active_agency_pauses(sandbox: Sandbox, member: Member, guardian: Key) -> None:
    for key in (member.admin, sandbox.bind(member, Role.SUBMIT), sandbox.key()):
        sandbox.refuses("NotGuardian", sandbox.relayed("PauseCatalogue", key))
    sandbox.govern(sandbox.registry.set_status(member.agency, SUSPENDED))
    sandbox.refuses("NotGuardian", sandbox.relayed("PauseCatalogue", guardian))


def test_the_governor_pauses_for_thirty_days_at_most(sandbox: Sandbox) -> None:
    catalogue = sandbox.catalogue
    longest = sandbox.now + 30 * DAY
    for until in (sandbox.now - 1, longest + 60):
        sandbox.refuses("PauseInvalid", catalogue.pause_as_governor(until), sandbox.governor)
    sandbox.refuses("NotGovernor", catalogue.pause_as_governor(longest), sandbox.relay)
    outcome = sandbox.govern(catalogue.pause_as_governor(longest))
    assert outcome.event == ("PauseSet", {"agency": 0, "until": longest})


def test_a_guardian_makes_no_pause_shorter(sandbox: Sandbox, guardian: Key) -> None:
    until = sandbox.now + 20 * DAY
    sandbox.govern(sandbox.catalogue.pause_as_governor(until))
    outcome = sandbox.send(sandbox.relayed("PauseCatalogue", guardian))
    assert outcome.event[1]["until"] == until
    assert sandbox.catalogue.paused_until(block="latest") == until


def stopped(offices: Offices) -> dict[str, tuple[str, Callable[[], Call]]]:
    """Every act that a pause stops: the module, and the call."""
    sandbox, admin = offices.sandbox, offices.authority.admin
    request, fresh = offices.asked(), sandbox.key()
    document = {"version": 1, "documentHash": word("document")}
    return {
        "bindKey": ("AgencyRegistry", lambda: sandbox.binding(offices.reader, fresh, [Role.READ])),
        "setEndpoint": (
            "AgencyRegistry",
            lambda: sandbox.relayed("SetEndpoint", offices.reader.admin, documentHash=word("document")),
        ),
        "setSealingKey": (
            "AgencyRegistry",
            lambda: sandbox.relayed("SetSealingKey", offices.reader.admin, sealingKey=word("key")),
        ),
        "publishItem": ("Catalogue", lambda: offices.item(88)),
        "retireItem": ("Catalogue", lambda: offices.sandbox.relayed("RetireItem", admin, **retired())),
        "setDutyList": ("Catalogue", lambda: sandbox.relayed("SetDutyList", admin, **document)),
        "setCalendar": ("Catalogue", lambda: sandbox.relayed("SetCalendar", admin, **document)),
        "record": ("ConsentRegistry", lambda: offices.consent()[1]),
        "request": ("AccessLedger", lambda: offices.ask().call),
        "decide": ("AccessLedger", lambda: offices.decision(request)),
    }


def retired() -> dict[str, object]:
    return {"authorityAdmin": "0x" + "0" * 40, "item": 6}


ACTS = (
    *("bindKey", "setEndpoint", "setSealingKey", "publishItem", "retireItem", "setDutyList", "setCalendar"),
    *("record", "request", "decide"),
)


@pytest.mark.parametrize("act", ACTS)
def test_a_paused_module_refuses_until_the_pause_is_over(offices: Offices, act: str) -> None:
    sandbox = offices.sandbox
    name, call = stopped(offices)[act]
    until = sandbox.now + DAY
    for other in set(PAUSABLE) - {name}:
        sandbox.govern(module(sandbox, other).pause_as_governor(until))
    snapshot = sandbox.rpc("evm_snapshot")
    sandbox.send(call())
    sandbox.rpc("evm_revert", snapshot)
    sandbox.govern(module(sandbox, name).pause_as_governor(until))
    assert sandbox.refuses("ModulePaused", call()) == f"ModulePaused(until={until})"
    sandbox.sleep(until - sandbox.now)
    sandbox.send(call())


def test_what_a_pause_never_stops_is_done_while_every_module_is_paused(offices: Offices) -> None:
    sandbox = offices.sandbox
    consent, emergency = offices.consented(), offices.ended()
    revoked, closed, request = offices.granted(), offices.granted(), offices.asked()
    retired, lost = (sandbox.bind(offices.holder, Role.READ) for _ in range(2))
    for name in PAUSABLE:
        sandbox.govern(module(sandbox, name).pause_as_governor(sandbox.now + 30 * DAY))
    ending = {"actor": offices.holder.admin.address, "key": retired.address}
    acts = [
        lambda: offices.withdrawal(consent),
        lambda: offices.act("RevokeGrant", offices.decider, grant=revoked, reason=1).call,
        lambda: offices.act("CloseGrant", offices.requester, grant=closed, outcome=1).call,
        lambda: offices.act("WithdrawRequest", offices.requester, request=request).call,
        lambda: offices.about("ReviewEmergency", emergency),
        lambda: offices.about("NoteNotified", emergency),
        lambda: offices.about("NoteDestroyed", emergency),
        lambda: offices.alarm().call,
        lambda: sandbox.relayed("Mark", offices.witness, recordId=word("record"), version=1, mark=1, reason=1),
        lambda: sandbox.relayed("RetireKey", offices.holder.admin, **ending),
        lambda: sandbox.relayed("RevokeKey", lost, key=lost.address, reason=1, suspectFrom=0),
    ]
    for act in acts:
        sandbox.send(act())
    sandbox.govern(sandbox.registry.revoke_key_as_governor(offices.second.address, 1, 0))
