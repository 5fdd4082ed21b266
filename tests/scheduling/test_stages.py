"""Which step of a clock fires when, also after a standstill."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from scheduling.clocks import CLOCKS, Clock
from scheduling.stages import Step, next_step, plan
from scheduling.terms import Stage

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


def fire_all(steps: tuple[Step, ...], looks: list[datetime]) -> list[tuple[datetime, Stage, int]]:
    """Look at these moments, at each until nothing is ripe; what fired."""
    stage, warned, told = Stage.WAITING, 0, []
    for now in looks:
        while True:
            step, again = next_step(steps, stage, warned, now)
            if step is None:
                assert again is None or again > now
                break
            stage, warned = step.stage, step.warned
            told.append((now, stage, warned))
    return told


def test_report_is_warned_twice_then_overdue_then_escalated() -> None:
    steps = plan(CLOCKS["report"], START, START + 24 * HOUR)
    assert [(step.stage, step.warned, step.at - START) for step in steps] == [
        (Stage.WARNED, 1, 18 * HOUR),
        (Stage.WARNED, 2, 23 * HOUR),
        (Stage.OVERDUE, 2, 24 * HOUR),
        (Stage.ESCALATED, 2, 25 * HOUR),
    ]
    looks = [START + n * HOUR / 2 for n in range(60)]
    assert [(now - START, stage) for now, stage, _ in fire_all(steps, looks)] == [
        (18 * HOUR, Stage.WARNED),
        (23 * HOUR, Stage.WARNED),
        (24 * HOUR, Stage.OVERDUE),
        (25 * HOUR, Stage.ESCALATED),
    ]


def test_after_a_standstill_only_the_last_warning_is_sent() -> None:
    steps = plan(CLOCKS["report"], START, START + 24 * HOUR)
    assert [stage for _, stage, _ in fire_all(steps, [START + 23.5 * HOUR])] == [Stage.WARNED]
    told = fire_all(steps, [START + 23.5 * HOUR, START + 40 * HOUR])
    assert [(stage, warned) for _, stage, warned in told] == [
        (Stage.WARNED, 2), (Stage.OVERDUE, 2), (Stage.ESCALATED, 2),
    ]  # fmt: skip
    assert [stage for _, stage, _ in fire_all(steps, [START + 40 * HOUR])] == [Stage.OVERDUE, Stage.ESCALATED]


def test_a_warning_longer_than_the_term_is_left_out() -> None:
    steps = plan(CLOCKS["referral_answer"], START, START + 4 * HOUR)  # its first warning is a day ahead
    assert (steps[0].stage, steps[0].warned) == (Stage.WARNED, 2)
    assert next_step(steps, Stage.WAITING, 0, START) == (None, START + 3 * HOUR)


def test_a_window_ends_and_nobody_is_late() -> None:
    steps = plan(CLOCKS["repeat_window"], START, START + timedelta(days=730))
    assert [step.stage for step in steps] == [Stage.WARNED, Stage.WARNED, Stage.ENDED]
    assert not [step for step in plan(CLOCKS["retention"], START, START) if step.stage is Stage.OVERDUE]


MOMENTS = st.lists(st.integers(0, 24 * 100), max_size=30).map(lambda hours: [START + n * HOUR for n in sorted(hours)])


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(list(CLOCKS.values())), st.integers(0, 24 * 70), MOMENTS)
def test_whenever_one_looks_each_step_fires_at_most_once_and_never_early(
    clock: Clock, length: int, looks: list[datetime]
) -> None:
    steps = plan(clock, START, START + length * HOUR)
    told = fire_all(steps, looks)
    assert len(set(told)) == len(told)
    ripe = {(step.stage, step.warned): step.at for step in steps}
    assert all(now >= ripe[stage, warned] for now, stage, warned in told)
    if looks:
        firm = [step.stage for step in steps if step.stage is not Stage.WARNED and step.at <= looks[-1]]
        assert [stage for _, stage, _ in told if stage is not Stage.WARNED] == firm
