"""`GongzhiClient`: one agency's key at one gateway. Nothing that it returns was taken on trust."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ledger.client.acting import Acting, RelayedAction
from ledger.client.attaching import AttachedFile, named_files
from ledger.client.catalogue import item_document
from ledger.client.desk import Desk
from ledger.client.exporting import export_ledger
from ledger.client.facts import GatewayFacts
from ledger.client.grounds import Grounds
from ledger.client.looking import DisclosedAttachment, DisclosedBundle, Looking, Page, SearchTerms
from ledger.client.marking import Marking
from ledger.client.outbox import ClientOutbox
from ledger.client.publishing import Accepted, Publishing
from ledger.client.receipts import ReceiptFolder
from ledger.client.retaining import Retaining
from ledger.client.statistics import StatisticsDesk
from ledger.client.subjects import SubjectsDesk
from ledger.client.submissions import contents
from ledger.client.transport import Transport
from ledger.core.codes import Mark
from ledger.core.commitment import RecordContent
from ledger.core.export import ExportCounts, ExportManifest
from ledger.core.schema import Schema
from ledger.errors import GatewayUnreachable
from ledger.ports import Signer

ANCHORED = "anchored"
FIRST_POLL_SECONDS = 0.2
LONGEST_POLL_SECONDS = 2.0


class GongzhiClient:
    """Publishes, reads, marks and exports in an agency's name; checks every promise and keeps it as a receipt.

    `facts` say by what the gateway's statements are judged, `newer_facts` fetches them anew when a promise does not
    check against them. `folder` holds `receipts/` and `outbox/`. A context manager; `close` gives connections back.
    """

    def __init__(
        self,
        api_url: str,
        signer: Signer,
        agency: int,
        facts: GatewayFacts,
        folder: Path,
        *,
        newer_facts: Callable[[], GatewayFacts] | None = None,
        transport: Transport | None = None,
    ) -> None:
        transport = transport or Transport(api_url, signer, facts.domain.chain_id)
        self.desk = Desk(agency, signer, transport, facts, ReceiptFolder(folder / "receipts"), newer_facts)
        self.outbox = ClientOutbox(folder / "outbox")
        self.publishing = Publishing(self.desk)
        self.looking = Looking(self.desk)
        self.marking = Marking(self.desk)
        self.retaining = Retaining(self.desk, self.marking)
        self.acting = Acting(self.desk)
        self.subjects = SubjectsDesk(self.desk)
        self.statistics = StatisticsDesk(self.desk)

    def __enter__(self) -> "GongzhiClient":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give connections back."""
        self.desk.transport.close()

    def schema_of(self, item: int, item_version: int | None = None) -> tuple[Schema, int]:
        """Return the schema of an item version (the newest if None) with its code sets, and that version's number.

        The catalogue's answer is checked: documents by their hashes and, where there are chain facts, by the chain.
        Raises NotFound, PromiseBroken.
        """
        document = item_document(self.desk, item, item_version)
        return self.desk.schema_to_publish(document.schema_hash), document.version

    def publish(
        self,
        schema: Schema,
        item: int,
        item_version: int,
        records: Sequence[RecordContent],
        wait_seconds: int = 0,
        attachments: Sequence[AttachedFile] = (),
    ) -> list[Accepted]:
        """Publish `records` through the outbox, in as many submissions as they need; returns their acceptances.

        `attachments` are files that the records name (see `attaching.with_files`), uploaded before them. What could not
        be sent stays in the outbox, with its files; `send_pending` goes on with it.
        """
        first = len(self.outbox.sent()) + len(self.outbox.pending()) + 1
        for place, content in enumerate(contents(schema, item, item_version, records), first):
            content = replace(content, attachments=named_files(content.records, attachments))
            self.outbox.put(f"{place:09d}-{content.submission_id.hex()[:16]}", content)
        return [accepted for _, accepted in self.send_pending(wait_seconds)]

    def send_pending(self, wait_seconds: int = 0) -> Iterator[tuple[str, Accepted]]:
        """Send what the outbox holds; yields (name, acceptance)."""
        return self.outbox.send_all(self.publishing, wait_seconds)

    def wait_anchored(self, submission_id: bytes, timeout_seconds: float = 60.0) -> Mapping[str, Any]:
        """Ask until a submission is anchored; returns its state. Raises GatewayUnreachable when the time is over."""
        deadline, wait = time.monotonic() + timeout_seconds, FIRST_POLL_SECONDS
        while (state := self.publishing.state(submission_id))["state"] != ANCHORED:
            if time.monotonic() > deadline:
                raise GatewayUnreachable(f"not anchored within {timeout_seconds:.0f} s; it is {state['state']}")
            time.sleep(wait)
            wait = min(wait * 1.5, LONGEST_POLL_SECONDS)
        return state

    def read(self, record_id: bytes, grounds: Grounds, version: int | None = None) -> Page:
        """Look at one record; see `Looking.read`."""
        return self.looking.read(record_id, grounds, version)

    def attachment(
        self, record_id: bytes, path: str, grounds: Grounds, version: int | None = None
    ) -> DisclosedAttachment:
        """Look at what is attached to a record; see `Looking.attachment`."""
        return self.looking.attachment(record_id, path, grounds, version)

    def search(self, grounds: Grounds, terms: SearchTerms) -> Iterator[Page]:
        """Look at an item's records, page by page; every page is a disclosure of its own."""
        cursor = None
        while True:
            page = self.looking.search(grounds, terms, cursor)
            yield page
            cursor = page.next
            if cursor is None:
                return

    def bundle(self, record_id: bytes, grounds: Grounds, version: int | None = None) -> DisclosedBundle:
        """Fetch and verify one record's proof bundle; see `Looking.bundle`."""
        return self.looking.bundle(record_id, grounds, version)

    def mark(self, record_id: bytes, version: int, mark: Mark, reason: int) -> RelayedAction:
        """Mark a record (version 0 = all versions) with a reason's code."""
        return self.marking.send(self.marking.message(record_id, version, mark, reason))

    def explain(self, identifier: str) -> Mapping[str, Any]:
        """Return what the gateway says of a record, submission, action or entry; its word, unchecked."""
        return self.desk.transport.get(f"/v1/explanations/{identifier}").members()

    def export(
        self, folder: Path, grounds: Grounds, after: int = 0, advance: Callable[[int], None] = lambda _: None
    ) -> tuple[ExportManifest, ExportCounts]:
        """Write an auditor's export; see `export_ledger`."""
        return export_ledger(self.desk, folder, grounds, after, advance)
