"""The demonstration: a consortium of fourteen agencies shares 3,051 real emergency calls, and an auditor checks it."""
