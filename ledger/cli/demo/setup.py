"""Found the demo consortium: keys, contracts, members, catalogue, settings. Safe to repeat after an interruption."""

import json
import os
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ledger import wiring
from ledger.cli.demo.consortium import (
    AGENCIES,
    CALENDAR,
    CATALOGUE,
    DESK,
    GATEWAY_AGENCY,
    REVIEW_AGENCY,
    REVIEW_AGENCY_SUBSTITUTE,
    DemoAgency,
    DemoKey,
    number_of,
)
from ledger.config import SETTINGS_FILE, Settings
from ledger.core.calendar import parse_calendar
from ledger.core.canonical import encode
from ledger.core.codes import Role, bitmap_of
from ledger.domain import load_document
from ledger.embedded.data_folder import DataFolder, write_durably
from ledger.keys.file_provider import create_master_key
from ledger.keys.keystore import DEVELOPMENT_SCRYPT_COST, KeystoreSigner, create_keystore, open_keystore
from ledger.keys.officer_secret import create_officer_secret, open_officer_secret
from ledger.keys.private_file import read_password, write_private
from ledger.services.administration import Administration
from ledger.services.catalogue_documents import item_documents
from ledger.services.deploy import trust_of
from ledger.services.enrol import AgencyToEnrol, KeyToEnrol, enrol
from ledger.services.publish_calendar import publish_calendar
from ledger.services.publish_item import publish_item

ENGINE = "anvil"
VALID_SECONDS = 365 * 86_400
ADMIN, GOVERNOR = "admin", "governor"


@dataclass(frozen=True)
class KeyPaths:
    """Where a demo key and its password are."""

    keystore: Path
    password_file: Path

    def setting(self) -> dict[str, str]:
        """Return the key as the settings file names it."""
        return {"uri": f"keystore:{self.keystore}", "password_file": str(self.password_file)}


def key_paths(folder: DataFolder, agency: str, key: str) -> KeyPaths:
    """Return the paths of an agency's key."""
    return KeyPaths(folder.keys / f"{agency}-{key}.json", folder.secrets / f"{agency}.password")


def open_or_create(folder: DataFolder, agency: str, key: str) -> KeystoreSigner:
    """Return a demo key, made on the first call."""
    paths = key_paths(folder, agency, key)
    if not paths.password_file.exists():
        write_private(paths.password_file, secrets.token_urlsafe(24).encode())
    password = read_password(paths.password_file)
    if paths.keystore.exists():
        return open_keystore(paths.keystore, password)
    return create_keystore(paths.keystore, os.urandom(32), password, scrypt_cost=DEVELOPMENT_SCRYPT_COST)


def found_consortium(settings: Settings, say: Callable[[str], None]) -> dict[str, Any]:
    """Deploy, enrol, publish catalogue and calendar, assign reviewers, write trust file and settings; returns the
    members of the demo file.

    Engines must run and the database be migrated. Raises ChainError, TransactionFailed, KeyProviderError.
    """
    folder = DataFolder.at(settings.data_folder)
    governor = open_or_create(folder, "governor", GOVERNOR)
    administration = wiring.open_administration(settings, governor, {})
    try:
        deployment = wiring.deploy_contracts(administration, governor.address, say)
        trust = trust_of(deployment, ENGINE)
        write_durably(settings.trust_path, encode(trust))
        write_durably(folder.deployments / f"{deployment['chainId']}.json", json.dumps(deployment, indent=2).encode())
    finally:
        administration.store.close()
    contracts = {name: pin["address"] for name, pin in deployment["contracts"].items()}
    administration = wiring.open_administration(settings, governor, contracts)
    try:
        say(f"enrolling {len(AGENCIES)} agencies")
        agency_of = wiring.agency_of_key(settings, contracts)
        members = [_enrol(folder, administration, agency, agency_of) for agency in AGENCIES]
        _publish_catalogue(folder, administration)
        _assign_reviewers(settings, administration)
    finally:
        administration.store.close()
    _write_settings(folder)
    return {"chainId": deployment["chainId"], "contracts": contracts, "agencies": members}


def _enrol(
    folder: DataFolder, administration: Administration, agency: DemoAgency, agency_of: Callable[[str], int]
) -> dict[str, Any]:
    now = int(time.time())
    member = AgencyToEnrol(
        agency.slug,
        agency.name,
        int(agency.kind),
        agency.region,
        agency.allowed_roles,
        open_or_create(folder, agency.slug, ADMIN),
        [
            KeyToEnrol(open_or_create(folder, agency.slug, key.name), bitmap_of(key.roles), key.officer)
            for key in agency.keys
        ],
        # Blocks carry whole seconds: a key that is valid from this very second must not wait for the next one.
        now - 60,
        now + VALID_SECONDS,
        _officer_secret(folder, agency),
    )
    number = enrol(administration, member, agency_of)
    return {
        "id": number,
        "name": agency.slug,
        "title": agency.name,
        "kind": int(agency.kind),
        "roles": sorted({Role(role).name for key in agency.keys for role in key.roles} | {Role.ADMIN.name}),
        **_key_files(folder, agency, DESK),
        "keys": {
            key.name: {"roles": [role.name for role in key.roles], **_key_files(folder, agency, key.name)}
            for key in (DemoKey(ADMIN, (Role.ADMIN,)), *agency.keys)
        },
    }


def _officer_secret(folder: DataFolder, agency: DemoAgency) -> bytes:
    path = folder.secrets / f"{agency.slug}.officers"
    if not path.exists():
        create_officer_secret(path)
    return open_officer_secret(path)


def _key_files(folder: DataFolder, agency: DemoAgency, key: str) -> dict[str, str]:
    paths = key_paths(folder, agency.slug, key)
    return {"keystore": str(paths.keystore), "passwordFile": str(paths.password_file)}


def _publish_catalogue(folder: DataFolder, administration: Administration) -> None:
    wiring.set_catalogue_authority(administration, GATEWAY_AGENCY)
    bureau = open_or_create(folder, AGENCIES[0].slug, ADMIN)
    now = int(time.time())
    for entry in CATALOGUE:
        publish_item(
            administration, item_documents(load_document(entry), GATEWAY_AGENCY, load_document), bureau, None, now
        )
    publish_calendar(administration, parse_calendar(load_document(CALENDAR)), bureau, now)


def _assign_reviewers(settings: Settings, administration: Administration) -> None:
    for name, agency in (("reviewAgency", REVIEW_AGENCY), ("reviewAgencySubstitute", REVIEW_AGENCY_SUBSTITUTE)):
        wiring.set_parameter(settings, administration, name, number_of(agency))


def _write_settings(folder: DataFolder) -> None:
    bureau = AGENCIES[0].slug
    master = folder.secrets / "master.key"
    if not master.exists():
        create_master_key(master)
    document = {
        "gateway": GATEWAY_AGENCY,
        "api_sign_key": key_paths(folder, bureau, "api").setting(),
        "anchor_keys": [key_paths(folder, bureau, name).setting() for name in ("anchor", "anchor-spare")],
        "relay_key": key_paths(folder, bureau, "relay").setting(),
        "key_provider": f"file:{master}",
    }
    path = folder.root / SETTINGS_FILE
    write_durably(path, json.dumps(document, indent=2).encode())
    os.chmod(path, 0o600)  # noqa: PTH101 (the file names secrets, it holds none)
