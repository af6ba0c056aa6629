"""Whether this process lives, and whether it can serve."""

from starlette.responses import Response

from api.answer_shapes import LIVE, READY
from api.answers import json_response
from api.context import Context
from api.openapi import public
from api.problems import UNREADY
from api.routing import routes
from ledger.services.check_health import check_health

router = routes("health")


@router.get("/v1/health/live", **public("The process lives", LIVE))
def live() -> Response:
    """Answer as long as the process can."""
    return json_response({"status": "live"})


@router.get("/v1/health/ready", **public("The process can serve", READY, also={UNREADY: READY}))
def ready(context: Context) -> Response:
    """Return each check with what it found, and what will not hold soon; 503 if a check does not hold."""
    health = check_health(context.gateway, context.settings.data_folder)
    document = {
        "status": "ready" if health.is_ready else "not ready",
        "checks": {check.name: {"ok": check.ok, "found": check.found} for check in health.checks},
        "warnings": [{"code": warned.code, "found": warned.found} for warned in health.warnings],
    }
    return json_response(document, 200 if health.is_ready else UNREADY)
