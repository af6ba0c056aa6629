"""The auditor's state `gongzhi-state/1`: the head up to which a complete verification found everything in order."""

import os
from dataclasses import dataclass
from pathlib import Path

from ledger.core.canonical import decode, encode
from ledger.core.hexadecimal import from_hex, to_hex
from ledger.core.history import History
from ledger.core.shapes import members_of, unsigned
from ledger.errors import UnsupportedFormat

FORMAT = "gongzhi-state/1"
_MEMBERS = ("format", "chainId", "gateway", "block", "hash", "head", "batch", "sequence")


@dataclass(frozen=True, slots=True)
class AuditState:
    """A pinned head: newest block (number, 0x hash) and batch, its head and last sequence, of one gateway's stream."""

    chain_id: int
    gateway: int
    block: int
    hash: str
    head: str
    batch: int
    sequence: int

    def holds(self, chain_id: int, gateway: int, history: History) -> bool:
        """Say whether the chain still has this block and this head."""
        block, anchor = history.blocks.get(self.block), history.anchor(self.gateway, self.batch)
        return (
            (self.chain_id, self.gateway) == (chain_id, gateway)
            and block is not None
            and block.hash == self.hash
            and anchor is not None
            and to_hex(anchor.head) == self.head
            and anchor.first_sequence + anchor.leaf_count - 1 == self.sequence
        )


def read_state(path: Path) -> AuditState | None:
    """Return the state in a file, None if there is no file; raises FormatError."""
    if not path.exists():
        return None
    value = decode(path.read_bytes())
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise UnsupportedFormat(f"state file: expected format {FORMAT}")
    members = members_of(value, _MEMBERS, what="state file")
    for name in ("hash", "head"):
        from_hex(members[name], 32, what=f"state {name}")
    return AuditState(
        unsigned(members["chainId"], 53, what="state chainId"),
        unsigned(members["gateway"], 32, what="state gateway"),
        unsigned(members["block"], 53, what="state block"),
        members["hash"],
        members["head"],
        unsigned(members["batch"], 53, what="state batch"),
        unsigned(members["sequence"], 53, what="state sequence"),
    )


def write_state(path: Path, state: AuditState) -> None:
    """Replace the state file atomically and durably."""
    document = {
        "format": FORMAT,
        "chainId": state.chain_id,
        "gateway": state.gateway,
        "block": state.block,
        "hash": state.hash,
        "head": state.head,
        "batch": state.batch,
        "sequence": state.sequence,
    }
    partial = path.with_name(path.name + ".partial")
    with partial.open("wb") as file:
        file.write(encode(document) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
