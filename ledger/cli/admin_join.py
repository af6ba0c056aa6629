"""`gongzhi admin join`: make this data folder another gateway of a consortium that stands."""

import json
import os
import secrets
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer

from ledger import wiring
from ledger.cli.admin_options import DryRunOption, FolderOption, JsonOption, say
from ledger.cli.output import print_result
from ledger.config import SETTINGS_FILE, Settings, load_settings
from ledger.core.canonical import encode
from ledger.core.chainfile import parse_trust, same_deployment
from ledger.core.codes import Role
from ledger.core.endpoint_document import LOOPBACK
from ledger.core.hexadecimal import to_hex
from ledger.core.history import History
from ledger.embedded import stack
from ledger.embedded.data_folder import DataFolder, read_json_object, write_durably
from ledger.errors import GatewayUnreachable, NotFound, UsageError
from ledger.keys.file_provider import create_master_key
from ledger.keys.keystore import create_keystore
from ledger.keys.private_file import read_password, write_private
from ledger.services.join import adopt_documents

TIMEOUT_SECONDS = 20.0
"""A document has a few kilobytes."""


def join(
    gateway: Annotated[str, typer.Argument(metavar="URL", help="a gateway that has the catalogue's documents")],
    agency: Annotated[int, typer.Option("--agency", min=1, help="number of the agency that runs the new gateway")],
    rpc: Annotated[str, typer.Option("--rpc", help="JSON-RPC URL of a node of the consortium's chain")],
    trust: Annotated[Path, typer.Option("--trust", help="trust file, compared with what other members hold")],
    keys: Annotated[
        Path | None,
        typer.Option("--keys", help="folder for the gateway's keys: api, anchor, relay, master key and password"),
    ] = None,
    data_folder: FolderOption = None,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """Note chain, trust file and agency in this data folder, start its database, and fetch the catalogue's documents.

    The node must be of the trust file's chain and code. Documents are taken by the hashes that stand on chain. With
    --keys the gateway's keys are made there, where they are missing, and named in the settings. Then bind them
    (`admin key bind`) and run `gongzhi up`. Safe to repeat.
    """
    from ledger.cli.chain_reading import load_trust_file, read_facts

    given = load_trust_file(trust)
    history = read_facts(rpc, given).history
    if agency not in history.agencies:
        raise NotFound(f"no agency has the number {agency} on this chain")
    settings = load_settings(data_folder)
    result = {"agency": agency, "chainId": given.chain_id, "missingRoles": missing_roles(history, agency)}
    if dry_run:
        print_result({"dryRun": True, **result}, as_json=as_json)
        return
    named = {} if keys is None else gateway_keys(keys)
    settings = _noted(settings, {"gateway": agency, "rpc_url": rpc, **named}, encode(dict(given.document)))
    # Only the database: a gateway whose keys are not bound yet is not ready.
    stack.up(DataFolder.at(settings.data_folder), replace(wiring.stack_plan(settings), services=()), say)
    store = wiring.open_store(settings, connections=1)
    try:
        kept, missing = adopt_documents(store, history, given, _fetcher(gateway), int(time.time()))
    finally:
        store.close()
    print_result({**result, "documents": kept, "documentsMissing": missing}, as_json=as_json)


def _fetcher(gateway: str) -> Callable[[bytes], bytes | None]:
    """Return what asks a gateway for a document by its hash; raises GatewayUnreachable, UsageError (no URL)."""
    try:
        url = httpx.URL(gateway)
    except httpx.InvalidURL:
        raise UsageError(f"{gateway} is no URL") from None
    client = httpx.Client(base_url=url, timeout=TIMEOUT_SECONDS, trust_env=url.host not in LOOPBACK)

    def fetch(document_hash: bytes) -> bytes | None:
        try:
            answer = client.get(f"/v1/documents/{to_hex(document_hash)}")
        except httpx.HTTPError as error:
            raise GatewayUnreachable(f"{gateway}: {type(error).__name__}") from error
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        if answer.status_code != httpx.codes.OK:
            raise GatewayUnreachable(f"{gateway}: status {answer.status_code}")
        return answer.content

    return fetch


def missing_roles(history: History, agency: int) -> list[str]:
    """Return the roles that a gateway needs and no key of the agency holds yet."""
    held = 0
    for facts in history.keys.values():
        if facts.agency == agency and facts.ended is None:
            held |= facts.roles
    return [role.name for role in (Role.API_SIGN, Role.ANCHOR, Role.RELAY) if not held & role.bit]


def gateway_keys(folder: Path) -> dict[str, Any]:
    """Return the settings that name a gateway's keys in a folder; what is missing there is made, nothing replaced.

    Raises KeyProviderError.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    password, master = folder / "password", folder / "master.key"
    if not password.exists():
        write_private(password, secrets.token_urlsafe(24).encode() + b"\n")
    if not master.exists():
        create_master_key(master)
    named = {}
    for name in ("api", "anchor", "relay"):
        path = folder / f"{name}.json"
        if not path.exists():
            create_keystore(path, os.urandom(32), read_password(password))
        named[name] = {"uri": f"keystore:{path.resolve()}", "password_file": str(password.resolve())}
    return {
        "api_sign_key": named["api"],
        "anchor_keys": [named["anchor"]],
        "relay_key": named["relay"],
        "key_provider": f"file:{master.resolve()}",
    }


def _noted(settings: Settings, values: dict[str, Any], trust: bytes) -> Settings:
    """Write trust file and settings; raises UsageError where the folder belongs to another gateway or chain."""
    folder = DataFolder.at(settings.data_folder)
    folder.create()
    if settings.trust_path.exists() and not same_deployment(parse_trust(trust), wiring.load_trust(settings)):
        raise UsageError(f"{settings.trust_path} is another trust file: this folder belongs to another consortium")
    path = folder.root / SETTINGS_FILE
    noted = read_json_object(path)
    if noted.get("gateway", values["gateway"]) != values["gateway"]:
        raise UsageError(f"this folder belongs to the gateway of agency {noted['gateway']}")
    write_durably(settings.trust_path, trust)
    write_durably(path, json.dumps({**noted, **values}, indent=2).encode())
    path.chmod(0o600)
    return load_settings(settings.data_folder)
