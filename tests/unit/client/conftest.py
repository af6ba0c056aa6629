"""A client at a simulated gateway, judged by a chain of its own."""

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from ledger.client.facts import GatewayFacts
from ledger.client.gongzhi import GongzhiClient
from ledger.client.transport import Transport
from ledger.core.signature import address_of
from tests.unit.client.memory_signer import TestSigner
from tests.unit.client.simulated_gateway import (
    API_KEY,
    DESK_KEY,
    DOMAIN,
    GATEWAY,
    PUBLISHER,
    SimulatedGateway,
)

MakeClient = Callable[..., GongzhiClient]


@pytest.fixture
def gateway() -> SimulatedGateway:
    return SimulatedGateway()


@pytest.fixture
def make_client(gateway: SimulatedGateway, tmp_path: Path) -> MakeClient:
    def make(http: httpx.BaseTransport | None = None, facts: GatewayFacts | None = None) -> GongzhiClient:
        signer = TestSigner(DESK_KEY)
        pinned = GatewayFacts(GATEWAY, DOMAIN, pinned_keys=frozenset({address_of(API_KEY)}))
        transport = Transport(
            "http://gateway.test",
            signer,
            DOMAIN.chain_id,
            clock=lambda: gateway.now,
            sleep=lambda _: None,
            http=httpx.Client(transport=http or gateway.transport()),
        )
        return GongzhiClient(
            "http://gateway.test", signer, PUBLISHER, facts or pinned, tmp_path / "desk", transport=transport
        )

    return make


@pytest.fixture
def client(make_client: MakeClient) -> GongzhiClient:
    return make_client()
