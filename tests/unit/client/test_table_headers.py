"""Header cells are the mapping's columns however they are written; what is missing or not used is told, never lost."""

import zipfile
from pathlib import Path

import pytest

from ledger.client.tables.corrections import Corrections
from ledger.client.tables.headers import Columns, column_key, read_header
from ledger.client.tables.job import TO_CORRECT, TableJob
from ledger.client.tables.reports import rejected_csv, summary_of
from ledger.client.tables.rows import TableFile
from ledger.client.tables.source import Outcome, TableSource
from ledger.errors import UsageError
from tests.unit.client.test_table_jobs import MAPPING, RESIDENTS, tokens

pytestmark = pytest.mark.unit
HEADER = "社区,姓名,身份证号,性别,出生日期,联系电话,人员类别,小区,楼栋,房号,登记日期,合成数据"
ROW = "一街道一社区,张三,990101199003070023,女,1990-03-07,13800138000,户籍,幸福里,3号楼,301,2026-03-07,是"
COLUMNS = Columns(frozenset(("姓名",)), frozenset(("性别", "面积(平方米)")), {"手机号": "电话", "电话号码": "电话"})


def source(folder: Path, header: str, *rows: str) -> TableSource:
    path = folder / "residents.csv"
    path.write_text("\n".join((header, *(rows or (ROW,)))) + "\n", encoding="utf-8")
    return TableSource(TableFile(path), MAPPING, RESIDENTS)


@pytest.mark.parametrize(
    "written",
    [
        *(
            "性别",
            "性 别",
            "性　别",
            "\u200b性别\ufeff",
            "*性别",
            "＊性别",
            "性别*",
            "性别（必填）",
            "性别(必填)",
            "性别：（选填）",
        ),
        *("【必填】性别", "性别【可选】", "※性别", "性别[Required]", "*性别（必填项）：", "性\n别"),
    ],
)
def test_a_column_is_known_by_its_name_however_it_is_decorated(written: str) -> None:
    assert column_key(written) == "性别"
    assert read_header(["姓名", written], COLUMNS, "row 1").names == ("姓名", "性别")


@pytest.mark.parametrize("written", ["性别代码", "必填", "姓别", "性别（男/女）", "性-别", "*", "sex"])
def test_another_name_is_another_column(written: str) -> None:
    found = read_header(["姓名", written], COLUMNS, "row 1")
    assert (found.names, found.missing, found.unused) == (("姓名", written), ("性别", "面积(平方米)"), (written,))


def test_full_width_brackets_of_a_mapped_name_count_as_others() -> None:
    found = read_header(["姓名", "面积（平方米）", "手机号（必填）"], COLUMNS, "row 1")
    assert found.names == ("姓名", "面积(平方米)", "电话")
    assert found.written == ("姓名", "面积（平方米）", "手机号（必填）")


def test_two_columns_of_one_name_are_refused_by_name_only_where_they_are_used() -> None:
    for names in (["姓名", "性别", "性别"], ["姓名", "性 别", "x", "*性别"]):
        with pytest.raises(UsageError, match=r"column 性别 more than once: .*column B.*column (C|D)"):
            read_header(names, COLUMNS, "row 1")
    with pytest.raises(UsageError, match=r"column 电话 more than once: 手机号 \(column B\), 电话号码 \(column C\)"):
        read_header(["姓名", "手机号", "电话号码"], COLUMNS, "row 1")
    found = read_header(["姓名", "x", "x", "x (2)", "", "x", "", "y"], COLUMNS, "row 1")
    assert found.names == ("姓名", "x", "x (2)", "x (2) (2)", "", "x (3)", "", "y")


def test_a_decorated_header_gives_the_same_records_as_a_plain_one(tmp_path: Path) -> None:
    decorated = HEADER.replace("性别", "*性　别").replace("联系电话", "联系 电话（必填）").replace("楼栋", "楼\u200b栋")
    plain, written = (
        [one.originals for one in found.map(found.rows(), Outcome())]
        for found in (source(tmp_path, HEADER), source(tmp_path, decorated))
    )
    assert plain == written
    assert (written[0]["/sex"], written[0]["/phone"]) == ("2", "13800138000")


def test_columns_that_may_be_another_s_are_refused_until_they_are_accepted(tmp_path: Path) -> None:
    lost = source(tmp_path, HEADER.replace("联系电话", "联系方式"))
    assert "联系电话" in lost.header().missing
    assert lost.header().unused == ("联系方式",)
    with pytest.raises(UsageError, match=r"联系方式.*联系电话.*--accept-columns"):
        lost.refuse_lost_columns()
    # Nothing is lost where the file has nothing else, or only what the mapping leaves out on purpose.
    fewer = source(tmp_path, HEADER.replace("联系电话", "序号"))
    assert "联系电话" in fewer.header().missing
    fewer.refuse_lost_columns()


def test_a_corrected_file_must_have_the_columns_that_the_job_s_file_has(tmp_path: Path) -> None:
    made = TableJob(source(tmp_path, HEADER, ROW.replace("13800138000", "123")), tmp_path / "state", 101, 1)
    made.begin(1, 7)
    made.fill(tokens=tokens)
    path = tmp_path / "corrected.csv"
    path.write_text(f"gongzhi_row,{HEADER.replace('性别', '性向')}\n1,{ROW}\n", encoding="utf-8")
    with pytest.raises(UsageError, match="lacks columns that the job's file has: 性别"):
        Corrections(made).take(TableFile(path), tokens=tokens)
    path.write_text(f"gongzhi_row,{HEADER.replace('性别', '性 别')}\n1,{ROW}\n", encoding="utf-8")
    assert Corrections(made).take(TableFile(path), tokens=tokens).accepted == 1


def test_a_corrected_file_that_is_damaged_further_on_is_refused_before_it_is_begun(tmp_path: Path) -> None:
    made = TableJob(source(tmp_path, HEADER, ROW.replace("13800138000", "123")), tmp_path / "state", 101, 1)
    made.begin(1, 7)
    made.fill(tokens=tokens)
    path = tmp_path / "corrected.csv"
    path.write_text(f'gongzhi_row,{HEADER}\n1,{ROW}\n"2,{ROW}\n', encoding="utf-8")
    with pytest.raises(UsageError, match="from line 3 on"):
        Corrections(made).take(TableFile(path), tokens=tokens)
    path.write_text(f"gongzhi_row,{HEADER}\n1,{ROW}\n", encoding="utf-8")
    assert Corrections(made).take(TableFile(path), tokens=tokens).accepted == 1


def test_a_corrected_workbook_may_have_other_sheets_beside_the_rows(tmp_path: Path) -> None:
    made = TableJob(source(tmp_path, HEADER, ROW.replace("13800138000", "123")), tmp_path / "state", 101, 1)
    made.begin(1, 7)
    made.fill(tokens=tokens)
    given, path = made.state / TO_CORRECT, tmp_path / "corrected.xlsx"
    with zipfile.ZipFile(given) as archive:
        parts = {name: archive.read(name).decode().replace(">123<", ">13800138000<") for name in archive.namelist()}
    parts[f"xl/{OTHER}"] = parts["xl/worksheets/sheet1.xml"].partition("<row")[0] + "</sheetData></worksheet>"
    for name, end, more in (
        ("xl/workbook.xml", "</sheets>", '<sheet name="Sheet2" sheetId="2" r:id="rId3"/>'),
        (
            "xl/_rels/workbook.xml.rels",
            "</Relationships>",
            f'<Relationship Id="rId3" Type="{SHEET}" Target="{OTHER}"/>',
        ),
    ):
        parts[name] = parts[name].replace(end, more + end)
    with zipfile.ZipFile(path, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    assert Corrections(made).take(TableFile(path), tokens=tokens).accepted == 1


OTHER = "worksheets/sheet2.xml"
SHEET = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet"


def test_reports_name_the_columns_as_the_file_writes_them(tmp_path: Path) -> None:
    found = source(tmp_path, HEADER.replace("联系电话", "手机 号（必填）"), ROW.replace("13800138000", "123"))
    assert found.columns_told()["/phone"] == "手机 号（必填）"
    assert found.columns_told()["/subject"] == "身份证号"
    report = rejected_csv(summary_of(found.check()).rejected, found.columns_told()).decode("utf-8")
    assert report.splitlines() == [
        "\ufeffrow,line,column,path,reason,reason_zh,accepted,first_row",
        "1,2,手机 号（必填）,/phone,phone_malformed,不是 11 位手机号码,,",
    ]


def test_what_registers_say_of_a_person_s_background_comes_through_by_either_name(tmp_path: Path) -> None:
    more = "民族,婚姻,文化程度,与户主关系,流入原因,入住日期,办证类型,居住证号,居住登记日期,居住证到期日,车牌"
    cells = "维吾尔族,已婚,大专,配偶,务工,2025/3/1,居住证,ａ 12345,20250302,2026年3月1日,沪a·12345"
    found = source(tmp_path, f"{HEADER},{more}", f"{ROW},{cells}")
    (row,) = found.map(found.rows(), outcome := Outcome())
    assert outcome.rejected == []
    assert found.header().unused == ()
    assert {path: row.originals[path] for path in BACKGROUND} == BACKGROUND
    assert found.check().accepted == 1
    without = source(tmp_path, HEADER)
    assert {next(without.map(without.rows(), Outcome())).originals[path] for path in BACKGROUND} == {None}


BACKGROUND = {
    "/nation": "05",
    "/marriage": "20",
    "/education": "30",
    "/household/relation": "1",
    "/movedIn/reason": "01",
    "/movedIn/on": "2025-03-01",
    "/permit/type": "01",
    "/permit/number": "A12345",
    "/permit/from": "2025-03-02",
    "/permit/until": "2026-03-01",
    "/plate": "沪A12345",
}
