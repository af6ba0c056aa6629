"""Structured fields (RFC 9651) of signed requests: what our clients write is read by two patterns, the rest by http_sf.

Both ways say the same; the patterns are several times faster, and every request is read by them.
"""

import base64
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, cast

import http_sf

_STRING: Final = r'"[A-Za-z0-9@:._-]*"'
_INNER_LIST: Final = re.compile(
    rf"([a-z][a-z0-9_-]*)=\(({_STRING}(?: {_STRING})*)\)((?:;[a-z]+=(?:[0-9]{{1,15}}|{_STRING}))*)"
)
_PARAMETER: Final = re.compile(r';([a-z]+)=(?:([0-9]+)|"([^"]*)")')
_BYTES: Final = re.compile(r"([a-z][a-z0-9_-]*)=:((?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?):")
_PLAIN: Final = re.compile(r"[\x20\x21\x23-\x5b\x5d-\x7e]*")
"""Text that a String holds as it is: ASCII without `"` and backslash."""
_LARGEST_INTEGER: Final = 999_999_999_999_999


def parse_dictionary(text: str, refuse_duplicate: Callable[[str, str], None]) -> dict[str, Any]:
    """Return the members of a Dictionary as http_sf gives them: (value or list of items, parameters) by key.

    `refuse_duplicate(key, where)` is called for a member or parameter that stands twice. Raises
    `http_sf.StructuredFieldError`, or UnicodeEncodeError for text that is not ASCII.
    """
    found = _INNER_LIST.fullmatch(text)
    if found is not None:
        key, names, rest = found.groups()
        parameters = {name: int(digits) if digits else string for name, digits, string in _PARAMETER.findall(rest)}
        if len(parameters) == rest.count(";"):
            return {key: ([(name, {}) for name in names[1:-1].split('" "')], parameters)}
    found = _BYTES.fullmatch(text)
    if found is not None:
        return {found[1]: (base64.b64decode(found[2]), {})}
    parsed = http_sf.parse(text.encode("ascii"), tltype="dictionary", on_duplicate_key=refuse_duplicate)
    return cast("dict[str, Any]", parsed)


def inner_list_text(strings: Sequence[str], parameters: Mapping[str, int | str]) -> str:
    """Return the only serialization of an Inner List of Strings with parameters; raises ValueError for other text."""
    written = "".join([f";{name}={_bare_item(value)}" for name, value in parameters.items()])
    return f"({' '.join(map(_bare_item, strings))}){written}"


def _bare_item(value: int | str) -> str:
    if type(value) is int and 0 <= value <= _LARGEST_INTEGER:
        return str(value)
    if type(value) is str and _PLAIN.fullmatch(value):
        return f'"{value}"'
    return http_sf.ser((value, {}))
