"""Rows whose persons were collected before: an item that takes a person once refuses their records, by place.

The outbox leaves them out durably and sends the others. The rows of a job are known by the names of its contents:
`00000001-0` holds rows of the job's file, `c0002-00000001-0` rows of its second corrected file.
"""

from ledger.client.outbox import ClientOutbox

COLLECTED_BEFORE = "collected_before"
"""The reason of a row whose record the gateway refused because its item holds the person already."""


def refused_rows(outbox: ClientOutbox, rounds: int) -> list[set[int]]:
    """Return the refused rows of the job's file and of each of its first `rounds` corrected files."""
    found: list[set[int]] = [set() for _ in range(rounds + 1)]
    for name, rows in outbox.refused().items():
        number = int(name[1:5]) if name.startswith("c") else 0
        if number <= rounds:
            found[number].update(rows)
    return found
