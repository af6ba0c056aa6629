"""Ingest end to end, its way to the chain, and its neighbour: a chain transaction for each record."""

import os
import statistics
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from ledger import wiring
from ledger.chain.client import Web3Chain
from ledger.cli.benchmarks.ground import Ground, use_of
from ledger.cli.benchmarks.measurement import Floor, Measurement, percentiles
from ledger.cli.benchmarks.publishing import BATCH, Sent, publish
from ledger.cli.demo.command import wait_until_all_is_anchored
from ledger.cli.demo.consortium import COMMUNITIES
from ledger.client.gongzhi import GongzhiClient
from ledger.core.codes import Mark
from ledger.core.typed_messages import message_preimage
from ledger.errors import ChainError
from ledger.keys.keystore import KeystoreSigner
from ledger.rows import NewTransaction, StoredBatch

MAPPING_WRITE_GAS = 46_000
"""A transaction (21,000) that writes one new word (22,100) and a little around it."""
MARK_GAS = 300_000
RECEIPT_SECONDS = 30.0
BLOCK_PERIOD_SECONDS = 0.0
"""The embedded chain makes a block for each transaction at once."""
ANCHORED_SECONDS = 3.0


def measure_ingest(ground: Ground) -> list[Measurement]:
    """Publish signed submissions over HTTP; three rows: ingest, accepted → anchored, and what the chain was paid."""
    gateway = ground.settings.gateway
    with ground.store() as store:
        with store.begin() as transaction:
            newest = transaction.newest_batch(gateway)
            anchored_before = len(transaction.anchoring_seconds(0))
        writes = [chain_writes(ground, ground.sizes.chain_writes // 2)]
        before = use_of(ground.demo.folder)
        sent = publish(ground, ground.sizes.records)
        used = use_of(ground.demo.folder).since(before)
        wait_until_all_is_anchored(ground.settings)
        with store.begin() as transaction:
            waited = transaction.anchoring_seconds(0)[anchored_before:]
            batches = transaction.batches_after(gateway, newest.batch if newest else 0, 1_000)
    writes.append(chain_writes(ground, ground.sizes.chain_writes // 2))
    writes_per_second, write_gas = (statistics.mean(figures) for figures in zip(*writes, strict=True))
    return [
        _ingest_row(ground, sent, used, writes_per_second),
        _anchored_row(waited),
        _gas_row(ground, sent, batches, write_gas),
    ]


def _ingest_row(ground: Ground, sent: Sent, used: dict[str, float], writes_per_second: float) -> Measurement:
    per_second = sent.records / sent.elapsed_seconds
    figures = {
        "records_per_second": per_second,
        "times_chain_writes": per_second / writes_per_second,
        "seconds": sent.elapsed_seconds,
        **{f"submission_{name}": value for name, value in percentiles(sent.submission_seconds).items()},
        "bytes_per_record": sent.sent_bytes / sent.records,
        **used,
    }
    return Measurement(
        "ingest",
        figures,
        (Floor("records_per_second", 3_000), Floor("times_chain_writes", 10)),
        {
            "records": sent.records,
            "records_per_submission": BATCH,
            "senders": ground.sizes.senders,
            "records_built": "before the clock starts, as on the publisher's machine",
            "signed": "when sent",
            "acceptances": "checked and kept by the senders, on the same cores",
            **ground.conditions(),
        },
        "one relayed chain transaction per record with its receipt, same chain, before and after",
        {"transactions_per_second": writes_per_second},
    )


def _anchored_row(waited: list[float]) -> Measurement:
    return Measurement(
        "accepted → anchored",
        percentiles(waited),
        (Floor("p95_ms", 1_000 * (BLOCK_PERIOD_SECONDS + ANCHORED_SECONDS), at_least=False),),
        {"submissions": len(waited), "block_period_seconds": BLOCK_PERIOD_SECONDS, "while": "ingest runs"},
    )


def _gas_row(ground: Ground, sent: Sent, batches: Sequence[StoredBatch], mark_gas: float) -> Measurement:
    chain = open_chain(ground)
    gas = 0
    for batch in batches:
        receipt = chain.receipt(batch.anchored_transaction or "")
        if receipt is None:
            raise ChainError("an anchored batch has no receipt")
        gas += receipt.gas_used
    return Measurement(
        "on-chain cost",
        {"gas_per_record": gas / sent.records, "gas_per_batch": gas / len(batches)},
        (Floor("gas_per_record", 25, at_least=False),),
        {"batches": len(batches), "records_per_batch": round(sent.records / len(batches))},
        "a mapping write for each record; a relayed mark",
        {"gas_per_record": MAPPING_WRITE_GAS, "gas_per_mark": mark_gas},
    )


def open_chain(ground: Ground) -> Web3Chain:
    """Return a client of the chain's node."""
    addresses = wiring.contract_addresses(wiring.load_trust(ground.settings))
    return wiring.open_chain(ground.endpoints.rpc_url, addresses)


def chain_writes(ground: Ground, count: int) -> tuple[float, float]:
    """Relay `count` signed messages, by as many senders; returns transactions per second and gas of each."""
    ground.say(f"{count} chain transactions beside it")
    senders = [ground.client(community.slug) for community in COMMUNITIES[: ground.sizes.senders]]
    each = max(1, count // len(senders))
    try:
        begun = time.perf_counter()
        with ThreadPoolExecutor(len(senders)) as pool:
            gas = list(pool.map(lambda sender: _write(ground, sender, each), senders))
        elapsed = time.perf_counter() - begun
    finally:
        for sender in senders:
            sender.close()
    return each * len(senders) / elapsed, sum(gas) / len(gas)


def _write(ground: Ground, client: GongzhiClient, count: int) -> float:
    chain, payer = open_chain(ground), KeystoreSigner(os.urandom(32))
    domain = client.desk.facts.domain
    encode = wiring.message_encoder(wiring.contract_addresses(wiring.load_trust(ground.settings)))
    gas = 0
    for tx_nonce in range(count):
        message = client.marking.message(os.urandom(32), 0, Mark.DISPUTED, 1)
        signature = client.desk.signer.sign_preimage(
            message_preimage("Mark", message, domain.chain_id, domain.record_anchors)
        )
        to, data = encode("Mark", message, [signature])
        raw, tx_hash = chain.build_raw(NewTransaction("bench", payer.address, to, data), tx_nonce, MARK_GAS, payer)
        chain.broadcast(raw)
        gas += _mined_gas(chain, tx_hash)
    return gas / count


def _mined_gas(chain: Web3Chain, tx_hash: str) -> int:
    until = time.monotonic() + RECEIPT_SECONDS
    while time.monotonic() < until:
        receipt = chain.receipt(tx_hash)
        if receipt is not None and not receipt.succeeded:
            raise ChainError("a chain transaction beside ingest was reverted")
        if receipt is not None:
            return receipt.gas_used
    raise ChainError(f"a chain transaction has no receipt after {RECEIPT_SECONDS:g} seconds")
