"""Released documents of the domain data are never edited."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ledger.core.canonical import document_hash
from ledger.core.hexadecimal import to_hex
from ledger.domain import load_document
from ledger.domain.released import changed_documents, released_documents, versioned_documents

pytestmark = pytest.mark.unit
ROOT = Path(__file__).parents[3]


def test_a_released_document_is_as_it_was_released() -> None:
    assert changed_documents(released_documents(), versioned_documents()) == []


def test_a_changed_and_a_missing_document_are_found_and_a_new_one_is_none() -> None:
    found = {"a-1.json": "0x01", "b-1.json": "0x02"}
    assert changed_documents({"a-1.json": "0x01"}, found) == []
    assert changed_documents({"a-1.json": "0x02", "c-1.json": "0x03"}, found) == ["a-1.json", "c-1.json"]


def test_documents_with_a_version_in_their_name_are_hashed_as_schemas_name_them() -> None:
    found = versioned_documents()
    assert found["code_sets/sex-1.json"] == to_hex(document_hash(load_document("code_sets/sex-1.json")))
    assert {"schemas/incident-1.json", "calendar/cn-1.json", "masks/fields-1.json"} <= set(found)
    assert not any("profiles/" in path for path in found)


def test_the_script_refuses_to_release_over_a_changed_document(tmp_path: Path) -> None:
    for name in ("scripts", "ledger"):
        (tmp_path / name).mkdir()
    (tmp_path / "scripts" / "release_domain_data").write_bytes((ROOT / "scripts" / "release_domain_data").read_bytes())
    for path in (ROOT / "ledger").iterdir():
        if path.name not in ("domain", "__pycache__"):
            (tmp_path / "ledger" / path.name).symlink_to(path)
    domain = tmp_path / "ledger" / "domain"
    (domain / "code_sets").mkdir(parents=True)
    for name in ("__init__.py", "released.py"):
        (domain / name).write_bytes((ROOT / "ledger" / "domain" / name).read_bytes())
    (domain / "released.json").write_text('{"format": "gongzhi-released/1", "documents": {}}')
    document = domain / "code_sets" / "sex-1.json"
    document.write_text('{"codes": []}')

    def release(*arguments: str) -> int:
        script = str(tmp_path / "scripts" / "release_domain_data")
        return subprocess.run([sys.executable, script, *arguments], capture_output=True, check=False).returncode

    def released() -> list[str]:
        return list(json.loads((domain / "released.json").read_text())["documents"])

    assert (release("--check"), released()) == (0, [])
    assert (release(), released()) == (0, ["code_sets/sex-1.json"])
    document.write_text('{"codes": [1]}')
    (domain / "code_sets" / "age-1.json").write_text("{}")
    assert (release("--check"), release(), released()) == (1, 1, ["code_sets/sex-1.json"])
