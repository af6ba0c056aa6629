"""Which tables were published from here: a client's memory that outlives the folders of its jobs, without any cell.

    FOLDER/<digest>.json    `gongzhi-import/1`: a file by its SHA-256, how it was read and mapped, item, gateway and
                            publisher, and when sending began

Whoever deletes a job's folder and starts again would publish every row a second time.
"""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ledger.client.durable import private_folder, write_durably
from ledger.core.canonical import decode, encode
from ledger.errors import FormatError, UsageError

FORMAT = "gongzhi-import/1"
_SAME = ("file", "item", "gateway", "publisher")
_SAME_READ = ("sheet", "headerRow", "onlyRegion")
"""What makes a job publish the same rows; the mapping does not: the rows are the same by another one."""


class ImportedFiles:
    """The tables that one client began to send, in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def refuse_known(self, plan: Mapping[str, Any]) -> None:
        """Raise UsageError, with the earlier job's time, if the rows of a new job's `plan` were sent before."""
        path = self._path(plan)
        if path.exists():
            raise UsageError(
                f"this file was published from {_time(path)} on, as the same item, by a job that has another folder: "
                "its --state goes on with it; --again publishes every row a second time"
            )

    def note(self, plan: Mapping[str, Any], at: int, again: bool = False) -> None:
        """Keep that the rows of a job are sent from now (`at`, Unix seconds) on, unless it is kept, or `again`."""
        path = self._path(plan)
        if again or not path.exists():
            private_folder(self._folder)
            kept = {name: plan[name] for name in (*_SAME, "itemVersion", "read")}
            write_durably(path, encode({"format": FORMAT, **kept, "at": at}))

    def _path(self, plan: Mapping[str, Any]) -> Path:
        same = [plan[name] for name in _SAME] + [plan["read"].get(name) for name in _SAME_READ]
        return self._folder / f"{hashlib.sha256(encode(same)).hexdigest()}.json"


def _time(path: Path) -> str:
    members = decode(path.read_bytes())
    at = members.get("at") if isinstance(members, dict) and members.get("format") == FORMAT else None
    if not isinstance(at, int):
        raise FormatError(f"{path} is no {FORMAT}")
    return datetime.fromtimestamp(at, UTC).isoformat(" ", "seconds")
