"""Files of a client that survive a crash at any moment: all of the new content, or what was there before."""

import os
import stat
from pathlib import Path

from ledger.errors import UsageError

_OTHERS = 0o077
"""Permissions of the group and of everybody else."""


def private_folder(path: Path) -> Path:
    """Make a folder that only its owner enters, parents as needed, or take one that is such; returns it.

    Raises UsageError for a folder that is there and that others enter: it may be used for something else.
    """
    try:
        path.mkdir(parents=True, mode=0o700)
    except FileExistsError:
        if not path.is_dir():
            raise UsageError(f"{path} is no folder") from None
        if stat.S_IMODE(path.stat().st_mode) & _OTHERS:
            raise UsageError(
                f"{path} would hold what only you may see, but others may enter it: name a folder of its own, or run "
                f"chmod 700 {path}"
            ) from None
    return path


def write_durably(path: Path, content: bytes) -> None:
    """Write `content` (mode 0600) under a temporary name, fsync, rename, fsync the folder."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.unfinished")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Flush a folder's entries to disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
