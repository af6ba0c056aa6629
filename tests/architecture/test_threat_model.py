"""Every threat of the threat model names a control, a default and tests that exist."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

pytestmark = pytest.mark.architecture
ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "explanation" / "threat-model.md"
TEST = re.compile(r"`(tests/[a-z0-9_/]+\.py)::(test_[a-z0-9_]+)(?:\[([a-z0-9_]+)\])?`")
MEMBERS = 4


def rows() -> list[list[str]]:
    """The cells of every row of the page, without heads and rules."""
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [row for row in cells if row[0] != "threat"]


@cache
def words_of(path: str) -> tuple[frozenset[str], frozenset[str]]:
    """The tests that a file has, and every name and string in it, of which cases are made."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    functions = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    strings = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return frozenset(functions), frozenset(names | strings)


def fault_of(path: str, test: str, case: str) -> str | None:
    """What is wrong with a test that the page names, or None."""
    if not (ROOT / path).is_file():
        return "no such file"
    functions, words = words_of(path)
    if test not in functions:
        return "no such test"
    return "no such case" if case and case not in words else None


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0].replace(" ", "-"))
def test_a_threat_has_a_control_a_default_and_tests_that_exist(row: list[str]) -> None:
    assert len(row) == MEMBERS
    assert all(row), row
    named = TEST.findall(row[3])
    assert named, row[3]
    assert TEST.sub("", row[3]).strip(", ") == "", "something else than tests stands in the last column"
    faults = {f"{path}::{test}[{case}]": fault for path, test, case in named if (fault := fault_of(path, test, case))}
    assert not faults


@pytest.mark.parametrize(
    ("named", "fault"),
    [
        (("tests/architecture/test_nothing.py", "test_a", ""), "no such file"),
        (("tests/architecture/test_threat_model.py", "test_that_is_not_there", ""), "no such test"),
        (("tests/unit/audit/test_lying_operator.py", "test_an_empty_folder_is_no_export", "a_lie"), "no such case"),
    ],
)
def test_a_name_that_leads_nowhere_is_noticed(named: tuple[str, str, str], fault: str) -> None:
    assert fault_of(*named) == fault
