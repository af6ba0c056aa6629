"""`gongzhi admin compare-persons`: the key-holder's side of an audit of consents."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from ledger import wiring
from ledger.cli.admin_options import DryRunOption, FolderOption, JsonOption
from ledger.cli.output import print_result, progress_bar
from ledger.cli.verify_inputs import read_bytes
from ledger.config import load_settings
from ledger.core.canonical import encode
from ledger.core.hexadecimal import to_hex
from ledger.core.person_answer import Compared
from ledger.core.person_sample import parse_persons_sample
from ledger.embedded.data_folder import write_durably
from ledger.services.compare_persons import compare_persons


def compare_persons_command(
    sample: Annotated[Path, typer.Argument(help="the auditor's sample, gongzhi-persons-sample/1")],
    out: Annotated[Path, typer.Option("--out", help="file for the auditor, gongzhi-persons-answer/1")],
    data_folder: FolderOption = None,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """Say of each record of an auditor's sample whether it is about the person of the consent, signed by this gateway.

    Needs the gateway's key provider and database. Each record's own `/subject` is opened and held against what was
    anchored; token and person stay here, and nothing of them is in the file.
    """
    given = parse_persons_sample(read_bytes(sample, "sample"))
    gateway = wiring.open_gateway(load_settings(data_folder), connections=2)
    try:
        with progress_bar("comparing persons", len(given.looks)) as advance:
            answer = compare_persons(gateway, given, advance)
    finally:
        gateway.store.close()
    if not dry_run:
        write_durably(out, encode(answer.document))
    counted = Counter(look.result for look in answer.looks)
    result = {
        **({"dryRun": True} if dry_run else {}),
        "sample": to_hex(answer.sample),
        "looks": len(answer.looks),
        **{str(one): counted[one] for one in Compared},
        "signer": answer.signer,
        **({} if dry_run else {"file": str(out)}),
    }
    print_result(result, as_json=as_json)
