"""The states of a node and the rules behind them as a document: `python -m storj_monitor.state.describe > docs/states.md`."""

from __future__ import annotations

import sys

from storj_monitor.state.node_rules import RULES

_HEAD = """# The state of a node

Each node has one **state**: how it is, in one word. It is the same everywhere:

| where | what |
|---|---|
| the page | badge at the top, title and icon of the tab, list of nodes, Node health; each reason also as a finding |
| `/api/v1/nodes`, topic `nodes` | `node_state`, `node_state_since`, `node_state_reason`, `reasons` |
| `/api/v1/findings`, topic `analytics` | a finding of kind `state` for each reason; its `metric` is the code of the rule |
| `/metrics` | `storj_monitor_node_state`, `storj_monitor_node_reasons` |

| state | on the wire | meaning |
|---|---|---|
| down | `down` | the node does not run, or nothing is heard of it |
| at risk | `at_risk` | it may lose data, its reputation or its uploads, or has lost some |
| warning | `warning` | something is wrong, or something that should be known is not |
| learning | `learning` | not every source has been heard yet |
| ok | `ok` | every source that is configured (log, API, /metrics) has good and recent evidence |
| no data | `no_data` | nothing is known of it, or nothing that shows whether it works (only a log above INFO) |

For example, a node whose API has timed out for ten minutes while its log goes on is `warning`, with the reason `source_silent`. When its
log falls silent, too, it is `down` three minutes later, with the reason `silent`.

## How a state comes about

The monitor decides, in one place, by the rules below. Neither the page nor `/metrics` judges anything.

1. **Evidence** is gathered from the sources of the node (log, API, /metrics, public port, storage folder), from its reputation, space,
   version and uptime, and from the findings of the analytics.
2. Each **rule** looks at the evidence and the time, and gives no reason, one, or several (one for each satellite, say). A reason has a
   sentence and a time since when it holds.
3. The state is the worst of all reasons. Where no rule finds anything, it is `ok`, `learning` or `no_data`. A reason that says less
   about the same trouble is dropped: "the API is silent" says nothing new of a process that has ended.

This is done whenever something is learnt of the node (at most every 0.4 seconds), and every five seconds for what only time changes.

**Evidence has an age.** An answer counts for three minutes. A line of the log counts for as long as this log is ever silent (at least
the setting `thresholds.silent`). Evidence that contradicts a reason ends the reason at once.

**After a start of the monitor**, the silence of a source counts from when the monitor began to listen: a silent source makes `warning`
first and `down` later. `since` of a node that was down before is the last that is known of it: the last line of a
log that is read to its end, its last answer to an earlier run, or since when that run saw it closed. A log of which nothing could be
read yet, or that may not be read, is no evidence.

## Adding a rule

A rule is one row of `RULES` in `state/node_rules.py`: code, state, the condition in words, what to do, the evidence that it needs, and a
function. The function is pure and stands in `state/node_conditions.py`:
evidence and `now` in, reasons out. New evidence is gathered in `state/node_evidence.py`. The order of the table decides which of two
reasons of one state comes first. Then

    python -m storj_monitor.state.describe > docs/states.md

writes this page from the rules, and `tests/state/test_node_state.py` needs a node for which the new rule gives its reason, and one for
which it does not. Page, API and `/metrics` show the new reason without a change.

## The rules

| code | state | when | what to do |
|---|---|---|---|
"""


def document() -> str:
    """The whole page."""
    rows = [f"| `{rule.code}` | {rule.kind.label.replace('_', ' ')} | {rule.when} | {rule.advice} |\n" for rule in RULES]
    return _HEAD + "".join(rows)


if __name__ == "__main__":
    sys.stdout.write(document())
