"""A gateway whose keys are all at a web3signer: settings, statements, batches on a real chain, and a signer away."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ledger import wiring
from ledger.config import Settings, load_settings
from ledger.core.canonical import encode
from ledger.core.chainfile import ContractPin, trust_document
from ledger.core.codes import Role
from ledger.core.hexadecimal import to_hex
from ledger.core.history import stream_faults
from ledger.core.signature import recover
from ledger.core.statements import statement_digest
from ledger.errors import SignerUnreachable
from ledger.keys.file_provider import create_master_key
from ledger.services.send import send_pending
from ledger.services.sign import sign_statement
from ledger.services.work import Worker
from ledger.store.postgres import PostgresStore
from tests.adapters.ground import Ground, standing_ground
from tests.adapters.stored_things import new_entry
from tests.adapters.web3signer_server import NEVER_AGAIN, Web3SignerServer, signing_server
from tests.contracts.sandbox import Key

pytestmark = pytest.mark.adapters

RELAY = Key("relay that pays")


@pytest.fixture
def ground(database: str, chain_rpc: str) -> Iterator[Ground]:
    with standing_ground(database, chain_rpc) as standing:
        yield standing


@pytest.fixture
def api_key(ground: Ground) -> Key:
    return ground.sandbox.bind(ground.gateway, Role.API_SIGN)


@pytest.fixture
def signer(ground: Ground, api_key: Key) -> Iterator[Web3SignerServer]:
    """A signer that holds every key of the gateway."""
    anchors = [Key(f"number {number}") for number in range(100)]
    held = [key.private for key in anchors if key.address in ground.senders]
    assert len(held) == len(ground.senders)
    with signing_server(api_key.private, RELAY.private, *held) as running:
        yield running


@pytest.fixture
def settings(ground: Ground, api_key: Key, signer: Web3SignerServer, database: str, tmp_path: Path) -> Settings:
    """A data folder's settings, as an administrator writes them."""
    pins = {
        name: ContractPin(address, to_hex(ground.chain.code_hash(address)))
        for name, address in ground.sandbox.addresses.items()
    }
    genesis = ground.chain.block(0)
    assert genesis is not None
    (tmp_path / "trust.json").write_bytes(encode(trust_document(ground.sandbox.chain_id, genesis.hash, pins, "anvil")))
    create_master_key(tmp_path / "master")
    members = {
        "database_url": database,
        "rpc_url": ground.sandbox.rpc_url,
        "gateway": ground.gateway.agency,
        "api_sign_key": {"uri": f"web3signer:{signer.url}#{api_key.address}"},
        "anchor_keys": [{"uri": f"web3signer:{signer.url}#{address}"} for address in ground.senders],
        "relay_key": {"uri": f"web3signer:{signer.url}#{RELAY.address}"},
        "key_provider": f"file:{tmp_path / 'master'}",
        "anchor_seconds": 0.001,
    }
    (tmp_path / "settings.json").write_text(json.dumps(members))
    return load_settings(tmp_path)


@contextmanager
def working(settings: Settings) -> Iterator[Worker]:
    worker = wiring.open_worker(settings)
    try:
        yield worker
    finally:
        worker.store.close()
        worker.chain.close()  # type: ignore[attr-defined]


def work(worker: Worker) -> None:
    for _ in range(20):
        if not worker.work_once():
            return


def test_statements_and_batches_of_a_gateway_with_remote_keys_check_on_chain(
    ground: Ground, api_key: Key, settings: Settings, signer: Web3SignerServer
) -> None:
    gateway = wiring.open_gateway(settings, connections=1)
    assert gateway.signs_remotely
    message = {"gateway": settings.gateway, "entry": bytes(32), "acceptedAt": 1_000, "anchorBy": 1_300}
    signed = sign_statement(gateway, gateway.domain, "Acceptance", message)
    assert isinstance(gateway.store, PostgresStore)
    gateway.store.close()
    with ground.store.begin() as transaction:
        transaction.add_entry(new_entry())
    with working(settings) as worker:
        work(worker)
    history = ground.history()
    assert stream_faults(history, settings.gateway) == []
    assert history.anchor(settings.gateway, 1) is not None
    assert ground.row(f"anchor/{settings.gateway}/1").sender == ground.senders[0]
    signed_by = recover(statement_digest(gateway.domain, "Acceptance", message), signed.signature)
    assert signed_by == signed.signer == api_key.address
    assert history.keys[signed_by].roles == Role.API_SIGN.bit
    assert len([asked for asked in signer.asked if asked[0] == "POST"]) == 2


def test_a_signer_that_is_away_loses_nothing_and_holds_up_its_own_key_only(
    ground: Ground, settings: Settings, signer: Web3SignerServer
) -> None:
    with working(settings) as worker:
        ground.follow()
        first, second = ground.senders
        ground.intend("by a remote key that is away", sender=first)
        ground.intend("by a key that is here", sender=second)
        signers = {first: worker.signers[first], second: ground.signers[second]}
        signer.hang_up = NEVER_AGAIN
        report = send_pending(ground.store, ground.chain, signers, 2_000, -1)
        assert report.sent == ["by a key that is here"]
        waiting = ground.row("by a remote key that is away")
        assert (waiting.state, waiting.tx_nonce, waiting.retry_at > 2_000) == ("received", None, True)
        assert "cannot be asked" in (waiting.error or "")
        signer.hang_up = 0
        later = send_pending(ground.store, ground.chain, signers, waiting.retry_at, -1)
        assert "by a remote key that is away" in later.sent


def test_a_gateway_does_not_start_without_its_signer(settings: Settings, signer: Web3SignerServer) -> None:
    signer.hang_up = NEVER_AGAIN
    with pytest.raises(SignerUnreachable):
        wiring.open_worker(settings)
