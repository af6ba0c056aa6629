"""Reading a cell, and the cleaning steps that a mapping may name. Each cleaned cell is noted by what was done.

| step | what it does | noted as |
|---|---|---|
| `half-width` | full-width digits, letters and spaces become half-width; punctuation stays | `half_width` |
| `no-invisible` | control and format characters that nobody sees go; trimmed then | `invisible_removed` |
| `no-spaces` | white space within the text goes | `spaces_removed` |
| `no-han-spaces` | white space between Chinese characters goes, other becomes one space: for names | `spaces_removed` |
| `no-separators` | white space and dashes within the text go | `separators_removed` |
| `upper-case` | letters become capitals | `upper_case` |
| `empty-words` | 无 不详 未知 暂无 没有 空 - — / N/A NA null none become empty | `empty_word` |
| `pad-N` | a text of digits is filled with zeros on the left to N digits, 2 to 18 | `zeros_added` |

Steps run in the order in which the mapping names them, on text that is trimmed and in NFC already.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias
from unicodedata import normalize

from ledger.client.tables.rows import Row
from ledger.client.tables.xlsx_rows import NO_VALUE
from ledger.core.canonical import JsonValue
from ledger.core.shapes import array, text
from ledger.errors import FormatError, RowRejected

Noted: TypeAlias = list[str]
"""What was cleaned in one row, by name, once for each cell."""
Transform: TypeAlias = Callable[[Row, Noted], JsonValue]
CellReader: TypeAlias = Callable[[Row, Noted], str]
Step: TypeAlias = Callable[[str], str]

EMPTY_WORDS = frozenset(
    (
        *("无", "不详", "未知", "暂无", "没有", "空", "-", "--", "—", "——", "－", "/"),
        *("N/A", "n/a", "NA", "null", "NULL", "none", "None"),
    )
)
ERRORS = frozenset((NO_VALUE, "#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#SPILL!", "#CALC!"))
"""What a spreadsheet shows where it found no value, and writes into a CSV file."""
ROUNDED = re.compile(r"[0-9](?:[.][0-9]+)?[Ee][+][0-9]{1,3}")
"""What a spreadsheet makes of a long number."""
_WIDE = re.compile("[０-９Ａ-Ｚａ-ｚ\u3000]")
_WIDE_TO_HALF = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_WIDE_WORDS = {code: half for code, half in _WIDE_TO_HALF.items() if half == 0x20 or chr(half).isalnum()}
_SPACES = re.compile(r"\s+")
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f"
    "\ufeff\ufff9-\ufffb\U000e0001\U000e0020-\U000e007f]+"
)
"""Of the categories Cc and Cf what is neither white space nor drawn."""
_HAN = "[\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
_HAN_SPACES = re.compile(rf"(?<={_HAN})\s+(?={_HAN})")
_SEPARATORS = re.compile(r"[\s\-\u2010-\u2015\u2212\uff0d]+")
_PAD = re.compile("pad-([2-9]|1[0-8])")


class NoValue(Exception):
    """A cell holds an error, or a formula whose value its file does not hold."""


def half_width(found: str) -> str:
    """Return a text whose full-width digits, letters and spaces are half-width."""
    return found.translate(_WIDE_WORDS) if _WIDE.search(found) else found


def without_invisible(found: str) -> str:
    """Return a text without control and format characters that nobody sees, trimmed."""
    return found if found.isprintable() else _INVISIBLE.sub("", found).strip()


def without_han_spaces(found: str) -> str:
    """Return a text without white space between Chinese characters, and with one space where there is other."""
    return _SPACES.sub(" ", _HAN_SPACES.sub("", found))


def all_half_width(found: str) -> str:
    """Return a text whose full-width forms are all half-width, punctuation too: for numbers and dates."""
    return found if found.isascii() else found.translate(_WIDE_TO_HALF)


def without_separators(found: str) -> str:
    """Return a text without white space and dashes."""
    return _SEPARATORS.sub("", found)


STEPS: Mapping[str, tuple[str, Step]] = {
    "half-width": ("half_width", half_width),
    "no-invisible": ("invisible_removed", without_invisible),
    "no-han-spaces": ("spaces_removed", without_han_spaces),
    "no-spaces": ("spaces_removed", lambda found: _SPACES.sub("", found)),
    "no-separators": ("separators_removed", without_separators),
    "upper-case": ("upper_case", str.upper),
    "empty-words": ("empty_word", lambda found: "" if found in EMPTY_WORDS else found),
}


def steps_of(names: object, what: str) -> tuple[tuple[str, Step], ...]:
    """Return cleaning steps by name, each with what it is noted as; raises FormatError for an unknown one."""
    return tuple(_step(text(name, what=f"{what} clean"), what) for name in array(names, what=f"{what} clean"))


def cell(row: Row, column: str) -> str:
    """Return a cell trimmed and in NFC, empty where the file has no such column; raises NoValue for an error."""
    found = (row.get(column) or "").strip()
    if found in ERRORS:
        raise NoValue
    return found if found.isascii() else normalize("NFC", found)


def reader(column: str, steps: Sequence[tuple[str, Step]]) -> CellReader:
    """Return what reads a column and cleans it, noting each step that changed something."""
    if not steps:
        return lambda row, noted: cell(row, column)  # noqa: ARG005 (every reader may note)

    def read(row: Row, noted: Noted) -> str:
        found = cell(row, column)
        if found:
            for name, step in steps:
                cleaned = step(found)
                if cleaned != found:
                    noted.append(name)
                    found = cleaned
        return found

    return read


def refuse_rounded(path: str, found: str, reason: str = "number_rounded_by_spreadsheet") -> None:
    """Raise RowRejected for a number that a spreadsheet rounded and wrote with an exponent."""
    if ROUNDED.fullmatch(found):
        raise RowRejected(path, reason)


def missing(path: str, optional: bool) -> JsonValue:
    """Return null for an empty cell of an optional slot; raises RowRejected for another."""
    if not optional:
        raise RowRejected(path, "value_missing")
    return None


def _step(name: str, what: str) -> tuple[str, Step]:
    padded = _PAD.fullmatch(name)
    if padded is not None:
        width = int(padded[1])
        return "zeros_added", lambda found: found.zfill(width) if found.isdecimal() else found
    if name not in STEPS:
        raise FormatError(f"{what}: clean has the steps {', '.join((*STEPS, 'pad-N'))}")
    return STEPS[name]
