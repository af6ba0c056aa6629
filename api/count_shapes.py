"""Shapes of counts, for the OpenAPI document: the table of a region and period, and how often was collected twice."""

from api.answer_shapes import NUMBER, STATEMENT, TEXT, Shape, array, members, one_of, or_null
from ledger.core.collect_once import OnceMode
from ledger.core.count_tables import GROUPS

COUNT_BODY: Shape = members(
    region={
        "type": "string",
        "pattern": "^[0-9]{6,15}$",
        "description": "code of as many digits as the table has",
    },
    period={"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}(-[0-9]{2})?$", "description": "YYYY-MM or YYYY-MM-DD"},
)
_MARGINS = array(members(value=or_null(TEXT), n=NUMBER))
COUNTS = members(
    query=STATEMENT,
    item=NUMBER,
    region=TEXT,
    period=TEXT,
    **{"from": NUMBER},
    until=NUMBER,
    by=array(one_of(*GROUPS)),
    counted=one_of("persons", "records"),
    k=NUMBER,
    ruleVersion=NUMBER,
    madeAt=NUMBER,
    n=or_null(NUMBER),
    rows=_MARGINS,
    columns=_MARGINS,
    cells=array(array(or_null(NUMBER))),
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
