"""The application of one API process, as uvicorn starts it."""

import gc

from fastapi import FastAPI

from api.app import create_app
from api.settings import ApiSettings
from ledger import wiring
from ledger.config import Settings, load_settings
from ledger.errors import UsageError
from ledger.logs import configure_logs

THREADS = 12
"""Requests that one process answers at a time; each holds a database connection."""
SPARE_CONNECTIONS = 2


def app() -> FastAPI:
    """Return the application of the settings in force; raises UsageError, KeyProviderError."""
    settings = load_settings()
    configure_logs(settings.log_level)
    gateway = wiring.open_gateway(settings, connections=THREADS + SPARE_CONNECTIONS)
    made = create_app(gateway, api_settings(settings), wiring.open_relay(settings))
    gc.freeze()  # modules and routes stay as long as the process: no full collection need go through them again
    return made


def api_settings(settings: Settings) -> ApiSettings:
    """Return what the HTTP surface is told of the settings; raises UsageError for an origin that is none."""
    origin = settings.public_origin or f"http://{settings.api_host}:{settings.api_port}"
    scheme, separator, authority = origin.partition("://")
    if not separator or scheme not in ("http", "https") or not authority or "/" in authority:
        raise UsageError("public_origin: expected http://authority or https://authority")
    return ApiSettings(
        scheme=scheme,
        authority=authority,
        data_folder=settings.data_folder,
        rate_per_second=settings.rate_per_second,
        rate_burst=settings.rate_burst,
        concurrency=settings.concurrency,
        threads=THREADS,
    )
