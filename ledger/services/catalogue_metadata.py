"""A catalogue item in the words of the national catalogue of government information resources, for export and pages."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ledger.core.catalogue_list import CODE_SETS, ListedEntry
from ledger.core.code_sets import CodeSet
from ledger.core.codes import ShareClass
from ledger.core.documents import CatalogueItem
from ledger.core.schema import Schema
from ledger.services.catalogue_documents import item_documents

Words = Mapping[str, str]
"""A text in both languages, `zh` and `en`."""
FIELDS: Final[Mapping[str, Words]] = {
    "class": {"zh": "信息资源分类", "en": "class"},
    "name": {"zh": "信息资源名称", "en": "name"},
    "code": {"zh": "信息资源代码", "en": "code"},
    "provider": {"zh": "信息资源提供方", "en": "provider"},
    "providerCode": {"zh": "信息资源提供方代码", "en": "provider code"},
    "summary": {"zh": "信息资源摘要", "en": "summary"},
    "formats": {"zh": "信息资源格式", "en": "format"},
    "items": {"zh": "信息项", "en": "items of information"},
    "shareType": {"zh": "共享类型", "en": "share type"},
    "shareCondition": {"zh": "共享条件", "en": "share condition"},
    "shareMethod": {"zh": "共享方式", "en": "share method"},
    "openness": {"zh": "开放类型", "en": "openness"},
    "updateCycle": {"zh": "更新周期", "en": "update cycle"},
    "publishedOn": {"zh": "发布日期", "en": "published on"},
    "linked": {"zh": "关联资源代码", "en": "linked resources"},
}
"""Members of a resource in their order, with the words of the national metadata."""
TYPE_WORDS: Final[Mapping[str, Words]] = {
    "string": {"zh": "字符型", "en": "text"},
    "integer": {"zh": "数值型", "en": "whole number"},
    "boolean": {"zh": "布尔型", "en": "yes or no"},
    "time": {"zh": "日期时间型", "en": "time"},
    "region": {"zh": "行政区划代码", "en": "region code"},
    "code": {"zh": "代码", "en": "code"},
    "id": {"zh": "标识", "en": "identifier"},
    "subject": {"zh": "主体标识（不公开）", "en": "whom it is about (never opened)"},
    "file": {"zh": "文件", "en": "file"},
    "list": {"zh": "列表", "en": "list"},
    "object": {"zh": "结构", "en": "structure"},
}
_NOTHING_ASKED: Final[Words] = {"zh": "无", "en": "none"}
_ANYBODY = 1
"""An agency number for documents that are only read."""


@dataclass(frozen=True)
class CatalogueResource:
    """An item of the list with its schema, ready to be told in either language."""

    listed: ListedEntry
    item: CatalogueItem
    schema: Schema

    @property
    def code(self) -> str:
        """The code of the resource, as `20200101/000104`."""
        return self.listed.code(self.item.item)


def read_resources(entries: Sequence[ListedEntry], load: Callable[[str], Any]) -> list[CatalogueResource]:
    """Return the resources of a list's entries in order; raises as `item_documents` does."""
    found = []
    for listed in entries:
        documents = item_documents(load(listed.entry), _ANYBODY, load)
        found.append(CatalogueResource(listed, documents.item, documents.schema))
    return found


def resource_members(
    resource: CatalogueResource, among: Sequence[CatalogueResource], code_sets: Mapping[str, CodeSet], language: str
) -> dict[str, Any]:
    """Return the members of `FIELDS` of a resource, in words of a language (`zh` or `en`).

    `items` are `{"name", "type"}`, `linked` the codes of resources `among` those given; `code_sets` are those of
    `catalogue_list.CODE_SETS` by name and version.
    """
    listed, item = resource.listed, resource.item

    def word(member: str, code: str) -> str:
        return code_sets[CODE_SETS[member]].by_code[code].title[language]

    condition = item.legal_ground if item.share_class is ShareClass.NOT_SHARED else listed.condition
    codes = {one.item.item: one.code for one in among}
    return {
        "class": " / ".join(_class_words(listed.resource_class, code_sets[CODE_SETS["class"]], language)),
        "name": item.name[language],
        "code": resource.code,
        "provider": getattr(listed.responsible, language),
        "providerCode": f"{int(listed.responsible):02d}",
        "summary": listed.summary[language],
        "formats": [word("formats", one) for one in listed.formats],
        "items": [
            {"name": slot["title"][language], "type": TYPE_WORDS[slot["type"]][language]}
            for slot in resource.schema.document["slots"]
            if slot["kind"] == "o"
        ],
        "shareType": getattr(item.share_class, language),
        "shareCondition": (condition or _NOTHING_ASKED)[language],
        "shareMethod": word("method", listed.method),
        "openness": word("openness", listed.openness),
        "updateCycle": word("updateCycle", listed.update_cycle),
        "publishedOn": listed.published_on.isoformat(),
        "linked": [codes[number] for number in listed.linked if number in codes],
    }


def flat_row(members: Mapping[str, Any]) -> list[str]:
    """Return a resource as one row of a table: lists in one cell each, `name (type)` for items of information."""
    return [_cell(members[name]) for name in FIELDS]


def _cell(value: object) -> str:
    if not isinstance(value, list):
        return str(value)
    return "; ".join(f"{one['name']} ({one['type']})" if isinstance(one, dict) else str(one) for one in value)


def _class_words(code: str, classes: CodeSet, language: str) -> list[str]:
    found: list[str] = []
    at: str | None = code
    while at is not None:
        found.insert(0, classes.by_code[at].title[language])
        at = classes.by_code[at].parent
    return found
