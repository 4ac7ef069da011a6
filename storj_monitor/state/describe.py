"""The states of a node and the rules behind them as a document: `python -m storj_monitor.state.describe > docs/states.md`."""

from __future__ import annotations

import sys

from storj_monitor.state.node_rules import RULES

_HEAD = """# How a node is

The monitor says one state of each node, everywhere the same: on the page (badge at the top, title and icon of the tab, the list of nodes,
Node health, and every reason as a finding), in `/api/v1/nodes` and `/api/v1/findings`, and in `/metrics` (`storj_monitor_node_state`).
It is judged from all evidence whenever something is told, and every five seconds by the clock.

| state | meaning |
|---|---|
| down | the node does not run, or nothing is heard of it |
| at risk | it may lose data, its reputation or its uploads, or has lost some |
| warning | something is wrong, or something that should be known is not |
| learning | not every source has been heard yet |
| ok | every source that is set (log, API, /metrics) has good evidence that is fresh |
| no data | nothing is known of it, or nothing that shows whether it works (a log above INFO alone) |

The state is the worst of all reasons. Each has a sentence, and since when. Evidence has an age: an answer counts for three minutes, a line
of the log for as long as this log is ever silent (at least the setting `thresholds.silent`). What contradicts a reason ends it at once.
Silence of a source counts from when the monitor began to listen to it: one that has just started says `warning` first, and `down` later.
A node that was down before that is so since the last that is known of it: the last line of a log that is read to its end, its last
answer to an earlier run of the monitor, or since when that run saw it shut. A log of which nothing could be read yet, or that
may not be read, is no evidence.
`/api/v1` and `/metrics` write the states `down`, `at_risk`, `warning`, `learning`, `ok` and `no_data`; of a finding, `metric` is the code.

This page is made by `python -m storj_monitor.state.describe` from the rules themselves.

| code | state | when | what to do |
|---|---|---|---|
"""


def document() -> str:
    """The whole page."""
    rows = [f"| `{rule.code}` | {rule.kind.label.replace('_', ' ')} | {rule.when} | {rule.advice} |\n" for rule in RULES]
    return _HEAD + "".join(rows)


if __name__ == "__main__":
    sys.stdout.write(document())
