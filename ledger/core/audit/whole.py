"""What is judged of a ledger as a whole: code and heads on chain, the manifest, the tail, missing numbers, receipts."""

import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from ledger.core.audit.checks import Tally
from ledger.core.audit.ground import Ground
from ledger.core.audit.promises import due_after
from ledger.core.audit.stream import Part
from ledger.core.chainfile import ChainFile, Trust
from ledger.core.documents import CatalogueItem, parse_item
from ledger.core.export import ExportCounts, ExportManifest
from ledger.core.hexadecimal import from_hex, to_hex
from ledger.core.history import AnchorFacts, AsOf, History, stream_faults
from ledger.core.succession import AnchorsContract
from ledger.errors import FormatError


def check_code(tally: Tally, trust: Trust, chain: ChainFile) -> None:
    """Check `contract.code`."""
    for name, pin in sorted(trust.contracts.items()):
        found = chain.contracts.get(name)
        actual = f"{found.address} with code {found.code_hash}" if found else "no such contract"
        expected = f"{pin.address} with code {pin.code_hash}"
        tally.judge("contract.code", found == pin, name, expected, actual, "whoever deployed on this chain")


def check_fold(tally: Tally, history: History, gateway: int) -> None:
    """Check `stream.fold` of one gateway's stream."""
    faults = stream_faults(history, gateway)
    for fault in faults:
        tally.fail("stream.fold", f"stream of gateway {gateway}", "a chain of heads", fault, f"gateway {gateway}")
    tally.passed["stream.fold"] += max(0, len(history.anchors.get(gateway, [])) - len(faults))


def check_succession(ground: Ground, tally: Tally, line: Sequence[AnchorsContract]) -> None:
    """Check `stream.succession`: once the directory named a successor, the stream was sealed in time and went on there.

    The sealing batch is the last one in the predecessor. What was signed for it is promised within anchorDelay, which
    begins anew where the chain stood still or the gateway's agency was suspended; later batches of the predecessor, and
    those beside the successor's, are the gateway's fault.
    """
    history, gateway = ground.history, ground.gateway
    successors = {before.name: later for before, later in pairwise(line)}
    for anchor in history.anchors.get(gateway, []):
        later = successors.get(anchor.contract)
        if later is None or later.since is None or anchor.point <= later.since:
            continue
        due = due_after(history, gateway, later.since.time)
        holds = due is None or anchor.point.time <= due
        expected = f"no batch in {anchor.contract} after {due}: {later.name} was named at {later.since.time}"
        found = f"anchored at {anchor.point.time}"
        tally.judge("stream.succession", holds, f"batch {anchor.batch}", expected, found, ground.blamed)
    for stray in history.stray_anchors:
        if stray.gateway == gateway:
            where = f"another batch {stray.batch} in {stray.contract}, in block {stray.point.block}"
            expected = "a stream that goes on in the successor"
            tally.fail("stream.succession", f"stream of gateway {gateway}", expected, where, ground.blamed)
    contracts = {anchor.contract for anchor in history.anchors.get(gateway, [])}
    tally.passed["stream.succession"] += max(0, len(contracts) - 1)


def judged_anchors(ground: Ground, tally: Tally, manifest: ExportManifest) -> Sequence[AnchorFacts]:
    """Return the batches whose content the export must hold, oldest first; checks `export.manifest` and `export.tail`.

    Batches that were anchored after the export was made are pending while they are fresh (anchorDelay); an export that
    lies further back than that leaves the verification incomplete.
    """
    stream = ground.history.anchors.get(ground.gateway, [])
    if manifest.last_batch > len(stream):
        return stream
    inside, beyond = stream[: manifest.last_batch], stream[manifest.last_batch :]
    last = inside[-1].first_sequence + inside[-1].leaf_count - 1 if inside else 0
    expected, found = f"sequence {last}", f"sequence {manifest.last_sequence}"
    subject = f"end of batch {manifest.last_batch}"
    tally.judge("export.manifest", last == manifest.last_sequence, subject, expected, found, ground.blamed)
    overdue = [anchor for anchor in beyond if anchor.point.time <= manifest.exported_at]
    expected = "all batches that were anchored before the export was made"
    found = f"batches {overdue[0].batch} to {overdue[-1].batch} are not in it" if overdue else ""
    tally.judge("export.tail", not overdue, "the export", expected, found, ground.blamed)
    later = beyond[len(overdue) :]
    tally.pending += sum(anchor.leaf_count for anchor in later)
    delay = ground.history.parameter("anchorDelay", AsOf(manifest.exported_at))
    if later and later[-1].point.time > manifest.exported_at + delay:
        tally.incomplete.append(f"{len(later)} batches were anchored after the export was made: export again")
    return inside


def check_counts(ground: Ground, tally: Tally, counts: ExportCounts, parts: Iterable[Part]) -> None:
    """Check `export.count`: lines that were read against the manifest."""
    read = tuple(sum(numbers) for numbers in zip(*(part.lines for part in parts), strict=True)) or (0, 0, 0, 0)
    claimed = counts.entries, counts.records, counts.looks, counts.actions
    expected = "{} entries, {} records, {} looks, {} actions".format(*claimed)
    found = "{} entries, {} records, {} looks, {} actions".format(*read)
    tally.judge("export.count", read == claimed, "the manifest", expected, found, ground.blamed)


def check_missing(ground: Ground, tally: Tally, parts: Iterable[Part]) -> None:
    """Check `entry.present` where numbers are missing: declared VOID they make the result incomplete, else faulty."""
    parts = list(parts)
    voided = [run for part in parts for run in part.voided]
    for batch, first, last in (run for part in parts for run in part.missing):
        if any(start <= first and last <= end for start, end in voided):
            tally.incomplete.append(f"entries {first} to {last} of batch {batch} were declared VOID")
        else:
            expected = f"entries {first} to {last}"
            tally.fail("entry.present", f"batch {batch}", expected, "not in the export", ground.blamed)


def check_documents(ground: Ground, tally: Tally, named: Iterable[tuple[int, int]]) -> None:
    """Check `document.present` and `document.item` of each item version (item, version) that was published."""
    for item, version in sorted(set(named)):
        facts = ground.history.items.get(item)
        if facts is None or version not in facts.versions:
            continue
        args = facts.versions[version].value
        subject = f"item {item} version {version}"
        for member, what in (("schemaHash", "schema"), ("documentHash", "item document"), ("class1Profile", "profile")):
            wanted = from_hex(args[member])
            if any(wanted):
                found = wanted in ground.documents
                about = f"{what} of {subject}"
                tally.judge("document.present", found, about, to_hex(wanted), "not in the export", ground.blamed)
        _check_code_sets(ground, tally, subject, from_hex(args["schemaHash"]))
        text = ground.documents.get(from_hex(args["documentHash"]))
        if text is not None:
            _check_item_document(tally, subject, text, args)


def _check_code_sets(ground: Ground, tally: Tally, subject: str, schema_hash: bytes) -> None:
    schema = ground.schema(schema_hash)
    named = {slot.code_set for slot in schema.slots if slot.code_set is not None} if schema else set()
    for reference in sorted(named, key=str):
        if reference.hash is not None:
            found, about = reference.hash in ground.documents, f"code set {reference.unpinned} of {subject}"
            tally.judge("document.present", found, about, to_hex(reference.hash), "not in the export", ground.blamed)


def _check_item_document(tally: Tally, subject: str, text: str, args: Mapping[str, object]) -> None:
    blames = f"agency {args['responsible']}"
    try:
        document = parse_item(json.loads(text))
    except (FormatError, ValueError):
        tally.fail("document.item", subject, "a catalogue item", "another document", blames)
        return
    said = item_args(document)
    differing = ", ".join(name for name, value in said.items() if args.get(name) != value)
    tally.judge("document.item", not differing, subject, "what the catalogue says", f"another {differing}", blames)


def item_args(document: CatalogueItem) -> dict[str, object]:
    """Return what the ItemPublished event of a catalogue item must say."""
    return {
        "item": document.item,
        "version": document.version,
        "responsible": document.responsible,
        "shareClass": int(document.share_class),
        "schemaHash": to_hex(document.schema_hash),
        "publisherKinds": document.publisher_bitmap,
        "readerKinds": document.reader_bitmap,
        "purposes": document.purpose_bitmap,
        "maskPolicyHash": to_hex(document.mask_policy_hash or bytes(32)),
        "class1Profile": to_hex(document.class1_profile or bytes(32)),
        "updateEverySeconds": document.update_every_seconds,
        "checkDays": document.check_days,
        "answerDays": document.answer_days,
        "deliverDays": document.deliver_days,
        "documentHash": to_hex(document.hash),
    }
