"""Where objects are put together; everything above asks here, everything below is given what it needs."""

import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ledger.chain.artifacts import with_published_code
from ledger.chain.client import Web3Chain
from ledger.chain.contracts.access_ledger import AccessLedger
from ledger.chain.contracts.agency_registry import AgencyRegistry
from ledger.chain.contracts.binding import Call, node
from ledger.chain.contracts.catalogue import Catalogue
from ledger.chain.contracts.consent_registry import ConsentRegistry
from ledger.chain.contracts.emergency_access import EmergencyAccess
from ledger.chain.contracts.record_anchors import RecordAnchors
from ledger.config import KeySetting, Settings
from ledger.core.canonical import decode
from ledger.core.chainfile import Trust, parse_trust
from ledger.core.collect_once import CollectOnce, parse_collect_once
from ledger.core.count_tables import CountRules, parse_count_rules
from ledger.core.points import ANCHORS
from ledger.core.statements import StatementDomain
from ledger.core.typed_messages import MESSAGES
from ledger.domain import COLLECT_ONCE_TABLE, COUNTS_TABLE, load_document
from ledger.embedded import chain as embedded_chain
from ledger.embedded import postgres
from ledger.embedded.data_folder import DataFolder
from ledger.embedded.replay import ReplayBlock
from ledger.embedded.stack import Endpoints, RemoteChain, ServicePlan, StackPlan
from ledger.errors import UsageError
from ledger.keys.private_file import read_password
from ledger.keys.uris import open_key_provider, open_signer
from ledger.keys.web3signer import SignerTls, Web3Signer
from ledger.ports import KeyProvider, Signer
from ledger.services.administration import Administration
from ledger.services.anchor import Anchoring
from ledger.services.facts import HistoryCache
from ledger.services.gateway import AttachmentRules, Gateway, SubjectRules
from ledger.services.relay import Relay
from ledger.services.work import Worker
from ledger.store.database_login import with_password
from ledger.store.migrate import current_revision, migrate, newest_revision
from ledger.store.postgres import PostgresStore

REPLAY_PAGE = 500
"""Blocks that are read from the database at a time while the chain is brought back."""


def database_url(settings: Settings) -> str:
    """Return the configured database with its password, or the embedded one; raises KeyProviderError, StoreError."""
    if settings.database_url is None:
        return postgres.dsn(DataFolder.at(settings.data_folder))
    if settings.database_password_file is None:
        return settings.database_url
    return with_password(settings.database_url, read_password(settings.database_password_file))


def rpc_url(settings: Settings) -> str:
    """Return the configured JSON-RPC URL, or that of the embedded chain; raises EngineError if that does not run."""
    return settings.rpc_url or embedded_chain.running_url(DataFolder.at(settings.data_folder))


def load_trust(settings: Settings) -> Trust:
    """Return the trust file in force; raises UsageError if there is none, FormatError if it is none."""
    try:
        return with_published_code(parse_trust(settings.trust_path.read_bytes()))
    except FileNotFoundError:
        raise UsageError("there is no trust file yet; `gongzhi demo` and `gongzhi admin deploy` write one") from None


def contract_addresses(trust: Trust) -> dict[str, str]:
    """Return name → address of the trusted contracts."""
    return {name: pin.address for name, pin in trust.contracts.items()}


def open_key(setting: KeySetting | None, what: str) -> Signer:
    """Return the signer of a key setting; raises UsageError if it is not set, KeyProviderError if it does not open."""
    if setting is None:
        raise UsageError(f"the settings name no {what}")
    return open_signer(setting.uri, setting.password_file, SignerTls(setting.ca_file, setting.client_certificate))


def open_store(settings: Settings, connections: int = 10) -> PostgresStore:
    """Return the gateway's database."""
    return PostgresStore(database_url(settings), connections=connections)


def migrate_database(settings: Settings, *, dry_run: bool = False) -> tuple[str | None, str]:
    """Bring the settings' database to the shape that this version needs; returns the revisions before and after.

    With `dry_run` nothing is changed. Raises StoreError, KeyProviderError.
    """
    dsn = database_url(settings)
    before = current_revision(dsn)
    if not dry_run:
        migrate(dsn)
    return before, newest_revision()


def open_chain(rpc: str, contracts: Mapping[str, str]) -> Web3Chain:
    """Return a chain client that knows our contracts at these addresses."""
    return Web3Chain(rpc, contracts)


def open_trusted_chain(rpc: str, trust: Trust) -> Web3Chain:
    """Return a chain client that knows the trusted contracts, and those that succeed RecordAnchors."""
    return Web3Chain(rpc, contract_addresses(trust), line=trust.line if ANCHORS in trust.contracts else None)


def open_gateway(settings: Settings, connections: int = 10) -> Gateway:
    """Return the gateway of these settings; raises UsageError, KeyProviderError, StoreError."""
    trust = load_trust(settings)
    api_signer, key_provider = gateway_keys(settings)
    return Gateway(
        agency=settings.gateway,
        domain=StatementDomain(trust.chain_id, trust.contracts[ANCHORS].address),
        line=trust.line,
        store=open_store(settings, connections),
        facts=HistoryCache(),
        api_signer=api_signer,
        signs_remotely=isinstance(api_signer, Web3Signer),
        key_provider=key_provider,
        clock=lambda: int(time.time()),
        subject_rules=SubjectRules(
            settings.subject_epoch_days, settings.subject_queries_per_day, settings.subjects_listed_per_day
        ),
        attachment_rules=attachment_rules(settings),
        collect_once=collect_once_rules(settings),
        count_rules=count_rules(settings),
    )


def collect_once_rules(settings: Settings) -> CollectOnce:
    """Return which items are collected once; raises UsageError for a file that is not there, FormatError."""
    return parse_collect_once(_table(settings.collect_once_file, COLLECT_ONCE_TABLE))


def count_rules(settings: Settings) -> CountRules:
    """Return which tables of counts there are; raises UsageError for a file that is not there, FormatError."""
    return parse_count_rules(_table(settings.counts_file, COUNTS_TABLE))


def _table(file: Path | None, shipped: str) -> Any:
    if file is None:
        return load_document(shipped)
    try:
        return decode(file.read_bytes())
    except OSError:
        raise UsageError(f"{file} cannot be read") from None


def attachment_rules(settings: Settings) -> AttachmentRules:
    """Return the limits of attachments in these settings."""
    return AttachmentRules(
        most_bytes=settings.attachment_bytes,
        staged_bytes=settings.attachment_staged_bytes,
        staged_seconds=settings.attachment_staged_hours * 3_600,
        pdf=settings.attachment_pdf,
    )


def gateway_keys(settings: Settings) -> tuple[Signer, KeyProvider]:
    """Return what the API signs and seals with; raises UsageError where it is not named, KeyProviderError."""
    if settings.key_provider is None:
        raise UsageError("the settings name no key_provider")
    return open_key(settings.api_sign_key, "api_sign_key"), open_key_provider(settings.key_provider)


def message_encoder(
    contracts: Mapping[str, str],
) -> Callable[[str, Mapping[str, Any], Sequence[bytes]], tuple[str, bytes]]:
    """Return what encodes a signed typed message as a call: (name, message, signatures) → (address, data)."""
    offline = node()
    bindings: dict[str, Any] = {
        kind.NAME: kind(offline, contracts[kind.NAME])
        for kind in (AgencyRegistry, Catalogue, RecordAnchors, ConsentRegistry, AccessLedger, EmergencyAccess)
        if kind.NAME in contracts
    }

    def encode(name: str, message: Mapping[str, Any], signatures: Sequence[bytes]) -> tuple[str, bytes]:
        kind = MESSAGES[name]
        method = re.sub(r"(?<!^)(?=[A-Z])", "_", kind.function).lower()
        call: Call = getattr(bindings[kind.contract], method)(message, *signatures)
        return call.to, call.data

    return encode


def anchor_encoder(trust: Trust) -> Callable[[bytes, int, int], tuple[str, bytes]]:
    """Return what encodes `RecordAnchors.anchor`: (root, leaf count, first sequence) → (address, data)."""
    binding = RecordAnchors(node(), trust.contracts["RecordAnchors"].address)

    def encode(root: bytes, leaf_count: int, first_sequence: int) -> tuple[str, bytes]:
        call = binding.anchor(root, leaf_count, first_sequence)
        return call.to, call.data

    return encode


def open_relay(settings: Settings) -> Relay | None:
    """Return who pays for relayed messages, None where the settings name no relay key."""
    if settings.relay_key is None:
        return None
    key = open_key(settings.relay_key, "relay_key")
    contracts = contract_addresses(load_trust(settings))
    return Relay(key.address, message_encoder(contracts), contracts)


def open_worker(settings: Settings) -> Worker:
    """Return the worker of these settings; raises UsageError, KeyProviderError, StoreError, EngineError."""
    trust = load_trust(settings)
    anchors = [open_key(key, "anchor_keys") for key in settings.anchor_keys]
    if not anchors:
        raise UsageError("the settings name no anchor_keys")
    relays = [] if settings.relay_key is None else [open_key(settings.relay_key, "relay_key")]
    return Worker(
        store=open_store(settings, connections=3),
        chain=open_trusted_chain(rpc_url(settings), trust),
        signers={signer.address: signer for signer in (*anchors, *relays)},
        anchoring=Anchoring(
            settings.gateway,
            [signer.address for signer in anchors],
            anchor_encoder(trust),
            settings.anchor_count,
            settings.anchor_seconds,
            trust.line,
        ),
        confirmations=settings.confirmations,
        poll_seconds=settings.poll_seconds,
        staged_seconds=attachment_rules(settings).staged_seconds,
    )


def open_administration(settings: Settings, sender: Signer, contracts: Mapping[str, str]) -> Administration:
    """Return an administrator's means; `contracts` is empty before they are deployed."""
    chain = open_chain(rpc_url(settings), contracts)
    return Administration(
        store=open_store(settings, connections=2),
        chain=chain,
        sender=sender,
        chain_id=chain.chain_id(),
        contracts=contracts,
        encode_message=message_encoder(contracts),
    )


def agency_registry(settings: Settings) -> AgencyRegistry:
    """Return the registry of the trust file, for views of how it stands now."""
    return AgencyRegistry(node(rpc_url(settings)), contract_addresses(load_trust(settings))["AgencyRegistry"])


def agency_of_key(settings: Settings, contracts: Mapping[str, str]) -> Callable[[str], int]:
    """Return what tells the agency that a key is bound to now, 0 if to none."""
    registry = AgencyRegistry(node(rpc_url(settings)), contracts["AgencyRegistry"])
    return lambda key: registry.key_info(key, block="latest").agency


def stack_plan(settings: Settings) -> StackPlan:
    """Return how the embedded stack is started: only the engines until the gateway has a trust file and its keys.

    Raises UsageError or KeyProviderError where the keys that the settings name do not open.
    """
    folder = str(DataFolder.at(settings.data_folder).root)
    environment = {"GONGZHI_DATA_FOLDER": folder}

    def service(name: str, *arguments: str, ready_path: str = "") -> ServicePlan:
        return ServicePlan(
            name,
            lambda _: [sys.executable, "-m", *arguments],
            lambda found: environment | {"GONGZHI_API_PORT": str(found.api_port)},
            ready_path,
        )

    services = (
        service("worker", "ledger.cli", "worker"),
        service("api", "api", ready_path="/v1/health/ready"),
    )
    founded = settings.trust_path.exists() and settings.api_sign_key is not None and bool(settings.anchor_keys)
    if founded:
        # Said here at once: a service that dies at its start only says it in its log.
        gateway_keys(settings)
    return StackPlan(
        migrate=lambda found: migrate(found.database_url),
        followed_blocks=lambda found: followed_blocks(found),
        services=services if founded else (),
        api_port=settings.api_port,
        remote_chain=remote_chain(settings),
    )


def remote_chain(settings: Settings) -> RemoteChain | None:
    """Return the chain that others run, as settings and trust file name it; None if the embedded one is meant.

    Raises ChainError if the trust file is missing: it says which chain that is.
    """
    if settings.rpc_url is None:
        return None
    trust = load_trust(settings)
    return RemoteChain(settings.rpc_url, trust.chain_id, trust.genesis)


def followed_blocks(found: Endpoints) -> Iterator[ReplayBlock]:
    """Yield the blocks that the database followed, with the signed bytes of their transactions."""
    store = PostgresStore(found.database_url, connections=1)
    try:
        number = 0
        while True:
            with store.begin() as transaction:
                page = transaction.blocks_after(number, REPLAY_PAGE)
                hashes = [tx_hash for followed in page for tx_hash in followed.transactions]
                raw = transaction.raw_transactions(hashes)
            if not page:
                return
            for followed in page:
                block = followed.block
                number = block.number
                sent = [raw[tx_hash] for tx_hash in followed.transactions if tx_hash in raw]
                foreign = len(followed.transactions) - len(sent)
                yield ReplayBlock(block.number, block.hash, block.time, sent, foreign)
    finally:
        store.close()
