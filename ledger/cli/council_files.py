"""Files of the Council: the trust file that names it, actions read by its contracts, and approvals of members."""

from pathlib import Path

from ledger import wiring, wiring_council
from ledger.config import load_settings
from ledger.core.chainfile import Trust, parse_trust
from ledger.core.council_action import CouncilAction, parse_council_action
from ledger.core.council_approval import Approval, parse_approval
from ledger.errors import UsageError


def read_trust(path: Path | None, data_folder: Path | None) -> Trust:
    """Return the trust file at `path`, else the data folder's; raises UsageError if there is none, FormatError."""
    trusted = wiring.load_trust(load_settings(data_folder)) if path is None else parse_trust(_content(path))
    if "Council" not in trusted.contracts:
        raise UsageError("the trust file names no Council")
    return trusted


def read_action(path: Path, trusted: Trust) -> CouncilAction:
    """Return the action of a file, its calls read by the trust file's contracts; raises UsageError, FormatError."""
    reader = wiring_council.call_reader(wiring.contract_addresses(trusted))
    return parse_council_action(_content(path), reader)


def read_approval(path: Path) -> Approval:
    """Return the approval of a file; raises UsageError, FormatError."""
    return parse_approval(_content(path))


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as failure:
        raise UsageError(f"{path} cannot be read: {failure.strerror}") from None
