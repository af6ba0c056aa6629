"""The operator who lies in the database afterwards: the export differs from what was anchored, and is found out."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ledger.core.codes import EntryType
from ledger.core.hexadecimal import to_hex
from tests.simulated_consortium import address, number32
from tests.simulated_ledger import honest_ledger
from tests.simulated_stream import Export
from tests.unit.audit.auditing import audit

pytestmark = pytest.mark.unit

GATEWAY_1 = "gateway 1"


def edit_masked_value(export: Export) -> None:
    assert export.records[0]["values"][3] == '"欧阳**"'
    export.records[0]["values"][3] = '"王**"'


def edit_salt(export: Export) -> None:
    salts = export.records[0]["salts"]
    export.records[0]["salts"] = "0x" + ("0" if salts[2] != "0" else "1") + salts[3:]


def edit_closed_digest(export: Export) -> None:
    digests = export.records[0]["digests"]
    export.records[0]["digests"] = "0x" + ("0" if digests[2] != "0" else "1") + digests[3:]


def edit_value_to_another_type(export: Export) -> None:
    export.records[0]["values"][1] = '"yesterday"'


def edit_value_to_other_spelling(export: Export) -> None:
    export.records[0]["values"][0] = ' "990101001001"'


def move_value_between_records(export: Export) -> None:
    first, second = export.records[0], export.records[1]
    for name in ("values", "salts", "digests"):
        first[name], second[name] = second[name], first[name]


def swap_records(export: Export) -> None:
    first, second = export.records[0], export.records[1]
    first["position"], second["position"] = second["position"], first["position"]
    export.records[0], export.records[1] = second, first


def delete_record(export: Export) -> None:
    del export.records[1]


def edit_ciphertext_digest(export: Export) -> None:
    export.records[2]["ciphertextDigest"] = to_hex(number32("another ciphertext"))


def renumber_entries(export: Export) -> None:
    first, second = export.entries[0], export.entries[1]
    first["sequence"], second["sequence"] = 2, 1
    for record in export.records[:4]:
        record["sequence"] = 3 - record["sequence"]
    export.entries[0], export.entries[1] = second, first
    export.records[:4] = [export.records[3], *export.records[:3]]


def number_entry_twice(export: Export) -> None:
    export.entries.insert(1, dict(export.entries[0]))


def drop_disclosure(export: Export) -> None:
    dropped = next(entry for entry in export.entries if entry["entryType"] == EntryType.DISCLOSURE)
    export.entries.remove(dropped)
    export.looks = [look for look in export.looks if look["sequence"] != dropped["sequence"]]


def drop_request(export: Export) -> None:
    del export.looks[0]


def edit_openings(export: Export) -> None:
    export.looks[0]["openings"][0][3] = to_hex((2**9 - 1).to_bytes(32, "big"))


def edit_request(export: Export) -> None:
    export.looks[0]["base"] = export.looks[0]["base"].replace('"gongzhi-purpose": 2', '"gongzhi-purpose": 5')


def widen_profile_document(export: Export) -> None:
    name = next(name for name, text in export.documents.items() if "gongzhi-profile/1" in text)
    export.documents[name] = export.documents[name].replace('["/region","o"]', '["/region","o"],["/phone","o"]')


def swap_schema_document(export: Export) -> None:
    name = next(name for name, text in export.documents.items() if "gongzhi-schema/1" in text)
    export.documents[name] = export.documents[name].replace('"nullable":false', '"nullable":true')


def withhold_schema_document(export: Export) -> None:
    export.documents = {name: text for name, text in export.documents.items() if "gongzhi-schema/1" not in text}


def edit_signer_of_submission(export: Export) -> None:
    export.entries[0]["signer"] = address("rival")


def edit_item_version(export: Export) -> None:
    export.entries[0]["message"]["itemVersion"] = 2


def hide_newest_batch(export: Export) -> None:
    last = next(entry["sequence"] for entry in export.entries if entry["message"].get("queryType") == 5) - 3
    export.entries = [entry for entry in export.entries if entry["sequence"] <= last]
    export.looks = [look for look in export.looks if look["sequence"] <= last]
    export.manifest = replace(export.manifest, last_batch=3, last_sequence=last)


def truncate_records(export: Export) -> None:
    del export.records[3:]


def truncate_all(export: Export) -> None:
    export.entries, export.records, export.looks = [], [], []


def say_other_counts(export: Export) -> None:
    from ledger.core.export import ExportCounts

    export.counts = ExportCounts(len(export.entries), len(export.records) + 1, len(export.looks), 0)


def write_malformed_line(export: Export) -> None:
    export.records[0]["remark"] = "unknown members are not ignored"


def end_inside_a_batch(export: Export) -> None:
    export.manifest = replace(export.manifest, last_sequence=export.manifest.last_sequence - 1)


@pytest.mark.parametrize(
    ("lie", "check"),
    [
        (edit_masked_value, "record.root"),
        (edit_salt, "record.root"),
        (edit_closed_digest, "record.root"),
        (edit_value_to_another_type, "record.values"),
        (edit_value_to_other_spelling, "record.values"),
        (move_value_between_records, "record.root"),
        (swap_records, "record.sealed"),
        (delete_record, "record.present"),
        (edit_ciphertext_digest, "record.sealed"),
        (renumber_entries, "entry.root"),
        (number_entry_twice, "entry.order"),
        (drop_disclosure, "entry.present"),
        (drop_request, "look.present"),
        (edit_openings, "look.openings"),
        (edit_request, "look.request"),
        (widen_profile_document, "document.hash"),
        (swap_schema_document, "document.hash"),
        (withhold_schema_document, "document.present"),
        (edit_signer_of_submission, "entry.signature"),
        (edit_item_version, "entry.root"),
        (hide_newest_batch, "export.tail"),
        (truncate_records, "record.present"),
        (truncate_all, "entry.present"),
        (say_other_counts, "export.count"),
        (write_malformed_line, "export.line"),
        (end_inside_a_batch, "export.manifest"),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_what_was_altered_afterwards_is_found(lie: Callable[[Export], None], check: str, tmp_path: Path) -> None:
    ledger = honest_ledger()
    export = ledger.export()
    lie(export)
    audited = audit(ledger, tmp_path, export)
    audited.require(check, GATEWAY_1)
    assert audited.state is None
    assert all(GATEWAY_1 in blames for blames in audited.blamed)
