"""Found the demo consortium: keys, contracts, members, catalogue, settings. Safe to repeat after an interruption."""

import json
import os
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ledger import wiring, wiring_council
from ledger.cli.admin_deploy import found_with, write_deployment
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
from ledger.core.codes import Role, bitmap_of
from ledger.domain import load_document
from ledger.embedded.data_folder import DataFolder, write_durably
from ledger.keys.file_provider import create_master_key
from ledger.keys.keystore import DEVELOPMENT_SCRYPT_COST, KeystoreSigner, create_keystore, open_keystore
from ledger.keys.officer_secret import create_officer_secret, open_officer_secret
from ledger.keys.private_file import read_password, write_private
from ledger.ports import Signer
from ledger.services.administration import Administration
from ledger.services.catalogue_documents import item_documents
from ledger.services.enrol import AgencyToEnrol, KeyToEnrol, enrol, register_here
from ledger.services.founding import FoundingPlan, NewAgency
from ledger.services.publish_calendar import publish_calendar
from ledger.services.publish_item import publish_item

ENGINE = "anvil"
VALID_DAYS = 365
ADMIN, DEPLOYER = "admin", "deployer"
FOUNDERS, THRESHOLD = 5, 3
"""The first five agencies found the consortium, and any three of them decide."""


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
    """Deploy under a Council of five, found, enrol, publish catalogue and calendar, assign reviewers, write trust file
    and settings; returns the members of the demo file.

    Engines must run and the database be migrated. Raises ChainError, TransactionFailed, KeyProviderError.
    """
    folder = DataFolder.at(settings.data_folder)
    deployer = open_or_create(folder, DEPLOYER, DEPLOYER)
    members = [_member(folder, agency) for agency in AGENCIES]
    plan = founding_plan(members)
    administration = wiring.open_administration(settings, deployer, {})
    try:
        deployment = wiring_council.deploy_contracts(administration, plan.terms, say)
    finally:
        administration.store.close()
    write_deployment(settings, deployment, ENGINE)
    founders = {number: member.admin for number, member in enumerate(members[:FOUNDERS], 1)}
    say(f"founding: {FOUNDERS} members, {THRESHOLD} of whom decide")
    found_with(settings, deployer, plan, founders, deployment)
    contracts = {name: pin["address"] for name, pin in deployment["contracts"].items()}
    administration = wiring.open_administration(settings, deployer, contracts)
    try:
        say(f"enrolling {len(AGENCIES)} agencies")
        enrolled = _enrol_all(settings, folder, administration, members, founders)
        _publish_catalogue(folder, administration)
    finally:
        administration.store.close()
    _write_settings(folder)
    return {"chainId": deployment["chainId"], "contracts": contracts, "agencies": enrolled}


def founding_plan(members: Sequence[AgencyToEnrol]) -> FoundingPlan:
    """Return how the demo consortium is founded: by the first five of `members`, with its reviewers assigned."""
    reviewers = {"reviewAgency": REVIEW_AGENCY, "reviewAgencySubstitute": REVIEW_AGENCY_SUBSTITUTE}
    return FoundingPlan(
        tuple(member.agency for member in members[:FOUNDERS]),
        THRESHOLD,
        development=True,
        catalogue_authority=GATEWAY_AGENCY,
        parameters={name: number_of(agency) for name, agency in reviewers.items()},
    )


def _member(folder: DataFolder, agency: DemoAgency) -> AgencyToEnrol:
    admin = open_or_create(folder, agency.slug, ADMIN)
    return AgencyToEnrol(
        agency.slug,
        NewAgency(agency.name, int(agency.kind), agency.region, agency.allowed_roles, admin.address, VALID_DAYS),
        admin,
        [
            KeyToEnrol(open_or_create(folder, agency.slug, key.name), bitmap_of(key.roles), key.officer)
            for key in agency.keys
        ],
        _officer_secret(folder, agency),
    )


def _enrol_all(
    settings: Settings,
    folder: DataFolder,
    administration: Administration,
    members: Sequence[AgencyToEnrol],
    founders: Mapping[int, Signer],
) -> list[dict[str, Any]]:
    agency_of = wiring.agency_of_key(settings, administration.contracts)
    acts = wiring_council.open_acts(settings, administration)
    encode_call = wiring_council.call_encoder(administration.contracts)
    register_here(acts, members, founders, encode_call, agency_of)
    now = int(time.time())
    numbers = [enrol(administration, member, agency_of, now) for member in members]
    return [_described(folder, agency, number) for agency, number in zip(AGENCIES, numbers, strict=True)]


def _described(folder: DataFolder, agency: DemoAgency, number: int) -> dict[str, Any]:
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
    bureau = open_or_create(folder, AGENCIES[0].slug, ADMIN)
    now = int(time.time())
    for entry in CATALOGUE:
        publish_item(
            administration, item_documents(load_document(entry), GATEWAY_AGENCY, load_document), bureau, None, now
        )
    publish_calendar(administration, parse_calendar(load_document(CALENDAR)), bureau, now)


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
