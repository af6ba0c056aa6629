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
FOLDERS = ("calendar", "code_sets", "consent_texts", "fields", "schemas")
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


def changed_documents(released: Mapping[str, str], found: Mapping[str, str]) -> list[str]:
    """Return the paths of released documents that are not found as they were released, one way or the other."""
    return [path for path, digest in released.items() if found.get(path) != digest]
