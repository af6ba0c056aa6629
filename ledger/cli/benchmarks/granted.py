"""Looks under grants, with many grants and consents on chain; beside each the same look under class 1."""

import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from ledger.cli.benchmarks.authorities import PURPOSE, Granted, Written
from ledger.cli.benchmarks.ground import Ground
from ledger.cli.benchmarks.load import LOOPBACK, Fired, together
from ledger.cli.benchmarks.measurement import Floor, Measurement, percentiles
from ledger.cli.benchmarks.pages import PAGE, Pages, read_at_once
from ledger.cli.benchmarks.reads import TURNS, WARM_UP, Load, load_conditions, random_reads
from ledger.cli.benchmarks.signed_looks import look_signer
from ledger.cli.benchmarks.writing import ITEM, READER, write_authorities
from ledger.client.grounds import Grounds
from ledger.core.codes import Authority, Basis

DUTY = "消防法 第四十五条"
CLASS1, STORED_OPEN, ORIGINALS, ONE_GRANT = "class 1", "stored-open", "originals", "one grant"
NEIGHBOUR = "the same under class 1, in turns"
FLOORS: Mapping[str, tuple[Floor, ...]] = {
    STORED_OPEN: (Floor("reads_per_second", 600), Floor("failed", 0, at_least=False)),
    ORIGINALS: (Floor("failed", 0, at_least=False),),
    ONE_GRANT: (Floor("failed", 0, at_least=False),),
}
WORDS: Mapping[str, tuple[str, str]] = {
    STORED_OPEN: (
        "read under grants, saturated",
        "another at random for each look, each with scope and consent of its own; opens stored-open slots",
    ),
    ORIGINALS: ("read of originals under grants, saturated", "as above; opens originals from sealed storage"),
    ONE_GRANT: ("read under one grant, saturated", "one for all looks, for a statutory duty; opens stored-open slots"),
}
"""Workload, and which grants its looks are under."""


def measure_granted_read(ground: Ground) -> list[Measurement]:
    """Single-record reads under grants: at a pace, and saturated, in turns with reads under class 1."""
    written = write_authorities(ground)
    with _loads(ground, written) as loads:
        for load in loads.values():
            load.fire(WARM_UP)
        return [_paced_row(ground, written, loads), *_saturated_rows(ground, written, loads)]


@contextmanager
def _loads(ground: Ground, written: Written) -> Iterator[dict[str, Load]]:
    """Give one load a sort of look, by its name."""
    port = ground.endpoints.api_port
    authority = f"{LOOPBACK}:{port}"
    with ground.client(READER) as client:
        consent = look_signer(client, authority, _grounds(written.stored_open[0]))
        duty = look_signer(client, authority, _grounds(written.duties[0]))

        def consented(grants: Sequence[Granted]) -> bytes:
            granted = random.choice(grants)  # noqa: S311 (which record is read, not a key)
            return consent.under(granted.grant).record(written.record_of[granted.grant])

        def of_one_grant() -> bytes:
            return duty.record(random.choice(written.records_of[written.duties[0].holder]))  # noqa: S311

        yield {
            CLASS1: random_reads(ground, look_signer(client, authority)),
            STORED_OPEN: Load(ground, port, lambda: consented(written.stored_open)),
            ORIGINALS: Load(ground, port, lambda: consented(written.originals)),
            ONE_GRANT: Load(ground, port, of_one_grant),
        }


def _grounds(granted: Granted) -> Grounds:
    basis, reference = (Basis.CONSENT, None) if granted.person else (Basis.STATUTORY_DUTY, DUTY)
    return Grounds(
        *(ITEM, PURPOSE, basis, reference), officer="officer 17", authority=Authority.GRANT, authority_id=granted.grant
    )


def _conditions(ground: Ground, written: Written) -> dict[str, Any]:
    return {
        "grants": written.grants,
        "consents": written.consents,
        "written": "their events, into blocks that are followed; whoever reads them is real",
        **load_conditions(ground),
        "stored_records": len(ground.record_ids) + sum(len(ids) for ids in written.records_of.values()),
    }


def _paced_row(ground: Ground, written: Written, loads: Mapping[str, Load]) -> Measurement:
    per_second, seconds = ground.sizes.paced_per_second, ground.sizes.paced_seconds
    ground.say(f"reading {per_second} records a second for {seconds} seconds, under class 1 and under grants")
    class1, class1_used = loads[CLASS1].fire_measured(per_second * seconds, per_second)
    granted, used = loads[STORED_OPEN].fire_measured(per_second * seconds, per_second)
    return Measurement(
        "read under grants at a pace",
        {**percentiles(granted.seconds), "failed": granted.failed, **used},
        (Floor("p99_ms", 30, at_least=False), Floor("failed", 0, at_least=False)),
        {
            "requests_per_second": per_second,
            "seconds": seconds,
            "loop": "open, measured from the moment that a request was due",
            "under": WORDS[STORED_OPEN][1],
            **_conditions(ground, written),
        },
        "the same under class 1, just before",
        {**percentiles(class1.seconds), "failed": class1.failed, **class1_used},
    )


def _saturated_rows(ground: Ground, written: Written, loads: Mapping[str, Load]) -> list[Measurement]:
    each = max(1, ground.sizes.granted_reads // TURNS)
    ground.say(f"reading {TURNS} times {each:,} records of {len(loads)} sorts in turns, as fast as possible")
    fired: dict[str, list[Fired]] = {name: [] for name in loads}
    for _ in range(TURNS):
        for name, load in loads.items():
            fired[name].append(load.fire(each))
    class1 = together(fired[CLASS1])
    return [_saturated_row(ground, written, name, together(fired[name]), class1) for name in FLOORS]


def _saturated_row(ground: Ground, written: Written, name: str, fired: Fired, class1: Fired) -> Measurement:
    workload, under = WORDS[name]
    return Measurement(
        workload,
        {
            "reads_per_second": fired.per_second,
            "share_of_class1": fired.per_second / class1.per_second,
            **percentiles(fired.seconds),
            "bytes_per_answer": fired.received_bytes / len(fired.seconds),
            "failed": fired.failed,
        },
        FLOORS[name],
        {
            "requests": len(fired.seconds),
            "loop": "closed",
            "turns": TURNS,
            "under": under,
            **_conditions(ground, written),
        },
        NEIGHBOUR,
        {"reads_per_second": class1.per_second, **percentiles(class1.seconds), "failed": class1.failed},
    )


def measure_granted_search(ground: Ground) -> list[Measurement]:
    """Pages of 200 records within the scope of a grant, one grant a reader, in turns with pages of class 1."""
    written = write_authorities(ground)
    port = ground.endpoints.api_port
    each = max(1, ground.sizes.granted_pages // len(written.duties) // TURNS)
    ground.say(f"{len(written.duties)} readers read {TURNS} times {each} pages of {PAGE}, under class 1 and grants")
    with ground.client(READER) as client:
        authority = f"{LOOPBACK}:{port}"
        class1 = [look_signer(client, authority) for _ in written.duties]
        granted = [look_signer(client, authority, _grounds(one)) for one in written.duties]
        theirs, ours = Pages(), Pages()
        for _ in range(TURNS):
            theirs = theirs + read_at_once(port, class1, each)
            ours = ours + read_at_once(port, granted, each)
    return [
        Measurement(
            "bulk read under a grant",
            {**ours.figures(), "share_of_class1": ours.per_second / theirs.per_second},
            (Floor("records_per_second", 8_000),),
            {
                "records_per_page": PAGE,
                "pages": len(ours.seconds),
                "readers": f"{len(written.duties)}, each under a grant of its own with a scope, for a statutory duty",
                **_conditions(ground, written),
            },
            NEIGHBOUR,
            theirs.figures(),
        )
    ]
