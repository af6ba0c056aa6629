"""A publisher that goes on whatever happens to its gateway, and what must be true of all that it was promised."""

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
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
from ledger.errors import GatewayUnreachable, TooMany
from tests.e2e.demo_stack import DemoStack

ITEM = 1
AUDIT = Grounds(ITEM, Purpose.RIGHTS_AND_AUDIT, Basis.STATUTORY_DUTY, "审计法 第三条", authority=Authority.AUDIT)
RECORDS = 3
"""Records of one submission: what counts here is how many promises there are."""
PATIENCE_SECONDS = 90
"""For what takes a second or two on an idle machine."""


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


class Ingest:
    """Publishes small submissions one after another, in a thread, through a client's outbox, until the block ends.

    Being refused a connection, an answer or service is what it expects; any other error fails the test.
    """

    def __init__(self, client: GongzhiClient, pause_seconds: float = 0.03) -> None:
        self._client, self._pause_seconds = client, pause_seconds
        self._chance, self._stop = random.Random(0), threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._schema, self._version = client.schema_of(ITEM)
        self._failure: BaseException | None = None
        self.accepted: list[Accepted] = []
        self.interruptions: Counter[str] = Counter()

    def __enter__(self) -> "Ingest":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(PATIENCE_SECONDS)
        assert not self._thread.is_alive()
        if self._failure is not None:
            raise self._failure

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                self.step()
                time.sleep(self._pause_seconds)
        except BaseException as failure:  # noqa: BLE001 (handed to the test's own thread)
            self._failure = failure

    def step(self) -> None:
        """Put one submission into the outbox if it is empty, and try to send what is there."""
        outbox = self._client.outbox
        if not outbox.pending():
            records = [new_record(incident(self._chance)) for _ in range(RECORDS)]
            (content,) = contents(self._schema, ITEM, self._version, records)
            outbox.put(f"{len(self.accepted):06d}", content)
        try:
            self.accepted += [accepted for _, accepted in self._client.send_pending()]
        except (GatewayUnreachable, TooMany) as error:
            self.interruptions[error.code] += 1

    def wait_for_more(self, count: int) -> None:
        """Wait until `count` further submissions were accepted."""
        wanted = len(self.accepted) + count
        wait_until(lambda: len(self.accepted) >= wanted or self._failure is not None)
        if self._failure is not None:
            raise self._failure

    def finish(self) -> None:
        """After the block: send what is left, and wait until the newest submission is anchored."""
        wait_until(lambda: self._is_empty_after_a_step())
        self._client.wait_anchored(self.accepted[-1].submission_id, PATIENCE_SECONDS)

    def _is_empty_after_a_step(self) -> bool:
        if self._client.outbox.pending():
            self.step()
        return not self._client.outbox.pending()


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait until `condition` holds; fails after PATIENCE_SECONDS."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


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
    assert len(list(receipts.glob("acceptance-*.json"))) >= len(promised)
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
