"""`gongzhi verify sample`: draws looks on consents from an export, for a key-holder who compares persons."""

from collections.abc import Sequence
from pathlib import Path

from ledger.cli.output import print_result
from ledger.cli.verify_inputs import read_chain, read_trust
from ledger.client.durable import write_durably
from ledger.core.canonical import encode
from ledger.core.hexadecimal import to_hex
from ledger.services.consented_looks import draw_sample


def write_sample(
    export: Path,
    seed: str,
    number: int,
    out: Path,
    trust: Path | None,
    chain: Sequence[str],
    *,
    offline: bool,
    as_json: bool,
) -> None:
    """Write a sample and print what it holds; raises UsageError, ChainError, FormatError, UnsupportedFormat."""
    given = read_chain(chain, read_trust(trust), offline=offline)
    sample = draw_sample(export, given.file.history(), seed, number)
    write_durably(out, encode(sample.document))
    result = {
        "gateway": sample.gateway,
        "lastSequence": sample.last_sequence,
        "drawn": len(sample.looks),
        "drawnFrom": sample.drawn_from,
        "sample": to_hex(sample.hash),
        "file": str(out),
    }
    print_result(result, as_json=as_json)
