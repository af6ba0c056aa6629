"""What must hold of the tree itself: documents, names, sizes, and words that no file may hold."""

import ast
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from ledger.errors import GongzhiError

pytestmark = pytest.mark.architecture
ROOT = Path(__file__).resolve().parents[2]
LINK = re.compile(r"\[[^\]]+\]\(([^)#\s]+)(#[^)]*)?\)")
REGISTRY_HOST = re.compile(
    r"(registry\.npmjs|npmjs\.org/|pypi\.org|pythonhosted|deb\.debian|yarnpkg\.com)", re.IGNORECASE
)
BANNED_NAMES = {"utils", "helpers", "common", "misc", "manager"}
UNFINISHED = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "X" * 3, "HA" + "CK")) + r")\b")


@cache
def tracked() -> tuple[Path, ...]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return tuple(ROOT / name for name in listed.splitlines() if (ROOT / name).is_file())


def texts() -> Iterator[tuple[Path, str]]:
    for path in tracked():
        if path.stat().st_size < 2_000_000:
            try:
                yield path, path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue


def sources() -> list[Path]:
    return [path for path in tracked() if path.suffix == ".py"]


def test_links_between_documents_lead_somewhere() -> None:
    broken = []
    for path, text in texts():
        if path.suffix == ".md":
            for target, _ in LINK.findall(text):
                if "://" not in target and not (path.parent / target).exists():
                    broken.append(f"{path.relative_to(ROOT)} → {target}")
    assert not broken


def test_no_file_names_a_registry_or_a_path_of_a_machine() -> None:
    own = str(ROOT)
    named = [
        str(path) for path, text in texts() if own in text or (path != Path(__file__) and REGISTRY_HOST.search(text))
    ]
    assert not named


def test_nothing_is_left_unfinished() -> None:
    left = [str(p) for p, text in texts() if p.suffix in {".py", ".sol", ".mjs"} and UNFINISHED.search(text)]
    assert not left


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert not [path for path in sources() if path.stem in BANNED_NAMES]


def test_files_can_be_held_in_mind() -> None:
    long = {str(p.relative_to(ROOT)): n for p in sources() if (n := len(p.read_text("utf-8").splitlines())) > 400}
    assert not long


def test_functions_fit_on_a_screen() -> None:
    long = []
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > 60:
                    long.append(f"{path.relative_to(ROOT)}:{node.name} {lines}")
    assert not long


def documented(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.ClassDef]:
    """Yield public classes, their public methods, and public functions; not what stands inside a function."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from (m for m in node.body if isinstance(m, ast.FunctionDef) and not m.name.startswith("_"))


def test_every_public_function_of_core_says_what_it_does() -> None:
    silent = [
        f"{path.relative_to(ROOT)}:{node.name}"
        for path in sources()
        if "ledger/core" in path.as_posix()
        for node in documented(ast.parse(path.read_text(encoding="utf-8")))
        if not ast.get_docstring(node)
    ]
    assert not silent


def test_only_the_settings_read_the_environment() -> None:
    readers = [
        str(path.relative_to(ROOT))
        for path in sources()
        if path.relative_to(ROOT).parts[0] in ("ledger", "api")
        and re.search(r"os\.environ|os\.getenv", path.read_text(encoding="utf-8"))
    ]
    assert readers == ["ledger/config.py"] or not set(readers) - {"ledger/config.py", "ledger/embedded/processes.py"}


def test_each_error_has_a_code_of_its_own_or_of_its_parent() -> None:
    def below(kind: type[GongzhiError]) -> Iterator[type[GongzhiError]]:
        for child in kind.__subclasses__():
            yield child
            yield from below(child)

    codes: dict[str, type[GongzhiError]] = {}
    for kind in below(GongzhiError):
        other = codes.setdefault(kind.code, kind)
        assert other is kind or issubclass(kind, other), f"{kind.__name__} and {other.__name__} share {kind.code}"


def test_both_readmes_give_the_same_commands() -> None:
    def commands(name: str) -> list[str]:
        text = (ROOT / name).read_text(encoding="utf-8")
        blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
        return [line.split("  #")[0].strip() for block in blocks for line in block.splitlines()]

    assert commands("README.md") == commands("README.zh-CN.md")
