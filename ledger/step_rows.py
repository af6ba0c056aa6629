"""What services ask of the database about steps, and about what was opened and published that duties are judged by."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from ledger.core.corrections import DisputedRecord
from ledger.core.erasure import OpenedRecord
from ledger.core.steps import Step


class StepKeeping(Protocol):
    """The part of a transaction that keeps steps and finds what duties follow from."""

    def add_steps(self, entry_id: int, steps: Sequence[tuple[int, Step]]) -> None:
        """Keep the steps of a submission, each with the position of its record."""

    def steps_about(self, subjects: Sequence[bytes]) -> Sequence[Step]:
        """Return the steps about any of these subjects, in order of time."""

    def filed(self, publisher: int | None = None) -> Sequence[bytes]:
        """Return the ids of the rights requests that an agency (any if None) filed, oldest first."""

    def first_deliveries(self, grants: Sequence[bytes]) -> Mapping[bytes, int]:
        """Return when the first look under each of these grants was disclosed (Unix seconds); absent without one."""

    def first_openings(self, authorities: Sequence[bytes], records: Sequence[bytes]) -> Sequence[OpenedRecord]:
        """Return which versions of these records looks opened under these grants and emergencies, and when first."""

    def versions_signed(self, records: Sequence[bytes]) -> Sequence[DisputedRecord]:
        """Return those of these records that are here, with who published them and when each version was signed."""
