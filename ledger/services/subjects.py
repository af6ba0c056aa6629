"""From an opening to tokens and tags, and whom records are about. What opens an id is used and forgotten."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ledger.action_errors import SelfConsent
from ledger.core.hexadecimal import from_hex
from ledger.core.queries import SUBJECT, SUBJECT_LIST, TAG, TOKEN
from ledger.core.schema import SUBJECT_PATH, Schema
from ledger.core.subjects import (
    MOST_PERIODS,
    SubjectOpening,
    epoch_at,
    internal_token,
    is_child,
    outward_token,
    subject_tag,
)
from ledger.errors import FormatError, LookRefused, StoreError
from ledger.rows import RecordSubject
from ledger.services.asked import Asked
from ledger.services.authenticate import Call
from ledger.services.commit_records import GivenRecord
from ledger.services.gateway import Gateway
from ledger.services.local_time import utc_offset_seconds
from ledger.services.queries import count_listed, count_query, opened, refuse_query, sign_query
from ledger.services.sign import SignedStatement
from ledger.tag_rows import SubjectTag


@dataclass(frozen=True, slots=True)
class OutwardToken:
    """The signed Query, and the caller's token of a person: `e<epoch>.<hex>`, the same until `ends_at` (Unix s)."""

    query: SignedStatement
    token: str
    epoch: int
    ends_at: int


@dataclass(frozen=True, slots=True)
class PublishersToken:
    """The signed Query, and the internal token (32 bytes) that a record's `/subject` commits."""

    query: SignedStatement
    subject: bytes


@dataclass(frozen=True, slots=True)
class PublishersTokens:
    """The signed Query, and the internal tokens (32 bytes each) that records about the listed persons commit."""

    query: SignedStatement
    subjects: Sequence[bytes]


@dataclass(frozen=True, slots=True)
class ConsentTag:
    """The signed Query, and a tag that no consent carries yet."""

    query: SignedStatement
    tag: SubjectTag


def token_of_opening(gateway: Gateway, opening: SubjectOpening) -> bytes:
    """Return the internal token (32 bytes) of the person in an opening; raises KeyProviderError."""
    return internal_token(gateway.key_provider.subject_hmac, opening.subject)


def with_resident(call: Call, asked: Asked, opening: str | None) -> Asked:
    """Return a look with the token of the resident who looks; `opening` is the header Gongzhi-Opening.

    Looks that name no resident are returned as they are. Raises OpeningInvalid, OpeningMismatch, KeyProviderError.
    """
    if asked.subject_commitment is None:
        return asked
    subject = token_of_opening(call.gateway, opened(opening, asked.subject_commitment))
    return replace(asked, subject=subject)


def counted_resident(call: Call, asked: Asked, opening: str | None) -> Asked:
    """Return what `with_resident` returns, and count it as a query about a person; raises as it does.

    A look that is refused counts too: else whoever knows ids could try them. Over the quota the look is about nobody.
    """
    found = with_resident(call, asked, opening)
    if found.subject is None or count_query(call):
        return found
    return replace(found, subject=None, quota_left=False)


def token_for_reader(call: Call, asked: Asked, opening: SubjectOpening) -> OutwardToken | LookRefused:
    """Answer the caller's own token of a person: another one for each agency, purpose and epoch."""
    refused = refuse_query(call, asked, TOKEN, about=lambda: token_of_opening(call.gateway, opening))
    if refused is not None:
        return refused
    gateway = call.gateway
    epoch, ends_at = epoch_at(call.now, gateway.subject_rules.epoch_days)
    internal = token_of_opening(gateway, opening)
    token = outward_token(gateway.key_provider.subject_hmac, internal, call.agency, asked.purpose, epoch)
    return OutwardToken(sign_query(call, asked, TOKEN, 1), token, epoch, ends_at)


def token_for_publishing(call: Call, asked: Asked, opening: SubjectOpening) -> PublishersToken | LookRefused:
    """Answer what a publisher commits in the `/subject` of records about a person."""
    refused = refuse_query(call, asked, SUBJECT)
    if refused is not None:
        return refused
    return PublishersToken(sign_query(call, asked, SUBJECT, 1), token_of_opening(call.gateway, opening))


def tokens_for_publishing(
    call: Call, asked: Asked, openings: Sequence[SubjectOpening]
) -> PublishersTokens | LookRefused:
    """Answer what a publisher commits in the `/subject` of records about several persons, in their order.

    One Query, whose resultCount says how many; each person counts against the quota of lists.
    """
    refused = refuse_query(call, asked, SUBJECT_LIST, lambda counted: count_listed(counted, len(openings)))
    if refused is not None:
        return refused
    tokens = [token_of_opening(call.gateway, opening) for opening in openings]
    return PublishersTokens(sign_query(call, asked, SUBJECT_LIST, len(tokens)), tokens)


def tag_for_consent(call: Call, asked: Asked, opening: SubjectOpening, recipient: int) -> ConsentTag | LookRefused:
    """Answer a fresh tag for a consent to `recipient` for the asked purpose, and keep whom it was made for.

    Raises FormatError for a recipient that is no agency, SelfConsent for the caller itself: a key that controls a
    consent is nobody's, so who takes a consent and who receives by it are two agencies.
    """
    refused = refuse_query(call, asked, TAG)
    if refused is not None:
        return refused
    if recipient not in call.history.agencies:
        raise FormatError("recipient: no agency has this number")
    if recipient == call.agency:
        raise SelfConsent("the agency that takes a consent is another than the recipient")
    of_child = is_child(opening.subject, call.now + utc_offset_seconds(call))
    person = token_of_opening(call.gateway, opening)
    tag = _fresh_tag(call, SubjectTag(b"", person, recipient, asked.purpose, -1, of_child))
    return ConsentTag(sign_query(call, asked, TAG, 1), tag)


def subjects_of(schema: Schema, records: Sequence[GivenRecord], item: int, publisher: int) -> list[RecordSubject]:
    """Return whom the records of a submission are about, as they are stored beside it; none without a `/subject`."""
    if not schema.has_subject:
        return []
    return [
        RecordSubject(
            record.content.record_id,
            _token(record.content.originals.get(SUBJECT_PATH)),
            item,
            publisher,
            record.content.version,
        )
        for record in records
    ]


def _token(value: object) -> bytes | None:
    return None if value is None else from_hex(value, 32, what=SUBJECT_PATH)


def _fresh_tag(call: Call, wanted: SubjectTag) -> SubjectTag:
    """Keep and return the first tag, for the use that is wanted, that neither this database nor the contract has."""
    use = wanted.token, wanted.recipient, wanted.purpose
    # A database that was restored may have forgotten tags; the contract has not, and takes each once.
    period = wanted.period
    while period < MOST_PERIODS - 1:
        newest = call.transaction.newest_period(*use)
        period = max(period, -1 if newest is None else newest) + 1
        made = subject_tag(call.gateway.key_provider.subject_hmac, *use, period)
        tag = replace(wanted, tag=made, period=period)
        if made not in call.history.subject_tags and call.transaction.add_subject_tag(tag, call.now):
            return tag
    raise StoreError("every period of this person's tags is used")
