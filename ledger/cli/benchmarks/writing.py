"""Many grants and consents on the followed chain: their events are written, everything that reads them is real.

The chain mines empty blocks, and they are followed with events in them. So chain, worker and API go on as always, and
every process folds what it would have folded.
"""

import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from itertools import cycle, islice

from ledger import wiring
from ledger.cli.benchmarks.authorities import (
    EVERY_REGION,
    PURPOSE,
    TEXT,
    Granted,
    Parties,
    Told,
    Written,
    fresh_scope,
    person,
    placed,
    strangers,
    told,
)
from ledger.cli.benchmarks.ground import Ground
from ledger.cli.benchmarks.publishing import publish_beforehand, publish_item
from ledger.cli.demo.command import wait_until_all_is_anchored
from ledger.cli.demo.consortium import DISTRICT, GATEWAY_AGENCY, number_of
from ledger.core.canonical import encode
from ledger.core.codes import Tier
from ledger.core.hexadecimal import to_hex
from ledger.core.stored import storable_bitmap
from ledger.domain import load_document
from ledger.embedded.rpc import Rpc
from ledger.errors import EngineError
from ledger.ports import Store, Transaction
from ledger.rows import RecordSubject
from ledger.services.catalogue_documents import item_documents
from ledger.tag_rows import SubjectTag

ENTRY = "catalogue/incident-originals.json"
ITEM = 2
"""Incidents with their originals, class 2."""
READER = "fire"
LOCK_SECONDS = 30.0
AT_ONCE = 500
"""Blocks that are in memory at a time."""
JSON = "application/json"


def write_authorities(ground: Ground) -> Written:
    """Publish records of class 2 and write grants and consents for them, once a run; returns what was written.

    Raises EngineError when the worker does not let its blocks be written in time.
    """
    if ground.written is None:
        publish_beforehand(ground)
        _, record_ids = publish_item(ground, ground.sizes.granted_records, ITEM)
        wait_until_all_is_anchored(ground.settings)
        with ground.store() as store:
            ground.written = _write(ground, store, record_ids)
    return ground.written


def _write(ground: Ground, store: Store, record_ids: Sequence[bytes]) -> Written:
    sizes = ground.sizes
    ground.say(f"writing {sizes.grants:,} grants and {sizes.consents:,} consents into the followed chain")
    holders = _holders(store, record_ids)
    numbers = sorted(set(holders.values()))
    tags = _note_subjects(store, holders, number_of(READER))
    narrow, wide = _profiles()
    read = list(islice(cycle(record_ids), sizes.grants))
    scope = (str(DISTRICT),)
    grants = [
        Granted(
            os.urandom(32), holders[one], fresh_scope(scope), profile, person(holders[one], EVERY_REGION, tags[one])
        )
        for one, profile in zip(read, cycle((narrow, wide)), strict=False)
    ]
    duties = [Granted(os.urandom(32), holder, fresh_scope(scope), narrow) for holder in numbers]
    _keep_documents(store, [*duties, *grants])
    events = told(_parties(ground), [*duties, *grants], strangers(numbers), sizes.consents)
    _follow_with(ground, store, len(duties) + len(grants), events)
    return Written(
        stored_open=grants[0::2],
        originals=grants[1::2],
        duties=duties,
        record_of=dict(zip((one.grant for one in grants), read, strict=True)),
        records_of={number: [one for one in record_ids if holders[one] == number] for number in numbers},
        consents=sizes.consents,
    )


def _holders(store: Store, record_ids: Sequence[bytes]) -> Mapping[bytes, int]:
    with store.begin() as transaction:
        return {record_id: head.publisher for record_id, head in transaction.record_heads(record_ids).items()}


def _note_subjects(store: Store, holders: Mapping[bytes, int], reader: int) -> Mapping[bytes, bytes]:
    """Let each record be about a made-up person of its own; returns the tags of their consents, by record."""
    tokens = {record_id: os.urandom(32) for record_id in holders}
    tags = {record_id: os.urandom(32) for record_id in holders}
    now = int(time.time())
    with store.begin() as transaction:
        transaction.add_subjects([RecordSubject(one, tokens[one], ITEM, holder) for one, holder in holders.items()])
        for record_id, tag in tags.items():
            transaction.add_subject_tag(SubjectTag(tag, tokens[record_id], reader, int(PURPOSE), 1), now)
    return tags


def _profiles() -> tuple[bytes, bytes]:
    """Return two profiles of the item: one that opens stored-open slots only, and one that opens originals."""
    documents = item_documents(load_document(ENTRY), GATEWAY_AGENCY, load_document)
    storable = storable_bitmap(documents.schema)
    by_tier = {profile.tier: profile for profile in documents.profiles if not profile.purpose}
    narrow, wide = by_tier[Tier.T2X], by_tier[Tier.T5]
    if narrow.bitmap(tuple(documents.schema.index)) & ~storable:
        raise AssertionError("the profile of other communities opens nothing that is sealed")
    return narrow.hash, wide.hash


def _parties(ground: Ground) -> Parties:
    with ground.client(READER) as client:
        key = client.desk.signer.address
        version = client.schema_of(ITEM)[1]
    return Parties(number_of(READER), key, to_hex(os.urandom(20)), ITEM, version, int(time.time()) - 60)


def _keep_documents(store: Store, grants: Iterable[Granted]) -> None:
    """Keep the scopes of grants, and text, scope and evidence of the consents that they rest on."""
    now = int(time.time())
    with store.begin() as transaction:
        transaction.add_document(TEXT.hash, JSON, encode(TEXT.document), now)
        for one in grants:
            for named in (one.scope, *(() if one.person is None else (one.person.scope, one.person.evidence))):
                transaction.add_document(named.hash, JSON, encode(named.document), now)


def _follow_with(ground: Ground, store: Store, count: int, events: Iterator[list[Told]]) -> None:
    """Mine empty blocks and follow them with these events in them, while the worker's follower has to wait.

    Raises EngineError when the worker does not pause in time.
    """
    settings = ground.settings
    with (
        Rpc(ground.endpoints.rpc_url) as rpc,
        closing(wiring.open_trusted_chain(ground.endpoints.rpc_url, wiring.load_trust(settings))) as chain,
        store.begin() as transaction,
    ):
        _lock_following(transaction)
        newest = transaction.followed_head()
        first, head = 0 if newest is None else newest.number + 1, chain.head().number
        if first <= head:
            transaction.add_followed(chain.followed_blocks(first, head), int(time.time()))
        rpc.call("anvil_mine", hex(count), "0x0")
        for start in range(head + 1, head + count + 1, AT_ONCE):
            blocks = chain.followed_blocks(start, min(start + AT_ONCE - 1, head + count))
            written = [placed(one.block, found) for one, found in zip(blocks, events, strict=False)]
            transaction.add_followed(written, int(time.time()))


def _lock_following(transaction: Transaction) -> None:
    until = time.monotonic() + LOCK_SECONDS
    while not transaction.lock_following():
        if time.monotonic() > until:
            raise EngineError("the worker did not pause following in time")
        time.sleep(0.05)
