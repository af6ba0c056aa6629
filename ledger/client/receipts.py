"""The folder in which a client keeps what a gateway promised it.

    FOLDER/acceptance-<digest>.json …    receipts (`gongzhi-receipt/1`), by the digest of the promised statement
    FOLDER/broken/…                      promises that did not check: evidence against the gateway
    FOLDER/commitments/<commitment>.json text and salt behind an officer, case or basis commitment that was sent
    FOLDER/cases/<salt>.json             the one salt of a case that an emergency was opened for

Only the owner reads the folder. Receipts hold no value of a record; the commitments' openings are the agency's secret,
to be shown to an auditor or, where law says so, to a resident (policy page, "Officer and case").
"""

from pathlib import Path

from ledger.client.durable import private_folder, write_durably
from ledger.core.canonical import decode, encode
from ledger.core.hexadecimal import from_hex, to_hex
from ledger.core.receipt import Receipt, parse_receipt
from ledger.core.shapes import members_of
from ledger.core.statements import statement_digest


class ReceiptFolder:
    """Keeps receipts durably; keeping the same promise twice keeps one file."""

    def __init__(self, folder: Path) -> None:
        self.folder = private_folder(folder)

    def keep(self, receipt: Receipt) -> Path:
        """Write a receipt that checked; returns its file."""
        return self._write(self.folder, receipt)

    def keep_broken(self, receipt: Receipt) -> Path:
        """Write a receipt of a promise that did not check; returns its file below `broken/`."""
        return self._write(private_folder(self.folder / "broken"), receipt)

    def keep_commitment(self, commitment: bytes, salt: bytes, text: str) -> None:
        """Keep what opens a salted commitment that is about to be sent."""
        folder = private_folder(self.folder / "commitments")
        write_durably(folder / f"{commitment.hex()}.json", encode({"salt": to_hex(salt), "text": text}))

    @staticmethod
    def kept_opening(folder: Path, commitment: bytes) -> tuple[bytes, str] | None:
        """Return salt and text that open a commitment, as a folder of receipts keeps them, or None; FormatError."""
        path = folder / "commitments" / f"{commitment.hex()}.json"
        if not path.is_file():
            return None
        members = members_of(decode(path.read_bytes()), ("salt", "text"), what="opening")
        return from_hex(members["salt"], 32, what="salt of an opening"), str(members["text"])

    def keep_case(self, salt: bytes, text: str) -> None:
        """Keep the salt of a case, under which every emergency of that case is opened."""
        folder = private_folder(self.folder / "cases")
        write_durably(folder / f"{salt.hex()}.json", encode({"salt": to_hex(salt), "text": text}))

    def salt_of_case(self, text: str) -> bytes | None:
        """Return the salt that is kept for a case, or None; raises FormatError for a damaged file."""
        for path in sorted((self.folder / "cases").glob("*.json")):
            members = members_of(decode(path.read_bytes()), ("salt", "text"), what="case")
            if members["text"] == text:
                return from_hex(members["salt"], 32, what="salt of a case")
        return None

    def receipts(self) -> list[Receipt]:
        """Return every receipt that checked, by file name; raises FormatError for a damaged file."""
        return [parse_receipt(path.read_bytes()) for path in sorted(self.folder.glob("*.json"))]

    @staticmethod
    def _write(folder: Path, receipt: Receipt) -> Path:
        digest = statement_digest(receipt.domain, receipt.statement, receipt.message)
        path = folder / f"{receipt.kind}-{digest.hex()}.json"
        if not path.exists():
            write_durably(path, encode(receipt.document))
        return path
