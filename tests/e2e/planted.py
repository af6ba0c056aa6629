"""Personal values that exist nowhere else, and every form in which they could be found again.

All persons are made up; identity numbers have the unassigned region prefix 99.
"""

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any
from urllib.parse import quote

from ledger.cli.demo.calls import identity_number
from ledger.core.keccak import keccak256

ALGORITHMS = ("md5", "sha1", "sha256", "sha512", "sha3_256", "blake2b")


@dataclass(frozen=True)
class Person:
    """Somebody who reports: what is asked to stay secret, and how it may be shown."""

    name: str
    phone: str
    id_number: str
    nature: str
    building: str
    room: str
    surname: str
    masked_phone: str

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must be found nowhere."""
        return self.name, self.phone, self.id_number, self.nature, self.building, self.room

    @property
    def description(self) -> str:
        """A report as a clerk types it; everything personal in it is taken out by the redaction rule."""
        return f"{self.name}，电话{self.phone}，证件{self.id_number}，住{self.building}{self.room}"


FROM_CSV = Person(
    *("诸葛紫鹃玖", "19900007341", identity_number("99010119900307123"), "暗号鹭鸶七号仓库的铜钥匙"),
    *("玄鸟楼第九单元", "9-41-71室", "诸葛**", "199****7341"),
)
FROM_API = Person(
    *(
        "Wilhelmina Quackenbush",
        "17712340985",
        identity_number("99020219851112456"),
        "the lantern under the ninth stair",
    ),
    *("Quillfeather Tower 17", "Room Zebra-88", "W**", "177****0985"),
)
REFUSED = Person(
    *("慕容玳瑁叁", "18665590127", identity_number("99030319770829789"), "被退回的那份鹧鸪口信"),
    *("白泽阁东塔", "77-03-12室", "慕容**", "186****0127"),
)
IN_CARE = Person(
    *("尉迟琥珀捌", "17300094456", identity_number("99040119400229351"), "服用珊瑚色药片的旧疾"),
    *("鹤唳苑第五幢", "5-55-05室", "尉迟**", "173****4456"),
)
"""A resident with a care record, who consents, withdraws, looks for herself and is erased."""
PEOPLE = (FROM_CSV, FROM_API, REFUSED, IN_CARE)


def texts_of(value: str) -> set[bytes]:
    """The forms in which a text may stand in a file: UTF-8, UTF-16, JSON and URL escapes, hex, base64."""
    utf8 = value.encode()
    plain = {utf8, value.encode("utf-16-le"), value.encode("utf-16-be")}
    escaped = {json.dumps(value)[1:-1].encode(), quote(value, safe="").encode(), quote(value, safe="").lower().encode()}
    return plain | escaped | {utf8.hex().encode(), utf8.hex().upper().encode()} | base64_of(utf8)


def base64_of(content: bytes) -> set[bytes]:
    """What of the base64 text does not depend on what stands before and after, at each of the three alignments."""
    found = set()
    for shift in range(3):
        text = base64.b64encode(bytes(shift) + content)
        cut = text[-(-shift * 8 // 6) : len(text) - 4]
        found |= {cut, cut.translate(bytes.maketrans(b"+/", b"-_"))}
    return found


def digests_of(content: bytes) -> set[bytes]:
    """Unsalted digests by every usual algorithm: bytes, hex, base64."""
    found: set[bytes] = set()
    for digest in (keccak256(content), *(hashlib.new(name, content).digest() for name in ALGORITHMS)):
        text = base64.b64encode(digest).rstrip(b"=")
        found |= {digest, digest.hex().encode(), digest.hex().upper().encode(), text}
        found.add(text.translate(bytes.maketrans(b"+/", b"-_")))
    return found


def needles_of(values: Iterable[str], bodies: Mapping[str, bytes]) -> dict[bytes, str]:
    """Every form and digest of `values`, and the digests of `bodies`: needle → what it would betray."""
    needles: dict[bytes, str] = {}
    for value in values:
        canonical = json.dumps(value, ensure_ascii=False).encode()
        forms = (texts_of(value), digests_of(value.encode()), digests_of(canonical))
        needles |= dict.fromkeys(chain(*forms), f"the value {value!r}")
    for what, body in bodies.items():
        needles |= dict.fromkeys(digests_of(body), f"a digest of the body of {what}")
    return needles


def raw_needles_of(values: Iterable[str], bodies: Mapping[str, bytes]) -> dict[bytes, str]:
    """As `needles_of`, for what is large: forms of `values`, and bytes of the two digests that this project uses."""
    needles: dict[bytes, str] = {}
    for value in values:
        needles |= dict.fromkeys(texts_of(value) | _own_digests(value.encode()), f"the value {value!r}")
    for what, body in bodies.items():
        needles |= dict.fromkeys(_own_digests(body), f"a digest of the body of {what}")
    return needles


def _own_digests(content: bytes) -> set[bytes]:
    return {keccak256(content), hashlib.sha256(content).digest()}


def found_in(haystack: bytes, needles: Mapping[bytes, str]) -> set[str]:
    """What `haystack` betrays."""
    return {what for needle, what in needles.items() if needle in haystack}


def originals(person: Person, **changes: Any) -> dict[str, Any]:
    """An incident reported by `person`, as the request body carries it."""
    address = {"district": "示范区", "street": "长江路", "community": None}
    values = {
        "/region": "990101001001",
        "/occurredAt": 1_700_000_000,
        "/recordedAt": 1_700_000_100,
        "/class": "medical",
        "/level": 2,
        "/persons": 1,
        "/nature": person.nature,
        "/place/point": "31.2408,121.4789",
        "/place/address": address | {"building": person.building, "room": person.room},
        "/reporter/name": person.name,
        "/reporter/phone": person.phone,
        "/reporter/idNumber": person.id_number,
        "/description": person.description,
        "/synthetic": True,
    }
    return values | {f"/{name.replace('__', '/')}": value for name, value in changes.items()}


CSV_HEADER = (
    *("lat", "lng", "title", "reported_at", "township", "address"),
    *("reporter_name", "reporter_phone", "reporter_id", "description"),
)


def csv_row(person: Person, **changes: str) -> dict[str, str]:
    """The same as a row of the emergency calls, with the persons' own columns."""
    row = {
        "lat": "40.1224422",
        "lng": "-75.3383233",
        "title": person.nature,
        "reported_at": "2016-01-15 12:01",
        "township": "NORRISTOWN",
        "address": "POWELL ST & E SPRUCE ST",
        "reporter_name": person.name,
        "reporter_phone": person.phone,
        "reporter_id": person.id_number,
        "description": f"{person.name}（{person.phone}，{person.id_number}）",
    }
    return row | changes
