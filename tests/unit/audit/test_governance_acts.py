"""Acts of the governor, keys, parameters, pauses, directory and repudiations: what was not legal is found."""

from dataclasses import replace
from pathlib import Path

import pytest

from ledger.core.audit.checks import Tally
from ledger.core.audit.governance import DEPLOYER
from ledger.core.audit.governance_acts import check_governance
from ledger.core.chainfile import ContractPin, why_unverifiable
from ledger.core.codes import Role
from ledger.core.governance_rules import (
    PAUSE,
    REGISTER_AGENCY,
    REPUDIATE,
    SET_ALLOWED_ROLES,
    SET_CONTRACT,
    SET_PARAMETER,
)
from ledger.core.hexadecimal import to_hex
from tests.simulated_consortium import CONTRACTS, address, number32
from tests.simulated_council import DAY, GOVERNED, GovernedChain, Told, admin, bound, founded, named, registered
from tests.simulated_ledger import honest_ledger
from tests.unit.audit.auditing import audit
from tests.unit.audit.governing import (
    CALENDAR,
    PARAMETER,
    SECOND,
    Lie,
    allowed,
    anchored,
    members,
    parameter,
    paused,
    repudiated,
    require,
    revoked,
    status,
)

pytestmark = pytest.mark.unit


def test_how_the_chain_was_read_stands_in_the_report(tmp_path: Path) -> None:
    report = audit(honest_ledger(), tmp_path, notices=["RPC quorum 1: endpoint 1 alone was believed"]).report
    assert "RPC quorum 1: endpoint 1 alone was believed" in report.notices


def test_an_illegal_history_of_government_makes_a_ledger_faulty_and_blames_whoever_deployed(tmp_path: Path) -> None:
    ledger = honest_ledger()
    ledger.mine([parameter(86_400)])
    audited = audit(ledger, tmp_path)
    audited.require("parameter.bounds", DEPLOYER, "86400")
    assert audited.failed == {"parameter.bounds"}


# --- acts of the governor ---


@pytest.mark.parametrize(
    "told",
    [
        (registered(4), bound(admin(4), 4)),
        (status(3),),
        (allowed(3, 8191),),
        (("Catalogue", "CatalogueAuthoritySet", {"agency": 2}),),
        (parameter(),),
        (members(2),),
        (paused(1_800_400_000, agency=0),),
        (revoked(address("reader"), 1),),
        (revoked(admin(1)),),
        (revoked(admin(1)), bound(address("restored"), 1)),
    ],
    ids=lambda told: told[-1][1],
)
def test_an_act_of_the_governor_outside_every_action_is_found(told: tuple[Told, ...]) -> None:
    require(founded(), lambda chain: chain.mine(told), "council.acts", "there is none")


def test_a_repudiation_outside_every_action_is_found() -> None:
    require(founded(), lambda chain: chain.mine([anchored(), repudiated()]), "council.acts", "there is none")


def test_an_action_that_calls_for_something_else_covers_no_act() -> None:
    require(founded(), lambda chain: chain.act(PARAMETER, status(3)), "council.acts", "there is none")
    other = ("Catalogue", SET_PARAMETER)
    require(founded(), lambda chain: chain.act(other, parameter()), "council.acts", "there is none")


def test_an_act_of_a_contract_that_nobody_pins_is_found() -> None:
    chain = founded()
    chain.act(PARAMETER, parameter(), waits=2 * DAY)
    chain.events = [one for one in chain.events if one.args.get("name") != "Parameters"]
    contracts = {name: pin for name, pin in GOVERNED.items() if name != "Parameters"}
    tally = Tally()
    check_governance(tally, replace(chain.trust, contracts=contracts), chain.chain, chain.history())
    assert [failure.check for failure in tally.failures] == ["council.acts"]


def test_without_a_council_acts_are_not_judged_and_that_is_told() -> None:
    chain = founded()
    chain.events = [event for event in chain.events if event.contract not in ("Council", "SystemDirectory")]
    plain = replace(chain.trust, contracts=CONTRACTS)
    tally = Tally()
    check_governance(tally, plain, chain.chain, chain.history())
    assert tally.failures == []
    assert list(tally.notices) == ["no Council: whoever holds the governor's key acts alone, and unjudged"]


# --- keys, parameters, pauses, directory, repudiations ---


def test_a_key_has_no_role_that_its_agency_was_not_allowed_when_it_was_bound() -> None:
    chain = founded()
    narrow = Role.ADMIN.bit | Role.READ.bit
    chain.act(("AgencyRegistry", SET_ALLOWED_ROLES), allowed(3, narrow), waits=DAY)
    chain.mine([bound(address("submits"), 3, Role.SUBMIT.bit)])
    chain.act(("AgencyRegistry", SET_ALLOWED_ROLES), allowed(3, 8191), waits=DAY)
    chain.mine([bound(address("submits, allowed"), 3, Role.SUBMIT.bit)])
    failures = chain.judged().failures
    assert [(one.check, one.subject) for one in failures] == [("key.roles", f"key {address('submits')}")]
    assert (failures[0].expected[:23], failures[0].actual) == ("roles within ADMIN READ", "SUBMIT")
    assert failures[0].blames == f"agency 3 and {DEPLOYER}"


def test_a_key_has_no_two_roles_that_exclude_one_another() -> None:
    roles = Role.DECIDE.bit | Role.AUDIT.bit
    blames = f"agency 3 and {DEPLOYER}"
    require(founded(), lambda chain: chain.mine([bound(address("k"), 3, roles)]), "key.roles", "DECIDE AUDIT", blames)


@pytest.mark.parametrize(("name", "value"), [("factsAge", 4), ("factsAge", 3_601), ("shoeSize", 44)])
def test_a_parameter_beyond_its_hard_bounds_is_found(name: str, value: int) -> None:
    def lie(chain: GovernedChain) -> None:
        chain.act(PARAMETER, parameter(value, name), waits=2 * DAY)

    require(founded(), lie, "parameter.bounds", str(value))


LIFE = 3 * DAY


def guardian(*pauses: tuple[int, int], wait: int = DAY) -> Lie:
    def lie(chain: GovernedChain) -> None:
        for agency, lasts in pauses:
            chain.mine([paused(chain.now + wait + lasts, agency)], seconds=wait)

    return lie


def governor(lasts: int) -> Lie:
    return lambda chain: chain.act(("Catalogue", PAUSE), paused(chain.now + 2 + lasts, agency=0), waits=0)


@pytest.mark.parametrize(
    ("lie", "found"),
    [
        (guardian((2, LIFE + 1)), "259201 seconds by a guardian of agency 2"),
        (guardian((2, LIFE - 1)), "259199 seconds by a guardian of agency 2"),
        (guardian((2, LIFE), (3, 0)), "0 seconds by a guardian of agency 3"),
        (guardian((2, LIFE), (3, LIFE), (2, LIFE), wait=14 * DAY), "the second one of agency 2 in 30 days"),
        (governor(30 * DAY + 1), "2592001 seconds by the governor"),
        (governor(0), "0 seconds by the governor"),
    ],
    ids=["long", "short", "lifted by a guardian", "often", "governor, long", "governor, over"],
)
def test_a_pause_beyond_its_limits_is_found(lie: Lie, found: str) -> None:
    require(founded(), lie, "pause.limits", found)


def test_a_guardian_may_pause_again_after_thirty_days() -> None:
    chain = founded()
    guardian((2, LIFE), (2, LIFE), wait=30 * DAY)(chain)
    assert chain.judged().failures == []


def test_a_guardian_does_not_shorten_a_longer_pause() -> None:
    chain = founded()
    until = chain.now + 2 + 30 * DAY
    governor(30 * DAY)(chain)
    chain.mine([paused(until, 2)])
    assert chain.judged().failures == []
    require(chain, guardian((3, LIFE)), "pause.limits", "259200 seconds by a guardian of agency 3")


def test_what_a_pause_stops_is_not_there_while_it_lasts() -> None:
    chain = founded()
    guardian((2, LIFE))(chain)
    chain.mine([CALENDAR], seconds=LIFE)
    assert chain.judged().failures == []
    guardian((3, LIFE))(chain)
    require(chain, lambda one: one.mine([CALENDAR], seconds=LIFE - 1), "pause.kept", "a calendar was set")


def test_a_paused_registry_still_takes_the_governors_keys_and_revocations() -> None:
    chain = founded()
    action, schedule = chain.scheduled(("AgencyRegistry", REGISTER_AGENCY), waits=DAY)
    chain.mine([schedule])
    chain.mine([paused(chain.now + 2 + 3 * DAY, contract="AgencyRegistry")])
    chain.mine([chain.executed(action), registered(4), bound(admin(4), 4)], seconds=DAY)
    chain.mine([revoked(SECOND)])
    assert chain.judged().failures == []
    require(chain, lambda one: one.mine([bound(address("k"), 3)]), "pause.kept", "a key was bound")


def test_the_directory_names_the_code_that_is_pinned() -> None:
    other = ContractPin(CONTRACTS["Catalogue"].address, to_hex(number32("other code")))

    def lie(chain: GovernedChain) -> None:
        chain.act(("SystemDirectory", SET_CONTRACT), named("Catalogue", other, CONTRACTS["Catalogue"].address))

    require(founded(), lie, "directory.contracts", other.code_hash)


def test_a_successor_follows_the_contract_that_was_named() -> None:
    require(
        founded(),
        lambda chain: chain.act(("SystemDirectory", SET_CONTRACT), named("Catalogue")),
        "directory.contracts",
        "after 0x00",
    )


def test_a_successor_that_the_trust_file_does_not_pin_makes_the_chain_unverifiable() -> None:
    chain = founded()
    assert why_unverifiable(chain.trust, chain.chain, chain.history()) is None
    successor = ContractPin(address("successor"), to_hex(number32("code")))
    chain.act(("SystemDirectory", SET_CONTRACT), named("RecordAnchors", successor, CONTRACTS["RecordAnchors"].address))
    why = why_unverifiable(chain.trust, chain.chain, chain.history())
    assert why is not None
    assert f"names {successor.address} for RecordAnchors from block 6 on" in why
    chain = founded()
    chain.act(("SystemDirectory", SET_CONTRACT), named("Unknown", successor))
    assert why_unverifiable(chain.trust, chain.chain, chain.history()) is not None


def test_a_contract_that_the_directory_leaves_out_is_told() -> None:
    chain = founded()
    chain.events = [event for event in chain.events if event.args.get("name") != "Catalogue"]
    tally = chain.judged()
    assert tally.failures == []
    assert list(tally.notices) == ["the directory does not name Catalogue, which the trust file pins"]


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ([anchored(2), repudiated()], "it was not anchored before"),
        ([repudiated(), anchored()], "it was not anchored before"),
        ([anchored(), repudiated(), repudiated()], "it was repudiated before"),
    ],
)
def test_only_an_anchored_batch_is_repudiated_and_once(told: list[Told], found: str) -> None:
    require(founded(), lambda chain: chain.act(("RecordAnchors", REPUDIATE), *told), "batch.repudiated", found)
