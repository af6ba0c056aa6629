"""What every route works with, one per process, kept on the application's state."""

import threading
from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Request

from api.limits import Limits
from api.metrics import Metrics
from api.settings import ApiSettings
from api.waiting_looks import WaitingLooks
from ledger.services.gateway import Gateway
from ledger.services.relay import Relay
from ledger.services.seal import DailyKeys


@dataclass(frozen=True)
class ApiContext:
    """The gateway with what this surface adds: limits, metrics, opened daily keys, and places to wait."""

    gateway: Gateway
    settings: ApiSettings
    keys: DailyKeys
    limits: Limits
    metrics: Metrics
    relay: Relay | None
    looks: WaitingLooks
    waiting: threading.Semaphore
    """Requests that may wait for an anchor at a time; each holds a thread."""


def make_context(gateway: Gateway, settings: ApiSettings, relay: Relay | None) -> ApiContext:
    """Return the context of a process."""
    return ApiContext(
        gateway=gateway,
        settings=settings,
        keys=DailyKeys(gateway),
        limits=Limits(settings.rate_per_second, settings.rate_burst, settings.concurrency),
        metrics=Metrics(),
        relay=relay,
        looks=WaitingLooks(gateway),
        waiting=threading.Semaphore(max(1, settings.threads // 2)),
    )


async def current_context(request: Request) -> ApiContext:
    """Return the context of the application that answers."""
    return cast("ApiContext", request.app.state.context)


Context = Annotated[ApiContext, Depends(current_context)]
