"""Whether this process lives, and whether it can serve."""

from fastapi import APIRouter
from starlette.responses import Response

from api.answer_shapes import LIVE, READY
from api.answers import json_response
from api.context import Context
from api.openapi import public
from api.problems import UNREADY
from ledger.services.check_health import check_health

router = APIRouter(tags=["health"])


@router.get("/v1/health/live", **public("The process lives", LIVE))
def live() -> Response:
    """Answer as long as the process can."""
    return json_response({"status": "live"})


@router.get("/v1/health/ready", **public("The process can serve", READY, also={UNREADY: READY}))
def ready(context: Context) -> Response:
    """Return each check with what it found; 503 if one does not hold."""
    checks = check_health(context.gateway, context.settings.data_folder)
    good = all(check.ok for check in checks)
    document = {
        "status": "ready" if good else "not ready",
        "checks": {check.name: {"ok": check.ok, "found": check.found} for check in checks},
    }
    return json_response(document, 200 if good else UNREADY)
