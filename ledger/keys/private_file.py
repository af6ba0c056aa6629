"""Files that only their owner may read."""

import os
import secrets
import stat
from pathlib import Path

from ledger.errors import KeyProviderError

OWNER_ONLY = 0o600


def read_private(path: Path) -> bytes:
    """Return the bytes of a file that neither group nor others may touch.

    Raises KeyProviderError naming the file and what is wrong with it.
    """
    try:
        mode = path.stat().st_mode
        if stat.S_IMODE(mode) & 0o077:
            raise KeyProviderError(f"{path} may be read by others; `chmod 600` it")
        return path.read_bytes()
    except OSError as failure:
        raise KeyProviderError(f"{path} cannot be read: {failure.strerror}") from None


def write_private(path: Path, content: bytes) -> None:
    """Write a new file of mode 0600; after a crash at any moment it is there whole or not at all.

    Raises KeyProviderError if the file is there already or cannot be written.
    """
    unfinished = path.with_name(f"{path.name}.{secrets.token_hex(4)}.unfinished")
    try:
        _write_durably(unfinished, content)
        try:
            # Unlike a renaming, a link never replaces a file that stands there.
            path.hardlink_to(unfinished)
        finally:
            unfinished.unlink()
        _sync_directory(path.parent)
    except OSError as failure:
        raise KeyProviderError(f"{path} cannot be written: {failure.strerror}") from None


def _write_durably(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_directory(folder: Path) -> None:
    directory = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def read_password(path: Path) -> str:
    """Return the first line of a private file; raises KeyProviderError."""
    lines = read_private(path).decode("utf-8", "replace").splitlines()
    if not lines or not lines[0]:
        raise KeyProviderError(f"{path} holds no password")
    return lines[0]
