"""What slots of samples hold that are neither of a person nor of a listed code: words, numbers, papers, lists."""

from collections.abc import Callable, Mapping
from random import Random
from typing import Final

from ledger.core.canonical import JsonValue
from ledger.core.codes import AgencyKind
from ledger.services import sample_persons as persons

_DEPARTMENTS: Final = (AgencyKind.DATA_BUREAU, AgencyKind.EDUCATION)
_CREDIT_CHARACTERS: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_TENT: Final = "1999901"

Make = Callable[[Random], JsonValue]


def agency(chance: Random) -> int:
    """Return the number of an agency, 1 to 12, as a small consortium has them."""
    first, last = _DEPARTMENTS
    return chance.randint(first, last)


def hex32(chance: Random) -> str:
    """Return 32 bytes in lowercase hex: an id, a digest or a token of nothing."""
    return f"0x{chance.getrandbits(256):064x}"


def credit_code(chance: Random) -> str:
    """Return a unified social credit code (GB 32100) in area 99, with its check character."""
    seventeen = f"91{persons.AREA}" + "".join(chance.choice(_CREDIT_CHARACTERS) for _ in range(9))
    total = sum(pow(3, place, 31) * _CREDIT_CHARACTERS.index(character) for place, character in enumerate(seventeen))
    return seventeen + _CREDIT_CHARACTERS[-total % 31]


def _identity(chance: Random) -> JsonValue:
    return persons.person(chance).id_number


CHECKED: Final[Mapping[str, Make]] = {
    "gb-11643": _identity,
    "gb-32100": credit_code,
    "point": persons.point,
}
"""Values of code sets that are computed, by the name of the check; regions and days need more."""


def _one_of(*words: str) -> Make:
    return lambda chance: chance.choice(words)


def _numbered(before: str, digits: int) -> Make:
    return lambda chance: f"{before}{chance.randrange(10**digits):0{digits}d}"


def _signature(chance: Random) -> JsonValue:
    return f"0x{chance.getrandbits(520):0130x}"


def _key(chance: Random) -> JsonValue:
    return f"0x{chance.getrandbits(160):040x}"


def _name(chance: Random) -> JsonValue:
    return persons.person(chance).name


TEXTS: Final[Mapping[str, Make]] = {
    "formerName": _name,
    "point": persons.point,
    "plate": persons.plate,
    "occupation": _one_of("教师", "快递员", "退休", "个体经营", "护士", "学生"),
    "workplace": _one_of("示例中学", "样板物流站", "演练医院", "测试商行"),
    "landline": _numbered("000-0000", 4),
    "otherIdNumber": _numbered("ZZ", 7),
    "number": _numbered("LX-2025-", 4),
    "houseNumber": _numbered("FW", 6),
    "code": _numbered("SS", 6),
    "device": _numbered("SB", 6),
    "route": _numbered("XL", 3),
    "batch": _numbered("PC", 5),
    "camera": _numbered("SP", 5),
    "system": _numbered("SP", 5),
    "filingNumber": _numbered("BA", 6),
    "documentNumber": _numbered("示例发〔2025〕", 2),
    "key": _key,
    "signature": _signature,
    "organization": _one_of("示例志愿队", "样板物业", "测试社工站"),
    "vendor": _one_of("示例电梯厂", "样板消防器材厂", "测试仪表厂"),
    "maker": _one_of("示例食品厂", "样板装备厂", "测试机械厂"),
    "trigger": _one_of("橙色及以上暴雨预警", "同一楼栋两处火警", "停水超过十二小时"),
    "title": _one_of("季度核采", "消防通道整治", "电梯检修安排", "楼道充电治理"),
    "text": _one_of("夜间十点后停止施工", "地下车库暂停充电", "沿河步道临时封闭"),
    "matters": _one_of("积水较深，请勿通行", "设备停用，请走楼梯", "大风，请收好阳台物品"),
    "measures": _one_of("绕行北门", "联系值班人员", "关闭门窗"),
    "law": _one_of("突发事件应对法", "消防法", "传染病防治法"),
    "article": _numbered("第", 2),
    "pointsRule": _one_of("points-1"),
    "method": _one_of("k-suppression-1"),
}
"""Words of strings, by the last part of the path."""

DAY_LEAVES: Final[Mapping[str, bool]] = {
    "on": False,
    "from": False,
    "madeOn": False,
    "installedOn": False,
    "appointedOn": False,
    "until": True,
    "expiresOn": True,
    "warrantyUntil": True,
    "dueOn": True,
}
"""Strings that are days `YYYY-MM-DD`: whether they lie after the record's time."""

LATER_LEAVES: Final = frozenset(
    ("dueAt", "deadlineAt", "endsAt", "expiresAt", "validUntil", "drillDueAt", "until", "reportDueAt", "reviewAt")
)
"""Times that lie days after the record's."""

AGENCY_LEAVES: Final = frozenset(
    ("issuer", "acknowledgedBy", "confirmedBy", "approvedBy", "assigner", "assignee", "chair", "evaluator")
).union(("receivedBy", "organization", "processor", "reportedTo", "to", "recipients"))
"""Integers, and lists of them, that are numbers of agencies, by the last part of the path."""

INTEGERS: Final[Mapping[str, tuple[int, int]]] = {
    "size": (1, 6),
    "count": (1, 6),
    "rooms": (1, 4),
    "area": (18, 180),
    "dead": (0, 0),
    "injured": (0, 3),
    "k": (5, 20),
    "l": (2, 4),
    "score": (50, 100),
    "costFen": (5_000, 900_000),
    "amountFen": (100_000, 90_000_000),
}
"""Least and greatest of integers, by the last part of the path; others are 1 to 60."""

PHRASES: Final = (
    "楼道有烟味，请派人查看。",
    "电梯停在两层之间，里面没有人。",
    "夜间噪声扰民，已多次沟通。",
    "路灯不亮，老人出行不便。",
    "已到现场核实，情况属实。",
    "资料齐全，无其他情况。",
)
"""What free texts end with."""


def _tasks(chance: Random) -> JsonValue:
    return [_task(chance, place) for place in range(1, chance.randint(2, 4))]


def _task(chance: Random, place: int) -> dict[str, JsonValue]:
    return {
        "id": f"t{place}",
        "action": "疏散低洼楼栋",
        "owner": agency(chance),
        "assist": [agency(chance)],
        "startInMinutes": 15 * place,
        "doneTest": "楼栋长报告清空",
    }


def _capabilities(chance: Random) -> JsonValue:
    stock: list[JsonValue] = [{"item": _TENT, "quantity": chance.randint(5, 50)}]
    return [
        {
            "task": "t1",
            "skill": "17",
            "headcount": chance.randint(2, 9),
            "stock": stock,
            "device": None,
            "place": "北门",
        }
    ]


def _emergencies(chance: Random) -> JsonValue:
    return [{"item": 101, "purpose": 2, "readers": [agency(chance)], "hours": chance.randint(2, 24)}]


def _gaps(chance: Random) -> JsonValue:
    return [{"task": "t1", "gap": "对讲机不足", "record": hex32(chance)}]


def _duties(chance: Random) -> JsonValue:
    return [{"agency": agency(chance), "action": "一周内完成整改", "dueAt": 1_767_225_600}]


def _indicators(chance: Random) -> JsonValue:
    count = chance.randint(20, 400)
    return [{"name": "按时办结率", "n": count, "value": f"0.{chance.randint(50, 99)}", "unit": "比率", "rule": "kpi-1"}]


def _answers(chance: Random) -> JsonValue:
    return [
        {"tag": hex32(chance), "at": 1_740_000_000 + 300 * n, "counter": 100 + n, "mac": hex32(chance)}
        for n in range(chance.randint(1, 4))
    ]


LISTS: Final[Mapping[str, Make]] = {
    "/tasks": _tasks,
    "/capabilities": _capabilities,
    "/emergencies": _emergencies,
    "/gaps": _gaps,
    "/duties": _duties,
    "/indicators": _indicators,
    "/checkpoints/answers": _answers,
    "/deid/quasiIdentifiers": lambda _: ["age-band", "sex", "community"],
    "/items": lambda chance: [chance.choice((101, 102, 103))],
}
"""Lists that are neither of codes nor of ids, by path."""
