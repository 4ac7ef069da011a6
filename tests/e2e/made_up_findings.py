"""What the made-up monitor has found: every severity, a forecast, a finding that ended, a node that is still being learned."""

from __future__ import annotations

from typing import Any

from e2e.made_up_figures import DAY_S, SATELLITES, Figures, Row
from e2e.made_up_states import state_findings

US1, EU1, AP1 = SATELLITES
HOUR_S = 3600.0


class Findings(Figures):
    """Rows of the topic `analytics`, and the answer of `/api/v1/findings`."""

    def analytics(self, view: list[str]) -> dict[str, Row]:
        rows = {f"node/{name}": self._learning(name) for name in view}
        if not self.young:
            rows |= {f"finding/{row['number']}": row for row in self._open(view) + self._ended(view, 1)}
        if self.trouble:
            rows |= {f"finding/{row['number']}": row for name in view for row in state_findings(name, self.began)}
        for name in view:
            rows[f"node/{name}"]["open_findings"] = sum(
                row["row"] == "finding" and row["node"] == name and row["until"] is None for row in rows.values()
            )
        return rows

    def findings_answer(self, view: list[str], now: float) -> Row:
        rows = sorted(self._open(view) + self._ended(view, 30), key=lambda row: -row["changed"])
        return {"from": now - 30 * DAY_S, "to": now, "as_of": now, "nodes": view, "rows": rows, "more": 2, "learning": [], "help": {}}

    def _learning(self, name: str) -> Row:
        hours = 2 if self.young else 700 if name == "attic" else 53
        basis = "none" if self.young else "hour_of_week" if name == "attic" else "hour_of_day"
        return {
            "row": "node",
            "node": name,
            "hours": hours,
            "full_hours": 672,
            "basis": basis,
            "text": f"baselines from {hours} hours; full after four weeks",
            "analysed_until": None if self.young else int(self.began) - 30,
            "series": 0 if self.young else 6,
            "open_findings": 0,
        }

    def _open(self, view: list[str]) -> list[Row]:
        success = self._finding(
            2,
            "attic",
            "success",
            severity="critical",
            satellite=US1,
            unit="share",
            value=0.9312,
            expected=0.9912,
            band=[0.9861, 0.9943],
            cause="v1.162.3 started",
            title="attic: success of uploads from us1 fell from 99.1 % to 93.1 %" + self.evil,
            text="attic: success of uploads from us1 fell from 99.1 % to 93.1 % since 14:05, right after v1.162.3 started;"
            f" 80 % of failures are 'connection reset'.{self.evil}",
            evidence=[
                {"name": "connection reset" + self.evil, "part": 40, "whole": 50},
                {"name": "i/o timeout", "part": 8, "whole": 50},
                {"name": "context canceled", "part": 2, "whole": 50},
            ],
        )
        rate = self._finding(
            3,
            "cellar",
            "rate",
            severity="info",
            state="new",
            unit="per_minute",
            value=61.2,
            expected=24.0,
            band=[11.5, 47.0],
            title="transfers of cellar rose from 24 a minute to 61.2 a minute",
        )
        space = self._finding(
            4,
            "garage-8tb",
            "space",
            severity="warning",
            kind="forecast",
            unit="days",
            value=21.0,
            expected=30.0,
            band=[16.0, None],
            direction=None,
            z=None,
            samples=None,
            title="garage-8tb could be full in 21 days",
        )
        slow = self._finding(
            5,
            "garage-8tb",
            "latency",
            severity="warning",
            satellite=EU1,
            direction="down",
            kind="change",
            unit="ms",
            value=1410.0,
            expected=320.0,
            band=[250.0, 390.0],
            since=self.began - 26 * HOUR_S,
            title="garage-8tb: downloads for eu1 got slower: typically 1.4 s instead of 320 ms",
        )
        return [row for row in (rate, slow, success, space) if row["node"] in view]

    def _ended(self, view: list[str], days: float) -> list[Row]:
        rows = []
        for number, age_s in ((1, 5 * HOUR_S), (6, 6 * DAY_S)):
            until = int(self.began - age_s)
            row = self._finding(
                number, "attic", "silence", severity="warning", unit="per_minute", value=0.0, expected=0.3, since=until - 3000.0
            )
            row |= {
                "title": "no uploads of attic (usually 18 an hour)",
                "state": "resolved",
                "resolved": "back to normal",
                "until": until,
                "changed": until,
                "history": [*row["history"], {"state": "resolved", "at": until, "value": 0.3}],
            }
            if row["node"] in view and age_s < days * DAY_S:
                rows.append(row)
        return rows

    def _finding(self, number: int, node: str, metric: str, satellite: str | None = None, since: float | None = None, **own: Any) -> Row:
        began = int(self.began - 2 * HOUR_S if since is None else since)
        row = {
            "row": "finding",
            "number": number,
            "node": node,
            "satellite": satellite,
            "satellite_name": None if satellite is None else SATELLITES[satellite],
            "direction": "up",
            "kind": "anomaly",
            "node_state": None,
            "metric": metric,
            "state": "active",
            "resolved": None,
            "since": began,
            "found": began + 600,
            "changed": began + 1200,
            "until": None,
            "title": "",
            "text": "",
            "advice": "Look at the disk, the processor and the uplink of this machine.",
            "cause": None,
            "band": None,
            "z": -7.31,
            "samples": 1312,
            "evidence": [],
            "history": [
                {"state": "new", "at": began + 600, "value": own.get("value", 0.0)},
                {"state": "active", "at": began + 1200, "value": own.get("value", 0.0)},
            ],
        } | own
        return row | {"text": row["text"] or f"{row['title']} since 12:00."}
