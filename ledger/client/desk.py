"""What every part of the client works with: one agency's key at one gateway."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from ledger.client.facts import GatewayFacts
from ledger.client.promises import SignedStatement, domain_of
from ledger.client.receipts import ReceiptFolder
from ledger.client.transport import SignedAnswer, Transport
from ledger.core.canonical import decode
from ledger.core.code_sets import parse_code_set
from ledger.core.documents import CatalogueItem, MaskProfile, parse_item, parse_profile
from ledger.core.hexadecimal import to_hex
from ledger.core.keccak import keccak256
from ledger.core.mask_policy import MaskPolicy, parse_mask_policy
from ledger.core.receipt import Evidence, Receipt
from ledger.core.schema import Schema, parse_schema
from ledger.errors import FormatError, NotFound, PromiseBroken, SignatureError
from ledger.ports import Signer

Checked = TypeVar("Checked")
Document = TypeVar("Document")


@dataclass
class Desk:
    """One agency's desk: its id and key, the transport to its gateway, what it believes, where it keeps receipts.

    `newer_facts` fetches the chain anew; without it `facts` are all there is. Documents are kept by hash.
    """

    agency: int
    signer: Signer
    transport: Transport
    facts: GatewayFacts
    receipts: ReceiptFolder
    newer_facts: Callable[[], GatewayFacts] | None = None
    _documents: dict[bytes, bytes] = field(default_factory=dict)

    def check(
        self, statement: SignedStatement, evidence: Evidence, check: Callable[[GatewayFacts], Checked]
    ) -> Checked:
        """Run `check`, once more with newer facts if it fails, and keep the receipt either way.

        Raises PromiseBroken, with the kept file as `receipt` in its context.
        """
        try:
            checked = self._check(check)
        except PromiseBroken as error:
            path = self.receipts.keep_broken(self._receipt(statement, evidence))
            raise PromiseBroken(error.detail, receipt=path) from error
        self.receipts.keep(self._receipt(statement, evidence))
        return checked

    def follow(self) -> None:
        """Take newer facts in, where they can be had."""
        if self.newer_facts is not None:
            self.facts = self.newer_facts()

    def _check(self, check: Callable[[GatewayFacts], Checked]) -> Checked:
        try:
            return check(self.facts)
        except PromiseBroken:
            if self.newer_facts is None:
                raise
        newer = self.facts = self.newer_facts()
        return check(newer)  # another thread may have put what it read before in their place

    def _receipt(self, statement: SignedStatement, evidence: Evidence) -> Receipt:
        try:
            domain = domain_of(statement, self.facts.domains)
        except SignatureError:
            domain = None
        return Receipt(
            statement.name.lower(),
            statement.message,
            statement.signer,
            statement.signature,
            domain or self.facts.domain,
            evidence,
            self.transport.now(),
        )

    def document(self, document_hash: bytes) -> bytes:
        """Return the bytes of a hashed document; raises PromiseBroken if it is not there or has another hash."""
        try:
            return self._kept(document_hash, f"/v1/documents/{to_hex(document_hash)}", self.transport.get_public)
        except NotFound:
            raise PromiseBroken("the gateway does not have a document that it names") from None

    def document_of(self, about: bytes, document_hash: bytes) -> bytes:
        """Return the bytes of a scope, evidence or reasons that a consent, request or emergency names.

        `about` is its id (32 bytes). Raises NotFound where this agency has no part in it or it came by another gateway,
        and PromiseBroken for a document with another hash.
        """
        path = f"/v1/documents/{to_hex(document_hash)}/of/{to_hex(about)}"
        return self._kept(document_hash, path, self.transport.get)

    def _kept(self, document_hash: bytes, path: str, get: Callable[[str], SignedAnswer]) -> bytes:
        if document_hash not in self._documents:
            content = get(path).body
            if keccak256(content) != document_hash:
                raise PromiseBroken("a document has another hash than the one that it was asked by")
            self._documents[document_hash] = content
        return self._documents[document_hash]

    def schema(self, schema_hash: bytes) -> Schema:
        """Return the schema of a hash; raises PromiseBroken."""
        return self._parsed(schema_hash, parse_schema)

    def schema_to_publish(self, schema_hash: bytes) -> Schema:
        """Return the schema of a hash with the code sets that it names; raises PromiseBroken, or SchemaError for a code
        set that is named without a hash.
        """
        return self.schema(schema_hash).with_code_sets(lambda digest: self._parsed(digest, parse_code_set))

    def item(self, document_hash: bytes) -> CatalogueItem:
        """Return the catalogue item of a document hash; raises PromiseBroken."""
        return self._parsed(document_hash, parse_item)

    def profile(self, profile_hash: bytes) -> MaskProfile:
        """Return the mask profile of a hash; raises PromiseBroken."""
        return self._parsed(profile_hash, parse_profile)

    def mask_policy(self, policy_hash: bytes) -> MaskPolicy:
        """Return the mask policy of a hash; raises PromiseBroken."""
        return self._parsed(policy_hash, parse_mask_policy)

    def _parsed(self, document_hash: bytes, parse: Callable[[object], Document]) -> Document:
        try:
            return parse(decode(self.document(document_hash)))
        except FormatError as error:
            raise PromiseBroken(f"a document is not what it is named as: {error.detail}") from error
