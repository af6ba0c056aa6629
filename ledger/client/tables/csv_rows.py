"""CSV files: UTF-8 with or without byte order mark, or GB18030, which GBK and GB2312 are parts of."""

import codecs
import csv
from collections.abc import Iterator
from pathlib import Path

from ledger.errors import UsageError

UTF8, UTF8_BOM, GB18030 = "utf-8", "utf-8-bom", "gb18030"
_CODECS = {UTF8: "utf-8", UTF8_BOM: "utf-8-sig", GB18030: "gb18030", "gbk": "gb18030", "gb2312": "gb18030"}
ENCODINGS = tuple(_CODECS)
"""What may be forced. The last two are read as GB18030, which holds them."""
_BLOCK = 1 << 20


def encoding_of(path: Path, forced: str | None = None) -> str:
    """Return `utf-8`, `utf-8-bom` or `gb18030`: the first in which every byte of the file makes sense.

    With `forced` nothing is detected. Raises UsageError if no encoding fits, or for one that is not known.
    """
    if forced is not None:
        if forced.lower() not in _CODECS:
            raise UsageError(f"encoding {forced} is not read; there are: {', '.join(ENCODINGS)}")
        return forced.lower()
    with path.open("rb") as file:
        if file.read(3) == codecs.BOM_UTF8:
            return UTF8_BOM
    for encoding in (UTF8, GB18030):
        if _decodes(path, encoding):
            return encoding
    raise UsageError(f"{path.name} is neither UTF-8 nor GB18030 text; save it as CSV UTF-8")


def csv_lines(path: Path, encoding: str) -> Iterator[tuple[int, list[str]]]:
    """Yield (line on which a row ends, cells); raises UsageError, with line and reason, for what is no CSV."""
    begun = 1
    try:
        with path.open(encoding=_CODECS[encoding], newline="") as file:
            reader = csv.reader(file, strict=True)
            for cells in reader:
                begun = reader.line_num + 1
                yield reader.line_num, cells
    except UnicodeDecodeError:
        raise UsageError(f"{path.name} is not all text in {encoding}; give another --encoding, or none") from None
    except csv.Error as error:
        raise UsageError(f"{path.name} is no CSV file from line {begun} on: {_why(str(error))}") from None


def _why(said: str) -> str:
    """Return what a CSV reader's message means; none holds a cell."""
    if "expected after" in said:
        return "a cell in quotation marks goes on behind the closing one; a mark within such a cell is written twice"
    if "unexpected end" in said:
        return "a quotation mark opens a cell and is never closed"
    if "field limit" in said:
        return f"a cell has more than {csv.field_size_limit():,} characters; is a quotation mark never closed?"
    return "it is not written as CSV files are"


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(_CODECS[encoding])()
    with path.open("rb") as file:
        try:
            while block := file.read(_BLOCK):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True
