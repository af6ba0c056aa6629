"""What the contracts cost: the limits of the design, and the committed snapshot."""

import json

import pytest

from tests.contracts.gas_measures import SNAPSHOT, measure
from tests.contracts.sandbox import Sandbox

pytestmark = pytest.mark.contracts

TOLERANCE = 0.02
LIMITS = {
    "anchor": 75_000,
    **{f"consent, {mode}": 160_000 for mode in ("own key", "witnessed")},
    **{f"request, {basis}": 115_000 for basis in ("by duty", "by consent")},
    **{f"decision, {basis}": 80_000 for basis in ("by duty", "by consent")},
    "refusal": 80_000,
    **{f"emergency, {signed}": 180_000 for signed in ("co-signed", "one signature")},
    **{f"withdrawal, {mode}": 80_000 for mode in ("own key", "witnessed")},
}


@pytest.fixture
def measured(sandbox: Sandbox) -> dict[str, int]:
    return measure(sandbox)


def test_gas_stays_within_two_percent_of_the_snapshot(measured: dict[str, int]) -> None:
    snapshot: dict[str, int] = json.loads(SNAPSHOT.read_text(encoding="utf-8"))
    assert measured.keys() == snapshot.keys()
    moved = {
        name: f"{snapshot[name]} -> {gas}"
        for name, gas in measured.items()
        if abs(gas - snapshot[name]) > TOLERANCE * snapshot[name]
    }
    assert not moved, "meant? then: python -m tests.contracts.gas_measures"


def test_every_act_stays_within_the_limit_of_the_design(measured: dict[str, int]) -> None:
    assert measured.keys() >= LIMITS.keys()
    assert {name: gas for name, gas in measured.items() if gas > LIMITS.get(name, 1 << 60)} == {}
