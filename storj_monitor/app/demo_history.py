"""The demo's past: what its nodes would have answered in the last months, decoded and kept as if they had been asked then."""

from __future__ import annotations

import asyncio

from storj_monitor.app.subjects import SubjectKeeper
from storj_monitor.model.space import SpaceEvidence
from storj_monitor.node_api.decode import decode_node, decode_satellite
from storj_monitor.node_api.transport import Reply
from storj_monitor.reputation_tracker.history import DAY_S, ScorePoint
from storj_monitor.reputation_tracker.history import point_of as score_point_of
from storj_monitor.simulator.fake_answers import API, Answers
from storj_monitor.storage_tracker.history import SpacePoint
from storj_monitor.storage_tracker.history import point_of as space_point_of
from storj_monitor.storage_tracker.reconcile import reconcile

FINE_S, FINE_STEP_S = DAY_S, 1800.0
COARSE_S = 95 * DAY_S
SCORES_S = 30 * DAY_S


async def remember(keeper: SubjectKeeper, name: str, answers: Answers, now: float) -> None:
    """Put the past of one node into memory and database; the work is done in a thread."""
    space, scores = await asyncio.to_thread(_past, answers, now)
    keeper.add_history(name, space, scores)


def _past(answers: Answers, now: float) -> tuple[list[SpacePoint], dict[str, list[ScorePoint]]]:
    begin_fine = now - FINE_S
    days = int((COARSE_S - FINE_S) / DAY_S)
    times = [begin_fine - day * DAY_S for day in range(days, 0, -1)]
    times += [begin_fine + step * FINE_STEP_S for step in range(int(FINE_S / FINE_STEP_S))]
    space: list[SpacePoint] = []
    scores: dict[str, list[ScorePoint]] = {}
    for at in times:
        node = decode_node(_asked(answers, "/api/sno/", at))
        point = space_point_of(reconcile(SpaceEvidence(disk=node.disk), at))
        if point is not None:
            space.append(point)
        if now - SCORES_S <= at < begin_fine:
            for standing in node.standings:
                told = decode_satellite(_asked(answers, f"/api/sno/satellite/{standing.satellite}", at)).reputation
                score = score_point_of(told)
                if score is not None:
                    scores.setdefault(standing.satellite, []).append(score)
    return space, scores


def _asked(answers: Answers, path: str, at: float) -> Reply:
    reply = answers.answer(API, path, at)
    return Reply(path, reply.status, reply.content_type, reply.body, at, 1.0, 0.0)
