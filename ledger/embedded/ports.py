"""Network ports of one stack: chosen once, remembered, chosen anew when somebody else took one meanwhile."""

import json
import secrets
import socket

from ledger.embedded.data_folder import DataFolder, read_json_object, write_durably
from ledger.errors import EngineError

HOST = "127.0.0.1"
FIRST, LAST = 20_000, 32_000
"""Below the ports that systems give to outgoing connections, so that none of those sits on ours."""
ATTEMPTS = 200
PORTS_FILE = "ports.json"
API = "api"
"""The name under which the API's port is remembered; its process has the same."""


def is_free(port: int) -> bool:
    """Whether nobody listens on `port` of the loopback address."""
    with socket.socket() as probe:
        # As servers do: connections that are only being closed do not hold the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def choose(folder: DataFolder, name: str) -> int:
    """The port of process `name`, which must not be running: the remembered one if it is free, else a new one.

    Raises EngineError when no port is free.
    """
    stored = read_json_object(folder.run / PORTS_FILE)
    remembered = stored.get(name)
    if isinstance(remembered, int) and is_free(remembered):
        return remembered
    for _ in range(ATTEMPTS):
        port = FIRST + secrets.randbelow(LAST - FIRST)
        if port not in stored.values() and is_free(port):
            write_durably(folder.run / PORTS_FILE, json.dumps({**stored, name: port}).encode())
            return port
    raise EngineError(f"no free port between {FIRST} and {LAST}")


def claim(folder: DataFolder, name: str, port: int) -> int:
    """Remember the configured `port` for process `name`, which must not be running.

    Raises EngineError when somebody listens on it.
    """
    if not is_free(port):
        raise EngineError(f"port {port}, configured for {name}, is taken by another program")
    stored = read_json_object(folder.run / PORTS_FILE)
    write_durably(folder.run / PORTS_FILE, json.dumps({**stored, name: port}).encode())
    return port


def remembered(folder: DataFolder, name: str) -> int | None:
    """The port of process `name`, if one was chosen."""
    port = read_json_object(folder.run / PORTS_FILE).get(name)
    return port if isinstance(port, int) else None
