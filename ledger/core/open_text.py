"""What nobody may write into an open text: class O is kept in clear, searched and pushed to everybody who subscribed.

No slot of class O is meant for a person. A text of class O (the title of a task, what a warning asks for) is typed by
people, though, so an identity number or a mobile phone in one is refused when a record is taken. Names cannot be told
from other words, and a number that stands alone is taken for a code.
"""

import re
from collections.abc import Mapping
from unicodedata import normalize

from ledger.core.canonical import JsonValue
from ledger.core.code_checks import is_identity_number
from ledger.core.rules import redact_strings
from ledger.core.schema import Schema
from ledger.errors import PersonalInOpen

_IDENTITY = re.compile("(?<![0-9])[1-9][0-9]{16}[0-9Xx](?![0-9A-Za-z])")
_PHONE = re.compile("(?<![0-9])1[3-9][0-9][ -]?[0-9]{4}[ -]?[0-9]{4}(?![0-9])")
_CODE = re.compile("[0-9A-Za-z._:/#-]*")


def refuse_personal(schema: Schema, originals: Mapping[str, JsonValue]) -> None:
    """Raise PersonalInOpen for the first open text that holds a person's number; it names the path, never the text."""
    for path in schema.open_texts:
        if any(holds_personal(text) for text in redact_strings([originals.get(path)])):
            raise PersonalInOpen(f"{path}: holds what looks like an identity number or a mobile phone", path=path)


def holds_personal(text: str) -> bool:
    """Say whether a text holds an identity number (GB 11643, with its check character) or, among words, a mobile phone.

    Full-width digits count as digits.
    """
    plain = normalize("NFKC", text)
    if any(is_identity_number(found.group().upper()) for found in _IDENTITY.finditer(plain)):
        return True
    return _CODE.fullmatch(plain) is None and _PHONE.search(plain) is not None
