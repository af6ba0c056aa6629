"""Acts of an agency's ADMIN keys: prepared as an action file for keys elsewhere, or signed here and sent at once."""

import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from ledger import wiring
from ledger.cli.acting import file_result
from ledger.cli.admin_options import administration
from ledger.cli.output import print_json, print_members
from ledger.config import Settings, load_settings
from ledger.core.action_file import PreparedAction
from ledger.core.hexadecimal import to_address, to_hex
from ledger.core.typed_messages import LANE_BITS, MESSAGES, keyed_nonce
from ledger.embedded.data_folder import write_durably
from ledger.errors import FormatError, UsageError
from ledger.keys.uris import open_signer
from ledger.ports import Signer

SOON_SECONDS = 3_600
AWAY_SECONDS = 7 * 86_400
"""How long a prepared file may wait for its signers."""

PrepareOption = Annotated[
    Path | None, typer.Option("--prepare", help="write the act to this file, to be signed elsewhere, and send nothing")
]


@dataclass(frozen=True)
class Party:
    """A key that takes part: its address, and its signer where that is here."""

    address: str
    signer: Signer | None = None


def party_of(text: str, password_file: Path | None) -> Party:
    """Return the key of an address (in any case), or of a keystore file with its password; raises KeyProviderError."""
    try:
        return Party(to_address(text.lower()))
    except FormatError:
        signer = open_signer(f"keystore:{text}", password_file)
        return Party(signer.address, signer)


@dataclass(frozen=True)
class AdminAct:
    """How an act is finished, as the options say."""

    data_folder: Path | None
    prepare: Path | None
    dry_run: bool
    as_json: bool

    @property
    def settings(self) -> Settings:
        """The settings of the data folder."""
        return load_settings(self.data_folder)

    def prepared(self, name: str, members: Mapping[str, Any]) -> PreparedAction:
        """Return a message with a fresh nonce and deadline, for the contract that the trust file names."""
        trust = wiring.load_trust(self.settings)
        wait = SOON_SECONDS if self.prepare is None else AWAY_SECONDS
        message = {
            **members,
            "nonce": keyed_nonce(secrets.randbits(LANE_BITS), 0),
            "deadline": int(time.time()) + wait,
        }
        contract = wiring.contract_addresses(trust)[MESSAGES[name].contract]
        return PreparedAction(name, trust.chain_id, contract, message)

    def finish(self, name: str, members: Mapping[str, Any], parties: Sequence[Party], result: dict[str, Any]) -> None:
        """Print an act, write its file, or sign and send it; the first party whose key is here sends.

        Raises UsageError where a signer is elsewhere and no file is asked for, TransactionFailed, ChainError.
        """
        prepared = self.prepared(name, members)
        if self.dry_run:
            self.tell({"dryRun": True, **result}, prepared.summary)
            return
        for party in parties:
            if party.signer is not None and party.address in prepared.missing:
                prepared = prepared.with_signature(party.signer.sign_preimage(prepared.preimage))
        if self.prepare is not None:
            write_durably(self.prepare, prepared.encode())
            self.tell({**result, **file_result(self.prepare, prepared)}, prepared.summary)
            return
        sender = next((party.signer for party in parties if party.signer is not None), None)
        if sender is None or prepared.missing:
            raise UsageError(
                f"the signature of {', '.join(prepared.missing)} is missing: give its keystore, or write the act to a "
                "file with --prepare, sign it where the key is (`gongzhi sign`), and send it with `gongzhi admin relay`"
            )
        send_prepared(self.settings, prepared, sender)
        self.tell(result, prepared.summary)

    def tell(self, result: dict[str, Any], summary: Sequence[str] = ()) -> None:
        """Print a result, for people with the lines of what was signed."""
        if self.as_json:
            print_json(result)
            return
        for line in summary:
            print(f"  {line}")
        print_members(result)


def send_prepared(settings: Settings, prepared: PreparedAction, sender: Signer) -> None:
    """Send a signed act through the outbox and wait for its block; once, however often it is asked for.

    Raises UsageError where a signature is missing or the file is for another chain or contract, TransactionFailed.
    """
    if prepared.missing:
        raise UsageError(f"the signature of {', '.join(prepared.missing)} is missing")
    with administration(settings, sender) as opened:
        contract = opened.contracts.get(prepared.kind.contract)
        if (prepared.chain_id, prepared.contract) != (opened.chain_id, contract):
            raise UsageError("the act is for another chain or contract than the trust file names")
        to, data = opened.encode_message(prepared.action, prepared.message, prepared.relayed_signatures)
        opened.send(f"act/{to_hex(prepared.digest)}", to, data)
