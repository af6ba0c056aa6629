"""Persons who do not exist, for samples: what could be taken for somebody's is chosen so that it is nobody's.

Identity numbers stand in area 99, which no place has; phones in 164, which no operator was known to hold (not verified
against the numbering plan of today); plates begin with 测, which no province writes. Pure: the same chance, the same
persons.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from ledger.core.canonical import JsonValue
from ledger.core.rules_values import identity_check

SURNAMES = (*"王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧", "欧阳", "上官", "诸葛", "司徒")
GIVEN = tuple("安宁平和清明远静文思雨晨岚川禾棠松柏若南星辰知行乐怡然书言秋朗月谷泉舟")
LATIN_NAMES = ("Anna Muster", "Jon Exempel", "Élodie Modèle", "Max Vorlage")
STREETS = ("示例一街道", "示例二街道", "示例三街道")
ESTATES = ("样板花园", "演练家园", "测试新村", "例行小区", "范本里")
AREA = "990101"
FIRST_BIRTH = date(1935, 1, 1)
BIRTH_DAYS = 31_000
"""Days after `FIRST_BIRTH` within which samples are born: up to November 2019."""


@dataclass(frozen=True, repr=False)
class Person:
    """A person of a sample; `sex` is a code of GB/T 2261.1, `born` is `YYYY-MM-DD`, `address` has the five levels."""

    name: str
    sex: str
    born: str
    id_number: str
    phone: str
    address: dict[str, JsonValue]


def identity_number(chance: Random, born: date, male: bool) -> str:
    """Return a number of GB 11643 in area 99: birth date, a sequence that is odd for men, check character."""
    order = chance.randrange(0, 1000, 2) + int(male)
    seventeen = f"{AREA}{born:%Y%m%d}{order:03d}"
    return seventeen + identity_check(seventeen)


def person(chance: Random) -> Person:
    """Return the next person of a chance."""
    male = chance.random() < 0.5
    born = FIRST_BIRTH + timedelta(days=chance.randrange(BIRTH_DAYS))
    given = "".join(chance.choice(GIVEN) for _ in range(chance.choice((1, 2, 2))))
    name = chance.choice(LATIN_NAMES) if chance.random() < 0.03 else chance.choice(SURNAMES) + given
    return Person(
        name=name,
        sex="1" if male else "2",
        born=born.isoformat(),
        id_number=identity_number(chance, born, male),
        phone=phone(chance),
        address=address(chance),
    )


def phone(chance: Random) -> str:
    """Return a mobile number of 11 digits that is nobody's."""
    return f"164{chance.randrange(10**8):08d}"


def plate(chance: Random) -> str:
    """Return a vehicle plate of 7 or 8 characters that no province gives out."""
    digits = chance.choice((5, 6))
    return "测" + chance.choice("ABCDEFGH") + f"{chance.randrange(10**digits):0{digits}d}"


def point(chance: Random) -> str:
    """Return `"lat,lng"` with six decimals, in the sea where the Gulf of Guinea is."""
    return f"{chance.uniform(0.1, 1.9):.6f},{chance.uniform(0.1, 1.9):.6f}"


def address(chance: Random) -> dict[str, JsonValue]:
    """Return an address of five levels in a district that does not exist."""
    return {
        "district": "示例区",
        "street": chance.choice(STREETS),
        "community": chance.choice(ESTATES),
        "building": f"{chance.randint(1, 40)}号楼",
        "room": f"{chance.randint(1, 30)}{chance.randint(1, 8):02d}室",
    }
