"""Released documents of the domain data: what a chain may name by hash, so that no version of it is edited again.

`released.json` holds the hash of each released document, by its path. Documents with a version in their file name are
released, as `schemas/incident-1.json`, at the top and in `FOLDERS`; others (catalogue entries, profiles, mappings) are
made for a gateway and hashed when they are published.
"""

import json
import re
from collections.abc import Mapping
from importlib.resources import files

from ledger.core.canonical import document_hash
from ledger.core.hexadecimal import to_hex

RELEASED = "released.json"
FORMAT = "gongzhi-released/1"
FOLDERS = ("calendar", "code_sets", "consent_texts", "fields", "masks", "processes", "schemas")
_NAMES = {
    "gongzhi-schema/1": ("schemas", "schema"),
    "gongzhi-codes/1": ("code_sets", "code_set"),
    "gongzhi-fields/1": ("fields", "schema"),
}
"""Where a document of a format stands, and which of its members is its name there, before its version."""
_VERSIONED = re.compile(r".+-[1-9][0-9]?\.json")


def versioned_documents() -> dict[str, str]:
    """Return the hash (0x hex) of every document of the domain data with a version in its name, by its path."""
    top = files(__package__)
    folders = [("", top), *((f"{name}/", top.joinpath(name)) for name in FOLDERS)]
    found = {
        f"{prefix}{one.name}": to_hex(document_hash(json.loads(one.read_text("utf-8"))))
        for prefix, folder in folders
        if folder.is_dir()
        for one in folder.iterdir()
        if _VERSIONED.fullmatch(one.name)
    }
    return dict(sorted(found.items()))


def released_documents() -> Mapping[str, str]:
    """Return the hashes of `released.json` by path."""
    document: Mapping[str, Mapping[str, str]] = json.loads(files(__package__).joinpath(RELEASED).read_text("utf-8"))
    return document["documents"]


def redefined(name: str, document: object, released: Mapping[str, str]) -> str | None:
    """Return the path of the released schema, code set or fields map that a document from elsewhere says otherwise.

    It is known by the place it is read from (`name`, as `schemas/incident-1.json`), and by name and version in it. None
    where it is not released, or is the same.
    """
    known = name if name.startswith(tuple(f"{folder}/" for folder, _ in _NAMES.values())) else ""
    inner = ""
    if isinstance(document, dict) and document.get("format") in _NAMES:
        folder, member = _NAMES[document["format"]]
        revision = f"-{document['revision']}" if "revision" in document else ""
        inner = f"{folder}/{document.get(member)}-{document.get('version')}{revision}.json"
    digest = to_hex(document_hash(document))
    return next((path for path in (known, inner) if path in released and released[path] != digest), None)


def changed_documents(released: Mapping[str, str], found: Mapping[str, str]) -> list[str]:
    """Return the paths of released documents that are not found as they were released, one way or the other."""
    return [path for path, digest in released.items() if found.get(path) != digest]
