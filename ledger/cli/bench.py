"""`gongzhi bench`: measures this machine against the floors, on a consortium of its own, beside neighbours."""

import json
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from ledger.cli.benchmarks.audits import measure_bundle_row, measure_verify_ledger
from ledger.cli.benchmarks.decisions import measure_decision, measure_decision_under_grant, measure_facts
from ledger.cli.benchmarks.folding import measure_fold
from ledger.cli.benchmarks.granted import measure_granted_read, measure_granted_search
from ledger.cli.benchmarks.ground import Ground, founded
from ledger.cli.benchmarks.importing import measure_import
from ledger.cli.benchmarks.ingest import measure_ingest
from ledger.cli.benchmarks.measurement import Measurement, hardware
from ledger.cli.benchmarks.pages import measure_bulk_read
from ledger.cli.benchmarks.pure import measure_commit
from ledger.cli.benchmarks.reads import measure_read
from ledger.cli.benchmarks.sizes import FULL, QUICK, Sizes
from ledger.cli.benchmarks.table import show, write_table
from ledger.cli.output import print_json
from ledger.errors import UsageError

PURE: Mapping[str, Callable[[Sizes], Measurement]] = {
    "commit": lambda sizes: measure_commit(sizes.committed),
    "decision": lambda sizes: measure_decision(sizes.decisions),
    "decision-granted": lambda sizes: measure_decision_under_grant(sizes.decisions),
    "facts-granted": lambda sizes: measure_facts(sizes.decisions // 5, sizes.grants, sizes.consents),
}
SERVED: Mapping[str, Callable[[Ground], Sequence[Measurement]]] = {
    "import": measure_import,
    "ingest": measure_ingest,
    "verify-bundle": measure_bundle_row,
    "verify-ledger": measure_verify_ledger,
    "read": measure_read,
    "bulk-read": measure_bulk_read,
    "fold-granted": measure_fold,
    "read-granted": measure_granted_read,
    "bulk-read-granted": measure_granted_search,
}
"""In the order in which they run: the auditor comes before the many looks, so that what he reads is mostly records.

Grants and consents come last: their events are written into followed blocks, which no auditor would find on chain.
"""


def bench(
    only: Annotated[
        list[str] | None, typer.Option(help=f"one workload, may be repeated: {', '.join((*PURE, *SERVED))}")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="small numbers: shows that it runs, not how fast")] = False,
    records: Annotated[int | None, typer.Option(min=1, help="records that ingest publishes; else 100,000")] = None,
    keep: Annotated[bool, typer.Option("--keep", help="leave the data folder for a look at logs and data")] = False,
    out: Annotated[Path | None, typer.Option(help="write the run to this file, as JSON")] = None,
    page: Annotated[Path | None, typer.Option(help="put the table into this Markdown page")] = None,
    earlier: Annotated[Path | None, typer.Option("--from", help="take a run from this file; measure nothing")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """Measure commit, ingest, anchoring, reads and verification on a consortium founded for it, then delete that.

    Takes some five minutes. A missed floor is printed as missed; the exit code is 0 all the same.
    """
    unknown = sorted(set(only or ()) - {*PURE, *SERVED})
    if unknown:
        raise UsageError(f"no workload {', '.join(unknown)}; there are: {', '.join((*PURE, *SERVED))}")
    sizes = QUICK if quick else FULL
    run = read_run(earlier) if earlier else measure(sizes.with_records(records or sizes.records), only, keep=keep)
    if out is not None:
        out.write_text(json.dumps(run, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    if page is not None:
        write_table(page, run)
    if as_json:
        print_json(run)
    else:
        show(run["rows"])


def measure(sizes: Sizes, only: Sequence[str] | None, *, keep: bool) -> dict[str, Any]:
    """Run workloads (all, if `only` is empty); returns the run: when, on what, and its rows."""
    signal.signal(signal.SIGTERM, _stop)
    run = {"measuredAt": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC", "hardware": hardware()}
    rows = [
        row.document()
        for row in _rows(sizes, [name for name in (*PURE, *SERVED) if not only or name in only], keep=keep)
    ]
    return {**run, "rows": rows}


def _rows(sizes: Sizes, names: Sequence[str], *, keep: bool) -> Iterator[Measurement]:
    for name in names:
        if name in PURE:
            say(f"── {name}")
            yield PURE[name](sizes)
    served = [name for name in names if name in SERVED]
    if not served:
        return
    with founded(sizes, say, keep=keep) as ground:
        for name in served:
            say(f"── {name}")
            yield from SERVED[name](ground)


def read_run(path: Path) -> dict[str, Any]:
    """Return an earlier run; raises UsageError if the file is none."""
    try:
        run = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise UsageError(f"{path} is no run of the benchmark") from None
    if not isinstance(run, dict) or not {"measuredAt", "hardware", "rows"} <= run.keys():
        raise UsageError(f"{path} is no run of the benchmark")
    return run


def say(line: str) -> None:
    """Tell progress, on stderr."""
    print(line, file=sys.stderr, flush=True)


def _stop(*_: object) -> NoReturn:
    """End as by Ctrl-C, so that the consortium is stopped and deleted."""
    raise KeyboardInterrupt
