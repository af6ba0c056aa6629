"""Registers as communities keep them: made-up residents and dwellings, with the usual dirt and planted faults.

Everybody in them is made up: identity numbers stand in region prefix 99, which no place has. A seed gives the same
table every time, and the table says what an importer must find: which rows cannot become records and why, and how many
cells are cleaned.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TypeAlias

from ledger.client.tables.xlsx_file import day_cell, error_cell, flag_cell, number_cell
from ledger.core.rules_values import identity_check
from ledger.domain import load_document

Cells: TypeAlias = dict[str, str]
Fault: TypeAlias = tuple[str, str]
"""Path and reason."""
BEYOND = ""
"""The name of a cell that stands behind those of the header."""
DIRT_EVERY, FAULT_EVERY = 3, 40
"""Every third row is dirty in one way, every fortieth has a fault: each way and each fault in turn."""
SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华建国文玉兰"
_DAYS = (date(2005, 12, 31) - date(1930, 1, 1)).days


@dataclass
class DirtyTable:
    """A table, and what an importer must find in it; rows are counted from 1."""

    header: tuple[str, ...]
    rows: list[Cells] = field(default_factory=list)
    clean: list[Cells] = field(default_factory=list)
    """The same rows as they should have been written."""
    faults: dict[int, frozenset[Fault]] = field(default_factory=dict)
    cleaned: Counter[str] = field(default_factory=Counter)

    @property
    def lines(self) -> list[Sequence[str]]:
        """Header and rows, cell by cell."""
        return [self.header, *([row[name] for name in (*self.header, BEYOND) if name in row] for row in self.rows)]


def dirty_residents(count: int, seed: int, communities: Sequence[str] = ()) -> DirtyTable:
    """Return a register of `count` residents with dirt and faults; of all communities, if none are named."""
    chance = random.Random(seed)  # noqa: S311 (synthetic people, not keys)
    table = DirtyTable(RESIDENT_HEADER)
    for number, resident in enumerate(_residents(count, chance, communities or _communities()), 1):
        _add(table, number, resident, chance)
    return table


def dwellings(count: int, seed: int, communities: Sequence[str] = ()) -> DirtyTable:
    """Return a register of `count` dwellings; one row in `FAULT_EVERY` names a use that no code set has."""
    chance = random.Random(seed)  # noqa: S311 (synthetic people, not keys)
    table = DirtyTable(DWELLING_HEADER)
    owners = _residents(count, chance, communities or _communities())
    for number, owner in enumerate(owners, 1):
        cells = {
            **{name: owner[name] for name in ("街道", "社区", "小区", "楼栋", "房号", "登记日期", "合成数据")},
            "房屋编号": f"FW-{number:06d}",
            "建筑用途": chance.choice(("住宅", "商住", "住宅", "办公")),
            "出租用途": chance.choice(("住宅", "宿舍", "")),
            "面积": str(chance.randrange(20, 160)),
            "隐患类型": chance.choice(("无", "火灾隐患", "火灾隐患、治安隐患")),
            "房主姓名": owner["姓名"],
            "房主身份证号": owner["身份证号"],
            "房主电话": owner["联系电话"],
        }
        table.clean.append(cells)
        faulty = number % FAULT_EVERY == 0
        table.rows.append(cells | {"建筑用途": "养殖"} if faulty else dict(cells))
        if faulty:
            table.faults[number] = frozenset((("/class", "code_unknown"),))
    return table


RESIDENT_HEADER = (
    *("姓名", "身份证号", "性别", "出生日期", "联系电话", "人员类别", "街道", "社区", "小区", "楼栋", "房号"),
    *("家庭人数", "住所类型", "独居", "登记日期", "合成数据", "其他证件类型", "其他证件号码"),
)
DWELLING_HEADER = (
    *("房屋编号", "建筑用途", "出租用途", "面积", "隐患类型", "街道", "社区", "小区", "楼栋", "房号"),
    *("房主姓名", "房主身份证号", "房主电话", "登记日期", "合成数据"),
)


def identity_of(born: date, serial: int) -> str:
    """Return the identity number of somebody made up: born in no place, on that day, with that serial (1 to 999)."""
    digits = f"990101{born:%Y%m%d}{serial:03d}"
    return digits + identity_check(digits)


def _communities() -> list[str]:
    return list(load_document("regions/demo-communities.json")["communities"])


def _residents(count: int, chance: random.Random, communities: Sequence[str]) -> Iterator[Cells]:
    taken: set[str] = set()
    while len(taken) < count:
        born, serial = date(1930, 1, 1) + timedelta(days=chance.randrange(_DAYS)), chance.randrange(1, 996)
        number = identity_of(born, serial)
        if number in taken or number.endswith("000"):
            continue
        taken.add(number)
        community = chance.choice(communities)
        yield {
            "姓名": chance.choice(SURNAMES) + "".join(chance.sample(GIVEN, chance.choice((1, 2)))),
            "身份证号": number,
            "性别": "男" if serial % 2 else "女",
            "出生日期": f"{born:%Y-%m-%d}",
            "联系电话": f"1{chance.choice('3456789')}{chance.randrange(10**9):09d}",
            "人员类别": chance.choice(("户籍", "流动")),
            "街道": community[:3],
            "社区": community,
            "小区": chance.choice(("幸福里", "和平苑", "长江花园")),
            "楼栋": f"{chance.randrange(1, 30)}号楼",
            "房号": f"{chance.randrange(1, 19)}{chance.randrange(1, 5):02d}",
            "家庭人数": str(chance.randrange(1, 6)),
            "住所类型": chance.choice(("自购房屋", "租赁房屋")),
            "独居": chance.choice(("是", "否")),
            "登记日期": f"2026-{chance.randrange(1, 10):02d}-{chance.randrange(1, 28):02d}",
            "合成数据": "是",
            "其他证件类型": "",
            "其他证件号码": "",
        }


def _add(table: DirtyTable, number: int, resident: Cells, chance: random.Random) -> None:
    table.clean.append(resident)
    cells, noted = dict(resident), Counter({"code_mapped": 3})
    if number % FAULT_EVERY == 0:
        name = list(FAULTS)[number // FAULT_EVERY % len(FAULTS)]
        spoil, faults = FAULTS[name]
        earlier = table.clean[number - 2]
        cells |= spoil(cells, earlier)
        table.faults[number] = faults
    elif number % DIRT_EVERY == 0:
        soil, noted_as = list(DIRT.values())[number // DIRT_EVERY % len(DIRT)]
        soiled = soil(cells, chance)
        if soiled:
            cells |= soiled
            noted.update(noted_as)
    table.rows.append(cells)
    if number not in table.faults:
        table.cleaned.update(noted)


def _wide(text: str) -> str:
    return "".join(chr(ord(one) + 0xFEE0) if one.isascii() and one.isalnum() else one for one in text)


def _fifteen(cells: Cells, _: random.Random) -> Cells:
    number = cells["身份证号"]
    return {"身份证号": number_cell(int(number[:6] + number[8:17]))} if number[6:8] == "19" else {}


def _small_x(cells: Cells, _: random.Random) -> Cells:
    number = cells["身份证号"]
    return {"身份证号": number.lower()} if number.endswith("X") else {}


def _day_number(cells: Cells, _: random.Random) -> Cells:
    days = (date.fromisoformat(cells["登记日期"]) - date(1899, 12, 30)).days
    return {"登记日期": number_cell(days)}


def _born_later(cells: Cells, _: Cells) -> Cells:
    born = date.fromisoformat(cells["出生日期"]).replace(year=2091, day=1)
    number = identity_of(born, int(cells["身份证号"][14:17]))
    return {"身份证号": number, "出生日期": f"{born:%Y-%m-%d}"}


def _other_day(cells: Cells, _: Cells) -> Cells:
    born = date.fromisoformat(cells["出生日期"])
    return {"出生日期": f"{born + timedelta(days=1):%Y-%m-%d}"}


def _other_check(cells: Cells, _: Cells) -> Cells:
    number = cells["身份证号"]
    return {"身份证号": number[:17] + ("1" if number[17] != "1" else "2")}


def _zeros(cells: Cells, _: Cells) -> Cells:
    # Where 0 happens to be the right check of 00 before it, another serial takes its place.
    kept = cells["身份证号"][:15]
    if identity_check(kept + "00") == "0":
        kept = kept[:14] + str((int(kept[14]) + 1) % 10)
    return {"身份证号": kept + "000"}


def _always(spoilt: Cells) -> Callable[[Cells, object], Cells]:
    return lambda cells, _: {name: text for name, text in spoilt.items() if name in cells}


def _dated(column: str, pattern: str) -> Callable[[Cells, random.Random], Cells]:
    def soil(cells: Cells, _: random.Random) -> Cells:
        day = date.fromisoformat(cells[column])
        return {column: pattern.format(year=day.year, month=day.month, day=day.day)}

    return soil


DIRT: Mapping[str, tuple[Callable[[Cells, random.Random], Cells], Mapping[str, int]]] = {
    "full-width identity number": (lambda c, _: {"身份证号": _wide(c["身份证号"])}, {"half_width": 1}),
    "spaces in an identity number": (
        lambda c, _: {"身份证号": f"{c['身份证号'][:6]} {c['身份证号'][6:14]} {c['身份证号'][14:]}"},
        {"separators_removed": 1},
    ),
    "fifteen digits": (_fifteen, {"id_15_converted": 1}),
    "small x": (_small_x, {"upper_case": 1}),
    "dashes in a phone": (
        lambda c, _: {"联系电话": f"{c['联系电话'][:3]}-{c['联系电话'][3:7]}-{c['联系电话'][7:]}"},
        {"separators_removed": 1},
    ),
    "country code": (
        lambda c, _: {"联系电话": f"+86 {c['联系电话']}"},
        {"separators_removed": 1, "country_code_removed": 1},
    ),
    "no phone, in words": (_always({"联系电话": "不详"}), {"empty_word": 1}),
    "slashes": (_dated("出生日期", "{year}/{month}/{day}"), {"date_slashed": 1}),
    "digits": (_dated("出生日期", "{year}{month:02d}{day:02d}"), {"date_compact": 1}),
    "Chinese date": (_dated("出生日期", "{year}年{month}月{day}日"), {"date_chinese": 1}),
    "day number": (_day_number, {"date_serial": 2}),
    "day that a spreadsheet keeps": (
        lambda c, _: {name: day_cell(date.fromisoformat(c[name])) for name in ("出生日期", "登记日期")},
        {},
    ),
    "numbers that a spreadsheet keeps": (
        lambda c, _: {name: number_cell(int(c[name])) for name in ("联系电话", "家庭人数")},
        {},
    ),
    "yes or no that a spreadsheet keeps": (lambda c, _: {"独居": flag_cell(c["独居"] == "是")}, {}),
    "characters that nobody sees": (
        lambda c, _: {"姓名": f"\u202a{c['姓名']}\u202c", "身份证号": f"{c['身份证号']}\u200b"},
        {"invisible_removed": 2},
    ),
    "space in a name": (lambda c, _: {"姓名": f"{c['姓名'][0]} {c['姓名'][1:]}"}, {"spaces_removed": 1}),
}
"""Ways in which a row is dirty, and what is noted when it is cleaned. The day number's column gives two slots."""

FAULTS: Mapping[str, tuple[Callable[[Cells, Cells], Cells], frozenset[Fault]]] = {
    "wrong check character": (_other_check, frozenset((("/idNumber", "id_check_failed"),))),
    "identity number with an exponent": (
        lambda c, _: {"身份证号": number_cell(int(c["身份证号"][:17] + "0"))},
        frozenset((("/idNumber", "id_rounded_by_spreadsheet"),)),
    ),
    "identity number that ends in zeros": (_zeros, frozenset((("/idNumber", "id_rounded_by_spreadsheet"),))),
    "identity number cut off": (
        lambda c, _: {"身份证号": c["身份证号"][:16]},
        frozenset((("/idNumber", "id_malformed"),)),
    ),
    "birth date of somebody else": (_other_day, frozenset((("/birthDate", "birth_contradicts_id"),))),
    "sex of somebody else": (
        lambda c, _: {"性别": "女" if c["性别"] == "男" else "男"},
        frozenset((("/sex", "sex_contradicts_id"),)),
    ),
    "phone cut off": (
        lambda c, _: {"联系电话": c["联系电话"][:9]},
        frozenset((("/phone", "phone_malformed"),)),
    ),
    "community that nobody knows": (
        _always({"社区": "未名社区"}),
        frozenset((("/region", "code_unknown"),)),
    ),
    "code of another system": (_always({"人员类别": "3"}), frozenset((("/class", "code_unknown"),))),
    "date that means two days": (
        _always({"登记日期": "03/07/2026"}),
        frozenset((("/occurredAt", "time_malformed"), ("/recordedAt", "time_malformed"))),
    ),
    "somebody who stands there already": (
        lambda _, earlier: {name: earlier[name] for name in ("姓名", "身份证号", "性别", "出生日期")},
        frozenset((("/idNumber", "duplicate_in_file"),)),
    ),
    "no name": (_always({"姓名": " "}), frozenset((("/name", "value_missing"),))),
    "two faults": (
        _always({"联系电话": "12345", "性别": "先生"}),
        frozenset((("/phone", "phone_malformed"), ("/sex", "code_unknown"))),
    ),
    "fifteen digits from before 1900": (
        lambda c, _: {"身份证号": f"{c['身份证号'][:6]}{c['身份证号'][8:14]}997"},
        frozenset((("/idNumber", "id_15_of_another_century"),)),
    ),
    "account number for a phone, kept as a number": (
        lambda c, _: {"联系电话": number_cell(int(f"6217{c['联系电话']}123"))},
        frozenset((("/phone", "number_rounded_by_spreadsheet"),)),
    ),
    "count in words": (_always({"家庭人数": "三口"}), frozenset((("/household/size", "integer_malformed"),))),
    "neither yes nor no": (_always({"独居": "偶尔"}), frozenset((("/care/lone", "flag_unknown"),))),
    "birth date that means two days": (
        _always({"出生日期": "03/07/1990"}),
        frozenset((("/birthDate", "date_malformed"),)),
    ),
    "error in a cell": (_always({"住所类型": error_cell("#N/A")}), frozenset((("/liveInType", "cell_error"),))),
    "day before all records": (_always({"登记日期": "1600-03-07"}), frozenset((("/occurredAt", "schema_mismatch"),))),
    "somebody who is not born yet": (_born_later, frozenset((("/birthDate", "derivation_failed"),))),
    "papers that name nobody": (
        _always({"人员类别": "境外", "身份证号": "", "其他证件类型": "其他", "其他证件号码": "A1"}),
        frozenset((("/otherIdType", "papers_name_nobody"),)),
    ),
    "papers with a remark": (
        _always({"人员类别": "境外", "身份证号": "", "其他证件类型": "护照", "其他证件号码": "A1（旧）"}),
        frozenset((("/otherIdNumber", "papers_malformed"),)),
    ),
    "cell too many": (lambda *_: {BEYOND: "x"}, frozenset((("/", "cells_not_as_header"),))),
}
"""Faults by what is wrong, what spoils a row (given the row before it), and what must be said of it."""
