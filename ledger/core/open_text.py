"""What nobody may write into an open field: class O is kept in clear, searched and pushed to everybody who subscribed.

No slot of class O is meant for a person. What people type into one (the title of a task, what a warning asks for, a
code that no code set bounds) may hold an identity number or a mobile phone, though, and is then refused when a record
is taken. Names cannot be told from other words.
"""

import re
from collections.abc import Iterator, Mapping
from unicodedata import normalize

from ledger.core.canonical import JsonValue
from ledger.core.code_checks import is_credit_code, is_identity_number
from ledger.core.schema import AMOUNT, Schema
from ledger.errors import PersonalInOpen

_FEWEST_DIGITS = 11
_OTHERS = re.compile("[^0-9]+")
_IDENTITY = re.compile("(?<![0-9])(?=([1-9](?:[ -]?[0-9]){16}[ -]?[0-9Xx])(?![0-9]))")
_START = r"(?<![0-9])(?<![0-9]\.)(?:(?:\+|00)?86"
_PHONE = re.compile(_START + ")?1[3-9][0-9]{9}(?![0-9])")
_SPACED = re.compile(_START + r"[ .-]?)?1[3-9][0-9](?P<by>[ .-])[0-9]{4}(?P=by)[0-9]{4}(?![0-9])")
_CODE = re.compile("[0-9A-Za-z._:/#-]*")
_HANDLE = re.compile("(?<![0-9A-Za-z])(?:(?:0x)?[0-9A-Fa-f]{32,}|[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})")
_EIGHTEEN = re.compile("(?<![0-9A-Za-z])[0-9A-Z]{18}(?![0-9A-Za-z])")


def refuse_personal(schema: Schema, originals: Mapping[str, JsonValue]) -> None:
    """Raise PersonalInOpen for the first open field that holds a person's number; it names the path, never the text."""
    for path in schema.open_texts:
        if any(holds_personal(text) for text in _said(originals.get(path))):
            raise PersonalInOpen(f"{path}: holds what looks like an identity number or a mobile phone", path=path)


def holds_personal(text: str) -> bool:
    """Say whether a text holds an identity number (GB 11643, with its check character) or a mainland mobile phone.

    A phone is 11 digits from 13 to 19, perhaps after 86, wherever no other digit is beside them: alone, in words, glued
    to letters; written in groups 3 4 4 it is known among words and alone. Full-width digits count as digits. Handles
    (32 hexadecimal digits or more, UUIDs) and valid credit codes are no phones.
    """
    plain = normalize("NFKC", text)
    if len(_OTHERS.sub("", plain)) < _FEWEST_DIGITS:
        return False
    if any(is_identity_number(re.sub("[ -]", "", one.group(1)).upper()) for one in _IDENTITY.finditer(plain)):
        return True
    plain = _EIGHTEEN.sub(lambda one: " " if is_credit_code(one.group()) else one.group(), _HANDLE.sub(" ", plain))
    if _PHONE.search(plain) is not None or _SPACED.fullmatch(plain) is not None:
        return True
    return _CODE.fullmatch(plain) is None and _SPACED.search(plain) is not None


def _said(value: JsonValue) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, int) and not isinstance(value, bool):
        yield str(value)
    elif isinstance(value, dict):
        for name, one in value.items():
            yield name
            if not (isinstance(one, int) and name.endswith(AMOUNT)):
                yield from _said(one)
    elif isinstance(value, list):
        for one in value:
            yield from _said(one)
