"""`gongzhi admin migrate`: a database that no `gongzhi up` started gets the tables that this version needs."""

from ledger import wiring
from ledger.cli.admin_options import DryRunOption, FolderOption, JsonOption
from ledger.cli.output import print_result
from ledger.config import load_settings


def migrate(data_folder: FolderOption = None, dry_run: DryRunOption = False, as_json: JsonOption = False) -> None:
    """Bring the database to the shape that this version needs, in one transaction; a second run changes nothing."""
    before, after = wiring.migrate_database(load_settings(data_folder), dry_run=dry_run)
    shown = {"before": before or "empty", "after": after, "changed": before != after}
    print_result({"dryRun": True, **shown} if dry_run else shown, as_json=as_json)
