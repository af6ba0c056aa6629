"""Everything that incidents need on their way: requests, entries, records, batches, outbox, followed chain."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE actions (
    digest bytea NOT NULL,
    agency integer NOT NULL,
    contract text NOT NULL,
    function text NOT NULL,
    intent text NOT NULL,
    entry_id bigint NOT NULL,
    received_at bigint NOT NULL,
    include_by bigint NOT NULL,
    summary json NOT NULL,
    CONSTRAINT actions_identity PRIMARY KEY (digest)
);

CREATE TABLE answers (
    agency integer NOT NULL,
    idempotency_key text NOT NULL,
    request_digest bytea NOT NULL,
    status smallint NOT NULL,
    body bytea NOT NULL,
    created_at bigint NOT NULL,
    CONSTRAINT answers_identity PRIMARY KEY (agency, idempotency_key)
);

CREATE TABLE batches (
    batch bigint NOT NULL,
    gateway integer NOT NULL,
    root bytea NOT NULL,
    leaf_count integer NOT NULL,
    first_sequence bigint NOT NULL,
    created_at bigint NOT NULL,
    intent text NOT NULL,
    anchored_block bigint,
    anchored_at bigint,
    anchored_transaction bytea,
    followed_at timestamptz,
    PRIMARY KEY (batch),
    CONSTRAINT batches_first_sequence UNIQUE (first_sequence)
);
CREATE INDEX batches_anchored_block ON batches (anchored_block)
    WHERE anchored_block IS NOT NULL;
CREATE INDEX batches_unanchored ON batches (batch)
    WHERE anchored_block IS NULL;

CREATE TABLE blocks (
    number bigint NOT NULL,
    hash bytea NOT NULL,
    parent_hash bytea NOT NULL,
    time bigint NOT NULL,
    transactions bytea[] NOT NULL,
    PRIMARY KEY (number)
);

CREATE TABLE daily_keys (
    key_id text NOT NULL,
    wrapped bytea NOT NULL,
    created_at bigint NOT NULL,
    CONSTRAINT daily_keys_identity PRIMARY KEY (key_id)
);

CREATE TABLE documents (
    document_hash bytea NOT NULL,
    media_type text NOT NULL,
    content bytea NOT NULL,
    created_at bigint NOT NULL,
    PRIMARY KEY (document_hash)
);

CREATE TABLE entries (
    entry_id bigint GENERATED ALWAYS AS IDENTITY,
    entry_type smallint NOT NULL,
    message json NOT NULL,
    signer text NOT NULL,
    signature bytea NOT NULL,
    annex bytea NOT NULL,
    digest bytea NOT NULL,
    agency integer NOT NULL,
    created_at bigint NOT NULL,
    anchor_by bigint NOT NULL,
    sequence bigint,
    batch bigint,
    stored_at timestamptz DEFAULT clock_timestamp() NOT NULL,
    PRIMARY KEY (entry_id),
    CONSTRAINT entries_digest UNIQUE (digest)
);
CREATE UNIQUE INDEX entries_sequence ON entries (sequence)
    WHERE sequence IS NOT NULL;
CREATE INDEX entries_unnumbered ON entries (entry_id)
    WHERE sequence IS NULL;

CREATE TABLE events (
    block bigint NOT NULL,
    log_index integer NOT NULL,
    tx_hash bytea NOT NULL,
    contract text NOT NULL,
    name text NOT NULL,
    args json NOT NULL,
    CONSTRAINT events_place PRIMARY KEY (block, log_index)
);

CREATE TABLE evidence (
    entry_id bigint NOT NULL,
    request_base bytea NOT NULL,
    request_signature bytea NOT NULL,
    openings bytea NOT NULL,
    PRIMARY KEY (entry_id)
);

CREATE TABLE following (
    one_row boolean DEFAULT true NOT NULL,
    generation bigint DEFAULT 0 NOT NULL,
    checked_at bigint DEFAULT 0 NOT NULL,
    PRIMARY KEY (one_row),
    CONSTRAINT following_one_row CHECK (one_row)
);

CREATE TABLE hiding_marks (
    record_id bytea NOT NULL,
    block bigint NOT NULL,
    log_index integer NOT NULL,
    agency integer NOT NULL,
    version integer NOT NULL,
    mark smallint NOT NULL,
    CONSTRAINT hiding_marks_place PRIMARY KEY (record_id, block, log_index)
);

CREATE TABLE nonces (
    key text NOT NULL,
    request_nonce text NOT NULL,
    expires_at bigint NOT NULL,
    CONSTRAINT nonces_identity PRIMARY KEY (key, request_nonce)
);
CREATE INDEX nonces_expiry ON nonces (expires_at);

CREATE TABLE outbox (
    outbox_id bigint GENERATED ALWAYS AS IDENTITY,
    intent text NOT NULL,
    sender text NOT NULL,
    recipient text,
    data bytea NOT NULL,
    gas bigint,
    state text NOT NULL,
    tx_nonce bigint,
    raw bytea,
    tx_hash bytea,
    received_at bigint NOT NULL,
    submitted_at bigint,
    settled_at bigint,
    block bigint,
    tx_index integer,
    contract_address text,
    error text,
    attempts integer DEFAULT 0 NOT NULL,
    retry_at bigint DEFAULT 0 NOT NULL,
    PRIMARY KEY (outbox_id),
    CONSTRAINT outbox_state CHECK (state IN ('received', 'submitted', 'final', 'failed')),
    CONSTRAINT outbox_signed CHECK ((tx_nonce IS NULL) = (raw IS NULL)),
    CONSTRAINT outbox_intent UNIQUE (intent),
    CONSTRAINT outbox_tx_hash UNIQUE (tx_hash),
    CONSTRAINT outbox_tx_nonce UNIQUE (sender, tx_nonce)
);
CREATE INDEX outbox_block ON outbox (block)
    WHERE block IS NOT NULL;
CREATE INDEX outbox_failed ON outbox (outbox_id)
    WHERE state = 'failed';
CREATE INDEX outbox_unsettled ON outbox (sender, tx_nonce, outbox_id)
    WHERE state IN ('received', 'submitted');

CREATE TABLE records (
    entry_id bigint NOT NULL,
    occurred_at bigint,
    recorded_at bigint,
    position integer NOT NULL,
    version integer NOT NULL,
    publisher integer NOT NULL,
    item integer NOT NULL,
    item_version integer NOT NULL,
    level smallint,
    superseded boolean DEFAULT false NOT NULL,
    hidden boolean DEFAULT false NOT NULL,
    record_id bytea NOT NULL,
    previous bytea NOT NULL,
    record_root bytea NOT NULL,
    schema_hash bytea NOT NULL,
    ciphertext_digest bytea NOT NULL,
    region text COLLATE "C",
    record_class text COLLATE "C",
    open_values bytea NOT NULL,
    open_salts bytea NOT NULL,
    closed_digests bytea NOT NULL,
    CONSTRAINT records_place PRIMARY KEY (entry_id, position),
    CONSTRAINT records_identity UNIQUE (record_id, version)
);
CREATE INDEX records_by_class ON records (item, record_class, COALESCE(occurred_at, 0) DESC)
    WHERE NOT superseded AND NOT hidden;
CREATE INDEX records_by_region ON records (item, region, COALESCE(occurred_at, 0) DESC)
    WHERE NOT superseded AND NOT hidden;
CREATE INDEX records_by_time ON records (item, COALESCE(occurred_at, 0) DESC, record_id DESC)
    WHERE NOT superseded AND NOT hidden;

CREATE TABLE sealed (
    entry_id bigint NOT NULL,
    position integer NOT NULL,
    ciphertext bytea NOT NULL,
    wrapped_key bytea NOT NULL,
    daily_key_id text NOT NULL,
    CONSTRAINT sealed_place PRIMARY KEY (entry_id, position)
);

CREATE TABLE settings (
    name text NOT NULL,
    value json NOT NULL,
    PRIMARY KEY (name)
);

CREATE TABLE submissions (
    entry_id bigint NOT NULL,
    submission_id bytea NOT NULL,
    publisher integer NOT NULL,
    item integer NOT NULL,
    item_version integer NOT NULL,
    schema_hash bytea NOT NULL,
    record_count integer NOT NULL,
    statement_digest bytea NOT NULL,
    accepted_at bigint NOT NULL,
    acceptance_signature bytea NOT NULL,
    acceptance_signer text NOT NULL,
    PRIMARY KEY (entry_id),
    CONSTRAINT submissions_identity UNIQUE (publisher, submission_id)
);
"""

# Salts, digests and ciphertexts do not compress; trying costs a tenth of ingest.
STORAGE = """
ALTER TABLE records ALTER open_salts SET STORAGE EXTERNAL, ALTER closed_digests SET STORAGE EXTERNAL;
ALTER TABLE sealed ALTER ciphertext SET STORAGE EXTERNAL;
ALTER TABLE evidence ALTER openings SET STORAGE EXTERNAL;
"""

FIRST_ROW = "INSERT INTO following DEFAULT VALUES"


def upgrade() -> None:
    """Make the tables of an empty database."""
    for script in (TABLES, STORAGE):
        for statement in filter(str.strip, script.split(";")):
            op.execute(statement)
    op.execute(FIRST_ROW)
