"""Four members, four folders: each makes its own key, and each computes the same network from what travelled."""

import json
import shutil
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ledger.cli.main import run

pytestmark = pytest.mark.cli
NAMES = ("bureau", "court", "fire", "police")
FILES = ("config.toml", "genesis.json", "permissions_config.toml", "static-nodes.json")
Network = Callable[..., dict[str, Any]]


@pytest.fixture
def network(capsys: pytest.CaptureFixture[str]) -> Network:
    """Run `gongzhi admin network … --json`; returns its JSON and asserts the exit code."""

    def give(*arguments: object, expect: int = 0) -> dict[str, Any]:
        capsys.readouterr()
        code = run(["admin", "network", *map(str, arguments), "--json"])
        out = capsys.readouterr().out
        assert code == expect, out
        answer: dict[str, Any] = json.loads(out)
        return answer

    return give


@pytest.fixture
def proposed(network: Network, tmp_path: Path) -> Path:
    """A network file of four members."""
    file = tmp_path / "network.json"
    members = [word for name in reversed(NAMES) for word in ("--member", name)]
    network("propose", file, *members)
    return file


def make_keys(network: Network, folder: Path) -> dict[str, Path]:
    """A node key of each member, in a folder of its own; returns the node files."""
    made = {}
    for number, name in enumerate(NAMES):
        answer = network("key", folder / name, "--member", name, "--host", f"172.28.0.{11 + number}")
        made[name] = Path(answer["file"])
    return made


def test_each_member_computes_the_same_files_and_no_key_travels(
    network: Network, proposed: Path, tmp_path: Path
) -> None:
    made = make_keys(network, tmp_path / "homes")
    digests = set()
    for name in NAMES:
        inbox = tmp_path / f"inbox-of-{name}"
        inbox.mkdir()
        arrived = [shutil.copy(file, inbox) for file in made.values()]
        out = tmp_path / f"out-of-{name}"
        digests.add(network("files", proposed, *arrived, "--out", out)["genesisSha256"])
        assert not list(out.rglob("node.key"))
    assert len(digests) == 1
    for member in NAMES:
        for file in FILES:
            assert len({(tmp_path / f"out-of-{name}" / member / file).read_bytes() for name in NAMES}) == 1
    keys = [(tmp_path / "homes" / name / "node.key").read_text().strip().removeprefix("0x") for name in NAMES]
    written = [path.read_text() for path in tmp_path.rglob("*") if path.is_file() and path.name != "node.key"]
    assert not [text for text in written for key in keys if key in text]


def test_a_member_may_write_its_own_folder_only_beside_its_key(
    network: Network, proposed: Path, tmp_path: Path
) -> None:
    made = make_keys(network, tmp_path / "homes")
    home = tmp_path / "homes"
    answer = network("files", proposed, *made.values(), "--out", home, "--member", "fire")
    assert answer["fire"] == dict.fromkeys(FILES, "new")
    assert sorted(path.name for path in (home / "fire").iterdir()) == sorted(
        [*FILES, "data", "fire.node.json", "node.key"]
    )
    assert [path.name for path in (home / "police").iterdir() if path.name in FILES] == []
    assert stat.S_IMODE((home / "fire" / "node.key").stat().st_mode) == 0o600


def test_a_key_is_made_once_and_the_place_may_change(network: Network, tmp_path: Path) -> None:
    first = network("key", tmp_path / "fire", "--member", "fire", "--host", "10.0.0.1")
    kept = (tmp_path / "fire" / "node.key").read_bytes()
    again = network("key", tmp_path / "fire", "--member", "fire", "--host", "10.0.0.2", "--port", "30304")
    assert (first["key"], again["key"]) == ("made", "kept")
    assert again["address"] == first["address"]
    assert again["enode"].endswith("@10.0.0.2:30304")
    assert (tmp_path / "fire" / "node.key").read_bytes() == kept


def test_files_computed_again_are_the_same_and_a_moved_node_changes_all_but_the_genesis(
    network: Network, proposed: Path, tmp_path: Path
) -> None:
    made, home = make_keys(network, tmp_path / "homes"), tmp_path / "homes"
    network("files", proposed, *made.values(), "--out", home)
    again = network("files", proposed, *made.values(), "--out", home)
    assert again["court"] == dict.fromkeys(FILES, "same")
    network("key", home / "fire", "--member", "fire", "--host", "10.0.0.9")
    moved = network("files", proposed, *made.values(), "--out", home)
    assert moved["fire"] == {
        "config.toml": "changed",
        "genesis.json": "same",
        "permissions_config.toml": "changed",
        "static-nodes.json": "same",
    }
    assert "10.0.0.9" in (home / "court" / "static-nodes.json").read_text()


def test_a_dry_run_writes_nothing(network: Network, proposed: Path, tmp_path: Path) -> None:
    members = [word for name in NAMES for word in ("--member", name)]
    network("propose", tmp_path / "other.json", *members, "--dry-run")
    network("key", tmp_path / "none", "--member", "fire", "--host", "10.0.0.1", "--dry-run")
    made = make_keys(network, tmp_path / "homes")
    before = sorted(tmp_path.rglob("*"))
    told = network("files", proposed, *made.values(), "--out", tmp_path / "homes", "--dry-run")
    assert told["dryRun"] is True
    assert told["fire"] == dict.fromkeys(FILES, "new")
    assert sorted(tmp_path.rglob("*")) == before
    assert not (tmp_path / "other.json").exists()
    assert not (tmp_path / "none").exists()


def test_another_network_is_never_written_over_this_one(network: Network, proposed: Path, tmp_path: Path) -> None:
    made, home = make_keys(network, tmp_path / "homes"), tmp_path / "homes"
    network("files", proposed, *made.values(), "--out", home)
    genesis = (home / "fire" / "genesis.json").read_bytes()
    members = [word for name in NAMES for word in ("--member", name)]
    assert network("propose", proposed, *members, expect=2)["error"]["code"] == "network_other"
    other = tmp_path / "other.json"
    network("propose", other, *members)
    refused = network("files", other, *made.values(), "--out", home, expect=2)
    assert refused["error"]["code"] == "network_other"
    assert (home / "fire" / "genesis.json").read_bytes() == genesis


def test_a_node_file_of_another_key_than_the_folder_holds_is_refused(
    network: Network, proposed: Path, tmp_path: Path
) -> None:
    made, home = make_keys(network, tmp_path / "homes"), tmp_path / "homes"
    shutil.rmtree(home / "fire")
    network("key", home / "fire", "--member", "fire", "--host", "172.28.0.13")
    stale = [file for name, file in made.items() if name != "fire"]
    foreign = network("key", tmp_path / "elsewhere", "--member", "fire", "--host", "172.28.0.13")["file"]
    refused = network("files", proposed, *stale, foreign, "--out", home, expect=2)
    assert refused["error"]["code"] == "network_other"


def test_what_does_not_fit_is_named(network: Network, proposed: Path, tmp_path: Path) -> None:
    made = make_keys(network, tmp_path / "homes")
    three = [file for name, file in made.items() if name != "police"]
    missing = network("files", proposed, *three, "--out", tmp_path / "out", expect=2)["error"]
    assert (missing["code"], missing["detail"]) == ("network_members_differ", "node files missing: police")
    stranger = network("files", proposed, *made.values(), "--out", tmp_path / "out", "--member", "mayor", expect=2)
    assert stranger["error"]["code"] == "network_members_differ"
    forged = tmp_path / "forged.json"
    forged.write_text(made["police"].read_text().replace("172.28.0.14", "172.28.0.99"))
    assert network("files", proposed, *three, forged, "--out", tmp_path / "out", expect=1)["error"]["code"] == (
        "node_file_forged"
    )
    lost = network("files", tmp_path / "lost.json", *three, "--out", tmp_path / "out", expect=2)
    assert lost["error"]["code"] == "usage"
    few = network("propose", tmp_path / "few.json", "--member", "a", "--member", "b", expect=1)
    assert few["error"]["code"] == "format_invalid"
    assert not (tmp_path / "out").exists()


def test_a_key_that_others_may_read_is_not_used(network: Network, tmp_path: Path) -> None:
    network("key", tmp_path / "fire", "--member", "fire", "--host", "10.0.0.1")
    (tmp_path / "fire" / "node.key").chmod(0o644)
    refused = network("key", tmp_path / "fire", "--member", "fire", "--host", "10.0.0.1", expect=1)
    assert refused["error"]["code"] == "key_unavailable"
