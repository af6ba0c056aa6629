"""Consents in plain words, for the resident who gave them: to whom, what for, by which words, and how they end."""

from collections.abc import Mapping, Sequence
from typing import Any

from ledger.cli.moments import moment_text
from ledger.cli.told_words import Given, given_text, joined, label_of, named
from ledger.client.own_consents import ToldConsent
from ledger.core.codes import DataCategory, Purpose
from ledger.core.consent_documents import ConsentText
from ledger.core.own_consents import ConsentState
from ledger.core.scope import EVERYWHERE, Scope
from ledger.domain import load_document
from ledger.errors import UsageError

_NOT_HELD = {"zh": "本网关没有该文件", "en": "not held by this gateway"}
_STATES: Mapping[str, Mapping[ConsentState, str]] = {
    "zh": {
        ConsentState.LIVE: "有效",
        ConsentState.NOT_BEGUN: "尚未生效",
        ConsentState.SUPERSEDED: "已由同意 {by} 接替；本同意到期前仍可据以查看，要全部终止须两份都撤回",
        ConsentState.RECEIVED: "网关已收到，尚未上链，不能据以查看",
        ConsentState.EXPIRED: "已到期",
        ConsentState.WITHDRAWN: "已于 {at} 撤回（{reason}），此后不再据以查看",
    },
    "en": {
        ConsentState.LIVE: "active",
        ConsentState.NOT_BEGUN: "not begun yet",
        ConsentState.SUPERSEDED: "superseded by consent {by}; looks may still rest on this one until it ends, so "
        "withdraw both to end it all",
        ConsentState.RECEIVED: "received by the gateway and not on chain yet: nothing rests on it",
        ConsentState.EXPIRED: "expired",
        ConsentState.WITHDRAWN: "withdrawn {at} ({reason}): no look rests on it since",
    },
}
_WORDS: Mapping[str, Mapping[str, str]] = {
    "zh": {
        "head": "同意 {consent}：{state}",
        "unsound": "注意",
        "is_unsound": "其文本或证据不在本网关、不相符，或属法定告知：不能据以查看",
        "recipient": "接收机构",
        "holder": "提供机构",
        "purpose": "用途",
        "categories": "信息类别",
        "scope": "范围",
        "everywhere": "不限地区",
        "nowhere": "无",
        "records": "指定记录 {count} 条",
        "valid": "有效期",
        "captured": "取得方式",
        "text": "当时出示的文本",
        "necessity": "必要性与影响",
        "method": "处理方式",
        "retention": "保存期限",
        "rights": "权利",
        "contact": "联系方式",
        "receipt": "收据编号",
        "withdraw": "如何撤回",
        "by_key": "用作出同意的密钥（{key}）在任一机构撤回：gongzhi consent withdraw {consent} --action-key FILE",
        "by_agency": "向机构 {agency} 提出，由其撤回：gongzhi consent withdraw {consent}",
        "ended": "已终止，无须撤回",
        "total": "同意共 {count} 份，其中有效 {live} 份",
    },
    "en": {
        "head": "consent {consent}: {state}",
        "unsound": "note",
        "is_unsound": "nothing rests on it: a statutory notice, or text or evidence is not here or does not bear it",
        "recipient": "who receives",
        "holder": "who gives",
        "purpose": "purpose",
        "categories": "data",
        "scope": "scope",
        "everywhere": "every region",
        "nowhere": "nothing",
        "records": "{count} records by name",
        "valid": "valid",
        "captured": "how it was given",
        "text": "the words that were shown",
        "necessity": "why it is needed, what it means",
        "method": "how it is handled",
        "retention": "how long it is kept",
        "rights": "rights",
        "contact": "contact",
        "receipt": "receipt",
        "withdraw": "how to withdraw",
        "by_key": "with the key that gave it ({key}), anywhere: gongzhi consent withdraw {consent} --action-key FILE",
        "by_agency": "ask agency {agency}, which withdraws it: gongzhi consent withdraw {consent}",
        "ended": "it has ended, there is nothing to withdraw",
        "total": "consents: {count}, active: {live}",
    },
}
_ENDED = (ConsentState.EXPIRED, ConsentState.WITHDRAWN)


def consent_lines(consent: ToldConsent, agencies: Mapping[int, str], language: str) -> list[str]:
    """Return one consent as lines in `zh` or `en`; `agencies` are names by number. Raises UsageError for another."""
    words, told = _words_in(language), consent.told
    categories = [label_of(DataCategory, one, language) for one in range(64) if told["categories"] >> one & 1]
    said = [
        *([] if told["sound"] else [("unsound", words["is_unsound"])]),
        ("recipient", named(told["recipient"], agencies)),
        ("holder", named(told["holder"], agencies)),
        ("purpose", label_of(Purpose, told["purpose"], language)),
        ("categories", joined(categories, language)),
        ("scope", _scope(consent.scope, language)),
        ("valid", f"{moment_text(told['validFrom'])} – {moment_text(told['validUntil'])}"),
        ("captured", _captured(consent, agencies, language)),
        *_shown(consent.text, language),
        *(("receipt", action["digest"]) for action in told["actions"] if action["action"] == "RecordConsent"),
        ("withdraw", _how_to_withdraw(told, agencies, words)),
    ]
    head = words["head"].format(consent=told["consent"], state=_state(told, language))
    return [head, *(f"  {words[name]}: {text}" for name, text in said)]


def consents_total(consents: Sequence[ToldConsent], language: str) -> str:
    """Return the number of consents, and of those on which looks may rest; raises UsageError for another language."""
    states = (ConsentState.LIVE, ConsentState.SUPERSEDED)
    live = sum(one.told["state"] in states and one.told["sound"] for one in consents)
    return _words_in(language)["total"].format(count=len(consents), live=live)


def consent_document(consent: ToldConsent) -> dict[str, Any]:
    """Return a consent as JSON: what was told, its text and scope, and who stood in for the person or witnessed."""
    return {
        **consent.told,
        "text": None if consent.text is None else dict(consent.text.document),
        "scope": None if consent.scope is None else dict(consent.scope.document),
        "guardian": consent.guardian,
        "secondWitness": consent.second_witness,
    }


def _words_in(language: str) -> Mapping[str, str]:
    if language not in _WORDS:
        raise UsageError("--language is zh or en")
    return _WORDS[language]


def _state(told: Mapping[str, Any], language: str) -> str:
    at, reason = told["withdrawnAt"], told["withdrawReason"]
    return _STATES[language][ConsentState(told["state"])].format(
        by=told["supersededBy"],
        at="" if at is None else moment_text(at),
        reason="" if reason is None else _reason(reason, language),
    )


def _reason(reason: int, language: str) -> str:
    codes = load_document("code_sets/withdrawal-reason-1.json")["codes"]
    return next((str(one["title"][language]) for one in codes if one["number"] == reason), str(reason))


def _captured(consent: ToldConsent, agencies: Mapping[int, str], language: str) -> str:
    told = consent.told
    given = Given(told["captureMode"], consent.guardian, told["capturedBy"], consent.second_witness)
    return given_text(given, agencies, language)


def _shown(text: ConsentText | None, language: str) -> list[tuple[str, str]]:
    if text is None:
        return [("text", _NOT_HELD[language])]
    parts = {
        "text": text.text,
        "necessity": text.necessity,
        "method": text.method,
        "retention": text.retention,
        "rights": text.rights,
        "contact": text.contact,
    }
    return [(name, words[language]) for name, words in parts.items() if words is not None]


def _scope(scope: Scope | None, language: str) -> str:
    if scope is None:
        return _NOT_HELD[language]
    words = _words_in(language)
    regions = [words["everywhere"] if one == EVERYWHERE else one for one in scope.regions] or [words["nowhere"]]
    times = ["" if at is None else moment_text(at) for at in (scope.from_at, scope.until_at)]
    return joined(
        [
            *regions,
            *([" – ".join(times)] if any(times) else []),
            *(scope.classes or ()),
            *([] if scope.records is None else [words["records"].format(count=len(scope.records))]),
        ],
        language,
    )


def _how_to_withdraw(told: Mapping[str, Any], agencies: Mapping[int, str], words: Mapping[str, str]) -> str:
    if told["state"] in _ENDED:
        return words["ended"]
    if told["capturedBy"]:
        return words["by_agency"].format(agency=named(told["capturedBy"], agencies), consent=told["consent"])
    return words["by_key"].format(key=told["controller"], consent=told["consent"])
