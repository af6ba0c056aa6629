"""Prometheus metrics, units in their names. Labels are route templates and codes, never ids of records or persons."""

from collections.abc import Mapping, Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from ledger.count_rows import OnceFigures

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_GAUGES: Mapping[str, tuple[str, str]] = {
    "entries": ("gongzhi_entries", "Entries of the stream"),
    "unnumbered": ("gongzhi_entries_unnumbered", "Entries that have no number yet"),
    "oldest_unnumbered_at": ("gongzhi_oldest_unnumbered_time_seconds", "Unix time of the oldest of them, 0 if none"),
    "earliest_open_anchor_by": ("gongzhi_earliest_promise_time_seconds", "Nearest anchorBy that is open, 0 if none"),
    "batches": ("gongzhi_batches", "Fixed batches"),
    "batches_unanchored": ("gongzhi_batches_unanchored", "Fixed batches that are not confirmed on chain"),
    "submissions": ("gongzhi_submissions", "Submissions taken"),
    "records": ("gongzhi_records", "Record versions taken"),
    "outbox_unsettled": ("gongzhi_outbox_unsettled", "Chain transactions received or submitted, not settled"),
    "oldest_unsettled_at": ("gongzhi_oldest_unsettled_time_seconds", "Unix time of the oldest of them, 0 if none"),
    "quarantined": ("gongzhi_outbox_quarantined", "Chain transactions that failed for good"),
    "followed_block": ("gongzhi_followed_block", "Newest followed block, -1 before the first"),
    "erasures_pending": ("gongzhi_erasures_pending", "Records marked erased whose content is still there"),
    "checked_at": ("gongzhi_head_seen_time_seconds", "Unix time when the chain's head was last seen"),
}


class Metrics:
    """The metrics of one process."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "gongzhi_requests", "Requests answered", ("method", "route", "status"), registry=self._registry
        )
        self._seconds = Histogram(
            "gongzhi_request_seconds",
            "Time from the first byte of a request to the last of its answer, in seconds",
            ("method", "route"),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._problems = Counter("gongzhi_problems", "Problem answers", ("code",), registry=self._registry)
        self._published = Counter(
            "gongzhi_published_records", "Records that this process accepted", registry=self._registry
        )
        self._opened = Counter(
            "gongzhi_opened_records", "Records that this process opened in looks", registry=self._registry
        )
        self._alone = Counter(
            "gongzhi_looks_alone",
            "Looks at one record that were not answered together with others, in a transaction of their own",
            registry=self._registry,
        )
        self._keys = Gauge(
            "gongzhi_key_expiry_seconds",
            "Seconds until the last usable key of this gateway with this role expires, 0 if there is none",
            ("role",),
            registry=self._registry,
        )
        self._collected = Gauge(
            "gongzhi_collected_records",
            "Records about persons taken of items that are collected once, all together",
            registry=self._registry,
        )
        self._duplicates = Gauge(
            "gongzhi_duplicate_records",
            "Records that collected a person again: taken with a warning, or refused",
            ("outcome",),
            registry=self._registry,
        )
        self._avoided = Gauge(
            "gongzhi_duplicate_records_avoided",
            "Questions of coverage that found a current record",
            registry=self._registry,
        )
        self._gauges = {name: Gauge(metric, text, registry=self._registry) for name, (metric, text) in _GAUGES.items()}

    def count_request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count an answered request under its route template."""
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)

    def count_problem(self, code: str) -> None:
        """Count a problem answer."""
        self._problems.labels(code).inc()

    def count_published(self, records: int) -> None:
        """Count accepted records."""
        self._published.inc(records)

    def count_alone(self) -> None:
        """Count a look at one record that was answered alone."""
        self._alone.inc()

    def count_opened(self, records: int) -> None:
        """Count opened records."""
        self._opened.inc(records)

    def page(
        self, figures: Mapping[str, int], key_seconds: Mapping[str, int], collected: Sequence[OnceFigures] = ()
    ) -> bytes:
        """Return the metrics as Prometheus text, with the gateway's figures and its keys' expiry as they are now."""
        # By item they would tell what tables of counts hide, to everybody who reaches this page.
        self._collected.set(sum(one.taken for one in collected))
        self._duplicates.labels("warned").set(sum(one.warned for one in collected))
        self._duplicates.labels("refused").set(sum(one.refused for one in collected))
        self._avoided.set(sum(one.avoided for one in collected))
        self._keys.clear()
        for role, seconds in key_seconds.items():
            self._keys.labels(role).set(seconds)
        for name, gauge in self._gauges.items():
            gauge.set(figures.get(name, 0))
        return generate_latest(self._registry)
