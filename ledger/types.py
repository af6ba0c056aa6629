"""Identifiers that must not be confused. Nothing here has behaviour."""

from typing import NewType

AgencyId = NewType("AgencyId", int)
"""Number of a member agency in the registry, from 1; 0 means none."""
ItemId = NewType("ItemId", int)
"""Number of a catalogue item, from 1."""
Bytes32 = NewType("Bytes32", bytes)
"""Exactly 32 bytes: a digest, a root, a random handle."""
Address = NewType("Address", str)
"""Lowercase `0x` hex of 20 bytes."""
RecordId = NewType("RecordId", bytes)
"""32 random bytes; never derived from a person."""
EntryId = NewType("EntryId", int)
"""Row number of an entry in this gateway's database; not its sequence."""
Sequence = NewType("Sequence", int)
"""Position of an entry in a gateway's anchored stream, from 1."""
BatchNumber = NewType("BatchNumber", int)
"""Number of an anchored batch of a gateway, from 1."""
BlockNumber = NewType("BlockNumber", int)
UnixSeconds = NewType("UnixSeconds", int)
"""Integer seconds since 1970-01-01 UTC."""
