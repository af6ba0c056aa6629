"""What is published: from the chain where a desk knows it, else as its gateway tells, each document by its hash."""

import pytest

from ledger.client.catalogue import published_items
from ledger.client.facts import GatewayFacts
from ledger.client.gongzhi import GongzhiClient
from ledger.errors import PromiseBroken
from tests.unit.client.simulated_chain import chain_facts
from tests.unit.client.simulated_gateway import DOMAIN, GATEWAY, ITEM, SimulatedGateway

pytestmark = pytest.mark.unit


def test_items_are_told_by_the_gateway_and_by_the_chain_alike(gateway: SimulatedGateway, client: GongzhiClient) -> None:
    told = published_items(client.desk)
    assert [(one.item, one.document) for one in told] == [(ITEM, gateway.item)]
    client.desk.facts = GatewayFacts(GATEWAY, DOMAIN, chain=chain_facts(gateway))
    assert published_items(client.desk) == told


def test_a_document_of_another_item_is_caught(gateway: SimulatedGateway, client: GongzhiClient) -> None:
    gateway.item = gateway.item | {"item": ITEM + 1}
    gateway.documents = dict.fromkeys(gateway.documents, b"{}")
    with pytest.raises(PromiseBroken):
        published_items(client.desk)
