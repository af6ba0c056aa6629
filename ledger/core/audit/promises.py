"""Promises of a gateway: what broken means, and the times that it signs (formats page, section 5)."""

from collections.abc import Mapping
from typing import Any

from ledger.core.audit.checks import Tally
from ledger.core.audit.ground import Ground
from ledger.core.entitlement import CLOCK_SKEW_SECONDS
from ledger.core.export import ExportedEntry
from ledger.core.history import AsOf, History, Point
from ledger.core.statements import OWN_TIME


def is_broken(history: History, gateway: int, promised_by: int, stands_at: int | None) -> bool:
    """Say whether a promise for `promised_by` was broken, given the time of the block where its object stands.

    Broken: the gateway's agency was active, a block with a time in [promised_by − anchorDelay/2, promised_by] exists,
    and the object stands in no block with a time ≤ promised_by. Unix seconds; None means that it stands nowhere.
    """
    if stands_at is not None and stands_at <= promised_by:
        return False
    agency = history.agencies.get(gateway)
    if agency is None or not agency.is_active(AsOf(promised_by)):
        return False
    block = history.newest_block_by(promised_by)
    delay = history.parameter("anchorDelay", AsOf(promised_by))
    return block is not None and 2 * block.time >= 2 * promised_by - delay


def due_after(history: History, gateway: int, since: int) -> int | None:
    """Return when all that a gateway promised until `since` is due: anchorDelay later, unless it is excused then.

    Excused as in `is_broken`, it is due anchorDelay after the first block that follows and in which its agency is
    active, unless it is excused then too. Unix seconds; None while it was excused for as long as the chain is known.
    """
    due: int | None = since + history.parameter("anchorDelay", AsOf(since))
    while due is not None and not is_broken(history, gateway, due, None):
        resumed = _resumed(history, gateway, due)
        due = None if resumed is None else resumed + history.parameter("anchorDelay", AsOf(resumed))
    return due


def _resumed(history: History, gateway: int, after: int) -> int | None:
    """Return the time of the first block after a time in which the gateway's agency is active, None if none is."""
    block, agency = history.first_block_after(after), history.agencies.get(gateway)
    if block is None or agency is None:
        return None
    changes = (status.since.time for status in agency.statuses if status.since.time > block.time)
    return next((time for time in (block.time, *changes) if agency.is_active(AsOf(time))), None)


def promised_by(history: History, statement: str, message: Mapping[str, Any]) -> int:
    """Return by when an entry had to be anchored: its `anchorBy`, for a submission `signedAt` + anchorDelay."""
    if statement != "Submission":
        return int(message["anchorBy"])
    signed_at: int = message["signedAt"]
    return signed_at + history.parameter("anchorDelay", AsOf(signed_at))


def check_promise(ground: Ground, tally: Tally, entry: ExportedEntry, anchored: Point) -> None:
    """Check `promise.anchored` of one entry."""
    due = promised_by(ground.history, entry.statement, entry.message)
    tally.judge(
        "promise.anchored",
        not is_broken(ground.history, ground.gateway, due, anchored.time),
        f"entry {entry.sequence}",
        f"anchored in a block with a time of at most {due}",
        f"anchored at {anchored.time}",
        ground.blamed,
    )


class TimeOrder:
    """Own times of a gateway's statements, in stream order: each at most 30 s before the latest earlier one.

    A part of a stream does not know what came before it; `joins` judges where two parts meet.
    """

    def __init__(self) -> None:
        self.latest = 0
        self.earliest: tuple[int, int] | None = None
        """Own time and sequence of the statement with the earliest own time."""

    def fits(self, own_time: int, sequence: int) -> bool:
        """Take the next statement in; say whether its time fits those before it."""
        fits = own_time >= self.latest - CLOCK_SKEW_SECONDS
        self.latest = max(self.latest, own_time)
        if fits and (self.earliest is None or own_time < self.earliest[0]):
            self.earliest = own_time, sequence
        return fits


def check_times(ground: Ground, tally: Tally, entry: ExportedEntry, anchored: Point, order: TimeOrder) -> None:
    """Check `entry.times` of one statement of the gateway."""
    message = entry.message
    own_time: int = message[OWN_TIME[entry.statement]]
    delay = ground.history.parameter("anchorDelay", AsOf(own_time))
    fault = ""
    if not own_time <= message["anchorBy"] <= own_time + delay:
        fault = f"anchorBy {message['anchorBy']}, anchorDelay {delay}"
    elif own_time > anchored.time + CLOCK_SKEW_SECONDS:
        fault = f"anchored at {anchored.time}"
    elif not order.fits(own_time, entry.sequence):
        fault = f"an earlier statement says {order.latest}"
    tally.judge(
        "entry.times",
        not fault,
        f"entry {entry.sequence}",
        f"times that fit {own_time}, when the statement says it was made",
        fault,
        ground.blamed,
    )


def check_joint(ground: Ground, tally: Tally, before: int, part: TimeOrder) -> None:
    """Check `entry.times` where a part of the stream follows parts whose latest own time is `before`."""
    if part.earliest is not None and part.earliest[0] < before - CLOCK_SKEW_SECONDS:
        own_time, sequence = part.earliest
        expected = f"a time of at least {before - CLOCK_SKEW_SECONDS}, after what stands before it"
        tally.fail("entry.times", f"entry {sequence}", expected, str(own_time), ground.blamed)
