"""A folder of own domain data says nothing new under a name and version that were released."""

import json
from pathlib import Path
from typing import Any

import pytest

from ledger.cli.catalogue_files import domain_loader
from ledger.core.canonical import document_hash
from ledger.core.hexadecimal import to_hex
from ledger.domain import load_document
from ledger.errors import UsageError

pytestmark = pytest.mark.unit

RELEASED = ("code_sets/sex-1.json", "schemas/hazard-1.json", "fields/hazard-1.json")


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of own domain data, of a program that has released a code set, a schema and a fields map."""
    documents = {name: to_hex(document_hash(load_document(name))) for name in RELEASED}
    file = tmp_path / "released.json"
    file.write_text(json.dumps({"format": "gongzhi-released/1", "documents": documents}))
    monkeypatch.setattr("ledger.domain.released.RELEASED", str(file))
    return tmp_path / "own"


def written(own: Path, name: str, document: Any) -> str:
    (own / name).parent.mkdir(parents=True, exist_ok=True)
    (own / name).write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    return name


def swapped() -> Any:
    sex = load_document("code_sets/sex-1.json")
    titles = {code["code"]: code["title"] for code in sex["codes"]}
    for code in sex["codes"]:
        code["title"] = titles[{"1": "2", "2": "1"}.get(code["code"], code["code"])]
    return sex


def test_a_released_code_set_with_its_meanings_swapped_is_refused(own: Path) -> None:
    name = written(own, "code_sets/sex-1.json", swapped())
    with pytest.raises(UsageError, match=r"code_sets/sex-1\.json is released and says otherwise"):
        domain_loader(own)(name)


@pytest.mark.parametrize("name", RELEASED)
def test_a_released_name_and_version_is_refused_in_a_file_of_another_name_too(own: Path, name: str) -> None:
    document = load_document(name)
    changed = document | ({"fields": {}} if "fields" in document else {"title": {"zh": "别的", "en": "other"}})
    other = written(own, name.replace("-1.json", "-7.json"), changed)
    with pytest.raises(UsageError, match=name.replace(".", r"\.")):
        domain_loader(own)(other)


def test_a_released_file_may_not_hold_another_document(own: Path) -> None:
    with pytest.raises(UsageError, match=r"schemas/hazard-1\.json"):
        domain_loader(own)(written(own, "schemas/hazard-1.json", {"schema": "mine", "version": 1}))


def test_the_same_content_a_next_version_and_what_was_not_released_are_read(own: Path) -> None:
    load = domain_loader(own)
    for name in RELEASED:
        assert load(written(own, name, load_document(name))) == load_document(name)
    following = swapped() | {"version": 2}
    assert load(written(own, "code_sets/sex-2.json", following)) == following
    other = load_document("schemas/warning-1.json") | {"title": {"zh": "别的", "en": "other"}}
    assert load(written(own, "schemas/warning-1.json", other)) == other
    assert load(written(own, "catalogue/hazard.json", [])) == []
    assert domain_loader(None)("code_sets/sex-1.json") == load_document("code_sets/sex-1.json")
