"""The code sets of the domain data: what the standards say of them, and how deviating systems are mapped."""

import re
from pathlib import Path
from typing import Any

import pytest

from ledger.cli.code_set_files import code_sets
from ledger.core.code_sets import CodeSet, CodeSetReference
from ledger.domain import load_document

pytestmark = pytest.mark.unit
FOR_OWN_SCHEMAS = {"group-organization": "GB/T 31000 T3, kinds of groups: no record type of the project is about one"}
"""Released sets that nothing of the program names, each with its reason."""
CODE_SETS = {one.reference: one for one in code_sets()}

STANDARDS: dict[str, str] = {
    "sex/1": "0未知 1男 2女 9未说明",
    "marriage/1": "10未婚 20已婚 21初婚 22再婚 23复婚 30丧偶 40离婚 90未说明",
    "inflow-reason/1": "01务工 02务农 03经商 04学习 05婚嫁 06随迁 07治病 08投靠 09调动 99",
    "residence-permit/1": "01居住证 02暂住证 99",
    "live-in-type/1": "01自购 02租赁 03寄宿 04借住 05单位宿舍 06临时 07农民工公寓 99",
    "building-use/1": "01住宅 02商业 03办公 04工业 05仓储 06商住 99",
    "rental-hazard/1": "00无 01火灾 02治安 03矛盾纠纷 04危化 05疾病传染 99",
    "residence-match/1": "01 02",
    "group-organization/1": "01专职巡防 02义务巡防 03保安公司 04志愿者 99",
    "dispute-scale/1": "01个体 02一般群体 03重大群体",
    "dispute-category/1": "01婚恋 02邻里 0201用水 0202土地 0203污染 03人格 04物权 0402物业 05侵权 06合同 07劳动 08金融"
    " 09土地 10民商 11城建 12民政 13行政执法 14涉法 15组织 16民族宗教 99",
    "dispute-method/1": "01调解 0103人民调解 02仲裁 03行政复议 04行政裁决 05诉讼 06和解",
    "incident-level/1": "1特别重大 2重大 3较大 4一般",
    "event-type/1": "01安全事故 02群体 03食品 04刑事 99",
    "event-nature/1": "01治安 02刑事 03民事 04行政 99",
    "risk-grade/1": "1高 2中 3低",
    "hierarchy-level/1": "01中央 02 03 04 05乡镇街道 06村社区",
    "warning-level/1": "1红色 2橙色 3黄色 4蓝色",
    "supply-class/1": "1基本生活 2应急装备 3工程材料",
    "deid-grade/1": "1 2 3 4",
    "person-kind/1": "registered户籍 floating流动 overseas境外",
}
"""As gathered from the standards: each code with the beginning of its Chinese word."""


@pytest.mark.parametrize("reference", STANDARDS)
def test_a_set_holds_the_codes_of_its_standard_and_no_others(reference: str) -> None:
    said = [re.fullmatch("([0-9a-z]+)(.*)", word) for word in STANDARDS[reference].split()]
    codes = CODE_SETS[reference].codes
    assert [code.code for code in codes] == [found.group(1) for found in said if found]
    for code, found in zip(codes, said, strict=True):
        assert found is not None
        assert found.group(2) in code.title["zh"]


@pytest.mark.parametrize("name", ["skill/1", "rental-use/1", "nation/1", "education/1", "family-relation/1"])
def test_what_was_not_compared_with_the_official_text_says_so(name: str) -> None:
    source = CODE_SETS[name].source or ""
    assert any(words in source for words in ("not verified", "gathered so far", "to be filled"))


@pytest.mark.parametrize("one", CODE_SETS.values(), ids=CODE_SETS)
def test_a_set_is_named_by_its_file_and_says_where_it_comes_from(one: CodeSet) -> None:
    assert load_document(CodeSetReference(one.name, one.version).file) == one.document
    assert one.source
    assert one.codes or one.check
    assert one.title["zh"]
    assert one.title["en"]
    titles = [(code.parent, code.title["zh"]) for code in one.codes]
    assert len(set(titles)) == len(titles)
    assert all(code.title["zh"] and code.title["en"] for code in one.codes)


@pytest.mark.parametrize("one", CODE_SETS.values(), ids=CODE_SETS)
def test_what_a_system_writes_is_mapped_to_codes_and_each_spelling_once(one: CodeSet) -> None:
    for system, mapping in one.mappings.items():
        assert mapping
        assert all(one.accepts(code) for code in mapping.values())
        assert all(theirs == theirs.strip() for theirs in mapping)
        if system == "unpadded":
            assert list(mapping.values()) == list(one.accepted)
            assert all(ours.lstrip("0") in (theirs, "") for theirs, ours in mapping.items())
        if system == "words":
            assert not set(mapping) & set(one.by_code)


def test_systems_where_a_code_means_something_else_are_mapped_by_their_own_table() -> None:
    sex, hazard = CODE_SETS["sex/1"], CODE_SETS["rental-hazard/1"]
    assert [sex.mapped("male-is-0", written) for written in "0129"] == ["1", "2", None, None]
    assert [sex.mapped("female-is-0", written) for written in "0129"] == ["2", "1", None, None]
    assert [sex.mapped("words", written) for written in ("男", "女", "male", "0")] == ["1", "2", "1", None]
    assert (hazard.mapped("fire-is-02", "02"), hazard.by_code["02"].title["zh"]) == ("01", "治安隐患")
    assert hazard.mapped("fire-is-02", "01") is None
    assert CODE_SETS["incident-level/1"].mapped("gbt-31000", "04") == "4"
    assert CODE_SETS["dispute-category/1"].mapped("unpadded", "402") == "0402"
    assert CODE_SETS["nation/1"].mapped("words", "汉") == "01"


def test_a_later_version_keeps_the_codes_of_an_earlier_one_with_their_meaning() -> None:
    earlier, later = CODE_SETS["incident-class/1"], CODE_SETS["incident-class/2"]
    assert earlier.mappings == later.mappings
    for code in earlier.codes:
        assert later.by_code[code.code].title == code.title


def test_numbers_that_stand_in_slots_of_type_integer_are_those_of_their_codes() -> None:
    for name in ("incident-level/1", "warning-level/1", "risk-grade/1", "alert-level/1", "rating/1"):
        assert all(code.number == int(code.code) for code in CODE_SETS[name].codes)


def test_identity_numbers_refuse_and_credit_codes_warn() -> None:
    assert (CODE_SETS["identity-number/1"].check, CODE_SETS["identity-number/1"].failing) == ("gb-11643", "refuse")
    assert (CODE_SETS["credit-code/1"].check, CODE_SETS["credit-code/1"].failing) == ("gb-32100", "warn")


def slots_of_numbers() -> list[Any]:
    found = []
    for path in ("resident_profile-1", "care_alert-1", "incident-2", "facility-1", "dwelling_rental-1"):
        found += [slot for slot in load_document(f"schemas/{path}.json")["slots"] if slot["kind"] == "o"]
    return found


def test_identity_numbers_and_regions_are_checked_wherever_they_stand() -> None:
    for slot in slots_of_numbers():
        if slot["path"].rsplit("/", 1)[1] == "idNumber":
            assert slot["code_set"] == "identity-number/1"
        if slot["path"] == "/region":
            assert slot["code_set"] == "region/1"


def test_every_code_set_is_named_by_a_schema_or_by_the_program_or_is_listed_with_a_reason() -> None:
    folder = Path(__file__).parents[3] / "ledger"
    documents = [*(folder / "domain" / "schemas").glob("*.json"), *folder.rglob("*.py")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in documents)
    names = {path.stem.rsplit("-", 1)[0] for path in (folder / "domain" / "code_sets").glob("*.json")}
    assert {name for name in names if name not in text} == set(FOR_OWN_SCHEMAS)
