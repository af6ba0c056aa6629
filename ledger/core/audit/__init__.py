"""What an auditor checks of a whole ledger: pure functions over iterators; no clock, no I/O (verification page)."""
