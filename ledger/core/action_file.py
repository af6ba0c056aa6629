"""Action files `gongzhi-action/1`: a typed message on its way to its signers, who may sit away from any network.

PERMANENT. Whoever prepares an action writes the file, each signer adds a signature with a key that the message names,
and anybody hands it over. The digest is recomputed, every signature is checked, and the lines for people are compared
with those that the message gives, so a file cannot say one thing and sign another.

    {"format","action","chainId","contract","message","digest","signers":[{"member","key","signature"}…],"documents",
     "summary"}

| member | what it is |
|---|---|
| action, message | name and members of a typed message (JSON form, contracts page) |
| chainId, contract | the EIP-712 domain that is signed for: chain and address of the contract |
| digest | what every signer signs, 32 bytes |
| signers | who must sign, in the order of the contract's signatures: the member that names the key, the key, and its signature (65 bytes) or null; a member that is the zero address is left out |
| documents | canonical texts whose Keccak-256 the message holds, each once |
| summary | the message line by line, for people |
"""  # noqa: E501 (a row of a table is one line)

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from ledger.core.action_summary import ZERO_ADDRESS, summary_of
from ledger.core.canonical import decode, decode_canonical, encode
from ledger.core.hexadecimal import from_hex, to_address, to_hex
from ledger.core.keccak import keccak256
from ledger.core.shapes import array, format_members, members_of, text, unsigned
from ledger.core.signature import SIGNATURE_BYTES, recover
from ledger.core.typed_messages import MESSAGES, MessageType, message_from_json, message_preimage, message_to_json
from ledger.errors import FormatError, SignatureError

FORMAT = "gongzhi-action/1"
MOST_DOCUMENTS = 8
_MEMBERS = (
    *("format", "action", "chainId", "contract", "message", "digest"),
    *("signers", "documents", "summary"),
)
_SIGNER_MEMBERS = ("member", "key", "signature")


@dataclass(frozen=True)
class PreparedAction:
    """A typed message with the documents that it names by hash, and the signatures that it has so far.

    `message` has bytes32 as bytes, `contract` is a lowercase address, `documents` are canonical texts, `signatures`
    are by the address of the key.
    """

    action: str
    chain_id: int
    contract: str
    message: Mapping[str, Any]
    documents: tuple[str, ...] = ()
    signatures: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def kind(self) -> MessageType:
        """The message's type."""
        return MESSAGES[self.action]

    @cached_property
    def preimage(self) -> bytes:
        """The bytes whose Keccak-256 is `digest`, what a Signer takes; raises FormatError for a misshapen message."""
        return message_preimage(self.action, self.message, self.chain_id, self.contract)

    @cached_property
    def digest(self) -> bytes:
        """The 32 bytes that every signer signs; raises FormatError for a misshapen message."""
        return keccak256(self.preimage)

    @cached_property
    def signers(self) -> tuple[tuple[str, str], ...]:
        """The (member, key) pairs that must sign, in the order of the contract's signatures."""
        named = ((member, self.message[member]) for member in self.kind.signers)
        return tuple((member, key) for member, key in named if key != ZERO_ADDRESS)

    @property
    def missing(self) -> tuple[str, ...]:
        """The keys whose signature is not there yet."""
        return tuple(key for _, key in self.signers if key not in self.signatures)

    @property
    def relayed_signatures(self) -> tuple[bytes, ...]:
        """The signatures as they are handed over: one for each signer of the type, empty where it has none."""
        return tuple(self.signatures.get(self.message[member], b"") for member in self.kind.signers)

    @cached_property
    def summary(self) -> tuple[str, ...]:
        """The message line by line, for people."""
        return summary_of(self.action, self.message)

    def with_signature(self, signature: bytes) -> "PreparedAction":
        """Return the action with a signature added.

        Raises SignatureError for bytes that are no strict signature, and for one by a key that is no signer.
        """
        key = recover(self.digest, signature)
        if key not in (named for _, named in self.signers):
            raise SignatureError("the signature is by a key that the message does not name as a signer")
        return replace(self, signatures={**self.signatures, key: signature})

    @property
    def document(self) -> dict[str, Any]:
        """The JSON value of the file."""
        return {
            "format": FORMAT,
            "action": self.action,
            "chainId": self.chain_id,
            "contract": self.contract,
            "message": message_to_json(self.action, self.message),
            "digest": to_hex(self.digest),
            "signers": [
                {
                    "member": member,
                    "key": key,
                    "signature": to_hex(self.signatures[key]) if key in self.signatures else None,
                }
                for member, key in self.signers
            ],
            "documents": list(self.documents),
            "summary": list(self.summary),
        }

    def encode(self) -> bytes:
        """Return the file's bytes: canonical JSON."""
        return encode(self.document)


def parse_action_file(data: bytes | str) -> PreparedAction:
    """Return the action of a file.

    Raises UnsupportedFormat for another format name; FormatError for other members, an unknown action, a digest,
    signers or summary that are not the message's, documents that it does not name; SignatureError for a signature by
    another key than the one beside it.
    """
    members = format_members(decode(data), FORMAT, _MEMBERS, what="action file")
    action = text(members["action"], what="action")
    if action not in MESSAGES:
        raise FormatError("action: no typed message has this name")
    prepared = PreparedAction(
        action,
        unsigned(members["chainId"], 53, what="action chainId"),
        to_address(members["contract"], what="action contract"),
        message_from_json(action, members["message"]),
    )
    prepared = replace(prepared, documents=_documents(prepared, members["documents"]))
    if from_hex(members["digest"], 32, what="action digest") != prepared.digest:
        raise FormatError("action digest: not the digest of the message for this chain and contract")
    if members["summary"] != list(prepared.summary):
        raise FormatError("action summary: not what the message says")
    return _signed(prepared, members["signers"])


def check_documents(action: str, message: Mapping[str, Any], documents: tuple[str, ...]) -> None:
    """Raise FormatError unless every document is canonical, and its Keccak-256 stands in the message, each once."""
    named = {value for member, value in message.items() if isinstance(value, bytes)}
    for document in documents:
        decode_canonical(document)
        digest = keccak256(document.encode("utf-8"))
        if digest not in named:
            raise FormatError(f"documents: {action} names no document with this hash, or names it once only")
        named.remove(digest)


def _documents(prepared: PreparedAction, value: object) -> tuple[str, ...]:
    given = array(value, what="action documents", most=MOST_DOCUMENTS)
    documents = tuple(text(one, what="action document") for one in given)
    check_documents(prepared.action, prepared.message, documents)
    return documents


def _signed(prepared: PreparedAction, value: object) -> PreparedAction:
    given = [members_of(one, _SIGNER_MEMBERS, what="signer") for one in array(value, what="action signers", most=8)]
    if [(one["member"], one["key"]) for one in given] != list(prepared.signers):
        raise FormatError("action signers: not those that the message names, in its order")
    signatures = {}
    for one in given:
        if one["signature"] is not None:
            signature = from_hex(one["signature"], SIGNATURE_BYTES, what="signature of a signer")
            if recover(prepared.digest, signature) != one["key"]:
                raise SignatureError("a signature is by another key than the one that stands beside it")
            signatures[one["key"]] = signature
    return replace(prepared, signatures=signatures)
