"""/metrics: figures from memory as Prometheus text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector

from storj_monitor.server.ports import Family

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4


class _Collected(Collector):
    def __init__(self, families: Iterable[Family]) -> None:
        self._families = families

    def collect(self) -> Iterator[Metric]:
        for family in self._families:
            samples = list(family.samples)
            names = sorted(samples[0][0]) if samples else []
            kind = GaugeMetricFamily if family.kind == "gauge" else CounterMetricFamily
            metric = kind(family.name, family.help, labels=names)
            for labels, value in samples:
                metric.add_metric([labels[name] for name in names], value)
            yield metric


def metrics_text(families: Iterable[Family]) -> bytes:
    """Text exposition format 0.0.4. All samples of one family have the same label names."""
    return generate_latest(_Collected(families))
