"""How much of each workload is run."""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Sizes:
    """Numbers of one run; every workload is bounded by one of them."""

    records: int = 100_000
    """Published by the ingest workload."""
    prepared: int = 20_000
    """Published beforehand when reading is measured without ingest."""
    imported: int = 20_000
    """Rows of the register that is imported."""
    senders: int = 3
    chain_writes: int = 300
    connections: int = 12
    """Of the load generator, for reads."""
    paced_per_second: int = 200
    paced_seconds: int = 30
    saturated_reads: int = 10_000
    page_readers: int = 3
    pages: int = 400
    hashed_records: int = 20_000
    committed: int = 4_000
    decisions: int = 100_000
    cold_starts: int = 9
    grants: int = 10_000
    """On chain while looks under grants are measured, each resting on a consent of its own."""
    consents: int = 100_000
    granted_records: int = 12_000
    """Records of the item that is read under grants."""
    granted_reads: int = 2_000
    """Under each sort of grant, saturated."""
    granted_pages: int = 200

    def with_records(self, records: int) -> "Sizes":
        """Return these numbers with another number of records to publish."""
        return replace(self, records=records)


FULL = Sizes()
QUICK = Sizes(
    records=2_000,
    prepared=2_000,
    imported=200,
    chain_writes=15,
    paced_seconds=2,
    saturated_reads=300,
    pages=12,
    hashed_records=2_000,
    committed=400,
    decisions=10_000,
    cold_starts=3,
    grants=60,
    consents=600,
    granted_records=600,
    granted_reads=60,
    granted_pages=6,
)
"""Shows that every workload runs; says nothing about speed."""
