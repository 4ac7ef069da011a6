"""Earnings of made-up nodes: one that agrees with us, one that does not, one without figures."""

from __future__ import annotations

from e2e.made_up_figures import DAY_S, SATELLITES, Figures, Row

AUGUST = 1_785_542_400.0
"""2026-08-01."""


class Money(Figures):
    """Earnings of made-up nodes: one that agrees with us, one that does not, one without figures."""

    def earnings(self, view: list[str]) -> dict[str, Row]:
        told = [node for node in view if node != "office"]
        rows: dict[str, Row] = {}
        for place, node in enumerate(told):
            parts = [self._money(node, satellite, 3_200_000 // (number + 1) // (place + 1)) for number, satellite in enumerate(SATELLITES)]
            if node == "cellar":
                parts[2] |= {"now": self._month(0), "expected_usd_micros": 0, "month_end": None, "disqualified_at": self.began - 40 * DAY_S}
                parts[2] |= {"comparison": None, "theirs": None}
            rows |= {f"{node}/{row['satellite']}": row for row in parts}
            rows[node] = self._money_of_node(node, parts)
        if told:
            nodes = [rows[node] for node in told]
            rows[""] = self._sum(nodes) | {
                "kind": "fleet",
                "node": "",
                "name": "",
                "comparison": {
                    "agrees": all(node["comparison"]["agrees"] for node in nodes),
                    "reasons": [f"{n['node']}: {' '.join(n['comparison']['reasons'])}" for n in nodes if not n["comparison"]["agrees"]],
                    "differences": [],
                },
                "band": {"low_usd_micros": 9_000_000, "high_usd_micros": 11_000_000},
                "revenue": nodes[0]["revenue"],
                "unpaid": nodes[0]["unpaid"],
                "profit_now": None,
                "profit_month_end": {
                    "revenue_usd_micros": 10_000_000,
                    "power_usd_micros": 12_500_000,
                    "fixed_usd_micros": 0,
                    "profit_usd_micros": -2_500_000,
                },
                "without_costs": told[1:],
                "currency": {"code": "EUR", "per_usd": 0.5},
                "nodes": len(told),
                "left_out": [n for n in view if n not in told],
                "balance": self._balance(len(told)),
                "held": {
                    "held_usd_micros": 9_120_000,
                    "disposed_usd_micros": 2_000_000,
                    "net_usd_micros": 7_120_000,
                    "return_usd_micros": 3_560_000,
                    "exit_usd_micros": 3_560_000,
                    "lost_usd_micros": 0,
                },
                "left_out_satellites": [],
                "left_out_paystubs": [],
            }
        return rows

    def _month(self, micros: int, end: bool = False) -> Row:
        factor = 1.31 if end else 1.0
        storage, egress, repair, audit = (int(micros * share * factor) for share in (0.69, 0.24, 0.0691, 0.0009))
        gross = storage + egress + repair + audit
        return {
            "period": "2026-08",
            "through": self.began,
            "egress_bytes": egress * 500_000,
            "repair_bytes": repair * 500_000,
            "audit_bytes": audit * 500_000,
            "storage_byte_months": storage * 660_000.0,
            "egress_usd_micros": egress,
            "repair_usd_micros": repair,
            "audit_usd_micros": audit,
            "storage_usd_micros": storage,
            "gross_usd_micros": gross,
            "held_percent": 25,
            "held_usd_micros": gross // 4,
            "disposed_usd_micros": 0,
            "payout_usd_micros": gross - gross // 4,
        }

    def _money(self, node: str, satellite: str, micros: int) -> Row:
        month, end = self._month(micros), self._month(micros, end=True)
        return {
            "kind": "satellite",
            "node": node,
            "satellite": satellite,
            "name": SATELLITES[satellite],
            "source": "computed",
            "at": self.began - 200,
            "now": month,
            "month_end": end,
            "expected_usd_micros": end["payout_usd_micros"],
            "previous": self._month(int(micros * 1.2)),
            "theirs": {
                "now_usd_micros": month["payout_usd_micros"],
                "held_usd_micros": month["held_usd_micros"],
                "expected_usd_micros": end["payout_usd_micros"],
                "previous_usd_micros": int(micros * 0.9),
                "at": self.began - 200,
                "source": "api",
            },
            "comparison": {"agrees": True, "reasons": [], "differences": []},
            "prices": {
                "egress_usd_micros_per_tb": 2_000_000,
                "repair_usd_micros_per_tb": 2_000_000,
                "audit_usd_micros_per_tb": 2_000_000,
                "storage_usd_micros_per_tb_month": 1_500_000,
                "source": "node",
                "overridden": [],
            },
            "formula": "v1.145",
            "joined_at": self.began - 220 * DAY_S,
            "disqualified_at": None,
            "notes": [],
            "unknown": None,
            "held": {
                "held_usd_micros": 1_500_000,
                "disposed_usd_micros": 0,
                "net_usd_micros": 1_500_000,
                "stages_usd_micros": [1, 2, 3, 4],
                "age_months": 8,
                "percent": 25,
                "next_percent": 0,
                "next_period": "2026-10",
                "return_period": "2027-04",
                "return_usd_micros": 750_000,
                "exit_usd_micros": 750_000,
                "lost_usd_micros": 0,
            },
        }

    def _sum(self, parts: list[Row]) -> Row:
        def total(months: list[Row | None]) -> Row | None:
            known = [month for month in months if month is not None]
            if not known:
                return None
            sums = {key: sum(month[key] for month in known) for key in known[0] if key.endswith(("_micros", "_bytes", "_months"))}
            return known[0] | sums | {"held_percent": None}

        theirs = [row["theirs"] for row in parts if row["theirs"]]
        keys = ("now_usd_micros", "held_usd_micros", "expected_usd_micros", "previous_usd_micros")
        return {
            "satellite": "",
            "source": "computed",
            "at": self.began - 200,
            "now": total([row["now"] for row in parts]),
            "month_end": total([row["month_end"] for row in parts]),
            "previous": total([row["previous"] for row in parts]),
            "expected_usd_micros": sum(row["expected_usd_micros"] for row in parts),
            "theirs": {key: sum(one[key] for one in theirs) for key in keys} | {"at": self.began - 200, "source": "api"},
        }

    def _money_of_node(self, node: str, parts: list[Row]) -> Row:
        row = self._sum(parts)
        agrees = node != "garage-8tb"
        if not agrees:
            row["theirs"]["now_usd_micros"] += 130_000
        return row | {
            "kind": "node",
            "node": node,
            "name": node,
            "comparison": {
                "agrees": agrees,
                "reasons": [] if agrees else ["The two were asked at different moments: 65.00 GB of traffic lie between them." + self.evil],
                "differences": [
                    {
                        "category": "egress",
                        "ours_usd_micros": 400_000,
                        "theirs_usd_micros": 530_000,
                        "difference_usd_micros": 0 if agrees else -130_000,
                    }
                ],
            },
            "forecast_reasons": [],
            "band": None,
            "currency": None,
            "left_out_satellites": [],
            "held": {
                "held_usd_micros": 3_040_000,
                "disposed_usd_micros": 0,
                "net_usd_micros": 3_040_000,
                "return_usd_micros": 1_520_000,
                "exit_usd_micros": 1_520_000,
                "lost_usd_micros": 0,
            },
            "balance": self._balance(1),
            "revenue": {
                "storage_usd_micros_per_tb_month": 1_499_200,
                "egress_usd_micros_per_tb": 2_000_000,
                "all_usd_micros_per_tb_month": 2_160_000,
            },
            "unpaid": {
                "trash_bytes": 10**11,
                "reclaimable_bytes": 2 * 10**11,
                "uncollected_bytes": 5 * 10**10,
                "total_bytes": 35 * 10**10,
                "total_usd_micros_per_month": 525_000,
            },
            "profit_now": None,
            "profit_month_end": {
                "revenue_usd_micros": 5_000_000,
                "power_usd_micros": 1_800_000,
                "fixed_usd_micros": 0,
                "profit_usd_micros": 3_200_000,
            },
        }

    def _balance(self, nodes: int) -> Row:
        return {
            "earned_usd_micros": 96_400_000 * nodes,
            "held_usd_micros": 9_120_000 * nodes,
            "disposed_usd_micros": 2_000_000 * nodes,
            "paid_usd_micros": 89_280_000 * nodes,
            "distributed_usd_micros": 84_000_000 * nodes,
            "undistributed_usd_micros": 5_280_000 * nodes,
        }

    def _stub(self, node: str, period: str, place: int) -> Row:
        sent = place > 0
        return {
            "node": node,
            "node_id": f"id of {node}",
            "satellite": next(iter(SATELLITES)),
            "name": "us1",
            "period": period,
            "codes": "E" if place else "",
            "earned_usd_micros": 4_000_000,
            "held_usd_micros": 1_000_000 if place else 0,
            "disposed_usd_micros": 0,
            "paid_usd_micros": 3_000_000,
            "distributed_usd_micros": 3_000_000 if sent else 0,
            "receipt": "zksync-era:0x" + "ab" * 32 if sent else "",
            "network": "zkSync Era" if sent else "",
            "transaction_url": ("javascript:alert(1)" if place == 2 else "https://explorer.zksync.io/tx/0x" + "ab" * 32) if sent else "",
        }

    def earnings_answer(self, view: list[str], now: float) -> Row:
        months = []
        for place in range(17):
            year, month = divmod(2026 * 12 + 6 - place, 12)
            paid = int((7_400_000 - 310_000 * place) * len(view) / len(self.nodes))
            months.append(
                {
                    "period": f"{year}-{month + 1:02d}",
                    "earned_usd_micros": paid + paid // 5,
                    "held_usd_micros": paid // 5,
                    "disposed_usd_micros": 0,
                    "paid_usd_micros": paid,
                    "distributed_usd_micros": paid if place > 1 else 0,
                    "undistributed_usd_micros": 0 if place > 1 else paid,
                }
            )
        score = {
            "node": view[0],
            "satellite": next(iter(SATELLITES)),
            "name": "us1",
            "period": "2026-07",
            "estimated_usd_micros": 4_011_000,
            "paid_usd_micros": 3_950_000,
            "error_percent": 1.5,
            "agrees": False,
            "reasons": ["The satellite counted 1.5 % less egress than the node."],
        }
        return {
            "from": now - DAY_S,
            "to": now,
            "as_of": now,
            "nodes": view,
            "rows": [],
            "help": {},
            "paystubs": [self._stub(view[0], f"2026-{7 - place:02d}", place) for place in range(3)],
            "sums": {
                "paystubs": 3,
                "scores": 1,
                "score_error_percent": 1.5,
                "days": [
                    {"day": AUGUST + day * DAY_S, "payout_usd_micros": 250_000 * len(view), "complete": day < 20} for day in range(21)
                ],
                "forecasts": [
                    {"period": "2026-08", "made": AUGUST + day * DAY_S, "expected_usd_micros": 10_000_000 + 100_000 * (day % 3)}
                    for day in range(1, 21)
                ],
            },
            "months": months,
            "missing_periods": {view[0]: ["2026-03"]},
            "scores": [score],
        }
