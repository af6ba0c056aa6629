"""The one folder that an embedded stack lives in.

.gongzhi/
  FOLDER         what this folder is; `reset` deletes no folder without it
  postgres/      data/ (the cluster), socket/
  chain/         genesis.json, snapshots/, scratch/ (what anvil spills; emptied at each start)
  logs/          one file per process
  run/           process records (NAME.json), ports.json, lock
  keys/          wrapped and development keys             (0700)
  secrets/       passwords, master keys                    (0700)
  deployments/   what was deployed on this chain
"""

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ledger.errors import EngineError

MARKER = "FOLDER"
MARKER_TEXT = "gongzhi data folder, layout 1\n"


@dataclass(frozen=True)
class DataFolder:
    """Paths of one embedded stack; `root` is absolute."""

    root: Path

    @classmethod
    def at(cls, path: Path | str) -> "DataFolder":
        """The data folder at `path`, which need not exist yet."""
        return cls(Path(path).expanduser().absolute())

    @property
    def postgres(self) -> Path:
        return self.root / "postgres"

    @property
    def chain(self) -> Path:
        return self.root / "chain"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def run(self) -> Path:
        return self.root / "run"

    @property
    def keys(self) -> Path:
        return self.root / "keys"

    @property
    def secrets(self) -> Path:
        return self.root / "secrets"

    @property
    def deployments(self) -> Path:
        return self.root / "deployments"

    def exists(self) -> bool:
        """Whether there is a data folder of ours at this path."""
        return (self.root / MARKER).is_file()

    def create(self) -> None:
        """Make what is missing; what is there stays as it is.

        Raises EngineError when the path holds something that is not a data folder.
        """
        if self.root.exists() and not self.exists() and any(self.root.iterdir()):
            raise EngineError(f"{self.root} holds files but is no data folder of gongzhi")
        self.root.mkdir(parents=True, exist_ok=True)
        self.root.chmod(0o700)
        (self.root / MARKER).write_text(MARKER_TEXT)
        for folder in (self.postgres, self.chain, self.logs, self.run, self.keys, self.secrets, self.deployments):
            folder.mkdir(exist_ok=True)
            folder.chmod(0o700)

    def delete(self) -> None:
        """Delete the folder with everything in it.

        Raises EngineError when it is not a data folder.
        """
        if not self.exists():
            raise EngineError(f"{self.root} is no data folder of gongzhi; nothing was deleted")
        shutil.rmtree(self.root)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Only one process at a time starts or stops what lives here; the lock ends with its holder."""
        self.create()
        with (self.run / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def write_durably(path: Path, content: bytes) -> None:
    """Write `content` so that after a crash at any moment `path` holds all of it or what it held before."""
    unfinished = path.with_name(f"{path.name}.unfinished")
    with unfinished.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def read_json_object(path: Path) -> dict[str, object]:
    """The JSON object in `path`; empty when there is no file or it was cut off."""
    try:
        value = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
