"""The file by which `gongzhi admin enrol` is told of an agency: its name, its keys, who holds them."""

import time
from pathlib import Path
from typing import Any

from ledger.cli.admin_options import read_json
from ledger.core.codes import AgencyKind, Role, bitmap_of
from ledger.core.officers import officer_name
from ledger.core.shapes import array, members_of, text, unsigned
from ledger.errors import UsageError
from ledger.keys.officer_secret import create_officer_secret, open_officer_secret
from ledger.keys.uris import open_signer
from ledger.ports import Signer
from ledger.services.enrol import AgencyToEnrol, KeyToEnrol

DAY_SECONDS = 86_400
_AGENCY_MEMBERS = ("name", "kind", "region", "admin", "keys", "validDays")


def read_agency(path: Path, *, make_secret: bool) -> AgencyToEnrol:
    """Return the agency of a file with its keys opened, and its officer secret, if it names one.

    An officer secret whose file is not there is made, or left empty unless `make_secret`. Raises UsageError,
    FormatError, KeyProviderError.
    """
    members = members_of(read_json(path), _AGENCY_MEMBERS, what="agency file", optional=("officerSecret",))
    keys = [_key(key, path.parent) for key in array(members["keys"], what="agency keys")]
    allowed = Role.ADMIN.bit
    for key in keys:
        allowed |= key.roles
    if "officerSecret" not in members and any(key.officer for key in keys):
        raise UsageError("agency file: keys with an officer need `officerSecret`, the file of the agency's secret")
    now = int(time.time())
    return AgencyToEnrol(
        path.stem,
        text(members["name"], what="agency name"),
        int(AgencyKind(unsigned(members["kind"], 8, what="agency kind"))),
        unsigned(members["region"], 53, what="agency region"),
        allowed,
        open_named(
            members_of(members["admin"], ("keystore",), what="agency admin", optional=("passwordFile",)), path.parent
        ),
        keys,
        now - 60,
        now + DAY_SECONDS * unsigned(members["validDays"], 16, what="agency validDays"),
        _officer_secret(members, path.parent, make_secret),
    )


def open_named(key: dict[str, Any], folder: Path) -> Signer:
    """Return the signer that a file names by paths beside it; a signer file needs no password."""
    password_file = folder / key["passwordFile"] if "passwordFile" in key else None
    return open_signer(f"keystore:{folder / key['keystore']}", password_file)


def role_named(name: object) -> Role:
    """Return a role by its name; raises UsageError with the names that there are."""
    try:
        return Role[str(name)]
    except KeyError:
        raise UsageError(f"unknown role; there are {', '.join(role.name for role in Role)}") from None


def _key(value: object, folder: Path) -> KeyToEnrol:
    optional = ("officer", "passwordFile")
    key = members_of(value, ("keystore", "roles"), what="agency key", optional=optional)
    roles = bitmap_of([role_named(name) for name in key["roles"]])
    officer = officer_name(text(key["officer"], what="agency key officer")) if "officer" in key else ""
    return KeyToEnrol(open_named(key, folder), roles, officer)


def _officer_secret(members: dict[str, Any], folder: Path, make_secret: bool) -> bytes:
    if "officerSecret" not in members:
        return b""
    path = folder / text(members["officerSecret"], what="agency officerSecret")
    if not path.exists():
        if not make_secret:
            return b""
        create_officer_secret(path)
    return open_officer_secret(path)
