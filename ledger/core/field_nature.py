"""What a field is about by how its path ends, whatever else is said of it; and which slots a concept may be of.

A fields map says what each path is; nobody checks it but its author. So the words of a path count too, as people and
registers write them (English, Chinese, initials of pinyin), and the class and type of a slot have to fit its concept.
"""

import re
from collections.abc import Mapping

from ledger.core.schema import SLOT_TYPES, Schema, Slot

_WORD = re.compile("[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_GENERAL = frozenset({"number", "no", "num", "date", "day", "text", "value", "full", "original"})
"""Last members that say nothing alone: `/idCard/number` is read as `idCardNumber`."""
_LANGUAGES = frozenset({"cn", "zh", "en", "pinyin"})
"""Last words that say in which language: `/nameCn` is read as `name`."""
_ENDINGS: Mapping[str, tuple[str, ...]] = {
    "identity": ("idnumber", "idcard", "identitycard", "citizencard", "passport", "身份证", "身份证号", "证件号码"),
    "contact": ("name", "phone", "mobile", "telephone", "landline", "姓名", "电话", "手机", "手机号"),
    "birth": ("birthdate", "birthday", "出生日期", "生日"),
    "address": ("address", "地址", "住址"),
    "point": ("point",),
    "text": ("description",),
    "sex": ("sex", "gender", "性别"),
}
"""How a path ends, in lower case, even in the middle of a word."""
_WORDS: Mapping[str, frozenset[str]] = {
    nature: frozenset(words.split())
    for nature, words in {
        "identity": "idno idnum idcardno idcardnumber identity identityno identitynumber card cardno cardnumber certno "
        "certnumber certificateno certificatenumber passportno passportnumber ssn sfz sfzh sfzhm zjhm",
        "contact": "tel telno telnumber cell cellphone phoneno phonenumber mobileno mobilenumber telephonenumber "
        "nameoriginal namefull xm xingming lxdh sjh sjhm",
        "birth": "dob birth dateofbirth bornon csrq",
        "address": "addr addresstext addressfull residence dz jtzz",
        "sex": "xb",
    }.items()
}
_PERSONAL = frozenset(_WORDS)
_LAST_WORDS = {nature: known.union(_ENDINGS[nature]) for nature, known in _WORDS.items()}
"""Last words of a path, put together, one or many of them; each is of what belongs to a person."""
_CONCEPTS: Mapping[str, frozenset[str]] = {
    "identity": frozenset({"id_no"}),
    "contact": frozenset({"name", "phone", "tenant_owner", "dispute_party", "informant"}),
    "birth": frozenset({"birth_date"}),
    "address": frozenset({"address", "dispute_party"}),
    "point": frozenset({"geo_point", "care_location"}),
    "text": frozenset({"event_text"}),
    "sex": frozenset({"sex", "dispute_party"}),
}
"""Concepts that a path may have which ends so."""
_THINGS = frozenset(
    f"/{thing}/name"
    for thing in ("activity", "agency", "community", "facility", "organization", "place", "plan", "store", "unit")
)
_NAMED_THINGS = frozenset({("facility", "/name"), ("plan", "/name"), ("supply", "/name")})
"""Schemas of the domain data whose records are things: what `/name` names there is no person."""
_QUALIFICATION = "/certificate/number"
"""Number of a certificate of what somebody is able to do, beside its kind and issuer."""
_ANY = frozenset(SLOT_TYPES) - {"subject"}
_FITS: Mapping[str, tuple[str, frozenset[str]]] = {
    "open": ("O", _ANY),
    "subject": ("GS", frozenset({"subject"})),
    "name": ("GS", frozenset({"string"})),
    "id_no": ("GS", frozenset({"string"})),
    "phone": ("GS", frozenset({"string"})),
    "birth_date": ("GS", frozenset({"string"})),
    "age_flags": ("G", frozenset({"list", "boolean"})),
    "sex": ("GS", frozenset({"code"})),
    "background": ("GS", frozenset({"code", "list", "boolean", "string"})),
    "address": ("GS", frozenset({"object"})),
    "household": ("GS", frozenset({"string", "code", "integer", "region", "boolean", "list"})),
    "household_size": ("GS", frozenset({"integer"})),
    "tenant_owner": ("GS", frozenset({"string"})),
    "plate": ("GS", frozenset({"string"})),
    "health_detail": ("S", frozenset({"string", "code", "list"})),
    "care_need": ("S", frozenset({"boolean", "code", "list"})),
    "care_location": ("S", frozenset({"string", "time", "object"})),
    "evidence": ("GS", frozenset({"file", "string", "time"})),
    "dispute_party": ("GS", frozenset({"string", "code", "object"})),
    "informant": ("GS", frozenset({"string", "code", "object"})),
    "geo_point": ("GS", frozenset({"string"})),
    "event_text": ("GS", frozenset({"string"})),
    "special_service": ("S", frozenset({"boolean", "code", "integer", "time"})),
    "track": ("S", frozenset({"list", "string", "time", "object"})),
    "record_link": ("G", frozenset({"id"})),
    "detail": ("G", _ANY - {"file", "object"}),
    "detail_sensitive": ("S", _ANY),
}
"""Classes and types of the originals that a concept may be of."""


def named_natures(slot: Slot) -> frozenset[str]:
    """Return what a slot is about by how its path ends; nothing for a yes or no."""
    if slot.type == "boolean" or slot.path == _QUALIFICATION:
        return frozenset()
    members = slot.path.split("/")[1:]
    words = _words(members[-1])
    if len(members) > 1 and set(words) <= _GENERAL:
        words = _words(members[-2]) + words
    ends = [words, words[: words.index("of")]] if "of" in words else [words]
    tails = {"".join(end[start:]) for end in ends for start in range(len(end))}
    tails |= {tail.removesuffix(plural) for tail in tails for plural in ("s", "es")}
    last = members[-1].lower()
    ended = {nature for nature, endings in _ENDINGS.items() if last.endswith(endings)}
    return frozenset(ended | {nature for nature in _PERSONAL if tails & _LAST_WORDS[nature]})


def open_personal(schema: Schema) -> tuple[str, ...]:
    """Return the paths of class O that end as what is a person's: a name, a number, an address, a day of birth."""
    originals = [slot for slot in schema.slots if slot.is_original and slot.data_class == "O"]
    named = [slot.path for slot in originals if not _PERSONAL.isdisjoint(named_natures(slot))]
    return tuple(path for path in named if path not in _THINGS and (schema.name, path) not in _NAMED_THINGS)


def concept_fits(concept: str, original: Slot) -> bool:
    """Say whether a path may have this concept: by class and type of its original, and by how it ends."""
    classes, types = _FITS.get(concept, ("", frozenset()))
    if original.data_class not in classes or original.type not in types:
        return False
    return concept == "open" or all(concept in _CONCEPTS[nature] for nature in named_natures(original))


def _words(member: str) -> list[str]:
    words = [word.lower() for word in _WORD.findall(member)]
    return words[:-1] if len(words) > 1 and words[-1] in _LANGUAGES else words
