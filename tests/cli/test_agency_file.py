"""Agency files: who holds a key is said where it must be, and the secret of the pseudonyms is made once."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from ledger.cli.agency_file import read_agency
from ledger.core.codes import Role
from ledger.errors import FormatError, UsageError
from ledger.keys.keystore import DEVELOPMENT_SCRYPT_COST, create_keystore
from ledger.services.enrol import check_officers

pytestmark = pytest.mark.cli


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a password and three keys."""
    (tmp_path / "password").write_text("a password for tests\n", encoding="utf-8")
    (tmp_path / "password").chmod(0o600)
    for name in ("admin", "one", "two"):
        path = tmp_path / f"{name}.json"
        create_keystore(path, os.urandom(32), "a password for tests", scrypt_cost=DEVELOPMENT_SCRYPT_COST)
    return tmp_path


def named(key: str, *roles: str, **officer: Any) -> dict[str, Any]:
    return {"keystore": f"{key}.json", "passwordFile": "password", "roles": roles, **officer}


def agency_file(folder: Path, *keys: dict[str, Any], **changes: Any) -> Path:
    admin = {"keystore": "admin.json", "passwordFile": "password"}
    document = {"name": "Fire", "kind": 8, "region": 990101, "admin": admin, "keys": keys, "validDays": 30, **changes}
    path = folder / "fire.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


SECRET = {"officerSecret": "fire.officers"}


def test_the_officer_secret_is_made_once_and_not_for_a_dry_run(folder: Path) -> None:
    path = agency_file(folder, named("one", "EMERGENCY", officer="4711"), named("two", "API_SIGN"), **SECRET)
    assert read_agency(path, make_secret=False).officer_secret == b""
    assert not (folder / "fire.officers").exists()
    agency = read_agency(path, make_secret=True)
    assert len(agency.officer_secret) == 32
    assert repr(agency.officer_secret) not in repr(agency)
    assert (folder / "fire.officers").stat().st_mode & 0o777 == 0o600
    assert read_agency(path, make_secret=False).officer_secret == agency.officer_secret
    assert [(key.roles, key.officer) for key in agency.keys] == [(Role.EMERGENCY.bit, "4711"), (Role.API_SIGN.bit, "")]
    check_officers(agency)


def test_keys_of_machines_need_no_secret(folder: Path) -> None:
    agency = read_agency(agency_file(folder, named("one", "API_SIGN")), make_secret=True)
    check_officers(agency)
    assert (agency.officer_secret, list(folder.glob("*.officers"))) == (b"", [])


def test_an_officer_without_a_secret_is_refused(folder: Path) -> None:
    with pytest.raises(UsageError, match="officerSecret"):
        read_agency(agency_file(folder, named("one", "READ", officer="4711")), make_secret=True)


@pytest.mark.parametrize(
    ("key", "secret"), [({"officer": "4711 "}, "s"), ({"officer": 4711}, "s"), ({"officer": ""}, "s"), ({}, None)]
)
def test_a_misshapen_officer_or_secret_is_refused(folder: Path, key: dict[str, Any], secret: object) -> None:
    path = agency_file(folder, named("one", "READ", **key), officerSecret=secret)
    with pytest.raises(FormatError):
        read_agency(path, make_secret=True)


def test_a_key_whose_roles_exclude_others_names_its_officer(folder: Path) -> None:
    agency = read_agency(agency_file(folder, named("one", "DECIDE", "READ"), **SECRET), make_secret=True)
    with pytest.raises(UsageError, match="a key with DECIDE, READ needs an officer"):
        check_officers(agency)


def test_one_officer_has_no_two_roles_that_exclude_each_other(folder: Path) -> None:
    def keys(supervisor: str) -> tuple[dict[str, Any], ...]:
        return named("one", "EMERGENCY", officer="4711"), named("two", "SUPERVISE", officer=supervisor)

    check_officers(read_agency(agency_file(folder, *keys("4712"), **SECRET), make_secret=True))
    with pytest.raises(UsageError, match=r"never on keys of one officer: EMERGENCY\+SUPERVISE"):
        check_officers(read_agency(agency_file(folder, *keys("4711"), **SECRET), make_secret=True))
