"""Figures that show nobody: counts of records with small ones suppressed, and how often was collected twice."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Query
from starlette.responses import Response

from api.answers import json_response
from api.auth import SignedRequest, answer
from api.context import Context
from api.count_shapes import COUNT_BODY, COUNTS, DUPLICATES
from api.look_headers import query_asked_by
from api.openapi import counting, signed
from api.routing import routes
from ledger.core import queries
from ledger.core.collect_once import CollectOnce
from ledger.core.shapes import members_of, text
from ledger.errors import GongzhiError
from ledger.services.authenticate import Call
from ledger.services.collect_once import ShownFigures, once_period
from ledger.services.statistics import Counts, count_records

router = routes("statistics")
Month = Annotated[str, Query(max_length=7, description="a settled local month, YYYY-MM")]


@router.post(
    queries.STATISTICS.path,
    **counting("Count an item's records in a region and period", COUNTS, role=queries.STATISTICS.role, body=COUNT_BODY),
)
def count(context: Context, request: SignedRequest) -> Response:
    """Return what the item's tables show of a region (null: all) and period, added up: figures of at least `k`.

    Tables are of one region size and whole months or days; each is made once, and asked again it is the same. `atLeast`
    says that a table which was added up does not show the figure; null stands for what none shows. `value` null is the
    rest: small groups and what hides them. `k` holds for each of the `tables`, however many are added up.
    """

    def ask(call: Call) -> Counts | GongzhiError:
        given = members_of(request.json(), ("region", "period"), what="count")
        region = None if given["region"] is None else text(given["region"], what="region")
        return count_records(call, query_asked_by(request.headers), region, text(given["period"], what="period"))

    made = answer(context, request, ask)
    return json_response({"query": made.query.document(), **made.table})


@router.get("/v1/statistics/duplicates", **signed("How often was collected twice", DUPLICATES))
def duplicates(context: Context, request: SignedRequest, period: Month) -> Response:
    """Return by item how many records about persons were taken, duplicates among them, refused and avoided ones.

    Refused are records of refused submissions, each submissionId once; avoided are questions of coverage that found a
    current record. They count acts of agencies, not persons. Figures below `k` are null, and items are those that the
    caller's kind of agency may read or publish, but for class 3.
    """
    found = answer(context, request, lambda call: once_period(call, period))
    rules = context.gateway.collect_once
    return json_response(
        {
            "gateway": context.gateway.agency,
            "period": found.period,
            "from": found.from_at,
            "until": found.until_at,
            "k": found.k,
            "ruleVersion": found.rule_version,
            "items": [_figures(one, rules) for one in found.figures],
        }
    )


def _figures(one: ShownFigures, rules: CollectOnce) -> Mapping[str, Any]:
    rule = rules.rule_of(one.item)
    return {
        "item": one.item,
        "taken": one.taken,
        "warned": one.warned,
        "refused": one.refused,
        "avoided": one.avoided,
        "rule": None if rule is None else {"mode": str(rule.mode), "withinDays": rule.within_days},
    }
