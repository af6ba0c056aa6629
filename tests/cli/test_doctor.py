"""`gongzhi doctor` on real engines: a gateway that stands well, and one that lacks everything, piece by piece."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ledger import wiring
from ledger.cli.main import run
from ledger.config import load_settings
from ledger.core.canonical import encode
from ledger.core.chainfile import ContractPin, trust_document
from ledger.core.codes import Role
from ledger.core.hexadecimal import to_hex
from ledger.keys.file_provider import create_master_key
from ledger.keys.keystore import create_keystore
from tests.adapters.ground import Ground, standing_ground
from tests.contracts.sandbox import Key

pytestmark = pytest.mark.cli
CHEAP_SCRYPT = 2
Answered = dict[str, list[dict[str, str]]]


@pytest.fixture(scope="module")
def ground(module_database: str, module_chain_rpc: str) -> Iterator[Ground]:
    with standing_ground(module_database, module_chain_rpc, by_council=True) as standing:
        yield standing


@pytest.fixture(scope="module")
def founded(ground: Ground, module_database: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with trust file, keys and settings, whose worker has looked at the chain."""
    folder = tmp_path_factory.mktemp("gateway")
    pins = {
        name: ContractPin(address, to_hex(ground.chain.code_hash(address)))
        for name, address in ground.sandbox.addresses.items()
    }
    for name in sorted(pins.keys() - {"SystemDirectory"}):
        code_hash = bytes.fromhex(pins[name].code_hash[2:])
        ground.sandbox.govern(ground.sandbox.directory.set_contract(name, pins[name].address, code_hash))
    genesis = ground.chain.block(0)
    assert genesis is not None
    trust = trust_document(ground.sandbox.chain_id, genesis.hash, pins, "anvil", development=False)
    (folder / "trust.json").write_bytes(encode(trust))
    create_master_key(folder / "master")
    password = folder / "password"
    password.touch(mode=0o600)
    password.write_text("a password of this test only")
    held = {"api": ground.sandbox.bind(ground.gateway, Role.API_SIGN), "relay": Key("relay that pays")}
    held["anchor"] = next(key for key in map(Key, (f"number {n}" for n in range(100))) if key.address in ground.senders)
    for name, key in held.items():
        create_keystore(folder / f"{name}.json", key.private, password.read_text(), scrypt_cost=CHEAP_SCRYPT)
    keys = {name: {"uri": f"keystore:{folder / name}.json", "password_file": str(password)} for name in held}
    members = {
        "database_url": module_database,
        "rpc_url": ground.sandbox.rpc_url,
        "gateway": ground.gateway.agency,
        "api_sign_key": keys["api"],
        "anchor_keys": [keys["anchor"]],
        "relay_key": keys["relay"],
        "key_provider": f"file:{folder / 'master'}",
    }
    (folder / "settings.json").write_text(json.dumps(members))
    return folder


@pytest.fixture
def gateway(founded: Path, tmp_path: Path) -> Path:
    """A copy that a test may spoil; the worker has just seen the chain's head."""
    for path in founded.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
        (tmp_path / path.name).chmod(path.stat().st_mode & 0o777)
    settings = tmp_path / "settings.json"
    settings.write_text(settings.read_text().replace(str(founded), str(tmp_path)))
    worker = wiring.open_worker(load_settings(tmp_path))
    worker.work_once()
    worker.store.close()
    worker.chain.close()  # type: ignore[attr-defined]
    return tmp_path


@pytest.fixture
def examined(capsys: pytest.CaptureFixture[str]) -> Callable[[Path], tuple[int, Answered]]:
    """Runs the doctor on a data folder; returns its exit code and the findings by code."""

    def examine(folder: Path) -> tuple[int, Answered]:
        code = run(["doctor", "--data-folder", str(folder), "--json"])
        document = json.loads(capsys.readouterr().out)
        assert document["well"] == (code == 0)
        found: Answered = {}
        for finding in document["findings"]:
            assert set(finding) == {"code", "level", "what", "cure"}
            found.setdefault(finding["code"], []).append(finding)
        return code, found

    return examine


def change(folder: Path, **members: Any) -> None:
    path = folder / "settings.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | members))


@contextmanager
def listening(body: bytes) -> Iterator[int]:
    """A program on a loopback port that answers everything with `body`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


Examine = Callable[[Path], tuple[int, Answered]]


def test_a_gateway_that_stands_well_is_told_so(gateway: Path, examined: Examine) -> None:
    with listening(b'{"status": "live"}') as port:
        change(gateway, api_port=port)
        code, found = examined(gateway)
    assert code == 0, [one for ones in found.values() for one in ones if one["level"] == "error"]
    levels = {one["code"] for ones in found.values() for one in ones if one["level"] != "ok"}
    assert levels <= {"disk_short", "database_old"}
    assert set(found) >= {
        *("program", "tables_current", "clock_agrees", "worker_follows", "outbox_clean"),
        *("node_answers", "chain_trusted", "contract_trusted", "deployment_published", "directory_trusted"),
        *("key_usable", "key_opens", "key_provider_opens"),
        *("secrets_private", "api_live"),
    }
    assert [one["what"].split()[0] for one in found["key_usable"]] == ["api_sign_key", "anchor_keys[0]"]
    assert found["secrets_private"][0]["what"].startswith("5 secret files")


def test_for_people_errors_stand_last_with_their_cure(gateway: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (gateway / "password").chmod(0o644)
    assert run(["doctor", "--data-folder", str(gateway)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("ok ")
    assert f"chmod go= {gateway / 'password'}" in lines[-1]
    assert "a password of this test" not in "\n".join(lines)


def test_where_nothing_was_set_up_every_missing_piece_is_named(tmp_path: Path, examined: Examine) -> None:
    code, found = examined(tmp_path / "nowhere")
    assert code == 1
    assert {name for name, ones in found.items() if ones[0]["level"] == "error"} == {
        *("database_unreachable", "trust_unusable", "key_unavailable", "key_provider_unavailable"),
    }
    assert len(found["key_unavailable"]) == 2
    assert not (tmp_path / "nowhere").exists()


def test_a_chain_or_contract_that_is_not_the_trusted_one_is_an_error(gateway: Path, examined: Examine) -> None:
    document = json.loads((gateway / "trust.json").read_text())
    document["contracts"]["Catalogue"]["codeHash"] = "0x" + "07" * 32
    (gateway / "trust.json").write_bytes(encode(document | {"genesis": "0x" + "08" * 32}))
    code, found = examined(gateway)
    assert (code, [one["what"].split()[0] for one in found["contract_other"]]) == (1, ["Catalogue"])
    assert "genesis_other" in found
    assert "deployment_published" not in found
    document["contracts"]["Catalogue"] = document["contracts"]["Parameters"]
    (gateway / "trust.json").write_bytes(encode(document))
    other = examined(gateway)[1]["deployment_other"]
    assert "contracts.Catalogue.code" in [one["what"].split()[0] for one in other]
    assert "names another Catalogue" in examined(gateway)[1]["directory_other"][0]["what"]
    (gateway / "trust.json").write_bytes(encode(document | {"chainId": 1}))
    assert "chain_other" in examined(gateway)[1]


def test_a_node_or_database_that_does_not_answer_hides_nothing_else(gateway: Path, examined: Examine) -> None:
    change(gateway, rpc_url="http://127.0.0.1:1", database_url="postgresql://nobody@127.0.0.1:1/nothing")
    code, found = examined(gateway)
    assert code == 1
    assert {"chain_unreachable", "database_unreachable"} <= set(found)
    assert [one["level"] for one in found["key_opens"]] == ["ok"] * 3


def test_keys_of_another_agency_without_role_or_unbound_are_errors(gateway: Path, examined: Examine) -> None:
    settings = json.loads((gateway / "settings.json").read_text())
    change(gateway, api_sign_key=settings["anchor_keys"][0], anchor_keys=[settings["relay_key"]])
    found = examined(gateway)[1]
    assert "does not have role API_SIGN" in found["key_role_missing"][0]["what"]
    assert found["key_unbound"][0]["what"].startswith("anchor_keys[0]")
    change(gateway, gateway=settings["gateway"] + 1)
    assert examined(gateway)[1]["key_foreign"][0]["what"].startswith("api_sign_key")


def test_a_key_that_does_not_open_is_named_without_its_password(gateway: Path, examined: Examine) -> None:
    (gateway / "password").write_text("planted")
    code, found = examined(gateway)
    assert (code, len(found["key_unavailable"])) == (1, 3)
    assert "planted" not in json.dumps(found)


def test_a_program_on_the_api_s_port_is_no_api(gateway: Path, examined: Examine) -> None:
    with listening(b"something else") as port:
        change(gateway, api_port=port)
        assert "port_taken" in examined(gateway)[1]
    assert "api_stopped" in examined(gateway)[1]


@pytest.mark.parametrize(("revision", "code"), [("0001", "tables_old"), ("9999", "tables_newer")])
def test_tables_of_another_version_are_told(
    gateway: Path, examined: Examine, module_database: str, revision: str, code: str
) -> None:
    with psycopg.connect(module_database, autocommit=True) as connection:
        before = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        assert before is not None
        connection.execute("UPDATE alembic_version SET version_num = %s", (revision,))
        try:
            status, found = examined(gateway)
        finally:
            connection.execute("UPDATE alembic_version SET version_num = %s", before)
    assert (status, code in found) == (1, True)
    assert "worker_follows" not in found


def test_what_failed_for_good_is_told(gateway: Path, examined: Examine, ground: Ground, module_database: str) -> None:
    ground.intend("never")
    with ground.store.begin() as transaction:
        transaction.quarantine(ground.row("never").outbox_id, "a reason", 1_000)
    code, found = examined(gateway)
    with psycopg.connect(module_database, autocommit=True) as connection:
        connection.execute("DELETE FROM outbox WHERE intent = 'never'")
    assert (code, found["outbox_quarantined"][0]["what"]) == (0, "1 transactions failed for good")


@pytest.mark.parametrize("content", ["{", '{"gateway": "planted"}', '{"planted": 1}'])
def test_settings_that_cannot_be_read_are_one_finding(tmp_path: Path, examined: Examine, content: str) -> None:
    (tmp_path / "settings.json").write_text(content)
    code, found = examined(tmp_path)
    assert (code, list(found)) == (1, ["settings_invalid"])
    assert '"planted"' not in found["settings_invalid"][0]["what"]
