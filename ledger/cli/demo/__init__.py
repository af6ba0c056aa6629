"""The demonstration: a consortium of seventeen agencies shares 3,051 real emergency calls, and an auditor checks it."""

from ledger.cli.demo.command import demo

__all__ = ["demo"]
