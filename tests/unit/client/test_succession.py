"""For which RecordAnchors a client signs, and in whose domain it believes a statement: by the directory."""

import pytest

from ledger.client.facts import GatewayFacts
from ledger.core.verify import ChainFacts
from tests.simulated_consortium import GATEWAY
from tests.simulated_succession import SucceededLedger

pytestmark = pytest.mark.unit


def facts(ledger: SucceededLedger) -> GatewayFacts:
    history = ledger.history()
    chain = ChainFacts(ledger.trust, ledger.chain, history)
    line = ledger.trust.line
    return GatewayFacts(GATEWAY, line.newest(history), chain=chain, contracts={"RecordAnchors": line.first}, line=line)


def test_a_client_signs_for_the_contract_in_force() -> None:
    ledger = SucceededLedger()
    assert facts(ledger).contract_address("RecordAnchors") == ledger.line[0]
    ledger.succeed()
    assert facts(ledger).contract_address("RecordAnchors") == ledger.line[1] == facts(ledger).domain.record_anchors


def test_statements_count_in_the_domain_of_their_time_and_while_they_can_be_anchored_there() -> None:
    ledger = SucceededLedger()
    before = ledger.now
    ledger.succeed()
    since = ledger.now
    ledger.mine([], seconds=100)
    ledger.succeed()
    believed = facts(ledger)

    def lines(at: int) -> list[int]:
        return [ledger.line.index(domain.record_anchors) for domain in believed.domains_at(at)]

    assert lines(before) == [2, 1, 0]
    assert lines(since + 300) == [2, 1, 0]
    assert lines(since + 301) == [2, 1]
    assert lines(ledger.now + 301) == [2]
