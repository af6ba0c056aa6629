"""Redaction of free text, rule `g:text-redact@1` (formats page, section 11).

PERMANENT: the redacted text is committed at publication and whoever holds both can run the rule again.
Another pattern is another rule name beside this one, never an edit.
"""

import re
from collections.abc import Iterable

from ledger.core.canonical import JsonValue
from ledger.errors import RuleError

MARK = "〔…〕"
"""What stands in the place of everything that is taken out."""

_D = "[0-9０-９]"
_GAP = "[ \u3000－-]?"
_A = "[0-9A-Za-z０-９Ａ-Ｚａ-ｚ]"
PATTERN_SOURCES: dict[str, str] = {
    "identity_18": f"[1-9１-９]{_D}{{5}}{_GAP}{_D}{{8}}{_GAP}{_D}{{3}}[0-9０-９XxＸｘ]",
    "identity_15": f"[1-9１-９]{_D}{{5}}{_GAP}{_D}{{6}}{_GAP}{_D}{{3}}",
    "phone": f"[1１][3-9３-９]{_D}{_GAP}{_D}{{4}}{_GAP}{_D}{{4}}",
    "landline": f"[0０]{_D}{{2,3}}[ \u3000－)）-]{_D}{{7,8}}",
    "plate": "[\u4e00-\u9fff][A-Za-zＡ-Ｚａ-ｚ][·• \u3000－-]?"
    f"(?={_A}{{0,5}}{_D})(?:{_A}{{5,6}}|{_A}{{4,5}}[学警港澳领使挂试超])",
    "plate_embassy": f"使{_GAP}{_D}{{6}}",
}
"""What counts as an identity number, a phone and a plate inside a text: shapes only, also inside longer runs,
also in full-width characters, with one gap where people write one. A check digit is not asked for: a mistyped
number still names somebody. A landline has its area code and a separator, a plate at least one digit."""

PATTERNS: dict[str, re.Pattern[str]] = {name: re.compile(source) for name, source in PATTERN_SOURCES.items()}


def text_redact(value: JsonValue, redact: tuple[str, ...]) -> str:
    """Return the text `value` with every match of `redact` and of `PATTERNS` replaced by `MARK`.

    All matches are looked for in the original text, each string and pattern on its own, from left to right
    and without overlapping itself; matches that overlap one another become one mark, matches that only touch
    become two. So a longer match always swallows a shorter one, no order of replacing matters, and a short
    string (a room `3`) cannot cut a phone into pieces that no pattern finds. Empty strings in `redact` match
    nothing.

    Raises `RuleError` when `value` is no string. Source: formats page, section 11.
    """
    if not isinstance(value, str):
        raise RuleError("the text to redact is not a string")
    spans = _exact_spans(value, redact)
    for pattern in PATTERNS.values():
        spans.extend(match.span() for match in pattern.finditer(value))
    if not spans:
        return value
    spans.sort()
    pieces: list[str] = []
    kept_to, covered_to = 0, -1
    for start, end in spans:
        if start >= covered_to:
            pieces += (value[kept_to:start], MARK)
        covered_to = kept_to = max(covered_to, end)
    pieces.append(value[kept_to:])
    return "".join(pieces)


def _exact_spans(text: str, strings: tuple[str, ...]) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    for string in strings:
        start = text.find(string) if string else -1
        while start >= 0:
            end = start + len(string)
            spans.append((start, end))
            start = text.find(string, end)
    return spans


def redact_strings(values: Iterable[JsonValue]) -> tuple[str, ...]:
    """Return the strings to take out of a text, given the values at the paths that the schema lists in
    `redact`.

    A string counts as itself, an address object with all its string members, a list with all its strings;
    null, numbers and empty strings count for nothing. Longest first, each once. Source: formats page, section
    11.
    """
    found: set[str] = set()
    for value in values:
        _collect(value, found)
    return tuple(sorted(found, key=lambda string: (-len(string), string)))


def _collect(value: JsonValue, found: set[str]) -> None:
    if isinstance(value, str):
        if value:
            found.add(value)
    elif isinstance(value, dict):
        for member in value.values():
            _collect(member, found)
    elif isinstance(value, list):
        for member in value:
            _collect(member, found)
