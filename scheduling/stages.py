"""Who is told what about a clock, and when: warnings, overdue, escalation. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from scheduling.counting import Clock, Nature
from scheduling.terms import Stage


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to tell, and from when. `warned` counts the clock's warnings up to and with this one."""

    stage: Stage
    warned: int
    at: datetime


_ORDER = {Stage.WAITING: 0, Stage.WARNED: 1, Stage.OVERDUE: 2, Stage.ENDED: 2, Stage.ESCALATED: 3}


def plan(clock: Clock, starts_at: datetime, due_at: datetime) -> tuple[Step, ...]:
    """Every step of a clock in order. A warning that would fall at or before the start is left out."""
    warnings = sorted(clock.warn, reverse=True)
    steps = [
        Step(Stage.WARNED, number, due_at - before)
        for number, before in enumerate(warnings, 1)
        if due_at - before > starts_at
    ]
    count = len(warnings)
    if clock.nature is not Nature.DUTY:
        return (*steps, Step(Stage.ENDED, count, due_at))
    return (*steps, Step(Stage.OVERDUE, count, due_at), Step(Stage.ESCALATED, count, due_at + clock.escalate_after))


def next_step(steps: tuple[Step, ...], stage: Stage, warned: int, now: datetime) -> tuple[Step | None, datetime | None]:
    """The step to fire now, if any, and when to look again (None: nothing is left).

    After a standstill the last warning stands for those before it, and none is sent once the clock is overdue;
    overdue and escalated are each always told.
    """
    reached = (_ORDER[stage], warned if stage is Stage.WARNED else 0)
    left = [s for s in steps if (_ORDER[s.stage], s.warned if s.stage is Stage.WARNED else 0) > reached]
    ripe = [step for step in left if step.at <= now]
    if not ripe:
        return None, left[0].at if left else None
    firm = [step for step in ripe if step.stage is not Stage.WARNED]
    step = firm[0] if firm else ripe[-1]
    after = left[left.index(step) + 1 :]
    return step, after[0].at if after else None
