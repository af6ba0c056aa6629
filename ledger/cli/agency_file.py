"""The file by which `gongzhi admin enrol` is told of an agency: its name, its keys, who holds them."""

from pathlib import Path
from typing import Any

from ledger.cli.admin_options import open_named, read_json
from ledger.core.codes import AgencyKind, Role, bitmap_of
from ledger.core.officers import officer_name
from ledger.core.shapes import array, from_one, members_of, text, unsigned
from ledger.errors import UsageError
from ledger.keys.officer_secret import create_officer_secret, open_officer_secret
from ledger.services.enrol import AgencyToEnrol, KeyToEnrol
from ledger.services.founding import NewAgency, role_named

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
    first = members_of(members["admin"], ("keystore",), what="agency admin", optional=("passwordFile",))
    admin = open_named(first, path.parent)
    agency = NewAgency(
        text(members["name"], what="agency name"),
        int(AgencyKind(unsigned(members["kind"], 8, what="agency kind"))),
        unsigned(members["region"], 53, what="agency region"),
        allowed,
        admin.address,
        from_one(members["validDays"], 16, what="agency validDays"),
    )
    return AgencyToEnrol(path.stem, agency, admin, keys, _officer_secret(members, path.parent, make_secret))


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
