"""A publisher that goes on whatever happens to its gateway, and what must be true of all that it was promised."""

import json
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg

from ledger.client.gongzhi import GongzhiClient
from ledger.client.grounds import Grounds
from ledger.client.publishing import Accepted
from ledger.client.submissions import contents, new_record
from ledger.core.canonical import encode
from ledger.core.chainfile import chain_document
from ledger.core.codes import Authority, Basis, Purpose
from ledger.core.entry import entry_digest
from ledger.core.hexadecimal import from_hex, to_hex
from ledger.core.statements import StatementDomain, message_from_json, statement_digest
from tests.e2e.demo_stack import DemoStack
from tests.e2e.persistent import PATIENCE_SECONDS, Persistent, wait_until

ITEM = 1
AUDIT = Grounds(ITEM, Purpose.RIGHTS_AND_AUDIT, Basis.STATUTORY_DUTY, "审计法 第三条", authority=Authority.AUDIT)
RECORDS = 3
"""Records of one submission: what counts here is how many promises there are."""


def incident(chance: random.Random) -> dict[str, Any]:
    """A synthetic incident without a person in it."""
    return {
        "/region": "990101001001",
        "/occurredAt": 1_700_000_000 + chance.randrange(10_000_000),
        "/recordedAt": 1_710_000_000,
        "/class": chance.choice(("fire/structure", "medical", "traffic/accident")),
        "/level": chance.randrange(1, 5),
        "/persons": None,
        "/nature": None,
        "/place/point": f"31.{chance.randrange(10**4):04d},121.{chance.randrange(10**4):04d}",
        "/place/address": None,
        "/reporter/name": None,
        "/reporter/phone": None,
        "/reporter/idNumber": None,
        "/description": None,
        "/synthetic": True,
    }


class Ingest(Persistent):
    """Publishes small submissions one after another through a client's outbox."""

    def __init__(self, client: GongzhiClient, pause_seconds: float = 0.03) -> None:
        super().__init__(pause_seconds)
        self._client, self._chance = client, random.Random(0)
        self._schema, self._version = client.schema_of(ITEM)
        self.accepted: list[Accepted] = []
        self.record_ids: list[bytes] = []
        """Of what was accepted."""
        self._sending: list[bytes] = []

    def attempt(self) -> None:
        """Put one submission into the outbox if it is empty, and send what is there."""
        outbox = self._client.outbox
        if not outbox.pending():
            records = [new_record(incident(self._chance)) for _ in range(RECORDS)]
            (content,) = contents(self._schema, ITEM, self._version, records)
            outbox.put(f"{len(self.accepted):06d}", content)
            self._sending = [record.record_id for record in records]
        self.accepted += [accepted for _, accepted in self._client.send_pending()]
        self.record_ids += self._sending

    def wait_for_more(self, count: int) -> None:
        """Wait until `count` further submissions were accepted."""
        wanted = len(self.accepted) + count
        wait_until(lambda: len(self.accepted) >= wanted or self.failed)
        self.require_no_failure()

    def finish(self) -> None:
        """After the block: send what is left, and wait until the newest submission is anchored."""
        wait_until(self._is_empty_after_a_step)
        self._client.wait_anchored(self.accepted[-1].submission_id, PATIENCE_SECONDS)

    def _is_empty_after_a_step(self) -> bool:
        if self._client.outbox.pending():
            self.step()
        return not self._client.outbox.pending()


def followed_blocks(demo: DemoStack) -> dict[int, str]:
    """Number → hash of every block that the database followed."""
    with psycopg.connect(demo.dsn) as connection:
        rows = connection.execute("SELECT number, hash FROM blocks ORDER BY number").fetchall()
    return {number: to_hex(block_hash) for number, block_hash in rows}


def blocks_on_chain(demo: DemoStack, numbers: Mapping[int, str]) -> dict[int, str]:
    """Number → hash as the chain tells them now."""
    return {number: demo.rpc_call("eth_getBlockByNumber", hex(number), False)["hash"] for number in numbers}


def require_nothing_lost(demo: DemoStack, ingest: Ingest, receipts: Path, scratch: Path) -> None:
    """Every acceptance is an entry of the auditor's export, and the ledger with these receipts is verified."""
    promised = {to_hex(accepted.entry) for accepted in ingest.accepted}
    assert len(promised) == len(ingest.accepted)
    assert len(list(receipts.rglob("acceptance-*.json"))) >= len(promised)
    chain, export = scratch / "chain.json", scratch / "export"
    with demo.client("auditor", scratch / "client") as auditor:
        domain, facts = auditor.desk.facts.domain, auditor.desk.facts.chain
        assert facts is not None
        read = facts.chain
        chain.write_bytes(encode(chain_document(read.chain_id, read.genesis, read.contracts, read.blocks, read.events)))
        auditor.export(export, AUDIT)
    assert promised <= exported_submissions(export, domain)
    printed = demo.gongzhi(
        *("verify", "ledger", "--export", export, "--chain", chain, "--trust", demo.document["trust"]),
        *("--receipts", receipts, "--offline", "--json"),
    )
    report = json.loads(printed)
    assert report["verdict"] == "verified"
    assert report["counts"]["checked"] == report["counts"]["expected"]


def exported_submissions(export: Path, domain: StatementDomain) -> set[str]:
    """The entry digests of an export's submissions, recomputed."""
    digests = set()
    for line in (export / "entries.ndjson").read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        if entry["entryType"] == 1:
            statement = statement_digest(domain, "Submission", message_from_json("Submission", entry["message"]))
            signature, annex = from_hex(entry["signature"]), from_hex(entry["annex"])
            digests.add(to_hex(entry_digest(statement, entry["signer"], signature, annex)))
    return digests
