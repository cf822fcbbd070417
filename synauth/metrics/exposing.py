"""
All that was counted, in Prometheus' own words, when somebody asks.
"""

from typing import Any, Callable, Iterable, Iterator, List, Optional, Sequence, Tuple

import prometheus_client
from prometheus_client import (
    CollectorRegistry,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)

from synauth.metrics.counting import BOUNDS_S
from synauth.metrics.measures import Measures

# Older versions of prometheus_client don't add it by themselves, newer ones don't
# add it twice.
_TOTAL = "_total"

# Of a series: the values of its labels, and its own.
Series = Tuple[Sequence[str], float]


class Collector:
    """
    Makes families of what was measured; a collector for a C{CollectorRegistry}.

    @param measures: where it is counted.
    """

    def __init__(self, measures: Measures) -> None:
        self._measures = measures

    def collect(self) -> Iterator[Any]:
        """
        @return: the families.
        """
        measures = self._measures
        yield from self._requests()
        yield _counter(
            "synauth_auth_outcomes",
            "Authentications and what else the audit log has; the reason is that of a"
            " refusal.",
            ["method", "outcome", "reason"],
            (
                ([method, "refused" if reason else "success", reason], count)
                for (method, reason), count in measures.audit.counts.items()
            ),
        )
        yield from self._hashes()
        yield from self._database()
        yield from self._modules()
        yield _counter(
            "synauth_rate_limit_refusals",
            "What was refused for being too much.",
            ["limit"],
            (([name], count) for name, count in measures.refusals().items()),
        )
        sessions = measures.sessions()
        if sessions is not None:
            yield _gauge(
                "synauth_ui_auth_sessions",
                "User-interactive authentications under way, where they are kept in"
                " memory.",
                sessions,
            )
        yield from self._tokens()
        yield from self._connections()

    def _requests(self) -> Iterator[Any]:
        requests = self._measures.requests
        yield _counter(
            "synauth_http_requests",
            "Requests that were answered.",
            ["endpoint", "method", "status"],
            (
                ([endpoint, method, str(status)], count)
                for (endpoint, method, status), count in requests.counts.items()
            ),
        )
        family = HistogramMetricFamily(
            "synauth_http_request_duration_seconds",
            "From the end of a request to that of its answer.",
            labels=["endpoint"],
        )
        for endpoint, durations in requests.durations.items():
            family.add_metric([endpoint], _buckets(durations[:-1]), durations[-1])
        yield family

    def _hashes(self) -> Iterator[Any]:
        pool = self._measures.hash_pool
        yield _gauge("synauth_hashes_running", "Hashes worked on.", pool.running)
        yield _gauge("synauth_hashes_waiting", "Hashes not begun.", pool.waiting)
        yield _gauge("synauth_hash_threads", "Hashes at once, at most.", pool.threads)
        yield _total("synauth_hashes", "Hashes that were made.", pool.finished)
        yield _total(
            "synauth_hash_seconds", "How long those took altogether.", pool.seconds
        )
        yield _total(
            "synauth_hashes_refused", "Refused with a full queue.", pool.refused
        )

    def _database(self) -> Iterator[Any]:
        database = self._measures.database
        yield _gauge(
            "synauth_db_transactions_pending",
            "Transactions that are worked on, or wait to be.",
            database.pending,
        )
        yield _counter(
            "synauth_db_transactions",
            "Transactions that have ended.",
            ["kind", "outcome"],
            (
                ([kind, "success" if success else "failure"], count)
                for (kind, success), count in database.counts.items()
            ),
        )
        yield _counter(
            "synauth_db_transaction_seconds",
            "How long those took altogether, waiting included.",
            ["kind"],
            (([kind], seconds) for kind, seconds in database.seconds.items()),
        )
        yield _total(
            "synauth_db_retries",
            "How often a transaction was tried again: others were in its way, or the"
            " connection was lost.",
            database.retries,
        )

    def _modules(self) -> Iterator[Any]:
        caller = self._measures.caller
        for name, documentation, counts in (
            ("synauth_module_calls", "Calls of modules.", caller.calls),
            (
                "synauth_module_failures",
                "Calls that were not answered, or not with an answer.",
                caller.failures,
            ),
            (
                "synauth_module_call_seconds",
                "How long calls took altogether.",
                caller.seconds,
            ),
        ):
            yield _counter(
                name,
                documentation,
                ["module"],
                (([module], count) for module, count in counts.items()),
            )

    def _tokens(self) -> Iterator[Any]:
        cache = self._measures.token_cache
        yield _counter(
            "synauth_token_lookups",
            "Access tokens that were looked up, in memory or in the database.",
            ["source"],
            [(["memory"], cache.hits), (["database"], cache.misses)],
        )
        yield _gauge("synauth_token_cache_size", "Tokens in memory.", len(cache))

    def _connections(self) -> Iterator[Any]:
        connections = self._measures.connections
        if connections is not None:
            yield _gauge("synauth_connections", "Open connections.", len(connections))
            yield _total(
                "synauth_connections_refused",
                "Connections beyond the limits.",
                connections.refused,
            )


def _buckets(counts: Sequence[float]) -> List[Tuple[str, float]]:
    """
    @return: bounds, and how many are not above them.
    """
    buckets, total = [], 0.0
    for bound, count in zip([*map(str, BOUNDS_S), "+Inf"], counts):
        total += count
        buckets.append((bound, total))
    return buckets


def _counter(
    name: str, documentation: str, labels: Sequence[str], series: Iterable[Series]
) -> Any:
    family = CounterMetricFamily(name + _TOTAL, documentation, labels=labels)
    for values, value in series:
        family.add_metric(values, value)
    return family


def _total(name: str, documentation: str, value: float) -> Any:
    return CounterMetricFamily(name + _TOTAL, documentation, value=value)


def _gauge(name: str, documentation: str, value: float) -> Any:
    return GaugeMetricFamily(name, documentation, value=value)


def make_exposition(
    measures: Measures, registry: Optional[CollectorRegistry] = None
) -> Callable[[], bytes]:
    """
    @param measures: what is shown, besides what C{prometheus_client} knows of the
        process.
    @param registry: where to; one of its own by default, for there may be another
        server in this process.
    @return: gives all of it, as text in Prometheus' format.
    """
    if registry is None:
        registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    if hasattr(prometheus_client, "GCCollector"):
        # Not before 0.7; a Synapse of 2019 wants one before 0.4.
        prometheus_client.GCCollector(registry=registry)
    registry.register(Collector(measures))
    return lambda: generate_latest(registry)
