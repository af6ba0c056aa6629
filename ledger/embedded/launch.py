"""Starts one program as a process of its own: a script of the standard library only, run by `processes`.

    python -I -S launch.py OPTIONS-AS-JSON

It leaves the caller's session, writes its own process record (before it becomes the program, so that no program of ours
ever runs unrecorded), gives up root where that is asked, and becomes the program. It must not import anything of ours:
it runs in an isolated interpreter that starts in a few milliseconds.
"""

import ctypes
import json
import os
import sys
from pathlib import Path
from typing import Any

LINUX_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")

# linux/prctl.h and linux/capability.h
PR_SET_SECUREBITS = 28
SECBIT_NO_SETUID_FIXUP = 1 << 2
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
CAP_DAC_OVERRIDE = 1
CAPABILITY_VERSION_3 = 0x20080522


def birth_mark(pid: int) -> str:
    """What tells the process `pid` from every other one that had or will have this number; empty where unknown.

    On Linux boot id and start tick, which neither a program change (exec) nor a changed clock moves.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return f"{LINUX_BOOT_ID.read_text().strip()}:{fields[19]}"
    except OSError:
        return ""


def write_record(path: Path, argv: list[str]) -> None:
    """Write number, birth mark and program of this process to `path` (atomically)."""
    record = {"pid": os.getpid(), "born": birth_mark(os.getpid()), "argv": argv}
    unfinished = path.with_name(f"{path.name}.{os.getpid()}")
    unfinished.write_text(json.dumps(record))
    unfinished.replace(path)


def give_up_root(uid: int, gid: int) -> None:
    """Become user `uid` and group `gid`, of no further group, with at most one of root's capabilities."""
    os.setgroups([])
    os.setgid(gid)
    if sys.platform.startswith("linux"):
        give_up_all_capabilities_but_one(uid)
    else:
        os.setuid(uid)


def give_up_all_capabilities_but_one(uid: int) -> None:
    """Become user `uid`, who may still enter and use what only root may (CAP_DAC_OVERRIDE), also after exec.

    So the data folder and the interpreter may lie below a folder that is closed to others, such as a home of root.
    Raises OSError when root's other capabilities cannot be given up.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    # Otherwise access(2), by which PostgreSQL checks its own programs, would not count the capability.
    libc.prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0)
    os.setuid(uid)
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    for kept in (1 << CAP_DAC_OVERRIDE, 0):
        data = (ctypes.c_uint32 * 6)(kept, kept, kept, 0, 0, 0)
        if libc.capset(header, data) == 0:
            libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE, 0, 0)
            return
    raise OSError(ctypes.get_errno(), "capabilities could not be given up")


def become(options: dict[str, Any]) -> None:
    """Become the program of `options["argv"]`; does not return."""
    argv: list[str] = options["argv"]
    os.umask(0o077)
    if options.get("held") is not None:
        # The lock ends when this becomes the program.
        os.set_inheritable(options["held"], False)
    if options.get("record"):
        write_record(Path(options["record"]), argv)
    if options.get("log"):
        log = os.open(options["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(log, 1)
        os.dup2(log, 2)
    if options.get("uid") is not None:
        give_up_root(options["uid"], options["gid"])
    os.execv(argv[0], argv)  # noqa: S606 (no shell is the point)


def main() -> None:
    """Become the program at once, or (`"detached": true`) in a process that outlives the caller and has no terminal."""
    options = json.loads(sys.argv[1])
    if not options.get("detached"):
        become(options)
    if os.fork() != 0:
        os._exit(0)
    os.setsid()
    become(options)


if __name__ == "__main__":
    main()
