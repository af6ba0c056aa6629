"""The neighbour of a read: the same row by plain SQL through the same framework, without proof, decision or log."""

import json

from fastapi import FastAPI
from starlette.responses import Response

from ledger import wiring
from ledger.config import load_settings
from ledger.core.hexadecimal import from_hex, to_hex

CONNECTIONS = 14
"""As many as an API process has."""


def app() -> FastAPI:
    """Return the application; one per process, its database as the settings say."""
    store = wiring.open_store(load_settings(), connections=CONNECTIONS)
    application = FastAPI(openapi_url=None)

    @application.get("/records/{record_id}")
    def read(record_id: str) -> Response:
        with store.begin() as transaction:
            record = transaction.record(from_hex(record_id, 32))
        if record is None:
            return Response(status_code=404)
        row = {
            "recordId": to_hex(record.record_id),
            "version": record.version,
            "publisher": record.publisher,
            "region": record.keys.region,
            "occurredAt": record.keys.occurred_at,
            "class": record.keys.record_class,
            "values": record.slots.open_values.decode("utf-8").split("\n"),
        }
        return Response(json.dumps(row, ensure_ascii=False).encode("utf-8"), media_type="application/json")

    return application
