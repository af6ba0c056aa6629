"""The files of a gateway that belong into a backup beside its database, and where they go when it is restored.

Trust file, deployments, the embedded chain's genesis, the settings, and the keystores that the settings name: encrypted
files, useless without their passwords, or signer files, in which nothing is secret. Passwords, the master key and
certificates stay where they are; a restore names those that have to be brought. The addresses of the gateway's own
database and node belong to a machine and are left out.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ledger.config import SETTINGS_FILE, Settings
from ledger.core.backup import DATABASE_FOLDER
from ledger.embedded.data_folder import DataFolder, write_durably
from ledger.errors import BackupInvalid, DatabaseInUse, UsageError
from ledger.keys.signer_file import parse_signer_file
from ledger.services.restore import ReadBackup

TRUST_FILE = "trust.json"
GENESIS_FILE = "chain/genesis.json"
KEYS_FOLDER = "keys"
OWN_TO_A_MACHINE = {"data_folder", "database_url", "database_password_file", "rpc_url", "trust_file"}
_KEYSTORE = "keystore:"
_PROVIDER_FILE = "file:"
_KEY_SETTINGS = ("api_sign_key", "relay_key")
_SECRET_FILES = ("password_file", "ca_file", "client_certificate")

Translate = Callable[[str], str]


def gather_files(settings: Settings) -> dict[str, bytes]:
    """Return the files of a gateway by their path in a backup.

    Raises UsageError for one that may not be in it, KeyProviderError for a signer file of another shape.
    """
    folder = DataFolder.at(settings.data_folder)
    try:
        files = {TRUST_FILE: settings.trust_path.read_bytes()}
    except FileNotFoundError:
        raise UsageError("there is no trust file yet, so there is nothing to back up") from None
    for path in sorted(folder.deployments.glob("*.json")):
        files[f"deployments/{path.name}"] = path.read_bytes()
    genesis = folder.root / GENESIS_FILE
    if settings.rpc_url is None and genesis.exists():
        files[GENESIS_FILE] = genesis.read_bytes()

    def take_keystore(path: str) -> str:
        name = f"{KEYS_FOLDER}/{Path(path).name}"
        content = _key_file(Path(path))
        if files.setdefault(name, content) != content:
            raise UsageError(f"two keystores of the settings have the file name {Path(path).name}")
        return name

    def portable(path: str) -> str:
        whole = Path(path).absolute()
        return str(whole.relative_to(folder.root)) if whole.is_relative_to(folder.root) else str(whole)

    members = settings.model_dump(mode="json", exclude_unset=True, exclude=OWN_TO_A_MACHINE)
    moved = _with_paths(members, take_keystore, portable)
    files[SETTINGS_FILE] = json.dumps(moved, indent=2, ensure_ascii=False).encode()
    return files


def place_files(backup: ReadBackup, folder: DataFolder) -> None:
    """Write a backup's files into a data folder, each durably; again is no error.

    Raises DatabaseInUse where another file stands, EngineError for a folder that is none of ours.
    """
    files = dict(restored_files(backup, folder))
    require_free(folder, files)
    folder.create()
    for path, content in files.items():
        target = folder.root / path
        target.parent.mkdir(mode=0o700, exist_ok=True)
        write_durably(target, content)
        target.chmod(0o600)


def restored_files(backup: ReadBackup, folder: DataFolder) -> Iterator[tuple[str, bytes]]:
    """Yield path and content of each file of a backup as it stands in a data folder; raises BackupInvalid."""

    def here(path: str) -> str:
        return str(folder.root / path)

    for file in backup.manifest.files:
        if file.path.startswith(f"{DATABASE_FOLDER}/"):
            continue
        content = backup.content(file.path)
        if file.path == SETTINGS_FILE:
            content = json.dumps(_settings_with_paths(content, here), indent=2, ensure_ascii=False).encode()
        yield file.path, content


def require_free(folder: DataFolder, files: Mapping[str, bytes]) -> None:
    """Raise DatabaseInUse if a file stands in the folder whose content is another one."""
    for path, content in files.items():
        target = folder.root / path
        if target.exists() and target.read_bytes() != content:
            raise DatabaseInUse(f"{target} is there already and is another one")


def secrets_to_bring(settings: Settings) -> list[str]:
    """Return the files that the settings name and that are not there: passwords, master key, certificates."""
    named: list[str] = []

    def note(path: str) -> str:
        named.append(path)
        return path

    def note_key(path: str) -> str:
        if Path(path).exists():
            named.extend(map(str, _named_by_signer_file(Path(path))))
        return note(path)

    _with_paths(settings.model_dump(mode="json", exclude_unset=True), note_key, note)
    return sorted({path for path in named if not Path(path).exists()})


def _named_by_signer_file(path: Path) -> list[Path]:
    """Return the certificates that a signer file names, none for a keystore."""
    file = parse_signer_file(path.read_bytes(), path)
    named = () if file is None else (file.tls.ca_file, file.tls.client_certificate)
    return [one for one in named if one is not None]


def _settings_with_paths(content: bytes, here: Translate) -> dict[str, Any]:
    """Return a backup's settings with every path translated; raises BackupInvalid for what are none."""
    try:
        members = json.loads(content)
        if isinstance(members, dict):
            return _with_paths(members, here, here)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        pass
    raise BackupInvalid(f"{SETTINGS_FILE} holds no settings")


def _with_paths(settings: Mapping[str, Any], keystore: Translate, other: Translate) -> dict[str, Any]:
    """Return settings with every path in them translated: those of keystores, and the others."""
    changed = dict(settings)
    for name in _KEY_SETTINGS:
        if changed.get(name) is not None:
            changed[name] = _key_with_paths(changed[name], keystore, other)
    if "anchor_keys" in changed:
        changed["anchor_keys"] = [_key_with_paths(key, keystore, other) for key in changed["anchor_keys"]]
    provider = changed.get("key_provider")
    if provider is not None and provider.startswith(_PROVIDER_FILE):
        changed["key_provider"] = _PROVIDER_FILE + other(provider.removeprefix(_PROVIDER_FILE))
    return changed


def _key_with_paths(key: Mapping[str, Any], keystore: Translate, other: Translate) -> dict[str, Any]:
    changed = dict(key)
    if changed["uri"].startswith(_KEYSTORE):
        changed["uri"] = _KEYSTORE + keystore(changed["uri"].removeprefix(_KEYSTORE))
    for name in _SECRET_FILES:
        if changed.get(name) is not None:
            changed[name] = other(changed[name])
    return changed


def _key_file(path: Path) -> bytes:
    """Return a keystore file or signer file; raises UsageError for anything else: no clear key gets into a backup."""
    try:
        content = path.read_bytes()
        if parse_signer_file(content, path) is not None:
            return content
        crypto = json.loads(content)["crypto"]
        is_encrypted = {"ciphertext", "kdf", "mac"} <= set(crypto)
    except OSError:
        raise UsageError(f"{path} cannot be read") from None
    except (ValueError, TypeError, KeyError):
        is_encrypted = False
    if not is_encrypted:
        raise UsageError(f"{path} is no encrypted keystore; it does not go into a backup")
    return content
