"""The kept request of a look, read back from its signature base (formats page, section 8)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ledger.core.codes import Authority
from ledger.core.hexadecimal import from_hex
from ledger.core.keccak import keccak256
from ledger.core.request_base import SKEW_SECONDS
from ledger.core.signature import personal_digest, recover
from ledger.errors import FormatError

AUTHORITY_NAMES: Mapping[str, Authority] = {
    "class1": Authority.CLASS1,
    "own": Authority.OWN,
    "audit": Authority.AUDIT,
    "grant": Authority.GRANT,
    "emergency": Authority.EMERGENCY,
    "self": Authority.SELF,
}
"""Values of the header Gongzhi-Authority; absent means class1. An emergency may be pending."""
_LINE = re.compile(r'"([@a-z0-9-]+)": (.*)')
_PARAMETER = re.compile(r';([a-z]+)=(?:"([^"]*)"|([0-9]{1,16}))')
_COMPONENTS = re.compile(r'\(((?:"[@a-z0-9-]+"(?: "[@a-z0-9-]+")*)?)\)((?:;[a-z]+=(?:"[^"]*"|[0-9]{1,16}))*)')
_RECORD_PATH = re.compile(r"/v1/records/(0x[0-9a-f]{64})(?:/bundle|/attachment)?")
_VERSION = re.compile(r"(?:\?|.*&)version=([0-9]{1,10})(?:&.*)?")


@dataclass(frozen=True)
class KeptRequest:
    """A parsed signature base: its lines by component, its parameters by name."""

    base: str
    lines: Mapping[str, str]
    parameters: Mapping[str, str]

    @property
    def request(self) -> bytes:
        """Keccak-256 of the base: the `request` of the statement."""
        return keccak256(self.base.encode("ascii"))

    @property
    def record_id(self) -> bytes | None:
        """The record that the path names, None if it names none."""
        found = _RECORD_PATH.fullmatch(self.lines.get("@path", ""))
        return from_hex(found[1]) if found else None

    @property
    def version(self) -> int:
        """The record version that the query names, 0 if it names none."""
        found = _VERSION.fullmatch(self.lines.get("@query", ""))
        return int(found[1]) if found else 0

    def number(self, header: str) -> int | None:
        """Return the number in a covered header, None if it is not there or no number."""
        text = self.lines.get(header, "")
        return int(text) if text.isascii() and text.isdigit() and len(text) <= 10 else None

    def commitment(self, header: str) -> bytes:
        """Return the 32-byte commitment in a covered header, zero if it is not there; raises FormatError."""
        return from_hex(self.lines[header], 32, what=header) if header in self.lines else bytes(32)

    def why_not_signed(self, key: str, signature: bytes, chain_id: int, at: int) -> str | None:
        """Return why this is no request by `key` on this chain that was valid at `at` (Unix seconds), or None."""
        keyid = f"eip155:{chain_id}:{key}"
        if self.parameters.get("keyid") != keyid:
            return "its keyid is of another key or chain"
        if recover(personal_digest(self.base.encode("ascii")), signature) != key:
            return "its signature is of another key"
        created, expires = self.parameters.get("created", ""), self.parameters.get("expires", "")
        if not all(text.isdigit() and len(text) <= 16 for text in (created, expires)):
            return "it has no window of time"
        if not int(created) - SKEW_SECONDS <= at <= int(expires) + SKEW_SECONDS:
            return "it was not valid when it was answered"
        return None


def parse_base(base: str) -> KeptRequest:
    """Return the request of a signature base; raises FormatError for text that is none."""
    *lines, last = base.split("\n")
    parsed: dict[str, str] = {}
    for line in lines:
        found = _LINE.fullmatch(line)
        if found is None or found[1] in parsed:
            raise FormatError("signature base: expected one line per component")
        parsed[found[1]] = found[2]
    name, _, value = last.partition(": ")
    inner = _COMPONENTS.fullmatch(value)
    if name != '"@signature-params"' or inner is None or not base.isascii():
        raise FormatError("signature base: expected @signature-params as its last line")
    if [component.strip('"') for component in inner[1].split(" ")] != list(parsed):
        raise FormatError("signature base: the lines are not the components that were signed")
    parameters = {found[1]: found[2] or found[3] for found in _PARAMETER.finditer(inner[2])}
    return KeptRequest(base, parsed, parameters)
