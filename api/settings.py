"""What the HTTP surface is told from outside; `ledger.wiring` fills it from the settings."""

from dataclasses import dataclass
from pathlib import Path

MOST_BODY_BYTES = 8 * 1024 * 1024
"""Largest request body, 8 MiB (architecture, shape of the API)."""


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """Scheme and authority as callers sign them, limits per agency and process, and where the disk is judged."""

    scheme: str
    authority: str
    data_folder: Path
    rate_per_second: float = 2_000.0
    rate_burst: int = 4_000
    concurrency: int = 32
    """Requests of one agency that one process answers at a time."""
    threads: int = 12
    """Requests that one process answers at a time; each holds a database connection."""
