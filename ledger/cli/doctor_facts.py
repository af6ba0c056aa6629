"""Collect what `gongzhi doctor` judges, each fact by itself: what does not answer hides nothing else."""

import shutil
import stat
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import httpx

from ledger import wiring, wiring_council
from ledger.chain.contracts.agency_registry import AgencyRegistry
from ledger.chain.contracts.binding import node
from ledger.chain.json_rpc import JsonRpc
from ledger.config import KeySetting, Settings
from ledger.core.chainfile import Trust
from ledger.core.codes import Role
from ledger.core.hexadecimal import to_hex
from ledger.core.history import DEFAULT_PARAMETERS
from ledger.embedded import ports
from ledger.embedded.data_folder import DataFolder
from ledger.embedded.rpc import loopback_client
from ledger.errors import ChainError, EngineError, GongzhiError, KeyProviderError, StoreError
from ledger.keys.uris import open_key_provider
from ledger.services.doctor import ChainFacts, DatabaseFacts, Fault, WorkFacts
from ledger.services.doctor_keys import BoundKey, ConfiguredKey
from ledger.store.condition import database_condition
from ledger.store.migrate import knows_revision, newest_revision

EARLIER_BLOCKS = 10
"""The block period is measured over so many."""
IDENTITY = frozenset({"chainId", "genesis"})
"""Members of a deployment's differences that say that the chain is another one."""
ANSWER_SECONDS = 3.0
LIVE_PATH = "/v1/health/live"
EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 (compared, not bound)


def database_facts(settings: Settings) -> DatabaseFacts | Fault:
    """Ask the database for its version, clock and tables."""
    try:
        found = database_condition(wiring.database_url(settings))
    except (StoreError, KeyProviderError, EngineError) as failure:
        return Fault(failure.detail)
    known = found.revision is not None and knows_revision(found.revision)
    return DatabaseFacts(found.server_version, found.time, found.revision, newest_revision(), known)


def work_facts(settings: Settings) -> WorkFacts | Fault:
    """Ask the database what waits in it; for tables of this version only."""
    try:
        with closing(wiring.open_store(settings, connections=1)) as store, store.begin() as transaction:
            figures = transaction.figures()
    except (StoreError, KeyProviderError, EngineError) as failure:
        return Fault(failure.detail)
    return WorkFacts(
        quarantined=figures["quarantined"],
        earliest_open_anchor_by=figures["earliest_open_anchor_by"],
        head_seen_at=figures["checked_at"],
        facts_age=DEFAULT_PARAMETERS["factsAge"],
    )


def chain_facts(settings: Settings, trust: Trust) -> ChainFacts | Fault:
    """Ask the node who it is, what its newest block is, and the contracts' code."""
    try:
        url = wiring.rpc_url(settings)
        with closing(JsonRpc(url)) as rpc, closing(wiring.open_chain(url, {})) as chain:
            client = str(rpc.read("web3_clientVersion"))
            head, genesis = chain.head(), chain.block(0)
            earlier = chain.block(head.number - EARLIER_BLOCKS) if head.number >= EARLIER_BLOCKS else None
            codes = {name: to_hex(chain.code_hash(pin.address)) for name, pin in trust.contracts.items()}
            begun = "" if genesis is None else genesis.hash
            faults = wiring_council.deployment_faults(url, trust)
            said = (None, None) if {fault.member for fault in faults} & IDENTITY else _directory(url, trust)
            return ChainFacts(chain.chain_id(), begun, client, head, earlier, codes, faults, *said)
    except (ChainError, EngineError) as failure:
        return Fault(failure.detail)


def _directory(url: str, trust: Trust) -> tuple[str | None, str | None]:
    """Return where the directory differs from the trust file, and the RecordAnchors in force."""
    try:
        wiring_council.check_directory(trust, url)
        return None, wiring_council.anchors_in_force(trust, url)
    except ChainError as failure:
        return failure.detail, None


def configured_keys(settings: Settings, trust: Trust | None) -> Iterator[ConfiguredKey]:
    """Open each key that the settings name, and ask the chain about it where a trust file says which one."""
    named: list[tuple[str, KeySetting | None, Role | None]] = [("api_sign_key", settings.api_sign_key, Role.API_SIGN)]
    named += [(f"anchor_keys[{place}]", key, Role.ANCHOR) for place, key in enumerate(settings.anchor_keys)]
    if not settings.anchor_keys:
        named.append(("anchor_keys", None, Role.ANCHOR))
    if settings.relay_key is not None:
        named.append(("relay_key", settings.relay_key, None))
    for name, setting, role in named:
        try:
            address = wiring.open_key(setting, name).address
        except GongzhiError as failure:
            yield ConfiguredKey(name, role, Fault(failure.detail), None)
            continue
        yield ConfiguredKey(name, role, address, None if trust is None else _bound(settings, trust, address))


def _bound(settings: Settings, trust: Trust, address: str) -> BoundKey | None:
    try:
        registry = AgencyRegistry(node(wiring.rpc_url(settings)), trust.contracts["AgencyRegistry"].address)
        key = registry.key_info(address, block="latest")
        status = registry.agency(key.agency, block="latest").status if key.agency else 0
    except (ChainError, EngineError):
        return None
    return BoundKey(key.agency, key.roles, key.state, key.valid_from, key.valid_until, status)


def key_provider_fault(settings: Settings) -> Fault | None:
    """Open the key provider; returns what is wrong with it."""
    if settings.key_provider is None:
        return Fault("the settings name no key_provider")
    try:
        open_key_provider(settings.key_provider)
    except KeyProviderError as failure:
        return Fault(failure.detail)
    return None


def secret_modes(settings: Settings) -> Mapping[str, int]:
    """Return the permission bits of every secret file that the settings name or the data folder holds, by path."""
    folder = DataFolder.at(settings.data_folder)
    keys = [key for key in (settings.api_sign_key, settings.relay_key, *settings.anchor_keys) if key is not None]
    named = [path for key in keys for path in (key.password_file, key.client_certificate)]
    named += [_path_of(uri) for uri in (*(key.uri for key in keys), settings.key_provider)]
    within = [path for room in (folder.keys, folder.secrets) if room.is_dir() for path in room.rglob("*")]
    files = {path for path in (*named, *within) if path is not None and path.is_file()}
    return {str(path): stat.S_IMODE(path.stat().st_mode) for path in sorted(files)}


def _path_of(uri: str | None) -> Path | None:
    scheme, _, path = (uri or "").partition(":")
    return Path(path) if scheme in ("keystore", "file") and path else None


def free_bytes(settings: Settings) -> int:
    """Return the free bytes of the data folder's disk, or of the nearest folder above it that is there."""
    folder = DataFolder.at(settings.data_folder).root
    there = next(path for path in (folder, *folder.parents) if path.exists())
    return shutil.disk_usage(there).free


def api_port(settings: Settings) -> tuple[int | None, str]:
    """Return the API's port, and what a request there met: `live`, `nobody` or `other`."""
    port = settings.api_port or ports.remembered(DataFolder.at(settings.data_folder), ports.API)
    if port is None:
        return None, "nobody"
    host = "127.0.0.1" if settings.api_host in EVERYWHERE else settings.api_host
    try:
        with loopback_client(f"http://{host}:{port}", ANSWER_SECONDS) as client:
            answer = client.get(LIVE_PATH)
    except httpx.ConnectError:
        return port, "nobody"
    except httpx.HTTPError:
        return port, "other"
    return port, "live" if answer.content.replace(b" ", b"") == b'{"status":"live"}' else "other"


def unix_now() -> float:
    """Return this machine's clock in Unix seconds."""
    return time.time()
