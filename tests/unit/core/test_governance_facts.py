"""The fold of Council, directory, pauses and repudiations: what stood when, and shapes that are refused."""

from dataclasses import replace
from typing import Any

import pytest

from ledger.chain.artifacts import abi_types, load
from ledger.core.governance_rules import ACTS, selector_of
from ledger.core.hexadecimal import to_hex
from ledger.core.history import AsOf
from ledger.errors import HistoryError
from tests.simulated_consortium import CONTRACTS, number32
from tests.simulated_council import NOBODY, GovernedChain, founded

pytestmark = pytest.mark.unit


def test_what_the_directory_and_the_council_say_is_known_as_of_any_moment() -> None:
    chain = founded()
    governance = chain.history().governance
    at_founding, before = AsOf(chain.blocks[3].time), AsOf(chain.blocks[2].time)
    assert governance.contract("Catalogue", before) is None
    entry = governance.contract("Catalogue", at_founding)
    assert entry is not None
    assert (entry.address, entry.previous) == (CONTRACTS["Catalogue"].address, NOBODY)
    assert governance.members_at(AsOf(chain.blocks[0].time)) is None
    members = governance.members_at(before)
    assert members is not None
    assert (members.epoch, members.agencies, members.threshold) == (1, (1, 2, 3), 2)
    assert [step.agencies for step in governance.executed] == [(1, 2, 3)]
    assert governance.scheduled[0].calls[0] == (
        CONTRACTS["AgencyRegistry"].address,
        selector_of(ACTS["AgencyRegistry", "AgencyRegistered"][0]),
    )


def test_pauses_and_repudiations_are_known_by_contract_and_batch() -> None:
    chain = founded()
    chain.mine([("Catalogue", "PauseSet", {"agency": 2, "until": chain.now + 100})])
    until = chain.now - 2 + 100
    chain.mine([("RecordAnchors", "BatchRepudiated", {"gateway": 1, "batch": 4, "reason": 2})])
    governance = chain.history().governance
    assert governance.paused_until("Catalogue", AsOf(chain.now)) == until
    assert governance.paused_until("Catalogue", AsOf(chain.now - 4)) == 0
    assert governance.paused_until("AccessLedger", AsOf(chain.now)) == 0
    found = governance.repudiation(1, 4, "RecordAnchors")
    assert found is not None
    assert (found.reason, found.point.block) == (2, 6)
    assert governance.repudiation(1, 5, "RecordAnchors") is None


def test_roles_that_an_agency_was_allowed_are_known_since_when() -> None:
    chain = founded()
    chain.mine([("AgencyRegistry", "AllowedRolesSet", {"agency": 3, "allowedRoles": 5})])
    facts = chain.history().agencies[3]
    assert [(dated.since.block, dated.value) for dated in facts.allowed_roles_since] == [(3, 8191), (6 - 1, 5)]
    assert facts.allowed_roles == 5


def changed(chain: GovernedChain, name: str, args: dict[str, Any]) -> GovernedChain:
    place = next(place for place, event in enumerate(chain.events) if event.name == name)
    chain.events[place] = replace(chain.events[place], args={**chain.events[place].args, **args})
    return chain


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("MembersSet", {"agencies": "1"}),
        ("MembersSet", {"agencies": ["1"]}),
        ("MembersSet", {"agencies": [-1]}),
        ("MembersSet", {"agencies": [True]}),
        ("MembersSet", {"threshold": None}),
        ("ActionScheduled", {"keys": []}),
        ("ActionScheduled", {"selectors": []}),
        ("ActionScheduled", {"selectors": ["0x00"]}),
        ("ActionScheduled", {"targets": ["0x00"]}),
        ("ActionScheduled", {"action": "0x00"}),
        ("ActionExecuted", {"agencies": [1]}),
        ("ActionExecuted", {"keys": [1, 2, 3]}),
        ("ContractSet", {"name": 5}),
        ("ContractSet", {"previous": "0x"}),
        ("ContractSet", {"codeHash": "0x"}),
        ("FoundingCompleted", {"registry": None}),
    ],
)
def test_an_event_of_another_shape_is_no_history_of_ours(name: str, args: dict[str, Any]) -> None:
    with pytest.raises(HistoryError, match=f"block [13]\\b.*{name}|event {name} in block [13]|block [13] schedules"):
        changed(founded(), name, args).history()


def test_what_a_repudiation_and_a_pause_say_are_numbers() -> None:
    for told in (
        ("RecordAnchors", "BatchRepudiated", {"gateway": 1, "batch": "4", "reason": 2}),
        ("AccessLedger", "PauseSet", {"agency": 2, "until": to_hex(number32("x"))}),
    ):
        chain = founded()
        chain.mine([told])
        with pytest.raises(HistoryError):
            chain.history()


def test_every_act_of_the_governor_is_a_function_and_an_event_of_its_contract() -> None:
    for (contract, event), signatures in ACTS.items():
        abi = load(contract).abi
        functions = {
            f"{entry['name']}({','.join(abi_types(entry['inputs']))})" for entry in abi if entry["type"] == "function"
        }
        assert set(signatures) <= functions, (contract, event)
        assert event in {entry["name"] for entry in abi if entry["type"] == "event"}
