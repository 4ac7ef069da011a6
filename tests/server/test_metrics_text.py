"""The text of /metrics, against the parser of Prometheus' own library."""

from __future__ import annotations

import math
import zlib

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from storj_monitor.model.figures import Family
from storj_monitor.server.metrics import metrics_text
from storj_monitor.units import plain_text

NAMES = st.from_regex(r"storj_[a-z]{1,8}", fullmatch=True)
# the parser splits lines at every kind of line end; the format knows only one
TEXTS = st.text(st.characters(exclude_characters="\r\v\f\x1c\x1d\x1e\x85\u2028\u2029", exclude_categories=["Cs"]), max_size=20)
SAMPLES = st.lists(
    st.tuples(st.fixed_dictionaries({"node": TEXTS, "action": TEXTS}), st.floats() | st.integers(-(2**53), 2**53)), max_size=4
)
FAMILIES = st.lists(
    st.builds(Family, NAMES, TEXTS.map(str.strip), st.sampled_from(["gauge", "counter"]), SAMPLES), max_size=4, unique_by=lambda f: f.name
)


def shown(text: str) -> str:
    """What had to be written out is marked, so that it is no other label's."""
    plain = plain_text(text)
    return plain if plain == text else f"{plain}…{zlib.crc32(text.encode('utf-8', 'replace')):08x}"


@given(FAMILIES)
def test_the_library_reads_what_was_meant(families: list[Family]) -> None:
    read = list(text_string_to_metric_families(metrics_text(families).decode()))
    assert [(one.name, one.type) for one in read] == [(family.name, family.kind) for family in families]
    for one, family in zip(read, families, strict=True):
        suffix = "_total" if family.kind == "counter" else ""
        assert [(sample.name, sample.labels) for sample in one.samples] == [
            (family.name + suffix, {label: shown(text) for label, text in labels.items()}) for labels, _ in family.samples
        ]
        for sample, (_, value) in zip(one.samples, family.samples, strict=True):
            assert sample.value == value or (math.isnan(sample.value) and math.isnan(value))


def test_half_characters_and_no_labels() -> None:
    text = metrics_text([Family("a", "helps\\\nmuch", "gauge", [({}, 1), ({"node": '\udc80"\n\\'}, math.inf)])])
    crc = zlib.crc32(b'?"\n\\')
    assert text.decode() == f'# HELP a helps\\\\\\nmuch\n# TYPE a gauge\na 1.0\na{{node="\\\\udc80\\" \\\\…{crc:08x}"}} +Inf\n'
