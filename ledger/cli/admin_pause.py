"""`gongzhi admin pause`: a guardian stops a module for three days, while the Council wakes up."""

from pathlib import Path
from typing import Annotated

import typer

from ledger.cli.admin_acting import AdminAct, PrepareOption, party_of
from ledger.cli.admin_options import DryRunOption, FolderOption, JsonOption
from ledger.core.typed_messages import PAUSABLE
from ledger.errors import UsageError


def pause(
    contract: Annotated[str, typer.Argument(help=f"module to pause: {', '.join(PAUSABLE)}")],
    guardian: Annotated[
        str, typer.Option("--guardian", help="key with role GUARDIAN: keystore file, or an address with --prepare")
    ],
    guardian_password_file: Annotated[
        Path | None, typer.Option("--guardian-password-file", help="the key's password file")
    ] = None,
    prepare: PrepareOption = None,
    data_folder: FolderOption = None,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """Pause a module for 72 hours, once in 30 days for each agency and module; the Council lifts it before.

    What ends or reviews something is never stopped: withdrawals, revocations, reviews, marks, the end of keys,
    anchoring, emergencies, the Council.
    """
    if contract not in PAUSABLE:
        raise UsageError(f"no module {contract} can be paused; there are {', '.join(PAUSABLE)}")
    key = party_of(guardian, guardian_password_file)
    act = AdminAct(data_folder, prepare, dry_run, as_json)
    act.finish(f"Pause{contract}", {"guardian": key.address}, [key], {"contract": contract, "guardian": key.address})
