"""Looks on consents in an export, and the sample of them that a key-holder is to compare persons for.

Lines that do not parse, or stand out of order, are passed over: the verification of the ledger says so.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ledger.core.audit.looks import opening_look
from ledger.core.audit.requests import parse_base
from ledger.core.codes import Basis, EntryType
from ledger.core.export import (
    ENTRIES_FILE,
    LOOKS_FILE,
    MANIFEST_FILE,
    ExportedEntry,
    ExportedLook,
    ExportManifest,
    parse_entry,
    parse_look,
    parse_manifest,
    parse_members,
)
from ledger.core.history import History
from ledger.core.look import consent_id
from ledger.core.person_sample import ConsentedLook, PersonsSample, draw, require_seed
from ledger.core.statements import StatementDomain
from ledger.errors import FormatError, UsageError
from ledger.person_errors import PersonsSampleDiffers
from ledger.services.audit_files import LineFile


def read_manifest(folder: Path) -> ExportManifest:
    """Return the manifest of an export; raises UsageError where there is none, FormatError, UnsupportedFormat."""
    file = folder / MANIFEST_FILE
    if not file.is_file():
        raise UsageError(f"there is no export in {folder}")
    return parse_manifest(file.read_bytes())[0]


def draw_sample(folder: Path, history: History, seed: str, number: int) -> PersonsSample:
    """Return `number` looks on consents of an export, drawn by a seed; nothing of the export is judged here.

    `history` says on which consent a grant rests. Raises UsageError, FormatError (export or seed), UnsupportedFormat.
    """
    manifest = read_manifest(folder)
    drawn_from, looks = draw(consented_looks(folder, history, manifest.last_sequence), require_seed(seed), number)
    domain = StatementDomain(manifest.chain_id, manifest.contract)
    return PersonsSample(domain, manifest.gateway, manifest.last_sequence, seed, drawn_from, looks)


def require_drawn(sample: PersonsSample, folder: Path, history: History) -> None:
    """Raise PersonsSampleDiffers unless the sample is what its seed draws from an export, which may reach further."""
    manifest = read_manifest(folder)
    if (manifest.chain_id, manifest.gateway) != (sample.domain.chain_id, sample.gateway):
        raise PersonsSampleDiffers(f"the sample is of gateway {sample.gateway}, the export of {manifest.gateway}")
    if manifest.last_sequence < sample.last_sequence:
        raise PersonsSampleDiffers(f"the sample was drawn up to entry {sample.last_sequence}, where no entry is here")
    looks = consented_looks(folder, history, sample.last_sequence)
    if draw(looks, sample.seed, len(sample.looks)) != (sample.drawn_from, sample.looks):
        raise PersonsSampleDiffers("its seed draws other looks from this export")


def consented_looks(folder: Path, history: History, last_sequence: int) -> Iterator[ConsentedLook]:
    """Yield the record versions that entries up to `last_sequence` opened on a consent, in the order of the stream."""
    for entry, look in _disclosures(folder, last_sequence):
        yield from looks_on_consent(history, entry, look)


def looks_on_consent(history: History, entry: ExportedEntry, look: ExportedLook) -> tuple[ConsentedLook, ...]:
    """Return the record versions that a disclosure opened on a consent, none where it rests on none that is known."""
    try:
        consent = consent_id(history, opening_look(entry, parse_base(look.base)))
    except FormatError:
        return ()
    if consent is None or consent not in history.consents:
        return ()
    return tuple(
        ConsentedLook(entry.sequence, opening.record_id, opening.version, opening.record_root, consent)
        for opening in look.openings
    )


def _disclosures(folder: Path, last_sequence: int) -> Iterator[tuple[ExportedEntry, ExportedLook]]:
    """Yield the disclosures with basis LB1, each with its look."""
    looks = lines_of(folder / LOOKS_FILE)
    look = next(looks, None)
    for members in lines_of(folder / ENTRIES_FILE):
        sequence, message = members.get("sequence"), members.get("message")
        if not isinstance(sequence, int) or sequence > last_sequence or not isinstance(message, dict):
            continue
        if members.get("entryType") != EntryType.DISCLOSURE or message.get("basis") != Basis.CONSENT:
            continue
        while look is not None and _is_before(look, sequence):
            look = next(looks, None)
        try:
            if look is not None and look.get("sequence") == sequence:
                yield parse_entry(members), parse_look(look)
        except FormatError:
            continue


def _is_before(members: Mapping[str, Any], sequence: int) -> bool:
    found = members.get("sequence")
    return not isinstance(found, int) or found < sequence


def lines_of(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the members of the lines of a file that parse."""
    file = LineFile(path)
    for line in file.lines(0, file.size):
        try:
            yield parse_members(line)
        except FormatError:
            continue
