"""Planted values, and unsalted digests of them, are found nowhere; in the database they are only sealed.

The write-ahead log and the data files of PostgreSQL are searched too; what it compresses (a whole page in the log) is
not seen there, but the same rows are in the dump.
"""

import gzip
import json
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

import httpx
import psycopg
import pytest

from ledger.config import load_settings
from ledger.core.attachment import attachment_associated_data
from ledger.core.sealing import associated_data, unseal
from ledger.embedded import chain, postgres
from ledger.embedded.copies import alter, copy_database, drop_database
from ledger.keys.uris import open_key_provider
from tests.e2e.demo_stack import DemoStack
from tests.e2e.planted import (
    FROM_API,
    FROM_CSV,
    IN_CARE,
    PEOPLE,
    digests_of,
    found_in,
    needles_of,
    raw_needles_of,
    texts_of,
)
from tests.e2e.spreading import Aftermath, spread
from tests.e2e.spreading_authority import spread_care
from tests.e2e.spreading_files import spread_files

pytestmark = pytest.mark.e2e

PUBLISHED = (FROM_CSV, FROM_API)
ERASED_SECONDS = 20.0
LEAKED = "16600471199"
"""Let into a copy of the database on purpose, and nowhere else."""
SECRETS = [secret for person in PEOPLE for secret in person.secrets]


@pytest.fixture(scope="module")
def own_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the publisher keeps for itself."""
    return tmp_path_factory.mktemp("publisher")


@pytest.fixture(scope="module")
def aftermath(demo: DemoStack, own_folder: Path) -> Aftermath:
    """All that can be done with the planted values has been done."""
    made = spread(demo, own_folder)
    spread_care(demo, made, own_folder)
    spread_files(demo, made, own_folder)
    return made


@pytest.fixture(scope="module")
def needles(aftermath: Aftermath) -> Mapping[bytes, str]:
    return needles_of(SECRETS, aftermath.bodies)


@pytest.fixture(scope="module")
def dump(demo: DemoStack, aftermath: Aftermath) -> bytes:
    return dump_of(postgres.dsn(demo.folder))


def dump_of(dsn: str) -> bytes:
    """Schema and rows of a database as text; byte strings are hex."""
    command = [str(postgres.binaries() / "pg_dump"), "--inserts", dsn]
    return subprocess.run(command, capture_output=True, check=True, timeout=120).stdout


def files_below(*folders: Path) -> dict[str, bytes]:
    """Every file's name and content."""
    paths = [path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()]
    return {str(path): path.read_bytes() for path in paths}


def test_every_malformed_request_was_refused_as_the_caller_s_fault(aftermath: Aftermath) -> None:
    refused = {what: answer.status_code for what, answer in aftermath.refusals.items()}
    assert {what: status for what, status in refused.items() if not 400 <= status < 500} == {}
    assert len(refused) > 35


def test_no_answer_to_a_refused_request_repeats_what_it_carried(
    aftermath: Aftermath, needles: Mapping[bytes, str]
) -> None:
    betrayed = {}
    for what, answer in aftermath.refusals.items():
        heads = b"\n".join(name + b": " + value for name, value in answer.headers.raw)
        betrayed[what] = found_in(heads + answer.content, needles)
    assert {what: found for what, found in betrayed.items() if found} == {}


def test_commands_print_no_original_and_no_digest_of_one(aftermath: Aftermath, needles: Mapping[bytes, str]) -> None:
    betrayed = {what: found_in(text.encode(), needles) for what, text in aftermath.printed.items()}
    assert {what: found for what, found in betrayed.items() if found} == {}


def test_originals_are_shown_to_their_publisher(aftermath: Aftermath) -> None:
    for secret in FROM_API.secrets:
        assert secret in aftermath.own_look


def test_nothing_is_on_chain(demo: DemoStack, aftermath: Aftermath, needles: Mapping[bytes, str]) -> None:
    head = int(demo.rpc_call("eth_blockNumber"), 16)
    blocks = [demo.rpc_call("eth_getBlockByNumber", hex(number), True) for number in range(head + 1)]
    logs = demo.rpc_call("eth_getLogs", {"fromBlock": "0x0", "toBlock": "latest"})
    calldata = [transaction["input"] for block in blocks for transaction in block["transactions"]]
    logged = [word for log in logs for word in (log["data"], *log["topics"])]
    state = gzip.decompress(bytes.fromhex(demo.rpc_call("anvil_dumpState")[2:]))
    raw = b"".join(bytes.fromhex(text[2:]) for text in (*calldata, *logged))
    haystack = raw + json.dumps([blocks, logs]).encode() + state
    assert found_in(haystack, needles) == set()
    # The search sees what is there: the record that was marked.
    assert found_in(haystack, {aftermath.record_ids[0]: "id"}) == {"id"}
    assert found_in(haystack, {aftermath.record_ids[0].hex().encode(): "hex"}) == {"hex"}


def test_nothing_is_in_logs_snapshots_or_any_other_file_of_the_gateway(
    demo: DemoStack, needles: Mapping[bytes, str]
) -> None:
    chain.take_snapshot(demo.folder)
    folder = demo.folder
    found = files_below(folder.logs, folder.run, folder.chain, folder.deployments)
    found |= {path.name: path.read_bytes() for path in folder.root.glob("*.json")}
    snapshots = {f"{name} unpacked": gzip.decompress(data) for name, data in found.items() if name.endswith(".gz")}
    assert snapshots
    haystack = b"\n".join([*found.values(), *snapshots.values(), *map(str.encode, found)])
    assert found_in(haystack, needles) == set()
    for told in (b"/v1/records/{record_id}", b"batch fixed", b"database system is ready"):
        assert told in haystack


def test_nothing_is_in_metrics(demo: DemoStack, needles: Mapping[bytes, str]) -> None:
    pages = b""
    for _ in range(8):
        pages += httpx.get(f"{demo.api}/metrics", trust_env=False).content
    assert found_in(pages, needles) == set()
    assert b"gongzhi_requests_total" in pages


def test_nothing_is_in_what_readers_and_auditors_keep(
    demo: DemoStack, own_folder: Path, needles: Mapping[bytes, str]
) -> None:
    readers = [path for path in (demo.folder.root / "clients").iterdir() if path.name != "community-5"]
    found = files_below(own_folder / "export", own_folder / "client" / "receipts", *readers)
    found["bundle.json"] = (own_folder / "bundle.json").read_bytes()
    names = b"\n".join(name.encode() for name in files_below(own_folder))
    assert found_in(names + b"\n".join(found.values()), needles) == set()
    assert any("acceptance-" in name for name in found)
    assert FROM_API.masked_phone.encode() in found["bundle.json"]


def test_in_the_database_values_are_masked_or_sealed(dump: bytes, needles: Mapping[bytes, str]) -> None:
    assert found_in(dump, needles) == set()
    for person in PUBLISHED:
        for mask in (person.surname, person.masked_phone):
            assert found_in(dump, dict.fromkeys(texts_of(mask), mask)) == {mask}


def test_of_an_erased_record_not_even_the_masks_are_left(demo: DemoStack, aftermath: Aftermath) -> None:
    masks = {mask: dict.fromkeys(texts_of(mask), mask) for mask in (IN_CARE.surname, IN_CARE.masked_phone)}
    until = time.monotonic() + ERASED_SECONDS
    while any(found_in(dump_of(postgres.dsn(demo.folder)), forms) for forms in masks.values()):
        assert time.monotonic() < until, "the masks of an erased record are still in the database"
        time.sleep(0.5)
    with psycopg.connect(demo.dsn) as connection:
        question = "SELECT count(*) FROM records WHERE record_id = %s"
        assert connection.execute(question, (aftermath.record_ids[-1],)).fetchone() == (1,)
        for table in ("sealed JOIN records USING (entry_id, position)", "subjects"):
            found = connection.execute(
                f"SELECT count(*) FROM {table} WHERE record_id = %s",
                (aftermath.record_ids[-1],),
            )
            assert found.fetchone() == (0,)


def test_the_search_would_find_an_original_and_a_digest_in_the_database(demo: DemoStack, dump: bytes) -> None:
    with psycopg.connect(demo.dsn) as connection:
        row = connection.execute("SELECT content FROM documents LIMIT 1").fetchone()
    assert row is not None
    # Documents are public, and known by their unsalted hash.
    assert found_in(dump, dict.fromkeys(digests_of(row[0]), "a digest")) == {"a digest"}
    copy_database(demo.folder, "leaking")
    try:
        leak = f"UPDATE records SET open_values = convert_to('{LEAKED}', 'UTF8') WHERE position = 0 AND entry_id = 1"
        alter(demo.folder, "leaking", leak)
        leaked = needles_of([LEAKED], {})
        assert found_in(dump, leaked) == set()
        assert found_in(dump_of(postgres.dsn(demo.folder, "leaking")), leaked) == {f"the value {LEAKED!r}"}
    finally:
        drop_database(demo.folder, "leaking")


def test_what_is_sealed_holds_the_originals(demo: DemoStack, aftermath: Aftermath) -> None:
    provider = open_key_provider(str(load_settings(demo.folder.root).key_provider))
    question = """
        SELECT record_id, version, record_root, ciphertext, wrapped_key, key_id, wrapped
        FROM records JOIN sealed USING (entry_id, position) JOIN daily_keys ON key_id = daily_key_id"""
    opened = b""
    with psycopg.connect(demo.dsn) as connection:
        for record_id, version, root, ciphertext, wrapped_key, key_id, wrapped in connection.execute(question):
            associated = associated_data(record_id, version, root)
            daily = provider.open_daily_key(key_id, wrapped)
            opened += unseal(unseal(daily.clear, wrapped_key, associated), ciphertext, associated)
    for person in PUBLISHED:
        for secret in person.secrets[:4]:
            assert secret.encode() in opened


def test_what_is_attached_is_sealed_with_every_byte_of_it(demo: DemoStack, aftermath: Aftermath) -> None:
    provider = open_key_provider(str(load_settings(demo.folder.root).key_provider))
    question = """
        SELECT publisher, digest, ciphertext, wrapped_key, key_id, wrapped
        FROM attachments JOIN daily_keys ON key_id = daily_key_id"""
    opened = []
    with psycopg.connect(demo.dsn) as connection:
        for publisher, digest, ciphertext, wrapped_key, key_id, wrapped in connection.execute(question):
            associated = attachment_associated_data(publisher, digest)
            daily = provider.open_daily_key(key_id, wrapped)
            opened.append(unseal(unseal(daily.clear, wrapped_key, associated), ciphertext, associated))
    assert aftermath.bodies["the attached paper"] in opened


def test_nothing_is_in_the_files_of_the_database(demo: DemoStack, aftermath: Aftermath) -> None:
    with psycopg.connect(demo.dsn, autocommit=True) as connection:
        connection.execute("CHECKPOINT")
    haystack = b"\n".join(files_below(postgres.cluster(demo.folder)).values())
    assert found_in(haystack, raw_needles_of(SECRETS, aftermath.bodies)) == set()
    for person in PUBLISHED:
        assert person.masked_phone.encode() in haystack
