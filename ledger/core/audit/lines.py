"""Reading the four files of an export side by side: each line parsed strictly, in sequence order, each once."""

from collections.abc import Callable, Iterator
from typing import Generic, Protocol, TypeVar

from ledger.core.audit.checks import Tally
from ledger.errors import FormatError


class Numbered(Protocol):
    """What stands under a sequence."""

    @property
    def sequence(self) -> int:
        """Sequence of the entry that it belongs to."""


Line = TypeVar("Line", bound=Numbered)


class LineReader(Generic[Line]):
    """Hands out the lines of one file by sequence; what cannot be parsed or is out of place is a failure of `blames`.

    `sort` names the lines in messages: entry, record, look.
    """

    def __init__(
        self, lines: Iterator[bytes], parse: Callable[[bytes], Line], tally: Tally, sort: str, blames: str
    ) -> None:
        self.count = 0
        self._lines, self._parse, self._tally = lines, parse, tally
        self._sort, self._blames = sort, blames
        self._ahead: Line | None = None
        self._last = 0

    def take(self, sequence: int) -> Iterator[Line]:
        """Yield the lines that stand under `sequence`; lines before it that nobody took are out of place."""
        while True:
            line = self._ahead if self._ahead is not None else self._next()
            self._ahead = line
            if line is None or line.sequence > sequence:
                return
            self._ahead = None
            if line.sequence == sequence:
                yield line
            else:
                self.misplaced(line.sequence)

    def rest(self) -> Iterator[Line]:
        """Yield all remaining lines."""
        line = self._ahead if self._ahead is not None else self._next()
        self._ahead = None
        while line is not None:
            yield line
            line = self._next()

    def misplaced(self, sequence: int) -> None:
        """List a line that stands where it does not belong."""
        what = f"{self._sort} line of sequence {sequence}"
        self._tally.fail(
            "entry.order", what, "sequence order, each once, under its entry", "out of place", self._blames
        )

    def _next(self) -> Line | None:
        for text in self._lines:
            self.count += 1
            try:
                return self._parse(text)
            except FormatError as error:
                subject = f"a {self._sort} line after sequence {self._last}"
                self._tally.fail("export.line", subject, "a line of its format", error.detail, self._blames)
        return None
