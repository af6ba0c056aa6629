"""The desks of the demonstration: an agency's client, and its other keys that sign what the gateway relays."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from ledger.cli.demo.setup import open_or_create
from ledger.client.acting import RelayedAction
from ledger.client.consents import Consents
from ledger.client.emergencies import Emergencies
from ledger.client.gongzhi import GongzhiClient
from ledger.client.grounds import Grounds
from ledger.client.looking import Page
from ledger.client.preparing import Signing
from ledger.client.requests import Requests
from ledger.core.action_file import PreparedAction
from ledger.core.canonical import decode
from ledger.embedded.data_folder import DataFolder
from ledger.errors import ChainError, LookRefused
from ledger.ports import Signer

FINAL_SECONDS = 30.0
POLL_SECONDS = 0.05


@dataclass(frozen=True)
class Desk:
    """One agency: its client, and its keys by name."""

    slug: str
    client: GongzhiClient
    folder: DataFolder

    @property
    def requests(self) -> Requests:
        """Asking and deciding."""
        return Requests(self.client.desk)

    @property
    def consents(self) -> Consents:
        """Consents."""
        return Consents(self.client.desk)

    @property
    def emergencies(self) -> Emergencies:
        """Emergencies."""
        return Emergencies(self.client.desk)

    def key(self, name: str) -> Signer:
        """Return a key of the agency, as the demonstration made it."""
        return open_or_create(self.folder, self.slug, name)

    def signing(self, name: str) -> Signing:
        """Return that a key of the agency will sign."""
        return Signing(self.key(name).address)

    def send(self, prepared: PreparedAction, *keys: str, signers: Sequence[Signer] = ()) -> RelayedAction:
        """Sign a prepared action with keys of the agency (and others), and hand it over."""
        signing = [*signers, *(self.key(name) for name in keys)]
        return self.client.acting.send(prepared.action, prepared.message, signers=signing, documents=prepared.documents)

    def send_and_wait(self, prepared: PreparedAction, *keys: str, signers: Sequence[Signer] = ()) -> RelayedAction:
        """Hand an action over and wait until it is on chain."""
        sent = self.send(prepared, *keys, signers=signers)
        wait_final(self.client, sent.action)
        return sent

    def refused(self, record_id: bytes, grounds: Grounds) -> LookRefused:
        """Look at a record that must not be opened; returns the refusal, which was checked and kept."""
        try:
            self.client.read(record_id, grounds)
        except LookRefused as refusal:
            return refusal
        raise AssertionError("this look must be refused")


def wait_final(client: GongzhiClient, action: bytes) -> None:
    """Wait until an action is on chain; raises ChainError if it fails or takes longer than FINAL_SECONDS."""
    until = time.monotonic() + FINAL_SECONDS
    while time.monotonic() < until:
        state = client.acting.state(action)["state"]
        if state == "final":
            return
        if state == "failed":
            break
        time.sleep(POLL_SECONDS)
    raise ChainError("an action is not on chain; see `gongzhi explain` and `gongzhi logs worker`")


def opened_values(page: Page) -> dict[str, object]:
    """Return the open values of a page's only record by path; where original and mask are open, the original."""
    slots = sorted(page.views[0].slots, key=lambda slot: slot.kind == "o")
    return {slot.path: decode(slot.value) for slot in slots if slot.value is not None}


def told_refusal(refusal: LookRefused) -> str:
    """Return a refusal in words."""
    return f"reason {refusal.reason}, {refusal.name} (needed: {refusal.needed})"
