"""Acting: a message is prepared, signed by the key that has the role, and handed over; or written to a file instead."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self

import typer

from ledger.cli.connection import Connection, Profile, load_profile, open_client
from ledger.cli.output import print_json, print_members
from ledger.core.action_file import PreparedAction
from ledger.core.codes import Role
from ledger.core.hexadecimal import to_address, to_hex
from ledger.core.received import about_of
from ledger.core.typed_messages import message_to_json
from ledger.errors import FormatError, GatewayUnreachable, TransactionFailed, UsageError

if TYPE_CHECKING:
    from ledger.client.acting import RelayedAction
    from ledger.client.desk import Desk
    from ledger.client.gongzhi import GongzhiClient
    from ledger.client.preparing import Signing
    from ledger.ports import Signer

FIRST_POLL_SECONDS, LONGEST_POLL_SECONDS = 0.2, 2.0


@dataclass(frozen=True)
class ActingOptions:
    """How an action is signed and sent, as it was given."""

    action_key: Annotated[
        str | None,
        typer.Option(
            "--action-key",
            help="key that signs the action: a keystore; its address is enough with --prepare. "
            "Else the profile's key with the role",
        ),
    ] = None
    action_password_file: Annotated[
        Path | None, typer.Option("--action-password-file", help="file with the password of --action-key")
    ] = None
    prepare: Annotated[
        Path | None,
        typer.Option("--prepare", help="write the action to this file, to be signed elsewhere, and send nothing"),
    ] = None
    wait: Annotated[int, typer.Option("--wait", min=0, help="wait this many seconds until it stands on chain")] = 0
    dry_run: Annotated[bool, typer.Option("--dry-run", help="print what would be signed, and send nothing")] = False
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False


@dataclass(frozen=True)
class Named:
    """A key that takes part: its address, and its signer where that is here."""

    address: str
    signer: "Signer | None"


@dataclass
class Acting:
    """A desk with a client, at which one action is prepared, signed and handed over."""

    client: "GongzhiClient"
    profile: Profile
    connection: Connection
    options: ActingOptions

    @classmethod
    @contextmanager
    def opened(cls, connection: Connection, options: ActingOptions) -> Iterator[Self]:
        """Open the desk of the connection; gives its connections back at the end."""
        with open_client(connection) as client:
            yield cls(client, load_profile(connection), connection, options)

    def key(self, *roles: Role) -> Named:
        """Return the key that signs the action: the option's, else the profile's key with the first of `roles`.

        Raises UsageError where there is none.
        """
        if self.options.action_key is not None:
            return self.named(self.options.action_key, self.options.action_password_file, *roles)
        return self._of_profile(self.connection.as_agency, *roles) or self._connection_s()

    def named(self, text: str, password_file: Path | None, *roles: Role) -> Named:
        """Return the key of an address, an agency of the profile (its key with one of `roles`), or a keystore."""
        try:
            return Named(to_address(text), None)
        except FormatError:
            pass
        if password_file is None and not Path(text).exists():
            found = self._of_profile(text, *roles)
            if found is None:
                wanted = " or ".join(role.name for role in roles)
                raise UsageError(f"the profile names no key with role {wanted} of that agency")
            return found
        return _opened(Path(text), password_file)

    def signing(self, key: Named) -> "Signing":
        """Return who signs first, and how long the message may wait."""
        from ledger.client.preparing import AWAY_SECONDS, SOON_SECONDS, Signing

        return Signing(key.address, SOON_SECONDS if self.options.prepare is None else AWAY_SECONDS)

    def finish(self, prepared: PreparedAction, keys: Sequence[Named]) -> None:
        """Do what the options say with an action: print it, write its file unsigned, or sign it and hand it over."""
        if self.options.dry_run:
            self._print({"wouldSign": message_to_json(prepared.action, prepared.message)}, prepared.summary)
            return
        if self.options.prepare is not None:
            self._written(prepared, self.options.prepare)
            return
        for key in keys:
            if key.signer is not None and key.address in prepared.missing:
                prepared = prepared.with_signature(key.signer.sign_preimage(prepared.preimage))
        self.send(prepared)

    def send(self, prepared: PreparedAction) -> None:
        """Hand over a signed action and say how far it is; waits where the options say so."""
        acting = self.client.acting
        relayed = acting.send(
            prepared.action, prepared.message, signatures=prepared.signatures, documents=prepared.documents
        )
        state = relayed.state
        if self.options.wait:
            state = wait_until_final(lambda: acting.state(relayed.action), float(self.options.wait))
        self._print(_result(prepared, relayed, state))

    def _written(self, prepared: PreparedAction, path: Path) -> None:
        from ledger.client.durable import write_durably

        write_durably(path, prepared.encode())
        self._print(file_result(path, prepared), prepared.summary)

    def _print(self, result: dict[str, Any], summary: Sequence[str] = ()) -> None:
        if self.options.as_json:
            print_json({**result, "summary": list(summary)} if summary else result)
            return
        for line in summary:
            print(f"  {line}")
        print_members({name: value for name, value in result.items() if name != "wouldSign"})

    def _of_profile(self, agency: str | None, *roles: Role) -> Named | None:
        keys = self.profile.agency(agency).get("keys", {}) if agency else {}
        for role in roles:
            for key in keys.values():
                if role.name in key.get("roles", ()):
                    return _opened(Path(key["keystore"]), Path(key["passwordFile"]))
        return None

    def _connection_s(self) -> Named:
        signer = self.client.desk.signer
        return Named(signer.address, signer)


def act(
    connection: Connection,
    options: ActingOptions,
    roles: Sequence[Role],
    prepare: "Callable[[Desk, Signing], PreparedAction]",
) -> None:
    """Prepare an action of one signer, a key with one of `roles`, and finish it as the options say."""
    with Acting.opened(connection, options) as acting:
        key = acting.key(*roles)
        acting.finish(prepare(acting.client.desk, acting.signing(key)), [key])


def wait_until_final(state: Callable[[], Any], timeout_seconds: float) -> str:
    """Ask for an action's state until it stands on chain; returns `final`.

    Raises TransactionFailed where the contract refused it, GatewayUnreachable when the time is over.
    """
    deadline, pause = time.monotonic() + timeout_seconds, FIRST_POLL_SECONDS
    while True:
        told = state()
        if told["state"] == "final":
            return "final"
        if told["state"] == "failed":
            raise TransactionFailed(str(told.get("error") or "the contract refused the action"))
        if time.monotonic() > deadline:
            raise GatewayUnreachable(f"not on chain within {timeout_seconds:.0f} s; it is {told['state']}")
        time.sleep(pause)
        pause = min(pause * 1.5, LONGEST_POLL_SECONDS)


def file_result(path: Path, prepared: PreparedAction) -> dict[str, Any]:
    """Return what is printed of an action file."""
    return {
        "file": str(path),
        "action": prepared.action,
        "digest": to_hex(prepared.digest),
        "signers": [key for _, key in prepared.signers],
        "missing": list(prepared.missing),
    }


def _result(prepared: PreparedAction, relayed: "RelayedAction", state: str) -> dict[str, Any]:
    return {
        "id": to_hex(about_of(prepared.action, prepared.message, relayed.action)),
        "action": to_hex(relayed.action),
        "name": prepared.action,
        "state": state,
        "receivedAt": relayed.received_at,
        "includeBy": relayed.include_by,
    }


def _opened(keystore: Path, password_file: Path | None) -> Named:
    from ledger.keys.uris import open_signer

    signer = open_signer(f"keystore:{keystore}", password_file)
    return Named(signer.address, signer)
