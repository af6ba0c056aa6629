"""Files of a client that survive a crash at any moment: all of the new content, or what was there before."""

import os
from pathlib import Path


def private_folder(path: Path) -> Path:
    """Make a folder that only its owner enters, parents as needed; returns it."""
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.chmod(0o700)
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
