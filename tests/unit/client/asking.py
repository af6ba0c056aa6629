"""What the client's tests ask for, and how they make a gateway say another thing."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ledger.client.gongzhi import GongzhiClient
from ledger.client.grounds import Grounds
from ledger.client.submissions import new_record
from ledger.core.codes import Basis, Purpose
from tests.unit.client.simulated_gateway import (
    ITEM,
    SCHEMA,
    VERSION,
    originals,
)

GROUNDS = Grounds(ITEM, Purpose.INCIDENT_RESPONSE, Basis.STATUTORY_DUTY, "消防法 第五条", officer="officer 17")
Change = Callable[[dict[str, Any]], dict[str, Any]]


def publish(client: GongzhiClient, count: int = 3) -> list[bytes]:
    records = [new_record(originals(number)) for number in range(count)]
    client.publish(SCHEMA, ITEM, VERSION, records)
    return [record.record_id for record in records]


def setting(**members: Any) -> Change:
    return lambda message: message | members


def kept(client: GongzhiClient, kind: str, folder: str = "") -> list[Path]:
    return sorted((client.desk.receipts.folder / folder).glob(f"{kind}-*.json"))
