"""Advisory locks. Each is held until its transaction ends, so a killed process holds none."""

MARKS_LOCK = 0x676F6E677A686901
"""Shared by submissions, exclusive for following a mark: neither may miss the other's rows."""
MIGRATION_LOCK = 0x676F6E677A686902
"""Two processes that start at once do not both migrate."""
STREAM_LOCK = 0x676F6E677A6869
"""With a gateway's number: who fixes batches."""
UPLOADS_LOCK = 0x676F6E677A686B
"""With an agency's number: who adds to its uploads."""
SENDER_LOCK = 0x676F6E677A686A
"""With a sender's address: who takes nonces."""
FOLLOW_LOCK = 0x676F6E677A686903
"""Who moves the cursor of the followed chain."""
ABOUT_NAMESPACE = b"gongzhi about"
"""With an id, hashed: who acts on it or looks by it. Only these locks have two numbers, so they meet no other."""
