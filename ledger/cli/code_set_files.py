"""The code sets of the domain data: every one, or the one that a name means."""

from difflib import get_close_matches
from importlib.resources import files

from ledger.core.code_sets import CodeSet, parse_code_set, parse_reference
from ledger.domain import load_document
from ledger.errors import FormatError, UsageError

FOLDER = "code_sets"


def code_sets() -> tuple[CodeSet, ...]:
    """Return every code set of the domain data, by name and then version; raises FormatError for a misshapen one."""
    names = [one.name for one in files("ledger.domain").joinpath(FOLDER).iterdir() if one.name.endswith(".json")]
    found = [parse_code_set(load_document(f"{FOLDER}/{name}")) for name in names]
    return tuple(sorted(found, key=lambda one: (one.name, one.version)))


def code_set_named(text: str) -> CodeSet:
    """Return the code set of `sex/1`, or the newest version of `sex`; raises UsageError, naming close ones."""
    name, slash, _ = text.partition("/")
    versions = [one for one in code_sets() if one.name == name]
    if slash:
        versions = [one for one in versions if one.reference == _unpinned(text)]
    if versions:
        return versions[-1]
    names = sorted({one.name for one in code_sets()})
    close = ", ".join(get_close_matches(name, names, n=5)) or "see `gongzhi codes list`"
    raise UsageError(f"no code set of that name and version; close to it: {close}")


def _unpinned(text: str) -> str:
    try:
        return parse_reference(text, what="code set").unpinned
    except FormatError as error:
        raise UsageError("a code set is named as `sex` or `sex/1`") from error
