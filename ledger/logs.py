"""How every process writes its log: one JSON object a line, on standard output, with no personal data."""

import logging

import structlog


def configure_logs(level: str = "info") -> None:
    """Write JSON lines to standard output from `level` (debug, info, warning, error) on."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.WriteLoggerFactory(),
        cache_logger_on_first_use=True,
    )
