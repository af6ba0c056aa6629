"""Which records a request or a consent bears on, as options: a scope under a fresh salt."""

import os
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated

import typer

from ledger.cli.moments import read_moment
from ledger.core.hexadecimal import from_hex
from ledger.core.scope import EVERYWHERE, Scope, parse_scope
from ledger.errors import UsageError

ALL = "all"


@dataclass(frozen=True)
class ScopeOptions:
    """The scope as it was given."""

    region: Annotated[
        list[str] | None,
        typer.Option("--region", help=f"region code or prefix; may be given several times; `{ALL}` for everywhere"),
    ] = None
    since: Annotated[
        str | None, typer.Option("--from", help="occurred at or after: 2026-01-15, or a time with its zone")
    ] = None
    to: Annotated[str | None, typer.Option("--to", help="occurred before the end of: 2026-12-31, or a time")] = None
    record_class: Annotated[
        list[str] | None, typer.Option("--class", help="class, or a prefix that ends in /; may be given several times")
    ] = None
    record: Annotated[
        list[str] | None, typer.Option("--record", help="record id; may be given several times; else all records")
    ] = None

    @property
    def scope(self) -> Scope:
        """The scope; raises UsageError without a region, FormatError for what no scope can hold."""
        if not self.region:
            raise UsageError(f"a scope has a region: give --region, or --region {ALL} for everywhere")
        records = None if not self.record else tuple(from_hex(one, 32, what="record id") for one in self.record)
        made = Scope(
            os.urandom(32),
            tuple(EVERYWHERE if one == ALL else one for one in self.region),
            None if self.since is None else read_beginning(self.since),
            None if self.to is None else read_moment(self.to),
            records,
            tuple(self.record_class) if self.record_class else None,
        )
        return parse_scope(dict(made.document))


def read_beginning(text: str) -> int:
    """Return the Unix second of a time as `read_moment` does, of a day its first second in China; raises UsageError."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return read_moment(text)
    return read_moment((day - timedelta(days=1)).isoformat()) + 1
