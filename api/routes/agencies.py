"""Member agencies and their keys, as the chain says."""

from typing import Annotated

from fastapi import Path
from starlette.responses import Response

from api.answer_shapes import AGENCIES, AGENCY
from api.answers import json_response
from api.context import Context
from api.openapi import public
from api.routing import routes
from ledger.services.describe import describe_agencies, describe_agency

router = routes("chain")
AgencyNumber = Annotated[int, Path(ge=1, lt=2**32, description="agency id")]


@router.get("/v1/agencies", **public("Member agencies", AGENCIES))
def index(context: Context) -> Response:
    """Return every member agency with its keys and their roles."""
    with context.gateway.store.begin() as transaction:
        agencies = describe_agencies(context.gateway.facts.history(transaction), transaction)
    return json_response({"agencies": agencies})


@router.get("/v1/agencies/{agency}", **public("One member agency", AGENCY))
def show(context: Context, agency: AgencyNumber) -> Response:
    """Return a member agency with its keys and their roles."""
    with context.gateway.store.begin() as transaction:
        return json_response(describe_agency(context.gateway.facts.history(transaction), transaction, agency))
