"""What a gateway's backup holds beside the database, and what results call the gateway's node."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ledger.cli.backup_files import gather_files, place_files, secrets_to_bring
from ledger.cli.main import run
from ledger.config import load_settings
from ledger.core.backup import BackupFile, BackupManifest
from ledger.core.canonical import encode
from ledger.core.chainfile import parse_trust
from ledger.core.export import MANIFEST_FILE, manifest_document, parse_manifest
from ledger.embedded import chain as embedded_chain
from ledger.embedded import postgres
from ledger.embedded.data_folder import DataFolder
from ledger.errors import BackupInvalid, KeyProviderError
from ledger.services.restore import ReadBackup
from ledger.store.migrate import migrate
from tests.cli.admin_desk import Desk
from tests.simulated_ledger import honest_ledger

pytestmark = pytest.mark.cli
SECRET = "planted-api-key"
SIGNER = {"format": "gongzhi-signer/1", "uri": "web3signer:https://signer.example:9000#0x" + "5f" * 20}
FILES = {"caFile": "ca.pem", "clientCertificate": "../secrets/gateway.pem"}


@pytest.fixture
def gateway(tmp_path: Path) -> Path:
    """The data folder of a gateway whose API_SIGN key is at a signer."""
    folder = tmp_path / "data"
    (folder / "signers").mkdir(parents=True)
    (folder / "trust.json").write_text("{}")
    (folder / "signers" / "api.json").write_text(json.dumps(SIGNER | FILES))
    settings = {"api_sign_key": {"uri": f"keystore:{folder / 'signers' / 'api.json'}"}}
    (folder / "settings.json").write_text(json.dumps(settings))
    return folder


def backup_of(files: dict[str, bytes], folder: Path) -> ReadBackup:
    """Write files as those of a backup."""
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    listed = tuple(BackupFile(path, len(content), bytes(32)) for path, content in files.items())
    return ReadBackup(folder, BackupManifest(1, 1, 0, "0001", None, None, (), listed), bytes(32))


def test_a_signer_file_goes_into_a_backup_and_the_certificates_it_names_are_to_be_brought(
    gateway: Path, tmp_path: Path
) -> None:
    files = gather_files(load_settings(gateway))
    assert json.loads(files["keys/api.json"]) == SIGNER | FILES
    assert str(tmp_path).encode() not in b"".join(files.values())
    elsewhere = tmp_path / "elsewhere"
    place_files(backup_of(files, tmp_path / "backup"), DataFolder.at(elsewhere))
    restored = load_settings(elsewhere)
    assert restored.api_sign_key is not None
    assert restored.api_sign_key.uri == f"keystore:{elsewhere}/keys/api.json"
    to_bring = {f"{elsewhere}/keys/ca.pem", f"{elsewhere}/keys/../secrets/gateway.pem"}
    assert set(secrets_to_bring(restored)) == to_bring
    (elsewhere / "keys" / "ca.pem").write_text("")
    assert len(secrets_to_bring(restored)) == 1


@pytest.mark.parametrize(
    "changes",
    [{"password": SECRET}, {"uri": f"web3signer:https://gateway:{SECRET}@signer.example"}, {"uri": 7}],
)
def test_a_signer_file_that_holds_a_secret_does_not_go_into_a_backup(gateway: Path, changes: dict[str, Any]) -> None:
    (gateway / "signers" / "api.json").write_text(json.dumps(SIGNER | changes))
    with pytest.raises(KeyProviderError) as caught:
        gather_files(load_settings(gateway))
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        "\ufeff",
        '{"api_sign_key": {}}',
        '{"api_sign_key": "keystore:x"}',
        '{"relay_key": {"uri": 7}}',
        '{"anchor_keys": 7}',
        '{"anchor_keys": [{"uri": "keystore:x", "password_file": 7}]}',
        '{"key_provider": 7}',
    ],
)
def test_settings_in_a_backup_that_are_none_are_refused_before_anything_is_written(
    content: str, tmp_path: Path
) -> None:
    backup = backup_of({"trust.json": b"{}", "settings.json": content.encode()}, tmp_path / "backup")
    with pytest.raises(BackupInvalid, match=r"settings\.json"):
        place_files(backup, DataFolder.at(tmp_path / "data"))
    assert not (tmp_path / "data").exists()


def test_the_node_s_url_is_in_no_result_and_no_error_of_drill_and_refetch(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.found_alone()
    folder = DataFolder.at(Path(desk.data))
    running, chain = postgres.status(folder), embedded_chain.status(folder)
    assert running is not None
    assert chain is not None
    migrate(running.dsn)
    monkeypatch.setenv("GONGZHI_RPC_URL", f"{chain.rpc_url}/?key={SECRET}")
    data = ["--data-folder", desk.data]
    assert run(["admin", "drill", *data]) == 3
    drilled = "".join(capsys.readouterr())
    assert "events as given by the gateway's own node" in drilled
    trust = json.loads((folder.root / "trust.json").read_text())
    trust["contracts"]["Parameters"]["codeHash"] = "0x" + "00" * 32
    (folder.root / "trust.json").write_bytes(encode(trust))
    refused = desk("refetch", str(export_of_this_chain(desk)), *data, expect=1)
    assert refused["error"]["detail"].endswith("events as given by the gateway's own node")
    assert SECRET not in json.dumps([drilled, refused])


def export_of_this_chain(desk: Desk) -> Path:
    """Write an export that says to be of gateway 1 on the desk's chain, and holds another ledger."""
    trust = parse_trust((Path(desk.data) / "trust.json").read_bytes())
    export = desk.folder / "export"
    honest_ledger().export().write(export)
    manifest, counts = parse_manifest((export / MANIFEST_FILE).read_bytes())
    own = replace(manifest, chain_id=trust.chain_id, contract=trust.contracts["RecordAnchors"].address, gateway=1)
    (export / MANIFEST_FILE).write_bytes(encode(manifest_document(own, counts)))
    return export
