"""The calls of the demonstration: real incidents with synthetic reporters, one CSV file a community.

The reporters are made up: their identity numbers stand in region prefix 99, which no place has, and every record says
so (`/synthetic`). The files are written where only their owner reads them.
"""

import csv
import random
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path

from faker import Faker

from ledger.domain import load_document

ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
"""GB 11643-1999, section 5: weight of each of the first 17 digits."""
ID_CHECKS = "10X98765432"
REPORTER_COLUMNS = ("reporter_name", "reporter_phone", "reporter_id", "description")


def identity_number(seventeen: str) -> str:
    """Return the 18-character identity number of its first 17 digits (GB 11643-1999)."""
    total = sum(int(digit) * weight for digit, weight in zip(seventeen, ID_WEIGHTS, strict=True))
    return seventeen + ID_CHECKS[total % 11]


def synthetic_reporters(seed: int) -> Iterator[dict[str, str]]:
    """Yield made-up reporters for ever, the same for the same seed: name, mainland mobile, identity number."""
    faker = Faker("zh_CN")
    faker.seed_instance(seed)
    chance = random.Random(seed)  # noqa: S311 (synthetic people, not keys)
    while True:
        born = date(1940, 1, 1) + timedelta(days=chance.randrange(23_000))
        yield {
            "reporter_name": faker.name(),
            "reporter_phone": f"1{chance.choice('3456789')}{chance.randrange(10**9):09d}",
            "reporter_id": identity_number(f"990101{born:%Y%m%d}{chance.randrange(1000):03d}"),
        }


def describe(call: Mapping[str, str], reporter: Mapping[str, str]) -> str:
    """Return a report as a clerk would type it, with the caller's name and phone in it."""
    return f"{reporter['reporter_name']}（{reporter['reporter_phone']}）报告：{call['address']}，{call['title']}"


def write_calls(source: Path, folder: Path, seed: int, limit: int | None = None) -> dict[str, tuple[Path, int]]:
    """Write one CSV a community from the real calls; returns region code → (file, number of rows).

    `limit` takes only the first calls.
    """
    regions: Mapping[str, str] = load_document("regions/demo-townships.json")["townships"]
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    with source.open(encoding="utf-8", newline="") as file:
        calls = list(csv.DictReader(file))[:limit]
    by_region: dict[str, list[dict[str, str]]] = {}
    for call, reporter in zip(calls, synthetic_reporters(seed), strict=False):
        row = {**call, **reporter, "description": describe(call, reporter)}
        by_region.setdefault(regions[call["township"]], []).append(row)
    written = {}
    for region, rows in sorted(by_region.items()):
        path = folder / f"calls-{region}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, fieldnames=[*calls[0], *REPORTER_COLUMNS])
            writer.writeheader()
            writer.writerows(rows)
        path.chmod(0o600)
        written[region] = (path, len(rows))
    return written
