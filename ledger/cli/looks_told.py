"""Looks in plain words, for the resident whom they concern: who, when, what for, by what right, and what was opened."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ledger.cli.moments import moment_text
from ledger.cli.told_words import Given, given_text, joined, label_of, named
from ledger.core.codes import Authority, Basis, Purpose, Tier
from ledger.errors import UsageError

_NONE = "0x" + "00" * 32
_WORDS: Mapping[str, Mapping[str, str]] = {
    "zh": {
        "head": "{at} 机构 {reader} 查看了记录 {record}（第 {version} 版，发布机构 {publisher}）",
        "item": "目录项",
        "purpose": "用途",
        "basis": "依据",
        "consent": "所依据的同意",
        "authority": "权限",
        "tier": "档次",
        "opened": "所见内容",
        "nothing": "无",
        "officer": "经办人承诺值",
        "case": "案号承诺值",
        "entry": "条目",
        "anchored": "已上链 {at}",
        "not_anchored": "尚未上链",
        "self": "您本人经服务机构查看",
        "own": "发布机构自己查看",
        "total": "查看共 {count} 次；所涉目录项：{items}",
    },
    "en": {
        "head": "{at} agency {reader} looked at record {record} (version {version}, published by {publisher})",
        "item": "item",
        "purpose": "purpose",
        "basis": "legal basis",
        "consent": "by consent",
        "authority": "by what right",
        "tier": "tier",
        "opened": "what was opened",
        "nothing": "nothing",
        "officer": "officer, as commitment",
        "case": "case, as commitment",
        "entry": "entry",
        "anchored": "anchored {at}",
        "not_anchored": "not anchored yet",
        "self": "you yourself, at the desk of this agency",
        "own": "the publisher itself",
        "total": "looks: {count}; items told of: {items}",
    },
}


@dataclass(frozen=True)
class PublicNames:
    """Names of agencies and of catalogue items by number; one that is not known is shown as its number."""

    agencies: Mapping[int, str]
    items: Mapping[int, str]


def look_lines(look: Mapping[str, Any], names: PublicNames, language: str) -> list[str]:
    """Return one look (a member of `LooksAtPerson.looks`) as lines in `zh` or `en`; raises UsageError for another."""
    words = words_in(language)
    head = words["head"].format(
        at=moment_text(look["disclosedAt"]),
        reader=named(look["reader"], names.agencies),
        record=look["recordId"],
        version=look["version"],
        publisher=named(look["publisher"], names.agencies),
    )
    told = [
        ("item", named(look["item"], names.items)),
        ("purpose", label_of(Purpose, look["purpose"], language)),
        ("basis", label_of(Basis, look["basis"], language)),
        *([] if look["consent"] is None else [("consent", _consent(look["consent"], names, language))]),
        ("authority", _authority(look, language)),
        *([("tier", label_of(Tier, look["tier"], language))] if look["tier"] else []),
        ("opened", _opened(look["opened"], language)),
        *(
            (name, look[member])
            for name, member in (("officer", "officer"), ("case", "caseRef"))
            if look[member] != _NONE
        ),
        ("entry", f"{look['entry']}, {_anchored(look, words)}"),
    ]
    return [head, *(f"  {words[name]}: {said}" for name, said in told)]


def total_line(count: int, items: Sequence[int], language: str) -> str:
    """Return how many looks there were, at which items; raises UsageError for another language than zh and en."""
    words = words_in(language)
    return words["total"].format(count=count, items=", ".join(map(str, items)) or words["nothing"])


def words_in(language: str) -> Mapping[str, str]:
    """Return the words of a language; raises UsageError for another one than zh and en."""
    if language not in _WORDS:
        raise UsageError("--language is zh or en")
    return _WORDS[language]


def _authority(look: Mapping[str, Any], language: str) -> str:
    authority, words = look["authority"], words_in(language)
    if authority == Authority.SELF:
        return words["self"]
    if authority == Authority.OWN:
        return words["own"]
    label = label_of(Authority, authority, language)
    return label if look["authorityId"] == _NONE else f"{label} {look['authorityId']}"


def _consent(given: Mapping[str, Any], names: PublicNames, language: str) -> str:
    by = Given(given["captureMode"], given["guardian"], given["capturedBy"], given["secondWitness"])
    return joined([given["consent"], given_text(by, names.agencies, language)], language)


def _opened(slots: Sequence[Mapping[str, Any]], language: str) -> str:
    # A slot without a title is named by its path.
    titles = [slot["title"][language] if slot["title"] else slot["path"] for slot in slots]
    return joined(titles, language) or words_in(language)["nothing"]


def _anchored(look: Mapping[str, Any], words: Mapping[str, str]) -> str:
    at = look["anchoredAt"]
    return words["not_anchored"] if at is None else words["anchored"].format(at=moment_text(at))
