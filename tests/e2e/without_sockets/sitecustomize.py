"""Put first on PYTHONPATH, it ends every attempt of that interpreter, and of its children, to make a socket.

An audit hook cannot be taken off again, and it sees what C code does too.
"""

import sys


def refuse(event: str, _: object) -> None:
    if event.startswith("socket."):
        raise PermissionError(f"{event}: this process may open no socket")


sys.addaudithook(refuse)
