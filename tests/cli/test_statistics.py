"""`gongzhi statistics` over HTTP: tables are shown as they are, and one that breaks its own rule is not believed."""

import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from ledger.cli.main import run
from ledger.core.canonical import decode
from tests.cli.gateway_server import GatewayServer, serving
from tests.unit.client.simulated_gateway import GATEWAY, PUBLISHER, SimulatedGateway

pytestmark = pytest.mark.cli
REGION, PERIOD = "990101001", "2026-12"
COUNT = ["statistics", "counts", "--item", "101", "--region", REGION, "--period", PERIOD]
GROUNDS = ["--purpose", "P11", "--basis", "LB3", "--basis-ref", "统计法"]


def exact(n: int) -> dict[str, Any]:
    return {"n": n, "atLeast": False}


def margin(label: str | None, n: int, *, at_least: bool = False) -> dict[str, Any]:
    return {"value": label, "n": n, "atLeast": at_least}


TABLE: dict[str, Any] = {
    "item": 101,
    "region": REGION,
    "period": PERIOD,
    "from": 1_796_054_400,
    "until": 1_798_732_800,
    "by": ["class", "level"],
    "counted": "persons",
    "k": 5,
    "ruleVersions": [1],
    "madeAt": 1_799_000_000,
    "periods": 1,
    "tables": 1,
    "n": 50,
    "atLeast": False,
    "rows": [margin("visit", 30), margin("", 13), margin(None, 7)],
    "columns": [margin("1", 20), margin("2", 30)],
    "cells": [[exact(15), exact(15)], [None, None], [None, None]],
}
FIGURES = 8
UNION: dict[str, Any] = {
    **TABLE,
    "region": None,
    "period": "2026-11..2026-12",
    "ruleVersions": [1, 2],
    "periods": 2,
    "tables": 3,
    "atLeast": True,
    "rows": [margin("visit", 30, at_least=True), margin(None, 20, at_least=True)],
    "columns": [margin("1", 20, at_least=True), margin("2", 30, at_least=True)],
    "cells": [[{"n": 15, "atLeast": True}, {"n": 15, "atLeast": True}], [None, {"n": 6, "atLeast": True}]],
}
TWO_MONTHS: dict[str, Any] = {
    **TABLE,
    "period": "2026-11..2026-12",
    "periods": 2,
    "tables": 2,
    "rows": [margin("visit", 30, at_least=True), margin(None, 20)],
    "columns": [margin("1", 20), margin("2", 30, at_least=True)],
    "cells": [[exact(15), {"n": 15, "atLeast": True}], [None, {"n": 6, "atLeast": True}]],
}
NOTHING: dict[str, Any] = {"n": None, "atLeast": True, "rows": [], "columns": [], "cells": [], "tables": 0}


class CountingGateway(SimulatedGateway):
    """Answers with the table that a test gives it."""

    table: dict[str, Any] = TABLE
    figures = FIGURES
    spoilt: Mapping[str, Any] = {}
    asked: tuple[Any, ...] = ()

    def _route(
        self, method: str, path: str, query: str, headers: Mapping[str, str], content: bytes
    ) -> tuple[int, dict[str, Any] | bytes]:
        if not path.startswith("/v1/statistics"):
            return super()._route(method, path, query, headers, content)
        request = self._verified(method, path, query, headers, content)
        if path.endswith("/duplicates"):
            self.asked = (query,)
            rule = {"mode": "warn", "withinDays": 92}
            item = {"item": 101, "taken": 90, "warned": 8, "refused": 10, "avoided": 5, "rule": rule}
            other = {"item": 3, "taken": 9, "warned": None, "refused": None, "avoided": 6, "rule": None}
            month = {"gateway": GATEWAY, "period": "2026-12", "from": 0, "until": 86_400, "k": 5, "ruleVersion": 1}
            return 200, {**month, "items": [{**item, **self.spoilt}, other]}
        self.asked = (decode(content), headers["gongzhi-purpose"])
        message = {
            "gateway": GATEWAY,
            "request": request.request,
            "reader": PUBLISHER,
            "readerKey": request.address,
            "queryType": 4,
            "item": int(headers["gongzhi-item"]),
            "basis": int(headers["gongzhi-basis"]),
            "purpose": int(headers["gongzhi-purpose"]),
            "resultCount": self.figures,
            "factsBlock": 1,
            "answeredAt": self.now,
            "anchorBy": self.now + 300,
        }
        return 200, {"query": self.sign("Query", message), **self.table}


@pytest.fixture
def gateway(server: GatewayServer) -> CountingGateway:
    made = CountingGateway(now=int(time.time()))
    server.gateway = made
    return made


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GatewayServer]:
    with serving(tmp_path) as made:
        yield made


def test_a_table_is_printed_with_what_it_is_of(
    server: GatewayServer, gateway: CountingGateway, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*COUNT, *GROUNDS, *server.options]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:5] == [
        "class \\ level\t1\t2\tall",
        "visit\t15\t15\t30",
        "(none)\t·\t·\t13",
        "(rest)\t·\t·\t7",
        "all\t20\t30\t50",
    ]
    for said in ("n 50 records", "k 5 persons", "item 101", "region 990101001", "period 2026-12", "rules version 1"):
        assert said in lines[5]
    assert gateway.asked == ({"region": REGION, "period": PERIOD}, "11")


def test_tables_added_up_are_printed_with_what_there_is_at_least(
    server: GatewayServer, gateway: CountingGateway, capsys: pytest.CaptureFixture[str]
) -> None:
    gateway.table, gateway.figures = UNION, 8
    asked = ["statistics", "counts", "--item", "101", "--period", UNION["period"]]
    assert run([*asked, *GROUNDS, *server.options]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:4] == [
        "class \\ level\t1\t2\tall",
        "visit\t≥15\t≥15\t≥30",
        "(rest)\t·\t≥6\t≥20",
        "all\t≥20\t≥30\t≥50",
    ]
    for said in ("n ≥50 records", "k 5 persons in each table, tables 3", "region all", "rules version 1, 2"):
        assert said in lines[4]
    assert gateway.asked == ({"region": None, "period": UNION["period"]}, "11")
    assert run([*asked, *GROUNDS, *server.options, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == UNION
    gateway.table, gateway.figures = {**UNION, **NOTHING}, 0
    assert run([*asked, *GROUNDS, *server.options]) == 0
    assert "nothing is shown: fewer than 5 persons in each table, or in a rest" in capsys.readouterr().out


def test_a_time_of_one_region_may_be_complete_where_its_groups_are_not(
    server: GatewayServer, gateway: CountingGateway, capsys: pytest.CaptureFixture[str]
) -> None:
    gateway.table, gateway.figures = TWO_MONTHS, 8
    asked = [*COUNT[:-1], TWO_MONTHS["period"]]
    assert run([*asked, *GROUNDS, *server.options]) == 0
    assert capsys.readouterr().out.splitlines()[1:4] == ["visit\t15\t≥15\t≥30", "(rest)\t·\t≥6\t20", "all\t20\t≥30\t50"]


def test_json_holds_the_whole_table(
    server: GatewayServer, gateway: CountingGateway, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*COUNT, *GROUNDS, *server.options, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == gateway.table


def test_margins_alone_and_nothing_at_all_are_said(
    server: GatewayServer, gateway: CountingGateway, capsys: pytest.CaptureFixture[str]
) -> None:
    gateway.table, gateway.figures = {**TABLE, "cells": []}, 6
    assert run([*COUNT, *GROUNDS, *server.options]) == 0
    assert capsys.readouterr().out.splitlines()[:7] == [
        *("class\tall", "visit\t30", "(none)\t13", "(rest)\t7", "all\t50"),
        *("level\tall", "1\t20"),
    ]
    gateway.table, gateway.figures = {**TABLE, **NOTHING}, 0
    assert run([*COUNT, *GROUNDS, *server.options]) == 0
    assert "nothing is shown: fewer than 5 persons in each table, or in a rest" in capsys.readouterr().out
    gateway.table, gateway.figures = {**TABLE, "by": [], "rows": [], "columns": [], "cells": []}, 1
    assert run([*COUNT, *GROUNDS, *server.options]) == 0
    assert capsys.readouterr().out.startswith("n 50 records")


@pytest.mark.parametrize(
    ("change", "figures", "said"),
    [
        ({"cells": [[exact(15), exact(15)], [exact(4), None], [None, None]]}, 9, "below its own threshold"),
        ({"n": 51}, FIGURES, "not its total"),
        ({"n": None}, 7, "nothing and still"),
        ({**NOTHING, "tables": 1}, 0, "nothing and still"),
        ({**NOTHING, "atLeast": False}, 0, "nothing and still"),
        ({**NOTHING, "cells": [[exact(15)]]}, 1, "nothing and still"),
        ({"tables": 0}, FIGURES, "of no table"),
        ({"periods": 2}, FIGURES, "complete although"),
        ({"tables": 2}, FIGURES, "complete although"),
        ({"atLeast": True}, FIGURES, "complete although"),
        ({"atLeast": True, "by": [], "rows": [], "columns": [], "cells": [], "tables": 0}, 1, "of no table"),
        ({"region": None}, FIGURES, "complete although"),
        ({"k": 6}, FIGURES, "unknown threshold"),
        ({"cells": [[exact(15), exact(15)], [None, None]]}, FIGURES, "not those of its rows"),
        ({"cells": [[exact(15)], [None], [None]]}, 7, "not those of its rows"),
        ({"cells": [[exact(15), exact(16)], [None, None], [None, None]]}, FIGURES, "more than their row or column"),
        ({"cells": [[exact(15), exact(15)], [exact(6), None], [None, None]]}, 9, "more than their row or column"),
        ({"atLeast": None}, FIGURES, "what there is at least"),
        ({"region": "990101002"}, FIGURES, "another table"),
        ({"item": 102}, FIGURES, "another table"),
        ({}, 7, "another number of figures"),
        ({"period": "2026-11..2026-12"}, FIGURES, "another table"),
        ({"rows": [{**margin("", 50), "value": 1}]}, 6, "expected a string"),
        ({"ruleVersions": 1}, FIGURES, "expected an array"),
        ({"k": "5"}, FIGURES, "unsigned integer"),
    ],
)
def test_a_table_that_breaks_its_own_rule_is_not_believed(
    server: GatewayServer,
    gateway: CountingGateway,
    capsys: pytest.CaptureFixture[str],
    change: dict[str, Any],
    figures: int,
    said: str,
) -> None:
    gateway.table, gateway.figures = {**TABLE, **change}, figures
    assert run([*COUNT, *GROUNDS, *server.options]) == 1
    printed = capsys.readouterr()
    assert "promise_broken" in printed.err
    assert said in printed.err
    assert printed.out == ""


def test_duplicates_are_told_with_n_and_rate(
    server: GatewayServer, gateway: CountingGateway, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["statistics", "duplicates", "--period", "2026-12", *server.options]
    assert run(arguments) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == [
        "item\tn\ttaken\twarned\trefused\trate\tavoided",
        "101\t100\t90\t8\t10\t0.1800\t5",
        "3\t·\t9\t·\t·\t·\t6",
    ]
    assert "k 5 records, rules version 1" in lines[3]
    assert gateway.asked == ("period=2026-12",)
    assert run([*arguments, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["gateway"], told["from"], told["until"]) == (GATEWAY, 0, 86_400)
    assert told["items"][0]["rate"] == "0.1800"
    assert told["items"][0]["rule"] == {"mode": "warn", "withinDays": 92}


def test_a_figure_of_duplicates_below_its_threshold_is_not_believed(
    server: GatewayServer, gateway: CountingGateway, capsys: pytest.CaptureFixture[str]
) -> None:
    gateway.spoilt = {"warned": 4}
    assert run(["statistics", "duplicates", "--period", "2026-12", *server.options]) == 1
    assert "below its own threshold" in capsys.readouterr().err
