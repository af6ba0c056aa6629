"""Shapes of counts, for the OpenAPI document: the table of a region and period, and how often was collected twice."""

from api.answer_shapes import NUMBER, STATEMENT, TEXT, TRUTH, Shape, array, members, one_of, or_null
from ledger.core.collect_once import OnceMode
from ledger.core.count_questions import PERIODS
from ledger.core.count_tables import GROUPS

_PERIOD = "[0-9]{4}(-(Q[1-4]|[0-9]{2}(-[0-9]{2})?))?"
COUNT_BODY: Shape = members(
    region=or_null(
        {
            "type": "string",
            "pattern": "^([0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{9}|[0-9]{12}|[0-9]{15})$",
            "description": "beginning of region codes",
        }
    ),
    period={
        "type": "string",
        "pattern": f"^{_PERIOD}(\\.\\.{_PERIOD})?$",
        "description": f"{PERIODS}; both ends are counted",
    },
)
_FIGURE = {"n": NUMBER, "atLeast": TRUTH}
_MARGINS = array(members(value=or_null(TEXT), **_FIGURE))
COUNTS = members(
    query=STATEMENT,
    item=NUMBER,
    region=or_null(TEXT),
    period=TEXT,
    **{"from": NUMBER},
    until=NUMBER,
    by=array(one_of(*GROUPS)),
    counted=one_of("persons", "records"),
    k=NUMBER,
    ruleVersions=array(NUMBER),
    madeAt=NUMBER,
    periods=NUMBER,
    tables=NUMBER,
    n=or_null(NUMBER),
    atLeast=TRUTH,
    rows=_MARGINS,
    columns=_MARGINS,
    cells=array(array(or_null(members(**_FIGURE)))),
)
DUPLICATES = members(
    gateway=NUMBER,
    period=TEXT,
    **{"from": NUMBER},
    until=NUMBER,
    k=NUMBER,
    ruleVersion=NUMBER,
    items=array(
        members(
            item=NUMBER,
            taken=or_null(NUMBER),
            warned=or_null(NUMBER),
            refused=or_null(NUMBER),
            avoided=or_null(NUMBER),
            rule=or_null(members(mode=one_of(*OnceMode), withinDays=NUMBER)),
        )
    ),
)
