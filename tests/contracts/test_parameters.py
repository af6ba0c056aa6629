"""Parameters: what may be set, by whom, how far."""

import pytest

from ledger.chain.artifacts import deploy_data
from ledger.errors import FormatError, TransactionFailed
from tests.contracts.sandbox import DAY, NOBODY, Refused, Sandbox

pytestmark = pytest.mark.contracts

DEFAULTS = {
    "anchorDelay": 300,
    "factsAge": 60,
    "suspectWindow": 30 * DAY,
    "grantLife": 365 * DAY,
    "emergencyLife": 3 * DAY,
    "emergencyLifeUnsigned": 7200,
    "reviewWithin": 15 * DAY,
    "noticeWithin": 30 * DAY,
    "noticeDeferral": 90 * DAY,
    "destroyWithin": 30 * DAY,
    "overdueReviewLimit": 2,
}
"""In the order of their events at deployment."""


def test_a_fresh_deployment_has_the_default_parameters(sandbox: Sandbox) -> None:
    values = {
        name: sandbox.parameters.parameter(name, block="latest")
        for name in (*DEFAULTS, "reviewAgency", "reviewAgencySubstitute")
    }
    assert values == DEFAULTS | {"reviewAgency": 0, "reviewAgencySubstitute": 0}


def test_the_defaults_are_told_by_events_at_deployment(sandbox: Sandbox) -> None:
    logs = sandbox.rpc("eth_getLogs", {"fromBlock": "0x0", "address": sandbox.parameters.address})
    assert [sandbox.decoder.decode(log) for log in logs] == [
        ("Parameters", "ParameterSet", {"name": name, "value": value}) for name, value in DEFAULTS.items()
    ]


def test_the_governor_sets_a_parameter(sandbox: Sandbox) -> None:
    outcome = sandbox.govern(sandbox.parameters.set("anchorDelay", 600))
    assert outcome.event == ("ParameterSet", {"name": "anchorDelay", "value": 600})
    assert sandbox.parameters.parameter("anchorDelay", block="latest") == 600


def test_nobody_else_sets_a_parameter(sandbox: Sandbox) -> None:
    sandbox.refuses("NotGovernor", sandbox.parameters.set("anchorDelay", 600), sandbox.relay)


@pytest.mark.parametrize("name", [name for name in DEFAULTS if name != "overdueReviewLimit"])
def test_a_parameter_stays_within_its_hard_bounds(sandbox: Sandbox, name: str) -> None:
    lowest, highest = sandbox.parameters.bounds(name, block="latest")
    for value in (lowest, highest):
        sandbox.govern(sandbox.parameters.set(name, value))
        assert sandbox.parameters.parameter(name, block="latest") == value
    for value in (lowest - 1, highest + 1):
        line = sandbox.refuses("ParameterOutOfBounds", sandbox.parameters.set(name, value), sandbox.governor)
        assert line == (f"ParameterOutOfBounds(name={name}, value={value}, lowest={lowest}, highest={highest})")


@pytest.mark.parametrize(
    ("name", "highest"),
    [("overdueReviewLimit", 32), ("reviewAgency", (1 << 32) - 1), ("reviewAgencySubstitute", (1 << 32) - 1)],
)
def test_a_count_or_an_agency_may_be_zero_and_has_an_upper_bound(sandbox: Sandbox, name: str, highest: int) -> None:
    for value in (highest, 0):
        sandbox.govern(sandbox.parameters.set(name, value))
        assert sandbox.parameters.parameter(name, block="latest") == value
    sandbox.refuses("ParameterOutOfBounds", sandbox.parameters.set(name, highest + 1), sandbox.governor)


def test_an_unknown_parameter_is_neither_set_nor_read(sandbox: Sandbox) -> None:
    sandbox.refuses("ParameterUnknown", sandbox.parameters.set("anchordelay", 600), sandbox.governor)
    with pytest.raises(TransactionFailed, match=r"ParameterUnknown\(name=anchordelay\)"):
        sandbox.parameters.parameter("anchordelay", block="latest")


def test_a_name_that_is_no_ascii_text_is_not_even_asked_for(sandbox: Sandbox) -> None:
    with pytest.raises(FormatError):
        sandbox.parameters.set("锚定", 600)


def test_a_contract_is_not_deployed_without_a_governor(sandbox: Sandbox) -> None:
    with pytest.raises(Refused, match="GovernorMissing"):
        sandbox.create(deploy_data("Parameters", NOBODY))
