"""Looks as bytes on the wire: signed before the clock starts, each with a request nonce of its own."""

import base64
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from ledger.cli.demo.looks import SEARCHES
from ledger.client.gongzhi import GongzhiClient
from ledger.client.grounds import ID_HEADERS, Grounds, state
from ledger.core.codes import Authority
from ledger.core.hexadecimal import to_hex
from ledger.core.request_base import EXPIRES_AFTER_SECONDS, SignableRequest
from ledger.core.request_signature import prepare
from ledger.ports import Signer


@dataclass(frozen=True)
class LookSigner:
    """Signs looks of one reader at one gateway; the grounds, and the commitment in them, are the same for all."""

    authority: str
    chain_id: int
    signer: Signer
    headers: Mapping[str, str]

    def record(self, record_id: bytes) -> bytes:
        """Return a look at one record."""
        return self.get(f"/v1/records/{to_hex(record_id)}")

    def page(self, cursor: str | None, limit: int) -> bytes:
        """Return a look at a page of all records of the item."""
        query = {"limit": str(limit)} | ({} if cursor is None else {"cursor": cursor})
        return self.get("/v1/records", urlencode(query))

    def get(self, path: str, query: str = "") -> bytes:
        """Return a signed GET; it may be sent within the next minute, once."""
        created = int(time.time())
        prepared = prepare(
            SignableRequest("GET", "http", self.authority, path, query, self.headers),
            self.signer.address,  # type: ignore[arg-type]
            created=created,
            expires=created + EXPIRES_AFTER_SECONDS,
            request_nonce=base64.urlsafe_b64encode(os.urandom(16)).rstrip(b"=").decode("ascii"),
            chain_id=self.chain_id,
        )
        signed = prepared.headers(self.signer.sign_preimage(prepared.preimage))
        target = f"{path}?{query}" if query else path
        return plain_get(target, self.authority, {**self.headers, **signed})

    def under(self, grant: bytes) -> "LookSigner":
        """Return the signer of looks on the same grounds under another grant."""
        return replace(self, headers={**self.headers, ID_HEADERS[Authority.GRANT]: to_hex(grant)})


def plain_get(target: str, authority: str, headers: Mapping[str, str]) -> bytes:
    """Return a GET as it goes over the wire."""
    lines = [f"GET {target} HTTP/1.1", f"host: {authority}", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii")


def look_signer(client: GongzhiClient, authority: str, grounds: Grounds = SEARCHES[0].grounds) -> LookSigner:
    """Return who signs looks in the name of a client's agency, on these grounds (the fire brigade's)."""
    desk = client.desk
    return LookSigner(authority, desk.facts.domain.chain_id, desk.signer, state(grounds, desk.receipts).headers)
